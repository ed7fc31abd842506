/* SPDX-License-Identifier: Apache-2.0 */
#include "pseudonym.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "key.h"

#define SECRET_MOST 4096

static apr_status_t wipe(void *data)
{
    rcidp_secret *secret = data;

    OPENSSL_clear_free(secret->bytes, secret->length);
    return APR_SUCCESS;
}

const char *rcidp_secret_read(apr_pool_t *pool, const char *file, const rcidp_secret **secret)
{
    rcidp_secret *made = apr_pcalloc(pool, sizeof(*made));
    char *data;
    const char *error = rcidp_key_file(pool, file, &data, &made->length, &made->exposed);

    if (error)
        return error;
    made->bytes = (unsigned char *)data;
    apr_pool_cleanup_register(pool, made, wipe, apr_pool_cleanup_null);
    if (made->length < RCIDP_SECRET_LEAST || made->length > SECRET_MOST)
        return apr_psprintf(pool, "%s has %" APR_SIZE_T_FMT " bytes; %d to %d random ones are needed", file,
                            made->length, RCIDP_SECRET_LEAST, SECRET_MOST);
    *secret = made;
    return NULL;
}

const char *rcidp_pseudonym(apr_pool_t *pool, const rcidp_secret *secret, const char *audience,
                            const char *value)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    /* The NUL in between keeps one pair from being read as another. */
    apr_size_t first = strlen(audience) + 1, second = strlen(value);
    unsigned char *text = apr_palloc(pool, first + second + 1);

    memcpy(text, audience, first);
    memcpy(text + first, value, second + 1);
    if (!HMAC(EVP_sha256(), secret->bytes, (int)secret->length, text, first + second, hash, &length))
        return NULL;
    return apr_pescape_hex(pool, hash, length, 0);
}
