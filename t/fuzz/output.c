/* SPDX-License-Identifier: Apache-2.0 */
/* What we write, read back by libxml2: every value comes out as it went in, and nothing else does. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "fuzz.h"

#include <apr_strings.h>
#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <string.h>

#include "asset.h"
#include "color.h"
#include "foreign.h"
#include "metadata.h"
#include "page.h"
#include "pretty.h"
#include "report.h"
#include "response.h"
#include "text.h"

#define URI_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=;,"
#define DATA_URI "data:image/png;base64,AAAA"
#define OPTIONS (HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET)

/* The n-th element of that name, in the order of the document, below and including `node`. */
static xmlNodePtr find(xmlNodePtr node, const char *name, int *n)
{
    xmlNodePtr found = NULL;

    for (; node && !found; node = node->next) {
        if (node->type == XML_ELEMENT_NODE && xmlStrEqual(node->name, BAD_CAST name) && --*n < 0)
            return node;
        if (node->type == XML_ELEMENT_NODE)
            found = find(node->children, name, n);
    }
    return found;
}

static xmlNodePtr element(xmlDocPtr doc, const char *name, int n)
{
    return find(xmlDocGetRootElement(doc), name, &n);
}

static bool says(xmlNodePtr node, const char *attribute, const char *wanted)
{
    xmlChar *text = !node       ? NULL
                    : attribute ? xmlGetNoNsProp(node, BAD_CAST attribute)
                                : xmlNodeGetContent(node);
    bool same = text && strcmp((const char *)text, wanted) == 0;

    xmlFree(text);
    return same;
}

/* Does the page hold that many elements of a name? */
static bool has(xmlDocPtr doc, const char *name, int count)
{
    return (count == 0 || element(doc, name, count - 1)) && !element(doc, name, count);
}

/* With the common style, the administrator's if there is one, and so many of its own. */
static xmlDocPtr read_page(const rcidp_look *look, int styles, const char *html)
{
    xmlDocPtr doc = htmlReadMemory(html, (int)strlen(html), NULL, "UTF-8", OPTIONS);

    must(doc && has(doc, "style", 1 + (*look->own ? 1 : 0) + styles) && has(doc, "title", 1) &&
         has(doc, "h1", 1));
    return doc;
}

static void check_post(const rcidp_look *look, const char *acs, const char *title, const char *state)
{
    xmlDocPtr doc = read_page(look, 0, rcidp_page_post(fuzz_pool, look, acs, title, "Response", state));

    must(says(element(doc, "form", 0), "action", acs) && has(doc, "form", 1) && has(doc, "script", 1));
    must(says(element(doc, "input", 0), "value", "UmVzcG9uc2U=") && has(doc, "input", 2));
    must(says(element(doc, "input", 1), "value", state));
    must(says(element(doc, "h1", 0), NULL,
              rcidp_words_fill(fuzz_pool, look->language, RCIDP_SAY_POST_TITLE, title, NULL)));
    xmlFreeDoc(doc);
}

static void check_links(const rcidp_look *look, const char *title, const char *href)
{
    apr_array_header_t *links = apr_array_make(fuzz_pool, 1, sizeof(rcidp_page_link));
    rcidp_page_link link = {title, href};
    xmlDocPtr doc;

    APR_ARRAY_PUSH(links, rcidp_page_link) = link;
    doc = read_page(look, 0, rcidp_page_choose(fuzz_pool, look, links));
    must(says(element(doc, "a", 0), "href", href) && says(element(doc, "a", 0), NULL, title));
    must(has(doc, "a", 1) && has(doc, "script", 0));
    xmlFreeDoc(doc);
}

/* Whom to ask is an address behind mailto:, in which more is encoded than HTML asks for. */
static void check_refusal(const rcidp_look *look, const char *sentence)
{
    xmlDocPtr doc = read_page(look, 0, rcidp_page_refuse(fuzz_pool, look, 403, sentence));

    must(says(element(doc, "p", 0), NULL, sentence) && has(doc, "p", 2));
    must(says(element(doc, "a", 0), NULL, look->contact) && has(doc, "a", 1) && has(doc, "script", 0));
    xmlFreeDoc(doc);
}

