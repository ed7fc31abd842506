/* SPDX-License-Identifier: Apache-2.0 */
#include "tally.h"

#include <apr_strings.h>
#include <stdatomic.h>
#include <string.h>

#define PROVIDER_SIZE 65
#define RESULT_SIZE 31
#define PATIENCE 100000 /* looks at a slot that somebody else is filling */

typedef enum { FREE, TAKEN, READY } state;

struct rcidp_tally {
    struct slot {
        atomic_int state;
        char provider[PROVIDER_SIZE], result[RESULT_SIZE];
        atomic_ulong count;
    } slots[RCIDP_TALLY_SLOTS];
};

apr_status_t rcidp_tally_make(apr_pool_t *pool, rcidp_tally **tally)
{
    apr_shm_t *memory;
    apr_status_t rv = apr_shm_create(&memory, sizeof(**tally), NULL, pool);

    if (rv == APR_SUCCESS) {
        *tally = apr_shm_baseaddr_get(memory);
        memset((void *)*tally, 0, sizeof(**tally)); /* FREE */
    }
    return rv;
}

/* A slot of that pair: it is, or it has become one. Slots are taken in order, so that no pair has two. */
static bool is_or_becomes(struct slot *slot, const char *provider, const char *result)
{
    int expected = FREE;

    if (atomic_load(&slot->state) == FREE && atomic_compare_exchange_strong(&slot->state, &expected, TAKEN)) {
        apr_cpystrn(slot->provider, provider, sizeof(slot->provider));
        apr_cpystrn(slot->result, result, sizeof(slot->result));
        atomic_store(&slot->state, READY);
        return true;
    }
    /* Who took it writes two names; a process that was killed meanwhile leaves it for nobody. */
    for (int looks = 0; atomic_load(&slot->state) != READY; looks++) {
        if (looks == PATIENCE)
            return false;
    }
    return strncmp(slot->provider, provider, sizeof(slot->provider) - 1) == 0 &&
           strncmp(slot->result, result, sizeof(slot->result) - 1) == 0;
}

void rcidp_tally_add(rcidp_tally *tally, const char *provider, const char *result)
{
    for (int i = 0; i < RCIDP_TALLY_SLOTS; i++) {
        if (is_or_becomes(&tally->slots[i], provider, result)) {
            atomic_fetch_add_explicit(&tally->slots[i].count, 1, memory_order_relaxed);
            return;
        }
    }
}

bool rcidp_tally_get(rcidp_tally *tally, int index, const char **provider, const char **result,
                     unsigned long *count)
{
    struct slot *slot = &tally->slots[index];

    if (index >= RCIDP_TALLY_SLOTS || atomic_load(&slot->state) == FREE)
        return false;
    *provider = slot->provider;
    *result = slot->result;
    *count = atomic_load(&slot->count);
    return true;
}
