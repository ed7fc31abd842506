/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper: signatures for many threads of several processes at once, hostile questions, too many of them,
 * its death and its end; and the process that looks at a key and ends. */
#include "keeper.h"
#include "fixture.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inspect.h"

#define THREADS 8
#define SIGNATURES 12 /* by each thread */
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

static void tell(void *baton, const rcidp_keeper_deed *deed)
{
    (void)baton;
    if (write(deeds, deed, sizeof(*deed)) != sizeof(*deed))
        _exit(1);
}

/* The keeper's process: it has the keys, and only its own end of the socket pair. */
static pid_t start(const kept *made, int rate, int out)
{
    rcidp_keeper_desk desk = {.serving = made->keeper.serving,
                              .keys = list(KEYS, (const void *const *)made->here),
                              .rate = rate,
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

static kept begin(int rate)
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
static int ended(kept *made)
{
    int status = -1;

    rcidp_keeper_close(&made->keeper.asking);
    rcidp_keeper_close(&made->keeper.serving);
    waitpid(made->pid, &status, 0);
    close(made->told);
    return status;
}

/* Is this, in XML's form, a signature of the digest? */
static bool is_right(const rcidp_key *key, const EVP_MD *hash, const unsigned char *digest,
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

static const char *sign(apr_pool_t *scratch, const kept *made, int key, unsigned char first, bool *right)
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

/* --- Many at once ------------------------------------------------------------------------------------- */

static void *ask_often(void *made)
{
    apr_pool_t *scratch;
    long wrong = 0;
    bool right;

    apr_pool_create_unmanaged_ex(&scratch, NULL, NULL);
    for (int i = 0; i < SIGNATURES; i++) {
        sign(scratch, made, i % KEYS, (unsigned char)i, &right);
        wrong += !right;
        apr_pool_clear(scratch);
    }
    apr_pool_destroy(scratch);
    return (void *)wrong;
}

static long ask_in_threads(kept *made)
{
    pthread_t threads[THREADS];
    void *one;
    long wrong = 0;

    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, ask_often, made);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &one);
        wrong += (long)one;
    }
    return wrong;
}

static void test_many(void)
{
    kept made = begin(0);
    pid_t child;
    int status = -1, told = 0, theirs = 0;
    rcidp_keeper_deed deed;

    child = fork();
    if (child == 0) {
        close(made.keeper.serving);
        _exit(ask_in_threads(&made) ? 1 : 0);
    }
    is_int(ask_in_threads(&made), 0, "every thread gets the signatures that it asked for");
    waitpid(child, &status, 0);
    is_int(status, 0, "so do those of another process at the same time");
    is_int(ended(&made), 0, "the keeper ends when nobody is left who could ask");
    made = begin(0);
    for (int i = 0; i < KEYS; i++) {
        bool right;

        is_str(sign(pool, &made, i, (unsigned char)i, &right), NULL, "%s signs", names[i]);
        ok(right, "%s: the signature is right", names[i]);
        if (read(made.told, &deed, sizeof(deed)) == sizeof(deed))
            told += deed.key == i && !deed.too_many && deed.length == (i == 0 ? 32 : i == 1 ? 48 : 64);
        theirs += deed.asker == getpid();
    }
    is_int(told, KEYS, "each is told of: the key and the length of the digest");
    is_int(theirs, KEYS, "and who asked");
    ended(&made);
}

/* --- Hostile questions -------------------------------------------------------------------------------- */

typedef struct words {
    uint32_t magic, key, length;
    unsigned char digest[64];
} words;

/* Send `size` bytes with `count` descriptors; what the answer begins with, -1 where there was none. */
static long put(const kept *made, const void *data, size_t size, const int *descriptors, int count, int mine)
{
    struct iovec part = {.iov_base = apr_pmemdup(pool, data, size), .iov_len = size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    struct pollfd waiting = {.fd = mine, .events = POLLIN};
    struct cmsghdr *header;
    uint32_t answer[600], end;

    if (count) {
        message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count);
        message.msg_control = apr_pcalloc(pool, message.msg_controllen);
        header = message.msg_control;
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
        memcpy(CMSG_DATA(header), descriptors, sizeof(int) * (size_t)count);
    }
    if (sendmsg(made->keeper.asking, &message, MSG_NOSIGNAL) < 0)
        return -2;
    for (int i = 0; i < count; i++)
        close(descriptors[i]);
    if (mine < 0)
        return -1;
    if (poll(&waiting, 1, 20000) <= 0)
        return -3;
    if (recv(mine, answer, sizeof(answer), 0) <= 0)
        return -1;
    /* Only when its end is closed has the keeper done with the question. */
    return poll(&waiting, 1, 20000) > 0 && recv(mine, &end, sizeof(end), 0) == 0 ? (long)answer[0] : -5;
}

