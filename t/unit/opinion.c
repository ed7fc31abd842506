/* SPDX-License-Identifier: Apache-2.0 */
/* Lasso's opinion on our Responses, on good ones and on bad ones. */
#include "fixture.h"
#include "lasso.h"
#include "metadata.h"
#include "response.h"

#include <apr_encode.h>

#define US "https://sso.example.com/ringcentral/metadata"
#define SP "https://sso.ringcentral.com"
#define ACS "https://sso.ringcentral.com/sp/ACS.saml2"
#define PASSWORD "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
#define REQUEST_ID "_request1"
#define STATUS "urn:oasis:names:tc:SAML:2.0:status:"

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
    const char *error = rcidp_lasso_init(pool); /* before xmlsec, as in httpd */

    (void)argc;
    fixture_begin(argv[0]);
    if (!rcidp_lasso_is_there()) {
        is_str(rcidp_lasso_judge(pool, NULL, NULL, NULL, NULL), RCIDP_NO_LASSO, "nothing is judged");
        return done();
    }
    if (error)
        bail_out("Lasso", error);
    signer = read_signer("rsa2048", NULL);
    metadata = describe("rsa2048");
    test_accepted();
    test_random();
    test_refused_claims();
    test_refused_texts();
    test_signatures();
    test_errors();
    test_encrypted();
    return done();
}
