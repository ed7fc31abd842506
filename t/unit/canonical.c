/* SPDX-License-Identifier: Apache-2.0 */
/* What we write is compared, byte for byte, with the plain way: a libxml2 tree, signed by xmlsec1, in
 * libxml2's exclusive canonical form. Claims are drawn at random, from a seed that is always the same. */
#include "fixture.h"
#include "response.h"
#include "text.h"
#include "xml.h"

#include <libxml/c14n.h>
#include <xmlsec/base64.h>

#define ROUNDS 1000
#define EC_ROUNDS 100
#define LONG_VALUE 60000
#define LONGEST_GROWN 70000
#define GROWTH 700 /* less than a signature is long */
#define SMALL 80
#define MANY 200

static unsigned long long state = 88172645463325252ULL;

/* xorshift64: below `limit`. */
static unsigned draw(unsigned limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 20) % limit;
}

/* Pieces that escaping could alter, all the special characters, and letters of each length in UTF-8. */
static const char *draw_text(unsigned pieces)
{
    static const char *const piece[] = {
        "a",
        "Z",
        "0",
        "&",
        "<",
        ">",
        "\"",
        "'",
        "\t",
        "\n",
        "\r",
        " ",
        "\r\n",
        "]]>",
        "<!--",
        "-->",
        "&#",
        "&amp;",
        "\xC3\xBC",
        "\xC2\x85",
        "\x7F",
        "%s$",
        "\xE2\x82\xAC",
        "\xE2\x80\xA8",
        "\xF0\x9F\x93\x9E",
        "=\"",
        "/>",
        "</saml:",
        "xmlns:a=",
        "\xF4\x8F\xBF\xBD",
    };
    apr_array_header_t *all = apr_array_make(pool, 16, sizeof(const char *));

    for (unsigned i = draw(pieces + 1); i-- > 0;)
        APR_ARRAY_PUSH(all, const char *) = piece[draw(sizeof(piece) / sizeof(piece[0]))];
    return apr_array_pstrcat(pool, all, 0);
}

static const rcidp_attribute *draw_attribute(void)
{
    rcidp_attribute *made = apr_palloc(pool, sizeof(*made));
    apr_array_header_t *values = apr_array_make(pool, 4, sizeof(const char *));

    for (unsigned i = draw(4) + 1; i-- > 0;)
        APR_ARRAY_PUSH(values, const char *) = draw_text(12);
    made->name = draw_text(8);
    made->name_format = draw_text(8);
    made->values = values;
    return made;
}

static const char *draw_id(void)
{
    unsigned char bytes[RCIDP_ID_BYTES];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)draw(256);
    return rcidp_text_id(pool, bytes);
}

static rcidp_claims draw_claims(unsigned attributes)
{
    apr_array_header_t *all = apr_array_make(pool, (int)attributes + 1, sizeof(const rcidp_attribute *));
    rcidp_claims claims = {
        .response_id = draw_id(),
        .assertion_id = draw_id(),
        .issuer = draw_text(8),
        .audience = draw_text(8),
        .acs = draw_text(8),
        .in_response_to = draw(2) ? draw_id() : NULL,
        .status = draw(8) ? NULL : draw_text(4),
        .substatus = draw(2) ? draw_text(4) : NULL,
        .name_id = draw_text(8),
        .name_id_format = draw_text(8),
        .authn_context = draw_text(8),
        .attributes = all,
        .now = apr_time_from_sec(draw(2000000000)),
        .authn_instant = apr_time_from_sec(draw(2000000000)),
        .clock_skew = (int)draw(600),
        .lifetime = (int)draw(3600),
        .session_lifetime = (int)draw(3) * 1000,
        .sign = (rcidp_sign_what)(draw(3) + 1),
    };

    for (unsigned i = 0; i < attributes; i++)
        APR_ARRAY_PUSH(all, const rcidp_attribute *) = draw_attribute();
    if (!claims.status)
        claims.substatus = NULL;
    return claims;
}

/* --- The plain way
 * ------------------------------------------------------------------------------------------ */

static xmlNsPtr samlp, saml;

