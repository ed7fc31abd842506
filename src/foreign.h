/* SPDX-License-Identifier: Apache-2.0 */
/* XML that others wrote: parsed with nothing but itself, and read with suspicion. */
#ifndef RCIDP_FOREIGN_H
#define RCIDP_FOREIGN_H

#include <apr_pools.h>
#include <libxml/tree.h>
#include <stdbool.h>

#define RCIDP_NS_PROTOCOL "urn:oasis:names:tc:SAML:2.0:protocol"
#define RCIDP_NS_ASSERTION "urn:oasis:names:tc:SAML:2.0:assertion"
#define RCIDP_NS_METADATA "urn:oasis:names:tc:SAML:2.0:metadata"
#define RCIDP_NS_DSIG "http://www.w3.org/2000/09/xmldsig#"
#define RCIDP_BINDING_POST "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"

/* Parse UTF-8 text: no network, no DTD, no entity but XML's own five. The caller frees *doc with
 * xmlFreeDoc(). Returns NULL, or why it is refused; then *doc is NULL. */
const char *rcidp_foreign_parse(const char *text, apr_size_t length, xmlDocPtr *doc);

/* Is this an element of that name? False for NULL. */
bool rcidp_foreign_is(const xmlNode *node, const char *ns, const char *name);

/* The first child element of that name, or the next one behind `node`; NULL if there is none. */
xmlNodePtr rcidp_foreign_child(const xmlNode *parent, const char *ns, const char *name);
xmlNodePtr rcidp_foreign_next(const xmlNode *node, const char *ns, const char *name);

/* An attribute without a namespace, in pool; NULL if it is not there. */
const char *rcidp_foreign_attribute(apr_pool_t *pool, const xmlNode *node, const char *name);

/* An attribute that is an xs:boolean: 1 or 0; also 0 where it is not there, and -1 for what is no boolean. */
int rcidp_foreign_boolean(const xmlNode *node, const char *name);

/* Is it true? */
bool rcidp_foreign_flag(const xmlNode *node, const char *name);

/* An attribute that is a number of at most five digits; -1 where it is not there, or something else. */
int rcidp_foreign_number(apr_pool_t *pool, const xmlNode *node, const char *name);

/* The element's text without white space around it, in pool. NULL for no element, and for one that holds
 * anything but text: a comment inside must not cut a name in two. */
const char *rcidp_foreign_text(apr_pool_t *pool, const xmlNode *node);

#endif