/* A tile with all that one may have, and one with as little. */
static void check_portal(const rcidp_look *look, const char *title, const char *href, const char *note)
{
    apr_array_header_t *tiles = apr_array_make(fuzz_pool, 2, sizeof(rcidp_page_tile));
    rcidp_page_tile full = {.title = title, .href = href, .icon = DATA_URI, .note = note, .place = href};
    rcidp_page_tile bare = {.title = title, .href = href};
    xmlDocPtr doc;

    APR_ARRAY_PUSH(tiles, rcidp_page_tile) = full;
    APR_ARRAY_PUSH(tiles, rcidp_page_tile) = bare;
    doc = read_page(look, 1, rcidp_page_portal(fuzz_pool, look, note, tiles));
    must(says(element(doc, "a", 0), "href", href) && says(element(doc, "a", 1), "href", href));
    must(says(element(doc, "small", 0), NULL, href) && says(element(doc, "small", 1), NULL, note));
    must(says(element(doc, "p", 0), NULL,
              rcidp_words_fill(fuzz_pool, look->language, RCIDP_SAY_PORTAL_USER, note, NULL)));
    must(has(doc, "a", 3) && has(doc, "small", 2) && has(doc, "script", 0));
    xmlFreeDoc(doc);
}

/* What a line of the test page may have. */
static void add_line(const rcidp_report_section *section, const char *label, const char *value,
                     const char *other)
{
    rcidp_report_line *line = rcidp_report_add(section, label, NULL);
    apr_array_header_t *values = apr_array_make(fuzz_pool, 2, sizeof(const char *));

    APR_ARRAY_PUSH(values, const char *) = value;
    APR_ARRAY_PUSH(values, const char *) = other;
    line->values = values;
    line->note = other;
    line->source = label;
    line->place = value;
}

static void check_report(const rcidp_look *look, const char *title, const char *href, const char *text)
{
    apr_array_header_t *others = apr_array_make(fuzz_pool, 1, sizeof(rcidp_report_other));
    apr_array_header_t *checks = apr_array_make(fuzz_pool, 1, sizeof(rcidp_report_check));
    apr_array_header_t *sections = apr_array_make(fuzz_pool, 1, sizeof(rcidp_report_section));
    rcidp_report_other other = {title, href};
    rcidp_report_check check = {RCIDP_CHECK_BAD, RCIDP_SAY_TEST_CHECKS, text};
    rcidp_report report = {.provider = title,
                           .launch = href,
                           .others = others,
                           .checks = checks,
                           .sections = sections,
                           .xml = text,
                           .query = "?sp=us",
                           .now = 1};
    xmlDocPtr doc;

    APR_ARRAY_PUSH(others, rcidp_report_other) = other;
    APR_ARRAY_PUSH(checks, rcidp_report_check) = check;
    add_line(rcidp_report_begin(sections, RCIDP_SAY_TEST_CHECKS), title, href, text);
    doc = read_page(look, 1, rcidp_report_page(fuzz_pool, look, &report));
    must(has(doc, "a", 4) && has(doc, "script", 1) && has(doc, "li", 1) && has(doc, "dt", 1));
    must(says(element(doc, "a", 0), "href", href) && says(element(doc, "a", 3), "href", href));
    must(says(element(doc, "dt", 0), NULL, title) && says(element(doc, "a", 3), NULL, title));
    must(says(element(doc, "code", 0), NULL, href) && says(element(doc, "code", 1), NULL, text));
    must(says(element(doc, "small", 0), NULL, text) && has(doc, "small", 2));
    must(says(element(doc, "span", 0), NULL, href) && has(doc, "code", 2));
    must(says(element(doc, "pre", 0), NULL, text) || *text == '\n'); /* which is not part of it in HTML */
    xmlFreeDoc(doc);
}

