/* SPDX-License-Identifier: Apache-2.0 */
/* What mod_status shows of us: what launches came to, and what expires. */
#ifndef RCIDP_STATUS_H
#define RCIDP_STATUS_H

#include <httpd.h>
#include <http_config.h>

/* A post_config hook: the counters, which outlive graceful restarts. */
int rcidp_status_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);

/* Have this request for a launch path counted at its end, by its RCIDP_RESULT and RCIDP_SP. */
void rcidp_status_count(request_rec *r);

/* mod_status' status_hook: a table for people, lines of "RcidpName: number" for ?auto. */
int rcidp_status_show(request_rec *r, int flags);

#endif
