/* SPDX-License-Identifier: Apache-2.0 */
#include "key.h"

#include <apr_atomic.h>
#include <apr_encode.h>
#include <apr_escape.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "token.h"

#define SMALLEST_RSA 2048
#define LARGEST_FILE (1024 * 1024)
#define SIGNATURE_BITS 128 /* of security: those of SHA-256 */
#define OPEN_TO_OTHERS (APR_FPROT_GREAD | APR_FPROT_GWRITE | APR_FPROT_WREAD | APR_FPROT_WWRITE)

static apr_status_t free_pkey(void *pkey)
{
    EVP_PKEY_free(pkey);
    return APR_SUCCESS;
}

static apr_status_t free_context(void *context)
{
    EVP_PKEY_CTX_free(context);
    return APR_SUCCESS;
}

static apr_status_t free_x509(void *x509)
{
    X509_free(x509);
    return APR_SUCCESS;
}

const char *rcidp_key_file(apr_pool_t *pool, const char *file, char **data, apr_size_t *length, bool *exposed)
{
    apr_file_t *in;
    apr_finfo_t info;
    char why[120];
    apr_status_t rv;

    *data = NULL;
    if (apr_stat(&info, file, APR_FINFO_TYPE, pool) == APR_SUCCESS && info.filetype == APR_PIPE)
        return apr_psprintf(pool, "%s is a pipe, and not a file", file); /* which open() would wait for */
    rv = apr_file_open(&in, file, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT, pool);
    if (rv == APR_SUCCESS) {
        rv = apr_file_info_get(&info, APR_FINFO_SIZE | APR_FINFO_TYPE | APR_FINFO_PROT, in);
        if (rv != APR_SUCCESS || info.filetype != APR_REG || info.size > LARGEST_FILE || info.size == 0) {
            apr_file_close(in);
            return apr_psprintf(pool, "%s is not a file of 1 byte to 1 MiB", file);
        }
        *length = (apr_size_t)info.size;
        *data = OPENSSL_malloc(*length);
        rv = *data ? apr_file_read_full(in, *data, *length, NULL) : APR_ENOMEM;
        apr_file_close(in);
    }
    if (rv == APR_SUCCESS) {
        if (exposed)
            *exposed = (info.protection & OPEN_TO_OTHERS) != 0;
        return NULL;
    }
    if (*data)
        OPENSSL_clear_free(*data, *length);
    *data = NULL;
    return apr_psprintf(pool, "cannot read %s: %s", file, apr_strerror(rv, why, sizeof(why)));
}

/* "RSA" or "EC" if the key is one of those we take, else NULL and why. */
static const char *judge_key(apr_pool_t *pool, const EVP_PKEY *pkey, const char *file, const char **type)
{
    int bits = EVP_PKEY_get_bits(pkey);
    char curve[40] = "unknown";

    if (EVP_PKEY_is_a(pkey, "RSA")) {
        *type = "RSA";
        return bits >= SMALLEST_RSA
                   ? NULL
                   : apr_psprintf(pool, "%s has an RSA key of %d bits; at least %d are needed", file, bits,
                                  SMALLEST_RSA);
    }
    if (EVP_PKEY_is_a(pkey, "EC")) {
        *type = "EC";
        EVP_PKEY_get_group_name(pkey, curve, sizeof(curve), NULL);
        if (!strcmp(curve, "prime256v1") || !strcmp(curve, "secp384r1") || !strcmp(curve, "secp521r1"))
            return NULL;
        return apr_psprintf(pool, "%s has an EC key on the curve %s; P-256, P-384 or P-521 is needed", file,
                            curve);
    }
    return apr_psprintf(pool, "%s has a key of type %s; RSA or EC is needed", file,
                        EVP_PKEY_get0_type_name(pkey));
}

