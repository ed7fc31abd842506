/* SPDX-License-Identifier: Apache-2.0 */
#include "limit.h"

#include <string.h>

static uint32_t get(const unsigned char *place)
{
    return (uint32_t)place[0] << 24 | (uint32_t)place[1] << 16 | (uint32_t)place[2] << 8 | place[3];
}

static void put(unsigned char *place, uint32_t time)
{
    place[0] = (unsigned char)(time >> 24);
    place[1] = (unsigned char)(time >> 16);
    place[2] = (unsigned char)(time >> 8);
    place[3] = (unsigned char)time;
}

/* The launches that still count, in times; how many. */
static unsigned read_record(const unsigned char *record, unsigned length, uint32_t now,
                            uint32_t times[RCIDP_LIMIT_MOST])
{
    unsigned count = 0;

    if (length > RCIDP_LIMIT_RECORD || length % 4)
        return 0;
    for (unsigned i = 0; i < length; i += 4) {
        uint32_t time = get(record + i);

        if (time > now && time - now > RCIDP_LIMIT_WINDOW)
            continue; /* by a clock that was wrong: it would keep the user out until that time */
        if (time > now)
            time = now;
        if (now - time < RCIDP_LIMIT_WINDOW)
            times[count++] = time;
    }
    return count;
}

unsigned rcidp_limit_take(unsigned char record[RCIDP_LIMIT_RECORD], unsigned *length, unsigned limit,
                          uint32_t now)
{
    uint32_t times[RCIDP_LIMIT_MOST] = {0};
    unsigned count = read_record(record, *length, now, times);

    /* The window is open again once the oldest of the last `limit` has left it. */
    if (count >= limit)
        return RCIDP_LIMIT_WINDOW - (unsigned)(now - times[count - limit]);
    times[count++] = now;
    for (unsigned i = 0; i < count; i++)
        put(record + (size_t)4 * i, times[i]);
    *length = 4 * count;
    return 0;
}
