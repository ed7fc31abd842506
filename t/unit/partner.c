/* SPDX-License-Identifier: Apache-2.0 */
/* A service provider's metadata: all that is read of it, and every reason to refuse it. */
#include "partner.h"
#include "fixture.h"
#include "text.h"
#include "xml.h"

#include <unistd.h>

#define ENTITY "https://sp.example.com"
#define ACS "https://sp.example.com/acs"
#define BINDING "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-"
#define GCM "http://www.w3.org/2009/xmlenc11#aes256-gcm"
#define CBC "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
#define OAEP "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"

#define NAMESPACES "xmlns=\"" NS_MD "\" xmlns:ds=\"" NS_DS "\""
#define POST(attributes) ENDPOINT("POST", ACS, attributes)
#define ENDPOINT(binding, url, attributes)                                                                   \
    "<AssertionConsumerService Binding=\"" BINDING binding "\" Location=\"" url "\" " attributes "/>"
#define ROLE(attributes, inside)                                                                             \
    "<SPSSODescriptor protocolSupportEnumeration=\"" NS_SAMLP "\" " attributes ">" inside "</"               \
    "SPSSODescriptor>"
#define ENTITY_OF(id, attributes, inside)                                                                    \
    "<EntityDescriptor " NAMESPACES " entityID=\"" id "\" " attributes ">" inside "</EntityDescriptor>"
#define SIMPLE(inside) ENTITY_OF(ENTITY, "", ROLE("", inside))
#define GROUP(attributes, inside)                                                                            \
    "<EntitiesDescriptor " NAMESPACES " " attributes ">" inside "</EntitiesDescriptor>"
#define FUTURE "validUntil=\"2999-01-01T00:00:00Z\""
#define PAST "validUntil=\"2001-01-01T00:00:00Z\""

static const char *path;

static void write_metadata(const char *text)
{
    if (!write_bytes(path, text, strlen(text)))
        bail_out("cannot write", path);
}

/* Why the metadata is refused, less the file's name; NULL for what is taken. */
static const char *refusal(const char *text, const char *entity_id, const rcidp_certificate *signer)
{
    const rcidp_partner *partner = NULL;
    const char *error;
    apr_size_t skip = strlen(path);

    write_metadata(text);
    error = rcidp_partner_read(pool, path, entity_id, signer, &partner);
    if ((error == NULL) != (partner != NULL))
        return "an error and a partner, or none of both";
    return error && strncmp(error, path, skip) == 0 ? error + skip + strspn(error + skip, ": ") : error;
}

static const char *why(const char *text)
{
    return refusal(text, NULL, NULL);
}

static const rcidp_partner *read_metadata(const char *text, const char *entity_id)
{
    const rcidp_partner *partner = NULL;
    const char *error;

    write_metadata(text);
    error = rcidp_partner_read(pool, path, entity_id, NULL, &partner);
    if (error)
        bail_out("metadata", error);
    return partner;
}

static const rcidp_partner *partner_of(const char *text)
{
    return read_metadata(text, NULL);
}

/* A KeyDescriptor with the certificate of t/data, broken into lines as files have it. */
static const char *key(const char *attributes, const char *name, const char *methods)
{
    const char *base64 = read_certificate(name)->base64;

    return apr_pstrcat(pool, "<KeyDescriptor ", attributes,
                       "><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n  ", apr_pstrndup(pool, base64, 60),
                       "\r\n\t", base64 + 60, "\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo>", methods,
                       "</KeyDescriptor>", NULL);
}

static const char *with_keys(const char *first, const char *second)
{
    return apr_pstrcat(pool,
                       "<EntityDescriptor " NAMESPACES " entityID=\"" ENTITY "\"><SPSSODescriptor "
                       "protocolSupportEnumeration=\"" NS_SAMLP "\">",
                       first, second, POST("index=\"1\""), "</SPSSODescriptor></EntityDescriptor>", NULL);
}

static const char *method(const char *algorithm)
{
    return apr_pstrcat(pool, "<EncryptionMethod Algorithm=\"", algorithm, "\"/>", NULL);
}

