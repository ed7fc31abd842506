/* SPDX-License-Identifier: Apache-2.0 */
/* The pages of a launch. Callers pass plain UTF-8 text, which is escaped. Every function returns a string in
 * pool and never fails. Their look and the Content-Security-Policy that they need: look.h. */
#ifndef RCIDP_PAGE_H
#define RCIDP_PAGE_H

#include <apr_tables.h>

#include "look.h"

/* What a page of links offers. */
typedef struct rcidp_page_link {
    const char *title;
    const char *href; /* as a browser resolves it, "?sp=us" for example; not escaped */
} rcidp_page_link;

/* The page that posts a Response (SAML bindings 3.5.4): a form to the https URL `acs` with the hidden
 * controls SAMLResponse (the base64 of `response`) and RelayState (left out where `relay_state` is
 * NULL), which its script posts at once, or the user with the button. A page that was reached by Back,
 * Forward or Reload only shows the button. `title` is the service provider's name. */
const char *rcidp_page_post(apr_pool_t *pool, const rcidp_look *look, const char *acs, const char *title,
                            const char *response, const char *relay_state);

/* The page that asks where to sign in: a list of links, elements of type rcidp_page_link. */
const char *rcidp_page_choose(apr_pool_t *pool, const rcidp_look *look, const apr_array_header_t *links);

/* A tile of the portal. */
typedef struct rcidp_page_tile {
    const char *title;
    const char *href;
    const char *icon;  /* a data: URI; NULL for the title's first letter */
    const char *note;  /* what to expect, NULL for nothing */
    const char *place; /* where it leads, told to people; NULL if they need not know */
} rcidp_page_tile;

/* The user's start page: tiles, elements of type rcidp_page_tile, or that there are none. `user` is who is
 * signed in, NULL for somebody without a name. */
const char *rcidp_page_portal(apr_pool_t *pool, const rcidp_look *look, const char *user,
                              const apr_array_header_t *tiles);

/* The page for a request that is refused with the HTTP status `status` (4xx or 5xx): a title that fits it,
 * `sentence`, and whom to ask. */
const char *rcidp_page_refuse(apr_pool_t *pool, const rcidp_look *look, int status, const char *sentence);

#endif
