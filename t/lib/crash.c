/* SPDX-License-Identifier: Apache-2.0 */
/* For LD_PRELOAD: a process that crashes says in whose code. Of httpd, its modules and APR that is the
 * innermost, since all of them call the libraries. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEPTH 100

static int set_action(int number, const struct sigaction *action, struct sigaction *before)
{
    int (*next)(int, const struct sigaction *, struct sigaction *);

    *(void **)&next = dlsym(RTLD_NEXT, "sigaction");
    return next(number, action, before);
}

static const char *name_of(const void *place)
{
    Dl_info found;
    const char *name = dladdr(place, &found) ? found.dli_fname : "nothing that is known";
    const char *slash = strrchr(name, '/');

    return slash ? slash + 1 : name;
}

static int is_of_httpd(const char *name)
{
    return strncmp(name, "mod_", 4) == 0 || strncmp(name, "libapr", 6) == 0 || strcmp(name, "apache2") == 0 ||
           strcmp(name, "httpd") == 0;
}

static void tell(int number)
{
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    const char *name = "nothing of httpd";
    void *frames[DEPTH];
    int count = backtrace(frames, DEPTH);

    for (int i = 0; i < count; i++) {
        if (is_of_httpd(name_of(frames[i]))) {
            name = name_of(frames[i]);
            break;
        }
    }
    dprintf(STDERR_FILENO, "crash within %s\n", name);
    set_action(number, &usual, NULL); /* and now again */
}

/* httpd's own handler would take its place. */
int sigaction(int number, const struct sigaction *action, struct sigaction *before)
{
    return number == SIGSEGV ? 0 : set_action(number, action, before);
}

__attribute__((constructor)) static void begin(void)
{
    const struct sigaction ours = {.sa_handler = tell};
    void *frame;

    backtrace(&frame, 1); /* it loads a library */
    set_action(SIGSEGV, &ours, NULL);
}
