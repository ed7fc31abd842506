/* SPDX-License-Identifier: Apache-2.0 */
#include "sign.h"

#include <apr_encode.h>
#include <libxml/c14n.h>
#include <openssl/evp.h>
#include <string.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/openssl/evp.h>
#include <xmlsec/strings.h>
#include <xmlsec/templates.h>
#include <xmlsec/xmltree.h>

#define SHA256 "http://www.w3.org/2001/04/xmlenc#sha256"
#define SHA384 "http://www.w3.org/2001/04/xmldsig-more#sha384"
#define SHA512 "http://www.w3.org/2001/04/xmlenc#sha512"
#define MORE "http://www.w3.org/2001/04/xmldsig-more#"

static const rcidp_algorithm algorithms[] = {
    {"rsa-sha256", "RSA", MORE "rsa-sha256", SHA256, EVP_sha256},
    {"rsa-sha384", "RSA", MORE "rsa-sha384", SHA384, EVP_sha384},
    {"rsa-sha512", "RSA", MORE "rsa-sha512", SHA512, EVP_sha512},
    {"ecdsa-sha256", "EC", MORE "ecdsa-sha256", SHA256, EVP_sha256},
    {"ecdsa-sha384", "EC", MORE "ecdsa-sha384", SHA384, EVP_sha384},
    {"ecdsa-sha512", "EC", MORE "ecdsa-sha512", SHA512, EVP_sha512},
};

const rcidp_algorithm *rcidp_algorithm_find(const char *name)
{
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        if (strcmp(algorithms[i].name, name) == 0)
            return &algorithms[i];
    }
    return NULL;
}

const rcidp_algorithm *rcidp_algorithm_for(const rcidp_key *key)
{
    if (strcmp(key->type, "RSA") == 0)
        return rcidp_algorithm_find("rsa-sha256");
    return rcidp_algorithm_find(key->bits <= 256   ? "ecdsa-sha256"
                                : key->bits <= 384 ? "ecdsa-sha384"
                                                   : "ecdsa-sha512");
}

xmlNsPtr rcidp_sign_namespace(xmlNodePtr node)
{
    return xmlNewNs(node, xmlSecDSigNs, BAD_CAST "ds");
}

xmlNodePtr rcidp_sign_key_info(xmlNodePtr parent, xmlNsPtr ds, const rcidp_certificate *certificate)
{
    xmlNodePtr info = xmlNewChild(parent, ds, xmlSecNodeKeyInfo, NULL);
    xmlNodePtr data = info ? xmlNewChild(info, ds, xmlSecNodeX509Data, NULL) : NULL;

    return data ? xmlNewTextChild(data, ds, xmlSecNodeX509Certificate, BAD_CAST certificate->base64) : NULL;
}

/* An empty signature over the element of that ID; NULL without memory or for an unknown algorithm. */
static xmlNodePtr make_template(xmlNodePtr element, const char *id, const rcidp_algorithm *algorithm)
{
    xmlSecTransformId method = xmlSecTransformIdListFindByHref(
        xmlSecTransformIdsGet(), BAD_CAST algorithm->uri, xmlSecTransformUsageSignatureMethod);
    xmlSecTransformId digest = xmlSecTransformIdListFindByHref(
        xmlSecTransformIdsGet(), BAD_CAST algorithm->digest, xmlSecTransformUsageDigestMethod);
    xmlChar uri[128] = "#";
    xmlNodePtr signature, reference;

    if (method == xmlSecTransformIdUnknown || digest == xmlSecTransformIdUnknown ||
        strlen(id) + 2 > sizeof(uri))
        return NULL;
    memcpy(uri + 1, id, strlen(id) + 1);
    signature =
        xmlSecTmplSignatureCreateNsPref(element->doc, xmlSecTransformExclC14NId, method, NULL, BAD_CAST "ds");
    if (!signature)
        return NULL;
    if (!xmlAddNextSibling(element->children, signature)) {
        xmlFreeNode(signature); /* no Issuer, or no memory */
        return NULL;
    }
    reference = xmlSecTmplSignatureAddReference(signature, digest, NULL, uri, NULL);
    if (!reference || !xmlSecTmplReferenceAddTransform(reference, xmlSecTransformEnvelopedId) ||
        !xmlSecTmplReferenceAddTransform(reference, xmlSecTransformExclC14NId))
        return NULL;
    return signature;
}

