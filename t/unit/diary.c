/* SPDX-License-Identifier: Apache-2.0 */
/* The diary: each key once a day, over several openings, whatever stands in the file, and one writer at a
 * time. */
#include "diary.h"
#include "fixture.h"

#include <apr_portable.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *path;

static apr_file_t *open_diary(void)
{
    apr_file_t *diary = NULL;

    if (rcidp_diary_open(pool, path, &diary) != APR_SUCCESS)
        bail_out("cannot open", path);
    return diary;
}

/* What of "a b c" is fresh, in the same form; or "busy", "error". */
static const char *enter(apr_file_t *diary, const char *date, const char *keys)
{
    apr_array_header_t *list = apr_array_make(pool, 1, sizeof(const char *)), *fresh;
    char *state, *text = apr_pstrdup(pool, keys);
    apr_status_t rv;

    for (char *key = apr_strtok(text, " ", &state); key; key = apr_strtok(NULL, " ", &state))
        APR_ARRAY_PUSH(list, const char *) = key;
    rv = rcidp_diary_enter(pool, diary, date, list, &fresh);
    return rv == APR_SUCCESS ? apr_array_pstrcat(pool, fresh, ' ') : rv == APR_EAGAIN ? "busy" : "error";
}

static void test_days(void)
{
    apr_file_t *diary = open_diary();
    apr_finfo_t info;

    is_str(enter(diary, "2026-01-01", "a b"), "a b", "a new diary knows nothing");
    is_str(enter(diary, "2026-01-01", "a b"), "", "the same again is not fresh");
    is_str(enter(diary, "2026-01-01", "aa b c a"), "aa c", "others of that day are");
    is_str(read_text(path), "2026-01-01\na\nb\naa\nc\n", "as text");
    apr_file_close(diary);
    diary = open_diary();
    is_str(enter(diary, "2026-01-01", "a b c d"), "d", "so it is after a restart");
    is_str(enter(diary, "2026-01-02", "c"), "c", "another day knows nothing");
    is_str(enter(diary, "2026-01-02", "a"), "a", "of the day before");
    is_str(enter(diary, "2026-01-01", "c"), "c", "nor does a day when the clock was set back");
    apr_file_info_get(&info, APR_FINFO_PROT, diary);
    ok(info.protection == (APR_FPROT_UREAD | APR_FPROT_UWRITE), "it is its owner's alone");
    apr_file_close(diary);
}

static void test_others(void)
{
    static const char *const texts[] = {
        "", "\n", "2026-01-01", "2026-01-01x\na\n", "\n2026-01-01\na\n", "\xff\xfe"};
    char *large = apr_pcalloc(pool, 200000);

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        apr_file_t *diary;

        write_bytes(path, texts[i], strlen(texts[i]));
        diary = open_diary();
        is_str(enter(diary, "2026-01-01", "a"), "a", "strange text %d knows nothing", (int)i);
        is_str(enter(diary, "2026-01-01", "a"), "", "strange text %d is mended", (int)i);
        apr_file_close(diary);
    }
    write_bytes(path, large, 200000);
    is_str(enter(open_diary(), "2026-01-01", "a"), "a", "a large file");
    is_str(read_text(path), "2026-01-01\na\n", "is replaced");
}

/* A lock is a process's: another one has it. */
static void test_lock(void)
{
    apr_file_t *diary = open_diary();
    int ends[2], status;
    char byte = 0;
    pid_t child;

    if (pipe(ends) != 0 || (child = fork()) < 0)
        bail_out("no child", "fork");
    if (child == 0) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        apr_os_file_t file;

        apr_os_file_get(&file, diary);
        status = fcntl(file, F_SETLK, &lock) == 0 && write(ends[1], "x", 1) == 1 ? 0 : 1;
        pause();
        _exit(status);
    }
    ok(read(ends[0], &byte, 1) == 1, "another process has the lock");
    is_str(enter(diary, "2026-01-03", "a"), "busy", "nothing is entered meanwhile");
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    is_str(enter(diary, "2026-01-03", "a"), "a", "and all is when it has gone");
    apr_file_close(diary);
}

static void test_failure(void)
{
    apr_array_header_t *keys = apr_array_make(pool, 1, sizeof(const char *)), *fresh;
    apr_file_t *diary;

    APR_ARRAY_PUSH(keys, const char *) = "a";
    apr_file_open(&diary, "/dev/full", APR_FOPEN_READ | APR_FOPEN_WRITE, APR_FPROT_OS_DEFAULT, pool);
    ok(rcidp_diary_enter(pool, diary, "2026-01-01", keys, &fresh) != APR_SUCCESS,
       "what cannot be kept is an error");
    ok(fresh->nelts == 1, "and fresh");
    ok(rcidp_diary_open(pool, "/nowhere/diary", &diary) != APR_SUCCESS, "no folder");
}

static void remove_file(void)
{
    unlink(path);
}

int main(int argc, char **argv)
{
    char *name;
    int file;

    (void)argc;
    fixture_begin(argv[0]);
    name = apr_pstrdup(pool, "/tmp/rcidp-diary.XXXXXX");
    file = mkstemp(name);
    if (file < 0)
        bail_out("no file", "mkstemp");
    close(file);
    path = name;
    atexit(remove_file);
    test_days();
    test_others();
    test_lock();
    test_failure();
    return done();
}
