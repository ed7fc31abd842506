/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures: every algorithm with every key, their form, and failing without harm; IDs of the library. */
#include "sign.h"
#include "fixture.h"
#include "text.h"
#include "xml.h"

#include <xmlsec/errors.h>

#define EXCLUSIVE "http://www.w3.org/2001/10/xml-exc-c14n#"
#define ENVELOPED "http://www.w3.org/2000/09/xmldsig#enveloped-signature"

static const char *const keys[] = {"rsa2048", "ec256", "ec384", "ec521"};
static const struct {
    const char *name, *type, *uri, *digest;
} algorithms[] = {
    {"rsa-sha256", "RSA", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
     "http://www.w3.org/2001/04/xmlenc#sha256"},
    {"rsa-sha384", "RSA", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
     "http://www.w3.org/2001/04/xmldsig-more#sha384"},
    {"rsa-sha512", "RSA", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
     "http://www.w3.org/2001/04/xmlenc#sha512"},
    {"ecdsa-sha256", "EC", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
     "http://www.w3.org/2001/04/xmlenc#sha256"},
    {"ecdsa-sha384", "EC", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
     "http://www.w3.org/2001/04/xmldsig-more#sha384"},
    {"ecdsa-sha512", "EC", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
     "http://www.w3.org/2001/04/xmlenc#sha512"},
};

#define EACH_ALGORITHM(i)                                                                                    \
    size_t i = 0;                                                                                            \
    i < sizeof(algorithms) / sizeof(algorithms[0]);                                                          \
    i++
#define EACH_KEY(k)                                                                                          \
    size_t k = 0;                                                                                            \
    k < sizeof(keys) / sizeof(keys[0]);                                                                      \
    k++

/* xmlsec1 says on stderr what it refuses; here that is wanted. */
static void be_silent(const char *file, int line, const char *function, const char *object,
                      const char *subject, int reason, const char *message)
{
    (void)file, (void)line, (void)function, (void)object, (void)subject, (void)reason, (void)message;
}

/* An element with an Issuer, ready to be signed, inside another one. */
static rcidp_markup markup;
static apr_size_t whole_place, start, place;

static void write_element(const char *id)
{
    rcidp_markup_begin(&markup, pool, 1);
    rcidp_markup_open(&markup, "a");
    rcidp_markup_attribute(&markup, "ID", "_a");
    rcidp_markup_element(&markup, "Issuer", "");
    whole_place = start = rcidp_markup_here(&markup);
    rcidp_markup_open(&markup, "b");
    rcidp_markup_attribute(&markup, "ID", id);
    rcidp_markup_element(&markup, "Issuer", "");
    place = rcidp_markup_here(&markup);
    rcidp_markup_element(&markup, "c", "J\xC3\xBCrgen & < > \r\n");
    rcidp_markup_close(&markup, "b");
}

static const char *sign_element(const char *id, const rcidp_signer *signer)
{
    const char *error;

    write_element(id);
    error = rcidp_sign(&markup, start, place, id, signer);
    rcidp_markup_element(&markup, "d", "");
    rcidp_markup_close(&markup, "a");
    return error;
}

static xmlNodePtr read_element(void)
{
    return child(xmlDocGetRootElement(parse(markup.text)), "b", 0);
}

static void test_find(void)
{
    static const char *const unknown[] = {"",          "auto",        "rsa-sha1", "RSA-SHA256",
                                          "rsa-sha25", "rsa-sha2560", "ecdsa"};

    for (EACH_ALGORITHM(i)) {
        const rcidp_algorithm *found = rcidp_algorithm_find(algorithms[i].name);

        ok(found && !strcmp(found->name, algorithms[i].name) &&
               !strcmp(found->key_type, algorithms[i].type) && !strcmp(found->uri, algorithms[i].uri) &&
               !strcmp(found->digest, algorithms[i].digest),
           "%s is known", algorithms[i].name);
    }
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        ok(!rcidp_algorithm_find(unknown[i]), "\"%s\" is not", unknown[i]);
}

static void test_fitting(void)
{
    static const char *const fitting[] = {"rsa-sha256", "ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512"};

    for (EACH_KEY(k))
        is_str(read_signer(keys[k], NULL)->algorithm->name, fitting[k], "the algorithm for %s", keys[k]);
    is_str(read_signer("rsa3072", NULL)->algorithm->name, "rsa-sha256", "the algorithm for rsa3072");
}

/* As libxml2 reads it again, xmlsec1 accepts it: under this key alone. */
static void test_signed(size_t key, size_t algorithm)
{
    const rcidp_signer *signer = read_signer(keys[key], algorithms[algorithm].name);
    const char *other = keys[(key + 1) % (sizeof(keys) / sizeof(keys[0]))];
    const char *error = sign_element("_b", signer);
    xmlNodePtr element = read_element(), info = find(element, "Signature/SignedInfo");

    is_str(error, NULL, "%s signs with %s", keys[key], algorithms[algorithm].name);
    is_str(attribute_of(find(info, "SignatureMethod"), "Algorithm"), algorithms[algorithm].uri, "its method");
    is_str(attribute_of(find(info, "Reference/DigestMethod"), "Algorithm"), algorithms[algorithm].digest,
           "its digest");
    ok(verifies(element, signer->certificate), "xmlsec1 accepts it");
    ok(!verifies(element, read_certificate(other)), "xmlsec1 refuses it under %s", other);
    xmlNodeSetContent(child(element, "c", 0), BAD_CAST "altered");
    ok(!verifies(element, signer->certificate), "xmlsec1 refuses it altered");
}

