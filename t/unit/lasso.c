/* SPDX-License-Identifier: Apache-2.0 */
/* Lasso: what it reads of an AuthnRequest, and its opinion on our Responses, on good ones and on bad ones. */
#include "lasso.h"
#include "fixture.h"
#include "foreign.h"
#include "metadata.h"
#include "response.h"
#include "xml.h"

#include <apr_encode.h>

#define US "https://sso.example.com/ringcentral/metadata"
#define SP "https://sso.ringcentral.com"
#define ACS "https://sso.ringcentral.com/sp/ACS.saml2"
#define PASSWORD "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
#define REQUEST_ID "_request1"
#define STATUS "urn:oasis:names:tc:SAML:2.0:status:"
#define XSI "http://www.w3.org/2001/XMLSchema-instance"

#define REQUEST(attributes, inside)                                                                          \
    "<samlp:AuthnRequest xmlns:samlp=\"" NS_SAMLP "\" xmlns:saml=\"" NS_SAML "\" xmlns:xsi=\"" XSI "\" "     \
    "ID=\"_a\" Version=\"2.0\" IssueInstant=\"2024-07-01T12:00:00Z\" " attributes ">" inside                 \
    "</samlp:AuthnRequest>"
#define ISSUER "<saml:Issuer>" SP "</saml:Issuer>"

/* Why the request is refused; NULL if it is read. */
static const char *read_request(const char *text, rcidp_authn_request *request)
{
    xmlDocPtr doc;
    const char *error = rcidp_foreign_parse(text, strlen(text), &doc);

    if (error)
        bail_out(text, error);
    error = rcidp_lasso_read(pool, xmlDocGetRootElement(doc), request);
    xmlFreeDoc(doc);
    return error;
}

static rcidp_authn_request request_of(const char *text)
{
    rcidp_authn_request request;
    const char *error = read_request(text, &request);

    if (error)
        bail_out(text, error);
    return request;
}

static const char *item(const apr_array_header_t *all, int i)
{
    return all && i < all->nelts ? APR_ARRAY_IDX(all, i, const char *) : NULL;
}

static void test_least(void)
{
    rcidp_authn_request request = request_of(REQUEST("", ISSUER));

    is_str(request.id, "_a", "its ID");
    is_str(request.version, "2.0", "its version");
    is_str(request.issuer, SP, "who asks");
    ok(request.issue_instant == apr_time_from_sec(1719835200), "when it was made");
    ok(!request.destination && !request.acs_url && !request.protocol_binding && request.acs_index == -1,
       "no address, no ACS");
    ok(!request.force_authn && !request.is_passive, "no flags");
    ok(!request.name_id_format && !request.sp_name_qualifier && !request.has_subject && !request.subject,
       "no name ID");
    ok(!request.contexts && !request.idps && !request.not_on_or_after, "no further wishes");
}

