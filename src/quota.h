/* SPDX-License-Identifier: Apache-2.0 */
/* RcIdpLaunchLimit: launches are counted in a cache of httpd's (mod_socache_...), which several machines may
 * share. Where the cache fails, launches go on uncounted, and the error log says so. */
#ifndef RCIDP_QUOTA_H
#define RCIDP_QUOTA_H

#include <httpd.h>
#include <http_config.h>

/* The cache that RcIdpLaunchLimitCache names. */
typedef struct rcidp_quota rcidp_quota;

/* Directives. */
const char *rcidp_quota_set_limit(cmd_parms *cmd, void *dir, const char *text);
const char *rcidp_quota_set_cache(cmd_parms *cmd, void *unused, const char *text);

/* For check_config: the default cache where a limit is set and no cache. Returns NULL, or what is wrong. */
const char *rcidp_quota_check(apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *main);

/* Hooks: pre_config, post_config and child_init. */
int rcidp_quota_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp);
int rcidp_quota_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main);
void rcidp_quota_child_init(apr_pool_t *pool, server_rec *main);

/* Count a launch at `path` by the user whose name that is, small letters being as good as capital ones, of
 * whom `limit` are allowed in a minute. Returns 0 if it may be, else the seconds to wait. Two at the very
 * same time, on two machines, may count as one. */
unsigned rcidp_quota_take(request_rec *r, const char *path, const char *name, int limit);

#endif
