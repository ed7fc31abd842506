/* SPDX-License-Identifier: Apache-2.0 */
/* XML signatures (W3C xmldsig-core; SAML core 5.4), made by the one function for our key. */
#ifndef RCIDP_SIGN_H
#define RCIDP_SIGN_H

#include <xmlsec/xmlsec.h>
#include <xmlsec/keys.h>

#include "key.h"
#include "markup.h"

/* A signature algorithm: a row of one constant table. */
typedef struct rcidp_algorithm {
    const char *name;     /* as in the configuration: "rsa-sha256" */
    const char *key_type; /* as in rcidp_key.type */
    const char *uri;      /* of ds:SignatureMethod */
    const char *digest;   /* URI of ds:DigestMethod: the same hash */
    const EVP_MD *(*hash)(void);
} rcidp_algorithm;

/* What a Response is signed with. */
typedef struct rcidp_signer {
    const rcidp_key *key;
    const rcidp_certificate *certificate;
    const rcidp_algorithm *algorithm;
    const EVP_MD *hash; /* the algorithm's, by rcidp_algorithm_hash */
} rcidp_signer;

/* The algorithm of that name, NULL if there is none. */
const rcidp_algorithm *rcidp_algorithm_find(const char *name);

/* The algorithm that fits the key: RSA and P-256 with SHA-256, P-384 with SHA-384, P-521 with SHA-512. */
const rcidp_algorithm *rcidp_algorithm_for(const rcidp_key *key);

/* The algorithm's hash, fetched once for all signatures and freed with pool. NULL where OpenSSL has none. */
const EVP_MD *rcidp_algorithm_hash(apr_pool_t *pool, const rcidp_algorithm *algorithm);

/* <ds:KeyInfo> with this certificate; the prefix ds is declared around it. */
void rcidp_sign_key_info(rcidp_markup *markup, const rcidp_certificate *certificate);

/* The key as xmlsec holds it, without a certificate, which xmlsec would copy for each signature. The caller,
 * or the xmlsec context that it is given to, destroys it. NULL without memory. */
xmlSecKeyPtr rcidp_sign_lend_key(const rcidp_key *key);

/* Sign an element enveloped (SAML core 5.4.1 to 5.4.4): it is the text from `start` to the end, bears that
 * ID, and needs no namespace of what is around it. The ds:Signature is put at `place` inside it, which is
 * behind the Issuer. Returns NULL, or what failed; then the text is as before. */
const char *rcidp_sign(rcidp_markup *markup, apr_size_t start, apr_size_t place, const char *id,
                       const rcidp_signer *signer);

#endif
