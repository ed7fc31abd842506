/* SPDX-License-Identifier: Apache-2.0 */
#include "generations.h"

#include <apr_thread_proc.h>
#include <httpd.h>
#include <http_config.h>

#define MOST_GENERATIONS 64 /* that end at the same time */
/* What is kept there outlives this version of the module: the number is that of its form. */
#define RETAINED "mod_rcidp signing processes 1"

/* What outlives a restart: those that still serve the children of earlier generations. */
typedef struct generations {
    pid_t pids[MOST_GENERATIONS]; /* 0 where there is none */
} generations;

static generations *all_generations(void)
{
    generations *all = ap_retained_data_get(RETAINED);

    return all ? all : ap_retained_data_create(RETAINED, sizeof(*all));
}

void rcidp_generations_replace(pid_t before, pid_t now)
{
    generations *all = all_generations();

    for (int i = 0; i < MOST_GENERATIONS; i++) {
        if (all->pids[i] == before) {
            all->pids[i] = now;
            return;
        }
    }
}

/* That of an earlier generation ends when the last of its children has: httpd has to know that it was ours.
 */
static void watch_earlier(int reason, void *data, int status)
{
    (void)status;
    if (reason == APR_OC_REASON_UNREGISTER)
        return;
    apr_proc_other_child_unregister(data);
    if (reason != APR_OC_REASON_RESTART)
        *(pid_t *)data = 0;
}

static void follow(apr_pool_t *pconf, pid_t *pid)
{
    apr_proc_t *proc = apr_pcalloc(pconf, sizeof(*proc));

    proc->pid = *pid;
    apr_proc_other_child_register(proc, watch_earlier, pid, NULL, pconf);
}

void rcidp_generations_follow(apr_pool_t *pconf, pid_t pid)
{
    generations *all = all_generations();

    for (int i = 0; i < MOST_GENERATIONS; i++) {
        if (all->pids[i] == pid)
            follow(pconf, &all->pids[i]);
    }
}

void rcidp_generations_know(apr_pool_t *pconf)
{
    generations *all = all_generations();

    for (int i = 0; i < MOST_GENERATIONS; i++) {
        if (all->pids[i])
            follow(pconf, &all->pids[i]);
    }
}
