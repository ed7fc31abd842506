/* SPDX-License-Identifier: Apache-2.0 */
#include "url.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_uri.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* RFC 3986: unreserved, reserved, and the percent sign. */
static bool is_uri_char(char c)
{
    return apr_isalnum(c) ? !(c & 0x80) : (c && strchr("-._~:/?#[]@!$&'()*+,;=%", c));
}

bool rcidp_url_is_uri(const char *text)
{
    const char *at = text;

    if (!apr_isalpha(*at))
        return false;
    while (apr_isalnum(*at) || *at == '+' || *at == '-' || *at == '.')
        at++;
    if (*at != ':' || !at[1])
        return false;
    for (; *at; at++) {
        if (!is_uri_char(*at))
            return false;
    }
    return true;
}

static int hex_value(char c)
{
    if (apr_isdigit(c))
        return c - '0';
    return apr_isxdigit(c) ? apr_tolower(c) - 'a' + 10 : -1;
}

/* Decode %XX in place, once. Returns whether anything was decoded. */
static bool decode_once(char *text)
{
    bool changed = false;
    char *to = text;

    while (*text) {
        if (*text == '%' && hex_value(text[1]) >= 0 && hex_value(text[2]) >= 0) {
            *to++ = (char)(hex_value(text[1]) * 16 + hex_value(text[2]));
            text += 3;
            changed = true;
        } else {
            *to++ = *text++;
        }
    }
    *to = '\0';
    return changed;
}

/* Does this decoded path have a segment "." or "..", also as some servers read it ("..;x")? */
static bool has_dot_segment(const char *path)
{
    while (*path) {
        apr_size_t length = strcspn(path, "/");
        apr_size_t name = strcspn(path, "/;");

        if ((name == 1 || name == 2) && strspn(path, ".") >= name)
            return true;
        path += length + (path[length] ? 1 : 0);
    }
    return false;
}

/* A path may be encoded, even twice, but not to hide what it does. NUL cuts the text short: refused before.
 */
static bool is_plain_path(apr_pool_t *pool, const char *path)
{
    char *decoded = apr_pstrdup(pool, path);
    bool changed;

    do {
        if (strstr(decoded, "%00"))
            return false;
        changed = decode_once(decoded);
        if (has_dot_segment(decoded) || !rcidp_text_is_xml(decoded))
            return false;
        for (const char *at = decoded; *at; at++) {
            if (*at == '\\' || apr_iscntrl(*at))
                return false;
        }
    } while (changed);
    return true;
}

/* A name or an address, and perhaps a port; apr_uri_parse() takes more: text behind an IPv6 address, port -1.
 */
static bool is_plain_host(const char *host)
{
    const char *rest = host + strspn(host, DIGITS LETTERS "-._");

    if (*host == '[') {
        rest = host + 1 + strspn(host + 1, DIGITS "abcdefABCDEF:.");
        if (*rest++ != ']' || !memchr(host, ':', (apr_size_t)(rest - host)))
            return false; /* apr_uri_parse() takes "[ab.cd]" for the name ab.cd */
    }
    if (!*rest)
        return true;
    return *rest == ':' && strlen(rest) <= 6 && strspn(rest + 1, DIGITS) == strlen(rest + 1) &&
           atoi(rest + 1) > 0 && atoi(rest + 1) <= 65535;
}

/* Parse a plain web URL; false if it is none. */
static bool parse_plain(apr_pool_t *pool, const char *text, apr_uri_t *uri)
{
    if (!rcidp_url_is_uri(text) || apr_uri_parse(pool, text, uri) != APR_SUCCESS)
        return false;
    if (!uri->scheme || (strcasecmp(uri->scheme, "https") != 0 && strcasecmp(uri->scheme, "http") != 0))
        return false;
    if (!uri->hostname || !*uri->hostname || !uri->hostinfo || !is_plain_host(uri->hostinfo))
        return false;
    if (!uri->port)
        uri->port = apr_uri_port_of_scheme(strcasecmp(uri->scheme, "https") == 0 ? "https" : "http");
    return is_plain_path(pool, uri->path ? uri->path : "");
}

bool rcidp_url_is_plain(apr_pool_t *pool, const char *text)
{
    apr_uri_t uri;

    return parse_plain(pool, text, &uri);
}

bool rcidp_url_is_https(apr_pool_t *pool, const char *text)
{
    apr_uri_t uri;

    return parse_plain(pool, text, &uri) && strcasecmp(uri.scheme, "https") == 0 && !uri.fragment;
}

bool rcidp_url_is_target(apr_pool_t *pool, const char *text)
{
    bool fits = text[0] == '/' && text[1] != '/' && !strpbrk(text, "\"<>\\^`{|}");

    for (const char *at = text; fits && *at; at++)
        fits = *at > ' ' && *at < 0x7F;
    return fits || rcidp_url_is_https(pool, text);
}

/* Is `path` the prefix itself or below it? */
static bool path_allows(const char *prefix, const char *path)
{
    apr_size_t length = strlen(prefix);

    if (length == 0)
        return true;
    if (strncmp(prefix, path, length) != 0)
        return false;
    return prefix[length - 1] == '/' || path[length] == '\0' || path[length] == '/';
}

bool rcidp_url_allows(apr_pool_t *pool, const char *prefix, const char *url)
{
    apr_uri_t want, have;

    if (!parse_plain(pool, prefix, &want) || !parse_plain(pool, url, &have))
        return false;
    return strcasecmp(want.scheme, have.scheme) == 0 && strcasecmp(want.hostname, have.hostname) == 0 &&
           want.port == have.port &&
           path_allows(want.path ? want.path : "", have.path && *have.path ? have.path : "/");
}
