/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at a key where the system has no process to spare: it is tried again, for a while. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "inspect.h"

#include <dlfcn.h>
#include <errno.h>
#include <openssl/evp.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

static int forks, failing;

/* In the place of the C library's. */
pid_t fork(void)
{
    pid_t (*real)(void);
    void *found = dlsym(RTLD_NEXT, "fork");

    memcpy(&real, &found, sizeof(real));
    if (forks++ < failing) {
        errno = EAGAIN;
        return -1;
    }
    return real();
}

/* A reader that the system ends, the first two times. */
static const char *dies(apr_pool_t *scratch, const char *file, const rcidp_key **key)
{
    if (forks <= 2)
        kill(getpid(), SIGKILL);
    return rcidp_key_read(scratch, file, key);
}

/* One of a token, whose library does not survive it. */
static const char *always_dies(apr_pool_t *scratch, const char *file, const rcidp_key **key)
{
    (void)scratch, (void)file, (void)key;
    kill(getpid(), SIGKILL);
    return NULL;
}

static const char *look(rcidp_inspect_read *read, int fails, const char *file)
{
    const rcidp_key *key, *known = NULL;
    const char *error;

    forks = 0;
    failing = fails;
    error = rcidp_inspect(pool, read, file, NULL, &known);
    if (!error && (rcidp_key_read(pool, file, &key) || EVP_PKEY_eq(known->pkey, key->pkey) != 1))
        error = "another key";
    return error;
}

int main(int argc, char **argv)
{
    const char *file, *error;
    const rcidp_key *known;

    (void)argc;
    fixture_begin(argv[0]);
    file = data_path("ec256.key");
    is_str(look(rcidp_key_read, 0, file), NULL, "a key that can be looked at");
    is_int(forks, 1, "is looked at once");
    is_str(look(rcidp_key_read, 0, data_path("ec256.crt")),
           apr_pstrcat(pool, data_path("ec256.crt"), " has no private key in PEM form", NULL),
           "so is one that is none");
    is_int(forks, 1, "and no more");
    is_str(look(rcidp_key_read, 3, file), NULL, "no process three times: the fourth looks");
    is_int(forks, 4, "and that is all");
    is_str(look(dies, 0, file), NULL, "a process that is killed twice: the third looks");
    is_int(forks, 3, "and that is all");
    forks = failing = 0;
    error = rcidp_inspect(pool, always_dies, file, &(rcidp_confine_user){.name = NULL}, &known);
    is_str(error, apr_pstrcat(pool, "the process that should read ", file, " did not", NULL),
           "a token is not asked again: it may have had a PIN");
    is_int(forks, 1, "but once");
    error = look(rcidp_key_read, 1000000, file);
    is_str(error, apr_pstrcat(pool, "no process that could read ", file, ": ", strerror(EAGAIN), NULL),
           "never a process: why is said");
    ok(forks > 3, "after many tries: %d", forks);
    return done();
}
