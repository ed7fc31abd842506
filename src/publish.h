/* SPDX-License-Identifier: Apache-2.0 */
/* The handler that publishes our metadata. */
#ifndef RCIDP_PUBLISH_H
#define RCIDP_PUBLISH_H

#include <httpd.h>
#include <http_config.h>

/* The handler "rcidp-metadata". */
int rcidp_publish_handler(request_rec *r);

#endif
