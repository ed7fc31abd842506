/* SPDX-License-Identifier: Apache-2.0 */
/* The audit trail of the signing process: a line for each signature. Only in that process. */
#ifndef RCIDP_TRAIL_H
#define RCIDP_TRAIL_H

#include <apr_file_io.h>
#include <httpd.h>
#include <pthread.h>
#include <stdbool.h>

#include "keeper.h"
#include "process_options.h"

typedef struct rcidp_trail {
    const rcidp_process_options *options;
    apr_file_t *file;        /* NULL: httpd's error log */
    pthread_mutex_t writing; /* one line at a time */
} rcidp_trail;

/* Open the file that the options name, if they do, for the pool's life. As root. Returns NULL, or what is
 * wrong with it, in pool. */
const char *rcidp_trail_open(rcidp_trail *trail, apr_pool_t *pool);

/* Write down a deed with the key of that name, which signs for s; `pool` is for the time of the call. False
 * where that cannot be, which is logged. From any thread. */
bool rcidp_trail_tell(rcidp_trail *trail, apr_pool_t *pool, const server_rec *s, const char *name,
                      const rcidp_keeper_deed *deed);

#endif
