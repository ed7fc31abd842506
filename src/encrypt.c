/* SPDX-License-Identifier: Apache-2.0 */
#include "encrypt.h"

#include <openssl/x509.h>
#include <xmlsec/keys.h>
#include <xmlsec/keysmngr.h>
#include <xmlsec/openssl/app.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/strings.h>
#include <xmlsec/templates.h>
#include <xmlsec/xmlenc.h>
#include <xmlsec/xmltree.h>

#include "sign.h"

#define SESSION_KEY_BITS 256

/* An empty xenc:EncryptedData with the key inside it; NULL without memory. */
static xmlNodePtr make_template(xmlDocPtr doc)
{
    xmlNodePtr data = xmlSecTmplEncDataCreate(doc, xmlSecOpenSSLTransformAes256GcmId, NULL,
                                              xmlSecTypeEncElement, NULL, NULL);
    xmlNodePtr info = data ? xmlSecTmplEncDataEnsureKeyInfo(data, NULL) : NULL;
    xmlNodePtr key =
        info ? xmlSecTmplKeyInfoAddEncryptedKey(info, xmlSecOpenSSLTransformRsaOaepId, NULL, NULL, NULL)
             : NULL;

    if (key && xmlSecTmplEncDataEnsureCipherValue(data) && xmlSecTmplEncDataEnsureCipherValue(key))
        return data;
    if (data)
        xmlFreeNode(data);
    return NULL;
}

/* A keys manager whose one key is the provider's; xmlsec takes the recipient of the EncryptedKey from it. */
static xmlSecKeysMngrPtr make_manager(const rcidp_certificate *certificate)
{
    rcidp_key key = {.pkey = X509_get0_pubkey(certificate->x509)};
    xmlSecKeysMngrPtr manager = xmlSecKeysMngrCreate();
    xmlSecKeyPtr lent = NULL;

    if (manager && xmlSecOpenSSLAppDefaultKeysMngrInit(manager) == 0 && (lent = rcidp_sign_lend_key(&key)) &&
        xmlSecOpenSSLAppDefaultKeysMngrAdoptKey(manager, lent) == 0)
        return manager;
    if (lent)
        xmlSecKeyDestroy(lent);
    if (manager)
        xmlSecKeysMngrDestroy(manager);
    return NULL;
}

const char *rcidp_encrypt(xmlNodePtr assertion, xmlNsPtr saml, const rcidp_certificate *certificate)
{
    xmlNodePtr wrapper = xmlNewDocNode(assertion->doc, saml, BAD_CAST "EncryptedAssertion", NULL);
    xmlNodePtr data = make_template(assertion->doc);
    xmlSecKeysMngrPtr manager = make_manager(certificate);
    xmlSecEncCtxPtr context = manager ? xmlSecEncCtxCreate(manager) : NULL;
    const char *error = "there is no memory to encrypt";

    if (wrapper && data && context) {
        context->encKey =
            xmlSecKeyGenerate(xmlSecOpenSSLKeyDataAesId, SESSION_KEY_BITS, xmlSecKeyDataTypeSession);
        error = context->encKey ? NULL : "xmlsec makes no session key";
    }
    if (!error) {
        /* The template takes the assertion's place, inside the wrapper. */
        xmlAddNextSibling(assertion, wrapper);
        if (xmlSecEncCtxXmlEncrypt(context, data, assertion) < 0)
            error = "xmlsec could not encrypt";
        else {
            xmlUnlinkNode(data);
            xmlAddChild(wrapper, data);
            wrapper = data = NULL;
        }
    }
    if (context)
        xmlSecEncCtxDestroy(context);
    if (manager)
        xmlSecKeysMngrDestroy(manager);
    if (data && !data->parent)
        xmlFreeNode(data);
    if (wrapper && !wrapper->parent)
        xmlFreeNode(wrapper);
    return error;
}