static void test_everything(void)
{
    rcidp_authn_request request = request_of(REQUEST(
        "Destination=\"https://a/\" AssertionConsumerServiceURL=\"https://b/\" ForceAuthn=\"true\" "
        "IsPassive=\"1\" "
        "ProtocolBinding=\"urn:p\"",
        ISSUER "<samlp:Extensions><x xmlns=\"urn:x\"><y/></x></samlp:Extensions>"
               "<saml:Subject><saml:NameID>alice</saml:NameID></saml:Subject>"
               "<samlp:NameIDPolicy Format=\"urn:f\" SPNameQualifier=\"urn:q\" AllowCreate=\"true\"/>"
               "<saml:Conditions NotOnOrAfter=\"2024-07-01T13:00:00Z\"/>"
               "<samlp:RequestedAuthnContext Comparison=\"minimum\"><saml:AuthnContextClassRef>urn:c1"
               "</saml:AuthnContextClassRef><saml:AuthnContextClassRef>urn:c2</saml:AuthnContextClassRef>"
               "</samlp:RequestedAuthnContext>"
               "<samlp:Scoping ProxyCount=\"1\"><samlp:IDPList><samlp:IDPEntry ProviderID=\"urn:i1\"/>"
               "<samlp:IDPEntry ProviderID=\"urn:i2\"/></samlp:IDPList></samlp:Scoping>"));

    is_str(request.destination, "https://a/", "where it was meant to go");
    is_str(request.acs_url, "https://b/", "the ACS by URL");
    is_str(request.protocol_binding, "urn:p", "the binding of the answer");
    ok(request.force_authn && request.is_passive, "both flags");
    is_str(request.name_id_format, "urn:f", "the format of the name ID");
    is_str(request.sp_name_qualifier, "urn:q", "its qualifier");
    is_str(request.subject, "alice", "the subject");
    is_str(request.not_on_or_after, "2024-07-01T13:00:00Z", "the end of its conditions");
    is_str(request.comparison, "minimum", "how contexts are compared");
    is_str(item(request.contexts, 0), "urn:c1", "the first context");
    is_str(item(request.contexts, 1), "urn:c2", "the second");
    is_str(item(request.idps, 0), "urn:i1", "the first identity provider");
    is_str(item(request.idps, 1), "urn:i2", "the second");
}

static void test_details(void)
{
    rcidp_authn_request request = request_of(REQUEST("AssertionConsumerServiceIndex=\"0\"", ISSUER));

    is_int(request.acs_index, 0, "an ACS of index 0");
    request = request_of(REQUEST("AssertionConsumerServiceIndex=\"17\"", ISSUER));
    is_int(request.acs_index, 17, "of index 17");
    request = request_of(REQUEST("", ISSUER "<samlp:RequestedAuthnContext><saml:AuthnContextClassRef>urn:c"
                                            "</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>"));
    is_str(request.comparison, "exact", "contexts are compared exactly unless it says otherwise");
    request = request_of(REQUEST("", ISSUER "<samlp:RequestedAuthnContext><saml:AuthnContextDeclRef>urn:d"
                                            "</saml:AuthnContextDeclRef></samlp:RequestedAuthnContext>"));
    ok(request.contexts && !request.contexts->nelts, "declarations are contexts that no list of ours has");
    request = request_of(REQUEST("", ISSUER "<samlp:RequestedAuthnContext><saml:AuthnContextClassRef/>"
                                            "</samlp:RequestedAuthnContext>"));
    ok(request.contexts && request.contexts->nelts == 1 && item(request.contexts, 0),
       "an empty context is text");
    request = request_of(REQUEST("", ISSUER "<saml:Subject><saml:EncryptedID/></saml:Subject>"));
    ok(request.has_subject && !request.subject, "an encrypted subject is there, and not known");
    request = request_of(REQUEST("", ISSUER "<samlp:Scoping><samlp:IDPList><samlp:IDPEntry/></samlp:IDPList>"
                                            "</samlp:Scoping>"));
    ok(request.idps && request.idps->nelts == 1, "an identity provider without a name is one");
}

static void test_refused(void)
{
    static const char lacks[] = "it lacks an ID, a Version or an Issuer",
                      none[] = "it is not an AuthnRequest";
    static const char *const rows[][3] = {
        {"<a/>", none, "another document"},
        {"<AuthnRequest ID=\"_a\"/>", none, "one of no namespace"},
        {"<samlp:LogoutRequest xmlns:samlp=\"" NS_SAMLP "\" ID=\"_a\" Version=\"2.0\"/>", none, "a logout"},
        {"<samlp:Response xmlns:samlp=\"" NS_SAMLP "\" ID=\"_a\" Version=\"2.0\"/>", none, "a Response"},
        {REQUEST("xsi:type=\"samlp:LogoutRequestType\"", ISSUER), NULL, "another type, given by xsi:type"},
        {REQUEST("", ""), lacks, "no Issuer"},
    };
    rcidp_authn_request request;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        is_str(read_request(rows[i][0], &request), rows[i][1], "%s", rows[i][2]);
}