void fuzz_answer_page(fuzz_input *in)
{
    unsigned int mode = fuzz_byte(in);
    const char *first = fuzz_text(in), *second = fuzz_text(in), *third = fuzz_text(in);
    rcidp_brand brand = {.title = fuzz_xml_text(in),
                         .contact = second,
                         .color = mode & 64 ? "#1A73E8" : NULL,
                         .logo = mode & 128 ? DATA_URI : NULL};
    const rcidp_look *look = rcidp_look_make(fuzz_pool, &brand) + (mode & 63) % RCIDP_LANGUAGES;

    if (rcidp_text_is_xml(first) && rcidp_text_is_xml(second) && rcidp_text_is_xml(third)) {
        check_post(look, first, second, third);
        check_links(look, first, second);
        check_refusal(look, first);
        check_report(look, first, second, third);
        if (*first) /* a service provider has a title */
            check_portal(look, first, second, third);
    } else { /* must be harmless all the same */
        xmlFreeDoc(read_page(look, 0, rcidp_page_post(fuzz_pool, look, first, second, "Response", third)));
        xmlFreeDoc(read_page(look, 0, rcidp_page_refuse(fuzz_pool, look, 400, first)));
    }
}

/* A logo is what its first bytes say, or refused; a style is text. */
void fuzz_asset(fuzz_input *in)
{
    const char *file = fuzz_file(in), *uri = NULL, *style = NULL;

    if (!rcidp_asset_picture(fuzz_pool, file, RCIDP_LOGO_LIMIT, &uri))
        must(strncmp(uri, "data:image/", 11) == 0 && strspn(uri + 11, URI_CHARACTERS) == strlen(uri + 11));
    if (!rcidp_asset_stylesheet(fuzz_pool, file, &style))
        must(rcidp_text_is_xml(style) && !strcasestr(style, "</style") && !strchr(style, '\r'));
}

/* What a browser says of its reader's languages, and an administrator's colour. */
void fuzz_words(fuzz_input *in)
{
    const char *text = fuzz_text(in);
    rcidp_language language = rcidp_words_choose(text);
    rcidp_color color, white = {255, 255, 255};

    must(language < RCIDP_LANGUAGES && rcidp_words_language(rcidp_words_tag(language)) == language);
    if (rcidp_color_parse(text, &color)) {
        must(strcasecmp(rcidp_color_text(fuzz_pool, color), text) == 0);
        must(rcidp_color_contrast(rcidp_color_readable(color, white), white) >= 4.5);
        must(rcidp_color_contrast(rcidp_color_on(color), color) >= 4.5);
    }
}

static xmlDocPtr read_xml(const char *xml)
{
    xmlDocPtr doc = xmlReadMemory(xml, (int)strlen(xml), NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR);

    must(doc && xmlDocGetRootElement(doc));
    return doc;
}

static void check_response(const rcidp_claims *claims, const char *xml, const rcidp_signer *signer)
{
    const rcidp_attribute *attribute = APR_ARRAY_IDX(claims->attributes, 0, const rcidp_attribute *);
    xmlDocPtr doc = read_xml(xml);
    xmlNodePtr root = xmlDocGetRootElement(doc);

    must(fuzz_signatures(root, signer) == (claims->sign == RCIDP_SIGN_BOTH ? 2 : 1));
    must(says(root, "Destination", claims->acs) && says(root, "ID", claims->response_id));
    must(says(element(doc, "Issuer", 0), NULL, claims->issuer) &&
         says(element(doc, "Issuer", 1), NULL, claims->issuer));
    must(says(element(doc, "Audience", 0), NULL, claims->audience));
    must(says(element(doc, "NameID", 0), NULL, claims->name_id) && has(doc, "NameID", 1));
    must(says(element(doc, "NameID", 0), "Format", claims->name_id_format));
    must(says(element(doc, "SubjectConfirmationData", 0), "Recipient", claims->acs));
    must(says(element(doc, "AuthnContextClassRef", 0), NULL, claims->authn_context));
    must(says(element(doc, "Attribute", 0), "Name", attribute->name) && has(doc, "Attribute", 1));
    must(has(doc, "AttributeValue", attribute->values->nelts));
    for (int i = 0; i < attribute->values->nelts; i++)
        must(
            says(element(doc, "AttributeValue", i), NULL, APR_ARRAY_IDX(attribute->values, i, const char *)));
    xmlFreeDoc(doc);
}