xmlSecKeyPtr rcidp_sign_lend_key(const rcidp_key *key)
{
    xmlSecKeyPtr lent = xmlSecKeyCreate();
    xmlSecKeyDataPtr data = NULL;

    if (lent && EVP_PKEY_up_ref(key->pkey)) {
        data = xmlSecOpenSSLEvpKeyAdopt(key->pkey);
        if (!data)
            EVP_PKEY_free(key->pkey);
    }
    if (data && xmlSecKeySetValue(lent, data) == 0)
        return lent;
    if (data)
        xmlSecKeyDataDestroy(data);
    if (lent)
        xmlSecKeyDestroy(lent);
    return NULL;
}

static int is_within(void *element, xmlNodePtr node, xmlNodePtr parent)
{
    for (xmlNodePtr at = node->type == XML_NAMESPACE_DECL ? parent : node; at; at = at->parent) {
        if (at == element)
            return 1;
    }
    return 0;
}

/* The digest of the element's exclusive canonical form. */
static bool make_digest(xmlNodePtr element, const EVP_MD *hash, unsigned char *digest)
{
    xmlOutputBufferPtr out = xmlAllocOutputBuffer(NULL);
    bool made =
        out && xmlC14NExecute(element->doc, is_within, element, XML_C14N_EXCLUSIVE_1_0, NULL, 0, out) >= 0 &&
        EVP_Digest(xmlOutputBufferGetContent(out), xmlOutputBufferGetSize(out), digest, NULL, hash, NULL) ==
            1;

    if (out)
        xmlOutputBufferClose(out);
    return made;
}

static bool fill(xmlNodePtr parent, const xmlChar *name, apr_pool_t *pool, const unsigned char *bytes,
                 apr_size_t length)
{
    xmlNodePtr node = xmlSecFindNode(parent, name, xmlSecDSigNs);

    if (node)
        xmlNodeSetContent(node, BAD_CAST apr_pencode_base64_binary(pool, bytes, (apr_ssize_t)length,
                                                                   APR_ENCODE_NONE, NULL));
    return node && node->children;
}

const char *rcidp_sign(apr_pool_t *pool, xmlNodePtr element, const rcidp_signer *signer)
{
    xmlAttrPtr attribute = xmlHasProp(element, BAD_CAST "ID");
    xmlChar *id = attribute ? xmlNodeListGetString(element->doc, attribute->children, 1) : NULL;
    const EVP_MD *hash = signer->algorithm->hash();
    unsigned char digest[EVP_MAX_MD_SIZE];
    const unsigned char *value;
    apr_size_t length;
    xmlNodePtr signature = NULL;
    const char *error = NULL;

    if (!id || !xmlAddID(NULL, element->doc, id, attribute))
        error = "the element to sign has no ID of its own";
    else if (strcmp(signer->key->type, signer->algorithm->key_type) != 0)
        error = "the algorithm is not for this key";
    else if (!make_digest(element, hash, digest) ||
             !(signature = make_template(element, (const char *)id, signer->algorithm)))
        error = "no room for a signature";
    else if (!fill(signature, xmlSecNodeDigestValue, pool, digest, (apr_size_t)EVP_MD_get_size(hash)) ||
             !make_digest(signature->children->next, hash, digest))
        error = "no memory for a digest";
    if (!error)
        error = rcidp_key_sign(pool, signer->key, hash, digest, &value, &length);
    if (!error && (!fill(signature, xmlSecNodeSignatureValue, pool, value, length) ||
                   !rcidp_sign_key_info(signature, signature->ns, signer->certificate)))
        error = "no memory for the signature";
    xmlFree(id);
    return error;
}
