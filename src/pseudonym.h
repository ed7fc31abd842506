/* SPDX-License-Identifier: Apache-2.0 */
/* Persistent name IDs: opaque, pairwise for each service provider, the same on every machine with the same
 * secret. */
#ifndef RCIDP_PSEUDONYM_H
#define RCIDP_PSEUDONYM_H

#include <apr_pools.h>
#include <stdbool.h>

/* Fewest bytes of a secret. */
#define RCIDP_SECRET_LEAST 32

typedef struct rcidp_secret {
    unsigned char *bytes;
    apr_size_t length;
    bool exposed; /* the file can be read or changed by others than its owner */
} rcidp_secret;

/* Read the secret file, of 32 to 4096 bytes, as it is. Lives as long as pool, and is wiped with it. Returns
 * NULL, or a sentence that says what is wrong with the file. */
const char *rcidp_secret_read(apr_pool_t *pool, const char *file, const rcidp_secret **secret);

/* HMAC-SHA-256 of the audience (an entityID) and the user's value under the secret, in lower-case
 * hexadecimal: 64 characters (SAML core 8.3.7 allows 256), which no change of case maps to another's. In
 * pool; NULL if OpenSSL fails. */
const char *rcidp_pseudonym(apr_pool_t *pool, const rcidp_secret *secret, const char *audience,
                            const char *value);

#endif