static xmlNodePtr add(xmlNodePtr parent, xmlNsPtr ns, const char *name, const char *text)
{
    return xmlNewTextChild(parent, ns, BAD_CAST name, BAD_CAST text);
}

static void set(xmlNodePtr node, const char *name, const char *value)
{
    xmlNewProp(node, BAD_CAST name, BAD_CAST value);
}

static void set_time(xmlNodePtr node, const char *name, apr_time_t start, int seconds)
{
    set(node, name, rcidp_text_time(pool, start + apr_time_from_sec(seconds)));
}

static void set_head(xmlNodePtr node, const char *id, const rcidp_claims *claims)
{
    set(node, "ID", id);
    set(node, "Version", "2.0");
    set_time(node, "IssueInstant", claims->now, 0);
    add(node, saml, "Issuer", claims->issuer);
}

static void plain_subject(xmlNodePtr assertion, const rcidp_claims *claims)
{
    xmlNodePtr subject = add(assertion, saml, "Subject", NULL);
    xmlNodePtr name_id = add(subject, saml, "NameID", claims->name_id);
    xmlNodePtr confirmation = add(subject, saml, "SubjectConfirmation", NULL);
    xmlNodePtr data = add(confirmation, saml, "SubjectConfirmationData", NULL);

    set(name_id, "Format", claims->name_id_format);
    set(confirmation, "Method", "urn:oasis:names:tc:SAML:2.0:cm:bearer");
    set(data, "Recipient", claims->acs);
    set_time(data, "NotOnOrAfter", claims->now, claims->lifetime);
    if (claims->in_response_to)
        set(data, "InResponseTo", claims->in_response_to);
}

static void plain_statements(xmlNodePtr assertion, const rcidp_claims *claims)
{
    xmlNodePtr conditions = add(assertion, saml, "Conditions", NULL);
    xmlNodePtr statement = add(assertion, saml, "AuthnStatement", NULL);

    set_time(conditions, "NotOnOrAfter", claims->now, claims->lifetime);
    set_time(conditions, "NotBefore", claims->now, -claims->clock_skew);
    add(add(conditions, saml, "AudienceRestriction", NULL), saml, "Audience", claims->audience);
    if (claims->session_lifetime)
        set_time(statement, "SessionNotOnOrAfter", claims->authn_instant, claims->session_lifetime);
    set(statement, "SessionIndex", claims->assertion_id);
    set_time(statement, "AuthnInstant", claims->authn_instant, 0);
    add(add(statement, saml, "AuthnContext", NULL), saml, "AuthnContextClassRef", claims->authn_context);
}

static void plain_attributes(xmlNodePtr assertion, const apr_array_header_t *attributes)
{
    xmlNodePtr statement = attributes->nelts ? add(assertion, saml, "AttributeStatement", NULL) : NULL;

    for (int i = 0; i < attributes->nelts; i++) {
        const rcidp_attribute *attribute = APR_ARRAY_IDX(attributes, i, const rcidp_attribute *);
        xmlNodePtr node = add(statement, saml, "Attribute", NULL);

        set(node, "NameFormat", attribute->name_format);
        set(node, "Name", attribute->name);
        for (int v = 0; v < attribute->values->nelts; v++)
            add(node, saml, "AttributeValue", APR_ARRAY_IDX(attribute->values, v, const char *));
    }
}

static xmlNodePtr plain_assertion(xmlNodePtr root, const rcidp_claims *claims)
{
    xmlNodePtr assertion = add(root, saml, "Assertion", NULL);

    set_head(assertion, claims->assertion_id, claims);
    plain_subject(assertion, claims);
    plain_statements(assertion, claims);
    plain_attributes(assertion, claims->attributes);
    return assertion;
}

static void plain_status(xmlNodePtr root, const rcidp_claims *claims)
{
    xmlNodePtr code = add(add(root, samlp, "Status", NULL), samlp, "StatusCode", NULL);

    set(code, "Value", claims->status ? claims->status : "urn:oasis:names:tc:SAML:2.0:status:Success");
    if (claims->substatus)
        set(add(code, samlp, "StatusCode", NULL), "Value", claims->substatus);
}