static apr_time_t as_time(const ASN1_TIME *asn1)
{
    struct tm tm;
    apr_time_exp_t utc;
    apr_time_t time = 0;

    memset(&utc, 0, sizeof(utc));
    if (ASN1_TIME_to_tm(asn1, &tm) == 1) {
        utc.tm_year = tm.tm_year;
        utc.tm_mon = tm.tm_mon;
        utc.tm_mday = tm.tm_mday;
        utc.tm_hour = tm.tm_hour;
        utc.tm_min = tm.tm_min;
        utc.tm_sec = tm.tm_sec;
        apr_time_exp_gmt_get(&time, &utc);
    }
    return time;
}

/* The certificate's facts, once its DER can be had. */
static bool describe(apr_pool_t *pool, rcidp_certificate *certificate)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int hash_length;
    unsigned char *der = NULL;
    int length = i2d_X509(certificate->x509, &der);

    if (length <= 0 || !X509_digest(certificate->x509, EVP_sha256(), hash, &hash_length)) {
        OPENSSL_free(der);
        return false;
    }
    certificate->base64 = apr_pencode_base64_binary(pool, der, length, APR_ENCODE_NONE, NULL);
    OPENSSL_free(der);
    certificate->fingerprint = apr_pescape_hex(pool, hash, hash_length, 0);
    certificate->not_before = as_time(X509_get0_notBefore(certificate->x509));
    certificate->not_after = as_time(X509_get0_notAfter(certificate->x509));
    return true;
}

/* Weaker than with SHA-256, or by what OpenSSL does not know. */
static bool has_weak_signature(X509 *x509)
{
    int bits;

    return !X509_get_signature_info(x509, NULL, NULL, &bits, NULL) || bits < SIGNATURE_BITS;
}

/* Take the X509, freed with pool, and judge it. */
static const char *adopt(apr_pool_t *pool, X509 *x509, const char *file,
                         const rcidp_certificate **certificate)
{
    rcidp_certificate *made = apr_pcalloc(pool, sizeof(*made));
    const char *type, *error;

    made->x509 = x509;
    apr_pool_cleanup_register(pool, made->x509, free_x509, apr_pool_cleanup_null);
    if (X509_get0_pubkey(made->x509) && describe(pool, made))
        error = judge_key(pool, X509_get0_pubkey(made->x509), file, &type);
    else
        error = apr_psprintf(pool, "the certificate in %s cannot be understood", file);
    ERR_clear_error();
    if (!error)
        *certificate = made;
    return error;
}

const char *rcidp_certificate_read(apr_pool_t *pool, const char *file, const rcidp_certificate **certificate)
{
    apr_size_t length;
    char *data;
    X509 *x509;
    const char *error = rcidp_key_file(pool, file, &data, &length, NULL);
    BIO *bio;

    if (error)
        return error;
    bio = BIO_new_mem_buf(data, (int)length);
    x509 = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    OPENSSL_clear_free(data, length); /* the same file may hold the key */
    ERR_clear_error();
    if (!x509)
        return apr_psprintf(pool, "%s has no certificate in PEM form", file);
    if (has_weak_signature(x509)) {
        int nid = X509_get_signature_nid(x509);

        X509_free(x509);
        return apr_psprintf(pool, "the certificate in %s is signed with %s; SHA-256 or better is needed",
                            file, nid == NID_undef ? "an unknown algorithm" : OBJ_nid2ln(nid));
    }
    return adopt(pool, x509, file, certificate);
}

const char *rcidp_certificate_parse(apr_pool_t *pool, const char *base64, const char *file,
                                    const rcidp_certificate **certificate)
{
    char *dense = apr_pstrdup(pool, base64);
    const unsigned char *der;
    apr_size_t length = 0;
    X509 *x509;

    apr_collapse_spaces(dense, base64);
    der = apr_pdecode_base64_binary(pool, dense, APR_ENCODE_STRING, APR_ENCODE_NONE, &length);
    x509 = der ? d2i_X509(NULL, &der, (long)length) : NULL;
    ERR_clear_error();
    return x509 ? adopt(pool, x509, file, certificate)
                : apr_psprintf(pool, "%s has a certificate that cannot be understood", file);
}

/* A context, freed with pool, to be copied for each use: to make one costs an ECDSA signature a fifth more,
 * since names are looked up. NULL without memory, or where the key cannot do that. */
