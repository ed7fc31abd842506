/* SPDX-License-Identifier: Apache-2.0 */
/* The whole configuration, judged once it has been read: everything that needs more than one directive. */
#ifndef RCIDP_CHECK_H
#define RCIDP_CHECK_H

#include <httpd.h>
#include <http_config.h>
#include <stdbool.h>

/* The check_config hook; `httpd -t` runs it too. Puts each server's signer and base URL together. Logs every
 * mistake with directive, file and line; returns OK, or HTTP_INTERNAL_SERVER_ERROR if httpd must not start.
 */
int rcidp_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);

#endif