static const char *plain_way(const rcidp_claims *claims, const rcidp_signer *signer)
{
    xmlDocPtr doc = xmlNewDoc(BAD_CAST "1.0");
    xmlNodePtr root = xmlNewDocNode(doc, NULL, BAD_CAST "Response", NULL), assertion;
    xmlChar *text = NULL;
    bool made = true;

    xmlDocSetRootElement(doc, root);
    saml = xmlNewNs(root, BAD_CAST NS_SAML, BAD_CAST "saml");
    samlp = xmlNewNs(root, BAD_CAST NS_SAMLP, BAD_CAST "samlp");
    xmlSetNs(root, samlp);
    set_head(root, claims->response_id, claims);
    set(root, "Destination", claims->acs);
    if (claims->in_response_to)
        set(root, "InResponseTo", claims->in_response_to);
    plain_status(root, claims);
    assertion = claims->status ? NULL : plain_assertion(root, claims);
    if (assertion && (claims->sign & RCIDP_SIGN_ASSERTION))
        made = sign_by_xmlsec(assertion, signer);
    if (!assertion || (claims->sign & RCIDP_SIGN_RESPONSE))
        made = sign_by_xmlsec(root, signer) && made;
    xmlC14NDocDumpMemory(doc, NULL, XML_C14N_EXCLUSIVE_1_0, NULL, 0, &text);
    xmlFreeDoc(doc);
    if (!made)
        bail_out("the plain way", "xmlsec1 could not sign");
    return keep_text(text);
}

/* --- The comparison
 * ----------------------------------------------------------------------------------------- */

static const char *our_way(const rcidp_claims *claims, const rcidp_signer *signer)
{
    const char *xml = NULL, *error = rcidp_response_make(pool, claims, signer, &xml);

    if (error)
        bail_out("no Response", error);
    return xml;
}

/* Where two texts part. */
static void show(const char *ours, const char *plain)
{
    size_t at = 0;

    while (ours[at] && ours[at] == plain[at])
        at++;
    at = at > 60 ? at - 60 : 0;
    diag("ours:  %.160s", ours + at);
    diag("plain: %.160s", plain + at);
}

static bool is_same(const rcidp_claims *claims, const rcidp_signer *signer)
{
    const char *ours = our_way(claims, signer), *plain = plain_way(claims, signer);

    if (strcmp(ours, plain) == 0)
        return true;
    show(ours, plain);
    return false;
}

static bool is_accepted(const char *xml, const rcidp_claims *claims, const rcidp_signer *signer)
{
    xmlNodePtr root = xmlDocGetRootElement(parse(xml));
    bool whole = claims->status || (claims->sign & RCIDP_SIGN_RESPONSE);
    bool assertion = !claims->status && (claims->sign & RCIDP_SIGN_ASSERTION);

    return verifies(root, signer->certificate) == whole &&
           verifies(child(root, "Assertion", 0), signer->certificate) == assertion;
}

/* Each round has a pool of its own. */
static void test_random(void)
{
    const rcidp_signer *signer = read_signer("rsa2048", NULL);
    apr_pool_t *outer = pool;
    int same = 0;

    for (int i = 0; i < ROUNDS; i++) {
        rcidp_claims claims;

        apr_pool_create(&pool, outer);
        claims = draw_claims(draw(6));
        same += is_same(&claims, signer);
        apr_pool_destroy(pool);
        pool = outer;
        if (same <= i)
            break;
    }
    is_int(same, ROUNDS, "random Responses are the bytes that libxml2 and xmlsec1 make");
}

/* ECDSA never makes the same signature twice: xmlsec1 judges. */
static void test_elliptic(const char *key)
{
    const rcidp_signer *signer = read_signer(key, NULL);
    apr_pool_t *outer = pool;
    int accepted = 0;

    for (int i = 0; i < EC_ROUNDS; i++) {
        rcidp_claims claims;

        apr_pool_create(&pool, outer);
        claims = draw_claims(draw(6));
        accepted += is_accepted(our_way(&claims, signer), &claims, signer);
        apr_pool_destroy(pool);
        pool = outer;
    }
    is_int(accepted, EC_ROUNDS, "%s: xmlsec1 accepts each signature that is asked for, and finds no other",
           key);
}

