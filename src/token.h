/* SPDX-License-Identifier: Apache-2.0 */
/* Keys on PKCS #11 tokens (RFC 7512 URIs), by OpenSSL's engine of that name. Only for a process that never
 * forks: the token's library lives in it. */
#ifndef RCIDP_TOKEN_H
#define RCIDP_TOKEN_H

#include "key.h"

/* Does the name of a key say that it is on a token: "pkcs11:..."? */
bool rcidp_token_is_named(const char *file);

/* The URI without its query, for messages. In pool. */
const char *rcidp_token_name(apr_pool_t *pool, const char *uri);

/* Find the key of that URI and log in. Of the query, pin-source (a file with the PIN) and module-path (the
 * token's library; without it p11-kit knows) are looked at. The key takes part in rcidp_key_sign() until the
 * process ends. Returns NULL or a sentence, in which the PIN never is. */
const char *rcidp_token_read(apr_pool_t *pool, const char *uri, const rcidp_key **key);

/* What rcidp_token_read() returns, this very string, where the token refuses the PIN. Tokens lock themselves
 * after a few wrong ones. */
extern const char rcidp_token_wrong_pin[];

/* Does an engine compute for RSA keys in OpenSSL's place, also for those of files? */
bool rcidp_token_engine_has_rsa(void);

#endif