static const EVP_PKEY_CTX *prepare(apr_pool_t *pool, EVP_PKEY *pkey, int (*init)(EVP_PKEY_CTX *))
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

    if (context && init(context) == 1 &&
        (!EVP_PKEY_is_a(pkey, "RSA") || EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1)) {
        apr_pool_cleanup_register(pool, context, free_context, apr_pool_cleanup_null);
        return context;
    }
    EVP_PKEY_CTX_free(context);
    return NULL;
}

static bool prepare_both(apr_pool_t *pool, rcidp_key *key)
{
    bool is_rsa = strcmp(key->type, "RSA") == 0;

    key->signs_by = prepare(pool, key->pkey, EVP_PKEY_sign_init);
    key->verifies_by = is_rsa ? prepare(pool, key->pkey, EVP_PKEY_verify_init) : NULL;
    ERR_clear_error();
    return key->signs_by && (key->verifies_by || !is_rsa);
}

/* On an IBM Z, newer versions of OpenSSL let a card compute, and do not look at what comes out. */
#ifdef __s390x__
#define HAS_CARD true
#else
#define HAS_CARD false
#endif

/* Does OpenSSL itself compute with it, and not a token's library or an accelerator? */
static bool is_from_openssl(const EVP_PKEY *pkey)
{
    const OSSL_PROVIDER *provider = EVP_PKEY_get0_provider(pkey);

    return provider && strcmp(OSSL_PROVIDER_get0_name(provider), "default") == 0 &&
           !rcidp_token_engine_has_rsa() && !HAS_CARD;
}

const char *rcidp_key_adopt(apr_pool_t *pool, EVP_PKEY *pkey, const char *file, bool exposed,
                            const rcidp_key **key)
{
    rcidp_key *made = apr_pcalloc(pool, sizeof(*made));
    const char *error;

    made->pkey = pkey;
    apr_pool_cleanup_register(pool, made->pkey, free_pkey, apr_pool_cleanup_null);
    made->bits = EVP_PKEY_get_bits(made->pkey);
    made->exposed = exposed;
    made->doubt = apr_palloc(pool, sizeof(*made->doubt));
    apr_atomic_set32(made->doubt, !is_from_openssl(pkey));
    error = judge_key(pool, made->pkey, file, &made->type);
    if (!error && !prepare_both(pool, made))
        error = apr_psprintf(pool, "%s has a key with which OpenSSL does not sign", file);
    if (!error)
        *key = made;
    return error;
}

bool rcidp_key_is_in(apr_pool_t *pool, const char *file)
{
    static const char heading[] = "PRIVATE KEY-----";
    apr_size_t length;
    char *data;
    bool found;

    if (rcidp_key_file(pool, file, &data, &length, NULL))
        return false;
    found = memmem(data, length, heading, sizeof(heading) - 1) != NULL;
    OPENSSL_clear_free(data, length);
    return found;
}

/* Asked for a passphrase, there is none: servers start unattended. */
static int note_passphrase(char *buffer, int size, int writing, void *asked)
{
    (void)buffer, (void)size, (void)writing;
    *(bool *)asked = true;
    return -1;
}

const char *rcidp_key_read(apr_pool_t *pool, const char *file, const rcidp_key **key)
{
    apr_size_t length;
    char *data;
    bool encrypted = false, exposed = false;
    const char *error = rcidp_key_file(pool, file, &data, &length, &exposed);
    EVP_PKEY *pkey;
    BIO *bio;

    if (error)
        return error;
    bio = BIO_new_mem_buf(data, (int)length);
    pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, note_passphrase, &encrypted) : NULL;
    BIO_free(bio);
    OPENSSL_clear_free(data, length);
    ERR_clear_error();
    if (encrypted)
        return apr_psprintf(
            pool, "the key in %s is encrypted; store it without a passphrase, readable by root only", file);
    if (!pkey)
        return apr_psprintf(pool, "%s has no private key in PEM form", file);
    return rcidp_key_adopt(pool, pkey, file, exposed, key);
}

