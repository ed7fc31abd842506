/* SPDX-License-Identifier: Apache-2.0 */
/* XML signatures (W3C xmldsig-core; SAML core 5.4), made by the one function for our key. */
#ifndef RCIDP_SIGN_H
#define RCIDP_SIGN_H

#include <libxml/tree.h>
#include <xmlsec/xmlsec.h>
#include <xmlsec/keys.h>

#include "key.h"

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
} rcidp_signer;

/* The algorithm of that name, NULL if there is none. */
const rcidp_algorithm *rcidp_algorithm_find(const char *name);

/* The algorithm that fits the key: RSA and P-256 with SHA-256, P-384 with SHA-384, P-521 with SHA-512. */
const rcidp_algorithm *rcidp_algorithm_for(const rcidp_key *key);

/* The ds namespace on a node that carries it, made if needed; for metadata. NULL without memory. */
xmlNsPtr rcidp_sign_namespace(xmlNodePtr node);

/* Append <ds:KeyInfo> with this certificate to parent. Returns NULL without memory. */
xmlNodePtr rcidp_sign_key_info(xmlNodePtr parent, xmlNsPtr ds, const rcidp_certificate *certificate);

/* The key as xmlsec holds it, without a certificate, which xmlsec would copy for each signature. The caller,
 * or the xmlsec context that it is given to, destroys it. NULL without memory. */
xmlSecKeyPtr rcidp_sign_lend_key(const rcidp_key *key);

/* Sign `element` enveloped, by its ID attribute, exclusive canonicalisation (SAML core 5.4.1 to 5.4.4); the
 * ds:Signature is put behind its first child, the Issuer. Returns NULL, or what failed; then the document is
 * not fit to be sent. */
const char *rcidp_sign(apr_pool_t *pool, xmlNodePtr element, const rcidp_signer *signer);

#endif
