/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of others. What is refused here is signed all the same, by xmlsec1: the refusal is of
 * what the signature is like, not of its value. */
#include "verify.h"
#include "certificates.h"
#include "foreign.h"
#include "xml.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <xmlsec/strings.h>

#define DSIG "http://www.w3.org/2000/09/xmldsig#"
#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define ENC "http://www.w3.org/2001/04/xmlenc#"
#define EXCLUSIVE "http://www.w3.org/2001/10/xml-exc-c14n#"
#define INCLUSIVE "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
#define ENVELOPED DSIG "enveloped-signature"
#define RSA_SHA256 MORE "rsa-sha256"

#define TRANSFORM(uri, inside) "<ds:Transform Algorithm=\"" uri "\">" inside "</ds:Transform>"
#define USUAL TRANSFORM(ENVELOPED, "") TRANSFORM(EXCLUSIVE, "")
#define XPATH "http://www.w3.org/TR/1999/REC-xpath-19991116"

/* A document to be signed: each member may be left out for the usual. */
typedef struct document {
    const char *uri, *c14n, *prefixes, *method, *transforms, *digest;
    const char *root_attributes, *before, *after, *more_references, *inside_signature;
    const char *key; /* of t/data */
} document;

static const char *either(const char *text, const char *usual)
{
    return text ? text : usual;
}

static const char *template_of(const document *in)
{
    const char *digest = either(in->digest, ENC "sha256");

    return apr_pstrcat(
        pool, "<samlp:AuthnRequest xmlns:samlp=\"" NS_SAMLP "\" xmlns:saml=\"" NS_SAML "\" ",
        either(in->root_attributes, "ID=\"_a\""), ">", either(in->before, ""),
        "<saml:Issuer>https://sp.example.com</saml:Issuer>"
        "<ds:Signature xmlns:ds=\"" DSIG "\"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm=\"",
        either(in->c14n, EXCLUSIVE), "\">", either(in->prefixes, ""),
        "</ds:CanonicalizationMethod><ds:SignatureMethod Algorithm=\"", either(in->method, RSA_SHA256),
        "\"/><ds:Reference URI=\"", either(in->uri, "#_a"), "\"><ds:Transforms>",
        either(in->transforms, USUAL), "</ds:Transforms><ds:DigestMethod Algorithm=\"", digest,
        "\"/><ds:DigestValue/></ds:Reference>", either(in->more_references, ""),
        "</ds:SignedInfo><ds:SignatureValue/>", either(in->inside_signature, ""), "</ds:Signature>",
        either(in->after, "<samlp:NameIDPolicy Format=\"x\"/>"), "</samlp:AuthnRequest>", NULL);
}

/* The text of the document, signed by xmlsec1. */
static const char *sign_document(const document *in)
{
    xmlDocPtr doc = parse(template_of(in));
    xmlSecDSigCtxPtr context = xmlSecDSigCtxCreate(NULL);
    xmlChar *text;
    int length;

    register_ids(xmlDocGetRootElement(doc));
    context->signKey = rcidp_sign_lend_key(read_signer(either(in->key, "rsa2048"), NULL)->key);
    if (xmlSecDSigCtxSign(context, child(xmlDocGetRootElement(doc), "Signature", 0)) < 0)
        bail_out("no signature", template_of(in));
    xmlSecDSigCtxDestroy(context);
    xmlDocDumpMemory(doc, &text, &length);
    return keep_text(text);
}

/* How many of the judgements below have left something in OpenSSL's queue, for whoever looks there next. */
static int leftovers;

static const char *judge_by(const char *text, const apr_array_header_t *keys, bool sha1)
{
    static const char *const words[] = {"unsigned", "verified", "refused"};
    xmlDocPtr doc;
    const char *error = rcidp_foreign_parse(text, strlen(text), &doc);
    rcidp_verdict verdict;

    if (error)
        return error;
    ERR_clear_error();
    verdict = rcidp_verify_element(xmlDocGetRootElement(doc), keys, sha1);
    leftovers += ERR_peek_error() != 0;
    xmlFreeDoc(doc);
    return words[verdict];
}

static const char *judge(const char *text)
{
    return judge_by(text, certificates("rsa2048", NULL), false);
}

static const char *sign_and_judge(document in)
{
    return judge(sign_document(&in));
}

