/* SPDX-License-Identifier: Apache-2.0 */
#include "library.h"

#include <dlfcn.h>
#include <libxml/parser.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/transforms.h>
#include <xmlsec/xmlsec.h>

#include "text.h"

/* Another module of the process may have been first; a second xmlSecInit() would leak and forget its
 * transforms. */
static bool xmlsec_is_up(void)
{
    return xmlSecTransformIdsGet()->id != NULL;
}

bool rcidp_library_keep(const void *function)
{
    Dl_info library;

    /* The handle is never closed, on purpose. */
    /* cppcheck-suppress leakReturnValNotUsed */
    return dladdr(function, &library) && dlopen(library.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

const char *rcidp_library_init(void)
{
    /* httpd's parent unloads the module whenever it reads its configuration again, and the module's libraries
     * with it. But OpenSSL is never unloaded, and older versions of xmlsec1 leave the addresses of their
     * error texts there. */
    if (!rcidp_library_keep((void *)(uintptr_t)xmlSecOpenSSLInit))
        return "xmlsec1 cannot be kept loaded";
    xmlInitParser();
    if (!xmlsec_is_up() && xmlSecInit() < 0)
        return "xmlSecInit() failed";
    if (xmlSecTransformIdListFindByHref(xmlSecTransformIdsGet(), xmlSecHrefRsaSha256,
                                        xmlSecTransformUsageSignatureMethod) == xmlSecTransformIdUnknown &&
        xmlSecOpenSSLInit() < 0)
        return "xmlSecOpenSSLInit() failed";
    xmlSecErrorsDefaultCallbackEnableOutput(0); /* a forged signature is no news for the error log */
    return NULL;
}

const char *rcidp_library_id(apr_pool_t *pool)
{
    unsigned char random[RCIDP_ID_BYTES];

    return RAND_bytes(random, sizeof(random)) == 1 ? rcidp_text_id(pool, random) : NULL;
}

void rcidp_library_two_ids(apr_pool_t *pool, const char **one, const char **other)
{
    unsigned char random[2 * RCIDP_ID_BYTES];
    bool drawn = RAND_bytes(random, sizeof(random)) == 1;

    *one = drawn ? rcidp_text_id(pool, random) : NULL;
    *other = drawn ? rcidp_text_id(pool, random + RCIDP_ID_BYTES) : NULL;
}
