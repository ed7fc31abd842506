/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and certificates: read once, at configuration time, as root; read-only afterwards. */
#ifndef RCIDP_KEY_H
#define RCIDP_KEY_H

#include <apr_pools.h>
#include <apr_time.h>
#include <openssl/types.h>
#include <stdbool.h>

typedef struct rcidp_certificate {
    X509 *x509;
    const char *base64;      /* DER in base64, on one line: the text of ds:X509Certificate */
    const char *fingerprint; /* SHA-256, lower-case hexadecimal */
    apr_time_t not_before, not_after;
} rcidp_certificate;

typedef struct rcidp_key rcidp_key;

/* How a key makes a signature over a digest of that hash: rcidp_key_sign() says what of what. */
typedef const char *rcidp_key_signs(apr_pool_t *pool, const rcidp_key *key, const EVP_MD *hash,
                                    const unsigned char *digest, const unsigned char **signature,
                                    apr_size_t *length);

struct rcidp_key {
    EVP_PKEY *pkey;                  /* its public half at least */
    const EVP_PKEY_CTX *signs_by;    /* made once and copied for each use; NULL where `signs` is set */
    const EVP_PKEY_CTX *verifies_by; /* likewise, and NULL for EC */
    const char *type;                /* "RSA" or "EC" */
    int bits;
    apr_uint32_t *doubt;    /* not 0: verify each RSA signature before it is given out */
    bool exposed;           /* the file can be read or written by group or others */
    rcidp_key_signs *signs; /* where the private half is not in pkey: what signs instead; else NULL */
    void *keeper;           /* what that needs to know */
};

/* The whole of a file of at most 1 MiB, in a buffer that the caller frees with OPENSSL_clear_free(*data,
 * *length); no other copy is left. *exposed, if asked for, says whether group or others can read or write it.
 * Returns NULL, or a sentence that says what is wrong with the file. */
const char *rcidp_key_file(apr_pool_t *pool, const char *file, char **data, apr_size_t *length,
                           bool *exposed);

/* Read the first certificate of a PEM file. It and what it points to live as long as pool. Returns NULL, or a
 * sentence that says what is wrong with the file: unreadable, no certificate, a weak key (under 2048 bits, no
 * RSA or EC), a certificate that is itself signed with less than SHA-256. Expired ones are read: the caller
 * warns. */
const char *rcidp_certificate_read(apr_pool_t *pool, const char *file, const rcidp_certificate **certificate);

/* The same from the text of a ds:X509Certificate, base64 with any white space. `file` is for the message. A
 * service provider's own certificate may be signed as it likes: its key is what counts. */
const char *rcidp_certificate_parse(apr_pool_t *pool, const char *base64, const char *file,
                                    const rcidp_certificate **certificate);

/* Read an unencrypted private key from a PEM file: RSA of at least 2048 bits, or EC P-256, P-384, P-521. The
 * file's text is wiped from memory at once; the key lives, and is freed, with pool. Returns NULL or a
 * sentence, as above. */
const char *rcidp_key_read(apr_pool_t *pool, const char *file, const rcidp_key **key);

/* The same with a key that is at hand. It is freed with pool, also if it is refused. */
const char *rcidp_key_adopt(apr_pool_t *pool, EVP_PKEY *pkey, const char *file, bool exposed,
                            const rcidp_key **key);

/* Does the file, which may be any, have a private key in PEM form? Its text is wiped, and nothing parsed. */
bool rcidp_key_is_in(apr_pool_t *pool, const char *file);

/* The one way in which our private key is used. Sign a digest that was made by `hash`, and is as long as that
 * says: by RSA PKCS #1 v1.5, or by ECDSA as the two numbers side by side, each as long as the curve's order
 * (XML Signature 1.1, 6.4.2 and 6.4.3). *signature, of *length bytes, is in pool. Returns NULL, or what
 * failed. Safe in many threads. */
const char *rcidp_key_sign(apr_pool_t *pool, const rcidp_key *key, const EVP_MD *hash,
                           const unsigned char *digest, const unsigned char **signature, apr_size_t *length);

/* Does the certificate speak of this key? */
bool rcidp_key_matches(const rcidp_key *key, const rcidp_certificate *certificate);

#endif
