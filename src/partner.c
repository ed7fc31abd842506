/* SPDX-License-Identifier: Apache-2.0 */
#include "partner.h"

#include <apr_strings.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "foreign.h"
#include "library.h"
#include "text.h"
#include "url.h"
#include "verify.h"

#define MD RCIDP_NS_METADATA
#define DS RCIDP_NS_DSIG
#define AES_256_GCM "http://www.w3.org/2009/xmlenc11#aes256-gcm"
#define RSA_OAEP_MGF1P "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
#define ENTITY_ID_LIMIT 1024

/* One file being read. */
typedef struct reading {
    apr_pool_t *pool;
    const char *file;
    rcidp_partner *partner;
    apr_array_header_t *endpoints, *signing, *encryption, *required;
    bool has_gcm, has_oaep, has_methods;
} reading;

static const char *complain(reading *in, const char *what)
{
    return apr_pstrcat(in->pool, in->file, ": ", what, NULL);
}

/* validUntil of an element: NULL, or that it is over; the soonest is kept. */
static const char *read_valid_until(reading *in, const xmlNode *node)
{
    const char *text = rcidp_foreign_attribute(in->pool, node, "validUntil");
    apr_time_t until;

    if (!text)
        return NULL;
    if (!rcidp_text_date_time(text, &until))
        return complain(in, apr_psprintf(in->pool, "validUntil=\"%s\" is not an xs:dateTime in UTC", text));
    if (until <= apr_time_now())
        return complain(in, apr_psprintf(in->pool, "the metadata has expired on %s", text));
    if (!in->partner->valid_until || until < in->partner->valid_until)
        in->partner->valid_until = until;
    return NULL;
}

static void read_methods(reading *in, const xmlNode *descriptor)
{
    for (xmlNodePtr node = rcidp_foreign_child(descriptor, MD, "EncryptionMethod"); node;
         node = rcidp_foreign_next(node, MD, "EncryptionMethod")) {
        const char *uri = rcidp_foreign_attribute(in->pool, node, "Algorithm");

        in->has_methods = true;
        in->has_gcm = in->has_gcm || (uri && !strcmp(uri, AES_256_GCM));
        in->has_oaep = in->has_oaep || (uri && !strcmp(uri, RSA_OAEP_MGF1P));
    }
}

/* A KeyDescriptor's certificates; without use it is for both (metadata 2.4.1.1). */
static const char *read_key(reading *in, const xmlNode *descriptor)
{
    const char *use = rcidp_foreign_attribute(in->pool, descriptor, "use"), *error;
    const xmlNode *info = rcidp_foreign_child(descriptor, DS, "KeyInfo");

    if (!use || strcmp(use, "signing") != 0)
        read_methods(in, descriptor);
    for (xmlNodePtr data = rcidp_foreign_child(info, DS, "X509Data"); data;
         data = rcidp_foreign_next(data, DS, "X509Data")) {
        xmlNodePtr node = rcidp_foreign_child(data, DS, "X509Certificate");
        const char *text = rcidp_foreign_text(in->pool, node);
        const rcidp_certificate *certificate;

        if (!node)
            continue;
        if (!text)
            return complain(in, "an X509Certificate has more than text in it");
        error = rcidp_certificate_parse(in->pool, text, in->file, &certificate);
        if (error)
            return error;
        if (!use || strcmp(use, "signing") == 0)
            APR_ARRAY_PUSH(in->signing, const rcidp_certificate *) = certificate;
        if ((!use || strcmp(use, "encryption") == 0) &&
            EVP_PKEY_is_a(X509_get0_pubkey(certificate->x509), "RSA"))
            APR_ARRAY_PUSH(in->encryption, const rcidp_certificate *) = certificate;
    }
    return NULL;
}

/* An endpoint for POST; others are not ours to use. The default is the first that says so, else the first
 * that does not say no, else the first (metadata 2.2.3). */
