/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and certificates: which files are taken, which are refused and with what words, what is said of them.
 */
#include "key.h"
#include "fixture.h"
#include "text.h"

#include <apr_lib.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <sys/stat.h>

/* What a command prints, without its line feed. It finds the openssl command in $OPENSSL and the file in
 * $FILE. */
static const char *shell(const char *command, const char *file)
{
    char line[4096];
    size_t length;
    FILE *pipe;

    setenv("OPENSSL", "openssl", 0);
    setenv("FILE", file, 1);
    pipe = popen(command, "r");
    if (!pipe)
        return NULL;
    length = fread(line, 1, sizeof(line), pipe);
    return pclose(pipe) == 0 && length > 0 ? apr_pstrmemdup(pool, line, length - (line[length - 1] == '\n'))
                                           : NULL;
}

static const rcidp_key *take_key(const char *path, const char *what)
{
    const rcidp_key *key = NULL;
    const char *error = rcidp_key_read(pool, path, &key);

    is_str(error, NULL, "%s is taken", what);
    is_int((long)ERR_peek_error(), 0, "%s: OpenSSL is left without an error", what);
    return key;
}

/* Refused by a sentence that names the file and says why. */
static void refuse(const char *error, const void *made, const char *path, const char *why, const char *what)
{
    if (!ok(error && strstr(error, path) && strstr(error, why) && !made, "%s is refused: \"%s\"", what, why))
        diag("said of %s: %s", path, error ? error : "nothing");
    is_int((long)ERR_peek_error(), 0, "%s: OpenSSL is left without an error", what);
}

static void refuse_key(const char *path, const char *why, const char *what)
{
    const rcidp_key *key = NULL;
    const char *error = rcidp_key_read(pool, path, &key);

    refuse(error, key, path, why, what);
}

static void refuse_certificate(const char *path, const char *why, const char *what)
{
    const rcidp_certificate *certificate = NULL;
    const char *error = rcidp_certificate_read(pool, path, &certificate);

    refuse(error, certificate, path, why, what);
}

static void test_good(void)
{
    static const struct {
        const char *name, *type;
        int bits;
    } table[] = {
        {"rsa2048", "RSA", 2048}, {"rsa3072", "RSA", 3072}, {"ec256", "EC", 256},    {"ec384", "EC", 384},
        {"ec521", "EC", 521},     {"pkcs1", "RSA", 2048},   {"explicit", "EC", 256}, {"ecparam", "EC", 256},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const rcidp_key *key =
            take_key(data_path(apr_pstrcat(pool, table[i].name, ".key", NULL)), table[i].name);

        if (key) {
            is_str(key->type, table[i].type, "%s: the type", table[i].name);
            is_int(key->bits, table[i].bits, "%s: the bits", table[i].name);
        }
    }
}

static void test_bad_keys(void)
{
    refuse_key(data_path("rsa1024.key"), "RSA key of 1024 bits; at least 2048", "RSA 1024");
    refuse_key(data_path("secp256k1.key"), "on the curve secp256k1; P-256, P-384 or P-521", "secp256k1");
    refuse_key(data_path("ed25519.key"), "of type ED25519; RSA or EC", "Ed25519");
    refuse_key(data_path("rsapss.key"), "of type RSA-PSS; RSA or EC", "RSA-PSS");
    refuse_key(data_path("pkcs8.key"), "is encrypted; store it without a passphrase",
               "an encrypted key (PKCS#8)");
    refuse_key(data_path("traditional.key"), "is encrypted; store it without a passphrase",
               "an encrypted key (traditional)");
    refuse_key(data_path("rsa2048.crt"), "has no private key in PEM form", "a certificate for a key");
    refuse_key(data_path("public.pem"), "has no private key in PEM form", "a public key");
}

