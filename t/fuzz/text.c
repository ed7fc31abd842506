/* SPDX-License-Identifier: Apache-2.0 */
/* Text, addresses, parameters: judged again by libxml2, and by going back. */
#include "fuzz.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <ctype.h>
#include <iconv.h>
#include <libxml/parserInternals.h>
#include <libxml/uri.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "message.h"
#include "text.h"
#include "url.h"
#include "verify.h"

/* Its characters by iconv(), since libxml2 takes overlong forms. False if it is no UTF-8. */
static bool decode(const char *text, uint32_t **all, size_t *length)
{
    static iconv_t converter;
    size_t left = strlen(text), room = (left + 1) * sizeof(uint32_t);
    char *from = apr_pstrdup(fuzz_pool, text), *to = apr_palloc(fuzz_pool, room);
    bool valid;

    *all = (uint32_t *)(void *)to;
    if (!converter)
        converter = iconv_open("UTF-32LE", "UTF-8");
    must(converter != (iconv_t)-1);
    valid = iconv(converter, &from, &left, &to, &room) == 0;
    iconv(converter, NULL, NULL, NULL, NULL);
    *length = (size_t)((uint32_t *)(void *)to - *all);
    return valid;
}

/* What XML 1.0 can carry: UTF-8, and characters by libxml2. */
static bool is_xml_by_others(const char *text)
{
    uint32_t *all;
    size_t length;
    bool valid = decode(text, &all, &length);

    for (size_t i = 0; valid && i < length; i++)
        valid = IS_CHAR(all[i]);
    return valid;
}

/* What a JSON string stands for, of the forms that we write; NULL if it is none. */
static const char *read_json(const char *json)
{
    char *text = apr_pstrdup(fuzz_pool, json), *out = text;
    unsigned int code;

    for (json++; *json && *json != '"'; json++) {
        if ((unsigned char)*json < 0x20)
            return NULL;
        if (*json != '\\')
            *out++ = *json;
        else if (*++json != 'u')
            *out++ = *json;
        else if (sscanf(json + 1, "%4x", &code) == 1 && code < 0x80)
            *out++ = (char)code, json += 4;
        else
            return NULL;
    }
    *out = '\0';
    return strcmp(json, "\"") == 0 ? text : NULL;
}

/* Valid UTF-8, whatever it is of, which comes back if it was valid. */
static void check_json(const char *text)
{
    const char *json = rcidp_json_string(fuzz_pool, text), *back = read_json(json);
    uint32_t *all;
    size_t length;

    must(*json == '"' && back && decode(json, &all, &length));
    if (decode(text, &all, &length))
        must(strcmp(back, text) == 0);
}

void fuzz_text_checks(fuzz_input *in)
{
    const char *text = fuzz_text(in);
    apr_time_t time = -1, again = -1;
    uint32_t *all;
    size_t length;

    must(rcidp_text_is_utf8(text) == decode(text, &all, &length));
    must(rcidp_text_is_xml(text) == is_xml_by_others(text));
    check_json(text);
    if (rcidp_text_is_mail(text))
        must(strchr(text, '@') == strrchr(text, '@') && !strpbrk(text, " \t\r\n"));
    if (rcidp_text_is_name(text))
        must(rcidp_text_is_xml(text) && !strchr(text, ':') && *text);
    if (rcidp_text_date_time(text, &time)) {
        must(time >= 0 && rcidp_text_date_time(rcidp_text_time(fuzz_pool, time), &again) && again == time);
        must(strncmp(text, rcidp_text_time(fuzz_pool, time), 16) == 0 || strstr(text, ":60"));
    } else {
        must(time == -1);
    }
    if (rcidp_text_instant(text, &time))
        must(time >= 0);
}

/* As libxml2 reads it. Brackets and a second # behind the host are in no standard and in many addresses: an
 * x. `raw`: nothing is decoded. */
static xmlURIPtr parse_strictly(const char *url, bool raw)
{
    char *copy = apr_pstrdup(fuzz_pool, url), *host = strstr(copy, "://"), *rest, *hash;

    must(host);
    rest = host + 3 + strcspn(host + 3, "/?#");
    hash = strchr(rest, '#');
    for (char *at = rest; *at; at++) {
        if (strchr("[]", *at) || (*at == '#' && at != hash) ||
            (*at == '%' && !(isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2]))))
            *at = 'x';
    }
    return xmlParseURIRaw(copy, raw);
}

/* Segment by segment; where the last one of `want` is empty, whatever follows is below it. */
static bool is_at_or_below(const char *want, const char *have)
{
    size_t length = strcspn(want, "/");

    if (!want[length] && length == 0)
        return true;
    if (length != strcspn(have, "/") || memcmp(want, have, length) != 0)
        return false;
    return !want[length] || (have[length] && is_at_or_below(want + length + 1, have + length + 1));
}