/* An algorithm that is not the key's must end in an error, not in a crash or a signature. */
static void test_unfit(size_t key, size_t algorithm)
{
    const char *error = sign_element("_b", read_signer(keys[key], algorithms[algorithm].name));

    ok(error && *error, "%s does not sign with %s", keys[key], algorithms[algorithm].name);
    ok(!child(read_element(), "Signature", 0), "and leaves no signature");
}

static void test_pairs(void)
{
    for (EACH_KEY(k)) {
        for (EACH_ALGORITHM(a)) {
            if (strncmp(keys[k], "rsa", 3) == strncmp(algorithms[a].name, "rsa", 3))
                test_signed(k, a);
            else
                test_unfit(k, a);
        }
    }
}

static void test_form(void)
{
    const rcidp_signer *signer = read_signer("rsa2048", NULL);
    xmlNodePtr element, signature, reference;

    is_str(sign_element("_b", signer), NULL, "an element inside another is signed");
    element = read_element();
    is_str(children_of(element->parent), "?:Issuer ?:b ?:d", "the outer one gets no signature");
    is_str(children_of(element), "?:Issuer ds:Signature ?:c", "the signature stands behind the Issuer");
    signature = child(element, "Signature", 0);
    is_str(children_of(signature), "ds:SignedInfo ds:SignatureValue ds:KeyInfo", "the signature's parts");
    is_str(children_of(find(signature, "SignedInfo")),
           "ds:CanonicalizationMethod ds:SignatureMethod ds:Reference", "it has one reference");
    is_str(attributes_of(find(signature, "SignedInfo/CanonicalizationMethod")), "Algorithm=" EXCLUSIVE,
           "it is canonical in the exclusive way");
    reference = find(signature, "SignedInfo/Reference");
    is_str(attributes_of(reference), "URI=#_b", "it refers to the element");
    is_str(children_of(reference), "ds:Transforms ds:DigestMethod ds:DigestValue", "the reference's parts");
    is_str(children_of(find(reference, "Transforms")), "ds:Transform ds:Transform", "it has two transforms");
    is_str(attributes_of(child(find(reference, "Transforms"), "Transform", 0)), "Algorithm=" ENVELOPED,
           "the first: enveloped");
    is_str(attributes_of(child(find(reference, "Transforms"), "Transform", 1)), "Algorithm=" EXCLUSIVE,
           "the second: exclusive");
    is_str(children_of(find(signature, "KeyInfo")), "ds:X509Data", "KeyInfo has the certificate");
    is_str(children_of(find(signature, "KeyInfo/X509Data")), "ds:X509Certificate", "and that alone");
    is_str(text_of(find(signature, "KeyInfo/X509Data/X509Certificate")), signer->certificate->base64,
           "the certificate is the signer's");
}

static void test_inner_and_outer(void)
{
    const rcidp_signer *signer = read_signer("ec256", NULL);
    xmlNodePtr inner;

    is_str(sign_element("_b", signer), NULL, "the inner element is signed");
    is_str(rcidp_sign(&markup, 0, whole_place, "_a", signer), NULL, "then the outer one");
    inner = read_element();
    ok(verifies(inner, signer->certificate), "xmlsec1 accepts the inner signature");
    ok(verifies(inner->parent, signer->certificate), "and the outer one");
    xmlNodeSetContent(find(inner, "Signature/KeyInfo/X509Data/X509Certificate"), BAD_CAST "AAAA");
    ok(verifies(inner, signer->certificate), "the inner one does not cover its KeyInfo");
    ok(!verifies(inner->parent, signer->certificate), "the outer one does");
}

/* No buffer is too small for an ID. */
static void test_long_ids(void)
{
    char id[200];

    for (size_t length = 120; length < 140; length++) {
        memset(id, 'x', length);
        id[length] = '\0';
        is_str(sign_element(id, read_signer("ec256", NULL)), NULL, "an ID of %d characters", (int)length);
        ok(verifies(read_element(), read_certificate("ec256")), "and xmlsec1 accepts it");
    }
}

static const char *sign_not(apr_pool_t *of, const rcidp_key *key, const EVP_MD *hash,
                            const unsigned char *digest, const unsigned char **signature, apr_size_t *length)
{
    (void)of, (void)key, (void)hash, (void)digest, (void)signature, (void)length;
    return "out of order";
}

/* A key that lives elsewhere and cannot sign. */
static void test_failing_key(void)
{
    rcidp_signer signer = *read_signer("ec256", NULL);
    rcidp_key key = *signer.key;

    key.signs = sign_not;
    signer.key = &key;
    is_str(sign_element("_b", &signer), "out of order", "a key's own error is told");
    ok(!child(read_element(), "Signature", 0), "and nothing is signed");
}

static void test_library(void)
{
    const char *first = rcidp_library_id(pool), *second = rcidp_library_id(pool);

    is_str(rcidp_library_init(), NULL, "the libraries may be started again");
    is_int((long)strlen(first), 41, "an ID has 160 bits");
    ok(first[0] == '_' && strspn(first + 1, "0123456789abcdef") == 40, "in hexadecimal behind an underscore");
    ok(strcmp(first, second) != 0, "the next ID is another");
    rcidp_library_two_ids(pool, &first, &second);
    ok(rcidp_text_is_name(first) && rcidp_text_is_name(second) && strlen(first) + strlen(second) == 82,
       "two at once are as long");
    ok(strncmp(first + 1, second + 1, 20) != 0 && strcmp(first + 21, second + 21) != 0,
       "and have nothing of each other");
}

int main(int argc, char **argv)
{
    (void)argc;
    fixture_begin(argv[0]);
    xmlSecErrorsSetCallback(be_silent);
    test_find();
    test_fitting();
    test_pairs();
    test_form();
    test_inner_and_outer();
    test_long_ids();
    test_failing_key();
    test_library();
    return done();
}
