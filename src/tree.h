/* SPDX-License-Identifier: Apache-2.0 */
/* A libxml2 document in the making. A failure is remembered and the calls after it do nothing, so that a
 * builder reads as a list and is asked once, at its end. Text is taken as it is, and escaped when the tree is
 * written. */
#ifndef RCIDP_TREE_H
#define RCIDP_TREE_H

#include <apr_pools.h>
#include <libxml/tree.h>
#include <stdbool.h>

typedef struct rcidp_tree {
    xmlDocPtr doc;
    bool failed;
} rcidp_tree;

/* Begin an empty document; rcidp_tree_end() must follow, whatever happens. */
void rcidp_tree_begin(rcidp_tree *tree);

/* The document element. NULL only if the tree has failed, as with everything below. */
xmlNodePtr rcidp_tree_root(rcidp_tree *tree, const char *name);

/* Declare a namespace on node. */
xmlNsPtr rcidp_tree_namespace(rcidp_tree *tree, xmlNodePtr node, const char *uri, const char *prefix);

/* Append an element to parent, with text unless that is NULL. */
xmlNodePtr rcidp_tree_element(rcidp_tree *tree, xmlNodePtr parent, xmlNsPtr ns, const char *name,
                              const char *text);

/* Append an attribute without a namespace to node. */
void rcidp_tree_attribute(rcidp_tree *tree, xmlNodePtr node, const char *name, const char *value);

/* The document as UTF-8 text in pool, NUL-ended; NULL without memory. */
const char *rcidp_tree_text(rcidp_tree *tree, apr_pool_t *pool);

/* Free the document. */
void rcidp_tree_end(rcidp_tree *tree);

#endif
