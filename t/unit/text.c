/* SPDX-License-Identifier: Apache-2.0 */
/* Text: what XML can carry, addresses, names, IDs, times, query parameters. */
#include "text.h"
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>

static apr_pool_t *pool;

/* A text, whether it should pass, and what is about it. */
typedef struct judged {
    const char *text;
    bool expected;
    const char *what;
} judged;

#define EACH(table) sizeof(table) / sizeof((table)[0]), table

static void judge(bool (*is)(const char *), const char *kind, size_t count, const judged *table)
{
    for (size_t i = 0; i < count; i++)
        ok(is(table[i].text) == table[i].expected, "%s %s: %s", table[i].what,
           table[i].expected ? "passes" : "is refused", kind);
}

static void test_xml_good(void)
{
    static const judged table[] = {
        {"", true, "nothing"},
        {"alice@example.com", true, "ASCII"},
        {" \t\r\n", true, "white space"},
        {"\x7F", true, "DEL"},
        {"\xC2\x80", true, "U+0080, the first of two bytes"},
        {"\xC2\x85", true, "U+0085, a control that XML has"},
        {"\xDF\xBF", true, "U+07FF, the last of two bytes"},
        {"\xE0\xA0\x80", true, "U+0800, the first of three bytes"},
        {"\xED\x9F\xBF", true, "U+D7FF, the last before the surrogates"},
        {"\xEE\x80\x80", true, "U+E000, the first after the surrogates"},
        {"\xEF\xBB\xBF", true, "U+FEFF"},
        {"\xEF\xBF\xBD", true, "U+FFFD"},
        {"\xF0\x90\x80\x80", true, "U+10000, the first of four bytes"},
        {"\xF0\x9F\x93\x9E", true, "U+1F4DE"},
        {"\xF4\x8F\xBF\xBF", true, "U+10FFFF, the last of all"},
        {"J\xC3\xBCrgen \xE2\x82\xAC \xF0\x9F\x93\x9E.", true, "a mixture"},
    };

    judge(rcidp_text_is_xml, "XML", EACH(table));
    judge(rcidp_text_is_utf8, "UTF-8", EACH(table));
}

static void test_xml_bad_characters(void)
{
    int passed = 0;
    static const judged table[] = {
        {"\x01", false, "U+0001"},
        {"a\x08z", false, "U+0008"},
        {"a\x0Bz", false, "U+000B, the vertical tab"},
        {"a\x0C", false, "U+000C, the form feed"},
        {"a\x0E", false, "U+000E"},
        {"a\x1Bz", false, "U+001B, the escape"},
        {"a\x1F", false, "U+001F"},
        {"a\xEF\xBF\xBEz", false, "U+FFFE"},
        {"\xEF\xBF\xBF", false, "U+FFFF"},
    };

    judge(rcidp_text_is_xml, "XML", EACH(table));
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        ok(rcidp_text_is_utf8(table[i].text), "%s is UTF-8", table[i].what);
    for (int c = 1; c < 0x20; c++) {
        char text[] = {'a', (char)c, '\0'};

        passed += rcidp_text_is_xml(text);
    }
    is_int(passed, 3, "of the controls below the space, three pass");
}

