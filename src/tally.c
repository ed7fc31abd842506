/* SPDX-License-Identifier: Apache-2.0 */
#include "tally.h"

#include <apr_strings.h>
#include <stdatomic.h>
#include <string.h>
#include <zlib.h>

#define PROVIDER_SIZE 65
#define RESULT_SIZE 31

struct rcidp_tally {
    struct slot {
        atomic_uint key; /* of the pair; 0 where the slot is free */
        atomic_uint is_named;
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
        memset((void *)*tally, 0, sizeof(**tally));
    }
    return rv;
}

/* What stands for the pair before its names are there; never 0. */
static unsigned int key_of(const char *provider, const char *result)
{
    uLong key = crc32(0, (const Bytef *)provider, (uInt)strnlen(provider, PROVIDER_SIZE - 1));

    key = crc32(key, (const Bytef *)"", 1);
    key = crc32(key, (const Bytef *)result, (uInt)strnlen(result, RESULT_SIZE - 1));
    return key ? (unsigned int)key : 1;
}

/* A slot of that pair: it is, or it has become one. Slots are taken in order, so that no pair has two. Nobody
 * waits for the names, since who writes them may have been stopped, or killed: the key tells enough. */
static bool is_or_becomes(struct slot *slot, unsigned int key, const char *provider, const char *result)
{
    unsigned int expected = 0;

    if (atomic_load(&slot->key) == 0 && atomic_compare_exchange_strong(&slot->key, &expected, key)) {
        apr_cpystrn(slot->provider, provider, sizeof(slot->provider));
        apr_cpystrn(slot->result, result, sizeof(slot->result));
        atomic_store(&slot->is_named, 1);
        return true;
    }
    return atomic_load(&slot->key) == key &&
           (!atomic_load(&slot->is_named) ||
            (strncmp(slot->provider, provider, sizeof(slot->provider) - 1) == 0 &&
             strncmp(slot->result, result, sizeof(slot->result) - 1) == 0));
}

void rcidp_tally_add(rcidp_tally *tally, const char *provider, const char *result)
{
    unsigned int key = key_of(provider, result);

    for (int i = 0; i < RCIDP_TALLY_SLOTS; i++) {
        if (is_or_becomes(&tally->slots[i], key, provider, result)) {
            atomic_fetch_add_explicit(&tally->slots[i].count, 1, memory_order_relaxed);
            return;
        }
    }
}

/* A child that has been taken over can write what it likes there, at any time: a name ends where its room
 * does. */
static const char *copy(apr_pool_t *pool, const char *name, apr_size_t size)
{
    return apr_pstrmemdup(pool, name, strnlen(name, size - 1));
}

bool rcidp_tally_get(apr_pool_t *pool, rcidp_tally *tally, int index, const char **provider,
                     const char **result, unsigned long *count)
{
    struct slot *slot = &tally->slots[index];

    if (index >= RCIDP_TALLY_SLOTS || atomic_load(&slot->key) == 0)
        return false;
    *provider = copy(pool, slot->provider, sizeof(slot->provider));
    *result = copy(pool, slot->result, sizeof(slot->result));
    *count = atomic_load(&slot->is_named) ? atomic_load(&slot->count) : 0;
    return true;
}
