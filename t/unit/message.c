/* SPDX-License-Identifier: Apache-2.0 */
/* The wrapping of a SAML message: base64 in its one form, DEFLATE within its limit, and what a query's
 * signature is over. */
#include "message.h"
#include "fixture.h"

#include <apr_encode.h>
#include <time.h>
#define ZLIB_CONST
#include <zlib.h>

#define TOO_LARGE "it has more than 128 KiB"
#define NOT_BASE64 "it is not in base64"
#define NOT_DEFLATED "it is not deflated as the binding says"

/* What the text decodes to, or the reason why it does not. */
static const char *decoded(const char *base64)
{
    const char *xml = NULL, *error;
    apr_size_t length = 0;

    error = rcidp_message_decode(pool, base64, &xml, &length);
    return error ? error : apr_pstrmemdup(pool, xml, length);
}

static const char *inflated(const char *base64)
{
    const char *xml = NULL, *error;
    apr_size_t length = 0;

    error = rcidp_message_inflate(pool, base64, &xml, &length);
    return error ? error : apr_pstrmemdup(pool, xml, length);
}

/* As many bytes as `length`, of one letter. */
static const char *much(apr_size_t length)
{
    char *text = apr_palloc(pool, length + 1);

    memset(text, 'x', length);
    text[length] = '\0';
    return text;
}

static const char *base64_of(const void *bytes, apr_size_t length)
{
    return apr_pencode_base64(pool, bytes, (apr_ssize_t)length, APR_ENCODE_NONE, NULL);
}

/* Raw DEFLATE, or with zlib's or gzip's wrapping, by the bits that zlib asks for. */
static const char *deflate_bits(const char *text, apr_size_t length, int bits, apr_size_t *packed_length)
{
    unsigned char *packed = apr_palloc(pool, length + 1024);
    z_stream stream;

    memset(&stream, 0, sizeof(stream));
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, bits, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        bail_out("zlib", "deflateInit2");
    stream.next_in = (const Bytef *)text;
    stream.avail_in = (uInt)length;
    stream.next_out = packed;
    stream.avail_out = (uInt)length + 1024;
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
        bail_out("zlib", "deflate");
    *packed_length = stream.total_out;
    deflateEnd(&stream);
    return (const char *)packed;
}

static const char *packed(const char *text)
{
    apr_size_t length;
    const char *bytes = deflate_bits(text, strlen(text), -MAX_WBITS, &length);

    return base64_of(bytes, length);
}

static void test_base64(void)
{
    is_str(decoded(""), "", "nothing is nothing");
    is_str(decoded("YQ=="), "a", "one byte");
    is_str(decoded("YWI="), "ab", "two");
    is_str(decoded("YWJj"), "abc", "three");
    is_str(decoded("PD8+"), "<?>", "with a plus");
    is_str(decoded("Pz8/"), "???", "with a slash");
    is_str(decoded("YW\r\nJj\n"), "abc", "broken into lines");
    is_str(decoded("\nYQ=\r\n=\r"), "a", "anywhere");
}

