/* SPDX-License-Identifier: Apache-2.0 */
/* The one look of all our pages: their frame, style, scripts, and the Content-Security-Policy that goes with
 * them. Made once at start for each server, read-only afterwards. A page is one document and fetches nothing.
 *
 *     rcidp_html html;
 *
 *     rcidp_look_open(&html, pool, look, RCIDP_SHEET_NONE, 0, rcidp_words(look->language, RCIDP_SAY_...));
 *     rcidp_html_put(&html, "<p>%s</p>\n", text);
 *     rcidp_look_script(&html, RCIDP_SCRIPT_POST);
 *     return rcidp_look_close(&html);
 *
 * Class names there are: "soft" (a quieter text), "button" (a link that looks like the button it is beside).
 */
#ifndef RCIDP_LOOK_H
#define RCIDP_LOOK_H

#include "html.h"
#include "words.h"

/* What the administrator may say of it (RcIdpPage...); NULL for what was not said. All of it was checked. */
typedef struct rcidp_brand {
    const char *title;      /* of the organisation, plain text */
    const char *logo;       /* a data: URI */
    const char *color;      /* "#RRGGBB" */
    const char *stylesheet; /* CSS without "</style" and with plain line feeds */
    const char *contact;    /* whom to ask, a mail address */
} rcidp_brand;

/* The look of a server in one language. */
typedef struct rcidp_look {
    rcidp_language language;
    const char *policy;  /* the Content-Security-Policy: hashes of every style and script below, no more */
    const char *own;     /* the administrator's style, an element or "" */
    const char *end;     /* of the title: the organisation, escaped, or "" */
    const char *header;  /* HTML from </head> to <main> */
    const char *contact; /* whom to ask, a mail address; NULL for nobody */
    apr_size_t room;     /* what all this takes, and a few words */
} rcidp_look;

/* Styles that only some pages need, after the common one; each a row of the table in sheets.c. */
typedef enum { RCIDP_SHEET_NONE, RCIDP_SHEET_PORTAL, RCIDP_SHEET_TEST, RCIDP_SHEETS } rcidp_sheet;

/* Scripts; each a row of the table in sheets.c. */
typedef enum { RCIDP_SCRIPT_POST, RCIDP_SCRIPT_TEST, RCIDP_SCRIPTS } rcidp_script;

/* The looks of a server, one for each language. Everything lives in pool. */
const rcidp_look *rcidp_look_make(apr_pool_t *pool, const rcidp_brand *brand);

/* Begin a page of `title`, plain text, which is its heading, too: all up to the content of <main>. `room` is
 * how many bytes that content has, about; it may grow further, at the price of a copy. */
void rcidp_look_open(rcidp_html *html, apr_pool_t *pool, const rcidp_look *look, rcidp_sheet sheet,
                     apr_size_t room, const char *title);

/* Add a script; at the end of <main>, once what it works on is there. */
void rcidp_look_script(rcidp_html *html, rcidp_script script);

/* Add a paragraph that says whom to ask. */
void rcidp_look_help(rcidp_html *html, const rcidp_look *look);

/* End the page. Returns its text. */
const char *rcidp_look_close(rcidp_html *html);

#endif
