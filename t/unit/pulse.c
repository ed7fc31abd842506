/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a keeper answers: a minute of silence, by a clock that the test moves. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "pulse.h"

#define START 1000000
#define SECOND 1000

static rcidp_keeper keeper;

/* Read one question, and answer it, or do not. True if there was one. */
static bool serve(bool answers)
{
    char question[200];
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    const struct cmsghdr *header = (const void *)control;
    struct iovec data = {.iov_base = question, .iov_len = sizeof(question)};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    int reply;

    if (recvmsg(keeper.serving, &message, MSG_DONTWAIT) <= 0)
        return false;
    memcpy(&reply, CMSG_DATA(header), sizeof(reply));
    if (answers)
        send(reply, "yes", 3, MSG_NOSIGNAL);
    close(reply);
    return true;
}

static void test_answers(void)
{
    rcidp_pulse pulse = RCIDP_PULSE_NONE;
    int felt = 0, asked = 0;

    for (int i = 0; i < 30; i++) {
        felt += rcidp_pulse_is_felt(&pulse, &keeper, START + i * 10 * SECOND);
        asked += serve(true);
    }
    is_int(felt, 30, "one that answers is felt for five minutes");
    is_int(asked, 30, "and is asked each time");
    felt = asked = 0;
    for (int i = 0; i < 1000; i++) { /* as httpd's monitor is when many children end */
        felt += rcidp_pulse_is_felt(&pulse, &keeper, START + 400 * SECOND + i);
        asked += serve(true);
    }
    is_int(felt, 1000, "so is it a thousand times within a second");
    is_int(asked, 1, "for which it is asked once");
    rcidp_pulse_forget(&pulse);
    is_int(pulse.reply, -1, "nothing stays open");
}

static void test_silent(bool reads, const char *how)
{
    rcidp_pulse pulse = RCIDP_PULSE_NONE;
    int64_t at = START;

    while (at < START + 1000 * SECOND && rcidp_pulse_is_felt(&pulse, &keeper, at)) {
        if (reads)
            serve(false);
        at += SECOND;
    }
    is_int((at - START) / SECOND, 60, "%s: silent after a minute", how);
    ok(!rcidp_pulse_is_felt(&pulse, &keeper, at), "%s: and still", how);
    rcidp_pulse_forget(&pulse);
    ok(rcidp_pulse_is_felt(&pulse, &keeper, at), "%s: the next one has a minute, too", how);
    rcidp_pulse_forget(&pulse);
    while (serve(false))
        continue;
}

static void test_late(void)
{
    rcidp_pulse pulse = RCIDP_PULSE_NONE;
    int felt = 0;

    for (int i = 0; i <= 59; i++)
        felt += rcidp_pulse_is_felt(&pulse, &keeper, START + i * SECOND);
    serve(true);
    for (int i = 60; i <= 119; i++)
        felt += rcidp_pulse_is_felt(&pulse, &keeper, START + i * SECOND);
    is_int(felt, 120, "an answer after 59 seconds is one, and the minute begins again");
    ok(!rcidp_pulse_is_felt(&pulse, &keeper, START + 120 * SECOND), "with the question after it");
    rcidp_pulse_forget(&pulse);
    while (serve(false))
        continue;
}

/* A queue that others have filled is no answer. */
static void test_full(void)
{
    rcidp_pulse pulse = RCIDP_PULSE_NONE;
    int64_t at = START;

    while (send(keeper.asking, "x", 1, MSG_DONTWAIT) == 1)
        continue;
    is_int(errno, EAGAIN, "there is room for no more questions");
    while (at < START + 1000 * SECOND && rcidp_pulse_is_felt(&pulse, &keeper, at))
        at += SECOND;
    is_int((at - START) / SECOND, 60, "that is silence, too");
    is_int(pulse.reply, -1, "nothing is open for it");
    rcidp_pulse_forget(&pulse);
}

/* Who has no descriptors cannot tell. */
static void test_no_means(void)
{
    rcidp_pulse pulse = RCIDP_PULSE_NONE;
    struct rlimit before, none;
    int felt = 0;

    getrlimit(RLIMIT_NOFILE, &before);
    none = before;
    none.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &none);
    for (int i = 0; i < 200; i++)
        felt += rcidp_pulse_is_felt(&pulse, &keeper, START + i * SECOND);
    setrlimit(RLIMIT_NOFILE, &before);
    is_int(felt, 200, "without a descriptor for the question nobody is called silent");
    felt = 0;
    for (int i = 200; i < 260; i++)
        felt += rcidp_pulse_is_felt(&pulse, &keeper, START + i * SECOND);
    is_int(felt, 60, "with one again the minute begins");
    rcidp_pulse_forget(&pulse);
}

int main(int argc, char **argv)
{
    (void)argc;
    fixture_begin(argv[0]);
    is_str(rcidp_keeper_open(&keeper), NULL, "a socket pair");
    test_answers();
    test_silent(false, "one that reads nothing");
    test_silent(true, "one that reads, and closes");
    test_late();
    test_no_means();
    test_full();
    rcidp_keeper_close(&keeper.asking);
    rcidp_keeper_close(&keeper.serving);
    return done();
}
