/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <stdbool.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD"
#define LONGEST 6 /* \u001f */

static bool is_tail(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

/* How many bytes the character has that begins here; 0 if none does (RFC 3629: no overlong form, no
 * surrogate, nothing above U+10FFFF). */
static int character_length(const unsigned char *at)
{
    if (at[0] < 0x80)
        return 1;
    if (at[0] < 0xC2 || at[0] > 0xF4 || !is_tail(at[1]))
        return 0;
    if (at[0] < 0xE0)
        return 2;
    if ((at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] > 0x9F) ||
        (at[0] == 0xF0 && at[1] < 0x90) || (at[0] == 0xF4 && at[1] > 0x8F) || !is_tail(at[2]))
        return 0;
    if (at[0] < 0xF0)
        return 3;
    return is_tail(at[3]) ? 4 : 0;
}

static char *put(char *out, const char *bytes, size_t length)
{
    memcpy(out, bytes, length);
    return out + length;
}

static char *put_ascii(char *out, char byte)
{
    static const char digits[] = "0123456789abcdef";
    const char escape[] = {'\\', 'u', '0', '0', digits[(byte >> 4) & 15], digits[byte & 15]};

    if (byte == '"' || byte == '\\')
        *out++ = '\\';
    else if ((unsigned char)byte < 0x20 || byte == 0x7F)
        return put(out, escape, sizeof(escape));
    *out++ = byte;
    return out;
}

const char *rcidp_json_string(apr_pool_t *pool, const char *text)
{
    char *json, *out;

    if (!text)
        return "null";
    json = out = apr_palloc(pool, LONGEST * strlen(text) + sizeof("\"\""));
    *out++ = '"';
    while (*text) {
        int length = character_length((const unsigned char *)text);

        out = length == 1  ? put_ascii(out, *text)
              : length > 1 ? put(out, text, (size_t)length)
                           : put(out, REPLACEMENT, strlen(REPLACEMENT));
        text += length ? length : 1;
    }
    *out++ = '"';
    *out = '\0';
    return json;
}
