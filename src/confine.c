/* SPDX-License-Identifier: Apache-2.0 */
#include "confine.h"

#include <apr_strings.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define MOST_FILES 65536

#ifndef MCL_ONFAULT
#define MCL_ONFAULT 0
#endif

/* Both are lost with a change of the user. */
static void depend_on(pid_t parent)
{
    prctl(PR_SET_DUMPABLE, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0); /* it ended meanwhile */
}

/* With keys in memory: not on the disk, by a dump or by swapping. Without the right to lock as much as there
 * will be, locking would but make memory fail later. */
static void stay_in_memory(void)
{
    struct rlimit none = {0, 0}, any = {RLIM_INFINITY, RLIM_INFINITY};

    setrlimit(RLIMIT_CORE, &none);
    if (setrlimit(RLIMIT_MEMLOCK, &any) == 0)
        mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
}

/* httpd's children are told by signals what this one is told by the end of its socket. */
static void settle_signals(void)
{
    static const int ignored[] = {SIGHUP, SIGINT, SIGUSR1, SIGWINCH, SIGPIPE, SIGXFSZ},
                     usual[] = {SIGTERM, SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGCHLD};
    struct sigaction action;
    sigset_t none;

    memset(&action, 0, sizeof(action));
    action.sa_handler = SIG_IGN;
    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
        sigaction(ignored[i], &action, NULL);
    action.sa_handler = SIG_DFL;
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
        sigaction(usual[i], &action, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool is_kept(const apr_array_header_t *keep, int descriptor)
{
    for (int i = 0; i < keep->nelts; i++) {
        if (APR_ARRAY_IDX(keep, i, int) == descriptor)
            return true;
    }
    return false;
}

static void close_files(const apr_array_header_t *keep)
{
    struct rlimit files;
    int end = MOST_FILES, null = open("/dev/null", O_RDWR);

    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < MOST_FILES)
        end = (int)files.rlim_cur;
    if (null >= 0)
        dup2(null, STDIN_FILENO);
    closelog(); /* it opens its own again */
    for (int descriptor = STDERR_FILENO + 1; descriptor < end; descriptor++) {
        if (!is_kept(keep, descriptor))
            close(descriptor);
    }
}

/* A log that others have open, too: they share its flags, and one who makes it non-blocking has lines of ours
 * lost while it is full. Opened again it is this process's alone; a socket cannot be, nor a pipe that nobody
 * reads. */
static void open_again(int descriptor)
{
    char path[40];
    int own;

    apr_snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
    own = open(path, O_WRONLY | O_APPEND | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (own < 0)
        return;
    fcntl(own, F_SETFL, O_APPEND);
    dup2(own, descriptor);
    close(own);
}

/* A file that is not appended to has a place in it, which goes on where those who share it have written. */
static bool has_place(int descriptor)
{
    struct stat file;

    return fstat(descriptor, &file) == 0 && S_ISREG(file.st_mode) && !(fcntl(descriptor, F_GETFL) & O_APPEND);
}

void rcidp_confine(pid_t parent, const apr_array_header_t *keep)
{
    prctl(PR_SET_NAME, "rcidp_reader"); /* whoever looks for keys in httpd's children can tell it from them */
    setpgid(0, 0);
    settle_signals();
    close_files(keep);
    if (!has_place(STDERR_FILENO)) /* as a shell may have opened it; httpd appends to its logs */
        open_again(STDERR_FILENO);
    for (int i = 0; i < keep->nelts; i++)
        open_again(APR_ARRAY_IDX(keep, i, int));
    stay_in_memory();
    depend_on(parent);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

bool rcidp_confine_become(pid_t parent, const rcidp_confine_user *user)
{
    if (!user->name || geteuid() != 0)
        return true;
    if (initgroups(user->name, user->gid) != 0 || setgid(user->gid) != 0 || setuid(user->uid) != 0)
        return false;
    depend_on(parent);
    return setuid(0) != 0;
}
