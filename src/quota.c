/* SPDX-License-Identifier: Apache-2.0 */
#include "quota.h"

#include <ap_provider.h>
#include <ap_socache.h>
#include <apr_atomic.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <mpm_common.h>
#include <openssl/sha.h>
#include <util_mutex.h>

#include "config.h"
#include "limit.h"

APLOG_USE_MODULE(rcidp);

#define NAME "rcidp_launches"
#define DEFAULT_PROVIDER "shmcb"
#define PATIENCE apr_time_from_sec(2) /* for the turn to speak with the cache */
#define REST 10                       /* seconds without it, after that was in vain */
#define SAID_FOR 60                   /* seconds in which it is not said again that it fails */

struct rcidp_quota {
    const ap_socache_provider_t *provider;
    ap_socache_instance_t *instance;
    /* One thread of the machine at a time speaks with the cache: two launches of a user cannot count as one,
     * and one that gets no answer, for which the caches know no end, holds up nobody else. */
    apr_global_mutex_t *mutex;
    bool works;
    apr_uint32_t said;   /* when it was last said that it does not, in seconds */
    apr_uint32_t silent; /* when it was last waited for in vain, in seconds */
};

const char *rcidp_quota_set_limit(cmd_parms *cmd, void *dir, const char *text)
{
    rcidp_dir_conf *conf = dir;
    char *end;
    apr_int64_t value = apr_strtoi64(text, &end, 10);

    conf->launch_limit = 0;
    if (strcasecmp(text, "none") == 0)
        return NULL;
    if (!apr_isdigit(*text) || *end || value < 1 || value > RCIDP_LIMIT_MOST)
        return rcidp_config_complain(cmd, apr_psprintf(cmd->pool,
                                                       "\"%s\" is neither none nor a number from 1 to %d",
                                                       text, RCIDP_LIMIT_MOST));
    conf->launch_limit = (int)value;
    rcidp_config_server(cmd->server)->names_limits = true;
    return NULL;
}

static const char *provider_names(apr_pool_t *pool)
{
    const apr_array_header_t *all =
        ap_list_provider_names(pool, AP_SOCACHE_PROVIDER_GROUP, AP_SOCACHE_PROVIDER_VERSION);
    const char *names = "";

    for (int i = 0; i < all->nelts; i++)
        names = apr_pstrcat(pool, names, *names ? ", " : "",
                            APR_ARRAY_IDX(all, i, ap_list_provider_names_t).provider_name, NULL);
    return *names ? names : "none";
}

/* PROVIDER[:ARGS], as mod_socache knows it. */
static const char *make(apr_pool_t *pool, apr_pool_t *temp, const char *text, rcidp_quota **quota)
{
    const char *colon = strchr(text, ':'), *error;
    const char *name = colon ? apr_pstrmemdup(pool, text, (apr_size_t)(colon - text)) : text;
    rcidp_quota *made = apr_pcalloc(pool, sizeof(*made));

    made->provider = ap_lookup_provider(AP_SOCACHE_PROVIDER_GROUP, name, AP_SOCACHE_PROVIDER_VERSION);
    if (!made->provider)
        return apr_psprintf(pool, "there is no cache \"%s\": is mod_socache_%s loaded? There are: %s", name,
                            name, provider_names(temp));
    error = made->provider->create(&made->instance, colon ? colon + 1 : NULL, temp, pool);
    *quota = made;
    return error;
}

const char *rcidp_quota_set_cache(cmd_parms *cmd, void *unused, const char *text)
{
    const char *error = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    rcidp_quota *quota = NULL;

    (void)unused;
    if (error)
        return error;
    error = make(cmd->pool, cmd->temp_pool, text, &quota);
    rcidp_config_server(cmd->server)->quota = quota;
    return rcidp_config_complain(cmd, error);
}

static bool is_wanted(server_rec *s)
{
    while (s && !rcidp_config_server(s)->names_limits)
        s = s->next;
    return s != NULL;
}

const char *rcidp_quota_check(apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *main)
{
    rcidp_quota *quota = rcidp_config_server(main)->quota;
    const char *error = NULL;

    if (!is_wanted(main))
        return NULL;
    if (!quota)
        error = make(pconf, ptemp, DEFAULT_PROVIDER, &quota);
    for (server_rec *s = error ? NULL : main; s; s = s->next)
        rcidp_config_server(s)->quota = quota;
    return error;
}

int rcidp_quota_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog, (void)ptemp;
    ap_mutex_register(pconf, NAME, NULL, APR_LOCK_DEFAULT, 0);
    return OK;
}