static const char *read_endpoint(reading *in, const xmlNode *node, int *rank)
{
    const char *binding = rcidp_foreign_attribute(in->pool, node, "Binding");
    const char *url = rcidp_foreign_attribute(in->pool, node, "Location");
    const char *is_default = rcidp_foreign_attribute(in->pool, node, "isDefault");
    int mine = !is_default ? 2 : rcidp_foreign_flag(node, "isDefault") ? 3 : 1;
    rcidp_endpoint *endpoint;

    if (!binding || strcmp(binding, RCIDP_BINDING_POST) != 0)
        return NULL;
    if (!url || !rcidp_url_is_https(in->pool, url))
        return complain(in, apr_psprintf(in->pool, "the AssertionConsumerService %s is not an https URL",
                                         url ? url : ""));
    if (rcidp_foreign_boolean(node, "isDefault") < 0)
        return complain(in, apr_psprintf(in->pool,
                                         "isDefault of the AssertionConsumerService %s is neither true "
                                         "nor false",
                                         url));
    endpoint = apr_palloc(in->pool, sizeof(*endpoint));
    endpoint->url = url;
    endpoint->index = rcidp_foreign_number(in->pool, node, "index");
    APR_ARRAY_PUSH(in->endpoints, const rcidp_endpoint *) = endpoint;
    if (mine > *rank) {
        in->partner->acs = url;
        *rank = mine;
    }
    return NULL;
}

static void read_required(reading *in, const xmlNode *service)
{
    for (xmlNodePtr node = rcidp_foreign_child(service, MD, "RequestedAttribute"); node;
         node = rcidp_foreign_next(node, MD, "RequestedAttribute")) {
        const char *name = rcidp_foreign_attribute(in->pool, node, "Name");

        if (name && rcidp_foreign_flag(node, "isRequired"))
            APR_ARRAY_PUSH(in->required, const char *) = name;
    }
}

static const char *read_role(reading *in, const xmlNode *role)
{
    static const char *const flags[] = {"AuthnRequestsSigned", "WantAssertionsSigned"};
    const char *error = read_valid_until(in, role);
    int rank = 0;

    for (xmlNodePtr node = role->children; node && !error; node = node->next) {
        if (rcidp_foreign_is(node, MD, "KeyDescriptor"))
            error = read_key(in, node);
        else if (rcidp_foreign_is(node, MD, "AssertionConsumerService"))
            error = read_endpoint(in, node, &rank);
        else if (rcidp_foreign_is(node, MD, "AttributeConsumingService"))
            read_required(in, node);
    }
    if (!error && !in->endpoints->nelts)
        error = complain(in, "there is no AssertionConsumerService with the binding HTTP-POST");
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]) && !error; i++) {
        if (rcidp_foreign_boolean(role, flags[i]) < 0)
            error = complain(in, apr_pstrcat(in->pool, flags[i], " is neither true nor false", NULL));
    }
    in->partner->authn_requests_signed = rcidp_foreign_flag(role, flags[0]);
    in->partner->want_assertions_signed = rcidp_foreign_flag(role, flags[1]);
    in->partner->takes_our_encryption = !in->has_methods || (in->has_gcm && in->has_oaep);
    return error;
}

/* Is SAML 2.0 among the protocols, a list with white space between them (metadata 2.4.1)? */
static bool names_saml2(const char *protocols)
{
    static const char space[] = " \t\r\n";
    apr_size_t length;
    bool found = false;

    for (; !found && *protocols; protocols += length) {
        protocols += strspn(protocols, space);
        length = strcspn(protocols, space);
        found = length == strlen(RCIDP_NS_PROTOCOL) && strncmp(protocols, RCIDP_NS_PROTOCOL, length) == 0;
    }
    return found;
}

/* The SPSSODescriptor for SAML 2.0. */
static const xmlNode *find_role(reading *in, const xmlNode *entity)
{
    xmlNodePtr role = rcidp_foreign_child(entity, MD, "SPSSODescriptor");

    for (; role; role = rcidp_foreign_next(role, MD, "SPSSODescriptor")) {
        const char *protocols = rcidp_foreign_attribute(in->pool, role, "protocolSupportEnumeration");

        if (protocols && names_saml2(protocols))
            return role;
    }
    return NULL;
}

