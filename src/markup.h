/* SPDX-License-Identifier: Apache-2.0 */
/* XML text in the making, such that it is its own exclusive canonical form (W3C xml-exc-c14n): what is signed
 * is what is sent, and nothing need be parsed or canonicalised to sign it. The escaping is all done here. The
 * writer of an element keeps the rest of the canonical order: namespaces before attributes, attributes sorted
 * by name, and a namespace declared on each element that uses it, unless one around it has. t/unit/canonical
 * compares with what libxml2 and xmlsec1 make. Names are constants, values any text that
 * XML can carry (rcidp_text_is_xml). Nothing fails: the pool's own abort function sees to memory. */
#ifndef RCIDP_MARKUP_H
#define RCIDP_MARKUP_H

#include <apr_pools.h>
#include <stdbool.h>

typedef struct rcidp_markup {
    apr_pool_t *pool;
    char *text; /* NUL-ended, in pool; moves when it grows */
    apr_size_t length, room;
    bool in_tag; /* a start tag waits for attributes, or for its end */
} rcidp_markup;

/* Begin an empty text; `room` is a guess at its length. */
void rcidp_markup_begin(rcidp_markup *markup, apr_pool_t *pool, apr_size_t room);

/* Begin an element; its attributes come next. */
void rcidp_markup_open(rcidp_markup *markup, const char *name);

/* One attribute, or the declaration of a namespace, of the element just begun. */
void rcidp_markup_attribute(rcidp_markup *markup, const char *name, const char *value);

/* Text inside the element. */
void rcidp_markup_text(rcidp_markup *markup, const char *text);

/* End an element. */
void rcidp_markup_close(rcidp_markup *markup, const char *name);

/* A whole element that has text, and no attribute. */
void rcidp_markup_element(rcidp_markup *markup, const char *name, const char *text);

/* A whole element that has bytes, in base64. */
void rcidp_markup_base64(rcidp_markup *markup, const char *name, const unsigned char *bytes,
                         apr_size_t length);

/* An empty element with an Algorithm, as XML signatures and encryption have them. */
void rcidp_markup_method(rcidp_markup *markup, const char *name, const char *algorithm);

/* Where the next element will begin. */
apr_size_t rcidp_markup_here(rcidp_markup *markup);

/* Put `text`, markup already, between what stands before and behind `place`. */
void rcidp_markup_insert(rcidp_markup *markup, apr_size_t place, const char *text, apr_size_t length);

/* Forget what was written from `place` on. */
void rcidp_markup_cut(rcidp_markup *markup, apr_size_t place);

#endif