/* The text with one part of it replaced. */
static const char *replace(const char *text, const char *old, const char *new)
{
    const char *at = strstr(text, old);

    if (!at)
        bail_out("nothing to replace", old);
    return apr_pstrcat(pool, apr_pstrmemdup(pool, text, (apr_size_t)(at - text)), new, at + strlen(old),
                       NULL);
}

/* What stands between two texts, these included. */
static const char *cut(const char *text, const char *from, const char *to)
{
    const char *start = strstr(text, from), *end = start ? strstr(start, to) : NULL;

    if (!end)
        bail_out("nothing to cut", from);
    return apr_pstrmemdup(pool, start, (apr_size_t)(end - start) + strlen(to));
}

static void test_algorithms(void)
{
    static const struct {
        const char *name, *method, *digest, *key;
    } rows[] = {
        {"rsa-sha256", MORE "rsa-sha256", ENC "sha256", "rsa2048"},
        {"rsa-sha384", MORE "rsa-sha384", MORE "sha384", "rsa3072"},
        {"rsa-sha512", MORE "rsa-sha512", ENC "sha512", "rsa2048"},
        {"ecdsa-sha256", MORE "ecdsa-sha256", ENC "sha256", "ec256"},
        {"ecdsa-sha384", MORE "ecdsa-sha384", MORE "sha384", "ec384"},
        {"ecdsa-sha512", MORE "ecdsa-sha512", ENC "sha512", "ec521"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        document in = {.method = rows[i].method, .digest = rows[i].digest, .key = rows[i].key};
        const char *text = sign_document(&in);

        is_str(judge_by(text, certificates(rows[i].key, NULL), false), "verified", "%s", rows[i].name);
        is_str(
            judge_by(replace(text, "Format=\"x\"", "Format=\"y\""), certificates(rows[i].key, NULL), false),
            "refused", "%s: another text", rows[i].name);
        is_str(judge_by(text, certificates(strcmp(rows[i].key, "ec256") ? "ec256" : "rsa2048", NULL), false),
               "refused", "%s: under another kind of key", rows[i].name);
    }
}

static void test_sha1(void)
{
    document method = {.method = DSIG "rsa-sha1"}, digest = {.digest = DSIG "sha1"};
    document both = {.method = DSIG "rsa-sha1", .digest = DSIG "sha1"};
    apr_array_header_t *rsa = certificates("rsa2048", NULL);

    is_str(judge_by(sign_document(&both), rsa, false), "refused", "SHA-1 is refused");
    is_str(judge_by(sign_document(&method), rsa, false), "refused", "in the signature alone, too");
    is_str(judge_by(sign_document(&digest), rsa, false), "refused", "and in the digest alone");
    is_str(judge_by(sign_document(&both), rsa, true), "verified", "SHA-1 is taken where it is allowed");
    is_str(judge_by(sign_document(&digest), rsa, true), "verified", "also in the digest alone");
    is_str(judge_by(replace(sign_document(&both), "Format=\"x\"", "Format=\"y\""), rsa, true), "refused",
           "another text is not");
}

static void test_keys(void)
{
    document in = {.key = "rsa3072"};
    const char *text = sign_document(&in);

    is_str(judge(text), "refused", "another key than that of the certificate");
    is_str(judge_by(text, certificates("rsa2048", "rsa3072"), false), "verified",
           "the second of two certificates");
    is_str(judge_by(text, certificates("rsa3072", "rsa2048"), false), "verified", "the first of two");
    is_str(judge_by(text, certificates("ec256", "rsa3072"), false), "verified", "behind one of another kind");
    is_str(judge_by(text, certificates(NULL, NULL), false), "refused", "no certificate at all");
    in.inside_signature = apr_pstrcat(pool, "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>",
                                      read_certificate("rsa3072")->base64,
                                      "</ds:X509Certificate></ds:X509Data></ds:KeyInfo>", NULL);
    is_str(judge(sign_document(&in)), "refused", "the certificate that it brings along counts for nothing");
}

static void test_unsigned(void)
{
    is_str(judge("<a ID=\"_a\"><b/></a>"), "unsigned", "no signature");
    is_str(judge("<a ID=\"_a\"><Signature/></a>"), "unsigned", "an element of that name, of no namespace");
    is_str(judge("<a ID=\"_a\"><ds:Signature xmlns:ds=\"" DSIG "\"/></a>"), "refused", "an empty signature");
    is_str(judge("<a ID=\"_a\"><b><ds:Signature xmlns:ds=\"" DSIG "\"/></b></a>"), "refused",
           "one further down");
}

/* Signed, and yet not as SAML wants it. */
static void test_form(void)
{
    static const char id_of_other[] = "ID=\"_a\" xmlns:x=\"urn:x\"";

    is_str(sign_and_judge((document){0}), "verified", "as SAML wants it");
    is_str(sign_and_judge((document){.c14n = EXCLUSIVE "WithComments"}), "verified", "with comments");
    is_str(sign_and_judge((document){.transforms = TRANSFORM(ENVELOPED, "")}), "verified", "enveloped alone");
    is_str(sign_and_judge((document){.c14n = INCLUSIVE}), "refused",
           "another canonicalisation of SignedInfo");
    is_str(sign_and_judge((document){.transforms = TRANSFORM(ENVELOPED, "") TRANSFORM(INCLUSIVE, "")}),
           "refused", "another canonicalisation of the document");
    is_str(sign_and_judge((document){.transforms = USUAL TRANSFORM(EXCLUSIVE, "")}), "refused",
           "three transforms");
    is_str(sign_and_judge((document){
               .transforms = TRANSFORM(ENVELOPED, "")
                   TRANSFORM(XPATH, "<ds:XPath>not(ancestor-or-self::samlp:NameIDPolicy)</ds:XPath>")}),
           "refused", "a transform that leaves something out");
    is_str(sign_and_judge((document){.uri = ""}), "refused", "a reference to the document, not to an ID");
    is_str(sign_and_judge((document){.uri = "#xpointer(/)"}), "refused", "a reference by XPointer");
    is_str(sign_and_judge((document){.uri = "#_b", .after = "<x ID=\"_b\"/>"}), "refused",
           "a reference to another element");
    is_str(sign_and_judge((document){.more_references =
                                         "<ds:Reference URI=\"#_b\"><ds:DigestMethod Algorithm=\"" ENC
                                         "sha256\"/><ds:DigestValue/></ds:Reference>",
                                     .after = "<x ID=\"_b\"/>"}),
           "refused", "two references");
    is_str(sign_and_judge((document){.inside_signature = "<ds:Object>more</ds:Object>"}), "refused",
           "an Object");
    is_str(sign_and_judge((document){.root_attributes = id_of_other}), "verified", "a namespace more");
    is_str(sign_and_judge((document){.root_attributes = "ID=\"xpointer(/)\"", .uri = "#xpointer(/)"}),
           "refused", "an ID that is no name");
    is_str(sign_and_judge((document){.root_attributes = "xml:id=\"_a\""}), "refused", "an ID by xml:id");
    is_str(sign_and_judge((document){.after = "<ds:Signature xmlns:ds=\"" DSIG "\"/>"}), "refused",
           "a signature more, that is signed too");
}

/* The parser knows an xml:id by itself, so that a reference can find what bears one in spite of the root's
 * ID. */
static const char *wrap_twice_named(void)
{
    document twice_named = {.root_attributes = "ID=\"_a\" xml:id=\"_a\""};
    const char *text = sign_document(&twice_named);
    const char *signature = cut(text, "<ds:Signature", "</ds:Signature>");
    const char *bare = replace(cut(text, "<samlp:AuthnRequest", "</samlp:AuthnRequest>"), signature, "");
    const char *evil = replace(replace(bare, "sp.example.com", "evil.example.com"), " xml:id=\"_a\"", "");
    const char *end = "</samlp:AuthnRequest>";

    return replace(evil, end, apr_pstrcat(pool, signature, bare, end, NULL));
}

/* XML signature wrapping: what was signed is still in there, and somebody else is read. */
static void test_wrapping(void)
{
    document usual = {0};
    const char *text = sign_document(&usual);
    const char *root = cut(text, "<samlp:AuthnRequest", "</samlp:AuthnRequest>");
    const char *signature = cut(text, "<ds:Signature", "</ds:Signature>");
    const char *bare = replace(root, signature, "");
    const char *evil = replace(bare, "sp.example.com", "evil.example.com");
    const char *end = "</samlp:AuthnRequest>";

    is_str(judge(root), "verified", "wrapping: the original");
    is_str(judge(evil), "unsigned", "wrapping: the evil one alone");
    is_str(judge(replace(evil, end, apr_pstrcat(pool, root, end, NULL))), "refused",
           "wrapping: the signed one inside, with its signature");
    is_str(judge(replace(evil, end, apr_pstrcat(pool, signature, bare, end, NULL))), "refused",
           "wrapping: the signature moved up, what it signed inside, both with the same ID");
    is_str(judge(replace(replace(evil, "ID=\"_a\"", "ID=\"_b\""), end,
                         apr_pstrcat(pool, signature, bare, end, NULL))),
           "refused", "wrapping: the same with another ID at the top");
    is_str(judge(replace(replace(evil, "ID=\"_a\"", "ID=\"_b\""), end,
                         apr_pstrcat(pool, replace(signature, "</ds:Signature>", ""), "<ds:Object>", bare,
                                     "</ds:Object></ds:Signature>", end, NULL))),
           "refused", "wrapping: in an Object of the signature");
    is_str(judge(replace(replace(evil, "ID=\"_a\"", "xmlns:x=\"urn:x\" x:ID=\"_b\" ID=\"_a\""), end,
                         apr_pstrcat(pool, signature, replace(bare, "ID=\"_a\"", "xml:id=\"_a\" ID=\"_a\""),
                                     end, NULL))),
           "refused", "wrapping: the ID given by xml:id inside");
    is_str(judge(wrap_twice_named()), "refused", "wrapping: what was signed inside, named by xml:id too");
    is_str(judge(replace(root, end, apr_pstrcat(pool, signature, end, NULL))), "refused",
           "the signature twice");
    is_str(judge(replace(root, "<saml:Issuer>", "<!-- --><saml:Issuer>")), "verified",
           "a comment, which is not signed");
}

/* Each prefix in the list is looked up for each element: a long list would take long. */
static void test_prefixes(void)
{
    const char *all = "";
    document in = {0};

    in.transforms = TRANSFORM(ENVELOPED, "")
        TRANSFORM(EXCLUSIVE, "<InclusiveNamespaces xmlns=\"" EXCLUSIVE "\" PrefixList=\"saml xs\"/>");
    is_str(judge(sign_document(&in)), "verified", "a short list of prefixes");
    for (int i = 0; i < 100; i++)
        all = apr_psprintf(pool, "%s n%d", all, i);
    in.transforms =
        apr_pstrcat(pool,
                    "<ds:Transform Algorithm=\"" ENVELOPED "\"/><ds:Transform Algorithm=\"" EXCLUSIVE
                    "\"><InclusiveNamespaces xmlns=\"" EXCLUSIVE "\" PrefixList=\"",
                    all, "\"/></ds:Transform>", NULL);
    is_str(judge(sign_document(&in)), "refused", "a long one");
    in.transforms = NULL;
    in.prefixes = "<InclusiveNamespaces xmlns=\"" EXCLUSIVE "\" PrefixList=\"saml xs\"/>";
    is_str(judge(sign_document(&in)), "verified", "a short list for SignedInfo");
    in.prefixes =
        apr_pstrcat(pool, "<InclusiveNamespaces xmlns=\"" EXCLUSIVE "\" PrefixList=\"", all, "\"/>", NULL);
    is_str(judge(sign_document(&in)), "refused", "a long one for SignedInfo");
}

/* What a signature says of its keys can go, and the signature stays right. */
static void test_trim(void)
{
    document usual = {0};
    const char *bare = sign_document(&usual);
    const char *text =
        replace(bare, "</ds:SignatureValue>",
                "</ds:SignatureValue><ds:KeyInfo><ds:KeyName>\xc3\xa9 &lt;&#13;</ds:KeyName></ds:KeyInfo>");
    apr_size_t length = strlen(text), none = 0;
    const char *trimmed = rcidp_verify_trim(pool, text, &length);

    is_str(judge(text), "verified", "KeyInfo is not signed");
    ok(trimmed && strlen(trimmed) == length, "it is cut out");
    ok(!strstr(trimmed, "KeyInfo") && !strstr(trimmed, "KeyName"), "whole");
    is_str(judge(trimmed), "verified", "and the signature is right");
    length = strlen("<a>&#13;<b/></a>");
    ok(strstr(rcidp_verify_trim(pool, "<a>&#13;<b/></a>", &length), "<a>&#13;<b/></a>") != NULL,
       "where there is no signature, all stays");
    is_str(rcidp_verify_trim(pool, "", &none), NULL, "nothing is no document");
}

int main(int argc, char **argv)
{
    (void)argc;
    fixture_begin(argv[0]);
    test_algorithms();
    test_sha1();
    test_keys();
    test_unsigned();
    test_form();
    test_wrapping();
    test_prefixes();
    test_trim();
    is_int(leftovers, 0, "none of all these left anything in OpenSSL's error queue");
    return done();
}
