/* SPDX-License-Identifier: Apache-2.0 */
/* How many launches a user may have: a record of the last ones, small enough for any cache. */
#ifndef RCIDP_LIMIT_H
#define RCIDP_LIMIT_H

#include <stdint.h>

/* The window, in seconds, and the most launches that can be allowed in it: a minute, and the second of which
 * a record does not tell how much of it was over. */
#define RCIDP_LIMIT_WINDOW 61
#define RCIDP_LIMIT_MOST 100

/* The seconds in which the last launches were, the oldest first, 4 bytes each, the highest byte first. */
#define RCIDP_LIMIT_RECORD (4 * RCIDP_LIMIT_MOST)

/* May there be one more launch now (seconds since 1970), where there may be `limit` (1 to RCIDP_LIMIT_MOST)
 * in any window? Returns 0 for yes: then it stands in the record. Else how many seconds to wait: the record
 * is as it was.
 * `*length` is the record's, in bytes; 0 for a new one. A record that makes no sense counts as new, a
 * launch in the near future, by the clock of another machine, as one of now, and one further off not at all.
 */
unsigned rcidp_limit_take(unsigned char record[RCIDP_LIMIT_RECORD], unsigned *length, unsigned limit,
                          uint32_t now);

#endif
