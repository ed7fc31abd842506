/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a key and a secret are wiped as soon as they have been read, or are of no use any more. */
#include "fixture.h"
#include "pseudonym.h"

#include <malloc.h>
#include <openssl/crypto.h>

/* What our own code must have wiped when it gives memory back; how often it had not. */
static const char *secret;
static int unwiped;

static void *take(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return calloc(1, size);
}

static void *take_again(void *old, size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return realloc(old, size);
}

/* Is it one of src/? Names begin as this one's, wherever the build folder is. */
static bool is_ours(const char *file)
{
    size_t length = sizeof(__FILE__) - sizeof("t/unit/wiped.c");

    return file && strncmp(file, __FILE__, length) == 0 && strncmp(file + length, "src/", 4) == 0;
}

static void give_back(void *memory, const char *file, int line)
{
    (void)line;
    if (memory && secret && is_ours(file) &&
        memmem(memory, malloc_usable_size(memory), secret, strlen(secret)))
        unwiped++;
    free(memory);
}

int main(int argc, char **argv)
{
    const char *pem, *path;
    const rcidp_certificate *certificate;
    const rcidp_key *key;
    const rcidp_secret *read;
    apr_pool_t *inner;

    (void)argc;
    if (!CRYPTO_set_mem_functions(take, take_again, give_back))
        bail_out("memory", "OpenSSL does not let us in");
    fixture_begin(argv[0]);
    pem = read_text(data_path("rsa2048.key"));
    path = write_text("both", apr_pstrcat(pool, pem, read_text(data_path("rsa2048.crt")), NULL));
    secret = apr_pstrndup(pool, pem + 200, 40);
    is_str(rcidp_key_read(pool, path, &key), NULL, "a key is read");
    is_int(unwiped, 0, "and its text wiped");
    is_str(rcidp_certificate_read(pool, path, &certificate), NULL,
           "a certificate is read from the same file");
    is_int(unwiped, 0, "and that text wiped, too");
    ok(rcidp_key_is_in(pool, path), "a key is looked for in the file");
    is_int(unwiped, 0, "and the text wiped");
    apr_pool_create(&inner, pool);
    is_str(rcidp_secret_read(inner, path, &read), NULL, "a secret is read");
    apr_pool_destroy(inner);
    is_int(unwiped, 0, "and wiped with its pool");
    return done();
}
