/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include <apr_strings.h>
#include <apr_time.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEP apr_time_from_msec(50)
#define STEPS (apr_time_from_sec(RCIDP_COMMAND_SECONDS) / STEP)

static const char *describe(apr_pool_t *pool, const char *what, int error)
{
    char why[120];

    return apr_psprintf(pool, "%s: %s", what, apr_strerror(error, why, sizeof(why)));
}

/* The reading end of a pipe that has the text and then ends; -1 and errno if there is none. */
static int prepare_input(const char *input)
{
    apr_size_t length = strlen(input);
    int ends[2];

    if (length > RCIDP_COMMAND_INPUT)
        length = RCIDP_COMMAND_INPUT;
    if (pipe2(ends, O_CLOEXEC) != 0) /* at once, since another thread may fork */
        return -1;
    if (write(ends[1], input, length) < 0) { /* a new pipe takes so little at once, or nothing */
        close(ends[0]);
        ends[0] = -1;
    }
    close(ends[1]);
    return ends[0];
}

/* A group of its own, so that all of it can be ended, and signals as a program expects them. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;

    sigemptyset(&none);
    sigfillset(&all);
    sigdelset(&all, SIGKILL);
    sigdelset(&all, SIGSTOP);
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    return posix_spawnattr_setflags(attributes,
                                    POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

/* fork() would copy locks that other threads hold; posix_spawn() does not. Returns an error number. */
static int start(const char *const *argv, const char *const *environment, int input, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int error;

    if ((error = posix_spawnattr_init(&attributes)) != 0)
        return error;
    if ((error = posix_spawn_file_actions_init(&files)) == 0) {
        error = set_attributes(&attributes);
        if (!error)
            error = posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
        if (!error) /* whose arguments are const in all but name */
            error = posix_spawn(pid, argv[0], &files, &attributes, (char *const *)(uintptr_t)argv,
                                (char *const *)(uintptr_t)environment);
        posix_spawn_file_actions_destroy(&files);
    }
    posix_spawnattr_destroy(&attributes);
    return error;
}

/* Has it ended in time? Counted in steps, since clocks may be set. */
static bool await(pid_t pid, int *status, volatile apr_uint32_t *stop)
{
    for (int step = 0; step < STEPS && !apr_atomic_read32(stop); step++) {
        if (waitpid(pid, status, WNOHANG) == pid)
            return true;
        apr_sleep(STEP);
    }
    return false;
}

static const char *end(apr_pool_t *pool, pid_t pid, int *status)
{
    kill(-pid, SIGKILL);
    while (waitpid(pid, status, 0) < 0 && errno == EINTR)
        continue;
    return apr_psprintf(pool, "was killed after %d seconds", RCIDP_COMMAND_SECONDS);
}

const char *rcidp_command_run(apr_pool_t *pool, const char *const *argv, const char *const *environment,
                              const char *input, volatile apr_uint32_t *stop)
{
    int status = 0, error, in = prepare_input(input);
    pid_t pid;

    if (in < 0)
        return describe(pool, "cannot be given its input", errno);
    error = start(argv, environment, in, &pid);
    close(in);
    if (error)
        return describe(pool, "cannot be started", error);
    if (!await(pid, &status, stop))
        return apr_atomic_read32(stop) ? NULL : end(pool, pid, &status);
    if (WIFSIGNALED(status))
        return apr_psprintf(pool, "was ended by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status) ? apr_psprintf(pool, "exited with %d", WEXITSTATUS(status)) : NULL;
}