static void test_least(void)
{
    const rcidp_partner *partner = partner_of(SIMPLE(POST("index=\"0\"")));

    is_str(partner->entity_id, ENTITY, "the entity ID");
    is_str(partner->acs, ACS, "the ACS");
    is_int(partner->endpoints->nelts, 1, "one endpoint");
    ok(!partner->signing->nelts && !partner->encryption->nelts, "no certificates");
    ok(!partner->authn_requests_signed && !partner->want_assertions_signed, "no wishes");
    ok(partner->takes_our_encryption, "nothing against our encryption");
    ok(partner->valid_until == 0, "no end");
    ok(!partner->required->nelts, "no attributes that it needs");
}

static void test_everything(void)
{
    const rcidp_partner *partner = partner_of(ENTITY_OF(
        "saml2:ringcentral:prod", "validUntil=\"2999-12-31T23:59:59Z\"",
        "<IDPSSODescriptor protocolSupportEnumeration=\"" NS_SAMLP "\"/>" ROLE(
            "AuthnRequestsSigned=\"true\" WantAssertionsSigned=\"1\" validUntil=\"2998-01-02T03:04:05Z\"",
            "<NameIDFormat>urn:x</NameIDFormat>" POST(
                "index=\"7\"") "<AttributeConsumingService index=\"1\"><RequestedAttribute Name=\"email\" "
                               "isRequired=\"true\"/><RequestedAttribute Name=\"phone\"/>"
                               "</AttributeConsumingService>")));

    is_str(partner->entity_id, "saml2:ringcentral:prod", "an entity ID that is no address");
    ok(partner->authn_requests_signed && partner->want_assertions_signed, "what it wants signed");
    is_str(rcidp_text_time(pool, partner->valid_until), "2998-01-02T03:04:05Z", "the sooner of two ends");
    is_int(partner->required->nelts, 1, "one attribute that it needs");
    is_str(APR_ARRAY_IDX(partner->required, 0, const char *), "email", "the name of it");
}

