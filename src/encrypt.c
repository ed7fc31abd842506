/* SPDX-License-Identifier: Apache-2.0 */
#include "encrypt.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "foreign.h"

#define XENC "http://www.w3.org/2001/04/xmlenc#"
#define GCM "http://www.w3.org/2009/xmlenc11#aes256-gcm"

/* xmlenc-core1, 5.2.4: what is in the CipherValue is the IV, the ciphertext and the tag. */
#define KEY_SIZE 32
#define IV_SIZE 12
#define TAG_SIZE 16

/* AES-256-GCM. `sealed` has room for IV, text and tag. */
static bool seal(const unsigned char *key, const char *text, int length, unsigned char *sealed)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    unsigned char *at = sealed + IV_SIZE;
    int size = 0, rest = 0;
    bool made = context && RAND_bytes(sealed, IV_SIZE) == 1 &&
                EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, sealed) == 1 &&
                EVP_EncryptUpdate(context, at, &size, (const unsigned char *)text, length) == 1 &&
                size == length && EVP_EncryptFinal_ex(context, at + size, &rest) == 1 && rest == 0 &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, at + size) == 1;

    EVP_CIPHER_CTX_free(context);
    return made;
}

/* RSA-OAEP with SHA-1, which is what rsa-oaep-mgf1p means where nothing else is said (xmlenc-core1, 5.5.2);
 * what it hides is random. NULL if it failed. */
static const unsigned char *wrap(apr_pool_t *pool, EVP_PKEY *receiver, const unsigned char *key,
                                 size_t *length)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, receiver, NULL);
    unsigned char *wrapped = NULL;
    bool made = context && EVP_PKEY_encrypt_init(context) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
                EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha1()) == 1 &&
                EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha1()) == 1 &&
                EVP_PKEY_encrypt(context, NULL, length, key, KEY_SIZE) == 1;

    if (made) {
        wrapped = apr_palloc(pool, *length);
        made = EVP_PKEY_encrypt(context, wrapped, length, key, KEY_SIZE) == 1;
    }
    EVP_PKEY_CTX_free(context);
    return made ? wrapped : NULL;
}

static void add_value(rcidp_markup *out, const unsigned char *bytes, size_t length)
{
    rcidp_markup_open(out, "xenc:CipherData");
    rcidp_markup_base64(out, "xenc:CipherValue", bytes, length);
    rcidp_markup_close(out, "xenc:CipherData");
}

static void add_encrypted(rcidp_markup *out, const unsigned char *wrapped, size_t wrapped_length,
                          const unsigned char *sealed, size_t sealed_length)
{
    rcidp_markup_open(out, "saml:EncryptedAssertion");
    rcidp_markup_attribute(out, "xmlns:saml", RCIDP_NS_ASSERTION);
    rcidp_markup_open(out, "xenc:EncryptedData");
    rcidp_markup_attribute(out, "xmlns:xenc", XENC);
    rcidp_markup_attribute(out, "Type", XENC "Element");
    rcidp_markup_method(out, "xenc:EncryptionMethod", GCM);
    rcidp_markup_open(out, "ds:KeyInfo");
    rcidp_markup_attribute(out, "xmlns:ds", RCIDP_NS_DSIG);
    rcidp_markup_open(out, "xenc:EncryptedKey");
    rcidp_markup_method(out, "xenc:EncryptionMethod", XENC "rsa-oaep-mgf1p");
    add_value(out, wrapped, wrapped_length);
    rcidp_markup_close(out, "xenc:EncryptedKey");
    rcidp_markup_close(out, "ds:KeyInfo");
    add_value(out, sealed, sealed_length);
    rcidp_markup_close(out, "xenc:EncryptedData");
    rcidp_markup_close(out, "saml:EncryptedAssertion");
}

const char *rcidp_encrypt(rcidp_markup *markup, apr_size_t start, const rcidp_certificate *certificate)
{
    size_t length = markup->length - start, wrapped_length = 0;
    unsigned char key[KEY_SIZE], *sealed = apr_palloc(markup->pool, IV_SIZE + length + TAG_SIZE);
    const unsigned char *wrapped = NULL;

    if (length < INT_MAX && RAND_bytes(key, KEY_SIZE) == 1 &&
        seal(key, markup->text + start, (int)length, sealed))
        wrapped = wrap(markup->pool, X509_get0_pubkey(certificate->x509), key, &wrapped_length);
    OPENSSL_cleanse(key, sizeof(key));
    ERR_clear_error();
    if (!wrapped)
        return "OpenSSL could not encrypt";
    rcidp_markup_cut(markup, start);
    add_encrypted(markup, wrapped, wrapped_length, sealed, IV_SIZE + length + TAG_SIZE);
    return NULL;
}
