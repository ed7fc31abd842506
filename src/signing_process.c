/* SPDX-License-Identifier: Apache-2.0 */
#include "signing_process.h"

#include <apr_strings.h>
#include <ap_mpm.h>
#include <errno.h>
#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <openssl/evp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "config.h"
#include "generations.h"
#include "inspect.h"
#include "pulse.h"
#include "sections.h"
#include "shared.h"
#include "token.h"
#include "trail.h"

APLOG_USE_MODULE(rcidp);

#define DIRECTIVE "RcIdpSigningProcess"
#define MOST_THREADS 16
#define SHORT_LIFE 10000               /* milliseconds */
#define PAUSE 1                        /* second before the next one starts, after a short life */
#define COUNT "mod_rcidp signatures 2" /* retained, as generations.c does */

/* A key of the process. */
typedef struct process_key {
    const char *file, *name; /* the second for messages */
    const server_rec *s;
    const rcidp_key *known; /* its public half */
} process_key;

struct rcidp_process {
    rcidp_process_options options;
    rcidp_trail trail; /* in the process */
    const ap_directive_t *at;
    apr_array_header_t *keys; /* of process_key * */
    rcidp_keeper keeper;
    apr_pool_t *pconf;
    const server_rec *main;
    apr_proc_t proc;
    int64_t started; /* rcidp_keeper_milliseconds() */
    rcidp_pulse pulse;
    /* Of each key, shared by the processes that follow each other: has a token refused its PIN? One that is
     * tried again and again locks itself. */
    bool *refused;
};

/* --- The configuration -------------------------------------------------------------------------------- */

rcidp_process *rcidp_process_find(apr_pool_t *pool)
{
    rcidp_server_conf *conf = rcidp_config_server(ap_server_conf);
    const ap_directive_t *at = conf->process ? NULL : rcidp_sections_find(DIRECTIVE);
    rcidp_process_options options;

    if (at && !rcidp_process_options_read(pool, at->args, &options) && options.on) {
        conf->process = apr_pcalloc(pool, sizeof(*conf->process));
        conf->process->options = options;
        conf->process->at = at;
        conf->process->keys = apr_array_make(pool, 1, sizeof(process_key *));
        conf->process->keeper =
            (rcidp_keeper){.asking = -1, .serving = -1, .patience = RCIDP_KEEPER_PATIENCE};
        conf->process->pulse = RCIDP_PULSE_NONE;
    }
    return conf->process;
}

const char *rcidp_process_set(cmd_parms *cmd, void *unused, const char *args)
{
    const char *error = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    rcidp_process_options options;

    (void)unused;
    if (error)
        return error;
    error = rcidp_process_options_read(cmd->pool, args, &options);
    if (!error && rcidp_sections_find(DIRECTIVE) != cmd->directive)
        error = "stands twice";
    return rcidp_config_complain(cmd, error);
}

static rcidp_inspect_read *reader_of(const char *file)
{
    return rcidp_token_is_named(file) ? rcidp_token_read : rcidp_key_read;
}

static process_key *key_at(const rcidp_process *process, int place)
{
    return APR_ARRAY_IDX(process->keys, place, process_key *);
}

/* Many virtual hosts may sign by one key, which is looked at once: the place of the first that names it, or
 * the number of all. */
static int first_of(const rcidp_process *process, const char *file)
{
    int place = 0;

    while (place < process->keys->nelts && strcmp(key_at(process, place)->file, file) != 0)
        place++;
    return place;
}

const char *rcidp_process_add_key(rcidp_process *process, cmd_parms *cmd, const char *file,
                                  const rcidp_key **key)
{
    int place = process->keys->nelts, first = first_of(process, file);
    process_key *kept = apr_pcalloc(cmd->pool, sizeof(*kept));
    const char *error = NULL;

    if (first < place)
        kept->known = key_at(process, first)->known;
    else
        error = rcidp_inspect(cmd->pool, reader_of(file), file,
                              rcidp_token_is_named(file) ? &process->options.user : NULL, &kept->known);
    if (error)
        return error;
    kept->file = file;
    kept->name = rcidp_token_name(cmd->pool, file);
    kept->s = cmd->server;
    *key = rcidp_keeper_lend(cmd->pool, &process->keeper, kept->known, place);
    APR_ARRAY_PUSH(process->keys, process_key *) = kept;
    return NULL;
}

const rcidp_process_options *rcidp_process_options_of(const rcidp_process *process)
{
    return &process->options;
}

const ap_directive_t *rcidp_process_at(const rcidp_process *process)
{
    return process->at;
}

/* --- In the process ----------------------------------------------------------------------------------- */

/* An rcidp_keeper_desk's tell. */
static bool tell(void *baton, apr_pool_t *pool, const rcidp_keeper_deed *deed)
{
    rcidp_process *process = baton;
    const process_key *key = key_at(process, deed->key);

    return rcidp_trail_tell(&process->trail, pool, key->s, key->name, deed);
}

