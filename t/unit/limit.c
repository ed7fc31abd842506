/* SPDX-License-Identifier: Apache-2.0 */
/* How many launches there may be in a minute. */
#include "limit.h"
#include "fixture.h"

#define NOW 2000000000u

static unsigned char record[RCIDP_LIMIT_RECORD];
static unsigned length;

static unsigned take(unsigned limit, unsigned seconds)
{
    return rcidp_limit_take(record, &length, limit, NOW + seconds);
}

static void test_window(void)
{
    length = 0;
    ok(take(3, 0) == 0 && take(3, 10) == 0 && take(3, 20) == 0, "as many launches as may be");
    ok(length == 12, "stand in the record");
    ok(take(3, 20) == 41 && take(3, 60) == 1, "one more has to wait until the first is a minute old");
    ok(length == 12, "and is not counted");
    ok(take(3, 61) == 0, "then it may be");
    ok(take(3, 61) == 10, "and the next waits for the second");
    ok(take(3, 200) == 0 && length == 4, "what is over is forgotten");
}

static void test_limits(void)
{
    length = 0;
    for (unsigned i = 0; i < RCIDP_LIMIT_MOST; i++)
        ok(take(RCIDP_LIMIT_MOST, i / 4) == 0, "launch %u of the most there can be", i + 1);
    ok(take(RCIDP_LIMIT_MOST, 30) == 31 && length == RCIDP_LIMIT_RECORD, "no more fit");
    ok(take(1, 30) == 55, "a lower limit counts the last ones");
    length = 0;
    ok(take(1, 0) == 0 && take(1, 0) == 61, "one in a minute");
    ok(take(2, 0) == 0, "a higher limit has room");
}

static void test_foreign(void)
{
    length = 0;
    ok(take(1, 30) == 0 && take(1, 0) == 61, "a launch in the future is one of now");
    length = 3;
    ok(take(1, 0) == 0 && length == 4, "a record that is cut off is a new one");
    length = RCIDP_LIMIT_RECORD + 4;
    ok(take(1, 0) == 0 && length == 4, "so is one that is too long");
    memset(record, 0xff, sizeof(record));
    length = RCIDP_LIMIT_RECORD;
    ok(take(5, 0) == 0 && length == 4, "nonsense of the right length counts for nothing");
    length = 0;
    ok(take(1, 61) == 0 && take(1, 0) == 61, "a launch a minute ahead is one of now");
    length = 0;
    ok(take(1, 62) == 0 && take(1, 0) == 0, "one further ahead is none, by a clock that was set back");
    memset(record, 0, sizeof(record));
    length = RCIDP_LIMIT_RECORD;
    ok(take(5, 0) == 0, "or has ended");
}

int main(int argc, char **argv)
{
    (void)argc;
    fixture_begin(argv[0]);
    test_window();
    test_limits();
    test_foreign();
    return done();
}
