/* SPDX-License-Identifier: Apache-2.0 */
#include "notice.h"

#include <apr_atomic.h>
#include <apr_optional.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <http_core.h>
#include <http_log.h>
#include <mod_watchdog.h>
#include <stdlib.h>

#include "command.h"
#include "config.h"
#include "diary.h"
#include "expiry.h"

APLOG_USE_MODULE(rcidp);

#define DIARY "rcidp.notices"
#define DATE_LENGTH 10 /* of 2026-01-31T00:00:00Z */
#define DAY apr_time_from_sec(24 * 3600)

struct rcidp_watch {
    server_rec *main;
    const apr_array_header_t *expiring; /* of const rcidp_expiring * */
    apr_file_t *diary;                  /* NULL: each process remembers for itself */
    bool is_watched;                    /* by mod_watchdog */
    apr_time_t day;                     /* that has been seen to, in days since 1970 */
    apr_thread_t *thread;
    volatile apr_uint32_t stop;
};

static void complain(apr_pool_t *pool, const rcidp_watch *watch, apr_status_t rv)
{
    ap_log_error(APLOG_MARK, APLOG_WARNING, rv, watch->main,
                 "RCIDP69: what has been said of expiry cannot be kept in %s; it may be said again",
                 ap_runtime_dir_relative(pool, DIARY));
}

/* The notice as text, and the line in the error log; for the tags lint, one call for each. */
static const char *log_notice(apr_pool_t *pool, const rcidp_expiring *it, int stage, int days)
{
    const char *when = rcidp_text_time(pool, it->not_after);

    if (stage == RCIDP_EXPIRED) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, it->s, "RCIDP54: %s has expired on %s", it->title, when);
        return apr_psprintf(pool, "%s has expired on %s", it->title, when);
    }
    if (rcidp_expiry_is_urgent(it->s, stage))
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, it->s, "RCIDP53: %s expires in %d days, on %s; change it now",
                     it->title, days, when);
    else
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, it->s,
                     "RCIDP52: %s expires in less than %d days, in %d, on %s", it->title, stage, days, when);
    return apr_psprintf(pool, "%s expires in %d days, on %s", it->title, days, when);
}

static void push(apr_array_header_t *list, const char *name, const char *value)
{
    APR_ARRAY_PUSH(list, const char *) = apr_pstrcat(list->pool, name, "=", value ? value : "", NULL);
}

/* What the command finds in its environment. */
static const char *const *environment(apr_pool_t *pool, const rcidp_expiring *it, int stage, int days)
{
    apr_array_header_t *list = apr_array_make(pool, 12, sizeof(const char *));
    const char *path = getenv("PATH");

    push(list, "PATH", path ? path : DEFAULT_PATH);
    push(list, "RCIDP_NOTICE", stage == RCIDP_EXPIRED ? "expired" : apr_itoa(pool, stage));
    push(list, "RCIDP_DAYS", apr_itoa(pool, days));
    push(list, "RCIDP_EXPIRES", rcidp_text_time(pool, it->not_after));
    push(list, "RCIDP_KIND", it->kind);
    push(list, "RCIDP_FILE", it->file);
    push(list, "RCIDP_ID", it->id);
    push(list, "RCIDP_SERVER", it->s->server_hostname);
    push(list, "RCIDP_ENTITY_ID", rcidp_config_server(it->s)->entity_id);
    APR_ARRAY_PUSH(list, const char *) = NULL;
    return (const char *const *)(const void *)list->elts;
}

static void run_command(apr_pool_t *pool, rcidp_watch *watch, const rcidp_expiring *it, int stage, int days,
                        const char *sentence)
{
    const rcidp_server_conf *conf = rcidp_config_server(it->s);
    apr_array_header_t *argv;
    const char *input, *error;

    if (!conf->expiry_command || !conf->expiry_command->nelts)
        return;
    argv = apr_array_copy(pool, conf->expiry_command);
    APR_ARRAY_PUSH(argv, const char *) = NULL;
    input = apr_psprintf(pool, "On %s, %s.\n\nentityID: %s\nID:       %s\n", it->s->server_hostname, sentence,
                         conf->entity_id ? conf->entity_id : "none", it->id);
    error = rcidp_command_run(pool, (const char *const *)(const void *)argv->elts,
                              environment(pool, it, stage, days), input, &watch->stop);
    if (error)
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, it->s, "RCIDP55: RcIdpExpiryCommand: %s %s",
                     APR_ARRAY_IDX(argv, 0, const char *), error);
}

static void tell(apr_pool_t *pool, rcidp_watch *watch, const rcidp_expiring *it, apr_time_t now)
{
    int days = rcidp_expiry_days(it->not_after, now), stage = rcidp_expiry_stage(it->s, it->not_after, now);

    run_command(pool, watch, it, stage, days, log_notice(pool, it, stage, days));
}

