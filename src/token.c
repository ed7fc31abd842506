/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL 3 calls engines deprecated, and Debian 12 has no provider for PKCS #11 yet. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "token.h"

#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

#ifdef RCIDP_WITH_ENGINE
#include <openssl/engine.h>
#endif

#define SCHEME "pkcs11:"

/* PKCS #11 3.0, 5: CKR_PIN_INCORRECT to CKR_PIN_LOCKED. */
#define FIRST_OF_PIN 0xA0
#define LAST_OF_PIN 0xA4

const char rcidp_token_wrong_pin[] = "the token refuses the PIN of pin-source=, or has locked itself";

bool rcidp_token_is_named(const char *file)
{
    return strncmp(file, SCHEME, sizeof(SCHEME) - 1) == 0;
}

const char *rcidp_token_name(apr_pool_t *pool, const char *uri)
{
    return apr_pstrmemdup(pool, uri, strcspn(uri, "?"));
}

#ifdef RCIDP_WITH_ENGINE

/* A value of the URI's query, NULL if it is not there or cannot be decoded. */
static const char *attribute(apr_pool_t *pool, const char *uri, const char *name)
{
    const char *at = strchr(uri, '?');
    apr_size_t length = strlen(name);

    while (at) {
        at++;
        if (strncmp(at, name, length) == 0 && at[length] == '=')
            return apr_punescape_url(pool, apr_pstrmemdup(pool, at, strcspn(at, "&")) + length + 1, NULL,
                                     NULL, 0);
        at = strchr(at, '&');
    }
    return NULL;
}

/* Give the engine the PIN: the file's first line. */
static const char *give_pin(apr_pool_t *pool, ENGINE *engine, const char *source)
{
    const char *path = strncmp(source, "file:", 5) ? source : source + 5, *error;
    char *data, pin[256];
    apr_size_t length, end = 0;
    bool given = false;

    if (strncmp(path, "//", 2) == 0)
        path += 2;
    error = rcidp_key_file(pool, path, &data, &length, NULL);
    if (error)
        return error;
    while (end < length && data[end] != '\r' && data[end] != '\n')
        end++;
    if (end < sizeof(pin)) {
        memcpy(pin, data, end);
        pin[end] = '\0';
        given = ENGINE_ctrl_cmd_string(engine, "PIN", pin, 0) == 1;
        OPENSSL_cleanse(pin, sizeof(pin));
    }
    OPENSSL_clear_free(data, length);
    return given ? NULL : apr_psprintf(pool, "the PIN in %s is too long", path);
}

/* The engine, told where the token is and how to log in. */
static const char *prepare(apr_pool_t *pool, const char *uri, ENGINE **engine)
{
    const char *module = attribute(pool, uri, "module-path"), *source = attribute(pool, uri, "pin-source");
    const char *error = NULL;

    if (attribute(pool, uri, "pin-value"))
        return "a PIN does not belong into the configuration: put it into a file, and name that by "
               "pin-source=";
    *engine = ENGINE_by_id("pkcs11");
    if (!*engine)
        return "OpenSSL has no engine pkcs11; install libengine-pkcs11-openssl (Debian) or openssl-pkcs11 "
               "(Fedora)";
    ENGINE_ctrl_cmd(*engine, "QUIET", 0, NULL, NULL, 1);
    if (module && strchr(module, '/') && access(module, R_OK) != 0)
        error = apr_psprintf(pool, "cannot read the library of the token, %s: %s", module, strerror(errno));
    if (!error && module && ENGINE_ctrl_cmd_string(*engine, "MODULE_PATH", module, 0) != 1)
        error = apr_psprintf(pool, "the engine pkcs11 does not take %s", module);
    if (!error && source)
        error = give_pin(pool, *engine, source);
    if (!error && ENGINE_init(*engine) != 1)
        error =
            apr_psprintf(pool, "the library of the token, %s, does not start", module ? module : "p11-kit");
    return error;
}

/* Is this error a token's word on the PIN? The engine gives PKCS #11's numbers as its own library's, and such
 * libraries have theirs from OpenSSL, above those of its own. */
static bool is_about_pin(unsigned long code)
{
    return ERR_GET_LIB(code) >= ERR_LIB_USER && ERR_GET_REASON(code) >= FIRST_OF_PIN &&
           ERR_GET_REASON(code) <= LAST_OF_PIN;
}

/* Why no key came, by what the engine has left in the queue. */
static const char *explain(apr_pool_t *pool, const char *name)
{
    unsigned long code;
    bool refused = false;

    while ((code = ERR_get_error()) != 0)
        refused = refused || is_about_pin(code);
    return refused ? rcidp_token_wrong_pin : apr_psprintf(pool, "no token has %s", name);
}

const char *rcidp_token_read(apr_pool_t *pool, const char *uri, const rcidp_key **key)
{
    const char *name = rcidp_token_name(pool, uri), *error;
    ENGINE *engine = NULL;
    EVP_PKEY *pkey = NULL;

    ENGINE_load_builtin_engines(); /* "dynamic", which finds the others */
    error = prepare(pool, uri, &engine);
    if (!error) {
        ERR_clear_error();
        pkey = ENGINE_load_private_key(engine, name, NULL, NULL);
        error = pkey ? rcidp_key_adopt(pool, pkey, name, false, key) : explain(pool, name);
    }
    ENGINE_free(engine); /* the key holds a reference of its own */
    ERR_clear_error();
    return error;
}

bool rcidp_token_engine_has_rsa(void)
{
    ENGINE *engine = ENGINE_get_default_RSA(), *other = ENGINE_get_pkey_meth_engine(EVP_PKEY_RSA);
    bool found = engine || other;

    ENGINE_finish(engine);
    ENGINE_finish(other);
    return found;
}

#else

const char *rcidp_token_read(apr_pool_t *pool, const char *uri, const rcidp_key **key)
{
    (void)key;
    return apr_psprintf(
        pool, "%s: this module was built with an OpenSSL without engines, so tokens are out of reach",
        rcidp_token_name(pool, uri));
}

bool rcidp_token_engine_has_rsa(void)
{
    return false;
}

#endif
