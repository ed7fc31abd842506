/* SPDX-License-Identifier: Apache-2.0 */
/* A program of the administrator's, run on the side: no shell, no request waits for it, and it ends. */
#ifndef RCIDP_COMMAND_H
#define RCIDP_COMMAND_H

#include <apr_atomic.h>
#include <apr_pools.h>

/* How long a program may take, in seconds; then it is killed, with all of its process group. */
#define RCIDP_COMMAND_SECONDS 60

/* The most bytes that a program can be given on its standard input: a pipe takes them at once. */
#define RCIDP_COMMAND_INPUT 4096

/* Run argv[0], a path, and wait for its end. It has `environment` ("NAME=value", ends with NULL) and nothing
 * else of ours, no signal blocked or ignored, and `input` to read; what it says goes where our own output
 * goes. Once *stop is not 0 it is left to itself, since we are about to end. May be called by a thread
 * of a process that has others. Returns NULL if it exited with 0 or was left, else what became of it, in
 * pool. */
const char *rcidp_command_run(apr_pool_t *pool, const char *const *argv, const char *const *environment,
                              const char *input, volatile apr_uint32_t *stop);

#endif