/* Metadata is downloaded anew all the time, and some of it never has more than days to live: it is told of
 * late. */
static bool is_due(const rcidp_expiring *it, apr_time_t now)
{
    int stage = rcidp_expiry_stage(it->s, it->not_after, now);

    return strcmp(it->kind, "metadata") == 0 ? rcidp_expiry_is_urgent(it->s, stage) : stage != RCIDP_NOT_DUE;
}

static bool lists(const apr_array_header_t *keys, const char *key)
{
    for (int i = 0; i < keys->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(keys, i, const char *), key) == 0)
            return true;
    }
    return false;
}

/* Which of what is due has not been told today? NULL if another process is asking just now. */
static const apr_array_header_t *untold(apr_pool_t *pool, const rcidp_watch *watch, apr_time_t now)
{
    apr_array_header_t *due = apr_array_make(pool, 2, sizeof(const char *)), *fresh = due;
    const char *date = apr_pstrmemdup(pool, rcidp_text_time(pool, now), DATE_LENGTH);
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < watch->expiring->nelts; i++) {
        const rcidp_expiring *it = APR_ARRAY_IDX(watch->expiring, i, const rcidp_expiring *);

        if (is_due(it, now))
            APR_ARRAY_PUSH(due, const char *) = it->id;
    }
    if (watch->diary && due->nelts)
        rv = rcidp_diary_enter(pool, watch->diary, date, due, &fresh);
    if (rv != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(rv))
        complain(pool, watch, rv);
    return APR_STATUS_IS_EAGAIN(rv) ? NULL : fresh;
}

/* Once a day, at the day's first call. */
static void look(apr_pool_t *pool, rcidp_watch *watch)
{
    apr_time_t now = apr_time_now();
    const apr_array_header_t *keys = watch->day == now / DAY ? NULL : untold(pool, watch, now);

    if (!keys)
        return;
    watch->day = now / DAY;
    for (int i = 0; i < watch->expiring->nelts && !apr_atomic_read32(&watch->stop); i++) {
        const rcidp_expiring *it = APR_ARRAY_IDX(watch->expiring, i, const rcidp_expiring *);

        if (lists(keys, it->id))
            tell(pool, watch, it, now);
    }
}

static apr_status_t stop(void *data)
{
    rcidp_watch *watch = data;
    apr_status_t rv;

    apr_atomic_set32(&watch->stop, 1);
    if (watch->thread)
        apr_thread_join(&rv, watch->thread);
    return APR_SUCCESS;
}

/* mod_watchdog's thread calls this ten times a second; STOPPING comes from another thread, to one that is
 * RUNNING only. */
static apr_status_t on_watchdog(int state, void *data, apr_pool_t *pool)
{
    if (state == AP_WATCHDOG_STATE_STOPPING)
        return stop(data);
    if (state == AP_WATCHDOG_STATE_RUNNING)
        look(pool, data);
    return APR_SUCCESS;
}

static bool set_watchdog(rcidp_watch *watch, apr_pool_t *pconf)
{
    APR_OPTIONAL_FN_TYPE(ap_watchdog_get_instance) *get = APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance);
    APR_OPTIONAL_FN_TYPE(ap_watchdog_register_callback) *enlist =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback);
    ap_watchdog_t *watchdog;

    /* One of our own: a slow command holds up nobody else's. */
    return get && enlist && get(&watchdog, "_rcidp_", 0, 1, pconf) == APR_SUCCESS &&
           enlist(watchdog, AP_WD_TM_SLICE, watch, on_watchdog) == APR_SUCCESS;
}

int rcidp_notice_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    const apr_array_header_t *expiring = rcidp_expiry_list(pconf, s);
    rcidp_watch *watch;
    apr_status_t rv;

    (void)plog, (void)ptemp;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG || !expiring->nelts)
        return OK;
    watch = apr_pcalloc(pconf, sizeof(*watch));
    watch->main = s;
    watch->expiring = expiring;
    rv = rcidp_diary_open(pconf, ap_runtime_dir_relative(pconf, DIARY), &watch->diary);
    if (rv != APR_SUCCESS)
        complain(pconf, watch, rv);
    watch->is_watched = set_watchdog(watch, pconf);
    rcidp_config_server(s)->watch = watch;
    return OK;
}

static void *APR_THREAD_FUNC look_once(apr_thread_t *thread, void *data)
{
    look(apr_thread_pool_get(thread), data);
    return NULL;
}

void rcidp_notice_child_init(apr_pool_t *pchild, const server_rec *s)
{
    rcidp_watch *watch = rcidp_config_server(s)->watch;

    if (!watch || watch->is_watched)
        return;
    apr_pool_pre_cleanup_register(pchild, watch, stop);
    if (apr_thread_create(&watch->thread, NULL, look_once, watch, pchild) != APR_SUCCESS)
        watch->thread = NULL;
}
