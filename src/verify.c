/* SPDX-License-Identifier: Apache-2.0 */
#include "verify.h"

#include <apr_strings.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>
#include <xmlsec/strings.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmltree.h>

#include "foreign.h"
#include "sign.h"
#include "text.h"

#define DSIG "http://www.w3.org/2000/09/xmldsig#"
#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define EXCLUSIVE "http://www.w3.org/2001/10/xml-exc-c14n#"

#define PREFIX_LIST_LIMIT 256

/* What is taken besides our own algorithms, where the administrator allows it. */
#define RSA_SHA1 DSIG "rsa-sha1"
#define SHA1 DSIG "sha1"

/* The hash of a signature algorithm that is taken, NULL of one that is not. */
static const EVP_MD *hash_of(const char *uri, bool allow_sha1)
{
    const rcidp_algorithm *ours;

    if (strcmp(uri, RSA_SHA1) == 0)
        return allow_sha1 ? EVP_sha1() : NULL;
    if (strncmp(uri, MORE, sizeof(MORE) - 1) != 0)
        return NULL;
    ours = rcidp_algorithm_find(uri + sizeof(MORE) - 1);
    return ours ? ours->hash() : NULL;
}

static bool is_digest(const xmlNode *method, bool allow_sha1)
{
    static const char *const digests[] = {"http://www.w3.org/2001/04/xmlenc#sha256", MORE "sha384",
                                          "http://www.w3.org/2001/04/xmlenc#sha512"};
    xmlChar *uri = method ? xmlGetNoNsProp(method, xmlSecAttrAlgorithm) : NULL;
    bool known = uri && allow_sha1 && xmlStrEqual(uri, BAD_CAST SHA1);

    for (size_t i = 0; uri && i < sizeof(digests) / sizeof(digests[0]); i++)
        known = known || xmlStrEqual(uri, BAD_CAST digests[i]);
    xmlFree(uri);
    return known;
}

static bool is_exclusive(const xmlChar *uri)
{
    return xmlStrEqual(uri, BAD_CAST EXCLUSIVE) || xmlStrEqual(uri, BAD_CAST EXCLUSIVE "WithComments");
}

/* What stands in a transform or canonicalisation: prefixes at most, and few, since each of them is looked up
 * for each element. */
static bool has_few_prefixes(const xmlNode *method)
{
    bool few = true;

    for (const xmlNode *node = method->children; node && few; node = node->next) {
        xmlChar *prefixes =
            node->type == XML_ELEMENT_NODE ? xmlGetNoNsProp(node, BAD_CAST "PrefixList") : NULL;

        few = node->type != XML_ELEMENT_NODE || (prefixes && xmlStrlen(prefixes) <= PREFIX_LIST_LIMIT);
        xmlFree(prefixes);
    }
    return few;
}

/* Only transforms that can not take anything out of what is signed, but the signature itself; one
 * canonicalisation, since a second would parse what the first has written. */
static bool are_transforms_harmless(const xmlNode *transforms)
{
    int count = 0, canonical = 0;

    for (xmlNodePtr node = rcidp_foreign_child(transforms, DSIG, "Transform"); node;
         node = rcidp_foreign_next(node, DSIG, "Transform")) {
        xmlChar *uri = xmlGetNoNsProp(node, xmlSecAttrAlgorithm);
        bool exclusive = uri && is_exclusive(uri);
        bool known = exclusive || xmlStrEqual(uri, BAD_CAST DSIG "enveloped-signature");

        xmlFree(uri);
        canonical += exclusive;
        if (!known || ++count > 2 || canonical > 1 || !has_few_prefixes(node))
            return false;
    }
    return count > 0;
}

static bool has_algorithm(const xmlNode *method, bool allow_sha1)
{
    xmlChar *uri = method ? xmlGetNoNsProp(method, xmlSecAttrAlgorithm) : NULL;
    bool known = uri && hash_of((const char *)uri, allow_sha1);

    xmlFree(uri);
    return known;
}

