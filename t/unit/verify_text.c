/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of others over a query string, made here by OpenSSL. */
#include "verify.h"
#include "certificates.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#define DSIG "http://www.w3.org/2000/09/xmldsig#"
#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define RSA_SHA256 MORE "rsa-sha256"
#define QUERY "SAMLRequest=a%2Bb&RelayState=c&SigAlg=d"

/* How many of the judgements below have left something in OpenSSL's queue, for whoever looks there next. */
static int leftovers;

/* The query string's signature by OpenSSL; of EC in DER. */
static unsigned char *sign_text(const char *key, const EVP_MD *hash, const char *text, size_t *length)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY *pkey = read_signer(key, NULL)->key->pkey;
    unsigned char *signature = apr_palloc(pool, 1024);

    *length = 1024;
    if (EVP_DigestSignInit(context, NULL, hash, NULL, pkey) != 1 ||
        EVP_DigestSign(context, signature, length, (const unsigned char *)text, strlen(text)) != 1)
        bail_out("no signature", key);
    EVP_MD_CTX_free(context);
    return signature;
}

static bool takes(const char *text, const char *algorithm, const unsigned char *signature, size_t length,
                  const apr_array_header_t *keys, bool sha1)
{
    rcidp_verdict verdict;

    ERR_clear_error();
    verdict = rcidp_verify_text(text, strlen(text), algorithm, signature, length, keys, sha1);
    leftovers += ERR_peek_error() != 0;
    return verdict == RCIDP_VERIFIED;
}

/* r and s side by side, each as long as the curve's numbers are; a byte more behind them. */
static unsigned char *side_by_side(const unsigned char *der, size_t length, int half)
{
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)length);
    unsigned char *both = apr_pcalloc(pool, 2 * (apr_size_t)half + 1);

    BN_bn2binpad(ECDSA_SIG_get0_r(pair), both, half);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), both + half, half);
    ECDSA_SIG_free(pair);
    return both;
}

static void test_text(void)
{
    static const struct {
        const char *method, *key, *hash;
        int half;
    } rows[] = {
        {"rsa-sha256", "rsa2048", "sha256", 0},  {"rsa-sha384", "rsa2048", "sha384", 0},
        {"rsa-sha512", "rsa3072", "sha512", 0},  {"ecdsa-sha256", "ec256", "sha256", 32},
        {"ecdsa-sha384", "ec384", "sha384", 48}, {"ecdsa-sha512", "ec521", "sha512", 66},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *method = apr_pstrcat(pool, MORE, rows[i].method, NULL);
        apr_array_header_t *keys = certificates("rsa3072", rows[i].key);
        size_t length;
        unsigned char *signature = sign_text(rows[i].key, EVP_get_digestbyname(rows[i].hash), QUERY, &length);

        ok(takes(QUERY, method, signature, length, keys, false), "a query signed by %s", rows[i].method);
        ok(!takes(QUERY "e", method, signature, length, keys, false), "%s: another text", rows[i].method);
        ok(!takes(QUERY, method, signature, length - 1, keys, false), "%s: cut", rows[i].method);
        ok(!takes(QUERY, method, signature, 0, keys, false), "%s: empty", rows[i].method);
        ok(!takes(QUERY, method, signature, length, certificates(NULL, NULL), false), "%s: no certificate",
           rows[i].method);
        if (rows[i].half) {
            unsigned char *both = side_by_side(signature, length, rows[i].half);

            ok(takes(QUERY, method, both, 2 * (size_t)rows[i].half, keys, false), "%s as XML has it",
               rows[i].method);
            ok(!takes(QUERY "e", method, both, 2 * (size_t)rows[i].half, keys, false),
               "%s as XML has it: another text", rows[i].method);
            for (size_t off = 0; off < 2; off++)
                ok(!takes(QUERY, method, both, 2 * (size_t)rows[i].half + 1 - 2 * off, keys, false),
                   "%s as XML has it: a byte %s", rows[i].method, off ? "less" : "more");
            both[3] ^= 1;
            ok(!takes(QUERY, method, both, 2 * (size_t)rows[i].half, keys, false),
               "%s as XML has it: another number", rows[i].method);
        }
    }
}

static void test_text_algorithms(void)
{
    static const char *const wrong[] = {
        MORE "rsa-sha384",
        MORE "ecdsa-sha256",
        DSIG "rsa-sha1",
        MORE "rsa-md5",
        MORE "rsa-sha2567",
        "rsa-sha256",
        "",
        MORE "rsa-ripemd160",
        DSIG "hmac-sha1",
        MORE "hmac-sha256",
        MORE,
    };
    apr_array_header_t *keys = certificates("rsa2048", "ec256");
    size_t length, old_length, curve_length;
    unsigned char *signature = sign_text("rsa2048", EVP_sha256(), QUERY, &length);
    unsigned char *old = sign_text("rsa2048", EVP_sha1(), QUERY, &old_length);
    unsigned char *curve = sign_text("ec256", EVP_sha256(), QUERY, &curve_length);

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ok(!takes(QUERY, wrong[i], signature, length, keys, false), "SigAlg=%s is refused", wrong[i]);
    ok(!takes(QUERY, RSA_SHA256, curve, curve_length, keys, false), "one of a curve is none of RSA");
    ok(!takes(QUERY, DSIG "rsa-sha1", old, old_length, keys, false), "a query signed with SHA-1 is refused");
    ok(takes(QUERY, DSIG "rsa-sha1", old, old_length, keys, true), "unless that is allowed");
    ok(!takes(QUERY, RSA_SHA256, old, old_length, keys, true), "and is none with SHA-256");
}

int main(int argc, char **argv)
{
    (void)argc;
    fixture_begin(argv[0]);
    test_text();
    test_text_algorithms();
    is_int(leftovers, 0, "none of all these left anything in OpenSSL's error queue");
    return done();
}