/* SAML metadata 2.2.3. */
static void test_default(void)
{
    static const struct {
        const char *endpoints, *acs, *name;
    } rows[] = {
        {ENDPOINT("POST", ACS "1", "index=\"5\"") ENDPOINT("POST", ACS "2", "index=\"1\""), ACS "1",
         "the first where none says so, whatever the index"},
        {ENDPOINT("POST", ACS "1", "index=\"1\"") ENDPOINT("POST", ACS "2", "index=\"2\" isDefault=\"true\""),
         ACS "2", "the one that says so"},
        {ENDPOINT("POST", ACS "1", "isDefault=\"1\" index=\"1\"")
             ENDPOINT("POST", ACS "2", "index=\"2\" isDefault=\"true\""),
         ACS "1", "the first of two that say so"},
        {ENDPOINT("POST", ACS "1", "index=\"1\" isDefault=\"false\"")
             ENDPOINT("POST", ACS "2", "index=\"2\""),
         ACS "2", "the first that does not say no"},
        {ENDPOINT("POST", ACS "1", "index=\"1\" isDefault=\"false\"")
             ENDPOINT("POST", ACS "2", "index=\"2\" isDefault=\"0\""),
         ACS "1", "the first where all say no"},
        {ENDPOINT("Artifact", ACS "1", "index=\"1\" isDefault=\"true\"") ENDPOINT(
             "POST", ACS "2", "index=\"2\" isDefault=\"false\"") ENDPOINT("POST", ACS "3", "index=\"3\""),
         ACS "3", "another binding's default is none for POST"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *text =
            apr_pstrcat(pool,
                        "<EntityDescriptor " NAMESPACES " entityID=\"" ENTITY
                        "\"><SPSSODescriptor protocolSupportEnumeration=\"urn:x " NS_SAMLP "\">",
                        rows[i].endpoints, "</SPSSODescriptor></EntityDescriptor>", NULL);

        is_str(partner_of(text)->acs, rows[i].acs, "the default endpoint is %s", rows[i].name);
    }
}

static const char *url_of(const rcidp_endpoint *endpoint)
{
    return endpoint ? endpoint->url : NULL;
}

static void test_endpoints(void)
{
    const rcidp_partner *partner = partner_of(
        SIMPLE(ENDPOINT("POST", ACS, "index=\"0\"") ENDPOINT("POST", ACS "/2", "index=\"65535\"")
                   ENDPOINT("POST", ACS "/3", "") ENDPOINT("POST", ACS "/4", "index=\"-1\"")
                       ENDPOINT("POST", ACS "/5", "index=\"0\"") ENDPOINT("Artifact", ACS "/6", "index=\"6\"")
                           ENDPOINT("PAOS", "http://sp.example.com/paos", "index=\"8\"")));

    is_int(partner->endpoints->nelts, 5, "endpoints for POST alone");
    is_str(url_of(rcidp_partner_endpoint(partner, ACS "/2", -1)), ACS "/2", "by URL");
    is_str(url_of(rcidp_partner_endpoint(partner, NULL, 0)), ACS, "by index, the first of two");
    is_str(url_of(rcidp_partner_endpoint(partner, NULL, 65535)), ACS "/2", "by the largest index");
    is_str(url_of(rcidp_partner_endpoint(partner, NULL, -1)), NULL, "no index finds none without an index");
    is_str(url_of(rcidp_partner_endpoint(partner, NULL, 6)), NULL, "none of another binding, by index");
    is_str(url_of(rcidp_partner_endpoint(partner, ACS "/6", -1)), NULL, "nor by URL");
    is_str(url_of(rcidp_partner_endpoint(partner, ACS "/", -1)), NULL, "a slash more");
    is_str(url_of(rcidp_partner_endpoint(partner, "https://SP.example.com/acs", -1)), NULL, "another case");
    is_str(url_of(rcidp_partner_endpoint(partner, "https://sp.example.com:443/acs", -1)), NULL,
           "the port written out");
    is_str(url_of(rcidp_partner_endpoint(partner, "", -1)), NULL, "an empty URL");
}

static const char *base64_at(const apr_array_header_t *certificates, int i)
{
    return i < certificates->nelts ? APR_ARRAY_IDX(certificates, i, const rcidp_certificate *)->base64 : NULL;
}

static void test_keys(void)
{
    const rcidp_partner *partner = partner_of(with_keys(key("", "rsa2048", ""), ""));
    const char *rsa = read_certificate("rsa2048")->base64, *other = read_certificate("rsa3072")->base64;

    ok(partner->signing->nelts == 1 && partner->encryption->nelts == 1, "a key without use is for both");
    is_str(base64_at(partner->signing, 0), rsa, "the certificate, whatever its white space");
    partner = partner_of(
        with_keys(key("use=\"signing\"", "rsa2048", ""), key("use=\"encryption\"", "rsa3072", "")));
    ok(partner->signing->nelts == 1 && partner->encryption->nelts == 1, "one key for each use");
    is_str(base64_at(partner->signing, 0), rsa, "that for signing");
    is_str(base64_at(partner->encryption, 0), other, "that for encryption");
    partner =
        partner_of(with_keys(key("use=\"signing\"", "rsa3072", ""), key("use=\"signing\"", "ec256", "")));
    ok(partner->signing->nelts == 2 && !partner->encryption->nelts, "two keys for signing");
    is_str(base64_at(partner->signing, 1), read_certificate("ec256")->base64, "in their order");
    partner = partner_of(with_keys(key("", "ec256", ""), ""));
    ok(partner->signing->nelts == 1 && !partner->encryption->nelts, "nothing is encrypted to an EC key");
    partner = partner_of(with_keys(key("use=\"other\"", "rsa2048", ""), ""));
    ok(!partner->signing->nelts && !partner->encryption->nelts, "a use that SAML does not know");
    partner = partner_of(with_keys(key("", "expired", ""), ""));
    is_int(partner->signing->nelts, 1, "a provider's certificate may have expired: its key is what counts");
    partner = partner_of(
        with_keys("<KeyDescriptor><ds:KeyInfo><ds:KeyName>x</ds:KeyName></ds:KeyInfo></KeyDescriptor>",
                  "<KeyDescriptor/>"));
    ok(!partner->signing->nelts && !partner->encryption->nelts, "a key without a certificate is passed over");
}

static void test_methods(void)
{
    const char *fit = apr_pstrcat(pool, method(CBC), method(GCM), method(OAEP), NULL);

    ok(partner_of(with_keys(key("", "rsa2048", fit), ""))->takes_our_encryption, "it can do what we do");
    ok(!partner_of(with_keys(key("", "rsa2048", method(GCM)), ""))->takes_our_encryption,
       "it cannot do RSA-OAEP");
    ok(!partner_of(with_keys(key("", "rsa2048", method(OAEP)), ""))->takes_our_encryption,
       "it cannot do AES-256-GCM");
    ok(!partner_of(with_keys(key("", "rsa2048", method(CBC)), ""))->takes_our_encryption,
       "it can do neither");
    ok(partner_of(with_keys(key("use=\"signing\"", "rsa2048", method(CBC)),
                            key("use=\"encryption\"", "rsa2048", "")))
           ->takes_our_encryption,
       "what a key for signing says of encryption counts for nothing");
}

static void test_certificates_refused(void)
{
    static const char *const broken[] = {"", "AAAA", "no base64!", "MIIC"};
    const char *weak = read_text(data_path("rsa1024.crt"));
    const char *body = strstr(weak, "-----\n") + 6;

    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
        is_str(why(with_keys("<KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>",
                             apr_pstrcat(pool, broken[i],
                                         "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>",
                                         NULL))),
               "has a certificate that cannot be understood", "a certificate that is \"%s\"", broken[i]);
    is_str(why(with_keys("<KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>MII<!-- -->A"
                         "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>",
                         "")),
           "an X509Certificate has more than text in it", "a comment in a certificate");
    is_str(
        why(with_keys("<KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509SubjectName>CN=a</ds:X509SubjectName>"
                      "</ds:X509Data></ds:KeyInfo></KeyDescriptor>",
                      "")),
        NULL, "a key without a certificate");
    is_str(why(ENTITY_OF(ENTITY, "", ROLE("AuthnRequestsSigned=\"yes\"", POST("index=\"1\"")))),
           "AuthnRequestsSigned is neither true nor false", "what is no boolean");
    is_str(why(ENTITY_OF(ENTITY, "", ROLE("WantAssertionsSigned=\"\"", POST("index=\"1\"")))),
           "WantAssertionsSigned is neither true nor false", "an empty one");
    ok(why(with_keys("<KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>",
                     apr_pstrcat(pool, apr_pstrmemdup(pool, body, (apr_size_t)(strstr(body, "-----") - body)),
                                 "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>", NULL))),
       "a key of 1024 bits");
}

static void test_several(void)
{
    static const char two[] = GROUP("", ENTITY_OF("urn:a", "", ROLE("", POST("")))
                                            ENTITY_OF("urn:b", "", ROLE("", ENDPOINT("POST", ACS "/b", ""))));
    static const char nested[] =
        GROUP("", GROUP("", ENTITY_OF("urn:a", "", ROLE("", POST(""))))
                      GROUP("", GROUP("", ENTITY_OF("urn:b", "", ROLE("", ENDPOINT("POST", ACS "/b", ""))))));
    static const char with_idp[] =
        GROUP("", ENTITY_OF("urn:i", "", "<IDPSSODescriptor protocolSupportEnumeration=\"" NS_SAMLP "\"/>")
                      ENTITY_OF("urn:a", "", ROLE("", POST(""))));

    is_str(why(two),
           "it has several service providers; choose one by entityid=", "two providers and no choice");
    is_str(read_metadata(two, "urn:b")->acs, ACS "/b", "the second is chosen");
    is_str(read_metadata(two, "urn:a")->acs, ACS, "the first");
    is_str(refusal(two, "urn:c", NULL), "there is no SAML 2.0 service provider urn:c in it",
           "one that is not there");
    is_str(refusal(two, "urn:A", NULL), "there is no SAML 2.0 service provider urn:A in it", "another case");
    is_str(read_metadata(nested, "urn:b")->acs, ACS "/b", "in groups of groups");
    is_str(partner_of(with_idp)->entity_id, "urn:a",
           "beside an identity provider there is no choice to make");
    is_str(refusal(SIMPLE(POST("")), "urn:c", NULL), "there is no SAML 2.0 service provider urn:c in it",
           "also where there is one alone");
    is_str(refusal(with_idp, "urn:i", NULL), "there is no SAML 2.0 service provider urn:i in it",
           "an identity provider is none");
}

static void test_valid_until(void)
{
    static const char over[] = "the metadata has expired on 2001-01-01T00:00:00Z";
    static const char good[] = ENTITY_OF("urn:a", FUTURE, ROLE("", POST("")));
    static const char other[] = ENTITY_OF("urn:b", PAST, ROLE("", POST("")));
    const char *siblings = apr_pstrcat(pool, "<EntitiesDescriptor " NAMESPACES ">", good, GROUP(PAST, ""),
                                       other, "</EntitiesDescriptor>", NULL);

    is_str(why(ENTITY_OF(ENTITY, PAST, ROLE("", POST("")))), over, "an entity that has expired");
    is_str(why(ENTITY_OF(ENTITY, FUTURE, ROLE(PAST, POST("")))), over, "a role that has expired");
    is_str(why(GROUP(PAST, ENTITY_OF(ENTITY, FUTURE, ROLE(FUTURE, POST(""))))), over,
           "a group that has expired");
    is_str(why(GROUP(FUTURE, GROUP(PAST, ENTITY_OF(ENTITY, "", ROLE("", POST("")))))), over,
           "a group in a group");
    is_str(refusal(siblings, "urn:a", NULL), NULL, "what has expired beside it does not matter");
    is_str(refusal(siblings, "urn:b", NULL), over, "unless it is what is chosen");
    is_str(why(ENTITY_OF(ENTITY, "validUntil=\"2999-01-01\"", ROLE("", POST("")))),
           "validUntil=\"2999-01-01\" is not an xs:dateTime in UTC", "an end that is no time");
    is_str(why(ENTITY_OF(ENTITY, "validUntil=\"\"", ROLE("", POST("")))),
           "validUntil=\"\" is not an xs:dateTime in UTC", "an empty one");
}

/* SAML core 8.3.6: 1,024 letters at most. */
static const char *entity_named(size_t length)
{
    char *id = apr_palloc(pool, length + 1);

    memset(id, 'a', length);
    memcpy(id, "urn:", 4);
    id[length] = '\0';
    return apr_pstrcat(pool, "<EntityDescriptor " NAMESPACES " entityID=\"", id, "\">", ROLE("", POST("")),
                       "</EntityDescriptor>", NULL);
}

static void test_refused(void)
{
    static const char no_metadata[] = "it is no metadata of a SAML 2.0 service provider";
    static const char no_endpoint[] = "there is no AssertionConsumerService with the binding HTTP-POST";
    const rcidp_partner *partner;
    char *large = apr_palloc(pool, 1024 * 1024 + 2);

    is_str(why("<!DOCTYPE EntityDescriptor>" SIMPLE(POST(""))), "it has a DTD", "a DTD");
    is_str(why("no XML"), "it is not well-formed XML in UTF-8", "no XML");
    is_str(why(SIMPLE(POST("")) "<x/>"), "it is not well-formed XML in UTF-8", "something behind it");
    is_str(why("<html/>"), no_metadata, "another document");
    is_str(why("<EntityDescriptor entityID=\"" ENTITY "\"/>"), no_metadata, "metadata of no namespace");
    is_str(why(ENTITY_OF(ENTITY, "", "")), no_metadata, "an entity without a role");
    is_str(why(ENTITY_OF(ENTITY, "", "<IDPSSODescriptor protocolSupportEnumeration=\"" NS_SAMLP "\"/>")),
           no_metadata, "an identity provider");
    is_str(why("<EntityDescriptor " NAMESPACES ">" ROLE("", POST("")) "</EntityDescriptor>"), no_metadata,
           "an entity without an ID");
    is_str(why(ENTITY_OF(ENTITY, "",
                         "<SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:1.1:"
                         "protocol\">" POST("") "</SPSSODescriptor>")),
           no_metadata, "a provider of SAML 1.1");
    is_str(why(ENTITY_OF("no uri", "", ROLE("", POST("")))), "its entityID is not an absolute URI",
           "another name");
    is_str(why(entity_named(1024)), NULL, "a name of 1,024 letters");
    is_str(why(entity_named(1025)), "its entityID is not an absolute URI", "one of more");
    is_str(why(SIMPLE("")), no_endpoint, "no endpoint");
    is_str(why(SIMPLE(ENDPOINT("Artifact", ACS, ""))), no_endpoint, "none for POST");
    is_str(why(SIMPLE(ENDPOINT("POST", "http://sp.example.com/acs", ""))),
           "the AssertionConsumerService http://sp.example.com/acs is not an https URL",
           "an endpoint without TLS");
    is_str(why(SIMPLE(ENDPOINT("POST", "javascript:alert(1)", ""))),
           "the AssertionConsumerService javascript:alert(1) is not an https URL", "one that is a script");
    is_str(why(SIMPLE(POST("") "<AssertionConsumerService Binding=\"" BINDING "POST\"/>")),
           "the AssertionConsumerService  is not an https URL", "one without a place");
    memset(large, ' ', 1024 * 1024 + 1);
    large[1024 * 1024 + 1] = '\0';
    is_str(refusal(large, NULL, NULL), "is not a file of 1 byte to 1 MiB", "a file of more than 1 MiB");
    unlink(path);
    ok(rcidp_partner_read(pool, path, NULL, NULL, &partner), "no file");
}

static const char *sign_metadata(const char *text, const char *by)
{
    xmlDocPtr doc = parse(text);
    bool made = sign_by_xmlsec(xmlDocGetRootElement(doc), read_signer(by, NULL));
    xmlChar *out;
    int length;

    if (!made)
        bail_out("no signature", by);
    xmlDocDumpMemory(doc, &out, &length);
    return keep_text(out);
}

static void test_signer(void)
{
    static const char plain[] = ENTITY_OF(ENTITY, "ID=\"_a\"", "<Extensions/>" ROLE("", POST("")));
    static const char group[] = GROUP("ID=\"_g\"", "<Extensions/>" ENTITY_OF(ENTITY, "", ROLE("", POST(""))));
    static const char bad[] = "the metadata's signature is not by the key of metadata-signer=";
    const rcidp_certificate *signer = read_certificate("rsa2048");
    const char *text = sign_metadata(plain, "rsa2048"), *at = strstr(text, ACS);
    const char *inner = sign_metadata(plain, "rsa2048");

    is_str(refusal(text, NULL, signer), NULL, "signed by the signer");
    is_str(refusal(sign_metadata(group, "rsa2048"), NULL, signer), NULL, "a group that is");
    is_str(refusal(sign_metadata(plain, "ec256"), NULL, read_certificate("ec256")), NULL, "with an EC key");
    is_str(refusal(text, NULL, NULL), NULL, "nobody asks who signed");
    is_str(refusal(plain, NULL, signer), "the metadata is not signed, and metadata-signer= is given",
           "not signed");
    is_str(refusal(sign_metadata(plain, "rsa3072"), NULL, signer), bad, "signed by another key");
    is_str(refusal(apr_pstrcat(pool, apr_pstrmemdup(pool, text, (apr_size_t)(at - text)),
                               "https://evil.example.com/", at + strlen(ACS), NULL),
                   NULL, signer),
           bad, "altered after it was signed");
    is_str(refusal(apr_pstrcat(pool, "<EntitiesDescriptor " NAMESPACES ">",
                               strstr(inner, "<EntityDescriptor"), "</EntitiesDescriptor>", NULL),
                   NULL, signer),
           bad, "a signed entity in a group that nobody signed");
}

static void remove_file(void)
{
    unlink(path);
}

int main(int argc, char **argv)
{
    (void)argc;
    fixture_begin(argv[0]);
    path = apr_psprintf(pool, "/tmp/rcidp-partner.%ld.xml", (long)getpid());
    atexit(remove_file);
    test_least();
    test_everything();
    test_default();
    test_endpoints();
    test_keys();
    test_methods();
    test_certificates_refused();
    test_several();
    test_valid_until();
    test_refused();
    test_signer();
    return done();
}