static void complain(const server_rec *s, apr_status_t rv, const char *error)
{
    ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s, "RCIDP58: the signing process cannot start: %s", error);
}

/* One key, which must be that of the start. */
static const char *read_key(const process_key *key, apr_pool_t *pool, const rcidp_key **read)
{
    const char *error = reader_of(key->file)(pool, key->file, read);

    if (!error && EVP_PKEY_eq((*read)->pkey, key->known->pkey) != 1)
        error = apr_psprintf(pool, "%s has another key than when httpd was started", key->name);
    return error;
}

/* Files, as root: all of them, or an error. */
static const char *read_files(const rcidp_process *process, apr_pool_t *pool, apr_array_header_t *keys)
{
    const char *error = NULL;

    for (int i = 0; i < process->keys->nelts && !error; i++) {
        const process_key *key = key_at(process, i);

        if (!rcidp_token_is_named(key->file))
            error = read_key(key, pool, &APR_ARRAY_IDX(keys, i, const rcidp_key *));
    }
    return error;
}

/* Has a token refused what this key's URI logs in with, its query? */
static bool is_refused(const rcidp_process *process, int place)
{
    const char *login = strchr(key_at(process, place)->file, '?'), *other;
    bool found = process->refused[place];

    for (int i = 0; i < process->keys->nelts && login && !found; i++) {
        other = strchr(key_at(process, i)->file, '?');
        found = process->refused[i] && other && strcmp(other, login) == 0;
    }
    return found;
}

/* Tokens, as the user: those that are there. The keys of the others are NULL. */
static void read_tokens(const rcidp_process *process, apr_pool_t *pool, apr_array_header_t *keys)
{
    for (int i = 0; i < process->keys->nelts; i++) {
        const process_key *key = key_at(process, i);
        const rcidp_key **place = &APR_ARRAY_IDX(keys, i, const rcidp_key *);
        int first = first_of(process, key->file);
        const char *error;

        if (!rcidp_token_is_named(key->file) || is_refused(process, i))
            continue;
        if (first < i) {
            *place = APR_ARRAY_IDX(keys, first, const rcidp_key *);
        } else if ((error = read_key(key, pool, place))) {
            *place = NULL;
            process->refused[i] = error == rcidp_token_wrong_pin;
            ap_log_error(APLOG_MARK, APLOG_CRIT, 0, key->s,
                         "RCIDP88: the signing process cannot have the key %s: %s", key->name, error);
        }
    }
}

/* An rcidp_keeper_desk's renews: a new process logs in anew, unless this one has just begun. */
static bool renews(void *baton, int place)
{
    const rcidp_process *process = baton;

    return rcidp_token_is_named(key_at(process, place)->file) && !is_refused(process, place) &&
           rcidp_keeper_milliseconds() - process->started >= SHORT_LIFE;
}

/* What stays open: the socket, and the logs. */
static apr_array_header_t *files_of(const rcidp_process *process, apr_pool_t *pool)
{
    apr_array_header_t *files = apr_array_make(pool, 4, sizeof(int));
    apr_os_file_t descriptor;

    APR_ARRAY_PUSH(files, int) = process->keeper.serving;
    for (const server_rec *s = process->main; s; s = s->next) {
        if (s->error_log && apr_os_file_get(&descriptor, s->error_log) == APR_SUCCESS)
            APR_ARRAY_PUSH(files, int) = descriptor;
    }
    return files;
}

static int count_threads(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    return processors < 2 ? 2 : processors > MOST_THREADS ? MOST_THREADS : (int)processors;
}

/* Of the signatures in this second, by the processes of all generations; NULL where there is no memory. */
static rcidp_keeper_count *shared_count(void)
{
    rcidp_keeper_count **kept = ap_retained_data_get(COUNT);

    if (!kept) {
        kept = ap_retained_data_create(COUNT, sizeof(*kept));
        *kept = rcidp_shared_make(sizeof(**kept));
    }
    return *kept;
}

/* The process's whole life. */
__attribute__((noreturn)) static void keep(rcidp_process *process, pid_t parent, bool pause)
{
    apr_pool_t *pool;
    rcidp_keeper_desk desk = {.serving = process->keeper.serving,
                              .rate = process->options.rate,
                              .count = shared_count(),
                              .threads = count_threads(),
                              .tell = tell,
                              .renews = renews,
                              .baton = process};
    apr_array_header_t *keys;
    const char *error;

    if (apr_pool_create(&pool, NULL) != APR_SUCCESS)
        _exit(1);
    rcidp_confine(parent, files_of(process, pool));
    if (pause)
        sleep(PAUSE);
    keys = apr_array_make(pool, process->keys->nelts, sizeof(const rcidp_key *));
    keys->nelts = process->keys->nelts;
    process->trail.options = &process->options;
    error = rcidp_trail_open(&process->trail, pool);
    if (!error)
        error = read_files(process, pool, keys);
    if (!error && !rcidp_confine_become(parent, &process->options.user))
        error = apr_psprintf(pool, "it cannot become %s", process->options.user.name);
    if (!error)
        read_tokens(process, pool, keys);
    process->started = rcidp_keeper_milliseconds();
    desk.keys = keys;
    if (!error)
        prctl(PR_SET_NAME, "rcidp_signer"); /* ready */
    if (!error && !rcidp_keeper_serve(&desk))
        error = "it has no threads";
    if (error)
        complain(process->main, 0, error);
    _exit(error ? 1 : 0);
}