static bool is_short(const char *text)
{
    return !text || strlen(text) < 100;
}

/* Elements that claim to be of another type than their name says: Lasso makes other objects of them. */
static void test_types(void)
{
    static const char *const types[] = {
        "saml:AssertionType",
        "saml:NameIDType",
        "samlp:AuthnRequestType",
        "samlp:ResponseType",
        "samlp:IDPEntryType",
        "saml:SubjectType",
        "saml:ConditionsType",
        "samlp:StatusType",
        "saml:EncryptedElementType",
        "xs:string",
        "saml:BaseIDAbstractType",
        "samlp:ScopingType",
        "samlp:NameIDPolicyType",
        "x:nothing",
        "",
    };
    static const char *const parts[] = {
        "<saml:Issuer %s>" SP "</saml:Issuer>",
        ISSUER "<saml:Subject %s><saml:NameID>alice</saml:NameID></saml:Subject>",
        ISSUER "<saml:Subject><saml:NameID %s>alice</saml:NameID></saml:Subject>",
        ISSUER "<samlp:NameIDPolicy %s Format=\"urn:f\"/>",
        ISSUER "<saml:Conditions %s NotOnOrAfter=\"2024-07-01T13:00:00Z\"/>",
        ISSUER "<samlp:RequestedAuthnContext %s><saml:AuthnContextClassRef>urn:c</saml:AuthnContextClassRef>"
               "</samlp:RequestedAuthnContext>",
        ISSUER "<samlp:Scoping %s><samlp:IDPList><samlp:IDPEntry "
               "ProviderID=\"urn:i\"/></samlp:IDPList></samlp:Scoping>",
        ISSUER "<samlp:Scoping><samlp:IDPList %s><samlp:IDPEntry "
               "ProviderID=\"urn:i\"/></samlp:IDPList></samlp:Scoping>",
        ISSUER "<samlp:Scoping><samlp:IDPList><samlp:IDPEntry %s "
               "ProviderID=\"urn:i\"/></samlp:IDPList></samlp:Scoping>",
    };
    int survived = 0, all = (int)(sizeof(types) / sizeof(types[0]) * (sizeof(parts) / sizeof(parts[0])));

    for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++) {
        for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
            const char *type = apr_psprintf(pool, "xsi:type=\"%s\"", types[t]), *at = strstr(parts[p], "%s");
            rcidp_authn_request request;

            read_request(apr_pstrcat(pool,
                                     "<samlp:AuthnRequest xmlns:samlp=\"" NS_SAMLP "\" xmlns:saml=\"" NS_SAML
                                     "\" xmlns:xsi=\"" XSI "\" ID=\"_a\" Version=\"2.0\" "
                                     "IssueInstant=\"2024-07-01T12:00:00Z\">",
                                     apr_pstrmemdup(pool, parts[p], (apr_size_t)(at - parts[p])), type,
                                     at + 2, "</samlp:AuthnRequest>", NULL),
                         &request);
            survived += is_short(request.issuer) && is_short(request.subject) &&
                        is_short(request.name_id_format) && is_short(request.not_on_or_after) &&
                        is_short(item(request.contexts, 0)) && is_short(item(request.idps, 0));
        }
    }
    is_int(survived, all, "%d elements of claimed types are read or refused", all);
}

static const rcidp_sign_what ways[] = {RCIDP_SIGN_BOTH, RCIDP_SIGN_RESPONSE, RCIDP_SIGN_ASSERTION};
static const char *metadata;
static const rcidp_signer *signer;
static rcidp_lasso_party party = {SP, ACS, NULL};

static const char *describe(const char *certificate)
{
    static const char *const launch = "https://sso.example.com/ringcentral", *const format =
                                                                                 RCIDP_NAMEID_EMAIL;
    const void *certificates[] = {read_certificate(certificate)}, *endpoints[] = {launch},
               *formats[] = {format};
    rcidp_metadata ours = {.entity_id = US,
                           .certificates = list(1, certificates),
                           .endpoints = list(1, endpoints),
                           .name_id_formats = list(1, formats),
                           .attributes = list(0, NULL)};

    return rcidp_metadata_make(pool, &ours);
}