/* Other texts that careless decoders read as the same bytes. */
static void test_base64_refused(void)
{
    static const char *const wrong[][2] = {
        {"YQ", "without padding"},     {"YQ=", "too little padding"},
        {"YQ===", "too much padding"}, {"YWJj=", "padding not needed"},
        {"YWJj====", "padding alone"}, {"YR==", "bits that are dropped"},
        {"YWJ=", "more of these"},     {"Pz8_", "the alphabet for URLs"},
        {"PD8-", "its minus"},         {"Y W J j", "spaces"},
        {"YWJj ", "a space behind"},   {"YW\tJj", "a tab"},
        {"YW!j", "another character"}, {"YW\x80j", "a byte over 127"},
        {"YQ==YQ==", "two in one"},    {"=", "padding alone"},
        {"Y", "a single character"},   {"YW=j", "padding inside"},
        {"%59WJj", "percent signs"},   {"PD8 ", "a plus lost in a query"},
        {"YWJj\v", "a vertical tab"},
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        is_str(decoded(wrong[i][0]), NOT_BASE64, "base64 with %s is refused", wrong[i][1]);
    is_str(inflated("YQ"), NOT_BASE64, "also before it is inflated");
    is_str(inflated("YW\nJj"), NOT_BASE64, "where no lines are broken");
}

static void test_decode_sizes(void)
{
    const char *most = much(RCIDP_MESSAGE_LIMIT), *more = much(RCIDP_MESSAGE_LIMIT + 1);
    const char *bytes;
    apr_size_t length;

    is_str(decoded(base64_of(most, RCIDP_MESSAGE_LIMIT)), most, "128 KiB are taken");
    is_str(decoded(base64_of(more, RCIDP_MESSAGE_LIMIT + 1)), TOO_LARGE, "one byte more is not");
    is_str(decoded(base64_of(much(1024 * 1024), 1024 * 1024)), TOO_LARGE, "nor a MiB");
    is_str(rcidp_message_decode(pool, "YQBi", &bytes, &length), NULL, "a NUL is a byte like others");
    ok(length == 3 && memcmp(bytes, "a\0b", 3) == 0, "and does not end the message");
}

static void test_inflate(void)
{
    const char *text = "<samlp:AuthnRequest/>", *bytes;
    apr_size_t length;

    is_str(inflated(packed(text)), text, "a deflated message");
    is_str(inflated(packed("")), "", "an empty one");
    is_str(inflated(""), NOT_DEFLATED, "nothing is not even that");
    is_str(inflated(base64_of(text, strlen(text))), NOT_DEFLATED, "one that is not deflated");
    bytes = deflate_bits(text, strlen(text), MAX_WBITS, &length);
    is_str(inflated(base64_of(bytes, length)), NOT_DEFLATED, "one in zlib's wrapping");
    bytes = deflate_bits(text, strlen(text), MAX_WBITS + 16, &length);
    is_str(inflated(base64_of(bytes, length)), NOT_DEFLATED, "one in gzip's");
    bytes = deflate_bits(text, strlen(text), -MAX_WBITS, &length);
    is_str(inflated(base64_of(bytes, length - 1)), NOT_DEFLATED, "one that is cut");
    is_str(inflated(base64_of(apr_pstrcat(pool, apr_pstrmemdup(pool, bytes, length), "x", NULL), length + 1)),
           NOT_DEFLATED, "one with something behind");
}

/* However well it is packed, not more than the limit is ever written. */
static void test_inflate_sizes(void)
{
    const char *most = much(RCIDP_MESSAGE_LIMIT), *bomb = packed(much(10 * 1024 * 1024));
    apr_pool_t *small;
    const char *xml;
    apr_size_t length;

    is_str(inflated(packed(most)), most, "128 KiB are taken");
    is_str(inflated(packed(much(RCIDP_MESSAGE_LIMIT + 1))), TOO_LARGE, "one byte more is not");
    ok(strlen(bomb) < 16 * 1024, "10 MiB fit into a request");
    is_str(inflated(bomb), TOO_LARGE, "and are refused");
    apr_pool_create(&small, pool);
    for (int i = 0; i < 100; i++) {
        apr_pool_clear(small);
        rcidp_message_inflate(small, bomb, &xml, &length);
    }
    ok(length <= RCIDP_MESSAGE_LIMIT + 1, "after one byte over the limit");
    apr_pool_destroy(small);
}

static void test_deflate(void)
{
    static const apr_size_t sizes[] = {0, 1, 2, 3, 1000, 65536, RCIDP_MESSAGE_LIMIT};
    unsigned char noise[5000];
    const char *base64, *xml;
    apr_size_t length = 0;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const char *text = much(sizes[i]);

        is_str(rcidp_message_deflate(pool, text, sizes[i], &base64), NULL, "%zu bytes are deflated",
               sizes[i]);
        is_str(inflated(base64), text, "and inflated to what they were");
    }
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (unsigned char)(i * i * 2654435761u >> 13);
    is_str(rcidp_message_deflate(pool, (const char *)noise, sizeof(noise), &base64), NULL, "so is noise");
    is_str(rcidp_message_inflate(pool, base64, &xml, &length), NULL, "and inflated");
    ok(length == sizeof(noise) && memcmp(xml, noise, length) == 0, "to what it was");
}

