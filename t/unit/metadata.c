/* SPDX-License-Identifier: Apache-2.0 */
/* The metadata: golden files, then its properties as libxml2 reads it again. Other software judges the golden
 * files in golden.py. */
#include "metadata.h"
#include "fixture.h"
#include "xml.h"

#define ENTITY_ID "https://sso.example.com/ringcentral/metadata"
#define LAUNCH "https://sso.example.com/ringcentral"
#define REDIRECT "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
#define POST "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
#define FORMAT_URI "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
#define FORMAT_BASIC "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
#define MAIL_CLAIM "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
#define HOSTILE "urn:x?a=1&b=\"2\"&c='3'<d>&amp;\t\r\n ]]> --> J\xC3\xBCrgen \xF0\x9F\x93\x9E"

#define LIST(...) list(sizeof((const void *[]){__VA_ARGS__}) / sizeof(void *), (const void *[]){__VA_ARGS__})

static const rcidp_attribute mail = {.name = MAIL_CLAIM, .name_format = FORMAT_URI};
static const rcidp_attribute number = {.name = "number", .name_format = FORMAT_BASIC};
static const rcidp_attribute odd = {.name = HOSTILE, .name_format = FORMAT_URI};

/* One certificate, one launch path, nothing that may be left out. */
static rcidp_metadata minimal(void)
{
    rcidp_metadata metadata = {
        .entity_id = ENTITY_ID,
        .certificates = LIST(read_certificate("rsa2048")),
        .endpoints = LIST(LAUNCH),
        .name_id_formats = LIST(RCIDP_NAMEID_EMAIL),
        .attributes = list(0, NULL),
    };

    return metadata;
}

static rcidp_metadata rich(void)
{
    rcidp_metadata metadata = {
        .entity_id = "urn:example:idp?a=1&b='2'",
        .certificates =
            LIST(read_certificate("rsa2048"), read_certificate("rsa3072"), read_certificate("ec384")),
        .endpoints = LIST(LAUNCH, LAUNCH "/eu", "https://sso.example.com:8443/a%20b?c=1&d='2'"),
        .name_id_formats = LIST(RCIDP_NAMEID_EMAIL, RCIDP_NAMEID_UNSPECIFIED, RCIDP_NAMEID_PERSISTENT),
        .attributes = LIST(&mail, &number),
        .contact = "o'brien&co@example.com",
    };

    return metadata;
}

static xmlNodePtr make_root(const rcidp_metadata *metadata)
{
    return xmlDocGetRootElement(parse(rcidp_metadata_make(pool, metadata)));
}

static void test_golden(void)
{
    rcidp_metadata plain = minimal(), all = rich();

    is_golden(rcidp_metadata_make(pool, &plain), "metadata-minimal");
    is_golden(rcidp_metadata_make(pool, &all), "metadata-rich");
    is_str(rcidp_metadata_make(pool, &all), rcidp_metadata_make(pool, &all),
           "the same input gives the same bytes");
}

static void test_minimal(void)
{
    rcidp_metadata metadata = minimal();
    xmlNodePtr root = make_root(&metadata), idp = child(root, "IDPSSODescriptor", 0);

    ok(root->ns && !strcmp((const char *)root->ns->href, NS_MD) &&
           !strcmp((const char *)root->name, "EntityDescriptor"),
       "the root is md:EntityDescriptor");
    is_str(attributes_of(root), "entityID=" ENTITY_ID " cacheDuration=P1D", "it says how long to keep it");
    is_str(children_of(root), "md:IDPSSODescriptor", "without a contact it has one part");
    is_str(attributes_of(idp), "WantAuthnRequestsSigned=false protocolSupportEnumeration=" NS_SAMLP,
           "the identity provider speaks SAML 2.0");
    is_str(children_of(idp), "md:KeyDescriptor md:NameIDFormat md:SingleSignOnService md:SingleSignOnService",
           "its parts, without attributes");
    is_str(text_of(child(idp, "NameIDFormat", 0)), RCIDP_NAMEID_EMAIL, "the format of name IDs");
    is_str(strstr(rcidp_metadata_make(pool, &metadata), "<saml:"), NULL, "no element of an assertion");
}

