/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <libxml/tree.h>
#include <string.h>

/* RFC 3629, 3: no surrogates, and nothing beyond Unicode. */
static bool is_character(unsigned long c)
{
    return c <= 0xD7FF || (c >= 0xE000 && c <= 0x10FFFF);
}

/* XML 1.0, 2.2: Char, of what is a character. */
static bool is_xml_char(unsigned long c)
{
    if (c < 0x20)
        return c == '\t' || c == '\n' || c == '\r';
    return c != 0xFFFE && c != 0xFFFF;
}

/* Length of the sequence that a first byte announces, 0 if it can not be first; its payload bits in *bits. */
static int sequence_length(unsigned char first, unsigned long *bits)
{
    if (first < 0x80) {
        *bits = first;
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        *bits = first & 0x1FU;
        return 2;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        *bits = first & 0x0FU;
        return 3;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        *bits = first & 0x07U;
        return 4;
    }
    return 0;
}

static inline bool is_text(const char *text, bool for_xml)
{
    static const unsigned long smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *at = (const unsigned char *)text;

    while (*at) {
        unsigned long c;
        int length = sequence_length(*at++, &c);

        if (!length)
            return false;
        for (int i = 1; i < length; i++) {
            if ((*at & 0xC0) != 0x80)
                return false; /* also the end of the text: NUL continues nothing */
            c = (c << 6) | (*at++ & 0x3FU);
        }
        if (c < smallest[length] || !is_character(c) || (for_xml && !is_xml_char(c)))
            return false;
    }
    return true;
}

bool rcidp_text_is_utf8(const char *text)
{
    return is_text(text, false);
}

bool rcidp_text_is_xml(const char *text)
{
    return is_text(text, true);
}

/* Unicode's white space beyond ASCII, in UTF-8: U+0085, 00A0, 1680, 2000 to 200A, 2028, 2029, 202F, 205F,
 * 3000. */
static bool is_wide_space(const char *at)
{
    static const char *const spaces[] = {"\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\xA8",
                                         "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};
    bool found =
        strncmp(at, "\xE2\x80", 2) == 0 && (unsigned char)at[2] >= 0x80 && (unsigned char)at[2] <= 0x8A;

    for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
        found = found || strncmp(at, spaces[i], strlen(spaces[i])) == 0;
    return found;
}

bool rcidp_text_is_mail(const char *text)
{
    const char *at = strchr(text, '@');

    if (!at || at == text || !at[1] || strchr(at + 1, '@'))
        return false;
    for (; *text; text++) {
        if (apr_isspace(*text) || apr_iscntrl(*text) || ((unsigned char)*text >= 0x80 && is_wide_space(text)))
            return false;
    }
    return true;
}

bool rcidp_text_is_name(const char *text)
{
    return rcidp_text_is_xml(text) && xmlValidateNCName(BAD_CAST text, 0) == 0; /* which takes Latin-1 too */
}

const char *rcidp_text_id(apr_pool_t *pool, const unsigned char *random)
{
    return apr_pstrcat(pool, "_", apr_pescape_hex(pool, random, RCIDP_ID_BYTES, 0), NULL);
}

const char *rcidp_text_time(apr_pool_t *pool, apr_time_t time)
{
    apr_time_exp_t utc;

    apr_time_exp_gmt(&utc, time);
    return apr_psprintf(pool, "%04d-%02d-%02dT%02d:%02d:%02dZ", utc.tm_year + 1900, utc.tm_mon + 1,
                        utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

/* Exactly `digits` digits at *at, which moves behind them; -1 if they are not there. */
static int number(const char **at, int digits)
{
    int value = 0;

    for (; digits > 0; digits--, (*at)++) {
        if (!apr_isdigit(**at))
            return -1;
        value = value * 10 + (**at - '0');
    }
    return value;
}

static int days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

/* YYYY-MM-DDThh:mm:ss, an optional fraction, and Z. */
static bool parse_date_time(const char *text, apr_time_exp_t *utc)
{
    static const char separators[] = "--T::";
    int parts[6];

    for (int i = 0; i < 6; i++) {
        parts[i] = number(&text, i ? 2 : 4);
        if (parts[i] < 0 || (i < 5 && *text++ != separators[i]))
            return false;
    }
    if (text[0] == '.' && apr_isdigit(text[1]))
        text += 1 + strspn(text + 1, "0123456789");
    utc->tm_year = parts[0] - 1900;
    utc->tm_mon = parts[1] - 1;
    utc->tm_mday = parts[2];
    utc->tm_hour = parts[3];
    utc->tm_min = parts[4];
    utc->tm_sec = parts[5];
    return strcmp(text, "Z") == 0 && parts[0] >= 1970 && parts[1] >= 1 && parts[1] <= 12 && parts[2] >= 1 &&
           parts[2] <= days_of(parts[0], parts[1]) && parts[3] <= 23 && parts[4] <= 59 && parts[5] <= 60;
}

bool rcidp_text_date_time(const char *text, apr_time_t *time)
{
    apr_time_exp_t utc;

    memset(&utc, 0, sizeof(utc));
    return parse_date_time(text, &utc) && apr_time_exp_gmt_get(time, &utc) == APR_SUCCESS;
}

bool rcidp_text_instant(const char *text, apr_time_t *time)
{
    apr_size_t length = strlen(text);

    if (length > 0 && length <= 11 && strspn(text, "0123456789") == length) {
        *time = apr_time_from_sec(apr_atoi64(text));
        return true;
    }
    return rcidp_text_date_time(text, time);
}

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Decode one half of a pair; NULL if it is badly encoded or hides a NUL. In one pass, since a form can be
 * long. */
static const char *decode(apr_pool_t *pool, const char *text, apr_size_t length)
{
    char *decoded = apr_palloc(pool, length + 1), *to = decoded;

    for (const char *end = text + length; text < end; text++) {
        if (*text == '%') {
            int high = end - text > 2 ? digit(text[1]) : -1, low = high >= 0 ? digit(text[2]) : -1;

            if (low < 0 || high + low == 0)
                return NULL;
            *to++ = (char)(high * 16 + low);
            text += 2;
        } else
            *to++ = *text == '+' ? ' ' : *text;
    }
    *to = '\0';
    return decoded;
}

const char *rcidp_text_parameter(apr_pool_t *pool, const char *args, const char *name, const char **value)
{
    *value = NULL;
    while (args && *args) {
        const char *end = strchr(args, '&');
        apr_size_t length = end ? (apr_size_t)(end - args) : strlen(args);
        const char *equals = memchr(args, '=', length);
        apr_size_t split = equals ? (apr_size_t)(equals - args) : length;
        const char *key = decode(pool, args, split);

        if (!key)
            return "A parameter name in the address is badly encoded.";
        if (strcmp(key, name) == 0) {
            if (*value)
                return apr_pstrcat(pool, "The parameter ", name, " stands twice in the address.", NULL);
            *value = split < length ? decode(pool, args + split + 1, length - split - 1) : "";
            if (!*value)
                return apr_pstrcat(pool, "The parameter ", name, " is badly encoded.", NULL);
        }
        args += length + (args[length] ? 1 : 0);
    }
    return NULL;
}