static rcidp_claims claims_of(rcidp_sign_what sign)
{
    rcidp_claims claims = {
        .response_id = rcidp_library_id(pool),
        .assertion_id = rcidp_library_id(pool),
        .issuer = US,
        .audience = SP,
        .acs = ACS,
        .name_id = "o'brien&co@example.com",
        .name_id_format = RCIDP_NAMEID_EMAIL,
        .authn_context = PASSWORD,
        .attributes = list(0, NULL),
        .now = apr_time_now(),
        .authn_instant = apr_time_now(),
        .clock_skew = 60,
        .lifetime = 300,
        .sign = sign,
    };

    return claims;
}

static const char *respond(const rcidp_claims *claims)
{
    const char **xml = apr_pcalloc(pool, sizeof(*xml)),
               *error = rcidp_response_make(pool, claims, signer, xml);

    if (error)
        bail_out("no Response", error);
    return *xml;
}

static const char *judge_text(const char *xml, const char *in_response_to)
{
    return rcidp_lasso_judge(pool, metadata, &party,
                             apr_pencode_base64(pool, xml, APR_ENCODE_STRING, APR_ENCODE_NONE, NULL),
                             in_response_to);
}

static const char *judge(const rcidp_claims *claims, const char *in_response_to)
{
    return judge_text(respond(claims), in_response_to);
}

static void test_accepted(void)
{
    static const char *const formats[] = {RCIDP_NAMEID_EMAIL, RCIDP_NAMEID_UNSPECIFIED,
                                          RCIDP_NAMEID_PERSISTENT, RCIDP_NAMEID_TRANSIENT};

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        for (size_t f = 0; f < sizeof(formats) / sizeof(formats[0]); f++) {
            rcidp_claims claims = claims_of(ways[i]);

            claims.name_id_format = formats[f];
            is_str(judge(&claims, NULL), NULL, "accepted: signed %d, %s", (int)ways[i], formats[f]);
            claims.in_response_to = REQUEST_ID;
            claims.session_lifetime = 3600;
            is_str(judge(&claims, REQUEST_ID), NULL, "accepted: signed %d, %s, as an answer", (int)ways[i],
                   formats[f]);
        }
    }
}

