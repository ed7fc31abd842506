/* SPDX-License-Identifier: Apache-2.0 */
/* AuthnRequests and what they are wrapped in. */
#include "fuzz.h"

#include <apr_encode.h>
#include <apr_strings.h>
#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "foreign.h"
#include "lasso.h"
#include "message.h"
#include "text.h"
#include "verify.h"

#define BEARER "urn:oasis:names:tc:SAML:2.0:cm:bearer"

static const char *base64_of(const char *data, size_t size)
{
    return apr_pencode_base64(fuzz_pool, data, (apr_ssize_t)size, APR_ENCODE_NONE, NULL);
}

/* As a service provider wraps it for HTTP-Redirect. */
static const char *deflate_text(const char *data, size_t size)
{
    z_stream stream;
    size_t room;
    char *out;

    memset(&stream, 0, sizeof(stream));
    must(deflateInit2(&stream, 1, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    room = deflateBound(&stream, size);
    out = apr_palloc(fuzz_pool, room);
    stream.next_in = (Bytef *)apr_pmemdup(fuzz_pool, data, size);
    stream.avail_in = (uInt)size;
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)room;
    must(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    deflateEnd(&stream);
    return base64_of(out, stream.total_out);
}

/* The input as it stands, and then as the bytes that somebody wraps. */
void fuzz_message(fuzz_input *in)
{
    const char *data = in->at, *text = fuzz_text(in), *xml;
    apr_size_t size = (apr_size_t)(in->end - data), length = 0;

    if (!rcidp_message_decode(fuzz_pool, text, &xml, &length))
        must(length <= RCIDP_MESSAGE_LIMIT &&
             (strpbrk(text, "\r\n") || !strcmp(base64_of(xml, length), text)));
    if (!rcidp_message_inflate(fuzz_pool, text, &xml, &length))
        must(length <= RCIDP_MESSAGE_LIMIT);
    if (size && !rcidp_message_inflate(fuzz_pool, base64_of(data, size), &xml, &length))
        must(length <= RCIDP_MESSAGE_LIMIT);
    if (size == 0 || size > RCIDP_MESSAGE_LIMIT)
        return;
    must(!rcidp_message_decode(fuzz_pool, base64_of(data, size), &xml, &length));
    must(length == size && memcmp(xml, data, size) == 0);
    must(!rcidp_message_inflate(fuzz_pool, deflate_text(data, size), &xml, &length));
    must(length == size && memcmp(xml, data, size) == 0);
    must(!rcidp_message_deflate(fuzz_pool, data, size, &text));
    must(!rcidp_message_inflate(fuzz_pool, text, &xml, &length));
    must(length == size && memcmp(xml, data, size) == 0);
}

static void must_be_valid(const rcidp_authn_request *request)
{
    must(request->id && *request->id && rcidp_text_is_xml(request->id) && strlen(request->id) <= 256);
    must(request->acs_index >= -1 && request->acs_index <= 99999);
    must(!request->issuer || rcidp_text_is_xml(request->issuer));
    must(!request->acs_url || rcidp_text_is_xml(request->acs_url));
    must(!request->contexts || request->comparison);
}

/* The texts (of const char *) that stand there, as XPath sees it. */
static const apr_array_header_t *find_all(xmlXPathContextPtr context, const char *path)
{
    apr_array_header_t *all = apr_array_make(fuzz_pool, 2, sizeof(const char *));
    xmlXPathObjectPtr found = xmlXPathEvalExpression(BAD_CAST path, context);

    must(found && found->type == XPATH_NODESET);
    for (int i = 0; found->nodesetval && i < found->nodesetval->nodeNr; i++) {
        xmlChar *value = xmlXPathCastNodeToString(found->nodesetval->nodeTab[i]);

        must(value);
        APR_ARRAY_PUSH(all, const char *) = apr_pstrdup(fuzz_pool, (const char *)value);
        xmlFree(value);
    }
    xmlXPathFreeObject(found);
    return all;
}

/* The first of them; NULL if there is none. */
static const char *find(xmlXPathContextPtr context, const char *path)
{
    const apr_array_header_t *all = find_all(context, path);

    return all->nelts ? APR_ARRAY_IDX(all, 0, const char *) : NULL;
}

/* An xs:boolean. */
static bool is_true(xmlXPathContextPtr context, const char *path)
{
    const char *test =
        apr_psprintf(fuzz_pool, "normalize-space(%s)='true' or normalize-space(%s)='1'", path, path);
    xmlXPathObjectPtr found = xmlXPathEvalExpression(BAD_CAST test, context);
    bool is = found && xmlXPathCastToBoolean(found);

    xmlXPathFreeObject(found);
    return is;
}

static void must_have_texts(const rcidp_authn_request *request, xmlXPathContextPtr context)
{
    const struct {
        const char *path, *text;
    } parts[] = {
        {"/*/@ID", request->id},
        {"/*/@Version", request->version},
        {"/*/@Destination", request->destination},
        {"/*/@AssertionConsumerServiceURL", request->acs_url},
        {"/*/@ProtocolBinding", request->protocol_binding},
        {"/*/a:Issuer", request->issuer},
        {"/*/a:Subject[not(a:SubjectConfirmation[not(@Method='" BEARER "') or *])]/a:NameID",
         request->subject},
        {"/*/a:Subject/a:NameID/@Format", request->subject_format},
        {"/*/a:Subject/a:NameID/@NameQualifier", request->name_qualifier},
        {"/*/a:Subject/a:NameID/@SPNameQualifier", request->subject_sp_name_qualifier},
        {"/*/a:Conditions/@NotBefore", request->not_before},
        {"/*/a:Conditions/@NotOnOrAfter", request->not_on_or_after},
        {"/*/p:NameIDPolicy/@Format", request->name_id_format},
        {"/*/p:NameIDPolicy/@SPNameQualifier", request->sp_name_qualifier},
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const char *text = find(context, parts[i].path);

        must(text ? parts[i].text && strcmp(text, parts[i].text) == 0 : !parts[i].text);
    }
}

/* The same texts, but for those that are not there. */
static void must_be_all(const apr_array_header_t *list, const apr_array_header_t *all)
{
    int count = 0;

    for (int i = 0; list && i < list->nelts; i++) {
        const char *text = APR_ARRAY_IDX(list, i, const char *);

        if (text)
            must(count < all->nelts && strcmp(text, APR_ARRAY_IDX(all, count++, const char *)) == 0);
    }
    must(count == all->nelts);
}

static void must_have_lists(const rcidp_authn_request *request, xmlXPathContextPtr context)
{
    const char *comparison = find(context, "/*/p:RequestedAuthnContext/@Comparison");

    must((request->contexts != NULL) == (find(context, "/*/p:RequestedAuthnContext") != NULL));
    must_be_all(request->contexts, find_all(context, "/*/p:RequestedAuthnContext/a:AuthnContextClassRef"));
    must(!request->contexts || strcmp(request->comparison, comparison ? comparison : "exact") == 0);
    must((request->idps != NULL) == (find(context, "/*/p:Scoping/p:IDPList") != NULL));
    must_be_all(request->idps, find_all(context, "/*/p:Scoping/p:IDPList/p:IDPEntry/@ProviderID"));
}

/* It says what XPath finds in the document, read again: Lasso may have changed the tree. */
static void must_be_what_stands(const rcidp_authn_request *request, const char *xml, apr_size_t length)
{
    xmlDocPtr doc = xmlReadMemory(xml, (int)length, NULL, "UTF-8", XML_PARSE_NONET);
    xmlXPathContextPtr context = xmlXPathNewContext(doc);
    const char *index, *instant;
    apr_time_t time;

    must(doc && context && xmlXPathRegisterNs(context, BAD_CAST "a", BAD_CAST RCIDP_NS_ASSERTION) == 0 &&
         xmlXPathRegisterNs(context, BAD_CAST "p", BAD_CAST RCIDP_NS_PROTOCOL) == 0);
    must_have_texts(request, context);
    must(request->force_authn == is_true(context, "/*/@ForceAuthn"));
    must(request->is_passive == is_true(context, "/*/@IsPassive"));
    index = find(context, "/*/@AssertionConsumerServiceIndex");
    must(request->acs_index == (index ? atoi(index) : -1));
    instant = find(context, "/*/@IssueInstant");
    must(instant && rcidp_text_date_time(instant, &time) && request->issue_instant == time);
    must(request->has_subject == (find(context, "/*/a:Subject") != NULL));
    must_have_lists(request, context);
    xmlXPathFreeContext(context);
    xmlFreeDoc(doc);
}

/* The way that a SAMLRequest takes: unwrapped, checked, parsed, its signature judged, read. */
void fuzz_request(fuzz_input *in)
{
    bool redirect = fuzz_byte(in) & 1;
    apr_size_t size = (apr_size_t)(in->end - in->at), length = 0;
    const char *xml;
    rcidp_authn_request request;
    xmlDocPtr doc;

    if (size == 0 || size > RCIDP_MESSAGE_LIMIT)
        return;
    must(!(redirect ? rcidp_message_inflate(fuzz_pool, deflate_text(in->at, size), &xml, &length)
                    : rcidp_message_decode(fuzz_pool, base64_of(in->at, size), &xml, &length)));
    if (rcidp_message_check(xml, length) || rcidp_foreign_parse(xml, length, &doc))
        return;
    rcidp_verify_element(xmlDocGetRootElement(doc), fuzz_certificates(), true);
    if (!rcidp_lasso_read(fuzz_pool, xmlDocGetRootElement(doc), &request)) {
        must_be_valid(&request);
        must_be_what_stands(&request, xml, length);
    }
    xmlFreeDoc(doc);
}

/* What the document says without its signature, in canonical form; "" if it has none, as for a namespace that
 * is no URI. */
static const char *said_by(xmlNodePtr root)
{
    xmlDocPtr copy = xmlNewDoc(BAD_CAST "1.0");
    xmlNodePtr top, signature;
    xmlChar *text = NULL;
    const char *said;

    must(copy && (top = xmlDocCopyNode(root, copy, 1)));
    xmlDocSetRootElement(copy, top);
    if ((signature = rcidp_foreign_child(top, RCIDP_NS_DSIG, "Signature"))) {
        xmlUnlinkNode(signature);
        xmlFreeNode(signature);
    }
    xmlC14NDocDumpMemory(copy, NULL, XML_C14N_EXCLUSIVE_1_0, NULL, 0, &text);
    said = apr_pstrdup(fuzz_pool, text ? (const char *)text : "");
    xmlFree(text);
    xmlFreeDoc(copy);
    return said;
}

void fuzz_must_say(xmlNodePtr root, const char *original)
{
    xmlDocPtr doc = xmlReadFile(fuzz_source(original), NULL, XML_PARSE_NOCDATA);

    must(doc && strcmp(said_by(root), said_by(xmlDocGetRootElement(doc))) == 0);
    xmlFreeDoc(doc);
}

/* Kept over a sign-in page, it says the same. */
static void check_trim(const char *xml, apr_size_t length, xmlDocPtr doc)
{
    const char *kept = rcidp_verify_trim(fuzz_pool, xml, &length);
    xmlDocPtr again;

    must(kept && !rcidp_foreign_parse(kept, length, &again));
    must(strcmp(said_by(xmlDocGetRootElement(doc)), said_by(xmlDocGetRootElement(again))) == 0);
    xmlFreeDoc(again);
}

void fuzz_signature(fuzz_input *in)
{
    xmlDocPtr doc;

    if (rcidp_foreign_parse(in->at, (apr_size_t)(in->end - in->at), &doc))
        return;
    check_trim(in->at, (apr_size_t)(in->end - in->at), doc);
    if (rcidp_verify_element(xmlDocGetRootElement(doc), fuzz_certificates(), false) == RCIDP_VERIFIED)
        fuzz_must_say(xmlDocGetRootElement(doc), "t/fuzz/signed.xml");
    xmlFreeDoc(doc);
}
