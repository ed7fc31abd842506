/* SPDX-License-Identifier: Apache-2.0 */
#include "sign.h"

#include <apr_strings.h>
#include <openssl/evp.h>
#include <string.h>
#include <xmlsec/openssl/evp.h>

#include "foreign.h"

#define EXCLUSIVE "http://www.w3.org/2001/10/xml-exc-c14n#"
#define ENVELOPED "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
#define SHA256 "http://www.w3.org/2001/04/xmlenc#sha256"
#define SHA384 "http://www.w3.org/2001/04/xmldsig-more#sha384"
#define SHA512 "http://www.w3.org/2001/04/xmlenc#sha512"
#define MORE "http://www.w3.org/2001/04/xmldsig-more#"

/* About the length of a ds:Signature by RSA 3072 without its certificate. */
#define SIGNATURE_ROOM 1600

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

static apr_status_t free_hash(void *hash)
{
    EVP_MD_free(hash);
    return APR_SUCCESS;
}

const EVP_MD *rcidp_algorithm_hash(apr_pool_t *pool, const rcidp_algorithm *algorithm)
{
    EVP_MD *hash = EVP_MD_fetch(NULL, EVP_MD_get0_name(algorithm->hash()), NULL);

    if (hash)
        apr_pool_cleanup_register(pool, hash, free_hash, apr_pool_cleanup_null);
    return hash;
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

void rcidp_sign_key_info(rcidp_markup *markup, const rcidp_certificate *certificate)
{
    rcidp_markup_open(markup, "ds:KeyInfo");
    rcidp_markup_open(markup, "ds:X509Data");
    rcidp_markup_element(markup, "ds:X509Certificate", certificate->base64);
    rcidp_markup_close(markup, "ds:X509Data");
    rcidp_markup_close(markup, "ds:KeyInfo");
}

static void add_reference(rcidp_markup *markup, const char *id, const rcidp_signer *signer,
                          const unsigned char *digest)
{
    rcidp_markup_open(markup, "ds:Reference");
    rcidp_markup_attribute(markup, "URI", apr_pstrcat(markup->pool, "#", id, NULL));
    rcidp_markup_open(markup, "ds:Transforms");
    rcidp_markup_method(markup, "ds:Transform", ENVELOPED);
    rcidp_markup_method(markup, "ds:Transform", EXCLUSIVE);
    rcidp_markup_close(markup, "ds:Transforms");
    rcidp_markup_method(markup, "ds:DigestMethod", signer->algorithm->digest);
    rcidp_markup_base64(markup, "ds:DigestValue", digest, (apr_size_t)EVP_MD_get_size(signer->hash));
    rcidp_markup_close(markup, "ds:Reference");
}

static void add_signed_info(rcidp_markup *markup, const char *id, const rcidp_signer *signer,
                            const unsigned char *digest)
{
    rcidp_markup_open(markup, "ds:SignedInfo");
    rcidp_markup_method(markup, "ds:CanonicalizationMethod", EXCLUSIVE);
    rcidp_markup_method(markup, "ds:SignatureMethod", signer->algorithm->uri);
    add_reference(markup, id, signer, digest);
    rcidp_markup_close(markup, "ds:SignedInfo");
}

/* SignedInfo, the text from `start` to the end, is signed as if it stood alone: with the namespace that it
 * has from the Signature around it. */
static bool digest_signed_info(const rcidp_markup *markup, apr_size_t start, const EVP_MD *hash,
                               unsigned char *digest)
{
    static const char alone[] = "<ds:SignedInfo xmlns:ds=\"" RCIDP_NS_DSIG "\"";
    apr_size_t tag = strlen("<ds:SignedInfo");
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool made = context && EVP_DigestInit_ex(context, hash, NULL) == 1 &&
                EVP_DigestUpdate(context, alone, strlen(alone)) == 1 &&
                EVP_DigestUpdate(context, markup->text + start + tag, markup->length - start - tag) == 1 &&
                EVP_DigestFinal_ex(context, digest, NULL) == 1;

    EVP_MD_CTX_free(context);
    return made;
}

/* The ds:Signature over what has that digest, alone in `signature`. */
static const char *make_signature(rcidp_markup *signature, const char *id, const rcidp_signer *signer,
                                  unsigned char *digest)
{
    const unsigned char *value;
    apr_size_t start, length;
    const char *error;

    rcidp_markup_open(signature, "ds:Signature");
    rcidp_markup_attribute(signature, "xmlns:ds", RCIDP_NS_DSIG);
    start = rcidp_markup_here(signature);
    add_signed_info(signature, id, signer, digest);
    if (!digest_signed_info(signature, start, signer->hash, digest))
        return "OpenSSL makes no digest";
    error = rcidp_key_sign(signature->pool, signer->key, signer->hash, digest, &value, &length);
    if (error)
        return error;
    rcidp_markup_base64(signature, "ds:SignatureValue", value, length);
    rcidp_sign_key_info(signature, signer->certificate);
    rcidp_markup_close(signature, "ds:Signature");
    return NULL;
}

const char *rcidp_sign(rcidp_markup *markup, apr_size_t start, apr_size_t place, const char *id,
                       const rcidp_signer *signer)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    rcidp_markup signature;
    const char *error;

    if (strcmp(signer->key->type, signer->algorithm->key_type) != 0)
        return "the algorithm is not for this key";
    if (!signer->hash ||
        EVP_Digest(markup->text + start, markup->length - start, digest, NULL, signer->hash, NULL) != 1)
        return "OpenSSL makes no digest";
    rcidp_markup_begin(&signature, markup->pool, SIGNATURE_ROOM + strlen(signer->certificate->base64));
    error = make_signature(&signature, id, signer, digest);
    if (!error)
        rcidp_markup_insert(markup, place, signature.text, signature.length);
    return error;
}
