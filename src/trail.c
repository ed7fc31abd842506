/* SPDX-License-Identifier: Apache-2.0 */
#include "trail.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_log.h>

#include "text.h"

APLOG_USE_MODULE(rcidp);

/* What nobody who asks has open, and can cut. */
const char *rcidp_trail_open(rcidp_trail *trail, apr_pool_t *pool)
{
    const char *file = trail->options->audit;
    char reason[120];
    apr_status_t rv =
        file ? apr_file_open(&trail->file, file, APR_FOPEN_WRITE | APR_FOPEN_APPEND | APR_FOPEN_CREATE,
                             APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_GREAD, pool)
             : APR_SUCCESS;

    return rv == APR_SUCCESS
               ? NULL
               : apr_psprintf(pool, "audit=%s: %s", file, apr_strerror(rv, reason, sizeof(reason)));
}

static bool append(const rcidp_trail *trail, apr_pool_t *pool, const server_rec *s, const char *line)
{
    const char *dated = apr_pstrcat(pool, rcidp_text_time(pool, apr_time_now()), " ", line, "\n", NULL);
    apr_status_t rv = apr_file_write_full(trail->file, dated, strlen(dated), NULL);

    if (rv != APR_SUCCESS)
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s,
                     "RCIDP93: nothing is signed, since audit=%s cannot be written", trail->options->audit);
    return rv == APR_SUCCESS;
}

static bool warn_of_rate(const rcidp_trail *trail, const server_rec *s)
{
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                 "RCIDP59: more than %d signatures were asked for within a second; the rest is refused",
                 trail->options->rate);
    return true;
}

static bool log_line(const server_rec *s, const char *line)
{
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s, "%s", line);
    return true;
}

bool rcidp_trail_tell(const rcidp_trail *trail, apr_pool_t *pool, const server_rec *s, const char *name,
                      const rcidp_keeper_deed *deed)
{
    const char *line;

    if (deed->too_many)
        return warn_of_rate(trail, s);
    line = apr_psprintf(pool, "RCIDP56: signed for process %" APR_PID_T_FMT " by the key in %s: digest %s",
                        deed->asker, name, apr_pescape_hex(pool, deed->digest, deed->length, 0));
    return trail->file ? append(trail, pool, s, line) : log_line(s, line);
}
