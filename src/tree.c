/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include <apr_strings.h>

void rcidp_tree_begin(rcidp_tree *tree)
{
    tree->doc = xmlNewDoc(BAD_CAST "1.0");
    tree->failed = !tree->doc;
}

xmlNodePtr rcidp_tree_root(rcidp_tree *tree, const char *name)
{
    xmlNodePtr node = tree->failed ? NULL : xmlNewDocNode(tree->doc, NULL, BAD_CAST name, NULL);

    if (node)
        xmlDocSetRootElement(tree->doc, node);
    else
        tree->failed = true;
    return node;
}

xmlNsPtr rcidp_tree_namespace(rcidp_tree *tree, xmlNodePtr node, const char *uri, const char *prefix)
{
    xmlNsPtr ns = tree->failed ? NULL : xmlNewNs(node, BAD_CAST uri, BAD_CAST prefix);

    if (!ns)
        tree->failed = true;
    return ns;
}

xmlNodePtr rcidp_tree_element(rcidp_tree *tree, xmlNodePtr parent, xmlNsPtr ns, const char *name,
                              const char *text)
{
    xmlNodePtr node = tree->failed ? NULL : xmlNewTextChild(parent, ns, BAD_CAST name, BAD_CAST text);

    if (!node || (text && *text && !node->children))
        tree->failed = true;
    return tree->failed ? NULL : node;
}

void rcidp_tree_attribute(rcidp_tree *tree, xmlNodePtr node, const char *name, const char *value)
{
    xmlAttrPtr made = tree->failed ? NULL : xmlNewProp(node, BAD_CAST name, BAD_CAST value);

    if (!made || (*value && !made->children))
        tree->failed = true;
}

const char *rcidp_tree_text(rcidp_tree *tree, apr_pool_t *pool)
{
    xmlChar *text = NULL;
    int length = 0;
    const char *copy = NULL;

    if (!tree->failed)
        xmlDocDumpMemoryEnc(tree->doc, &text, &length, "UTF-8");
    if (text && length > 0)
        copy = apr_pstrmemdup(pool, (const char *)text, (apr_size_t)length);
    xmlFree(text);
    return copy;
}

void rcidp_tree_end(rcidp_tree *tree)
{
    if (tree->doc)
        xmlFreeDoc(tree->doc);
    tree->doc = NULL;
}