/* OpenSSL's form of an ECDSA signature, DER, into XML's; false if it is none. */
static bool der_to_numbers(const unsigned char *der, size_t der_length, unsigned char *numbers, int half)
{
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)der_length);
    bool fits = pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), numbers, half) == half &&
                BN_bn2binpad(ECDSA_SIG_get0_s(pair), numbers + half, half) == half;

    ECDSA_SIG_free(pair);
    return fits;
}

/* A copy of a context that all threads share. An RSA signature names its hash, an ECDSA signature does not.
 * NULL without memory. */
static EVP_PKEY_CTX *copy(const EVP_PKEY_CTX *prepared, const EVP_MD *hash, bool is_rsa)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_dup(prepared);

    if (!context || !is_rsa || EVP_PKEY_CTX_set_signature_md(context, hash) == 1)
        return context;
    EVP_PKEY_CTX_free(context);
    return NULL;
}

/* Is the RSA signature right? */
static bool verifies(const rcidp_key *key, const EVP_MD *hash, const unsigned char *digest,
                     const unsigned char *signature, size_t length)
{
    EVP_PKEY_CTX *context = copy(key->verifies_by, hash, true);
    bool right =
        context && EVP_PKEY_verify(context, signature, length, digest, (size_t)EVP_MD_get_size(hash)) == 1;

    EVP_PKEY_CTX_free(context);
    return right;
}

/* Must what has just been signed be verified? An RSA signature that a fault has spoilt can tell the key
 * (Boneh, DeMillo, Lipton 1997). OpenSSL looks after that by itself, and to do so again costs up to a
 * twentieth. But refused memory while it renews a key's blinding, which is at each 32nd signature, it goes on
 * with half of one: that signature is wrong, and so are those of the next turn, of which the first alone
 * leaves an error. So from its first error on nothing is believed of this key, and nothing ever of one that
 * is not OpenSSL's own. */
static bool is_doubtful(const rcidp_key *key, bool is_signed)
{
    if (!is_signed || ERR_peek_error())
        apr_atomic_set32(key->doubt, 1);
    return apr_atomic_read32(key->doubt) != 0;
}

/* By the private key at hand. ECDSA has no such weakness, and to verify it costs more than to sign. */
static const char *sign_here(apr_pool_t *pool, const rcidp_key *key, const EVP_MD *hash,
                             const unsigned char *digest, const unsigned char **signature, apr_size_t *length)
{
    bool is_rsa = strcmp(key->type, "RSA") == 0, is_signed;
    size_t half = ((size_t)key->bits + 7) / 8, size = (size_t)EVP_PKEY_get_size(key->pkey);
    unsigned char *made = apr_palloc(pool, size), *numbers = is_rsa ? made : apr_palloc(pool, 2 * half);
    EVP_PKEY_CTX *context;

    ERR_clear_error(); /* what others have left */
    context = copy(key->signs_by, hash, is_rsa);
    is_signed = context && EVP_PKEY_sign(context, made, &size, digest, (size_t)EVP_MD_get_size(hash)) == 1;
    EVP_PKEY_CTX_free(context);
    if (is_rsa && is_doubtful(key, is_signed))
        is_signed = is_signed && verifies(key, hash, digest, made, size);
    if (!is_rsa)
        is_signed = is_signed && der_to_numbers(made, size, numbers, (int)half);
    ERR_clear_error();
    *signature = numbers;
    *length = is_rsa ? size : 2 * half;
    return is_signed ? NULL : "OpenSSL could not sign";
}

const char *rcidp_key_sign(apr_pool_t *pool, const rcidp_key *key, const EVP_MD *hash,
                           const unsigned char *digest, const unsigned char **signature, apr_size_t *length)
{
    rcidp_key_signs *signs = key->signs ? key->signs : sign_here;

    return signs(pool, key, hash, digest, signature, length);
}

bool rcidp_key_matches(const rcidp_key *key, const rcidp_certificate *certificate)
{
    bool same = EVP_PKEY_eq(key->pkey, X509_get0_pubkey(certificate->x509)) == 1;

    ERR_clear_error(); /* keys of two kinds are an error to it */
    return same;
}
