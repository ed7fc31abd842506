/* SPDX-License-Identifier: Apache-2.0 */
#include "process_options.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_config.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>
#include <unixd.h>

#include "value.h"

#define LOWEST_RATE 2
#define HIGHEST_RATE 1000000

static const char *set_user(apr_pool_t *pool, rcidp_process_options *options, const char *name)
{
    const struct passwd *entry = getpwnam(name);

    if (!entry)
        return apr_psprintf(pool, "user=%s: there is no such user", name);
    options->user.name = entry->pw_uid ? name : NULL;
    options->user.uid = entry->pw_uid;
    options->user.gid = entry->pw_gid;
    return NULL;
}

static const char *set_rate(apr_pool_t *pool, rcidp_process_options *options, const char *text)
{
    char *end;
    apr_int64_t rate = apr_strtoi64(text, &end, 10);

    if (!apr_isdigit(*text) || *end || rate < LOWEST_RATE || rate > HIGHEST_RATE)
        return apr_psprintf(pool, "rate=%s is not a number of signatures a second from %d to %d", text,
                            LOWEST_RATE, HIGHEST_RATE);
    options->rate = (int)rate;
    return NULL;
}

/* It is opened later, by the process. What would keep that from starting is said here. */
static const char *set_audit(apr_pool_t *pool, rcidp_process_options *options, const char *file)
{
    apr_finfo_t info;

    options->audit = *file && *file != '|' ? ap_server_root_relative(pool, file) : NULL;
    if (!options->audit)
        return apr_psprintf(pool, "audit=%s is not the path of a file", file);
    if (apr_stat(&info, options->audit, APR_FINFO_TYPE, pool) == APR_SUCCESS)
        return info.filetype == APR_REG || info.filetype == APR_CHR
                   ? NULL
                   : apr_psprintf(pool, "audit=%s is there, and is not a file", options->audit);
    if (apr_stat(&info, ap_make_dirstr_parent(pool, options->audit), APR_FINFO_TYPE, pool) != APR_SUCCESS ||
        info.filetype != APR_DIR)
        return apr_psprintf(pool, "audit=%s: there is no such folder", options->audit);
    return NULL;
}

static const struct {
    const char *name;
    const char *(*set)(apr_pool_t *pool, rcidp_process_options *options, const char *value);
} settings[] = {{"user=", set_user}, {"rate=", set_rate}, {"audit=", set_audit}};

/* *given: a bit for each that was. */
static const char *set(apr_pool_t *pool, rcidp_process_options *options, unsigned *given, const char *word)
{
    for (unsigned i = 0; options->on && i < sizeof(settings) / sizeof(settings[0]); i++) {
        apr_size_t length = strlen(settings[i].name);
        bool again = *given & 1U << i;

        if (strncmp(word, settings[i].name, length) != 0)
            continue;
        *given |= 1U << i;
        return again ? apr_pstrcat(pool, settings[i].name, " stands twice", NULL)
                     : settings[i].set(pool, options, word + length);
    }
    return apr_psprintf(pool, "%s%s is none of user=NAME, rate=N, audit=FILE",
                        options->on ? "" : "off takes no more: ", word);
}

const char *rcidp_process_options_read(apr_pool_t *pool, const char *args, rcidp_process_options *options)
{
    const char *word = rcidp_value_word(pool, &args), *error = NULL;
    unsigned given = 0;

    memset(options, 0, sizeof(*options));
    options->on = strcasecmp(word, "on") == 0;
    if (!options->on && strcasecmp(word, "off") != 0)
        return apr_psprintf(pool, "\"%s\" is neither on nor off", word);
    while (!error && *args) {
        word = rcidp_value_word(pool, &args);
        error = set(pool, options, &given, word);
    }
    return error;
}

/* Not there is closed: its folder says who could make it. */
static bool is_open(apr_pool_t *pool, const char *path)
{
    apr_finfo_t info;

    return apr_stat(&info, path, APR_FINFO_OWNER | APR_FINFO_PROT, pool) == APR_SUCCESS &&
           (info.user == ap_unixd_config.user_id || info.protection & APR_FPROT_WWRITE ||
            (info.group == ap_unixd_config.group_id && info.protection & APR_FPROT_GWRITE));
}

bool rcidp_process_options_is_exposed(apr_pool_t *pool, const rcidp_process_options *options)
{
    apr_finfo_t info;

    if (!options->audit || geteuid() != 0 ||
        (apr_stat(&info, options->audit, APR_FINFO_TYPE, pool) == APR_SUCCESS && info.filetype != APR_REG))
        return false; /* a device takes no line back */
    return is_open(pool, options->audit) || is_open(pool, ap_make_dirstr_parent(pool, options->audit));
}
