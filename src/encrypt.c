/* SPDX-License-Identifier: Apache-2.0 */
#include "encrypt.h"

#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <openssl/x509.h>
#include <xmlsec/keys.h>
#include <xmlsec/keysmngr.h>
#include <xmlsec/openssl/app.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/strings.h>
#include <xmlsec/templates.h>
#include <xmlsec/xmlenc.h>
#include <xmlsec/xmltree.h>

#include "foreign.h"
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

/* The assertion, which is the document, takes its place in a saml:EncryptedAssertion, as EncryptedData. */
static const char *encrypt(xmlDocPtr doc, const rcidp_certificate *certificate)
{
    xmlNodePtr assertion = xmlDocGetRootElement(doc);
    xmlNodePtr wrapper = xmlNewDocNode(doc, NULL, BAD_CAST "EncryptedAssertion", NULL);
    xmlNsPtr saml = wrapper ? xmlNewNs(wrapper, BAD_CAST RCIDP_NS_ASSERTION, BAD_CAST "saml") : NULL;
    xmlNodePtr data = make_template(doc);
    xmlSecKeysMngrPtr manager = make_manager(certificate);
    xmlSecEncCtxPtr context = manager ? xmlSecEncCtxCreate(manager) : NULL;
    const char *error = "there is no memory to encrypt";

    if (wrapper) {
        xmlSetNs(wrapper, saml);
        xmlDocSetRootElement(doc, wrapper); /* frees it with doc; the assertion is ours now */
        xmlAddChild(wrapper, assertion);
    }
    if (saml && data && context) {
#ifdef XMLSEC_KEYINFO_FLAGS_LAX_KEY_SEARCH
        /* xmlsec1 1.3 would look for a key by its name alone; the manager has but one, without a name. */
        context->keyInfoWriteCtx.flags |= XMLSEC_KEYINFO_FLAGS_LAX_KEY_SEARCH;
#endif
        context->encKey =
            xmlSecKeyGenerate(xmlSecOpenSSLKeyDataAesId, SESSION_KEY_BITS, xmlSecKeyDataTypeSession);
        error = !context->encKey                                       ? "xmlsec makes no session key"
                : xmlSecEncCtxXmlEncrypt(context, data, assertion) < 0 ? "xmlsec could not encrypt"
                                                                       : NULL;
    }
    if (context)
        xmlSecEncCtxDestroy(context);
    if (manager)
        xmlSecKeysMngrDestroy(manager);
    if (data && !data->parent)
        xmlFreeNode(data);
    return error;
}

const char *rcidp_encrypt(rcidp_markup *markup, apr_size_t start, const rcidp_certificate *certificate)
{
    xmlDocPtr doc = xmlReadMemory(markup->text + start, (int)(markup->length - start), NULL, "UTF-8",
                                  XML_PARSE_NONET | XML_PARSE_HUGE | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    xmlChar *text = NULL;
    const char *error = doc ? encrypt(doc, certificate) : "there is no memory to encrypt";
    int length = error ? 0 : xmlC14NDocDumpMemory(doc, NULL, XML_C14N_EXCLUSIVE_1_0, NULL, 0, &text);

    if (length > 0) {
        rcidp_markup_cut(markup, start);
        rcidp_markup_insert(markup, start, (const char *)text, (apr_size_t)length);
    } else if (!error) {
        error = "the encrypted assertion cannot be written";
    }
    xmlFree(text);
    xmlFreeDoc(doc);
    return error;
}
