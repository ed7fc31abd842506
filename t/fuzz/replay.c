/* SPDX-License-Identifier: Apache-2.0 */
/* Every target over every file of its corpus, and over nothing: one check each. A target that fails ends the
 * program; the input is the one after the last that is named. */
#include "fuzz.h"
#include "tap.h"

#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>

static void replay_file(const fuzz_target *target, const char *path)
{
    const char *name = apr_filepath_name_get(path);
    apr_file_t *file;
    apr_finfo_t info;
    apr_size_t size = 0;
    uint8_t *data = NULL;

    if (apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, 0, fuzz_pool) == APR_SUCCESS) {
        must(apr_file_info_get(&info, APR_FINFO_SIZE, file) == APR_SUCCESS);
        size = (apr_size_t)info.size;
        data = malloc(size ? size : 1);
        must(data && apr_file_read_full(file, data, size, NULL) == (size ? APR_SUCCESS : APR_EOF));
        apr_file_close(file);
        fuzz_run(target, data, size);
        free(data);
    }
    ok(data != NULL, "%s: %s", target->name, name);
}

static int replay_target(const fuzz_target *target)
{
    const char *folder = fuzz_source(apr_pstrcat(fuzz_pool, "t/fuzz/corpus/", target->name, NULL));
    apr_finfo_t info;
    apr_dir_t *dir;
    int files = 0;

    fuzz_run(target, NULL, 0);
    if (apr_dir_open(&dir, folder, fuzz_pool) != APR_SUCCESS)
        return 0;
    while (apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        if (info.name[0] == '.')
            continue;
        replay_file(target, apr_pstrcat(fuzz_pool, folder, "/", info.name, NULL));
        files++;
    }
    apr_dir_close(dir);
    return files;
}

int main(void)
{
    fuzz_begin();
    for (const fuzz_target *target = fuzz_targets; target->name; target++)
        ok(replay_target(target) > 0, "%s: has a corpus", target->name);
    return done();
}