/* Claims with any text that XML can carry, in every place that takes some; drawn anew from a fixed seed. */
static void test_random(void)
{
    static const char *const bits[] = {"a",        "<",
                                       "&",        ">",
                                       "\"",       "'",
                                       "]]>",      "<!--",
                                       "\xC3\xBC", "\xF0\x9F\x93\x9E",
                                       " ",        "\t",
                                       "\n",       "\xC2\x85",
                                       "&amp;",    "\xEF\xBF\xBD",
                                       "0",        "="};
    unsigned int seed = 20240701;
    int accepted = 0;

    for (int i = 0; i < 30; i++) {
        rcidp_claims claims = claims_of((rcidp_sign_what)(i % 3 + 1));
        const char *texts[4] = {"x", "x", "x", "x"};
        rcidp_attribute attribute = {.name_format = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"};
        const void *attributes[] = {&attribute}, *values[2];

        for (int t = 0; t < 4; t++) {
            for (int n = 0; n < 20; n++) {
                seed = seed * 1103515245U + 12345U;
                texts[t] =
                    apr_pstrcat(pool, texts[t], bits[(seed >> 16) % (sizeof(bits) / sizeof(bits[0]))], NULL);
            }
        }
        claims.name_id = texts[0];
        attribute.name = texts[1];
        values[0] = texts[2];
        values[1] = texts[3];
        attribute.values = list(2, values);
        claims.attributes = list(1, attributes);
        accepted += judge(&claims, NULL) == NULL;
    }
    is_int(accepted, 30, "accepted: 30 Responses with all kinds of text");
}

static void refuses(const char *what, const rcidp_claims *claims, const char *in_response_to)
{
    const char *reason = judge(claims, in_response_to);

    ok(reason, "refused: %s: %s", what, reason ? reason : "it is not");
}

static void test_refused_claims(void)
{
    rcidp_claims claims = claims_of(RCIDP_SIGN_BOTH);

    claims.audience = "https://sso.example.net";
    refuses("for somebody else", &claims, NULL);
    claims = claims_of(RCIDP_SIGN_BOTH);
    claims.acs = ACS "/other";
    refuses("for another ACS", &claims, NULL);
    claims = claims_of(RCIDP_SIGN_BOTH);
    claims.issuer = "https://evil.example.com";
    refuses("by another issuer", &claims, NULL);
    claims = claims_of(RCIDP_SIGN_BOTH);
    claims.now -= apr_time_from_sec(3600);
    refuses("too late", &claims, NULL);
    claims = claims_of(RCIDP_SIGN_BOTH);
    claims.now += apr_time_from_sec(3600);
    refuses("too early", &claims, NULL);
    claims = claims_of(RCIDP_SIGN_BOTH);
    claims.in_response_to = "_request2";
    refuses("to another request", &claims, REQUEST_ID);
    refuses("to a request where none was made", &claims, NULL);
    claims.in_response_to = NULL;
    refuses("to no request where one was made", &claims, REQUEST_ID);
    claims = claims_of(RCIDP_SIGN_BOTH);
    signer = read_signer("rsa3072", NULL);
    refuses("signed by another key", &claims, NULL);
    signer = read_signer("ec256", NULL);
    metadata = describe("ec256");
    refuses("signed by ECDSA, which Lasso does not know", &claims, NULL);
    signer = read_signer("rsa2048", NULL);
    metadata = describe("rsa2048");
}

static void test_refused_texts(void)
{
    static const char *const edits[][2] = {
        {"o'brien&amp;co@", "mallory&amp;co@"},     {"<saml:Audience>https", "<saml:Audience>httpx"},
        {"NotOnOrAfter=\"2", "NotOnOrAfter=\"3"},   {"Recipient=\"https", "Recipient=\"httpx"},
        {"PasswordProtected", "passwordProtected"},
    };

    for (size_t w = 0; w < sizeof(ways) / sizeof(ways[0]); w++) {
        rcidp_claims claims = claims_of(ways[w]);
        const char *xml = respond(&claims);

        for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
            const char *at = strstr(xml, edits[i][0]), *reason;

            if (!at)
                bail_out("nothing to alter", edits[i][0]);
            reason = judge_text(apr_pstrcat(pool, apr_pstrmemdup(pool, xml, (apr_size_t)(at - xml)),
                                            edits[i][1], at + strlen(edits[i][0]), NULL),
                                NULL);
            ok(reason, "refused: signed %d, altered %s: %s", (int)ways[w], edits[i][0],
               reason ? reason : "it is not");
        }
    }
    ok(judge_text("no XML", NULL) && judge_text("", NULL) && judge_text("<a/>", NULL),
       "refused: no Response at all");
}

/* Whose signature it takes for enough: one at least, and all that there are. */
static void test_signatures(void)
{
    rcidp_claims claims = claims_of(RCIDP_SIGN_BOTH);
    const char *xml = respond(&claims), *first = strstr(xml, "<ds:Signature"), *second, *rest;

    rest = strstr(first, "</ds:Signature>") + 15;
    second = strstr(rest, "<ds:Signature");
    is_str(
        judge_text(apr_pstrcat(pool, apr_pstrmemdup(pool, xml, (apr_size_t)(first - xml)), rest, NULL), NULL),
        NULL, "accepted: the Response's signature taken away, the assertion's left");
    ok(judge_text(apr_pstrcat(pool, apr_pstrmemdup(pool, xml, (apr_size_t)(second - xml)),
                              strstr(second, "</ds:Signature>") + 15, NULL),
                  NULL),
       "refused: the assertion's taken away, which the Response's is over");
    ok(judge_text(apr_pstrcat(pool, apr_pstrmemdup(pool, xml, (apr_size_t)(first - xml)),
                              apr_pstrmemdup(pool, rest, (apr_size_t)(second - rest)),
                              strstr(second, "</ds:Signature>") + 15, NULL),
                  NULL),
       "refused: no signature at all");
}

