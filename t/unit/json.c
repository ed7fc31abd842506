/* SPDX-License-Identifier: Apache-2.0 */
/* JSON strings: fixed ones here; what a parser reads back is seen in t/http/audit.py. */
#include "json.h"
#include "fixture.h"

#define FFFD "\xEF\xBF\xBD"

static const struct {
    const char *text, *json;
} rows[] = {
    {NULL, "null"},
    {"", "\"\""},
    {"alice@example.com", "\"alice@example.com\""},
    {"a\"b\\c/", "\"a\\\"b\\\\c/\""},
    {"\n\t\x01\x1f\x7f", "\"\\u000a\\u0009\\u0001\\u001f\\u007f\""},
    {"Zo\xC3\xAB \xE2\x82\xAC \xF0\x9F\x94\x91", "\"Zo\xC3\xAB \xE2\x82\xAC \xF0\x9F\x94\x91\""},
    {"\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF", "\"\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF\""},
    {"\x80x\xFFy", "\"" FFFD "x" FFFD "y\""},
    {"\xC0\xAF", "\"" FFFD FFFD "\""}, /* overlong */
    {"\xE0\x80\xAF\xF0\x80\x80\xAF", "\"" FFFD FFFD FFFD FFFD FFFD FFFD FFFD "\""},
    {"\xED\xA0\x80", "\"" FFFD FFFD FFFD "\""},          /* a surrogate */
    {"\xF4\x90\x80\x80", "\"" FFFD FFFD FFFD FFFD "\""}, /* above U+10FFFF */
    {"\xC3", "\"" FFFD "\""},                            /* cut off */
    {"\xE2\x82", "\"" FFFD FFFD "\""},
    {"\xF0\x9F\x94\"", "\"" FFFD FFFD FFFD "\\\"\""},
};

int main(int argc, char **argv)
{
    (void)argc;
    fixture_begin(argv[0]);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        is_str(rcidp_json_string(pool, rows[i].text), rows[i].json, "text %d", (int)i);
    return done();
}