static bool is_reference_to(const xmlNode *reference, const xmlNode *root)
{
    xmlChar *uri = reference ? xmlGetNoNsProp(reference, xmlSecAttrURI) : NULL;
    xmlChar *id = xmlGetNoNsProp(root, BAD_CAST "ID");
    bool same = uri && id && uri[0] == '#' && id[0] && xmlStrEqual(uri + 1, id);

    xmlFree(uri);
    xmlFree(id);
    return same;
}

/* Is the signature of the one form that SAML knows? */
static bool is_well_made(const xmlNode *signature, const xmlNode *root, bool allow_sha1)
{
    const xmlNode *info = rcidp_foreign_child(signature, DSIG, "SignedInfo");
    const xmlNode *reference = rcidp_foreign_child(info, DSIG, "Reference");
    const xmlNode *c14n = rcidp_foreign_child(info, DSIG, "CanonicalizationMethod");
    xmlChar *method = c14n ? xmlGetNoNsProp(c14n, xmlSecAttrAlgorithm) : NULL;
    bool exclusive = method && is_exclusive(method) && has_few_prefixes(c14n);

    xmlFree(method);
    return exclusive && reference && !rcidp_foreign_next(reference, DSIG, "Reference") &&
           !rcidp_foreign_next(info, DSIG, "SignedInfo") && !rcidp_foreign_child(signature, DSIG, "Object") &&
           is_reference_to(reference, root) &&
           are_transforms_harmless(rcidp_foreign_child(reference, DSIG, "Transforms")) &&
           has_algorithm(rcidp_foreign_child(info, DSIG, "SignatureMethod"), allow_sha1) &&
           is_digest(rcidp_foreign_child(reference, DSIG, "DigestMethod"), allow_sha1);
}

/* How many there are below the node, at any depth. */
static int count_signatures(const xmlNode *node)
{
    int count = 0;

    for (node = node->children; node; node = node->next) {
        if (node->type == XML_ELEMENT_NODE)
            count += (rcidp_foreign_is(node, DSIG, "Signature") ? 1 : 0) + count_signatures(node);
    }
    return count;
}

static bool is_made_by(xmlNodePtr signature, const rcidp_certificate *certificate)
{
    rcidp_key key = {.pkey = X509_get0_pubkey(certificate->x509)};
    xmlSecDSigCtxPtr context = xmlSecDSigCtxCreate(NULL);
    bool made = false;

    if (context && (context->signKey = rcidp_sign_lend_key(&key))) {
        context->enabledReferenceUris = xmlSecTransformUriTypeSameDocument;
        made = xmlSecDSigCtxVerify(context, signature) >= 0 && context->status == xmlSecDSigStatusSucceeded;
    }
    if (context)
        xmlSecDSigCtxDestroy(context);
    ERR_clear_error();
    return made;
}

rcidp_verdict rcidp_verify_element(xmlNodePtr root, const apr_array_header_t *certificates, bool allow_sha1)
{
    xmlNodePtr signature = rcidp_foreign_child(root, DSIG, "Signature");
    xmlAttrPtr attribute = xmlHasNsProp(root, BAD_CAST "ID", NULL);
    xmlChar *id;
    bool registered;

    if (!count_signatures(root))
        return RCIDP_UNSIGNED;
    if (!signature || count_signatures(root) != 1 || !attribute || !is_well_made(signature, root, allow_sha1))
        return RCIDP_REFUSED;
    id = xmlNodeListGetString(root->doc, attribute->children, 1);
    /* A name, so that the reference to it cannot be read as an XPointer; and one that nothing else bears. */
    registered = id && rcidp_text_is_name((const char *)id) && xmlAddID(NULL, root->doc, id, attribute);
    xmlFree(id);
    for (int i = 0; registered && i < certificates->nelts; i++) {
        if (is_made_by(signature, APR_ARRAY_IDX(certificates, i, const rcidp_certificate *)))
            return RCIDP_VERIFIED;
    }
    return RCIDP_REFUSED;
}

