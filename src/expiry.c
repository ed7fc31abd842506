/* SPDX-License-Identifier: Apache-2.0 */
#include "expiry.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_core.h>

#include "config.h"

#define DAY apr_time_from_sec(24 * 3600)
#define MOST_DAYS 365

static const int default_days[] = {60, 30, 7};

const char *rcidp_expiry_set_command(cmd_parms *cmd, void *unused, int argc, char *const argv[])
{
    rcidp_server_conf *conf = rcidp_config_server(cmd->server);
    apr_array_header_t *words = apr_array_make(cmd->pool, argc + 1, sizeof(const char *));
    apr_finfo_t info;

    (void)unused;
    if (!argc)
        return rcidp_config_complain(cmd, "needs the path of a program, or none");
    for (int i = 0; i < argc; i++)
        APR_ARRAY_PUSH(words, const char *) = argv[i];
    conf->expiry_command = words;
    if (argc == 1 && strcasecmp(argv[0], "none") == 0) {
        apr_array_clear(words);
        return NULL;
    }
    APR_ARRAY_IDX(words, 0, const char *) = ap_server_root_relative(cmd->pool, argv[0]);
    if (!APR_ARRAY_IDX(words, 0, const char *) ||
        apr_stat(&info, APR_ARRAY_IDX(words, 0, const char *), APR_FINFO_TYPE | APR_FINFO_PROT,
                 cmd->temp_pool) != APR_SUCCESS ||
        info.filetype != APR_REG ||
        !(info.protection & (APR_FPROT_UEXECUTE | APR_FPROT_GEXECUTE | APR_FPROT_WEXECUTE)))
        return rcidp_config_complain(cmd,
                                     apr_psprintf(cmd->pool, "%s is no program that can be run", argv[0]));
    return NULL;
}

/* A number of days below `above`; 0 if it is none. */
static int parse_days(const char *text, int above)
{
    char *rest;
    apr_int64_t days = apr_strtoi64(text, &rest, 10);

    return apr_isdigit(*text) && !*rest && days > 0 && days < above ? (int)days : 0;
}

const char *rcidp_expiry_set_notice(cmd_parms *cmd, void *unused, int argc, char *const argv[])
{
    apr_array_header_t *all = apr_array_make(cmd->pool, 3, sizeof(int));
    int days = MOST_DAYS + 1;

    (void)unused;
    rcidp_config_server(cmd->server)->expiry_notice = all;
    if (argc == 1 && strcasecmp(argv[0], "none") == 0)
        return NULL;
    for (int i = 0; i < argc && days; i++)
        APR_ARRAY_PUSH(all, int) = days = parse_days(argv[i], days);
    return argc && days ? NULL
                        : rcidp_config_complain(
                              cmd, apr_psprintf(cmd->pool, "takes none, or days from %d to 1, the most first",
                                                MOST_DAYS));
}

int rcidp_expiry_days(apr_time_t not_after, apr_time_t now)
{
    apr_time_t left = not_after - now;

    return (int)(left > 0 ? left / DAY : -((DAY - 1 - left) / DAY));
}

/* The numbers of RcIdpExpiryNotice. */
static const int *stages(const server_rec *s, int *count)
{
    const apr_array_header_t *set = rcidp_config_server(s)->expiry_notice;

    *count = set ? set->nelts : (int)(sizeof(default_days) / sizeof(default_days[0]));
    return set ? (const int *)(const void *)set->elts : default_days;
}

int rcidp_expiry_stage(const server_rec *s, apr_time_t not_after, apr_time_t now)
{
    int count, stage = RCIDP_NOT_DUE;
    const int *days = stages(s, &count);

    if (not_after <= now)
        return count ? RCIDP_EXPIRED : RCIDP_NOT_DUE;
    for (int i = 0; i < count; i++) {
        if (rcidp_expiry_days(not_after, now) < days[i])
            stage = days[i];
    }
    return stage;
}

bool rcidp_expiry_is_urgent(const server_rec *s, int stage)
{
    int count;
    const int *days = stages(s, &count);

    return count && stage != RCIDP_NOT_DUE && stage <= days[count - 1];
}

const char *rcidp_expiry_describe(apr_pool_t *pool, const server_rec *s)
{
    const apr_array_header_t *command = rcidp_config_server(s)->expiry_command;
    int count;
    const int *days = stages(s, &count);
    const char *text = "";

    for (int i = 0; i < count; i++)
        text = apr_psprintf(pool, "%s%s%d", text, i ? ", " : "", days[i]);
    return apr_pstrcat(pool, count ? text : "none", count ? " days before" : "",
                       command && command->nelts ? ", by " : "",
                       command && command->nelts ? apr_array_pstrcat(pool, command, ' ') : "", NULL);
}

static bool has_command(const server_rec *s)
{
    const apr_array_header_t *command = rcidp_config_server(s)->expiry_command;

    return command && command->nelts;
}

static void add(apr_pool_t *pool, apr_array_header_t *all, const rcidp_expiring *found)
{
    for (int i = 0; i < all->nelts; i++) {
        rcidp_expiring *known = APR_ARRAY_IDX(all, i, rcidp_expiring *);

        if (strcmp(known->id, found->id) == 0) {
            if (!has_command(known->s) && has_command(found->s))
                known->s = found->s;
            return;
        }
    }
    APR_ARRAY_PUSH(all, rcidp_expiring *) = apr_pmemdup(pool, found, sizeof(*found));
}

static void add_certificate(apr_pool_t *pool, apr_array_header_t *all, const server_rec *s, const char *kind,
                            const rcidp_certificate_setting *setting)
{
    rcidp_expiring found = {.kind = kind,
                            .title = apr_psprintf(pool, "the %s certificate in %s", kind, setting->file),
                            .file = setting->file,
                            .id = setting->certificate->fingerprint,
                            .not_after = setting->certificate->not_after,
                            .s = s};

    add(pool, all, &found);
}

/* Metadata without an end does not expire. */
static void add_metadata(apr_pool_t *pool, apr_array_header_t *all, const server_rec *s,
                         const rcidp_provider *provider)
{
    rcidp_expiring found = {.kind = "metadata",
                            .title = apr_psprintf(pool, "the metadata of %s", provider->name),
                            .file = "",
                            .id = provider->name,
                            .s = s};

    if (!provider->partner || !provider->partner->valid_until)
        return;
    found.not_after = provider->partner->valid_until;
    add(pool, all, &found);
}

const apr_array_header_t *rcidp_expiry_list(apr_pool_t *pool, const server_rec *s)
{
    apr_array_header_t *all = apr_array_make(pool, 2, sizeof(rcidp_expiring *));

    for (; s; s = s->next) {
        const rcidp_server_conf *conf = rcidp_config_server(s);

        if (conf->certificate)
            add_certificate(pool, all, s, "signing", conf->certificate);
        for (int i = 0; conf->published && i < conf->published->nelts; i++)
            add_certificate(pool, all, s, "published",
                            APR_ARRAY_IDX(conf->published, i, const rcidp_certificate_setting *));
        for (int i = 0; i < conf->providers->nelts; i++)
            add_metadata(pool, all, s, APR_ARRAY_IDX(conf->providers, i, const rcidp_provider *));
    }
    return all;
}