/* For people's eyes: laid out, and signed by nobody. */
static void check_pretty(const char *xml)
{
    const char *voided = rcidp_pretty_void(fuzz_pool, xml), *laid_out = rcidp_pretty(fuzz_pool, xml);
    xmlDocPtr doc = read_xml(voided);

    for (int i = 0; element(doc, "SignatureValue", i); i++)
        must(says(element(doc, "SignatureValue", i), NULL, RCIDP_PRETTY_VOID));
    must(element(doc, "SignatureValue", 0) && laid_out && rcidp_text_is_xml(laid_out));
    xmlFreeDoc(doc);
}

void fuzz_response(fuzz_input *in)
{
    unsigned char mode = fuzz_byte(in);
    const rcidp_signer *signer = fuzz_signer("ec256");
    apr_array_header_t *values = apr_array_make(fuzz_pool, 2, sizeof(const char *));
    apr_array_header_t *attributes = apr_array_make(fuzz_pool, 1, sizeof(const rcidp_attribute *));
    rcidp_attribute attribute = {.name_format = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"};
    rcidp_claims claims = {
        .response_id = "_r", .assertion_id = "_a", .lifetime = 300, .attributes = attributes};
    const char *xml;

    claims.sign = (mode & 3) == 0 ? RCIDP_SIGN_BOTH : (rcidp_sign_what)(mode & 3);
    claims.in_response_to = mode & 4 ? "_request" : NULL;
    claims.session_lifetime = mode & 8 ? 3600 : 0;
    claims.now = claims.authn_instant = apr_time_from_sec(1719835200);
    claims.name_id = fuzz_xml_text(in);
    claims.name_id_format = fuzz_xml_text(in);
    claims.issuer = fuzz_xml_text(in);
    claims.audience = fuzz_xml_text(in);
    claims.acs = fuzz_xml_text(in);
    claims.authn_context = fuzz_xml_text(in);
    attribute.name = fuzz_xml_text(in);
    do
        APR_ARRAY_PUSH(values, const char *) = fuzz_xml_text(in);
    while (in->at < in->end);
    attribute.values = values;
    APR_ARRAY_PUSH(attributes, const rcidp_attribute *) = &attribute;
    must(!rcidp_response_make(fuzz_pool, &claims, signer, &xml));
    check_response(&claims, xml, signer);
    check_pretty(xml);
}

void fuzz_own_metadata(fuzz_input *in)
{
    apr_array_header_t *keys = apr_array_make(fuzz_pool, 1, sizeof(const rcidp_certificate *));
    apr_array_header_t *endpoints = apr_array_make(fuzz_pool, 1, sizeof(const char *));
    apr_array_header_t *formats = apr_array_make(fuzz_pool, 1, sizeof(const char *));
    apr_array_header_t *attributes = apr_array_make(fuzz_pool, 1, sizeof(const rcidp_attribute *));
    rcidp_attribute attribute;
    rcidp_metadata metadata = {.entity_id = fuzz_xml_text(in),
                               .contact = fuzz_xml_text(in),
                               .certificates = keys,
                               .endpoints = endpoints,
                               .name_id_formats = formats,
                               .attributes = attributes};
    const char *endpoint = fuzz_xml_text(in);
    xmlDocPtr doc;

    attribute.name = fuzz_xml_text(in);
    attribute.name_format = fuzz_xml_text(in);
    APR_ARRAY_PUSH(keys, const rcidp_certificate *) = fuzz_signer("rsa2048")->certificate;
    APR_ARRAY_PUSH(endpoints, const char *) = endpoint;
    APR_ARRAY_PUSH(formats, const char *) = attribute.name_format;
    APR_ARRAY_PUSH(attributes, const rcidp_attribute *) = &attribute;
    doc = read_xml(rcidp_metadata_make(fuzz_pool, &metadata));
    must(says(xmlDocGetRootElement(doc), "entityID", metadata.entity_id));
    must(says(element(doc, "SingleSignOnService", 1), "Location", endpoint));
    must(says(element(doc, "Attribute", 0), "Name", attribute.name) && has(doc, "Attribute", 1));
    must(says(element(doc, "NameIDFormat", 0), NULL, attribute.name_format));
    must(says(element(doc, "EmailAddress", 0), NULL,
              apr_pstrcat(fuzz_pool, "mailto:", metadata.contact, NULL)));
    xmlFreeDoc(doc);
}