/* An error is none to be signed in by, but one that can be told from a forged one. */
static void test_errors(void)
{
    rcidp_claims claims = claims_of(RCIDP_SIGN_RESPONSE);
    const char *xml, *at;

    claims.status = STATUS "Responder";
    claims.substatus = STATUS "UnknownPrincipal";
    claims.in_response_to = REQUEST_ID;
    is_str(judge(&claims, REQUEST_ID), RCIDP_LASSO_AN_ERROR, "told: an error");
    is_str(judge(&claims, NULL), "it has asked for nothing", "refused: an error where no request was made");
    is_str(judge(&claims, "_x"), "it does not find its request's ID", "refused: an error to another request");
    xml = respond(&claims);
    at = strstr(xml, "UnknownPrincipal");
    ok(strcmp(judge_text(apr_pstrcat(pool, apr_pstrmemdup(pool, xml, (apr_size_t)(at - xml)), "NoPassive",
                                     at + sizeof("UnknownPrincipal") - 1, NULL),
                         REQUEST_ID),
              RCIDP_LASSO_AN_ERROR),
       "refused: an error that was altered");
    claims.acs = ACS "/other";
    is_str(judge(&claims, REQUEST_ID), "it is not the recipient", "refused: an error for another ACS");
    claims.acs = ACS;
    signer = read_signer("rsa3072", NULL);
    ok(strcmp(judge(&claims, REQUEST_ID), RCIDP_LASSO_AN_ERROR), "refused: an error signed by another key");
    signer = read_signer("rsa2048", NULL);
}

static void test_encrypted(void)
{
    for (size_t w = 0; w < sizeof(ways) / sizeof(ways[0]); w++) {
        rcidp_claims claims = claims_of(ways[w]);

        claims.encrypt_to = read_certificate("rsa3072");
        party.key = data_path("rsa3072.key");
        is_str(judge(&claims, NULL), NULL, "accepted: signed %d, encrypted", (int)ways[w]);
        party.key = data_path("rsa2048.key");
        ok(judge(&claims, NULL), "refused: signed %d, encrypted to another key", (int)ways[w]);
        party.key = data_path("rsa3072.key");
        claims.audience = "https://sso.example.net";
        ok(judge(&claims, NULL), "refused: signed %d, encrypted, for somebody else", (int)ways[w]);
    }
    party.key = NULL;
}

int main(int argc, char **argv)
{
    const char *error = rcidp_lasso_init(); /* before xmlsec, as in a child of httpd */

    (void)argc;
    fixture_begin(argv[0]);
    if (!rcidp_lasso_is_there()) {
        is_str(error, RCIDP_NO_LASSO, "without Lasso nothing starts");
        is_str(rcidp_lasso_read(pool, NULL, &(rcidp_authn_request){0}), RCIDP_NO_LASSO, "nothing is read");
        is_str(rcidp_lasso_judge(pool, NULL, NULL, NULL, NULL), RCIDP_NO_LASSO, "nothing is judged");
        return done();
    }
    if (error)
        bail_out("Lasso", error);
    signer = read_signer("rsa2048", NULL);
    metadata = describe("rsa2048");
    test_least();
    test_everything();
    test_details();
    test_refused();
    test_types();
    test_accepted();
    test_random();
    test_refused_claims();
    test_refused_texts();
    test_signatures();
    test_errors();
    test_encrypted();
    return done();
}
