/* SPDX-License-Identifier: Apache-2.0 */
/* The tally: no count is lost and no pair is there twice, however many processes and threads count at once.
 */
#include "tally.h"
#include "fixture.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 4
#define THREADS 4
#define ROUNDS 5000

static rcidp_tally *tally;

static rcidp_tally *make(void)
{
    if (rcidp_tally_make(pool, &tally) != APR_SUCCESS)
        bail_out("no tally", "rcidp_tally_make");
    return tally;
}

/* The count of a pair; how often it is there in *times. */
static unsigned long look_up(const char *provider, const char *result, int *times)
{
    const char *p, *r;
    unsigned long count, found = 0;

    *times = 0;
    for (int i = 0; rcidp_tally_get(pool, tally, i, &p, &r, &count); i++) {
        if (strcmp(p, provider) == 0 && strcmp(r, result) == 0) {
            found += count;
            ++*times;
        }
    }
    return found;
}

static const char *number(int i)
{
    static const char *const names[] = {"us", "eu", "uk", "au", "own"};

    return names[i % 5];
}

static void *count(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++)
        rcidp_tally_add(tally, number(i), i % 2 ? "issued" : "no-mail");
    return NULL;
}

static void count_in_threads(void)
{
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, count, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static void test_many(void)
{
    int times;

    make();
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() == 0) {
            count_in_threads();
            _exit(0);
        }
    }
    while (wait(NULL) > 0)
        continue;
    for (int i = 0; i < 5; i++) {
        ok(look_up(number(i), "issued", &times) == PROCESSES * THREADS * ROUNDS / 10, "%s, issued: all",
           number(i));
        ok(times == 1, "%s, issued: once", number(i));
        ok(look_up(number(i), "no-mail", &times) == PROCESSES * THREADS * ROUNDS / 10, "%s, no-mail: all",
           number(i));
        ok(times == 1, "%s, no-mail: once", number(i));
    }
}

static void test_limits(void)
{
    const char *p, *r, *longest = apr_psprintf(pool, "%0100d", 1);
    unsigned long one;
    int times, slots = 0;

    make();
    ok(!rcidp_tally_get(pool, tally, 0, &p, &r, &one), "a new one is empty");
    rcidp_tally_add(tally, longest, longest);
    rcidp_tally_add(tally, longest, longest);
    ok(rcidp_tally_get(pool, tally, 0, &p, &r, &one) && one == 2 && strlen(p) == 64 && strlen(r) == 30,
       "long names are cut");
    ok(!rcidp_tally_get(pool, tally, 1, &p, &r, &one), "and are one pair");
    for (int i = 0; i < 2 * RCIDP_TALLY_SLOTS; i++)
        rcidp_tally_add(tally, apr_itoa(pool, i), "issued");
    while (rcidp_tally_get(pool, tally, slots, &p, &r, &one))
        slots++;
    ok(slots == RCIDP_TALLY_SLOTS, "a full one takes no more");
    rcidp_tally_add(tally, "7", "issued");
    ok(look_up("7", "issued", &times) == 2 && times == 1, "and counts what it has");
}

/* What a child that has been taken over could leave there. */
static void test_scribbled(void)
{
    const char *p, *r;
    unsigned long one;
    int slots = 0;

    make();
    rcidp_tally_add(tally, "us", "issued");
    memset((void *)tally, 'A', (size_t)RCIDP_TALLY_SLOTS * (64 + 30));
    while (rcidp_tally_get(pool, tally, slots, &p, &r, &one) && strlen(p) <= 64 && strlen(r) <= 30)
        slots++;
    ok(slots > RCIDP_TALLY_SLOTS / 2, "names that do not end are cut: %d", slots);
    ok(slots == RCIDP_TALLY_SLOTS || !rcidp_tally_get(pool, tally, slots, &p, &r, &one), "all of them");
}

int main(int argc, char **argv)
{
    (void)argc;
    fixture_begin(argv[0]);
    test_many();
    test_limits();
    test_scribbled();
    return done();
}
