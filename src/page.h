/* SPDX-License-Identifier: Apache-2.0 */
/* The HTML pages that a browser sees. Each is one whole document with a style and at most one script inside,
 * both constant, and fetches nothing. Whatever comes from elsewhere is escaped here: callers pass plain UTF-8
 * text. Other characters than ASCII's are written as references, so a page reads the same under any charset,
 * also as the document of an error, which httpd labels iso-8859-1. Every function returns
 * a string in pool and never fails. */
#ifndef RCIDP_PAGE_H
#define RCIDP_PAGE_H

#include <apr_pools.h>
#include <apr_tables.h>

/* The Content-Security-Policy of all these pages: nothing but our own style and script. form-action can not
 * name the ACS, because Chromium applies it to the redirects that follow the post, too. */
#define RCIDP_PAGE_CSP                                                                                       \
    "default-src 'none'; "                                                                                   \
    "script-src 'sha256-Uq7va3MDLmQ1cX8NYHoluzaxhZCbbtwyE5Ir5Z/LBIc='; "                                     \
    "style-src 'sha256-0dNeVJUkdK+SWLnL6YjGU1dvB3/XhjMeLJF3w6iE768='; "                                      \
    "form-action https:; frame-ancestors 'none'; base-uri 'none'"

/* What a page of links offers. */
typedef struct rcidp_page_link {
    const char *title;
    const char *href; /* as a browser resolves it, "?sp=us" for example; not escaped */
} rcidp_page_link;

/* The page that posts a Response (SAML bindings 3.5.4): a form to the https URL `acs` with the hidden
 * controls SAMLResponse (`saml_response`, already base64) and RelayState (left out where `relay_state` is
 * NULL), which its script posts at once, or the user with the button. A page that was reached by Back,
 * Forward or Reload only shows the button. `title` is the service provider's name. */
const char *rcidp_page_post(apr_pool_t *pool, const char *acs, const char *title, const char *saml_response,
                            const char *relay_state);

/* The page that asks where to sign in: a list of links, elements of type rcidp_page_link. */
const char *rcidp_page_choose(apr_pool_t *pool, const apr_array_header_t *links);

/* The page for a request that is refused with the HTTP status `status` (4xx or 5xx): a title that fits it,
 * `sentence`, and whom to ask, the mail address `contact` or in general where that is NULL. */
const char *rcidp_page_refuse(apr_pool_t *pool, int status, const char *sentence, const char *contact);

#endif
