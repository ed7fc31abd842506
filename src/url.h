/* SPDX-License-Identifier: Apache-2.0 */
/* URIs and URLs: which ones we accept, and which ones a RelayState allow-list lets through. */
#ifndef RCIDP_URL_H
#define RCIDP_URL_H

#include <apr_pools.h>
#include <stdbool.h>

/* Is this an absolute URI (a scheme, a colon, something; only characters of RFC 3986)? An entityID may be
 * any. */
bool rcidp_url_is_uri(const char *text);

/* Is this an https URL that a browser may be sent to: a host, no user information, no fragment, nothing of
 * what rcidp_url_is_plain() refuses? pool is for scratch. */
bool rcidp_url_is_https(apr_pool_t *pool, const char *text);

/* The same, or a path of this server: not //host, and nothing that an address cannot hold (RFC 3986, 2). */
bool rcidp_url_is_target(apr_pool_t *pool, const char *text);

/* Is this an http or https URL without tricks: a host of plain letters, no user information, a port that
 * there is; no backslash, no control character or white space; in the path none of these and no dot segment,
 * be they encoded once or more often, and no bytes that are not UTF-8? pool is for scratch. */
bool rcidp_url_is_plain(apr_pool_t *pool, const char *text);

/* Does `prefix` let `url` through? Both are plain in the sense above, else no. Compared are scheme, host
 * (without case), port (defaults filled in) and whole path segments: ".../mobile" lets ".../mobile/x" and
 * ".../mobile?x" through, not ".../mobilex"; a path that ends in a slash lets through what is below it. pool
 * is for scratch. */
bool rcidp_url_allows(apr_pool_t *pool, const char *prefix, const char *url);

#endif