/* The entity that is meant, found in a tree of groups; counts what could be meant. */
static void find_entity(reading *in, const xmlNode *node, const char *wanted, const xmlNode **found,
                        int *count)
{
    if (rcidp_foreign_is(node, MD, "EntityDescriptor") && find_role(in, node)) {
        const char *id = rcidp_foreign_attribute(in->pool, node, "entityID");

        if (id && (!wanted || strcmp(id, wanted) == 0)) {
            *found = node;
            ++*count;
        }
    } else if (rcidp_foreign_is(node, MD, "EntitiesDescriptor")) {
        for (node = node->children; node; node = node->next)
            find_entity(in, node, wanted, found, count);
    }
}

static const char *check_signer(reading *in, xmlNodePtr root, const rcidp_certificate *signer)
{
    apr_array_header_t *one = apr_array_make(in->pool, 1, sizeof(const rcidp_certificate *));
    const char *error = rcidp_library_init();

    if (error)
        return error;
    APR_ARRAY_PUSH(one, const rcidp_certificate *) = signer;
    switch (rcidp_verify_element(root, one, false)) {
    case RCIDP_VERIFIED:
        return NULL;
    case RCIDP_UNSIGNED:
        return complain(in, "the metadata is not signed, and metadata-signer= is given");
    case RCIDP_REFUSED:
    default:
        return complain(in, "the metadata's signature is not by the key of metadata-signer=");
    }
}

static const char *read_document(reading *in, xmlNodePtr root, const char *wanted,
                                 const rcidp_certificate *signer)
{
    const xmlNode *entity = NULL;
    int count = 0;
    const char *error = signer ? check_signer(in, root, signer) : NULL;

    if (error)
        return error;
    find_entity(in, root, wanted, &entity, &count);
    if (!count)
        return complain(
            in, wanted ? apr_psprintf(in->pool, "there is no SAML 2.0 service provider %s in it", wanted)
                       : "it is no metadata of a SAML 2.0 service provider");
    if (count > 1)
        return complain(in, "it has several service providers; choose one by entityid=");
    in->partner->entity_id = rcidp_foreign_attribute(in->pool, entity, "entityID");
    if (!rcidp_url_is_uri(in->partner->entity_id) || strlen(in->partner->entity_id) > ENTITY_ID_LIMIT)
        return complain(in, "its entityID is not an absolute URI");
    /* The entity, and each group that it is in. */
    for (const xmlNode *node = entity; node->type == XML_ELEMENT_NODE && !error; node = node->parent)
        error = read_valid_until(in, node);
    return error ? error : read_role(in, find_role(in, entity));
}

const char *rcidp_partner_read(apr_pool_t *pool, const char *file, const char *entity_id,
                               const rcidp_certificate *signer, const rcidp_partner **partner)
{
    reading in = {.pool = pool, .file = file, .partner = apr_pcalloc(pool, sizeof(rcidp_partner))};
    apr_size_t length;
    char *text;
    xmlDocPtr doc = NULL;
    const char *error = rcidp_key_file(pool, file, &text, &length, NULL);

    if (error)
        return error;
    in.partner->endpoints = in.endpoints = apr_array_make(pool, 2, sizeof(const rcidp_endpoint *));
    in.partner->signing = in.signing = apr_array_make(pool, 2, sizeof(const rcidp_certificate *));
    in.partner->encryption = in.encryption = apr_array_make(pool, 2, sizeof(const rcidp_certificate *));
    in.partner->required = in.required = apr_array_make(pool, 2, sizeof(const char *));
    error = rcidp_foreign_parse(text, length, &doc);
    error = error ? complain(&in, error) : read_document(&in, xmlDocGetRootElement(doc), entity_id, signer);
    if (doc)
        xmlFreeDoc(doc);
    OPENSSL_free(text);
    if (!error)
        *partner = in.partner;
    return error;
}

const rcidp_endpoint *rcidp_partner_endpoint(const rcidp_partner *partner, const char *url, int index)
{
    for (int i = 0; i < partner->endpoints->nelts; i++) {
        const rcidp_endpoint *endpoint = APR_ARRAY_IDX(partner->endpoints, i, const rcidp_endpoint *);

        if (url ? strcmp(endpoint->url, url) == 0 : endpoint->index == index && index >= 0)
            return endpoint;
    }
    return NULL;
}
