/* SPDX-License-Identifier: Apache-2.0 */
#include "pretty.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <libxml/entities.h>
#include <libxml/parser.h>
#include <stdbool.h>
#include <string.h>
#include <xmlsec/strings.h>
#include <xmlsec/xmlsec.h>

#define PARSE_OPTIONS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)

/* A start tag that would be longer has its attributes on lines of their own. */
#define LINE_WIDTH 90

/* What is left of folded text: so much of its beginning and of its end. */
#define FOLD_HEAD 24
#define FOLD_TAIL 8

/* Text in the making. */
typedef struct layout {
    apr_pool_t *pool;
    apr_array_header_t *pieces; /* of const char * */
} layout;

static void add(layout *out, const char *text)
{
    APR_ARRAY_PUSH(out->pieces, const char *) = text;
}

static void add_line(layout *out, int depth)
{
    add(out, apr_psprintf(out->pool, "%s%*s", out->pieces->nelts ? "\n" : "", 2 * depth, ""));
}

/* As it stands in an XML document. */
static const char *encode(layout *out, const xmlNode *node, const char *text)
{
    xmlChar *encoded = xmlEncodeSpecialChars(node->doc, BAD_CAST text);
    const char *copy = apr_pstrdup(out->pool, encoded ? (const char *)encoded : "");

    xmlFree(encoded);
    return copy;
}

static const char *content(layout *out, const xmlNode *node)
{
    xmlChar *text = xmlNodeGetContent(node);
    const char *copy = apr_pstrdup(out->pool, text ? (const char *)text : "");

    xmlFree(text);
    return copy;
}

/* The name with its prefix. */
static const char *qualified(layout *out, const xmlNs *ns, const xmlChar *name)
{
    return ns && ns->prefix ? apr_pstrcat(out->pool, (const char *)ns->prefix, ":", (const char *)name, NULL)
                            : apr_pstrdup(out->pool, (const char *)name);
}

static bool is_base64(const xmlNode *node)
{
    return xmlStrEqual(node->name, xmlSecNodeSignatureValue) ||
           xmlStrEqual(node->name, xmlSecNodeX509Certificate) ||
           xmlStrEqual(node->name, xmlSecNodeCipherValue);
}

static const char *fold(layout *out, const char *text)
{
    apr_size_t length = strlen(text);

    if (length <= 2 * (FOLD_HEAD + FOLD_TAIL))
        return text;
    return apr_psprintf(out->pool, "%.*s ... (%" APR_SIZE_T_FMT ") ... %s", FOLD_HEAD, text, length,
                        text + length - FOLD_TAIL);
}

/* NAME="VALUE" of the namespaces that the element declares and of its attributes. */
static apr_array_header_t *attributes(layout *out, const xmlNode *node)
{
    apr_array_header_t *all = apr_array_make(out->pool, 8, sizeof(const char *));

    for (const xmlNs *ns = node->nsDef; ns; ns = ns->next)
        APR_ARRAY_PUSH(all, const char *) = apr_psprintf(out->pool, "xmlns%s%s=\"%s\"", ns->prefix ? ":" : "",
                                                         ns->prefix ? (const char *)ns->prefix : "",
                                                         encode(out, node, (const char *)ns->href));
    for (const xmlAttr *attribute = node->properties; attribute; attribute = attribute->next)
        APR_ARRAY_PUSH(all, const char *) =
            apr_psprintf(out->pool, "%s=\"%s\"", qualified(out, attribute->ns, attribute->name),
                         encode(out, node, content(out, (const xmlNode *)attribute)));
    return all;
}

static void add_start(layout *out, const xmlNode *node, int depth)
{
    const apr_array_header_t *all = attributes(out, node);
    const char *name = qualified(out, node->ns, node->name);
    apr_size_t width = strlen(name) + 2 * (apr_size_t)depth;

    for (int i = 0; i < all->nelts; i++)
        width += strlen(APR_ARRAY_IDX(all, i, const char *)) + 1;
    add_line(out, depth);
    add(out, "<");
    add(out, name);
    for (int i = 0; i < all->nelts; i++) {
        if (i && width > LINE_WIDTH)
            add_line(out, depth + 2);
        else
            add(out, " ");
        add(out, APR_ARRAY_IDX(all, i, const char *));
    }
    add(out, node->children ? ">" : "/>");
}

static bool has_elements(const xmlNode *node)
{
    const xmlNode *child = node->children;

    while (child && child->type != XML_ELEMENT_NODE)
        child = child->next;
    return child != NULL;
}

/* The tree is one that we built: its depth is known, and beside elements stands white space alone. */
static void add_element(layout *out, const xmlNode *node, int depth)
{
    const char *text;

    add_start(out, node, depth);
    if (!node->children)
        return;
    if (has_elements(node)) {
        for (const xmlNode *child = node->children; child; child = child->next) {
            if (child->type == XML_ELEMENT_NODE)
                add_element(out, child, depth + 1);
        }
        add_line(out, depth);
    } else {
        text = content(out, node);
        add(out, encode(out, node, is_base64(node) ? fold(out, text) : text));
    }
    add(out, "</");
    add(out, qualified(out, node->ns, node->name));
    add(out, ">");
}

static void void_signatures(xmlNodePtr node)
{
    for (; node; node = node->next) {
        if (node->type == XML_ELEMENT_NODE && xmlStrEqual(node->name, xmlSecNodeSignatureValue))
            xmlNodeSetContent(node, BAD_CAST RCIDP_PRETTY_VOID);
        else if (node->type == XML_ELEMENT_NODE)
            void_signatures(node->children);
    }
}

static xmlDocPtr parse(const char *xml)
{
    return xmlReadMemory(xml, (int)strlen(xml), NULL, "UTF-8", PARSE_OPTIONS);
}

const char *rcidp_pretty_void(apr_pool_t *pool, const char *xml)
{
    xmlDocPtr doc = parse(xml);
    xmlChar *text = NULL;
    int length = 0;
    const char *copy = NULL;

    if (!doc)
        return NULL;
    void_signatures(xmlDocGetRootElement(doc));
    xmlDocDumpMemoryEnc(doc, &text, &length, "UTF-8");
    if (text && length > 0)
        copy = apr_pstrmemdup(pool, (const char *)text, (apr_size_t)length);
    xmlFree(text);
    xmlFreeDoc(doc);
    return copy;
}

const char *rcidp_pretty(apr_pool_t *pool, const char *xml)
{
    layout out = {pool, apr_array_make(pool, 256, sizeof(const char *))};
    xmlDocPtr doc = parse(xml);

    if (!doc)
        return NULL;
    add_element(&out, xmlDocGetRootElement(doc), 0);
    xmlFreeDoc(doc);
    return apr_array_pstrcat(pool, out.pieces, 0);
}