/* The same with a socket for the answer. */
static long put_words(const kept *made, const void *data, size_t size)
{
    int reply[2];
    long got;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, reply) != 0)
        return -4;
    got = put(made, data, size, &reply[1], 1, reply[0]);
    close(reply[0]);
    return got;
}

/* The same with a socket that is not as ours are. */
static long put_foreign(const kept *made, const void *data, size_t size, bool local)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t room = sizeof(address);
    int ends[2] = {-1, -1}, listener;
    long got;

    if (local && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        return -4;
    if (!local) {
        listener = socket(AF_INET, SOCK_STREAM, 0);
        ends[0] = socket(AF_INET, SOCK_STREAM, 0);
        if (bind(listener, (struct sockaddr *)&address, room) != 0 || listen(listener, 1) != 0 ||
            getsockname(listener, (struct sockaddr *)&address, &room) != 0 ||
            connect(ends[0], (struct sockaddr *)&address, room) != 0 ||
            (ends[1] = accept(listener, NULL, NULL)) < 0)
            return -4;
        close(listener);
    }
    got = put(made, data, size, &ends[1], 1, ends[0]);
    close(ends[0]);
    return got;
}

static int count_descriptors(pid_t pid)
{
    FILE *command = popen(apr_psprintf(pool, "ls /proc/%ld/fd | wc -l", (long)pid), "r");
    int count = -1;

    if (command && fscanf(command, "%d", &count) != 1)
        count = -1;
    if (command)
        pclose(command);
    return count;
}

static void test_hostile(void)
{
    kept made = begin(0);
    words right = {0x52634b31, 0, 32, {1}}, wrong;
    unsigned char large[5000] = {0};
    int many[10], reply[2], before;
    bool is_signed;

    is_int(put_words(&made, &right, sizeof(right)), 0, "a question as it should be is answered");
    before = count_descriptors(made.pid);
    wrong = right, wrong.magic++;
    is_int(put_words(&made, &wrong, sizeof(wrong)), 1, "another form is not understood");
    wrong = right, wrong.key = KEYS;
    is_int(put_words(&made, &wrong, sizeof(wrong)), 1, "nor a key that is not there");
    wrong = right, wrong.key = UINT32_MAX;
    is_int(put_words(&made, &wrong, sizeof(wrong)), 1, "nor one far beyond");
    for (uint32_t length = 0; length < 2; length++) {
        wrong = right, wrong.length = length ? UINT32_MAX : 20;
        is_int(put_words(&made, &wrong, sizeof(wrong)), 1, "nor a digest of %u bytes", wrong.length);
    }
    for (size_t size = 0; size <= sizeof(right) + 1; size += size ? sizeof(right) / 2 : 1) {
        if (size != sizeof(right))
            is_int(put_words(&made, memcpy(large, &right, sizeof(right)), size), -1,
                   "a message of %lu bytes is not answered", (unsigned long)size);
    }
    is_int(put_words(&made, large, sizeof(right) + 1), -1, "nor one that is a byte longer");
    is_int(put_words(&made, large, sizeof(large)), -1, "nor one of 5000");
    is_int(put(&made, &right, sizeof(right), NULL, 0, -1), -1, "a question without a socket");
    is_int(put(&made, "", 0, NULL, 0, -1), -1, "an empty message");
    for (int i = 0; i < 10; i++)
        many[i] = open("/dev/null", O_RDONLY);
    is_int(put(&made, &right, sizeof(right), many, 10, -1), -1, "ten files in the place of a socket");
    many[0] = open("/dev/null", O_RDONLY);
    is_int(put(&made, &right, sizeof(right), many, 1, -1), -1, "one file");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, reply) != 0)
        bail_out("hostile", "no sockets");
    many[0] = reply[1], many[1] = open("/dev/null", O_RDONLY);
    is_int(put(&made, &right, sizeof(right), many, 2, reply[0]), -1, "two descriptors are not answered");
    close(reply[0]);
    is_int(put_foreign(&made, &right, sizeof(right), true), -1, "a socket of another kind is not answered");
    is_int(put_foreign(&made, &right, sizeof(right), false), -1, "nor is one of the network");
    is_str(sign(pool, &made, 1, 1, &is_signed), NULL, "after all this the keeper signs");
    ok(is_signed, "rightly");
    is_int(put_words(&made, &right, sizeof(right)), 0, "and again");
    ok(count_descriptors(made.pid) == before || is_emulated(), "and keeps none of the descriptors");
    is_int(ended(&made), 0, "and ends as it should");
}