static void test_bad_certificates(void)
{
    refuse_certificate(data_path("rsa1024.crt"), "RSA key of 1024 bits; at least 2048",
                       "RSA 1024's certificate");
    refuse_certificate(data_path("secp256k1.crt"), "on the curve secp256k1", "secp256k1's certificate");
    refuse_certificate(data_path("ed25519.crt"), "of type ED25519", "Ed25519's certificate");
    refuse_certificate(data_path("sha1.crt"), "signed with sha1WithRSAEncryption; SHA-256 or better",
                       "a certificate signed with SHA-1");
    refuse_certificate(data_path("sha224.crt"), "signed with ecdsa-with-SHA224;", "one signed with SHA-224");
    refuse_certificate(data_path("md5.crt"), "signed with md5WithRSAEncryption;", "one signed with MD5");
    refuse_certificate(data_path("rsa2048.key"), "has no certificate in PEM form", "a key for a certificate");
}

/* Files that are neither key nor certificate. */
static void refuse_both(const char *path, const char *why, const char *what)
{
    refuse_key(path, apr_pstrcat(pool, why, strstr(why, " no ") ? " private key in PEM form" : "", NULL),
               what);
    refuse_certificate(
        path, apr_pstrcat(pool, why, strstr(why, " no ") ? " certificate in PEM form" : "", NULL), what);
}

static void test_bad_files(void)
{
    const char *pem = read_text(data_path("rsa2048.key"));
    const char *certificate = read_text(data_path("rsa2048.crt"));
    char *both = apr_pstrcat(pool, pem, certificate, NULL);

    refuse_both(scratch("missing"), "cannot read", "a missing file");
    refuse_both(scratch("."), "is not a file of 1 byte to 1 MiB", "a folder");
    refuse_both("/dev/null", "is not a file of 1 byte to 1 MiB", "a device");
    refuse_both(write_text("empty", ""), "is not a file of 1 byte to 1 MiB", "an empty file");
    refuse_both(write_text("text", "Hello, world\n"), " has no", "some text");
    refuse_both(write_bytes(scratch("bytes"), "\0\x30\x82\xFF\0", 5) ? scratch("bytes") : "", " has no",
                "some bytes");
    refuse_both(write_text("cut", apr_pstrmemdup(pool, both, strlen(pem) / 2)), " has no", "half a key");
    both[strlen(pem) / 2] = '!';
    both[strlen(both) - strlen(certificate) / 2] = '!';
    refuse_both(write_text("damaged", both), " has no", "a damaged file");
}

static void test_size(void)
{
    const char *pem = read_text(data_path("rsa2048.key"));
    char *large = apr_palloc(pool, 1024 * 1024 + 1);

    memset(large, '\n', 1024 * 1024 + 1);
    memcpy(large, pem, strlen(pem));
    write_bytes(scratch("large"), large, 1024 * 1024);
    take_key(scratch("large"), "a file of 1 MiB");
    write_bytes(scratch("larger"), large, 1024 * 1024 + 1);
    refuse_key(scratch("larger"), "is not a file of 1 byte to 1 MiB", "a file of a byte more");
    refuse_certificate(scratch("larger"), "is not a file of 1 byte to 1 MiB", "a file of a byte more");
}

static void test_der(const rcidp_key *key, const rcidp_certificate *certificate)
{
    unsigned char *der = NULL;
    int length = i2d_PrivateKey(key->pkey, &der);

    write_bytes(scratch("key.der"), der, (size_t)length);
    refuse_key(scratch("key.der"), "has no private key in PEM form", "a key in DER");
    OPENSSL_free(der);
    der = NULL;
    length = i2d_X509(certificate->x509, &der);
    write_bytes(scratch("certificate.der"), der, (size_t)length);
    refuse_certificate(scratch("certificate.der"), "has no certificate in PEM form", "a certificate in DER");
    OPENSSL_free(der);
}

/* RcIdpSigningKeyFile is the certificate file by default. */
static void test_combined(void)
{
    const char *private = read_text(data_path("ec256.key")), *public = read_text(data_path("ec256.crt"));
    const char *chain = read_text(data_path("rsa2048.crt"));
    const char *orders[] = {apr_pstrcat(pool, private, public, chain, NULL),
                            apr_pstrcat(pool, "Some words.\n", public, chain, "\r\n", private, NULL)};

    for (int i = 0; i < 2; i++) {
        const char *path = write_text(i ? "combined.0" : "combined.1", orders[i]);
        const rcidp_key *key =
            take_key(path, i ? "a key behind its certificate" : "a key before its certificate");
        const rcidp_certificate *certificate = NULL;

        is_str(rcidp_certificate_read(pool, path, &certificate), NULL,
               "its certificate is taken from there too");
        ok(key && certificate && rcidp_key_matches(key, certificate), "the first certificate is the key's");
    }
}

