/* SPDX-License-Identifier: Apache-2.0 */
/* Files that become part of pages: pictures and a stylesheet. Read once, at configuration time. */
#ifndef RCIDP_ASSET_H
#define RCIDP_ASSET_H

#include <apr_pools.h>

#define RCIDP_LOGO_LIMIT (32 * 1024)
#define RCIDP_ICON_LIMIT (8 * 1024)
#define RCIDP_STYLESHEET_LIMIT (32 * 1024)

/* A PNG, JPEG, GIF, WebP or SVG file of at most `limit` bytes, as a data: URI (RFC 2397) in pool, for the src
 * of an <img>, where an SVG runs no script and fetches nothing. The kind is told by the content. Returns
 * NULL, or a sentence that says what is wrong with the file. */
const char *rcidp_asset_picture(apr_pool_t *pool, const char *file, apr_size_t limit, const char **uri);

/* A stylesheet in UTF-8 of at most RCIDP_STYLESHEET_LIMIT bytes, in pool, as a browser reads it inside
 * <style>: without a byte order mark, lines ending in a line feed. What would end the element, or fetch
 * something
 * (@import, url() of anything but data:), is refused. Returns NULL, or a sentence, as above. */
const char *rcidp_asset_stylesheet(apr_pool_t *pool, const char *file, const char **style);

#endif
