/* SPDX-License-Identifier: Apache-2.0 */
/* Encrypted assertions: what they are made of, that the provider's key alone opens them, and that each
 * signature is over what it should be. The xmlsec1 command opens them, too. */
#include "encrypt.h"
#include "fixture.h"
#include "response.h"
#include "xml.h"

#include <openssl/evp.h>
#include <unistd.h>
#include <xmlsec/keysmngr.h>
#include <xmlsec/openssl/app.h>
#include <xmlsec/xmlenc.h>

#define NS_XENC "http://www.w3.org/2001/04/xmlenc#"
#define SECRET "alice@example.com"
/* xmlsec1 1.3 takes a key that it is given only if KeyInfo names it, unless it is told so. */
#ifdef XMLSEC_KEYINFO_FLAGS_LAX_KEY_SEARCH
#define DECRYPT "--decrypt --lax-key-search"
#else
#define DECRYPT "--decrypt"
#endif
#define PASSWORD "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"

static const rcidp_signer *signer, *receiver;

static rcidp_claims claims_of(rcidp_sign_what sign)
{
    rcidp_claims claims = {
        .response_id = "_000102030405060708090a0b0c0d0e0f10111213",
        .assertion_id = "_f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff00112233",
        .issuer = "https://sso.example.com/ringcentral/metadata",
        .audience = "https://sso.ringcentral.com",
        .acs = "https://sso.ringcentral.com/sp/ACS.saml2",
        .name_id = SECRET,
        .name_id_format = RCIDP_NAMEID_EMAIL,
        .authn_context = PASSWORD,
        .attributes = list(0, NULL),
        .now = apr_time_from_sec(1719835200),
        .authn_instant = apr_time_from_sec(1719835000),
        .clock_skew = 60,
        .lifetime = 300,
        .sign = sign,
        .encrypt_to = receiver->certificate,
    };

    return claims;
}

static const char *make(rcidp_sign_what sign)
{
    rcidp_claims claims = claims_of(sign);
    const char *xml, *error = rcidp_response_make(pool, &claims, signer, &xml);

    if (error)
        bail_out("no Response", error);
    return xml;
}

/* Decrypt by the key, in place; the assertion, or NULL. */
static xmlNodePtr open_with(const char *xml, const rcidp_key *key)
{
    xmlNodePtr wrapper = child(xmlDocGetRootElement(parse(xml)), "EncryptedAssertion", 0);
    xmlSecKeysMngrPtr manager = xmlSecKeysMngrCreate();
    xmlSecEncCtxPtr context;
    xmlNodePtr assertion = NULL;

    xmlSecOpenSSLAppDefaultKeysMngrInit(manager);
    xmlSecOpenSSLAppDefaultKeysMngrAdoptKey(manager, rcidp_sign_lend_key(key));
    context = xmlSecEncCtxCreate(manager);
#ifdef XMLSEC_KEYINFO_FLAGS_LAX_KEY_SEARCH
    context->keyInfoReadCtx.flags |= XMLSEC_KEYINFO_FLAGS_LAX_KEY_SEARCH; /* the key has no name */
#endif
    if (xmlSecEncCtxDecrypt(context, child(wrapper, "EncryptedData", 0)) == 0)
        assertion = child(wrapper, "Assertion", 0);
    xmlSecEncCtxDestroy(context);
    xmlSecKeysMngrDestroy(manager);
    return assertion;
}

static void test_form(void)
{
    const char *xml = make(RCIDP_SIGN_BOTH);
    xmlNodePtr root = xmlDocGetRootElement(parse(xml)), data = find(root, "EncryptedAssertion/EncryptedData");
    xmlNodePtr key = find(data, "KeyInfo/EncryptedKey");

    is_str(children_of(root), "saml:Issuer ds:Signature samlp:Status saml:EncryptedAssertion",
           "the encrypted assertion stands where the readable one would");
    ok(!strstr(xml, SECRET) && !strstr(xml, "NameID") && !strstr(xml, "Audience"),
       "nothing of it can be read");
    is_str(attribute_of(data, "Type"), NS_XENC "Element", "an element is encrypted");
    is_str(attribute_of(find(data, "EncryptionMethod"), "Algorithm"),
           "http://www.w3.org/2009/xmlenc11#aes256-gcm", "by AES-256-GCM");
    is_str(attribute_of(find(key, "EncryptionMethod"), "Algorithm"), NS_XENC "rsa-oaep-mgf1p",
           "its key by RSA-OAEP");
    ok(find(key, "CipherData/CipherValue") && find(data, "CipherData/CipherValue"), "both are there");
    ok(strcmp(text_of(find(key, "CipherData/CipherValue")),
              text_of(
                  find(xmlDocGetRootElement(parse(make(RCIDP_SIGN_BOTH))),
                       "EncryptedAssertion/EncryptedData/KeyInfo/EncryptedKey/CipherData/CipherValue"))) != 0,
       "the next time by another key");
}

