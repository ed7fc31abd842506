/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at a private key without ever having it: a process of its own reads and judges it, tells, and ends.
 */
#ifndef RCIDP_INSPECT_H
#define RCIDP_INSPECT_H

#include "confine.h"
#include "key.h"

/* What reads the key: rcidp_key_read() or the like. */
typedef const char *rcidp_inspect_read(apr_pool_t *pool, const char *file, const rcidp_key **key);

/* As `read` would do it, with the public half of the key alone in *known. It is freed with pool. `user` is
 * for a key on a token: whom the process becomes; it is not asked again where its library ended the process.
 * Returns NULL or a sentence. */
const char *rcidp_inspect(apr_pool_t *pool, rcidp_inspect_read *read, const char *file,
                          const rcidp_confine_user *user, const rcidp_key **known);

#endif
