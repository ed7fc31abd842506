/* SPDX-License-Identifier: Apache-2.0 */
/* Test Anything Protocol, just enough of it for one test program:
 *
 *     int main(void)
 *     {
 *         ok(1 + 1 == 2, "numbers add up");
 *         is_str(word, "yes", "the answer for %s", name);
 *         return done();
 *     }
 *
 * The plan is printed by done(), or by plan() at the start: a program that dies before it counts as failed.
 * Names are printf formats. Every check returns whether it passed, so that a caller can stop. */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_planned, tap_count, tap_failed;

static inline void plan(int checks)
{
    tap_planned = checks;
    printf("1..%d\n", checks);
}

/* Explain something; prove shows it as it comes. */
__attribute__((format(printf, 1, 2))) static inline void diag(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("# ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

__attribute__((format(printf, 2, 0))) static inline bool tap_line(bool passed, const char *format,
                                                                  va_list arguments)
{
    printf("%sok %d - ", passed ? "" : "not ", ++tap_count);
    vprintf(format, arguments);
    putchar('\n');
    fflush(stdout);
    if (!passed)
        tap_failed++;
    return passed;
}

__attribute__((format(printf, 2, 3))) static inline bool ok(bool passed, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    tap_line(passed, format, arguments);
    va_end(arguments);
    return passed;
}

/* Both may be NULL, which equals NULL alone. */
__attribute__((format(printf, 3, 4))) static inline bool is_str(const char *got, const char *expected,
                                                                const char *format, ...)
{
    bool passed = got && expected ? strcmp(got, expected) == 0 : got == expected;
    va_list arguments;

    va_start(arguments, format);
    tap_line(passed, format, arguments);
    va_end(arguments);
    if (!passed) {
        diag("got:      %s", got ? got : "(null)");
        diag("expected: %s", expected ? expected : "(null)");
    }
    return passed;
}

__attribute__((format(printf, 3, 4))) static inline bool is_int(long got, long expected, const char *format,
                                                                ...)
{
    va_list arguments;

    va_start(arguments, format);
    tap_line(got == expected, format, arguments);
    va_end(arguments);
    if (got != expected)
        diag("got: %ld, expected: %ld", got, expected);
    return got == expected;
}

/* The end of main(): its value is the program's exit status. */
static inline int done(void)
{
    if (!tap_planned)
        plan(tap_count);
    return tap_failed || tap_planned != tap_count;
}

#endif
