/* SPDX-License-Identifier: Apache-2.0 */
/* What has been said today: a small file, so that it is said once a day, whichever process says it and
 * however often httpd restarts. */
#ifndef RCIDP_DIARY_H
#define RCIDP_DIARY_H

#include <apr_file_io.h>
#include <apr_tables.h>

/* Open the file, or make it, readable by its owner alone. The parent opens it as root; the children inherit
 * it. Closed with pool. */
apr_status_t rcidp_diary_open(apr_pool_t *pool, const char *path, apr_file_t **diary);

/* Enter `keys` (of const char *, without line ends) under `date`, which is another day's end for all that
 * stands there. *fresh becomes those that were not there yet, in pool. APR_EAGAIN, and nothing is entered, if
 * another process is at it. On any other error all of them count as fresh. */
apr_status_t rcidp_diary_enter(apr_pool_t *pool, apr_file_t *diary, const char *date,
                               const apr_array_header_t *keys, apr_array_header_t **fresh);

#endif