/* The same path, or one below it, as the bytes stand there. */
static void must_be_below(const char *prefix, const char *url)
{
    xmlURIPtr want = parse_strictly(prefix, true), have = parse_strictly(url, true);

    must(want && have && is_at_or_below(want->path ? want->path : "", have->path ? have->path : "/"));
    xmlFreeURI(want);
    xmlFreeURI(have);
}

/* The same scheme, host and port. */
static void must_be_on(const char *prefix, const char *url)
{
    xmlURIPtr want = parse_strictly(prefix, false), have = parse_strictly(url, false);

    must(want && have && want->scheme && have->scheme && want->server && have->server && !have->user);
    must(strcasecmp(want->scheme, have->scheme) == 0 && strcasecmp(want->server, have->server) == 0);
    if (want->port > 0 && have->port > 0)
        must(want->port == have->port);
    /* libxml2 decodes the path, once. */
    must(!have->path || (!strstr(have->path, "/../") && !strchr(have->path, '\\')));
    xmlFreeURI(want);
    xmlFreeURI(have);
}

void fuzz_url(fuzz_input *in)
{
    const char *prefix = fuzz_text(in), *url = fuzz_text(in);

    if (rcidp_url_is_https(fuzz_pool, url))
        must(rcidp_url_is_plain(fuzz_pool, url) && strncasecmp(url, "https://", 8) == 0);
    if (rcidp_url_is_plain(fuzz_pool, url))
        must(rcidp_url_is_uri(url) && !strpbrk(url, "\\ \t\r\n\"<>") && rcidp_text_is_xml(url));
    if (rcidp_url_allows(fuzz_pool, prefix, url)) {
        must(rcidp_url_is_plain(fuzz_pool, prefix) && rcidp_url_is_plain(fuzz_pool, url));
        must_be_on(prefix, url);
        must_be_below(prefix, url);
    }
    if (rcidp_url_is_plain(fuzz_pool, url) && !strpbrk(url, "?#"))
        must(rcidp_url_allows(fuzz_pool, url, url));
}

/* The parameter as APR decodes it; NULL if it is not there. False where a name or its value is badly encoded,
 * or it stands there twice. */
static bool decode_by_apr(const char *args, const char *name, const char **value)
{
    char *rest = apr_pstrdup(fuzz_pool, args), *pair;

    *value = NULL;
    while (rest && *rest && (pair = strsep(&rest, "&"))) {
        char *key = strsep(&pair, "=");
        const char *decoded = apr_punescape_url(fuzz_pool, key, NULL, NULL, 1);

        if (!decoded || (*value && strcmp(decoded, name) == 0))
            return false;
        if (strcmp(decoded, name) == 0 &&
            !(*value = apr_punescape_url(fuzz_pool, pair ? pair : "", NULL, NULL, 1)))
            return false;
    }
    return true;
}

void fuzz_parameter(fuzz_input *in)
{
    const char *name = fuzz_text(in), *args = fuzz_text(in), *value = name, *again;
    const char *error = rcidp_text_parameter(fuzz_pool, args, name, &value);

    must(decode_by_apr(args, name, &again) == !error);
    must(error || (value ? again && strcmp(value, again) == 0 : !again));
    if (error)
        must(*error);
    else if (value) {
        /* Written by somebody else and read back, it is the same. */
        args = apr_pstrcat(fuzz_pool, apr_pescape_urlencoded(fuzz_pool, name), "=",
                           apr_pescape_urlencoded(fuzz_pool, value), NULL);
        must(!rcidp_text_parameter(fuzz_pool, args, name, &again) && again && strcmp(again, value) == 0);
    }
}

/* Signatures of these two alone are in the corpus; nobody here has the keys. */
#define SIGNED_BY "SAMLRequest=a&RelayState=b&SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23"

/* What is left of the input is the signature. */
static void check_query_signature(const fuzz_input *in, const char *text)
{
    const char *algorithm = NULL;
    const unsigned char *signature = (const unsigned char *)in->at;

    if (rcidp_text_parameter(fuzz_pool, text, "SigAlg", &algorithm) || !algorithm)
        return;
    if (rcidp_verify_text(text, strlen(text), algorithm, signature, (apr_size_t)(in->end - in->at),
                          fuzz_certificates(), true) == RCIDP_VERIFIED)
        must(strcmp(text, SIGNED_BY "rsa-sha256") == 0 || strcmp(text, SIGNED_BY "ecdsa-sha256") == 0);
}

void fuzz_signed_query(fuzz_input *in)
{
    const char *query = fuzz_text(in), *text = rcidp_message_signed_text(fuzz_pool, query);
    const char *state, *signed_state;

    if (!text)
        return;
    must(strlen(text) <= strlen(query) && strncmp(text, "SAMLRequest=", 12) == 0);
    /* The RelayState that is taken is the one that is signed. */
    must(!rcidp_text_parameter(fuzz_pool, query, "RelayState", &state));
    must(!rcidp_text_parameter(fuzz_pool, text, "RelayState", &signed_state));
    must(state ? signed_state && strcmp(state, signed_state) == 0 : !signed_state);
    check_query_signature(in, text);
}