static void test_order(void)
{
    rcidp_metadata metadata = rich();
    xmlNodePtr root = make_root(&metadata), idp = child(root, "IDPSSODescriptor", 0);

    is_str(children_of(root), "md:IDPSSODescriptor md:ContactPerson", "the parts, in the schema's order");
    is_str(children_of(idp),
           "md:KeyDescriptor md:KeyDescriptor md:KeyDescriptor "
           "md:NameIDFormat md:NameIDFormat md:NameIDFormat "
           "md:SingleSignOnService md:SingleSignOnService md:SingleSignOnService "
           "md:SingleSignOnService md:SingleSignOnService md:SingleSignOnService "
           "saml:Attribute saml:Attribute",
           "the parts of the identity provider, in the schema's order");
}

static void test_certificates(void)
{
    static const char *const names[] = {"rsa2048", "rsa3072", "ec384"};
    rcidp_metadata metadata = rich();
    xmlNodePtr idp = find(make_root(&metadata), "IDPSSODescriptor");

    for (int i = 0; i < 3; i++) {
        xmlNodePtr key = child(idp, "KeyDescriptor", i), info = child(key, "KeyInfo", 0);

        is_str(attributes_of(key), "use=signing", "certificate %d is for signing", i);
        is_str(text_of(find(info, "X509Data/X509Certificate")), read_certificate(names[i])->base64,
               "certificate %d is %s's", i, names[i]);
        is_str(children_of(info), "ds:X509Data", "certificate %d stands alone", i);
    }
}

static void test_endpoints(void)
{
    static const char *const urls[] = {LAUNCH, LAUNCH "/eu", "https://sso.example.com:8443/a%20b?c=1&d='2'"};
    rcidp_metadata metadata = rich();
    xmlNodePtr idp = find(make_root(&metadata), "IDPSSODescriptor");

    for (int i = 0; i < 6; i++)
        is_str(attributes_of(child(idp, "SingleSignOnService", i)),
               apr_psprintf(pool, "Binding=%s Location=%s", i % 2 ? POST : REDIRECT, urls[i / 2]),
               "endpoint %d: %s, %s", i, urls[i / 2], i % 2 ? "POST" : "Redirect");
}

static void test_attributes(void)
{
    rcidp_metadata metadata = rich();
    xmlNodePtr root = make_root(&metadata), idp = find(root, "IDPSSODescriptor");
    xmlNodePtr contact = child(root, "ContactPerson", 0);

    is_str(attributes_of(child(idp, "Attribute", 0)), "Name=" MAIL_CLAIM " NameFormat=" FORMAT_URI,
           "the first attribute");
    is_str(attributes_of(child(idp, "Attribute", 1)), "Name=number NameFormat=" FORMAT_BASIC, "the second");
    is_str(children_of(child(idp, "Attribute", 0)), "", "without values");
    is_str(attributes_of(contact), "contactType=technical", "the contact is the technical one");
    is_str(text_of(child(contact, "EmailAddress", 0)), "mailto:o'brien&co@example.com", "with its address");
}

/* Every text comes back as it was, or as XML has it: an attribute's white space is kept too. */
static void test_escaping(void)
{
    rcidp_metadata metadata = minimal();
    xmlNodePtr root, idp;

    metadata.entity_id = metadata.contact = HOSTILE;
    metadata.endpoints = LIST(HOSTILE);
    metadata.name_id_formats = LIST(HOSTILE);
    metadata.attributes = LIST(&odd);
    root = make_root(&metadata);
    idp = find(root, "IDPSSODescriptor");
    is_str(attribute_of(root, "entityID"), HOSTILE, "a hostile text as entity ID");
    is_str(attribute_of(child(idp, "SingleSignOnService", 0), "Location"), HOSTILE, "as endpoint");
    is_str(text_of(child(idp, "NameIDFormat", 0)), HOSTILE, "as format of name IDs");
    is_str(attribute_of(child(idp, "Attribute", 0), "Name"), HOSTILE, "as attribute's name");
    is_str(text_of(find(root, "ContactPerson/EmailAddress")), "mailto:" HOSTILE, "as contact");
}

/* An identity provider may publish nothing of these; the schema allows that. */
static void test_empty(void)
{
    rcidp_metadata metadata = minimal();
    xmlNodePtr idp;

    metadata.name_id_formats = list(0, NULL);
    metadata.certificates = list(0, NULL);
    idp = find(make_root(&metadata), "IDPSSODescriptor");
    is_str(children_of(idp), "md:SingleSignOnService md:SingleSignOnService", "endpoints alone");
}

int main(int argc, char **argv)
{
    (void)argc;
    fixture_begin(argv[0]);
    test_golden();
    test_minimal();
    test_order();
    test_certificates();
    test_endpoints();
    test_attributes();
    test_escaping();
    test_empty();
    return done();
}
