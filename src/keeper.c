/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LARGEST_DIGEST 64
#define LARGEST_SIGNATURE 2048 /* RSA of 16384 bits, OpenSSL's limit */
#define THREADS 64
#define UNSWEPT 256          /* descriptors at most that wait to be closed */
#define SWEEPING 1           /* second that closing may take at the end */
#define MOST_DESCRIPTORS 253 /* of a message, Linux's SCM_MAX_FD */
#define MAGIC 0x52634b31     /* of this form of the messages */

/* The messages. Both sides are the same program, so numbers are as the machine has them. */
typedef struct question {
    uint32_t magic;
    uint32_t key;
    uint32_t length; /* of the digest, which tells the hash: SHA-2 has one of each */
    unsigned char digest[LARGEST_DIGEST];
} question;

typedef enum verdict { SIGNED, NOT_UNDERSTOOD, TOO_MANY, FAILED, NOT_TOLD } verdict;

typedef struct answer {
    uint32_t verdict;
    uint32_t length;
    unsigned char signature[LARGEST_SIGNATURE]; /* as much of it as there is */
} answer;

static const char *const sentences[] = {
    [SIGNED] = NULL,
    [NOT_UNDERSTOOD] = "the signing process did not understand",
    [TOO_MANY] = "the signing process has made as many signatures in this second as rate= allows",
    [FAILED] = "the signing process could not sign",
    [NOT_TOLD] = "the signing process could not write down that it signed",
};

const char *rcidp_keeper_open(rcidp_keeper *keeper)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return "no socket pair for the signing process";
    keeper->asking = ends[0];
    keeper->serving = ends[1];
    return NULL;
}

void rcidp_keeper_close(int *end)
{
    if (*end >= 0)
        close(*end);
    *end = -1;
}

/* --- Who asks ----------------------------------------------------------------------------------------- */

typedef struct lent_key {
    const rcidp_keeper *keeper;
    uint32_t place;
} lent_key;

int64_t rcidp_keeper_milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Wait until the socket can be read from or written to, or has ended. */
static bool wait_for(int socket, short event, int64_t deadline)
{
    struct pollfd waiting = {.fd = socket, .events = event};
    int64_t left;
    int ready;

    do {
        left = deadline - rcidp_keeper_milliseconds();
        ready = left > 0 ? poll(&waiting, 1, (int)left) : 0;
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

/* A message with a socket in it. */
static void attach(struct msghdr *message, char *control, size_t size, int socket)
{
    struct cmsghdr *header;

    memset(control, 0, size);
    message->msg_control = control;
    message->msg_controllen = size;
    header = CMSG_FIRSTHDR(message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &socket, sizeof(int));
}

static const char *put_question(const rcidp_keeper *keeper, question *asked, int reply_to, int64_t deadline)
{
    struct iovec data = {.iov_base = asked, .iov_len = sizeof(*asked)};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];

    attach(&message, control, sizeof(control), reply_to);
    while (sendmsg(keeper->asking, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        if (errno == EAGAIN && !wait_for(keeper->asking, POLLOUT, deadline))
            return "the signing process is busy, and took no question in time";
        if (errno == ETOOMANYREFS)
            return "processes of httpd's user have as many descriptors under way as the system allows";
        if (errno != EAGAIN && errno != EINTR)
            return "the signing process is not there";
    }
    return NULL;
}

/* No key has this number: the answer is that it was not understood. */
bool rcidp_keeper_ping(const rcidp_keeper *keeper, int *reply)
{
    question asked = {.magic = MAGIC, .key = UINT32_MAX};
    int ends[2], reason = 0;

    *reply = -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    if (put_question(keeper, &asked, ends[1], 0)) {
        reason = errno;
        rcidp_keeper_close(&ends[0]);
    }
    close(ends[1]);
    *reply = ends[0];
    return !reason || reason == EAGAIN;
}

rcidp_keeper_word rcidp_keeper_heard(int reply)
{
    answer got;
    ssize_t length = recv(reply, &got, sizeof(got), MSG_DONTWAIT);

    if (length > 0)
        return RCIDP_KEEPER_ANSWERS;
    return length < 0 && errno == EAGAIN ? RCIDP_KEEPER_WAITS : RCIDP_KEEPER_SILENT;
}

/* Ask once. *ended: whoever read the question has ended before the answer. */
static const char *ask(const rcidp_keeper *keeper, question *asked, answer *got, ssize_t *length,
                       int64_t deadline)
{
    int reply[2];
    const char *error;

    *length = 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, reply) != 0)
        return "no socket for the signing process's answer";
    error = put_question(keeper, asked, reply[1], deadline);
    close(reply[1]);
    if (!error && !wait_for(reply[0], POLLIN, deadline))
        error = "the signing process gave no answer in time";
    if (!error)
        *length = recv(reply[0], got, sizeof(*got), MSG_DONTWAIT);
    close(reply[0]);
    return error;
}

