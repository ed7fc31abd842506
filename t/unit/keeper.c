/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper: signatures for many threads of several processes at once, too many of them, and its end. */
#include "kept.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>

#define THREADS 8
#define SIGNATURES 12 /* by each thread */

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

static int64_t seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* Never more than the rate in any second of the machine's clock, and again as many in the next. */
static void test_exact_rate(void)
{
    kept made = begin(3);
    int64_t first = seconds(), last = first;
    int count = 0, later = 0;
    bool right;

    for (int i = 0; i < 100; i++)
        count += !sign(pool, &made, 1, 0, &right);
    last = seconds();
    ok(count >= 3 && count <= 3 * (last - first + 1), "%d of a hundred are signed, in %d seconds", count,
       (int)(last - first + 1));
    while (!later && seconds() < last + 20)
        later = !sign(pool, &made, 1, 0, &right);
    ok(later, "in a later second there are signatures again");
    ended(&made);
}

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

/* One rate for all keepers that share the count. */
static void test_shared_rate(void)
{
    kept made[4];
    int64_t first, last;
    int signatures = 0;
    bool right;

    for (int i = 0; i < 4; i++)
        made[i] = begin(2);
    first = rcidp_keeper_milliseconds() / 1000;
    for (int i = 0; i < 100; i++)
        signatures += !sign(pool, &made[i % 4], 1, 0, &right);
    last = rcidp_keeper_milliseconds() / 1000;
    ok(signatures >= 2 && signatures <= 2 * (last - first + 1),
       "four keepers of one rate keep to it: %d in %d s", signatures, (int)(last - first + 1));
    for (int i = 0; i < 4; i++) {
        kill(made[i].pid, SIGKILL); /* the later ones have the sockets of the earlier */
        ended(&made[i]);
    }
}

/* Two rates, as a restart may leave them. */
static void test_two_rates(void)
{
    kept low = begin(2), high = begin(200);
    rcidp_keeper_deed deed;
    int refused = 0, told = 0;
    bool right;

    for (int i = 0; i < 1000 && !refused; i++) {
        for (int more = 0; more < 10; more++)
            sign(pool, &high, 1, 0, &right);
        refused += sign(pool, &low, 1, 0, &right) != NULL;
    }
    kill(low.pid, SIGKILL);
    while (read(low.told, &deed, sizeof(deed)) == sizeof(deed))
        told += deed.too_many;
    is_int(refused, 1, "a keeper of the lower rate refuses what it has not signed itself");
    is_int(told, 1, "and tells of it");
    ended(&low);
    low = begin(2);
    refused = 0;
    for (int i = 0; i < 20; i++) {
        for (int more = 0; more < 30; more++)
            sign(pool, &low, 1, 0, &right);
        refused += sign(pool, &high, 1, 0, &right) != NULL;
    }
    is_int(refused, 0, "what it refuses does not count for the one of the higher rate");
    *shared_count = UINT64_MAX; /* of a second that never comes */
    is_str(sign(pool, &high, 1, 0, &right), NULL, "nor does what nobody can have counted");
    kill(high.pid, SIGKILL);
    ended(&low);
    ended(&high);
}

/* Whoever wants to know whether it is there does not wait for it. */
static void test_ping(void)
{
    kept made = begin(0);
    int replies[2000], reply, pings = 0, waiting = 0;
    int room = 4096; /* so that few fill it */
    bool means = rcidp_keeper_ping(&made.keeper, &reply);
    struct pollfd answer = {.fd = reply, .events = POLLIN};

    is_int(poll(&answer, 1, 20000), 1, "a keeper answers who asks whether it is there");
    ok(means && rcidp_keeper_heard(reply) == RCIDP_KEEPER_ANSWERS, "and is heard");
    poll(&answer, 1, 20000);
    ok(rcidp_keeper_heard(reply) == RCIDP_KEEPER_SILENT, "once");
    close(reply);
    setsockopt(made.keeper.asking, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    kill(made.pid, SIGSTOP);
    waitpid(made.pid, NULL, WUNTRACED);
    while (means && pings < 2000) {
        means = rcidp_keeper_ping(&made.keeper, &replies[pings]);
        if (replies[pings] < 0)
            break;
        waiting += rcidp_keeper_heard(replies[pings++]) == RCIDP_KEEPER_WAITS;
    }
    ok(means && pings > 0 && pings < 2000, "one that is stopped can be asked only so often: %d times", pings);
    is_int(waiting, pings, "and is waited for");
    while (pings)
        close(replies[--pings]);
    kill(made.pid, SIGCONT);
    ended(&made);
}

/* What cannot be written down is not signed. */
static void test_not_told(void)
{
    const char *error;
    bool right;
    kept made;

    cannot_tell = true;
    made = begin(0);
    cannot_tell = false;
    error = sign(pool, &made, 1, 0, &right);
    ok(error && strstr(error, "could not write down"), "without a line, no signature: %s",
       error ? error : "one");
    is_int(kill(made.pid, 0), 0, "and the keeper is still there");
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

int main(int argc, char **argv)
{
    (void)argc;
    fixture_begin(argv[0]);
    test_many();
    test_exact_rate();
    test_rate();
    shared_count =
        mmap(NULL, sizeof(*shared_count), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    test_shared_rate();
    test_two_rates();
    munmap(shared_count, sizeof(*shared_count));
    shared_count = NULL;
    test_ping();
    test_not_told();
    test_death();
    return done();
}
