/* SPDX-License-Identifier: Apache-2.0 */
/* How many launches came to what, counted by all processes in memory that they share: without a lock, and
 * without a list of what can happen. */
#ifndef RCIDP_TALLY_H
#define RCIDP_TALLY_H

#include <apr_shm.h>
#include <stdbool.h>

/* No more pairs of provider and result are told apart. */
#define RCIDP_TALLY_SLOTS 512

typedef struct rcidp_tally rcidp_tally;

/* A tally that starts at zero, in anonymous shared memory that the children of this process will share. Freed
 * with pool. */
apr_status_t rcidp_tally_make(apr_pool_t *pool, rcidp_tally **tally);

/* One more of that pair; each is a name without white space. A name that is too long is cut, one that finds
 * no room is not counted. */
void rcidp_tally_add(rcidp_tally *tally, const char *provider, const char *result);

/* The pair number `index`, its names copied into pool, and its count; false where there is none, and none
 * after it. A pair whose count is 0 is in the making. */
bool rcidp_tally_get(apr_pool_t *pool, rcidp_tally *tally, int index, const char **provider,
                     const char **result, unsigned long *count);

#endif
