/* SPDX-License-Identifier: Apache-2.0 */
/* Is a keeper there, and does it answer? It may be stopped, or held up by its token's library or by what it
 * was sent. Only in httpd's parent, which nothing of this keeps waiting. */
#ifndef RCIDP_PULSE_H
#define RCIDP_PULSE_H

#include "keeper.h"

typedef struct rcidp_pulse {
    int reply;      /* where an answer is waited for; -1: it is not */
    int64_t asked;  /* when it was asked last; of rcidp_keeper_milliseconds(), 0 for never */
    int64_t silent; /* since when it owes an answer; 0: it owes none */
} rcidp_pulse;

#define RCIDP_PULSE_NONE ((rcidp_pulse){.reply = -1})

/* Another keeper begins, or nobody wants to know any more: close what is open. */
void rcidp_pulse_forget(rcidp_pulse *pulse);

/* Listen, and ask if that is due; to be called at `now`, each few seconds. False: it has owed an answer for a
 * minute. What this process has no means to ask, nobody owes an answer to. */
bool rcidp_pulse_is_felt(rcidp_pulse *pulse, const rcidp_keeper *keeper, int64_t now);

#endif
