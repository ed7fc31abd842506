/* SPDX-License-Identifier: Apache-2.0 */
#include "shared.h"

#include <sys/mman.h>

void *rcidp_shared_make(apr_size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return NULL;
    if (madvise(memory, size, MADV_DONTFORK) == 0)
        return memory;
    munmap(memory, size);
    return NULL;
}

void rcidp_shared_lend(void *memory, apr_size_t size, bool lent)
{
    if (memory)
        madvise(memory, size, lent ? MADV_DOFORK : MADV_DONTFORK);
}

void rcidp_shared_free(void *memory, apr_size_t size)
{
    if (memory)
        munmap(memory, size);
}
