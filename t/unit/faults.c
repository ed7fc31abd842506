/* SPDX-License-Identifier: Apache-2.0 */
/* Without memory, without randomness, and with faulty hardware: each allocation of libxml2, xmlsec1 and
 * OpenSSL is refused in turn. What comes is an error or the whole result, never a part. (APR and GLib end the
 * process that has no memory, so that pools and Lasso have no such case; libxml2's parser: faults_foreign.)
 */
#include "response.h"
#include "fixture.h"
#include "pseudonym.h"
#include "xml.h"

#include <apr_escape.h>
#include <libxml/c14n.h>
#include <openssl/crypto.h>
#ifdef RCIDP_WITH_ENGINE
#include <openssl/engine.h>
#endif
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <xmlsec/keysmngr.h>
#include <xmlsec/xmlenc.h>

#define NS_FORMAT "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
/* Counts down to the allocation that is refused; negative: none. */
static int countdown = -1;
static bool was_refused;

static bool refuses(void)
{
    if (countdown < 0 || countdown-- > 0)
        return false;
    was_refused = true;
    return true;
}

static void *take(size_t size)
{
    return refuses() ? NULL : malloc(size);
}

static void *take_again(void *old, size_t size)
{
    return refuses() ? NULL : realloc(old, size);
}

static char *take_copy(const char *text)
{
    char *copy = take(strlen(text) + 1);

    return copy ? memcpy(copy, text, strlen(text) + 1) : NULL;
}

static void *take_for_crypto(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return take(size);
}

static void *take_again_for_crypto(void *old, size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return take_again(old, size);
}

static void give_back(void *old, const char *file, int line)
{
    (void)file, (void)line;
    free(old);
}

/* One thing that the core does: NULL, or its result as text. */
typedef const char *operation(const char **error);

static const rcidp_signer *signer;
static const rcidp_certificate *encrypt_to;

static rcidp_claims claims_of(rcidp_sign_what sign)
{
    static const char *const names[] = {"alice@example.com", "<Sales & Marketing>", "J\xC3\xBCrgen"};
    rcidp_attribute *attribute = apr_palloc(pool, sizeof(*attribute));
    rcidp_claims claims = {
        .response_id = "_r", .assertion_id = "_a", .issuer = "https://idp.example.com/?a&b"};

    attribute->name = "mail";
    attribute->name_format = NS_FORMAT;
    attribute->values = list(3, (const void *const *)names);
    claims.audience = "https://sp.example.com";
    claims.acs = "https://sp.example.com/acs";
    claims.name_id = names[0];
    claims.name_id_format = RCIDP_NAMEID_EMAIL;
    claims.authn_context = "urn:c";
    claims.attributes = list(1, (const void *const *)&attribute);
    claims.now = claims.authn_instant = apr_time_from_sec(1719835200);
    claims.session_lifetime = claims.lifetime = 300;
    claims.in_response_to = "_request";
    claims.sign = sign;
    return claims;
}

static const char *respond(const char **error)
{
    rcidp_claims claims = claims_of(RCIDP_SIGN_BOTH);
    const char *xml;

    *error = rcidp_response_make(pool, &claims, signer, &xml);
    return xml;
}

/* A tree as canonical text, with all that is in it. */
static const char *text_with_names(xmlNodePtr root)
{
    xmlDocPtr alone = xmlNewDoc(BAD_CAST "1.0");
    xmlChar *text = NULL;

    xmlDocSetRootElement(alone, xmlDocCopyNode(root, alone, 1));
    if (xmlC14NDocDumpMemory(alone, NULL, XML_C14N_1_0, NULL, 1, &text) < 0)
        text = NULL;
    xmlFreeDoc(alone);
    return keep_text(text);
}

static const char *respond_with_assertion(const char **error)
{
    rcidp_claims claims = claims_of(RCIDP_SIGN_ASSERTION);
    const char *xml;

    *error = rcidp_response_make(pool, &claims, signer, &xml);
    return xml;
}

