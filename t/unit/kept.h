/* SPDX-License-Identifier: Apache-2.0 */
/* A keeper in a process of its own, and signatures by it. */
#ifndef KEPT_H
#define KEPT_H

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "keeper.h"

#define KEYS 3

static const char *const names[KEYS] = {"rsa2048", "ec256", "ec521"};

/* A keeper in a process of its own, as those see it who ask. */
typedef struct kept {
    rcidp_keeper keeper;
    const rcidp_key *here[KEYS], *there[KEYS];
    pid_t pid;
    int told; /* where its deeds can be read */
} kept;

static int deeds;
static bool cannot_tell;
static rcidp_keeper_count *shared_count;

static inline bool tell(void *baton, apr_pool_t *scratch, const rcidp_keeper_deed *deed)
{
    (void)baton, (void)scratch;
    if (write(deeds, deed, sizeof(*deed)) != sizeof(*deed))
        _exit(1);
    return !cannot_tell;
}

/* The keeper's process: it has the keys, and only its own end of the socket pair. */
static inline pid_t start(const kept *made, int rate, int out)
{
    rcidp_keeper_desk desk = {.serving = made->keeper.serving,
                              .keys = list(KEYS, (const void *const *)made->here),
                              .rate = rate,
                              .count = shared_count,
                              .threads = 2,
                              .tell = tell};
    pid_t pid = fork();

    if (pid == 0) {
        close(made->keeper.asking);
        close(made->told);
        deeds = out;
        _exit(rcidp_keeper_serve(&desk) ? 0 : 1);
    }
    close(out);
    return pid;
}

static inline kept begin(int rate)
{
    kept made = {.keeper = {.patience = 20000}};
    rcidp_keeper *keeper = apr_pmemdup(pool, &made.keeper, sizeof(made.keeper));
    int ends[2];

    if (rcidp_keeper_open(keeper) || pipe(ends) != 0)
        bail_out("keeper", "no sockets");
    for (int i = 0; i < KEYS; i++) {
        made.here[i] = read_signer(names[i], NULL)->key;
        made.there[i] = rcidp_keeper_lend(pool, keeper, made.here[i], i);
    }
    made.keeper = *keeper;
    made.told = ends[0];
    made.pid = start(&made, rate, ends[1]);
    return made;
}

/* Wait for its end: the status, as waitpid() has it. */
static inline int ended(kept *made)
{
    int status = -1;

    rcidp_keeper_close(&made->keeper.asking);
    rcidp_keeper_close(&made->keeper.serving);
    waitpid(made->pid, &status, 0);
    close(made->told);
    return status;
}

/* Is this, in XML's form, a signature of the digest? */
static inline bool is_right(const rcidp_key *key, const EVP_MD *hash, const unsigned char *digest,
                            const unsigned char *signature, apr_size_t length)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    bool right = EVP_PKEY_verify_init(context) == 1 && EVP_PKEY_CTX_set_signature_md(context, hash) == 1;
    unsigned char *der = NULL;
    ECDSA_SIG *pair = NULL;
    int der_length;

    if (strcmp(key->type, "EC") == 0) {
        pair = ECDSA_SIG_new();
        ECDSA_SIG_set0(pair, BN_bin2bn(signature, (int)length / 2, NULL),
                       BN_bin2bn(signature + length / 2, (int)length / 2, NULL));
        der_length = i2d_ECDSA_SIG(pair, &der);
        signature = der;
        length = (apr_size_t)der_length;
    }
    right = right && EVP_PKEY_verify(context, signature, length, digest, (size_t)EVP_MD_get_size(hash)) == 1;
    ECDSA_SIG_free(pair);
    OPENSSL_free(der);
    EVP_PKEY_CTX_free(context);
    return right;
}

static inline const char *sign(apr_pool_t *scratch, const kept *made, int key, unsigned char first,
                               bool *right)
{
    const EVP_MD *hash = first % 3 == 0 ? EVP_sha256() : first % 3 == 1 ? EVP_sha384() : EVP_sha512();
    unsigned char digest[64];
    const unsigned char *signature;
    apr_size_t length;
    const char *error;

    memset(digest, first, sizeof(digest));
    error = rcidp_key_sign(scratch, made->there[key], hash, digest, &signature, &length);
    *right = !error && is_right(made->here[key], hash, digest, signature, length);
    return error;
}

#endif
