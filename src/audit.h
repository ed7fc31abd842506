/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log in JSON: %^RJ in a LogFormat. */
#ifndef RCIDP_AUDIT_H
#define RCIDP_AUDIT_H

#include <httpd.h>
#include <http_config.h>

/* A pre_config hook, early: mod_log_config, where it is, learns the item. */
int rcidp_audit_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp);

#endif
