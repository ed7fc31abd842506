/* SPDX-License-Identifier: Apache-2.0 */
/* XML as the unit tests read it: parsed again, looked at by path, signatures verified by xmlsec1. What is
 * given out lives in the pool of fixture.h. */
#ifndef XML_H
#define XML_H

#include <libxml/parser.h>
#include <openssl/x509.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/openssl/evp.h>
#include <xmlsec/templates.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmltree.h>

#include "fixture.h"

#define NS_DS "http://www.w3.org/2000/09/xmldsig#"
#define NS_SAML "urn:oasis:names:tc:SAML:2.0:assertion"
#define NS_SAMLP "urn:oasis:names:tc:SAML:2.0:protocol"
#define NS_MD "urn:oasis:names:tc:SAML:2.0:metadata"

static inline apr_status_t free_doc(void *doc)
{
    xmlFreeDoc(doc);
    return APR_SUCCESS;
}

static inline xmlDocPtr keep_doc(xmlDocPtr doc)
{
    if (!doc)
        bail_out("XML", "no document");
    apr_pool_cleanup_register(pool, doc, free_doc, apr_pool_cleanup_null);
    return doc;
}

static inline xmlDocPtr parse(const char *text)
{
    return keep_doc(xmlReadMemory(text, (int)strlen(text), NULL, NULL, XML_PARSE_NONET));
}

static inline const char *keep_text(xmlChar *text)
{
    const char *copy = text ? apr_pstrdup(pool, (const char *)text) : NULL;

    xmlFree(text);
    return copy;
}

/* The n-th child element of that local name, from 0; NULL if there is none. */
static inline xmlNodePtr child(xmlNodePtr node, const char *name, int n)
{
    xmlNodePtr at = node ? xmlFirstElementChild(node) : NULL;

    while (at && (strcmp((const char *)at->name, name) != 0 || n-- > 0))
        at = xmlNextElementSibling(at);
    return at;
}

/* The element at a path of local names below node, "Subject/NameID": at each step the first of that name. */
static inline xmlNodePtr find(xmlNodePtr node, const char *path)
{
    char *rest = apr_pstrdup(pool, path), *step;

    while (node && (step = apr_strtok(rest, "/", &rest)) != NULL)
        node = child(node, step, 0);
    return node;
}

static inline const char *text_of(xmlNodePtr node)
{
    return node ? keep_text(xmlNodeGetContent(node)) : NULL;
}

static inline const char *attribute_of(xmlNodePtr node, const char *name)
{
    return node ? keep_text(xmlGetNoNsProp(node, BAD_CAST name)) : NULL;
}

/* Names of the child elements, with our prefixes for their namespaces: "saml:Issuer ds:Signature". */
static inline const char *children_of(xmlNodePtr node)
{
    static const char *const known[][2] = {
        {NS_DS, "ds:"}, {NS_SAML, "saml:"}, {NS_SAMLP, "samlp:"}, {NS_MD, "md:"}};
    const char *names = "";

    for (xmlNodePtr at = node ? xmlFirstElementChild(node) : NULL; at; at = xmlNextElementSibling(at)) {
        const char *prefix = "?:";

        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
            if (at->ns && strcmp((const char *)at->ns->href, known[i][0]) == 0)
                prefix = known[i][1];
        }
        names = apr_pstrcat(pool, names, *names ? " " : "", prefix, (const char *)at->name, NULL);
    }
    return names;
}

/* Names and values of the attributes in their order: "use=signing". */
static inline const char *attributes_of(xmlNodePtr node)
{
    const char *text = "";

    for (xmlAttrPtr at = node ? node->properties : NULL; at; at = at->next)
        text = apr_pstrcat(pool, text, *text ? " " : "", (const char *)at->name, "=",
                           attribute_of(node, (const char *)at->name), NULL);
    return text;
}

/* How many elements below node, itself included, have that attribute. */
static inline int count_attribute(xmlNodePtr node, const char *name)
{
    int count = xmlHasProp(node, BAD_CAST name) != NULL;

    for (xmlNodePtr at = xmlFirstElementChild(node); at; at = xmlNextElementSibling(at))
        count += count_attribute(at, name);
    return count;
}

static inline void register_ids(xmlNodePtr node)
{
    xmlAttrPtr id = xmlHasProp(node, BAD_CAST "ID");

    if (id && id->atype != XML_ATTRIBUTE_ID)
        xmlAddID(NULL, node->doc, BAD_CAST attribute_of(node, "ID"), id);
    for (xmlNodePtr at = xmlFirstElementChild(node); at; at = xmlNextElementSibling(at))
        register_ids(at);
}

/* Does xmlsec1 accept the element's own signature under the certificate's key, whatever KeyInfo says? */
static inline bool verifies(xmlNodePtr element, const rcidp_certificate *certificate)
{
    xmlNodePtr signature = child(element, "Signature", 0);
    xmlSecDSigCtxPtr context = signature ? xmlSecDSigCtxCreate(NULL) : NULL;
    bool accepted = false;

    if (!context)
        return false;
    register_ids(xmlDocGetRootElement(element->doc));
    context->signKey = xmlSecKeyCreate();
    xmlSecKeySetValue(context->signKey, xmlSecOpenSSLEvpKeyAdopt(X509_get_pubkey(certificate->x509)));
    context->enabledReferenceUris = xmlSecTransformUriTypeSameDocument;
    if (xmlSecDSigCtxVerify(context, signature) == 0)
        accepted = context->status == xmlSecDSigStatusSucceeded;
    xmlSecDSigCtxDestroy(context);
    return accepted;
}

/* Sign an element as xmlsec1's templates do, behind its first child, with the certificate in KeyInfo. */
static inline bool sign_by_xmlsec(xmlNodePtr element, const rcidp_signer *signer)
{
    const xmlSecTransformId method = xmlSecTransformIdListFindByHref(
        xmlSecTransformIdsGet(), BAD_CAST signer->algorithm->uri, xmlSecTransformUsageSignatureMethod);
    const xmlSecTransformId digest = xmlSecTransformIdListFindByHref(
        xmlSecTransformIdsGet(), BAD_CAST signer->algorithm->digest, xmlSecTransformUsageDigestMethod);
    xmlNodePtr signature =
        xmlSecTmplSignatureCreateNsPref(element->doc, xmlSecTransformExclC14NId, method, NULL, BAD_CAST "ds");
    xmlSecDSigCtxPtr context = xmlSecDSigCtxCreate(NULL);
    xmlNodePtr reference, info;
    bool made;

    register_ids(xmlDocGetRootElement(element->doc));
    xmlAddNextSibling(xmlFirstElementChild(element), signature);
    reference = xmlSecTmplSignatureAddReference(
        signature, digest, NULL, BAD_CAST apr_pstrcat(pool, "#", attribute_of(element, "ID"), NULL), NULL);
    xmlSecTmplReferenceAddTransform(reference, xmlSecTransformEnvelopedId);
    xmlSecTmplReferenceAddTransform(reference, xmlSecTransformExclC14NId);
    context->signKey = rcidp_sign_lend_key(signer->key);
    made = xmlSecDSigCtxSign(context, signature) == 0 && context->status == xmlSecDSigStatusSucceeded;
    xmlSecDSigCtxDestroy(context);
    info = xmlNewChild(signature, signature->ns, BAD_CAST "KeyInfo", NULL);
    info = xmlNewChild(info, signature->ns, BAD_CAST "X509Data", NULL);
    xmlNewTextChild(info, signature->ns, BAD_CAST "X509Certificate", BAD_CAST signer->certificate->base64);
    return made;
}

#endif
