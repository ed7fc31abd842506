/* SPDX-License-Identifier: Apache-2.0 */
#include "asset.h"

#include <apr_encode.h>
#include <apr_strings.h>
#include <openssl/crypto.h>
#include <string.h>
#include <strings.h>

#include "key.h"
#include "text.h"

/* How far an SVG's root element may stand from its beginning, after comments and the like. */
#define SVG_PROLOGUE 4096

/* What a file of the kind begins with, and what stands `at` bytes on. */
static const struct {
    const char *start, *more;
    apr_size_t at;
    const char *type;
} kinds[] = {
    {"\x89PNG\r\n\x1A\n", "IHDR", 12, "image/png"},
    {"\xFF\xD8\xFF", "", 0, "image/jpeg"},
    {"GIF8", "", 0, "image/gif"},
    {"RIFF", "WEBP", 8, "image/webp"},
};

/* The file's bytes and a NUL, in pool. */
static const char *read_file(apr_pool_t *pool, const char *file, apr_size_t limit, char **data,
                             apr_size_t *length)
{
    char *content;
    const char *error = rcidp_key_file(pool, file, &content, length, NULL);

    if (error)
        return error;
    *data = apr_pstrmemdup(pool, content, *length);
    OPENSSL_clear_free(content, *length);
    return *length <= limit
               ? NULL
               : apr_psprintf(pool, "%s has %" APR_SIZE_T_FMT " bytes; at most %" APR_SIZE_T_FMT " are taken",
                              file, *length, limit);
}

static bool is_svg(apr_pool_t *pool, const char *data, apr_size_t length)
{
    const char *start = data + (strncmp(data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0);

    start += strspn(start, " \t\r\n");
    return *start == '<' && strlen(data) == length && strstr(apr_pstrndup(pool, start, SVG_PROLOGUE), "<svg");
}

static bool has(const char *data, apr_size_t length, apr_size_t at, const char *bytes)
{
    return length >= at + strlen(bytes) && memcmp(data + at, bytes, strlen(bytes)) == 0;
}

static const char *type_of(apr_pool_t *pool, const char *data, apr_size_t length)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (has(data, length, 0, kinds[i].start) && has(data, length, kinds[i].at, kinds[i].more))
            return kinds[i].type;
    }
    return is_svg(pool, data, length) ? "image/svg+xml" : NULL;
}

const char *rcidp_asset_picture(apr_pool_t *pool, const char *file, apr_size_t limit, const char **uri)
{
    apr_size_t length;
    char *data;
    const char *error = read_file(pool, file, limit, &data, &length);
    const char *type = error ? NULL : type_of(pool, data, length);

    if (error)
        return error;
    if (!type)
        return apr_psprintf(pool, "%s is neither PNG, JPEG, GIF, WebP nor SVG", file);
    *uri = apr_pstrcat(
        pool, "data:", type, ";base64,",
        apr_pencode_base64_binary(pool, (unsigned char *)data, (apr_ssize_t)length, APR_ENCODE_NONE, NULL),
        NULL);
    return NULL;
}

/* As HTML reads them: CR LF and a CR alone are line ends, too. */
static void unify_line_ends(char *text)
{
    char *to = text;

    while (*text) {
        char c = *text++;

        if (c == '\r' && *text == '\n')
            continue;
        *to++ = c == '\r' ? '\n' : c;
    }
    *to = '\0';
}

static const char *find(const char *text, const char *word)
{
    while (*text && strncasecmp(text, word, strlen(word)) != 0)
        text++;
    return *text ? text : NULL;
}

/* Does a url() name anything that does not stand in it? */
static bool fetches(const char *style)
{
    if (find(style, "@import") || find(style, "image-set("))
        return true;
    while ((style = find(style, "url("))) {
        style += strlen("url(");
        style += strspn(style, " \t\n\"'");
        if (strncasecmp(style, "data:", strlen("data:")) != 0 && *style != '#')
            return true;
    }
    return false;
}

const char *rcidp_asset_stylesheet(apr_pool_t *pool, const char *file, const char **style)
{
    apr_size_t length;
    char *text;
    const char *error = read_file(pool, file, RCIDP_STYLESHEET_LIMIT, &text, &length);

    if (error)
        return error;
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0)
        text += 3, length -= 3;
    if (strlen(text) != length || !rcidp_text_is_xml(text))
        return apr_psprintf(pool, "%s is not text in UTF-8", file);
    if (find(text, "</style"))
        return apr_psprintf(pool, "%s contains </style: give the style alone, without HTML", file);
    if (find(text, "-----BEGIN "))
        return apr_psprintf(pool, "%s has a key or a certificate in it, which each page would show", file);
    if (fetches(text))
        return apr_psprintf(
            pool, "%s would fetch something (@import, image-set or url()); only url(data:...) works", file);
    unify_line_ends(text);
    *style = text;
    return NULL;
}
