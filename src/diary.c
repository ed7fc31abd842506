/* SPDX-License-Identifier: Apache-2.0 */
#include "diary.h"

#include <apr_portable.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#define LARGEST (64 * 1024)

apr_status_t rcidp_diary_open(apr_pool_t *pool, const char *path, apr_file_t **diary)
{
    return apr_file_open(diary, path, APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_BINARY,
                         APR_FPROT_UREAD | APR_FPROT_UWRITE, pool);
}

/* Lock or unlock the file for this process: apr_file_lock() may lock it for all who inherited it. */
static apr_status_t set_lock(apr_file_t *diary, short kind)
{
    struct flock lock = {.l_type = kind, .l_whence = SEEK_SET};
    apr_os_file_t file;

    apr_os_file_get(&file, diary);
    return fcntl(file, F_SETLK, &lock) == 0 ? APR_SUCCESS : errno;
}

/* The file's text, or "" where it is none of today's. */
static apr_status_t read_today(apr_pool_t *pool, apr_file_t *diary, const char *date, const char **today)
{
    char *text = apr_palloc(pool, LARGEST + 1);
    apr_size_t length = 0;
    apr_off_t start = 0;
    apr_status_t rv = apr_file_seek(diary, APR_SET, &start);

    if (rv == APR_SUCCESS)
        rv = apr_file_read_full(diary, text, LARGEST, &length);
    text[length] = '\0';
    length = strlen(date);
    *today = strncmp(text, date, length) == 0 && text[length] == '\n' ? text + length : "";
    return APR_STATUS_IS_EOF(rv) ? APR_SUCCESS : rv;
}

/* Is it a line of the text? Each has a line end before it. */
static bool has_line(const char *text, const char *line)
{
    apr_size_t length = strlen(line);

    for (const char *at = text; (at = strchr(at, '\n')); at++) {
        if (strncmp(at + 1, line, length) == 0 && at[1 + length] == '\n')
            return true;
    }
    return false;
}

static apr_status_t write_all(apr_pool_t *pool, apr_file_t *diary, const char *date, const char *today,
                              const apr_array_header_t *fresh)
{
    const char *text = apr_pstrcat(pool, date, *today ? today : "\n", NULL);
    apr_status_t rv = apr_file_trunc(diary, 0);

    for (int i = 0; i < fresh->nelts; i++)
        text = apr_pstrcat(pool, text, APR_ARRAY_IDX(fresh, i, const char *), "\n", NULL);
    return rv == APR_SUCCESS ? apr_file_write_full(diary, text, strlen(text), NULL) : rv;
}

apr_status_t rcidp_diary_enter(apr_pool_t *pool, apr_file_t *diary, const char *date,
                               const apr_array_header_t *keys, apr_array_header_t **fresh)
{
    const char *today = "";
    apr_status_t rv = set_lock(diary, F_WRLCK);

    *fresh = apr_array_make(pool, keys->nelts, sizeof(const char *));
    if (APR_STATUS_IS_EAGAIN(rv) || APR_STATUS_IS_EACCES(rv))
        return APR_EAGAIN;
    if (rv == APR_SUCCESS)
        rv = read_today(pool, diary, date, &today);
    for (int i = 0; i < keys->nelts; i++) {
        const char *key = APR_ARRAY_IDX(keys, i, const char *);

        if (!has_line(today, key))
            APR_ARRAY_PUSH(*fresh, const char *) = key;
    }
    if (rv == APR_SUCCESS && (*fresh)->nelts)
        rv = write_all(pool, diary, date, today, *fresh);
    set_lock(diary, F_UNLCK);
    return rv;
}