/* Two letters in any order: zlib can look for a longer match for ever. Anybody may send that. */
static void test_deflate_hostile(void)
{
    char *text = apr_palloc(pool, RCIDP_MESSAGE_LIMIT + 1);
    unsigned int random = 1;
    clock_t start, ours = 0, best = 0;

    for (apr_size_t i = 0; i < RCIDP_MESSAGE_LIMIT; i++) {
        random = random * 1103515245u + 12345u;
        text[i] = random & 0x10000 ? 'a' : 'b';
    }
    for (int i = 0; i < 3; i++) {
        const char *base64;
        apr_size_t length;

        start = clock();
        rcidp_message_deflate(pool, text, RCIDP_MESSAGE_LIMIT, &base64);
        ours += clock() - start;
        start = clock();
        deflate_bits(text, RCIDP_MESSAGE_LIMIT, -MAX_WBITS, &length);
        best += clock() - start;
    }
    ok(ours < best / 2, "what is hard to deflate well is not (%ld us, best %ld)", (long)ours / 3,
       (long)best / 3);
}

static void test_signed_text(void)
{
    static const char *const rows[][3] = {
        {"SAMLRequest=a&SigAlg=b&Signature=c", "SAMLRequest=a&SigAlg=b", "without RelayState"},
        {"SAMLRequest=a&RelayState=r&SigAlg=b&Signature=c", "SAMLRequest=a&RelayState=r&SigAlg=b",
         "with RelayState"},
        {"Signature=c&SigAlg=b&RelayState=r&SAMLRequest=a", "SAMLRequest=a&RelayState=r&SigAlg=b",
         "in another order"},
        {"x=1&SAMLRequest=a&sp=us&SigAlg=b&y&Signature=c", "SAMLRequest=a&SigAlg=b", "among others"},
        {"SAMLRequest=a%2bb%2B+c&SigAlg=%62", "SAMLRequest=a%2bb%2B+c&SigAlg=%62", "each byte as it stands"},
        {"SAMLRequest=a&RelayState=&SigAlg=b", "SAMLRequest=a&RelayState=&SigAlg=b",
         "with an empty RelayState"},
        {"SAMLRequest=a=b==&SigAlg=b", "SAMLRequest=a=b==&SigAlg=b", "with more signs of equality"},
        {"&&SAMLRequest=a&&SigAlg=b&", "SAMLRequest=a&SigAlg=b", "between empty pairs"},
        {"samlrequest=x&SAMLRequest=a&SigAlg=b&xSigAlg=y", "SAMLRequest=a&SigAlg=b",
         "beside names that are alike"},
        {"SAMLRequest=a&Signature=c", NULL, "no SigAlg"},
        {"RelayState=r&SigAlg=b", NULL, "no SAMLRequest"},
        {"%53AMLRequest=a&SigAlg=b", NULL, "SAMLRequest under an encoded name"},
        {"SAMLRequest=a&Sig%41lg=b", NULL, "SigAlg under an encoded name"},
        {"SAMLRequest=a&%52elayState=r&SigAlg=b", NULL,
         "RelayState under an encoded name, which would be taken unsigned"},
        {"SAMLRequest=a&RelayState=r&SigAlg=b&Relay%53tate=s", NULL, "RelayState under both"},
        {"SAMLRequest=a&RelayState&SigAlg=b", NULL, "RelayState without a sign of equality"},
        {"SAMLRequest=a&RelayState=r&RelayState=r&SigAlg=b", NULL, "RelayState twice"},
        {"SAMLRequest&SigAlg=b", NULL, "SAMLRequest without a sign of equality"},
        {"SAMLRequest=a;SigAlg=b", NULL, "a semicolon divides nothing"},
        {"", NULL, "nothing at all"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        is_str(rcidp_message_signed_text(pool, rows[i][0]), rows[i][1], "what is signed: %s", rows[i][2]);
}

static void test_markup(void)
{
    static const struct {
        const char *letters;
        apr_size_t most;
    } rows[] = {{"<", 256}, {"\"", 640}, {"'", 640}, {"\"'", 640}, {"&", 256}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *text = apr_palloc(pool, rows[i].most + 1);

        for (apr_size_t at = 0; at <= rows[i].most; at++)
            text[at] = rows[i].letters[at % strlen(rows[i].letters)];
        is_str(rcidp_message_check(text, rows[i].most), NULL, "%s may be there %d times", rows[i].letters,
               (int)rows[i].most);
        is_str(rcidp_message_check(text, rows[i].most + 1),
               "it has too many elements, attributes or references", "and not once more");
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    fixture_begin(argv[0]);
    test_base64();
    test_base64_refused();
    test_decode_sizes();
    test_inflate();
    test_inflate_sizes();
    test_deflate();
    test_deflate_hostile();
    test_signed_text();
    test_markup();
    return done();
}