/* --- In httpd's parent -------------------------------------------------------------------------------- */

static void watch(int reason, void *data, int status);

/* What is shared is for this process. */
static void lend(const rcidp_process *process, bool lent)
{
    rcidp_shared_lend(shared_count(), sizeof(*shared_count()), lent);
    rcidp_shared_lend(process->refused, (size_t)process->keys->nelts, lent);
}

static void start(rcidp_process *process, bool pause)
{
    pid_t parent = getpid(), pid;
    int reason;

    lend(process, true);
    pid = fork();
    if (pid == 0)
        keep(process, parent, pause);
    reason = errno;
    lend(process, false);
    memset(&process->proc, 0, sizeof(process->proc));
    rcidp_pulse_forget(&process->pulse);
    if (pid < 0) {
        complain(process->main, reason, "httpd cannot fork");
        return;
    }
    process->proc.pid = pid;
    process->started = rcidp_keeper_milliseconds();
    rcidp_generations_replace(0, pid);
    apr_proc_other_child_register(&process->proc, watch, process, NULL, process->pconf);
}

static bool is_stopping(void)
{
    int state;

    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS && state == AP_MPMQ_STOPPING;
}

/* httpd tells what became of the process. */
static void watch(int reason, void *data, int status)
{
    rcidp_process *process = data;

    if (reason == APR_OC_REASON_RESTART) {
        apr_proc_other_child_unregister(data);
        return;
    }
    if (reason != APR_OC_REASON_DEATH && reason != APR_OC_REASON_LOST)
        return;
    apr_proc_other_child_unregister(data);
    rcidp_generations_replace(process->proc.pid, 0);
    if (is_stopping())
        return;
    ap_log_error(APLOG_MARK, APLOG_ERR, 0, process->main,
                 "RCIDP57: the signing process %" APR_PID_T_FMT " has ended (%d); another one starts",
                 process->proc.pid, status);
    start(process, rcidp_keeper_milliseconds() - process->started < SHORT_LIFE);
}

/* The end of a generation: once its children have closed theirs too, the process sees it. */
static apr_status_t end(void *data)
{
    rcidp_process *process = data;

    rcidp_keeper_close(&process->keeper.asking);
    rcidp_keeper_close(&process->keeper.serving);
    rcidp_pulse_forget(&process->pulse);
    rcidp_shared_free(process->refused, (size_t)process->keys->nelts);
    return APR_SUCCESS;
}

int rcidp_process_start(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    rcidp_process *process = rcidp_config_server(s)->process;
    const char *error;

    (void)plog, (void)ptemp;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG)
        return OK; /* httpd only looks whether the configuration is right */
    rcidp_generations_know(pconf);
    if (!process || !process->keys->nelts)
        return OK;
    process->main = s;
    apr_pool_cleanup_register(pconf, process, end, apr_pool_cleanup_null);
    process->refused = rcidp_shared_make((size_t)process->keys->nelts);
    error = process->refused ? rcidp_keeper_open(&process->keeper) : "there is no memory for it";
    if (error) {
        complain(s, errno, error);
        return OK;
    }
    process->pconf = pconf;
    start(process, false);
    return OK;
}

/* It neither answers nor ends: stopped, or held up by its token's library or by what a child has sent it. Not
 * even SIGKILL need end it at once. */
static void replace_deaf(rcidp_process *process)
{
    pid_t pid = process->proc.pid;

    ap_log_error(APLOG_MARK, APLOG_ERR, 0, process->main,
                 "RCIDP89: the signing process %" APR_PID_T_FMT
                 " has not answered for a minute; another one starts",
                 pid);
    apr_proc_other_child_unregister(process);
    rcidp_generations_follow(process->pconf, pid);
    kill(pid, SIGKILL);
    start(process, false);
}

int rcidp_process_monitor(apr_pool_t *pool, server_rec *s)
{
    rcidp_process *process = rcidp_config_server(s)->process;

    (void)pool;
    if (!process || !process->pconf || is_stopping())
        return DECLINED;
    if (!process->proc.pid)
        start(process, false);
    else if (!rcidp_pulse_is_felt(&process->pulse, &process->keeper, rcidp_keeper_milliseconds()))
        replace_deaf(process);
    return DECLINED;
}

void rcidp_process_leave(apr_pool_t *pool, server_rec *s)
{
    rcidp_process *process = rcidp_config_server(s)->process;

    (void)pool;
    if (process) {
        rcidp_keeper_close(&process->keeper.serving);
        rcidp_pulse_forget(&process->pulse);
    }
}
