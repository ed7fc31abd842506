/* SPDX-License-Identifier: Apache-2.0 */
/* AuthnRequests and what they are wrapped in. */
#include "fuzz.h"

#include <apr_encode.h>
#include <apr_strings.h>
#include <libxml/c14n.h>
#include <string.h>
#include <zlib.h>

#include "foreign.h"
#include "lasso.h"
#include "message.h"
#include "text.h"
#include "verify.h"

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
    if (!rcidp_lasso_read(fuzz_pool, xmlDocGetRootElement(doc), &request))
        must_be_valid(&request);
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

/* Kept over a sign-in page, it says the same. */
static void check_trim(const char *xml, apr_size_t length, xmlDocPtr doc)
{
    const char *kept = rcidp_verify_trim(fuzz_pool, xml, &length);
    xmlDocPtr again;

    must(kept && !rcidp_foreign_parse(kept, length, &again));
    must(strcmp(said_by(xmlDocGetRootElement(doc)), said_by(xmlDocGetRootElement(again))) == 0);
    xmlFreeDoc(again);
}

/* A document that verifies says what t/fuzz/signed.xml says: whoever wrote this has not the key. */
void fuzz_signature(fuzz_input *in)
{
    xmlDocPtr doc, original;

    if (rcidp_foreign_parse(in->at, (apr_size_t)(in->end - in->at), &doc))
        return;
    check_trim(in->at, (apr_size_t)(in->end - in->at), doc);
    if (rcidp_verify_element(xmlDocGetRootElement(doc), fuzz_certificates(), false) == RCIDP_VERIFIED) {
        original = xmlReadFile(fuzz_source("t/fuzz/signed.xml"), NULL, XML_PARSE_NOCDATA);
        must(original &&
             strcmp(said_by(xmlDocGetRootElement(doc)), said_by(xmlDocGetRootElement(original))) == 0);
        xmlFreeDoc(original);
    }
    xmlFreeDoc(doc);
}
