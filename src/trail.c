/* SPDX-License-Identifier: Apache-2.0 */
#include "trail.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_log.h>

#include "text.h"

APLOG_USE_MODULE(rcidp);

#define APPENDED (APR_FOPEN_WRITE | APR_FOPEN_APPEND | APR_FOPEN_CREATE | APR_FOPEN_NONBLOCK)
#define MODE (APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_GREAD)

/* What nobody who asks has open, and can cut. A pipe that nobody reads would keep us here. */
const char *rcidp_trail_open(rcidp_trail *trail, apr_pool_t *pool)
{
    const char *path = trail->options->audit;
    char reason[120];
    apr_finfo_t is;
    apr_status_t rv;

    trail->file = NULL;
    pthread_mutex_init(&trail->writing, NULL);
    if (!path)
        return NULL;
    rv = apr_file_open(&trail->file, path, APPENDED | APR_FOPEN_READ, MODE, pool);
    if (APR_STATUS_IS_EACCES(rv)) /* one that may be written to, and no more */
        rv = apr_file_open(&trail->file, path, APPENDED, MODE, pool);
    if (rv == APR_SUCCESS)
        rv = apr_file_info_get(&is, APR_FINFO_TYPE, trail->file);
    if (rv != APR_SUCCESS)
        return apr_psprintf(pool, "audit=%s: %s", path, apr_strerror(rv, reason, sizeof(reason)));
    return is.filetype == APR_REG || is.filetype == APR_CHR
               ? NULL
               : apr_psprintf(pool, "audit=%s is not a file", path);
}

/* Does the file end within a line, for which somebody found no room? */
static bool is_cut_off(apr_file_t *file)
{
    apr_off_t place = -1;
    apr_finfo_t is;
    char last = '\n';
    apr_size_t length = 1;

    return apr_file_info_get(&is, APR_FINFO_TYPE, file) == APR_SUCCESS && is.filetype == APR_REG &&
           apr_file_seek(file, APR_END, &place) == APR_SUCCESS &&
           apr_file_read(file, &last, &length) == APR_SUCCESS && last != '\n';
}

/* The rest of a line that found no room stays alone in its own. */
static bool append(rcidp_trail *trail, apr_pool_t *pool, const server_rec *s, const char *line)
{
    const char *dated = apr_pstrcat(pool, "\n", rcidp_text_time(pool, apr_time_now()), " ", line, "\n", NULL);
    apr_status_t rv;

    pthread_mutex_lock(&trail->writing);
    dated += !is_cut_off(trail->file);
    rv = apr_file_write_full(trail->file, dated, strlen(dated), NULL);
    pthread_mutex_unlock(&trail->writing);
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

bool rcidp_trail_tell(rcidp_trail *trail, apr_pool_t *pool, const server_rec *s, const char *name,
                      const rcidp_keeper_deed *deed)
{
    const char *line;

    if (deed->too_many)
        return warn_of_rate(trail, s);
    line = apr_psprintf(pool, "RCIDP56: signed for process %" APR_PID_T_FMT " by the key in %s: digest %s",
                        deed->asker, name, apr_pescape_hex(pool, deed->digest, deed->length, 0));
    return trail->file ? append(trail, pool, s, line) : log_line(s, line);
}