static apr_uint32_t seconds(void)
{
    return (apr_uint32_t)apr_time_sec(apr_time_now());
}

/* Once a minute, in each child. */
static void complain(rcidp_quota *quota, server_rec *s, apr_status_t status)
{
    apr_uint32_t now = seconds(), said = apr_atomic_read32(&quota->said);

    if (now - said >= SAID_FOR && apr_atomic_cas32(&quota->said, now, said) == said)
        ap_log_error(APLOG_MARK, APLOG_ERR, status, s,
                     "RCIDP19: RcIdpLaunchLimit: launches are not counted, since the cache %s fails",
                     quota->provider->name);
}

static apr_status_t destroy(void *data)
{
    server_rec *s = data;
    rcidp_quota *quota = rcidp_config_server(s)->quota;

    quota->provider->destroy(quota->instance, s);
    return APR_SUCCESS;
}

/* No failure of a cache keeps httpd from starting. */
int rcidp_quota_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main)
{
    static const struct ap_socache_hints hints = {SHA256_DIGEST_LENGTH, 40,
                                                  apr_time_from_sec(RCIDP_LIMIT_WINDOW)};
    rcidp_quota *quota = rcidp_config_server(main)->quota;
    apr_status_t status;

    (void)plog, (void)ptemp;
    if (!is_wanted(main) || ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG)
        return OK;
    status = ap_global_mutex_create(&quota->mutex, NULL, NAME, NULL, main, pconf, 0);
    if (status == APR_SUCCESS)
        status = quota->provider->init(quota->instance, NAME, &hints, main, pconf);
    quota->works = status == APR_SUCCESS;
    if (quota->works)
        apr_pool_cleanup_register(pconf, main, destroy, apr_pool_cleanup_null);
    else
        complain(quota, main, status);
    return OK;
}

void rcidp_quota_child_init(apr_pool_t *pool, server_rec *main)
{
    rcidp_quota *quota = rcidp_config_server(main)->quota;
    apr_status_t status;

    if (!quota || !quota->works)
        return;
    status = apr_global_mutex_child_init(&quota->mutex, apr_global_mutex_lockfile(quota->mutex), pool);
    quota->works = status == APR_SUCCESS;
    if (!quota->works)
        complain(quota, main, status);
}

/* Whose launches these are, the same on every machine, in whichever case the name is written. */
static void make_key(request_rec *r, const char *path, const char *name,
                     unsigned char key[SHA256_DIGEST_LENGTH])
{
    char *whose = apr_pstrdup(r->pool, name);
    const char *text;

    ap_str_tolower(whose);
    text = apr_pstrcat(r->pool, rcidp_config_server(r->server)->entity_id, "\n", path, "\n", whose, NULL);
    SHA256((const unsigned char *)text, strlen(text), key);
}

static unsigned count(rcidp_quota *quota, request_rec *r, const unsigned char *key, int limit,
                      apr_status_t *status)
{
    unsigned char record[RCIDP_LIMIT_RECORD];
    unsigned length = sizeof(record), wait;
    apr_time_t now = apr_time_now();

    *status = quota->provider->retrieve(quota->instance, r->server, key, SHA256_DIGEST_LENGTH, record,
                                        &length, r->pool);
    if (*status == APR_NOTFOUND)
        length = 0;
    else if (*status != APR_SUCCESS)
        return 0;
    wait = rcidp_limit_take(record, &length, (unsigned)limit, (uint32_t)apr_time_sec(now));
    *status =
        wait ? APR_SUCCESS
             : quota->provider->store(quota->instance, r->server, key, SHA256_DIGEST_LENGTH,
                                      now + apr_time_from_sec(RCIDP_LIMIT_WINDOW), record, length, r->pool);
    return wait;
}

unsigned rcidp_quota_take(request_rec *r, const char *path, const char *name, int limit)
{
    rcidp_quota *quota = rcidp_config_server(r->server)->quota;
    unsigned char key[SHA256_DIGEST_LENGTH];
    apr_status_t status;
    unsigned wait = 0;

    if (!quota->works || seconds() - apr_atomic_read32(&quota->silent) < REST) {
        complain(quota, r->server, APR_EINIT);
        return 0;
    }
    make_key(r, path, name, key);
    status = apr_global_mutex_timedlock(quota->mutex, PATIENCE);
    if (status == APR_SUCCESS) {
        wait = count(quota, r, key, limit, &status);
        apr_global_mutex_unlock(quota->mutex);
    } else if (APR_STATUS_IS_TIMEUP(status)) {
        apr_atomic_set32(&quota->silent, seconds());
    }
    if (status != APR_SUCCESS)
        complain(quota, r->server, status);
    return wait;
}
