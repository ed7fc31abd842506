/* SPDX-License-Identifier: Apache-2.0 */
#include "pulse.h"

#define EACH 5000 /* milliseconds from question to question at least; httpd's monitor takes ten seconds */
#define PATIENCE 60000 /* milliseconds */

void rcidp_pulse_forget(rcidp_pulse *pulse)
{
    rcidp_keeper_close(&pulse->reply);
    *pulse = RCIDP_PULSE_NONE;
}

static void listen_to(rcidp_pulse *pulse)
{
    rcidp_keeper_word word = pulse->reply < 0 ? RCIDP_KEEPER_WAITS : rcidp_keeper_heard(pulse->reply);

    if (word == RCIDP_KEEPER_ANSWERS)
        pulse->silent = 0;
    if (word != RCIDP_KEEPER_WAITS)
        rcidp_keeper_close(&pulse->reply);
}

bool rcidp_pulse_is_felt(rcidp_pulse *pulse, const rcidp_keeper *keeper, int64_t now)
{
    listen_to(pulse);
    if (pulse->reply < 0 && (!pulse->asked || now - pulse->asked >= EACH)) {
        pulse->asked = now;
        if (!rcidp_keeper_ping(keeper, &pulse->reply))
            pulse->silent = 0;
        else if (!pulse->silent)
            pulse->silent = now;
    }
    return !pulse->silent || now - pulse->silent < PATIENCE;
}