/* A socket whose last close would wait a minute for a peer that does not read. */
static int make_lingering(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    struct linger minute = {.l_onoff = 1, .l_linger = 60};
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = socket(AF_INET, SOCK_STREAM, 0);

    if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0 ||
        connect(one, (struct sockaddr *)&address, size) != 0)
        bail_out("lingering", "no connection");
    while (send(one, "0123456789abcdef", 16, MSG_DONTWAIT) > 0)
        continue;
    setsockopt(one, SOL_SOCKET, SO_LINGER, &minute, sizeof(minute));
    return one; /* the listener stays open */
}

/* Nor can a hostile asker hold it up by what it sends to be closed. */
static void test_lingering(void)
{
    kept made = begin(0);
    words right = {0x52634b31, 0, 32, {1}};
    bool is_signed;

    kill(made.pid, SIGSTOP); /* so that the last close is its own */
    waitpid(made.pid, NULL, WUNTRACED);
    for (int i = 0; i < 4; i++) {
        int sent[] = {make_lingering(), make_lingering(), make_lingering()};

        put(&made, &right, 1, sent, i % 2 ? 1 : 3, -1);
    }
    kill(made.pid, SIGCONT);
    is_str(sign(pool, &made, 1, 1, &is_signed), NULL, "sockets that linger hold nobody up");
    is_int(ended(&made), 0, "nor does the keeper end later");
}

/* --- Too many, and none ------------------------------------------------------------------------------- */

static void test_rate(void)
{
    kept made = begin(2);
    rcidp_keeper_deed deed;
    const char *error = NULL;
    int told = 0, first = 0;
    bool right;

    for (int i = 0; i < 200 && !error; i++)
        error = sign(pool, &made, 1, 0, &right);
    ok(error && strstr(error, "rate="), "more than the rate allows are refused: %s", error ? error : "no");
    for (int i = 0; i < 5; i++)
        sign(pool, &made, 1, 0, &right);
    is_int(kill(made.pid, 0), 0, "the keeper is still there");
    ended(&made);
    made = begin(2);
    for (int i = 0; i < 20; i++)
        sign(pool, &made, 1, 0, &right);
    kill(made.pid, SIGKILL); /* so that the pipe ends */
    while (read(made.told, &deed, sizeof(deed)) == sizeof(deed)) {
        told++;
        first += deed.too_many;
    }
    ok(first >= 1 && first <= told / 2, "of the refusals the first of a second is told of (%d of %d)", first,
       told);
    ended(&made);
}

static void test_death(void)
{
    kept made = begin(0);
    bool right;

    kill(made.pid, SIGKILL);
    waitpid(made.pid, NULL, 0);
    rcidp_keeper_close(&made.keeper.serving); /* its own, and that of httpd's parent */
    close(made.told);
    /* the copy that the lent keys know of is still open here */
    is_str(sign(pool, &made, 0, 0, &right), "the signing process is not there", "without a keeper");
    close(made.keeper.asking);
}

/* What a hostile asker can do to all others: the keeper ends, and does not turn in circles. */
static void test_shut(void)
{
    kept made = begin(0);
    struct pollfd over = {.fd = made.told, .events = POLLIN};

    shutdown(made.keeper.asking, SHUT_WR);
    is_int(poll(&over, 1, 20000), 1, "a keeper that nobody can ask any more ends");
    kill(made.pid, SIGKILL); /* if it has not */
    is_int(ended(&made), 0, "as it should");
}

int main(int argc, char **argv)
{
    (void)argc;
    fixture_begin(argv[0]);
    test_many();
    test_hostile();
    test_lingering();
    test_rate();
    test_death();
    test_shut();
    return done();
}