static void test_xml_bad_encoding(void)
{
    static const judged table[] = {
        {"\x80", false, "a continuation alone"},
        {"a\xBFz", false, "a continuation in between"},
        {"\xC3\xBC\xBC", false, "a continuation too many"},
        {"\xC0\x80", false, "U+0000 in two bytes"},
        {"\xC0\xAF", false, "a slash in two bytes"},
        {"\xC1\xBF", false, "U+007F in two bytes"},
        {"\xE0\x80\xAF", false, "a slash in three bytes"},
        {"\xE0\x9F\xBF", false, "U+07FF in three bytes"},
        {"\xF0\x80\x80\xAF", false, "a slash in four bytes"},
        {"\xF0\x8F\xBF\xBD", false, "U+FFFD in four bytes"},
        {"\xF8\x88\x80\x80\x80", false, "five bytes"},
        {"\xFC\x84\x80\x80\x80\x80", false, "six bytes"},
        {"\xF5\x80\x80\x80", false, "the first byte F5"},
        {"\xFE", false, "the byte FE"},
        {"\xFF", false, "the byte FF"},
        {"J\xFCrgen", false, "Latin-1"},
        {"a\xC3", false, "the first of two bytes at the end"},
        {"a\xE2\x82", false, "two of three bytes at the end"},
        {"a\xE2", false, "one of three bytes at the end"},
        {"a\xF0\x9F\x93", false, "three of four bytes at the end"},
        {"\xC3\xC3", false, "two first bytes"},
        {"\xE2\xC2\xC2", false, "three first bytes"},
        {"\xC3(", false, "the first of two bytes before another letter"},
        {"\xE2\x82\xC3\xBC", false, "two of three bytes before another sequence"},
        {"\xED\xA0\x80", false, "U+D800, a surrogate"},
        {"\xED\xBF\xBF", false, "U+DFFF, a surrogate"},
        {"\xED\xA0\xBD\xED\xB3\x9E", false, "a pair of surrogates"},
        {"\xF4\x90\x80\x80", false, "U+110000"},
    };

    judge(rcidp_text_is_xml, "XML", EACH(table));
    judge(rcidp_text_is_utf8, "UTF-8", EACH(table));
}

static void test_mail(void)
{
    static const judged table[] = {
        {"alice@example.com", true, "a plain address"},
        {"a@b", true, "the shortest address"},
        {"o'brien+ring&co@example.com", true, "an address with signs"},
        {"J\xC3\xBCrgen@ex\xC3\xA4mple.com", true, "an address with other letters"},
        {"", false, "nothing"},
        {"alice", false, "a name"},
        {"@", false, "an @ alone"},
        {"@example.com", false, "nothing before the @"},
        {"alice@", false, "nothing behind the @"},
        {"alice@@example.com", false, "two @ at once"},
        {"alice@example.com@evil.example", false, "two @ apart"},
        {"alice@example.com,bob@example.com", false, "two addresses"},
        {"alice smith@example.com", false, "a space"},
        {" alice@example.com", false, "a space before"},
        {"alice@example.com ", false, "a space behind"},
        {"alice@example.com\n", false, "a line feed behind"},
        {"alice\t@example.com", false, "a tab"},
        {"alice@example.com\r\nBcc: bob", false, "a header"},
        {"ali\x01"
         "ce@example.com",
         false, "a control"},
        {"alice@\x7F", false, "DEL"},
        {"alice\xC2\xA0@example.com", false, "U+00A0, a space that does not break"},
        {"alice@example.com\xC2\x85", false, "U+0085"},
        {"\xE1\x9A\x80@example.com", false, "U+1680"},
        {"alice@\xE2\x80\x80", false, "U+2000"},
        {"alice@example.com\xE2\x80\x8A", false, "U+200A"},
        {"alice@example.com\xE2\x80\xA8", false, "U+2028"},
        {"alice@\xE2\x80\xA9x", false, "U+2029"},
        {"alice@\xE2\x80\xAFx", false, "U+202F"},
        {"alice@\xE2\x81\x9Fx", false, "U+205F"},
        {"alice@\xE3\x80\x80x", false, "U+3000"},
        {"alice\xC2\xA1\xE2\x80\x90\xE3\x80\x81@x", true, "their neighbours"},
    };

    judge(rcidp_text_is_mail, "mail", EACH(table));
}

static void test_name(void)
{
    static const judged table[] = {
        {"email", true, "a word"},
        {"_a", true, "an underscore before"},
        {"a-b.c_d9", true, "signs inside"},
        {"pr\xC3\xA9nom", true, "a letter of two bytes"},
        {"\xE5\x90\x8D", true, "a letter of three bytes"},
        {"", false, "nothing"},
        {"9a", false, "a digit before"},
        {"-a", false, "a hyphen before"},
        {".a", false, "a dot before"},
        {"a:b", false, "a colon"},
        {"a b", false, "a space"},
        {" a", false, "a space before"},
        {"a ", false, "a space behind"},
        {"a/b", false, "a slash"},
        {"a\"b", false, "a quote"},
        {"a<b", false, "markup"},
        {"a\xE2\x80\xA2", false, "a sign of three bytes"},
        {"J\xFCrgen", false, "Latin-1"},
        {"a\xC3", false, "half a letter at the end"},
    };

    judge(rcidp_text_is_name, "name", EACH(table));
}