static void test_signatures(void)
{
    static const struct {
        rcidp_sign_what sign;
        const char *name;
    } rows[] = {
        {RCIDP_SIGN_BOTH, "both"}, {RCIDP_SIGN_RESPONSE, "response"}, {RCIDP_SIGN_ASSERTION, "assertion"}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *xml = make(rows[i].sign);
        xmlNodePtr root = xmlDocGetRootElement(parse(xml)), assertion;

        is_int(verifies(root, signer->certificate), (rows[i].sign & RCIDP_SIGN_RESPONSE) != 0,
               "signed: %s: the Response's signature, before it is opened", rows[i].name);
        assertion = open_with(xml, receiver->key);
        is_str(text_of(find(assertion, "Subject/NameID")), SECRET, "signed: %s: what was encrypted",
               rows[i].name);
        if (rows[i].sign & RCIDP_SIGN_ASSERTION) {
            xmlDocPtr alone = keep_doc(xmlNewDoc(BAD_CAST "1.0"));
            xmlNodePtr copy = xmlDocCopyNode(assertion, alone, 1);

            ok(verifies(assertion, signer->certificate), "signed: %s: the assertion's signature",
               rows[i].name);
            xmlDocSetRootElement(alone, copy);
            ok(verifies(copy, signer->certificate), "signed: %s: also where it stands alone", rows[i].name);
        } else {
            ok(!child(assertion, "Signature", 0), "signed: %s: the assertion is not", rows[i].name);
        }
    }
}

static void test_keys(void)
{
    const char *xml = make(RCIDP_SIGN_BOTH);
    char *altered = apr_pstrdup(pool, xml),
         *at = strstr(altered, "</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>");

    ok(!open_with(xml, signer->key), "our own key does not open it");
    if (ok(at, "the encrypted text is found")) {
        at += 200;
        *at = *at == 'A' ? 'B' : 'A';
    }
    ok(!open_with(altered, receiver->key), "what was altered does not open");
}

/* Errors have no assertion: there is nothing to encrypt. */
static void test_error(void)
{
    rcidp_claims claims = claims_of(RCIDP_SIGN_BOTH);
    const char *xml, *error;

    claims.status = "urn:oasis:names:tc:SAML:2.0:status:Responder";
    error = rcidp_response_make(pool, &claims, signer, &xml);
    is_str(error, NULL, "an error for somebody to whom is encrypted");
    is_str(children_of(xmlDocGetRootElement(parse(xml))), "saml:Issuer ds:Signature samlp:Status",
           "is not encrypted");
}

static void test_bad_key(void)
{
    rcidp_claims claims = claims_of(RCIDP_SIGN_BOTH);
    const char *xml = "not set", *error;

    claims.encrypt_to = read_certificate("ec256");
    error = rcidp_response_make(pool, &claims, signer, &xml);
    ok(error, "nothing is encrypted to an EC key: %s", error ? error : "");
    is_str(xml, NULL, "and nothing is given out");
}

static void test_command(void)
{
    const char *xmlsec = getenv("XMLSEC1") && *getenv("XMLSEC1") ? getenv("XMLSEC1") : "xmlsec1";
    const char *path = apr_psprintf(pool, "/tmp/rcidp-encrypt.%ld.xml", (long)getpid());
    const char *xml = make(RCIDP_SIGN_BOTH), *opened = "";
    char line[4096];
    FILE *out;

    write_bytes(path, xml, strlen(xml));
    out = popen(
        apr_psprintf(pool, "%s " DECRYPT " --privkey-pem %s %s 2>&1", xmlsec, data_path("rsa3072.key"), path),
        "r");
    while (out && fgets(line, sizeof(line), out))
        opened = apr_pstrcat(pool, opened, line, NULL);
    ok(out && pclose(out) == 0, "the xmlsec1 command opens it with the provider's key");
    ok(strstr(opened, ">" SECRET "</saml:NameID>"), "and finds the name ID");
    out = popen(
        apr_psprintf(pool, "%s " DECRYPT " --privkey-pem %s %s 2>&1", xmlsec, data_path("rsa2048.key"), path),
        "r");
    while (out && fgets(line, sizeof(line), out))
        ok(!strstr(line, SECRET), "what it says of another key");
    ok(out && pclose(out) != 0, "and not with another");
    unlink(path);
}

int main(int argc, char **argv)
{
    (void)argc;
    fixture_begin(argv[0]);
    signer = read_signer("rsa2048", NULL);
    receiver = read_signer("rsa3072", NULL);
    test_form();
    test_signatures();
    test_keys();
    test_error();
    test_bad_key();
    test_command();
    return done();
}