/* The assertion as its receiver reads it: what hides it is different each time. */
static const char *respond_encrypted(const char **error)
{
    rcidp_claims claims = claims_of(RCIDP_SIGN_BOTH);
    const char *xml;
    xmlNodePtr root, assertion;
    xmlSecKeysMngrPtr manager;
    xmlSecKeyStorePtr store;
    xmlSecEncCtxPtr context;
    int kept;

    claims.encrypt_to = encrypt_to;
    *error = rcidp_response_make(pool, &claims, signer, &xml);
    if (*error)
        return NULL;
    kept = countdown, countdown = -1;
    root = xmlDocGetRootElement(parse(xml));
    if (!verifies(root, signer->certificate))
        return "a signature that is wrong";
    manager = xmlSecKeysMngrCreate();
    store = xmlSecKeyStoreCreate(xmlSecSimpleKeysStoreId);
    xmlSecSimpleKeysStoreAdoptKey(store, rcidp_sign_lend_key(signer->key));
    xmlSecKeysMngrAdoptKeysStore(manager, store);
    manager->getKey = xmlSecKeysMngrGetKey;
    context = xmlSecEncCtxCreate(manager);
#ifdef XMLSEC_KEYINFO_FLAGS_LAX_KEY_SEARCH
    context->keyInfoReadCtx.flags |= XMLSEC_KEYINFO_FLAGS_LAX_KEY_SEARCH; /* the key has no name */
#endif
    assertion = find(root, "EncryptedAssertion/EncryptedData");
    if (!assertion || xmlSecEncCtxDecrypt(context, assertion) != 0)
        xml = "what cannot be decrypted";
    else
        xml = text_with_names(find(root, "EncryptedAssertion/Assertion"));
    xmlSecEncCtxDestroy(context);
    xmlSecKeysMngrDestroy(manager);
    countdown = kept;
    return xml;
}

static const char *read_its_certificate(const char **error)
{
    const rcidp_certificate *certificate = NULL;

    *error = rcidp_certificate_read(pool, data_path("rsa2048.crt"), &certificate);
    return certificate ? apr_pstrcat(pool, certificate->fingerprint, certificate->base64, NULL) : NULL;
}

static const char *pseudonym(const char **error)
{
    unsigned char bytes[RCIDP_SECRET_LEAST] = {1};
    rcidp_secret secret = {.bytes = bytes, .length = sizeof(bytes)};
    const char *text = rcidp_pseudonym(pool, &secret, "https://sp.example.com", "alice");

    *error = text ? NULL : "no pseudonym";
    return text;
}

/* The signature over that digest in hexadecimal. */
static const char *sign(const char **error)
{
    const unsigned char digest[32] = {1}, *signature;
    apr_size_t length;

    *error = rcidp_key_sign(pool, signer->key, EVP_sha256(), digest, &signature, &length);
    return *error ? NULL : apr_pescape_hex(pool, signature, length, 0);
}

#define BLINDED_ALIKE 32 /* so many signatures does OpenSSL make before it renews an RSA key's blinding */

/* Where a renewal is refused memory, neither that signature nor the next ones may be wrong. */
static void starve_renewal(void)
{
    const char *error, *whole, *result;
    int refused = 0, errors = 0, wrong = 0;

    signer = read_signer("rsa2048", NULL);
    whole = sign(&error);
    do {
        apr_pool_t *kept = pool;

        apr_pool_create(&pool, kept);
        signer = read_signer("rsa2048", NULL);
        for (int i = 0; i < BLINDED_ALIKE; i++)
            sign(&error);
        was_refused = false;
        countdown = refused++;
        for (int i = 0; i < BLINDED_ALIKE; i++) {
            result = sign(&error);
            countdown = -1;
            errors += !result;
            wrong += result && strcmp(result, whole) != 0;
        }
        apr_pool_destroy(pool);
        pool = kept;
    } while (was_refused);
    ok(errors > 0 && wrong == 0,
       "an RSA key's blinding is renewed: an error (%d times), or the right signature (%d times)", errors,
       refused * BLINDED_ALIKE - errors);
}

/* Refuse the first, the second, ... allocation, until there is none left to refuse. */
static void starve(const char *name, operation *run)
{
    const char *error = NULL, *whole, *result;
    int errors = 0, done_all_the_same = 0, parts = 0;

    signer = read_signer("rsa2048", NULL);
    run(&error); /* what a library fetches once, it has by now */
    whole = run(&error);
    if (error || !whole)
        bail_out(name, error ? error : "nothing");
    for (int n = 0;; n++) {
        apr_pool_t *kept = pool;

        apr_pool_create(&pool, kept);
        signer =
            read_signer("rsa2048", NULL); /* OpenSSL remembers a refusal in what it caches beside a key */
        was_refused = false;
        countdown = n;
        result = run(&error);
        countdown = -1;
        ERR_clear_error();
        if (error ? result != NULL : !result || strcmp(result, whole) != 0) {
            diag("%s: allocation %d refused: error %s, result %s", name, n, error ? error : "none",
                 result ? apr_pstrndup(pool, result, 600) : "none");
            parts++;
        }
        errors += error != NULL;
        done_all_the_same += was_refused && !error;
        apr_pool_destroy(pool);
        pool = kept;
        signer = NULL;
        if (!was_refused)
            break;
    }
    ok(parts == 0, "%s: an error (%d times), or the whole (%d times), for each allocation", name, errors,
       done_all_the_same);
}