/* The two numbers of an ECDSA signature as XML has them, side by side (RFC 4050), in OpenSSL's form: its
 * length, or -1 if these are none. The caller frees *der with OPENSSL_free(). */
static int der_of_numbers(const EVP_PKEY *key, const unsigned char *numbers, apr_size_t length,
                          unsigned char **der)
{
    int half = (EVP_PKEY_get_bits(key) + 7) / 8, size = -1;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = NULL, *s = NULL;

    *der = NULL;
    if (pair && length == 2 * (apr_size_t)half) {
        r = BN_bin2bn(numbers, half, NULL);
        s = BN_bin2bn(numbers + half, half, NULL);
        if (r && s && ECDSA_SIG_set0(pair, r, s) == 1) {
            r = s = NULL;
            size = i2d_ECDSA_SIG(pair, der);
        }
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return size;
}

static bool verifies(EVP_PKEY *key, const EVP_MD *hash, const char *text, apr_size_t length,
                     const unsigned char *signature, apr_size_t signature_length)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool made =
        context && EVP_DigestVerifyInit(context, NULL, hash, NULL, key) == 1 &&
        EVP_DigestVerify(context, signature, signature_length, (const unsigned char *)text, length) == 1;

    EVP_MD_CTX_free(context);
    return made;
}

/* ECDSA is written in DER by some, as XML has it by others; SAML does not say. */
static bool verifies_ecdsa(EVP_PKEY *key, const EVP_MD *hash, const char *text, apr_size_t length,
                           const unsigned char *signature, apr_size_t signature_length)
{
    unsigned char *der;
    int size = der_of_numbers(key, signature, signature_length, &der);
    bool made = verifies(key, hash, text, length, signature, signature_length) ||
                (size > 0 && verifies(key, hash, text, length, der, (apr_size_t)size));

    OPENSSL_free(der);
    return made;
}

rcidp_verdict rcidp_verify_text(const char *text, apr_size_t length, const char *algorithm,
                                const unsigned char *signature, apr_size_t signature_length,
                                const apr_array_header_t *certificates, bool allow_sha1)
{
    const EVP_MD *hash = hash_of(algorithm, allow_sha1);
    bool ec = strstr(algorithm, "#ecdsa-") != NULL, made = false;

    for (int i = 0; hash && !made && i < certificates->nelts; i++) {
        EVP_PKEY *key = X509_get0_pubkey(APR_ARRAY_IDX(certificates, i, const rcidp_certificate *)->x509);

        made =
            ec ? EVP_PKEY_is_a(key, "EC") &&
                     verifies_ecdsa(key, hash, text, length, signature, signature_length)
               : EVP_PKEY_is_a(key, "RSA") && verifies(key, hash, text, length, signature, signature_length);
    }
    ERR_clear_error();
    return made ? RCIDP_VERIFIED : RCIDP_REFUSED;
}

const char *rcidp_verify_trim(apr_pool_t *pool, const char *xml, apr_size_t *length)
{
    xmlDocPtr doc;
    xmlNodePtr signature, info;
    xmlChar *text = NULL;
    const char *copy = NULL;
    int size = 0;

    if (rcidp_foreign_parse(xml, *length, &doc))
        return NULL;
    signature = rcidp_foreign_child(xmlDocGetRootElement(doc), RCIDP_NS_DSIG, "Signature");
    if ((info = rcidp_foreign_child(signature, RCIDP_NS_DSIG, "KeyInfo"))) {
        xmlUnlinkNode(info);
        xmlFreeNode(info);
    }
    xmlDocDumpMemoryEnc(doc, &text, &size, "UTF-8"); /* as it was read, whatever it declares */
    if (text)
        copy = apr_pstrmemdup(pool, (const char *)text, (apr_size_t)size);
    *length = (apr_size_t)size;
    xmlFree(text);
    xmlFreeDoc(doc);
    return copy;
}
