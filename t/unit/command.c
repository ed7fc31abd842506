/* SPDX-License-Identifier: Apache-2.0 */
/* A program run on the side: what it is given, what becomes of it, and that it ends when it must. */
#include "command.h"
#include "fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile apr_uint32_t stop;

/* What becomes of a shell's command line; $1 are two words. */
static const char *run(const char *line, const char *input)
{
    const char *const argv[] = {"/bin/sh", "-c", line, "sh", "two words; $x", NULL};
    const char *const environment[] = {"ONE=1", "PATH=/usr/bin:/bin", NULL};

    return rcidp_command_run(pool, argv, environment, input, &stop);
}

static void test_ends(void)
{
    const char *const nothing[] = {"/nowhere/program", NULL}, *const none[] = {NULL}, *error;

    is_str(run("exit 0", ""), NULL, "it ends well");
    is_str(run("exit 3", ""), "exited with 3", "it fails");
    is_str(run("kill -9 $$", ""), "was ended by signal 9", "it is killed");
    error = rcidp_command_run(pool, nothing, none, "", &stop);
    ok(error && strstr(error, is_emulated() ? "exited with 127" : "cannot be started: No such file"),
       "it is not there: %s", error);
}

static void test_gifts(void)
{
    char *large = apr_palloc(pool, RCIDP_COMMAND_INPUT + 100);

    memset(large, 'x', RCIDP_COMMAND_INPUT + 99);
    large[RCIDP_COMMAND_INPUT + 99] = '\0';
    is_str(run("test \"$(cat)\" = 'some text'", "some text"), NULL, "its input");
    is_str(run("test -z \"$(cat)\"", ""), NULL, "no input is an end of file");
    is_str(run("exit 0", "some text"), NULL, "it need not read");
    is_str(run("test $(wc -c) = 4096", large), NULL, "an input that is too long is cut");
    is_str(run("test \"$1\" = 'two words; $x'", ""), NULL, "its arguments are as they were");
    is_str(run("test \"$(env | grep -vE '^(PWD|_|SHLVL)=' | sort | tr '\\n' ' ')\" = 'ONE=1 "
               "PATH=/usr/bin:/bin '",
               ""),
           NULL, "its environment is what it was given");
}

/* What httpd's threads have blocked and ignored is no matter of a program's. */
static void test_signals(void)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    signal(SIGPIPE, SIG_IGN);
    is_str(run("kill -PIPE $$; exit 0", ""), "was ended by signal 13", "SIGPIPE ends it");
    is_str(run("kill -TERM $$; exit 0", ""), "was ended by signal 15", "SIGTERM ends it");
    signal(SIGPIPE, SIG_DFL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Nobody waits for it any more, and nobody ends it. */
static void test_stop(void)
{
    int status = 0;

    stop = 1;
    is_str(run("sleep 0.2; exit 5", ""), NULL, "it is left to itself when httpd stops");
    stop = 0;
    ok(waitpid(-1, &status, 0) > 0 && WEXITSTATUS(status) == 5, "and goes on");
}

int main(int argc, char **argv)
{
    (void)argc;
    fixture_begin(argv[0]);
    test_ends();
    test_gifts();
    test_signals();
    test_stop();
    return done();
}
