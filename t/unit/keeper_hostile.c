/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper and who asks it, where one of them is hostile. */
#include "kept.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

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

/* Who has gone gets no signature: it would be made for nobody, and nobody could say for whom. */
static void test_gone(void)
{
    kept made = begin(0);
    words right = {0x52634b31, 2, 32, {1}};
    rcidp_keeper_deed deed;
    int reply[2], for_nobody = 0, told = 0;
    bool is_signed;

    for (int i = 0; i < 10; i++) {
        if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, reply) != 0)
            bail_out("gone", "no sockets");
        close(reply[0]);
        put(&made, &right, sizeof(right), &reply[1], 1, -1);
    }
    is_str(sign(pool, &made, 1, 1, &is_signed), NULL, "behind ten who have gone the keeper signs");
    rcidp_keeper_close(&made.keeper.asking);
    rcidp_keeper_close(&made.keeper.serving);
    waitpid(made.pid, NULL, 0);
    while (read(made.told, &deed, sizeof(deed)) == sizeof(deed)) {
        told++;
        for_nobody += deed.key == 2;
    }
    close(made.told);
    is_int(told - for_nobody, 1, "for whom it was, is told");
    is_int(for_nobody, 0, "for those who have gone nothing was signed");
}

/* What a process answers that is no keeper. */
static const char *hear(const uint32_t *said, size_t size)
{
    kept made = begin(0);
    uint32_t asked[32];
    struct iovec part = {.iov_base = asked, .iov_len = sizeof(asked)};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    struct cmsghdr *header;
    const char *error;
    pid_t false_one;
    int reply;
    bool right;

    kill(made.pid, SIGKILL);
    waitpid(made.pid, NULL, 0);
    false_one = fork();
    if (false_one == 0) {
        if (recvmsg(made.keeper.serving, &message, 0) <= 0 || !(header = CMSG_FIRSTHDR(&message)))
            _exit(1);
        memcpy(&reply, CMSG_DATA(header), sizeof(reply));
        _exit(send(reply, said, size, 0) < 0);
    }
    error = sign(pool, &made, 0, 0, &right);
    waitpid(false_one, NULL, 0);
    rcidp_keeper_close(&made.keeper.asking);
    rcidp_keeper_close(&made.keeper.serving);
    close(made.told);
    return error ? error : right ? "a signature" : "taken for a signature";
}

static void test_false_answers(void)
{
    static const char ended[] = "the signing process ended before it answered";
    uint32_t answer[80] = {0};

    is_str(hear(answer, sizeof(uint32_t)), ended, "an answer that stops before it says how long it is");
    answer[1] = 4 * 78 + 1;
    is_str(hear(answer, sizeof(answer)), ended, "one that says it is a byte longer than it is");
    answer[1] = UINT32_MAX;
    is_str(hear(answer, sizeof(answer)), ended, "or 4 GiB");
    answer[0] = 5, answer[1] = 0;
    is_str(hear(answer, 2 * sizeof(uint32_t)), ended, "a verdict that there is not");
    answer[0] = 3;
    is_str(hear(answer, 2 * sizeof(uint32_t)), "the signing process could not sign", "one that there is");
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

/* The same, under way in a socket that is sent. */
static int make_nested(void)
{
    int ends[2], inner = make_lingering();
    char byte = 0;
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(inner));
    memcpy(CMSG_DATA(header), &inner, sizeof(inner));
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0 || sendmsg(ends[0], &message, 0) != 1)
        bail_out("nested", "no sockets");
    close(inner);
    close(ends[0]);
    return ends[1];
}

/* Nor can a hostile asker hold it up by what it sends to be closed. */
static void test_lingering(int (*make)(void), const char *what)
{
    kept made = begin(0);
    words right = {0x52634b31, 0, 32, {1}};
    bool is_signed;

    kill(made.pid, SIGSTOP); /* so that the last close is its own */
    waitpid(made.pid, NULL, WUNTRACED);
    for (int i = 0; i < 4; i++) {
        int sent[3], count = i % 2 ? 1 : 3;

        for (int j = 0; j < count; j++)
            sent[j] = make();
        put(&made, &right, 1, sent, count, -1);
    }
    kill(made.pid, SIGCONT);
    is_str(sign(pool, &made, 1, 1, &is_signed), NULL, "%s hold nobody up", what);
    is_int(ended(&made), 0, "nor does the keeper end later");
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
    test_hostile();
    test_gone();
    test_false_answers();
    test_lingering(make_lingering, "sockets that linger");
    test_lingering(make_nested, "and such as are in others");
    test_shut();
    return done();
}