/* What signs in the place of a key at hand: an rcidp_key_signs. */
static const char *sign_there(apr_pool_t *pool, const rcidp_key *key, const EVP_MD *hash,
                              const unsigned char *digest, const unsigned char **signature,
                              apr_size_t *length)
{
    const lent_key *lent = key->keeper;
    question asked = {
        .magic = MAGIC, .key = lent->place, .length = (uint32_t)EVP_MD_get_size(hash), .digest = {0}};
    int64_t deadline = rcidp_keeper_milliseconds() + lent->keeper->patience;
    const char *error = NULL;
    answer got = {.verdict = FAILED};
    ssize_t size = 0;

    if (asked.length > LARGEST_DIGEST)
        return sentences[NOT_UNDERSTOOD];
    memcpy(asked.digest, digest, asked.length);
    for (int i = 0; i < 2 && !error && size <= 0; i++) /* again, if it died over the first */
        error = ask(lent->keeper, &asked, &got, &size, deadline);
    if (error)
        return error;
    if (size < (ssize_t)offsetof(answer, signature) || got.verdict > NOT_TOLD ||
        got.length > (size_t)size - offsetof(answer, signature))
        return "the signing process ended before it answered";
    *signature = apr_pmemdup(pool, got.signature, got.length);
    *length = got.length;
    return sentences[got.verdict];
}

const rcidp_key *rcidp_keeper_lend(apr_pool_t *pool, const rcidp_keeper *keeper, const rcidp_key *known,
                                   int place)
{
    rcidp_key *key = apr_pmemdup(pool, known, sizeof(*known));
    lent_key *lent = apr_palloc(pool, sizeof(*lent));

    lent->keeper = keeper;
    lent->place = (uint32_t)place;
    key->signs = sign_there;
    key->keeper = lent;
    return key;
}

/* --- The keeper --------------------------------------------------------------------------------------- */

/* What the threads of a keeper share. */
typedef struct duty {
    const rcidp_keeper_desk *desk;
    rcidp_keeper_count *count, own_count, refused; /* the second in which this one has refused last */
    int sweeping[2];                               /* a pipe of descriptors */
    sem_t unswept;                                 /* how many more may wait there */
} duty;

/* Close what an asker has sent, but not here: the last close of a file waits for as long as whoever made it
 * has chosen, and so does that of a socket that lingers, or in which others are under way. Nothing else is
 * done to it before: some of that waits as well. */
static void drop(duty *service, int *descriptor)
{
    if (*descriptor < 0)
        return;
    while (sem_wait(&service->unswept) != 0)
        continue;
    if (write(service->sweeping[1], descriptor, sizeof(*descriptor)) != sizeof(*descriptor))
        _exit(1);
    *descriptor = -1;
}

static void *sweep(void *baton)
{
    duty *service = baton;
    int descriptor;

    while (read(service->sweeping[0], &descriptor, sizeof(descriptor)) == sizeof(descriptor)) {
        close(descriptor);
        sem_post(&service->unswept);
    }
    return NULL;
}

/* The socket in the message; -1 if there is not exactly one. Whatever else came is closed. */
static int take_socket(duty *service, struct msghdr *message)
{
    int found = -1, count = 0, descriptor;

    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t at = CMSG_LEN(0); at + sizeof(int) <= header->cmsg_len; at += sizeof(int)) {
            memcpy(&descriptor, (const char *)header + at, sizeof(int));
            if (count++)
                drop(service, &descriptor);
            else
                found = descriptor;
        }
    }
    if (count > 1)
        drop(service, &found);
    return found;
}

static const EVP_MD *hash_of(uint32_t length)
{
    return length == 32 ? EVP_sha256() : length == 48 ? EVP_sha384() : length == 64 ? EVP_sha512() : NULL;
}

static bool has_option(int socket, int option, int wanted)
{
    int value = 0;
    socklen_t size = sizeof(value);

    return getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 && value == wanted;
}

/* Is it a socket as ours are, by which the kernel knows who is at its other end? Is the answer still waited
 * for, and who waits? */
static bool find_asker(int socket, pid_t *pid)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    struct pollfd state = {.fd = socket, .events = 0};

    if (!has_option(socket, SO_DOMAIN, AF_UNIX) || !has_option(socket, SO_TYPE, SOCK_SEQPACKET) ||
        getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || size != sizeof(peer) ||
        poll(&state, 1, 0) != 0)
        return false;
    *pid = peer.pid;
    return true;
}

/* One signature more within this second, by all who share the count: its upper half is the second. What is
 * too many for this keeper does not count for others, whose rate may be another. *first: the first that this
 * one refuses. */
