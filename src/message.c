/* SPDX-License-Identifier: Apache-2.0 */
#include "message.h"

#include <apr_encode.h>
#include <apr_strings.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

#include "text.h"

#define TOO_LARGE "it has more than 128 KiB"
#define NOT_BASE64 "it is not in base64"

/* No service provider needs as much markup, and each piece costs more to read than its bytes tell. */
#define TAGS_LIMIT 256
#define QUOTES_LIMIT 640
#define REFERENCES_LIMIT 256

/* Of zlib: the best level takes a hundred times as long for what somebody has made for that, and makes an
 * AuthnRequest two bytes shorter. */
#define DEFLATE_LEVEL 4

/* The bytes behind canonical base64, which is the one text that encodes them. */
static const char *decode(apr_pool_t *pool, const char *base64, const char **bytes, apr_size_t *length)
{
    apr_size_t size = strlen(base64), padding = size - strcspn(base64, "=");
    unsigned char *out, last[5] = "";

    if (size > RCIDP_MESSAGE_LIMIT / 3 * 4 + 4)
        return TOO_LARGE;
    out = apr_palloc(pool, size / 4 * 3 + 1);
    /* OpenSSL skips white space around the text, and then finds less in it. */
    if (size % 4 != 0 || padding > 2 ||
        EVP_DecodeBlock(out, (const unsigned char *)base64, (int)size) != (int)(size / 4 * 3))
        return NOT_BASE64;
    *length = size / 4 * 3 - padding;
    out[*length] = '\0';
    *bytes = (const char *)out;
    if (*length > RCIDP_MESSAGE_LIMIT)
        return TOO_LARGE;
    /* Only the last four letters have bits to spare. */
    if (size)
        EVP_EncodeBlock(last, out + size / 4 * 3 - 3, (int)(3 - padding));
    return !size || memcmp(last, base64 + size - 4, 4) == 0 ? NULL : NOT_BASE64;
}

const char *rcidp_message_decode(apr_pool_t *pool, const char *base64, const char **xml, apr_size_t *length)
{
    char *lines, *to;

    if (!strchr(base64, '\n') && !strchr(base64, '\r'))
        return decode(pool, base64, xml, length);
    lines = to = apr_pstrdup(pool, base64);
    for (const char *from = lines; *from; from++) {
        if (*from != '\r' && *from != '\n')
            *to++ = *from;
    }
    *to = '\0';
    return decode(pool, lines, xml, length);
}

const char *rcidp_message_inflate(apr_pool_t *pool, const char *base64, const char **xml, apr_size_t *length)
{
    const char *packed;
    apr_size_t packed_length = 0;
    const char *error = decode(pool, base64, &packed, &packed_length);
    char *out = apr_palloc(pool, RCIDP_MESSAGE_LIMIT + 1);
    z_stream stream;
    int status;

    if (error)
        return error;
    memset(&stream, 0, sizeof(stream));
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
        return "there is no memory to inflate it";
    stream.next_in = (const Bytef *)packed;
    stream.avail_in = (uInt)packed_length;
    stream.next_out = (Bytef *)out;
    stream.avail_out = RCIDP_MESSAGE_LIMIT + 1;
    status = inflate(&stream, Z_FINISH);
    *length = stream.total_out;
    inflateEnd(&stream);
    if (*length > RCIDP_MESSAGE_LIMIT)
        return TOO_LARGE;
    *xml = out;
    return status == Z_STREAM_END && !stream.avail_in ? NULL : "it is not deflated as the binding says";
}

const char *rcidp_message_deflate(apr_pool_t *pool, const char *xml, apr_size_t length, const char **base64)
{
    z_stream stream;
    char *out;
    apr_size_t most;
    int status;

    memset(&stream, 0, sizeof(stream));
    if (deflateInit2(&stream, DEFLATE_LEVEL, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return "there is no memory to deflate it";
    most = deflateBound(&stream, length);
    out = apr_palloc(pool, most);
    stream.next_in = (const Bytef *)xml;
    stream.avail_in = (uInt)length;
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)most;
    status = deflate(&stream, Z_FINISH);
    most = stream.total_out;
    deflateEnd(&stream);
    *base64 =
        apr_pencode_base64_binary(pool, (const unsigned char *)out, (apr_ssize_t)most, APR_ENCODE_NONE, NULL);
    return status == Z_STREAM_END ? NULL : "it cannot be deflated";
}

/* How often that letter stands there; of more than `most`, one more is all that is said. */
static int count(const char *text, apr_size_t length, char letter, int most)
{
    const char *end = text + length;
    int found = 0;

    while (found <= most && (text = memchr(text, letter, (apr_size_t)(end - text)))) {
        text++;
        found++;
    }
    return found;
}

const char *rcidp_message_check(const char *xml, apr_size_t length)
{
    int quotes = count(xml, length, '"', QUOTES_LIMIT) + count(xml, length, '\'', QUOTES_LIMIT);

    return quotes > QUOTES_LIMIT || count(xml, length, '<', TAGS_LIMIT) > TAGS_LIMIT ||
                   count(xml, length, '&', REFERENCES_LIMIT) > REFERENCES_LIMIT
               ? "it has too many elements, attributes or references"
               : NULL;
}

/* NAME=value as it stands in the query, with that very name; NULL if it does not. */
static const char *raw_pair(apr_pool_t *pool, const char *query, const char *name)
{
    apr_size_t size = strlen(name);

    while (*query) {
        apr_size_t length = strcspn(query, "&");

        if (length > size && query[size] == '=' && strncmp(query, name, size) == 0)
            return apr_pstrmemdup(pool, query, length);
        query += length + (query[length] ? 1 : 0);
    }
    return NULL;
}

const char *rcidp_message_signed_text(apr_pool_t *pool, const char *query)
{
    const char *request = raw_pair(pool, query, "SAMLRequest");
    const char *state = raw_pair(pool, query, "RelayState");
    const char *algorithm = raw_pair(pool, query, "SigAlg"), *decoded;

    /* A RelayState under an encoded name would be taken, and not be signed. */
    if (rcidp_text_parameter(pool, query, "RelayState", &decoded) || (decoded && !state))
        return NULL;
    if (!request || !algorithm)
        return NULL;
    return apr_pstrcat(pool, request, state ? "&" : "", state ? state : "", "&", algorithm, NULL);
}
