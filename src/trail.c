/* SPDX-License-Identifier: Apache-2.0 */
#include "trail.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <http_config.h>
#include <http_log.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

APLOG_USE_MODULE(rcidp);

/* Does the file end within a line, which another process did not live to end? */
static bool is_cut_off(int file, off_t length)
{
    char last = '\n';

    return length > 0 && pread(file, &last, 1, length - 1) == 1 && last != '\n';
}

/* What nobody who asks has open, and can cut. A pipe that nobody reads would keep us here. */
const char *rcidp_trail_open(rcidp_trail *trail, apr_pool_t *pool)
{
    const char *path = trail->options->audit;
    struct stat is;
    int file = path ? open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                           S_IRUSR | S_IWUSR | S_IRGRP)
                    : -1;

    trail->file = file;
    if (path && file < 0)
        return apr_psprintf(pool, "audit=%s: %s", path, strerror(errno));
    if (path && (fstat(file, &is) != 0 || !(S_ISREG(is.st_mode) || S_ISCHR(is.st_mode)) ||
                 fcntl(file, F_SETFL, O_APPEND) != 0))
        return apr_psprintf(pool, "audit=%s is not a file", path);
    trail->is_cut_off = path && S_ISREG(is.st_mode) && is_cut_off(file, is.st_size);
    pthread_mutex_init(&trail->writing, NULL);
    return NULL;
}

/* As much as there is room for. Returns how much that is; errno says why it is not all. */
static apr_size_t put(int file, const char *text, apr_size_t length)
{
    apr_size_t at = 0;
    ssize_t done = 0;

    while (at < length && (done >= 0 || errno == EINTR)) {
        done = write(file, text + at, length - at);
        at += done > 0 ? (apr_size_t)done : 0;
    }
    return at;
}

/* The rest of a line that found no room stays alone in its own. */
static bool append(rcidp_trail *trail, apr_pool_t *pool, const server_rec *s, const char *line)
{
    const char *dated = apr_pstrcat(pool, "\n", rcidp_text_time(pool, apr_time_now()), " ", line, "\n", NULL);
    apr_size_t length, done;

    pthread_mutex_lock(&trail->writing);
    dated += !trail->is_cut_off;
    length = strlen(dated);
    done = put(trail->file, dated, length);
    if (done < length)
        ap_log_error(APLOG_MARK, APLOG_CRIT, errno, s,
                     "RCIDP93: nothing is signed, since audit=%s cannot be written", trail->options->audit);
    if (done)
        trail->is_cut_off = done < length;
    pthread_mutex_unlock(&trail->writing);
    return done == length;
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
    return trail->file >= 0 ? append(trail, pool, s, line) : log_line(s, line);
}
