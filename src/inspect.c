/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect.h"

#include <apr_strings.h>
#include <apr_time.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper.h"

#define LARGEST_REPORT 16384
#define PATIENCE 30000 /* milliseconds: a token may be slow, but not for ever */
#define TRYING 5000    /* milliseconds: a system that has no process to spare now may have one soon */
#define PAUSE 100      /* milliseconds */

/* The report: one of these, then the key's public half in DER, or the sentence. */
#define KEY 'k'
#define EXPOSED_KEY 'x'
#define SENTENCE 's'

static void put(int out, char kind, const void *data, size_t length)
{
    if (write(out, &kind, 1) != 1 || write(out, data, length) != (ssize_t)length)
        _exit(1);
}

/* In the process that reads the key. It ends here. */
__attribute__((noreturn)) static void report(apr_pool_t *pool, rcidp_inspect_read *read, const char *file,
                                             const rcidp_confine_user *user, pid_t parent, int out)
{
    apr_array_header_t *keep = apr_array_make(pool, 1, sizeof(int));
    const rcidp_key *key = NULL;
    const char *error;
    unsigned char *der = NULL;
    int length;

    APR_ARRAY_PUSH(keep, int) = out;
    rcidp_confine(parent, keep);
    if (user && !rcidp_confine_become(parent, user))
        error = apr_psprintf(pool, "the signing process cannot become %s", user->name);
    else
        error = read(pool, file, &key);
    if (error)
        put(out, SENTENCE, error, strlen(error));
    else if ((length = i2d_PUBKEY(key->pkey, &der)) > 0)
        put(out, key->exposed ? EXPOSED_KEY : KEY, der, (size_t)length);
    _exit(0);
}

/* What the other process says, until it says no more. */
static size_t take(int in, unsigned char *data, size_t size)
{
    struct pollfd waiting = {.fd = in, .events = POLLIN};
    size_t length = 0;
    ssize_t got = 1;

    while (got > 0 && length < size) {
        int ready = poll(&waiting, 1, PATIENCE);

        if (ready < 0 && errno == EINTR)
            continue;
        got = ready > 0 ? read(in, data + length, size - length) : 0;
        length += got > 0 ? (size_t)got : 0;
    }
    return length;
}

static apr_status_t free_pkey(void *pkey)
{
    EVP_PKEY_free(pkey);
    return APR_SUCCESS;
}

static const char *understand(apr_pool_t *pool, const unsigned char *told, size_t length, const char *file,
                              const rcidp_key **known)
{
    const unsigned char *der = told + 1;
    rcidp_key *key = apr_pcalloc(pool, sizeof(*key));

    if (length > 1 && told[0] == SENTENCE)
        return apr_pstrmemdup(pool, (const char *)told + 1, length - 1);
    key->pkey = length > 1 ? d2i_PUBKEY(NULL, &der, (long)length - 1) : NULL;
    if (!key->pkey)
        return apr_psprintf(pool, "the process that should read %s did not", file);
    apr_pool_cleanup_register(pool, key->pkey, free_pkey, apr_pool_cleanup_null);
    key->type = EVP_PKEY_is_a(key->pkey, "RSA") ? "RSA" : "EC";
    key->bits = EVP_PKEY_get_bits(key->pkey);
    key->exposed = told[0] == EXPOSED_KEY;
    *known = key;
    return NULL;
}

/* One try: what was told, or a sentence where that is nothing. *again: may another one go better? A token
 * that has had a PIN is not to be asked twice. */
static const char *try(apr_pool_t *pool, rcidp_inspect_read *read, const char *file,
                       const rcidp_confine_user *user, unsigned char *told, size_t *length, bool *again)
{
    pid_t parent = getpid(), child;
    int ends[2];

    *length = 0;
    *again = true;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return apr_psprintf(pool, "no pipe to a process that could read %s: %s", file, strerror(errno));
    child = fork();
    if (child == 0)
        report(pool, read, file, user, parent, ends[1]);
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return apr_psprintf(pool, "no process that could read %s: %s", file, strerror(errno));
    }
    *length = take(ends[0], told, LARGEST_REPORT);
    close(ends[0]);
    kill(child, SIGKILL); /* it is done, or never will be */
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    *again = !user;
    return *length ? NULL : apr_psprintf(pool, "the process that should read %s did not", file);
}

const char *rcidp_inspect(apr_pool_t *pool, rcidp_inspect_read *read, const char *file,
                          const rcidp_confine_user *user, const rcidp_key **known)
{
    unsigned char told[LARGEST_REPORT];
    size_t length;
    int64_t end = rcidp_keeper_milliseconds() + TRYING;
    const char *error;
    bool again;

    /* An error ends httpd, also when it only restarts. */
    while ((error = try(pool, read, file, user, told, &length, &again)) && again &&
           rcidp_keeper_milliseconds() < end)
        apr_sleep(apr_time_from_msec(PAUSE));
    return error ? error : understand(pool, told, length, file, known);
}
