/* SPDX-License-Identifier: Apache-2.0 */
/* Persistent name IDs: the secret's file, and what is made of it. */
#include "pseudonym.h"
#include "fixture.h"

#define AUDIENCE "https://sso.ringcentral.com"
#define SECRET "0123456789abcdef0123456789abcdef"

/* A secret of that many bytes, each of them another one, NUL too. */
static const char *write_secret(const char *name, size_t length)
{
    char *bytes = apr_palloc(pool, length + 1);

    for (size_t i = 0; i < length; i++)
        bytes[i] = (char)i;
    if (!write_bytes(scratch(name), bytes, length))
        bail_out("cannot write", scratch(name));
    return scratch(name);
}

static const rcidp_secret *take(const char *path, const char *what)
{
    const rcidp_secret *secret = NULL;

    is_str(rcidp_secret_read(pool, path, &secret), NULL, "%s is taken", what);
    if (!secret)
        bail_out("no secret", what);
    return secret;
}

static void refuse(const char *path, const char *why, const char *what)
{
    const rcidp_secret *secret = NULL;
    const char *error = rcidp_secret_read(pool, path, &secret);

    if (!ok(error && strstr(error, path) && strstr(error, why) && !secret, "%s is refused: \"%s\"", what,
            why))
        diag("said of %s: %s", path, error ? error : "nothing");
}

static void test_files(void)
{
    const rcidp_secret *secret = take(write_secret("least", 32), "a secret of 32 bytes");

    is_int((long)secret->length, 32, "all of it");
    ok(secret->bytes[0] == 0 && secret->bytes[31] == 31, "as it is, NUL included");
    is_int((long)take(write_secret("most", 4096), "a secret of 4096 bytes")->length, 4096, "all of it");
    refuse(write_secret("little", 31), "has 31 bytes; 32 to 4096", "a secret of 31 bytes");
    refuse(write_secret("much", 4097), "has 4097 bytes; 32 to 4096", "a secret of 4097 bytes");
    refuse(write_secret("empty", 0), "is not a file of 1 byte to 1 MiB", "an empty file");
    refuse(scratch("missing"), "cannot read", "a missing file");
    refuse(scratch("."), "is not a file", "a folder");
}

/* The expected value is the openssl command's, so that all who know the secret can make it:
 * printf 'AUDIENCE\0VALUE' | openssl dgst -sha256 -hmac SECRET */
static void test_known(const rcidp_secret *secret)
{
    is_str(rcidp_pseudonym(pool, secret, AUDIENCE, "alice@example.com"),
           "c5e16a59202dafa0b5d310b7f3d8c0dfff20dc9a5ef61a8d79132de9fcb051b6", "the HMAC that openssl makes");
}

static void test_apart(const rcidp_secret *secret, const rcidp_secret *other)
{
    const char *alice = rcidp_pseudonym(pool, secret, AUDIENCE, "alice");

    is_str(rcidp_pseudonym(pool, secret, AUDIENCE, "alice"), alice, "the same user keeps the name");
    is_int((long)strlen(alice), 64, "which has 64 characters");
    is_int((long)strspn(alice, "0123456789abcdef"), 64, "in lower-case hexadecimal");
    ok(strcmp(rcidp_pseudonym(pool, secret, AUDIENCE, "bob"), alice) != 0, "another user has another");
    ok(strcmp(rcidp_pseudonym(pool, secret, AUDIENCE, "Alice"), alice) != 0, "case matters");
    ok(strcmp(rcidp_pseudonym(pool, secret, "https://ssoeuro.ringcentral.com", "alice"), alice) != 0,
       "another service provider sees another");
    ok(strcmp(rcidp_pseudonym(pool, other, AUDIENCE, "alice"), alice) != 0, "so does another secret");
    ok(strcmp(rcidp_pseudonym(pool, secret, "urn:ab", "c"), rcidp_pseudonym(pool, secret, "urn:a", "bc")) !=
           0,
       "the two halves are kept apart");
}

int main(int argc, char **argv)
{
    const rcidp_secret *secret;

    (void)argc;
    fixture_begin(argv[0]);
    test_files();
    secret = take(write_text("text", SECRET), "a secret of text");
    test_known(secret);
    test_apart(secret, take(write_secret("other", 32), "another secret"));
    return done();
}