static void test_id(void)
{
    static const unsigned char random[RCIDP_ID_BYTES + 4] = {
        0x00, 0x01, 0x0A, 0x10, 0x7F, 0x80, 0x9C, 0xA0, 0xAB, 0xCD, 0xEF,
        0xFE, 0xFF, 0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC, 0xDE, 0x55, 0x55,
    };
    static const unsigned char zero[RCIDP_ID_BYTES];

    is_str(rcidp_text_id(pool, random), "_00010a107f809ca0abcdeffeff123456789abcde",
           "an ID is an underscore and all 160 bits, no more");
    is_str(rcidp_text_id(pool, zero), "_0000000000000000000000000000000000000000", "an ID of zeros");
    ok(rcidp_text_is_name(rcidp_text_id(pool, random)), "an ID is an NCName");
}

static void test_time(void)
{
    static const struct {
        apr_int64_t seconds, microseconds;
        const char *expected, *what;
    } table[] = {
        {0, 0, "1970-01-01T00:00:00Z", "the beginning"},
        {-1, 0, "1969-12-31T23:59:59Z", "a second before 1970"},
        {-2208988800, 0, "1900-01-01T00:00:00Z", "1900"},
        {951782400, 0, "2000-02-29T00:00:00Z", "the leap day of 2000"},
        {4107542399, 0, "2100-02-28T23:59:59Z", "2100 has no leap day"},
        {4107542400, 0, "2100-03-01T00:00:00Z", "its first of March"},
        {1709251199, 999999, "2024-02-29T23:59:59Z", "a fraction of a second is dropped"},
        {2147483648, 1, "2038-01-19T03:14:08Z", "beyond 31 bits"},
        {4294967296, 0, "2106-02-07T06:28:16Z", "beyond 32 bits"},
        {253402300799, 999999, "9999-12-31T23:59:59Z", "the last year of four digits"},
        {-62135596800, 0, "0001-01-01T00:00:00Z", "the first year has four digits too"},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        is_str(rcidp_text_time(pool, apr_time_from_sec(table[i].seconds) + table[i].microseconds),
               table[i].expected, "time: %s", table[i].what);
    setenv("TZ", "America/Los_Angeles", 1);
    is_str(rcidp_text_time(pool, apr_time_from_sec(1719835200)), "2024-07-01T12:00:00Z",
           "the time zone of the process changes nothing");
}

static void test_instant(void)
{
    static const struct {
        const char *text, *expected; /* NULL: refused */
    } table[] = {
        {"0", "1970-01-01T00:00:00Z"},
        {"1719835200", "2024-07-01T12:00:00Z"},
        {"99999999999", "5138-11-16T09:46:39Z"},
        {"2024-07-01T12:00:00Z", "2024-07-01T12:00:00Z"},
        {"2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"},
        {"2024-07-01T12:00:00.9Z", "2024-07-01T12:00:00Z"},
        {"2024-07-01T12:00:00.123456789Z", "2024-07-01T12:00:00Z"},
        {"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"},
        {"", NULL},
        {"-1", NULL},
        {"+1", NULL},
        {" 1", NULL},
        {"1 ", NULL},
        {"1.5", NULL},
        {"1719835200000", NULL},
        {"now", NULL},
        {"2024-07-01", NULL},
        {"2024-07-01T12:00Z", NULL},
        {"2024-07-01T12:00:00", NULL},
        {"2024-07-01T12:00:00z", NULL},
        {"2024-07-01 12:00:00Z", NULL},
        {"2024-07-01T12:00:00+00:00", NULL},
        {"2024-07-01T12:00:00ZZ", NULL},
        {"2024-07-01T12:00:00.Z", NULL},
        {"2024-7-1T12:00:00Z", NULL},
        {"2024-00-01T12:00:00Z", NULL},
        {"2024-13-01T12:00:00Z", NULL},
        {"2024-07-00T12:00:00Z", NULL},
        {"2024-07-32T12:00:00Z", NULL},
        {"2024-06-31T12:00:00Z", NULL},
        {"2023-02-29T12:00:00Z", NULL},
        {"2024-02-30T12:00:00Z", NULL},
        {"2100-02-29T12:00:00Z", NULL},
        {"2000-02-29T12:00:00Z", "2000-02-29T12:00:00Z"},
        {"2024-07-01T25:00:00Z", NULL},
        {"2024-07-01T12:60:00Z", NULL},
        {"2024-07-01T12:00:61Z", NULL},
        {"-2024-07-01T12:00:00Z", NULL},
        {"2024", "1970-01-01T00:33:44Z"},
    };
    int touched = 0;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        apr_time_t time = 42;
        bool taken = rcidp_text_instant(table[i].text, &time);

        is_str(taken ? rcidp_text_time(pool, time) : NULL, table[i].expected, "the instant \"%s\"",
               table[i].text);
        touched += !taken && time != 42;
    }
    is_int(touched, 0, "a refusal leaves the time alone");
}