static void say_nothing(void *context, const char *format, ...)
{
    (void)context, (void)format;
}

static void test_memory(void)
{
    xmlSetGenericErrorFunc(NULL, say_nothing); /* libxml2 tells of each refusal */
    encrypt_to = read_certificate("rsa2048");
    starve("a Response, both signed", respond);
    starve("a Response, its assertion signed", respond_with_assertion);
    starve("a Response, its assertion encrypted", respond_encrypted);
    starve("a certificate", read_its_certificate);
    starve("a persistent name ID", pseudonym);
    starve_renewal();
}

#ifdef RCIDP_WITH_ENGINE

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static bool is_faulty;

static int accelerate(int length, const unsigned char *from, unsigned char *to, RSA *rsa, int padding)
{
    int made = RSA_meth_get_priv_enc(RSA_PKCS1_OpenSSL())(length, from, to, rsa, padding);

    if (is_faulty && made > 0)
        to[made - 1] ^= 1;
    return made;
}

/* Hardware that computes for every RSA key of the process, as openssl.cnf or another module may have it; and
 * what it computes, OpenSSL does not look at. */
static void test_accelerator(void)
{
    ENGINE *engine = ENGINE_new();
    RSA_METHOD *method = RSA_meth_dup(RSA_PKCS1_OpenSSL());
    apr_pool_t *kept = pool;
    const char *error, *signature;

    RSA_meth_set_priv_enc(method, accelerate);
    if (!ENGINE_set_id(engine, "accelerator") || !ENGINE_set_name(engine, "accelerator") ||
        !ENGINE_set_RSA(engine, method) || !ENGINE_set_default_RSA(engine))
        bail_out("accelerator", "OpenSSL does not take it");
    apr_pool_create(&pool, kept);
    signer = read_signer("rsa2048", NULL);
    for (int i = 0; i < 3; i++) {
        is_faulty = i == 1;
        signature = sign(&error);
        ok(is_faulty ? error && !signature : signature && !error, "%s accelerator: %s",
           is_faulty ? "by a faulty" : "by an", error ? error : "signed");
    }
    apr_pool_destroy(pool);
    pool = kept;
    ENGINE_unregister_RSA(engine);
    ENGINE_free(engine);
    RSA_meth_free(method);
}

#pragma GCC diagnostic pop

#else

static void test_accelerator(void)
{
}

#endif

/* A generator that has run dry. Its way in is deprecated, and there is no other that the process's own
 * generator listens to. */
static int give_nothing(unsigned char *bytes, int count)
{
    (void)bytes, (void)count;
    return 0;
}

static int is_dry(void)
{
    return 0;
}

static void starve_randomness(void)
{
    static RAND_METHOD dry = {.bytes = give_nothing, .pseudorand = give_nothing, .status = is_dry};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    RAND_set_rand_method(&dry);
#pragma GCC diagnostic pop
}

static void test_randomness(void)
{
    rcidp_claims claims = claims_of(RCIDP_SIGN_BOTH), issued = claims;
    const char *xml, *error;

    signer = read_signer("rsa2048", NULL);
    claims.encrypt_to = encrypt_to;
    starve_randomness();
    ok(rcidp_library_id(pool) == NULL, "no randomness, no ID");
    error = rcidp_response_issue(pool, &issued, signer, &xml);
    ok(error && !xml && !issued.response_id && !issued.assertion_id, "no randomness, no IDs, no Response: %s",
       error ? error : "none");
    error = rcidp_response_make(pool, &claims, signer, &xml);
    ok(error && !xml, "no randomness, no encrypted Response: %s", error ? error : "none");
    signer = read_signer("ec256", NULL);
    claims.encrypt_to = NULL;
    error = rcidp_response_make(pool, &claims, signer, &xml);
    ok(error && !xml, "no randomness, no ECDSA signature: %s", error ? error : "none");
}

int main(int argc, char **argv)
{
    (void)argc;
    if (!CRYPTO_set_mem_functions(take_for_crypto, take_again_for_crypto, give_back) ||
        xmlMemSetup(free, take, take_again, take_copy) != 0)
        bail_out("memory", "the libraries do not let us in");
    fixture_begin(argv[0]);
    test_memory();
    test_accelerator();
    test_randomness();
    return done();
}
