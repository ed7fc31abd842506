/* SPDX-License-Identifier: Apache-2.0 */
/* A SAML document for people's eyes: without what makes it good for anything else, and laid out. */
#ifndef RCIDP_PRETTY_H
#define RCIDP_PRETTY_H

#include <apr_pools.h>

/* What stands in the place of a signature's value; valid base64, so that the document keeps to the schema. */
#define RCIDP_PRETTY_VOID "removed+by+the+test+page"

/* The document with each ds:SignatureValue replaced by RCIDP_PRETTY_VOID: nothing in it is signed any more,
 * neither as a whole nor a part that somebody cuts out. In pool; NULL if `xml` is no document, or without
 * memory. */
const char *rcidp_pretty_void(apr_pool_t *pool, const char *xml);

/* The document indented, an element a line, its attributes below each other where they are many. Long base64
 * (signatures, certificates, encrypted data) is cut to its beginning, its length and its end. Plain text, to
 * be escaped as any other when it goes into a page. In pool; NULL as above. */
const char *rcidp_pretty(apr_pool_t *pool, const char *xml);

#endif