static void test_large(void)
{
    const rcidp_signer *signer = read_signer("rsa2048", NULL);
    rcidp_claims claims = draw_claims(MANY);
    apr_array_header_t *one = apr_array_make(pool, 1, sizeof(const char *));
    rcidp_attribute attribute = {.name = "long", .name_format = "urn:x", .values = one};
    char *value = apr_palloc(pool, LONG_VALUE + 1);
    const rcidp_attribute *attributes[] = {&attribute};

    claims.status = claims.substatus = NULL;
    ok(is_same(&claims, signer), "so is one of %d attributes", MANY);
    memset(value, '\r', LONG_VALUE);
    value[LONG_VALUE] = '\0';
    APR_ARRAY_PUSH(one, const char *) = value;
    claims.attributes = list(1, (const void *const *)attributes);
    ok(is_same(&claims, signer), "and one with a value that escaping makes five times as long");
}

/* Let the memory that comes next be full of something. */
static void soil(apr_pool_t *outer)
{
    apr_pool_t *dirty;

    apr_pool_create(&dirty, outer);
    for (apr_size_t size = 64; size < 4 * LONGEST_GROWN; size += size / 4)
        memset(apr_palloc(dirty, size), '#', size);
    apr_pool_destroy(dirty);
}

/* A text that grows for its value, or for either signature. */
static void test_growth(void)
{
    const rcidp_signer *signer = read_signer("rsa2048", NULL);
    apr_pool_t *outer = pool;
    int same = 0, rounds = 0;

    for (apr_size_t length = 1; length < LONGEST_GROWN && same == rounds; length += GROWTH) {
        rcidp_attribute attribute = {.name = "grows", .name_format = "urn:x"};
        const rcidp_attribute *attributes[] = {&attribute};
        const char *value;
        rcidp_claims claims;

        soil(outer);
        apr_pool_create(&pool, outer);
        value = memset(apr_pcalloc(pool, length + 1), 'x', length);
        attribute.values = list(1, (const void *const *)&value);
        claims = draw_claims(0);
        claims.status = claims.substatus = NULL;
        claims.attributes = list(1, (const void *const *)attributes);
        claims.sign = RCIDP_SIGN_BOTH;
        same += is_same(&claims, signer);
        rounds++;
        apr_pool_destroy(pool);
        pool = outer;
    }
    is_int(same, rounds, "and so are those whose value is of any length to %d", LONGEST_GROWN);
}

/* Text of one length, and something of another put into its middle. */
static bool inserts(apr_size_t length, apr_size_t more)
{
    char text[SMALL + 1], expected[2 * SMALL + 1];
    rcidp_markup markup;

    memset(text, 'a', length);
    text[length] = '\0';
    rcidp_markup_begin(&markup, pool, SMALL / 4);
    rcidp_markup_text(&markup, text);
    memset(text, 'b', more);
    rcidp_markup_insert(&markup, length / 2, text, more);
    memset(expected, 'a', length + more);
    memset(expected + length / 2, 'b', more);
    expected[length + more] = '\0';
    return strcmp(markup.text, expected) == 0 && markup.length == length + more &&
           markup.room >= markup.length;
}

static void test_inserts(void)
{
    apr_pool_t *outer = pool;
    int right = 0;

    for (apr_size_t length = 0; length < SMALL; length++) {
        soil(outer);
        apr_pool_create(&pool, outer);
        for (apr_size_t more = 0; more < SMALL; more++)
            right += inserts(length, more);
        apr_pool_destroy(pool);
        pool = outer;
    }
    is_int(right, SMALL * SMALL, "what is put into a text moves its end along, whether it grows or not");
}

int main(int argc, char **argv)
{
    (void)argc;
    fixture_begin(argv[0]);
    xmlSecSetDefaultLineFeed(BAD_CAST "");
    xmlSecBase64SetDefaultLineSize(0);
    test_random();
    test_large();
    test_growth();
    test_inserts();
    test_elliptic("ec256");
    test_elliptic("ec384");
    test_elliptic("ec521");
    return done();
}
