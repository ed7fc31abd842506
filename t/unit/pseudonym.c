/* SPDX-License-Identifier: Apache-2.0 */
/* Persistent name IDs: a fixed one, that of the openssl command, and what they have in common. */
#include "pseudonym.h"
#include "fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#define AUDIENCE "https://sso.ringcentral.com"
#define VALUE "alice@example.com"

static const char *folder;

static const char *write_secret(const char *name, const void *bytes, size_t length)
{
    const char *path = apr_pstrcat(pool, folder, "/", name, NULL);

    if (!write_bytes(path, bytes, length))
        bail_out("cannot write", path);
    return path;
}

static const rcidp_secret *secret_of(const char *text)
{
    const rcidp_secret *secret = NULL;
    const char *error = rcidp_secret_read(pool, write_secret("secret", text, strlen(text)), &secret);

    if (error)
        bail_out("no secret", error);
    return secret;
}

static const char *pseudonym(const char *secret, const char *audience, const char *value)
{
    return rcidp_pseudonym(pool, secret_of(secret), audience, value);
}

/* What the openssl command makes of the same. */
static const char *openssl_says(const char *secret, const char *data, size_t length)
{
    const char *openssl = getenv("OPENSSL") && *getenv("OPENSSL") ? getenv("OPENSSL") : "openssl";
    char line[200] = "";
    FILE *out = popen(apr_psprintf(pool, "%s dgst -sha256 -mac HMAC -macopt key:%s -r %s", openssl, secret,
                                   write_secret("data", data, length)),
                      "r");

    if (!out || !fgets(line, sizeof(line), out))
        bail_out("openssl", "no HMAC");
    pclose(out);
    return apr_pstrndup(pool, line, strcspn(line, " \n"));
}

static void test_value(void)
{
    static const char pair[] = AUDIENCE "\0" VALUE;
    static const char key[] = "0123456789abcdef0123456789abcdef";
    const char *id = pseudonym(key, AUDIENCE, VALUE);

    /* python3: hmac.new(key, audience + b"\0" + value, "sha256").hexdigest() */
    is_str(id, "c5e16a59202dafa0b5d310b7f3d8c0dfff20dc9a5ef61a8d79132de9fcb051b6", "a fixed one");
    is_str(id, openssl_says(key, pair, sizeof(pair) - 1), "that of the openssl command");
    is_str(pseudonym(key, AUDIENCE, VALUE), id, "the same again");
    is_int((long)strlen(id), 64, "64 characters");
    is_int((long)strspn(id, "0123456789abcdef"), 64, "of small hexadecimal digits");
}

static void test_pairs(void)
{
    static const char key[] = "0123456789abcdef0123456789abcdef",
                      other[] = "0123456789abcdef0123456789abcdeg";
    const char *ids[] = {
        pseudonym(key, AUDIENCE, VALUE),
        pseudonym(key, "https://ssoeuro.ringcentral.com", VALUE),
        pseudonym(key, AUDIENCE, "bob@example.com"),
        pseudonym(key, AUDIENCE, "Alice@example.com"),
        pseudonym(other, AUDIENCE, VALUE),
        pseudonym(key, AUDIENCE VALUE, ""),
        pseudonym(key, "", AUDIENCE VALUE),
        pseudonym(key, AUDIENCE "a", "lice@example.com"),
    };
    int equal = 0;

    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        for (size_t k = 0; k < i; k++)
            equal += strcmp(ids[i], ids[k]) == 0;
    }
    is_int(equal, 0, "another secret, provider or user, or another place where one ends: another name ID");
}

/* The secret is bytes: a NUL and a line's end count. */
static void test_bytes(void)
{
    static const char bytes[] = "0123456789\0bcdef0123456789abcdef\n",
                      shorter[] = "0123456789\0bcdef0123456789abcdef";
    const rcidp_secret *one, *two;
    const char *error = rcidp_secret_read(pool, write_secret("one", bytes, sizeof(bytes) - 1), &one);
    const char *other = rcidp_secret_read(pool, write_secret("two", shorter, sizeof(shorter) - 1), &two);

    ok(!error && !other, "secrets with a NUL in them");
    ok(one->length == 33 && two->length == 32, "are read whole");
    ok(strcmp(rcidp_pseudonym(pool, one, AUDIENCE, VALUE), rcidp_pseudonym(pool, two, AUDIENCE, VALUE)) != 0,
       "and the end of a line is a part of it");
}

static void test_files(void)
{
    static char zeros[4097];
    const rcidp_secret *secret = NULL;
    const char *path = write_secret("short", zeros, 31);
    apr_pool_t *inner;

    is_str(rcidp_secret_read(pool, path, &secret),
           apr_psprintf(pool, "%s has 31 bytes; 32 to 4096 random ones are needed", path),
           "31 bytes are too few");
    path = write_secret("long", zeros, 4097);
    is_str(rcidp_secret_read(pool, path, &secret),
           apr_psprintf(pool, "%s has 4097 bytes; 32 to 4096 random ones are needed", path),
           "4097 are too many");
    ok(!secret, "nothing is given out then");
    ok(rcidp_secret_read(pool, write_secret("empty", "", 0), &secret), "an empty file");
    ok(rcidp_secret_read(pool, apr_pstrcat(pool, folder, "/none", NULL), &secret), "no file");
    ok(rcidp_secret_read(pool, folder, &secret), "a folder");
    is_str(rcidp_secret_read(pool, write_secret("most", zeros, 4096), &secret), NULL, "4096 bytes are fine");
    apr_pool_create(&inner, pool);
    is_str(rcidp_secret_read(inner, write_secret("least", zeros, 32), &secret), NULL, "and so are 32");
    apr_pool_destroy(inner);
}

static void remove_folder(void)
{
    static const char *const names[] = {"secret", "data",  "one",  "two",  "short",
                                        "long",   "empty", "most", "least"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlink(apr_pstrcat(pool, folder, "/", names[i], NULL));
    rmdir(folder);
}

int main(int argc, char **argv)
{
    (void)argc;
    fixture_begin(argv[0]);
    folder = mkdtemp(apr_pstrdup(pool, "/tmp/rcidp-pseudonym.XXXXXX"));
    if (!folder)
        bail_out("no folder", "mkdtemp");
    atexit(remove_folder);
    test_value();
    test_pairs();
    test_bytes();
    test_files();
    return done();
}