static void test_matches(void)
{
    static const char *const names[] = {"rsa2048", "rsa3072", "ec256", "ec384", "ec521"};
    size_t count = sizeof(names) / sizeof(names[0]);

    for (size_t k = 0; k < count; k++) {
        const rcidp_signer *signer = read_signer(names[k], NULL);
        int matches = 0;

        for (size_t c = 0; c < count; c++)
            matches += rcidp_key_matches(signer->key, read_certificate(names[c]));
        ok(rcidp_key_matches(signer->key, signer->certificate) && matches == 1,
           "the key %s matches its own certificate and no other", names[k]);
    }
}

/* A second key of the same kind, whose public half differs. */
static void test_no_match_of_one_kind(void)
{
    const rcidp_key *key = take_key(data_path("ecparam.key"), "another key on P-256");

    ok(key && !rcidp_key_matches(key, read_certificate("ec256")), "it does not match ec256's certificate");
}

static void test_exposed(void)
{
    static const struct {
        mode_t mode;
        bool exposed;
    } table[] = {
        {0600, false}, {0400, false}, {0700, false}, {0610, false}, {0601, false}, {0640, true},
        {0620, true},  {0604, true},  {0602, true},  {0644, true},  {0440, true},  {0666, true},
    };
    const char *path = write_text("modes", read_text(data_path("ec256.key")));

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const rcidp_key *key = NULL;

        chmod(path, table[i].mode);
        rcidp_key_read(pool, path, &key);
        ok(key && key->exposed == table[i].exposed, "a key of mode %04o is %sexposed",
           (unsigned)table[i].mode, table[i].exposed ? "" : "not ");
    }
}

/* As openssl prints it: "sha256 Fingerprint=AB:CD:..." */
static const char *fingerprint_of(const char *path)
{
    const char *line = shell("\"$OPENSSL\" x509 -noout -fingerprint -sha256 -in \"$FILE\"", path);
    char *text = apr_pstrdup(pool, line && strchr(line, '=') ? strchr(line, '=') + 1 : "nothing"), *to = text;

    for (const char *from = text; *from; from++) {
        if (*from != ':')
            *to++ = (char)apr_tolower(*from);
    }
    *to = '\0';
    return text;
}

static void test_certificate(const char *name, const char *not_before, const char *not_after)
{
    const rcidp_certificate *certificate = read_certificate(name);
    const char *path = data_path(apr_pstrcat(pool, name, ".crt", NULL));
    const char *base64 = shell("\"$OPENSSL\" x509 -outform DER -in \"$FILE\" | \"$OPENSSL\" base64 -A", path);

    is_str(certificate->fingerprint, fingerprint_of(path), "%s: the fingerprint is openssl's", name);
    is_str(certificate->base64, base64, "%s: so is the text in base64", name);
    is_str(rcidp_text_time(pool, certificate->not_before), not_before, "%s: begins", name);
    is_str(rcidp_text_time(pool, certificate->not_after), not_after, "%s: ends", name);
}

/* OpenSSL's form of the two numbers of an ECDSA signature. */
static size_t der_of(const unsigned char *numbers, apr_size_t length, unsigned char **der)
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    int half = (int)length / 2, size;

    ECDSA_SIG_set0(pair, BN_bin2bn(numbers, half, NULL), BN_bin2bn(numbers + half, half, NULL));
    size = i2d_ECDSA_SIG(pair, der);
    ECDSA_SIG_free(pair);
    return size > 0 ? (size_t)size : 0;
}

static bool accepts(const rcidp_certificate *certificate, const EVP_MD *hash, const unsigned char *signature,
                    apr_size_t length, const char *text)
{
    EVP_PKEY *key = X509_get0_pubkey(certificate->x509);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char *der = NULL;
    size_t size = EVP_PKEY_is_a(key, "EC") ? der_of(signature, length, &der) : length;
    bool accepted = EVP_DigestVerifyInit(context, NULL, hash, NULL, key) == 1 &&
                    EVP_DigestVerify(context, der ? der : signature, size, (const unsigned char *)text,
                                     strlen(text)) == 1;

    EVP_MD_CTX_free(context);
    OPENSSL_free(der);
    ERR_clear_error();
    return accepted;
}

