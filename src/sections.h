/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration as it was written: httpd's tree of directives, for what its records do not tell. */
#ifndef RCIDP_SECTIONS_H
#define RCIDP_SECTIONS_H

#include <httpd.h>
#include <http_config.h>
#include <stdbool.h>

/* Check that `SetHandler rcidp-launch` and RcIdpLaunch stand together in each <Location>, or in two of the
 * same path, that each `SetHandler rcidp-test` stands in a <Location> below such a path, and that what
 * belongs to a portal stands in a <Location>, and that no AddHandler names one of these handlers. Logs each
 * mistake with file and line; returns how many there are. pool is for scratch. */
int rcidp_sections_check(apr_pool_t *pool, const server_rec *main);

/* Is there a <Location> of this path, in any server, that sets this handler? pool is for scratch. */
bool rcidp_sections_sets_handler(apr_pool_t *pool, const char *path, const char *handler);

/* Does any section, in any server, set this handler? As above. */
bool rcidp_sections_has_handler(apr_pool_t *pool, const char *handler);

/* Does a child need Lasso, since a launch path of any server takes AuthnRequests, or there is a test page?
 * pool is for scratch. */
bool rcidp_sections_needs_lasso(apr_pool_t *pool, const server_rec *s);

/* Does this server, or the main server for it, say SSLEngine on (mod_ssl) or TLSEngine (mod_tls)? As above.
 */
bool rcidp_sections_has_tls(apr_pool_t *pool, const server_rec *s);

/* The path that a section is for. */
const char *rcidp_sections_path(apr_pool_t *pool, const ap_directive_t *section);

/* The last <Location> or <LocationMatch> that comes behind the <Location> of this RcIdpLaunch, in the same
 * server, or in the virtual host that inherits it, that holds for its path among others, is no launch path
 * itself, and says Require, SetHandler or something of this module, so that these count there. NULL if there
 * is none. */
const ap_directive_t *rcidp_sections_overrider(apr_pool_t *pool, const server_rec *s,
                                               const ap_directive_t *launch, const char *path,
                                               bool inherited);

/* The first directive of this name that stands in no section. NULL if there is none. */
const ap_directive_t *rcidp_sections_find(const char *name);

#endif
