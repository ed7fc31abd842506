/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever runs this server is told in time what expires: in the error log and by RcIdpExpiryCommand, once a
 * day. */
#ifndef RCIDP_NOTICE_H
#define RCIDP_NOTICE_H

#include <httpd.h>
#include <http_config.h>

/* What of it holds for all servers, made at each start; see notice.c. */
typedef struct rcidp_watch rcidp_watch;

/* A post_config hook, before mod_watchdog's: where something can expire, has a watchdog look every day. */
int rcidp_notice_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);

/* In a new child: without mod_watchdog, looks once, in a thread that ends with the child at the latest. */
void rcidp_notice_child_init(apr_pool_t *pchild, const server_rec *s);

#endif
