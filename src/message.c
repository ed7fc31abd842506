/* SPDX-License-Identifier: Apache-2.0 */
#include "message.h"

#include <apr_encode.h>
#include <apr_strings.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

#include "text.h"

#define TOO_LARGE "it has more than 128 KiB"

/* No service provider needs as many tags or attributes, and each costs more to read than its bytes tell. */
#define TAGS_LIMIT 256
#define QUOTES_LIMIT 1024

/* The bytes behind canonical base64: the one text that encodes them. */
static const char *decode(apr_pool_t *pool, const char *base64, const char **bytes, apr_size_t *length)
{
    const char *again;

    if (strlen(base64) > RCIDP_MESSAGE_LIMIT / 3 * 4 + 4)
        return TOO_LARGE;
    *bytes = apr_pdecode_base64(pool, base64, APR_ENCODE_STRING, APR_ENCODE_NONE, length);
    if (*bytes && *length > RCIDP_MESSAGE_LIMIT)
        return TOO_LARGE;
    again = *bytes ? apr_pencode_base64(pool, *bytes, (apr_ssize_t)*length, APR_ENCODE_NONE, NULL) : NULL;
    return again && strcmp(again, base64) == 0 ? NULL : "it is not in base64";
}

const char *rcidp_message_decode(apr_pool_t *pool, const char *base64, const char **xml, apr_size_t *length)
{
    char *lines = apr_pstrdup(pool, base64), *to = lines;

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
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
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

const char *rcidp_message_check(const char *xml, apr_size_t length)
{
    int tags = 0, quotes = 0;

    for (apr_size_t i = 0; i < length; i++) {
        tags += xml[i] == '<';
        quotes += xml[i] == '"' || xml[i] == '\'';
    }
    return tags > TAGS_LIMIT || quotes > QUOTES_LIMIT ? "it has too many elements or attributes" : NULL;
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
