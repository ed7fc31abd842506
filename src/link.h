/* SPDX-License-Identifier: Apache-2.0 */
/* Deep links of the portal: tiles that lead to a page behind a launch. */
#ifndef RCIDP_LINK_H
#define RCIDP_LINK_H

#include "config.h"

/* RcIdpPortalLink. */
typedef struct rcidp_link {
    const char *title;
    const char *path;        /* of the launch */
    const char *sp;          /* a name of its RcIdpLaunch, NULL where there is one alone */
    const char *relay_state; /* where it leads to */
    const char *icon;        /* a data: URI, NULL for none */
    const ap_directive_t *at;
} rcidp_link;

/* The function behind RcIdpPortalLink: NULL, or what is wrong. */
const char *rcidp_link_add(cmd_parms *cmd, void *dir, const char *args);

/* What is wrong with a link in this server, a sentence in pool: no such launch path, no such service
 * provider, a RelayState that the launch would refuse. NULL if all is well. */
const char *rcidp_link_check(apr_pool_t *pool, const server_rec *s, const rcidp_link *link);

/* The href of a launch, relative to this server: `sp` and `relay_state` may be NULL. In pool, not escaped. */
const char *rcidp_link_href(apr_pool_t *pool, const char *path, const char *sp, const char *relay_state);

#endif
