/* SPDX-License-Identifier: Apache-2.0 */
#include "foreign.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <libxml/parser.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define NO_OTHERS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA)

#define QUOTES_LIMIT 128

/* Of a name in bytes, be it an element's, an attribute's or a namespace's. */
#define NAME_LIMIT 128

/* Do more quotes than that stand there? */
static bool is_crowded(const char *text, const char *end)
{
    int quotes = 0;

    for (const char *c = text; quotes <= QUOTES_LIMIT && (c = memchr(c, '"', (size_t)(end - c))); c++)
        quotes++;
    for (const char *c = text; quotes <= QUOTES_LIMIT && (c = memchr(c, '\'', (size_t)(end - c))); c++)
        quotes++;
    return quotes > QUOTES_LIMIT;
}

/* What would be refused only after it was read, or take longer than the rest: a declaration, and a start tag
 * with so many attributes that to compare each with all others does. No attribute holds a "<", so that a
 * tag's quotes stand between two of them. */
static const char *look_ahead(const char *text, apr_size_t length)
{
    static const char dtd[] = "<!DOCTYPE";
    const char *end = text + length, *next;

    for (; text < end; text = next) {
        if ((apr_size_t)(end - text) >= sizeof(dtd) - 1 && memcmp(text, dtd, sizeof(dtd) - 1) == 0)
            return "it has a DTD";
        next = memchr(text + 1, '<', (size_t)(end - text - 1));
        if (!next)
            next = end;
        if (is_crowded(text, next))
            return "it has too many attributes in one place";
    }
    return NULL;
}

static bool is_long(const xmlChar *name)
{
    return name && strnlen((const char *)name, NAME_LIMIT + 1) > NAME_LIMIT;
}

/* Is any name longer than any that means something? For each attribute, its namespace's is copied by Lasso,
 * and compared with those of many others by whoever makes the canonical form. */
static bool has_long_name(const xmlNode *node)
{
    for (; node; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        if (is_long(node->name) || has_long_name(node->children))
            return true;
        for (const xmlNs *ns = node->nsDef; ns; ns = ns->next) {
            if (is_long(ns->prefix) || is_long(ns->href))
                return true;
        }
        for (const xmlAttr *attribute = node->properties; attribute; attribute = attribute->next) {
            if (is_long(attribute->name))
                return true;
        }
    }
    return false;
}

/* Was there memory for all of it? Where there was none for the declaration of a prefix, the last word is that
 * nobody declared it, which the parser knows better. */
static bool is_whole(const xmlParserCtxt *parser)
{
    const xmlError *last = xmlGetLastError();

    return !last || (last->code != XML_ERR_NO_MEMORY &&
                     (last->code != XML_NS_ERR_UNDEFINED_NAMESPACE || !parser->nsWellFormed));
}

/* libxml2 goes on where something is wrong with namespaces, also with a name that is no URI (Namespaces in
 * XML 1.0, 2 to 6.3); and where there was no memory for a part of the tree, without that part. */
static xmlDocPtr read_text(const char *text, int length, bool *has_right_names)
{
    xmlParserCtxtPtr parser = xmlNewParserCtxt();
    xmlDocPtr doc;

    xmlResetLastError();
    doc = parser ? xmlCtxtReadMemory(parser, text, length, NULL, "UTF-8", NO_OTHERS) : NULL;
    if (doc && !is_whole(parser)) {
        xmlFreeDoc(doc);
        doc = NULL;
    }
    *has_right_names = parser && parser->nsWellFormed;
    if (parser)
        xmlFreeParserCtxt(parser);
    return doc;
}

const char *rcidp_foreign_parse(const char *text, apr_size_t length, xmlDocPtr *doc)
{
    const char *error;
    bool has_right_names;

    *doc = NULL;
    if (length == 0 || length > INT_MAX || memchr(text, '\0', length))
        return "it is empty, or not text";
    if ((error = look_ahead(text, length)))
        return error;
    *doc = read_text(text, (int)length, &has_right_names);
    if (!*doc || (*doc)->intSubset || (*doc)->extSubset || !xmlDocGetRootElement(*doc))
        error = "it is not well-formed XML in UTF-8";
    else if (!has_right_names)
        error = "its namespaces are not well-formed";
    else if (has_long_name(xmlDocGetRootElement(*doc)))
        error = "it has a name of more than 128 bytes";
    else
        return NULL;
    if (*doc)
        xmlFreeDoc(*doc);
    *doc = NULL;
    return error;
}

bool rcidp_foreign_is(const xmlNode *node, const char *ns, const char *name)
{
    return node && node->type == XML_ELEMENT_NODE && node->ns && xmlStrEqual(node->ns->href, BAD_CAST ns) &&
           xmlStrEqual(node->name, BAD_CAST name);
}

static xmlNodePtr first_from(xmlNodePtr node, const char *ns, const char *name)
{
    while (node && !rcidp_foreign_is(node, ns, name))
        node = node->next;
    return node;
}

xmlNodePtr rcidp_foreign_child(const xmlNode *parent, const char *ns, const char *name)
{
    return parent ? first_from(parent->children, ns, name) : NULL;
}

xmlNodePtr rcidp_foreign_next(const xmlNode *node, const char *ns, const char *name)
{
    return node ? first_from(node->next, ns, name) : NULL;
}

const char *rcidp_foreign_attribute(apr_pool_t *pool, const xmlNode *node, const char *name)
{
    xmlChar *value = node ? xmlGetNoNsProp(node, BAD_CAST name) : NULL;
    const char *copy = value ? apr_pstrdup(pool, (const char *)value) : NULL;

    xmlFree(value);
    return copy;
}

/* White space around it does not count (XML Schema 2, 3.2.2). */
int rcidp_foreign_boolean(const xmlNode *node, const char *name)
{
    static const char space[] = " \t\r\n";
    static const struct {
        const char *text;
        int value;
    } texts[] = {{"true", 1}, {"1", 1}, {"false", 0}, {"0", 0}};
    xmlChar *value = node ? xmlGetNoNsProp(node, BAD_CAST name) : NULL;
    const char *word = value ? (const char *)value + strspn((const char *)value, space) : "0";
    apr_size_t length = strcspn(word, space);
    int result = -1;

    for (size_t i = 0; !word[length + strspn(word + length, space)] && i < sizeof(texts) / sizeof(texts[0]);
         i++) {
        if (length == strlen(texts[i].text) && strncmp(word, texts[i].text, length) == 0)
            result = texts[i].value;
    }
    xmlFree(value);
    return result;
}

bool rcidp_foreign_flag(const xmlNode *node, const char *name)
{
    return rcidp_foreign_boolean(node, name) == 1;
}

int rcidp_foreign_number(apr_pool_t *pool, const xmlNode *node, const char *name)
{
    const char *value = rcidp_foreign_attribute(pool, node, name);
    apr_size_t length = value ? strlen(value) : 0;

    return length > 0 && length < 6 && strspn(value, "0123456789") == length ? atoi(value) : -1;
}

const char *rcidp_foreign_text(apr_pool_t *pool, const xmlNode *node)
{
    const char *text = "";
    apr_size_t length;

    if (!node)
        return NULL;
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (child->type != XML_TEXT_NODE)
            return NULL;
        text = apr_pstrcat(pool, text, (const char *)child->content, NULL);
    }
    while (apr_isspace(*text))
        text++;
    for (length = strlen(text); length && apr_isspace(text[length - 1]);)
        length--;
    return apr_pstrmemdup(pool, text, length);
}
