/* SPDX-License-Identifier: Apache-2.0 */
/* What libFuzzer calls: the target that RCIDP_FUZZ names. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__asan_default_options(void);

static const fuzz_target *target = fuzz_targets;

/* APR keeps no frame pointers, and what is beyond it in a stack is left to chance. Each stack that differs is
 * remembered for good: without an end to them, a run of half an hour had no memory left. */
__attribute__((visibility("default"))) const char *__asan_default_options(void)
{
    return "malloc_context_size=3";
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *wanted = getenv("RCIDP_FUZZ");

    (void)argc, (void)argv;
    while (target->name && !(wanted && strcmp(target->name, wanted) == 0))
        target++;
    if (!target->name) {
        fputs("RCIDP_FUZZ names no target; there are:\n", stderr);
        for (target = fuzz_targets; target->name; target++)
            fprintf(stderr, "  %s\n", target->name);
        exit(2);
    }
    fuzz_begin();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_run(target, data, size);
    return 0;
}
