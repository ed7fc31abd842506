/* SPDX-License-Identifier: Apache-2.0 */
/* A page in the making: text that grows in a pool, and the one escaper. Markup of ours and text of others
 * never mix: what comes from elsewhere goes in by rcidp_html_text() or as a %s. */
#ifndef RCIDP_HTML_H
#define RCIDP_HTML_H

#include <apr_pools.h>

typedef struct rcidp_html {
    apr_pool_t *pool;
    char *text; /* always ends in NUL */
    apr_size_t length, room;
} rcidp_html;

/* Begin an empty text that lives in pool; `room` bytes are enough for most. */
void rcidp_html_start(rcidp_html *html, apr_pool_t *pool, apr_size_t room);

/* Add markup as it is: constants, or what was escaped before. */
void rcidp_html_raw(rcidp_html *html, const char *markup);

/* Add the base64 of a text, on one line (RFC 4648, 4). */
void rcidp_html_base64(rcidp_html *html, const char *text);

/* Add plain UTF-8 text, for the content of an element or a quoted attribute. Other characters than ASCII's
 * are written as references, so that a page reads the same under any charset; what is no UTF-8 becomes
 * U+FFFD. */
void rcidp_html_text(rcidp_html *html, const char *text);

/* Add markup in which each %s stands for plain text, which is escaped; %s is all there is, and %% a percent
 * sign. rcidp_html_put(&html, "<a href=\"%s\">%s</a>\n", url, title) */
__attribute__((format(printf, 2, 3))) void rcidp_html_put(rcidp_html *html, const char *markup, ...);

#endif