/* OpenSSL accepts what was signed, often, so that numbers with leading zeros occur. */
static void test_signs(const char *name, const EVP_MD *hash, apr_size_t expected)
{
    const rcidp_signer *signer = read_signer(name, NULL);
    unsigned char digest[EVP_MAX_MD_SIZE];
    const unsigned char *signature;
    apr_size_t length;
    int accepted = 0, rounds = strcmp(signer->key->type, "EC") == 0 ? 600 : 1;

    for (int i = 0; i < rounds; i++) {
        const char *text = apr_psprintf(pool, "text %d", i);

        EVP_Digest(text, strlen(text), digest, NULL, hash, NULL);
        accepted += !rcidp_key_sign(pool, signer->key, hash, digest, &signature, &length) &&
                    length == expected && accepts(signer->certificate, hash, signature, length, text) &&
                    !accepts(signer->certificate, hash, signature, length, "another text");
    }
    is_int(accepted, rounds, "%s signs a digest of %s", name, EVP_MD_get0_name(hash));
    is_int((long)ERR_peek_error(), 0, "%s: OpenSSL is left without an error", name);
}

static const char *sign_elsewhere(apr_pool_t *of, const rcidp_key *key, const EVP_MD *hash,
                                  const unsigned char *digest, const unsigned char **signature,
                                  apr_size_t *length)
{
    (void)of, (void)hash, (void)digest;
    *signature = key->keeper;
    *length = 3;
    return NULL;
}

/* A key that lives elsewhere. */
static void test_keeper(void)
{
    char name[] = "abc";
    rcidp_key key = *read_signer("ec256", NULL)->key;
    const unsigned char digest[EVP_MAX_MD_SIZE] = {0}, *signature = NULL;
    apr_size_t length = 0;

    key.signs = sign_elsewhere;
    key.keeper = name;
    is_str(rcidp_key_sign(pool, &key, EVP_sha256(), digest, &signature, &length), NULL, "its keeper signs");
    ok(length == 3 && memcmp(signature, "abc", 3) == 0, "and its signature is taken");
}

/* What a pool's end frees is not read again: for valgrind and the sanitizers. */
static void test_lifetime(void)
{
    apr_pool_t *outer = pool;
    const rcidp_key *key = NULL;

    for (int i = 0; i < 3; i++) {
        apr_pool_create(&pool, outer);
        rcidp_key_read(pool, apr_pstrdup(pool, data_path("rsa2048.key")), &key);
        rcidp_key_read(pool, data_path("rsa1024.key"), &key);
        read_certificate("rsa2048");
        apr_pool_destroy(pool);
        pool = outer;
    }
    ok(key != NULL, "keys end with their pools");
}

int main(int argc, char **argv)
{
    (void)argc;
    fixture_begin(argv[0]);
    test_good();
    test_bad_keys();
    test_bad_certificates();
    test_bad_files();
    test_size();
    test_der(read_signer("ec256", NULL)->key, read_certificate("ec256"));
    test_combined();
    test_matches();
    test_no_match_of_one_kind();
    test_exposed();
    test_certificate("rsa2048", "2024-01-01T00:00:00Z", "2123-12-31T23:59:59Z");
    test_certificate("ec521", "2024-01-01T00:00:00Z", "2123-12-31T23:59:59Z");
    test_certificate("expired", "2000-02-29T12:00:00Z", "2001-02-28T23:59:59Z");
    /* 1950 in truth, but nobody needs times before 1970 */
    test_certificate("eternal", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z");
    test_signs("rsa2048", EVP_sha256(), 256);
    test_signs("rsa3072", EVP_sha512(), 384);
    test_signs("ec256", EVP_sha256(), 64);
    test_signs("ec256", EVP_sha512(), 64);
    test_signs("ec384", EVP_sha384(), 96);
    test_signs("ec521", EVP_sha512(), 132);
    test_keeper();
    test_lifetime();
    return done();
}