#define TWICE "The parameter sp stands twice in the address."
#define BAD "The parameter sp is badly encoded."
#define BAD_NAME "A parameter name in the address is badly encoded."

static void test_parameter(void)
{
    static const struct {
        const char *args, *value, *error;
    } table[] = {
        {NULL, NULL, NULL},
        {"", NULL, NULL},
        {"sp=us", "us", NULL},
        {"a=b&sp=us&c=d", "us", NULL},
        {"sp=", "", NULL},
        {"sp", "", NULL},
        {"a&sp", "", NULL},
        {"spx=us", NULL, NULL},
        {"xsp=us", NULL, NULL},
        {"SP=us", NULL, NULL},
        {"=us", NULL, NULL},
        {"a=sp=us", NULL, NULL},
        {"sp=a=b", "a=b", NULL},
        {"&&sp=us&&", "us", NULL},
        {"&", NULL, NULL},
        {"sp=a+b%2Bc", "a b+c", NULL},
        {"sp=%41%e2%82%AC", "A\xE2\x82\xAC", NULL},
        {"sp=%26sp%3Deu", "&sp=eu", NULL},
        {"sp=%2525", "%25", NULL},
        {"%73p=us", "us", NULL},
        {"sp=a;sp=b", "a;sp=b", NULL},
        {"sp=us&sp=eu", NULL, TWICE},
        {"sp=us&sp=us", NULL, TWICE},
        {"sp&sp", NULL, TWICE},
        {"sp=us&%73%70=eu", NULL, TWICE},
        {"s%70=us&sp=eu", NULL, TWICE},
        {"sp=%00", NULL, BAD},
        {"sp=us%00eu", NULL, BAD},
        {"sp=%zz", NULL, BAD},
        {"sp=%", NULL, BAD},
        {"sp=%4", NULL, BAD},
        {"sp=%4&a=1", NULL, BAD},
        {"s%00p=us", NULL, BAD_NAME},
        {"sp%00=us", NULL, BAD_NAME},
        {"%zz=us&sp=us", NULL, BAD_NAME},
        {"a=%zz&sp=us", "us", NULL},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *value = "not set";
        const char *error = rcidp_text_parameter(pool, table[i].args, "sp", &value);
        const char *args = table[i].args ? table[i].args : "(none)";

        is_str(error, table[i].error, "\"%s\": %s", args, table[i].error ? "is refused" : "is read");
        if (!table[i].error)
            is_str(value, table[i].value, "\"%s\": the value", args);
    }
}

int main(void)
{
    apr_initialize();
    atexit(apr_terminate);
    apr_pool_create(&pool, NULL);
    test_xml_good();
    test_xml_bad_characters();
    test_xml_bad_encoding();
    test_mail();
    test_name();
    test_id();
    test_time();
    test_instant();
    test_parameter();
    return done();
}
