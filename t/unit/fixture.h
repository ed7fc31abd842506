/* SPDX-License-Identifier: Apache-2.0 */
/* What the unit tests share: a pool, the files of t/data, what the core makes of them, golden files. A test
 * that cannot have its fixtures ends with "Bail out!". */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "key.h"
#include "library.h"
#include "sign.h"
#include "tap.h"

static apr_pool_t *pool;
static const char *fixture_source, *fixture_scratch;

__attribute__((noreturn)) static inline void bail_out(const char *what, const char *why)
{
    printf("Bail out! %s: %s\n", what, why);
    exit(1);
}

/* The whole file as text in pool; NULL if it cannot be read. */
static inline const char *read_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    char buffer[4096];
    const char *text = "";

    if (!file)
        return NULL;
    for (size_t length; (length = fread(buffer, 1, sizeof(buffer), file)) > 0;)
        text = apr_pstrcat(pool, text, apr_pstrmemdup(pool, buffer, length), NULL);
    return fclose(file) == 0 ? text : NULL;
}

static inline bool write_bytes(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");

    return file && fwrite(bytes, 1, length, file) == length && fclose(file) == 0;
}

/* A file of t/data. */
static inline const char *data_path(const char *name)
{
    return apr_pstrcat(pool, fixture_source, "/t/data/", name, NULL);
}

static inline bool is_source(const char *folder)
{
    fixture_source = folder;
    return read_text(data_path("README")) != NULL;
}

/* To be called first, with the program's own path. The source tree is RCIDP_SRC, or the one that the program
 * lies in, or the one that it was started in. */
static inline void fixture_begin(const char *program)
{
    const char *slash = strrchr(program, '/'), *source = getenv("RCIDP_SRC"), *error;

    apr_initialize();
    atexit(apr_terminate);
    apr_pool_create(&pool, NULL);
    if (!(source && is_source(source)) &&
        !(slash && is_source(apr_pstrcat(pool, apr_pstrmemdup(pool, program, (apr_size_t)(slash - program)),
                                         "/../..", NULL))) &&
        !is_source("."))
        bail_out("no t/data", "set RCIDP_SRC to the source tree");
    error = rcidp_library_init();
    if (error)
        bail_out("the libraries do not start", error);
}

static inline const rcidp_certificate *read_certificate(const char *name)
{
    const rcidp_certificate *certificate = NULL;
    const char *error =
        rcidp_certificate_read(pool, data_path(apr_pstrcat(pool, name, ".crt", NULL)), &certificate);

    if (error)
        bail_out(name, error);
    return certificate;
}

/* What signs with t/data/NAME.key and NAME.crt, by that algorithm, or by the one that fits if it is NULL. */
static inline const rcidp_signer *read_signer(const char *name, const char *algorithm)
{
    rcidp_signer *signer = apr_pcalloc(pool, sizeof(*signer));
    const char *error = rcidp_key_read(pool, data_path(apr_pstrcat(pool, name, ".key", NULL)), &signer->key);

    if (error)
        bail_out(name, error);
    signer->certificate = read_certificate(name);
    signer->algorithm = algorithm ? rcidp_algorithm_find(algorithm) : rcidp_algorithm_for(signer->key);
    if (!signer->algorithm)
        bail_out(name, "no such algorithm");
    signer->hash = rcidp_algorithm_hash(pool, signer->algorithm);
    return signer;
}

static inline void remove_scratch(void)
{
    if (system(apr_pstrcat(pool, "rm -rf -- '", fixture_scratch, "'", NULL)) != 0)
        diag("%s is left", fixture_scratch);
}

/* A place for a file that a test makes, in a folder that ends with the program. */
static inline const char *scratch(const char *name)
{
    const char *parent;

    if (!fixture_scratch) {
        if (apr_temp_dir_get(&parent, pool) != APR_SUCCESS)
            bail_out("no folder for temporary files", "set TMPDIR");
        fixture_scratch = mkdtemp(apr_pstrcat(pool, parent, "/rcidp-unit.XXXXXX", NULL));
        if (!fixture_scratch)
            bail_out("no folder of our own below", parent);
        atexit(remove_scratch);
    }
    return apr_pstrcat(pool, fixture_scratch, "/", name, NULL);
}

static inline const char *write_text(const char *name, const char *text)
{
    if (!write_bytes(scratch(name), text, strlen(text)))
        bail_out("cannot write", scratch(name));
    return scratch(name);
}

/* By qemu-user: there a program that is missing seems to start, and a message may bring more descriptors than
 * there is room for, which nobody hears of. */
static inline bool is_emulated(void)
{
    char program[] = "/nowhere/program", *argv[] = {program, NULL};
    pid_t pid;

    if (posix_spawn(&pid, program, NULL, NULL, argv, argv + 1) != 0)
        return false;
    waitpid(pid, NULL, 0);
    return true;
}

/* An array of `size` pointers. */
static inline apr_array_header_t *list(size_t size, const void *const *items)
{
    apr_array_header_t *array = apr_array_make(pool, (int)size + 1, sizeof(void *));

    for (size_t i = 0; i < size; i++)
        APR_ARRAY_PUSH(array, const void *) = items[i];
    return array;
}

/* Is text, byte for byte, the golden file of that name? With RCIDP_GOLDEN=write the file is written instead,
 * which never counts as passed. */
static inline void is_golden(const char *text, const char *name)
{
    const char *path = data_path(apr_pstrcat(pool, "golden/", name, ".xml", NULL));
    const char *mode = getenv("RCIDP_GOLDEN"), *golden;

    if (text && mode && strcmp(mode, "write") == 0) {
        ok(false, "%s %s", path, write_bytes(path, text, strlen(text)) ? "is written" : "cannot be written");
        return;
    }
    golden = read_text(path);
    is_str(text, golden ? golden : "no such file", "golden/%s.xml, byte for byte", name);
}

#endif