static bool is_within_rate(duty *service, bool *first)
{
    rcidp_keeper_count second, after, before = __atomic_load_n(service->count, __ATOMIC_ACQUIRE);
    uint32_t rate = (uint32_t)service->desk->rate;

    do {
        /* Later than when `before` was written, so that no second of it lies ahead. */
        second = (uint64_t)rcidp_keeper_milliseconds() / 1000;
        after = before >> 32 == second ? before + 1 : second << 32 | 1;
        if (rate && (uint32_t)after > rate) {
            *first = __atomic_exchange_n(&service->refused, second, __ATOMIC_ACQ_REL) != second;
            return false;
        }
    } while (!__atomic_compare_exchange_n(service->count, &before, after, false, __ATOMIC_ACQ_REL,
                                          __ATOMIC_ACQUIRE));
    return true;
}

static verdict judge(duty *service, apr_pool_t *pool, const question *asked, pid_t asker, answer *reply)
{
    const rcidp_keeper_desk *desk = service->desk;
    const EVP_MD *hash = hash_of(asked->length);
    const rcidp_key *key;
    const unsigned char *signature = NULL;
    apr_size_t length = 0;
    rcidp_keeper_deed deed = {
        .key = (int)asked->key, .asker = asker, .digest = asked->digest, .length = asked->length};

    if (asked->magic != MAGIC || asked->key >= (uint32_t)desk->keys->nelts || !hash)
        return NOT_UNDERSTOOD;
    if (!is_within_rate(service, &deed.too_many)) {
        if (deed.too_many)
            desk->tell(desk->baton, pool, &deed);
        return TOO_MANY;
    }
    key = APR_ARRAY_IDX(desk->keys, deed.key, const rcidp_key *);
    if (!key || rcidp_key_sign(pool, key, hash, asked->digest, &signature, &length) ||
        length > sizeof(reply->signature))
        return FAILED;
    if (!desk->tell(desk->baton, pool, &deed))
        return NOT_TOLD;
    memcpy(reply->signature, signature, length);
    reply->length = (uint32_t)length;
    return SIGNED;
}

static void reply_to(duty *service, apr_pool_t *pool, const question *asked, int socket)
{
    answer reply = {.length = 0};
    pid_t asker;

    if (!find_asker(socket, &asker))
        return;
    reply.verdict = judge(service, pool, asked, asker, &reply);
    if (reply.verdict == FAILED && service->desk->renews &&
        service->desk->renews(service->desk->baton, (int)asked->key))
        _exit(1);
    send(socket, &reply, offsetof(answer, signature) + reply.length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* An empty message looks like the end. It is one, too, when an asker has shut down its way of asking, which
 * is everybody's. */
static bool has_ended(int socket)
{
    struct pollfd state = {.fd = socket, .events = POLLRDHUP};

    return poll(&state, 1, 0) > 0 && (state.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL));
}

/* Take one question and answer it; false at the end. */
static bool serve_one(duty *service, apr_pool_t *pool)
{
    question asked = {.magic = 0};
    struct iovec data = {.iov_base = &asked, .iov_len = sizeof(asked)};
    /* With less room, the kernel would close the rest, which can take as long. */
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(MOST_DESCRIPTORS * sizeof(int))];
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    ssize_t got = recvmsg(service->desk->serving, &message, MSG_CMSG_CLOEXEC);
    int socket = got >= 0 ? take_socket(service, &message) : -1;

    if (socket >= 0 && got == (ssize_t)sizeof(asked) && !(message.msg_flags & MSG_TRUNC))
        reply_to(service, pool, &asked, socket);
    drop(service, &socket);
    return got > 0 || !has_ended(service->desk->serving);
}

static void *serve(void *baton)
{
    apr_pool_t *pool;

    if (apr_pool_create_unmanaged_ex(&pool, NULL, NULL) != APR_SUCCESS)
        return NULL;
    while (serve_one(baton, pool))
        apr_pool_clear(pool);
    apr_pool_destroy(pool);
    return NULL;
}

/* Nobody asks any more. What cannot be closed even now ends with the process. */
static void end_sweeping(duty *service, pthread_t sweeper)
{
    struct timespec until;

    close(service->sweeping[1]);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += SWEEPING;
    if (pthread_timedjoin_np(sweeper, NULL, &until) != 0)
        _exit(0);
    close(service->sweeping[0]);
    sem_destroy(&service->unswept);
}

bool rcidp_keeper_serve(const rcidp_keeper_desk *desk)
{
    duty service = {.desk = desk, .own_count = 0};
    pthread_t sweeper, threads[THREADS];
    int count = 0;

    service.count = desk->count ? desk->count : &service.own_count;
    if (pipe2(service.sweeping, O_CLOEXEC) != 0)
        return false;
    sem_init(&service.unswept, 0, UNSWEPT);
    if (pthread_create(&sweeper, NULL, sweep, &service) != 0) {
        close(service.sweeping[0]);
        close(service.sweeping[1]);
        sem_destroy(&service.unswept);
        return false;
    }
    while (count < desk->threads && count < THREADS &&
           pthread_create(&threads[count], NULL, serve, &service) == 0)
        count++;
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    end_sweeping(&service, sweeper);
    return count > 0;
}
