/* SPDX-License-Identifier: Apache-2.0 */
#include "metadata.h"

#include <apr_strings.h>
#include <string.h>

#include "foreign.h"

#define CACHE_DURATION "P1D"
#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define METADATA_ROOM 8000

/* The bindings by which an AuthnRequest may come (SAML bindings 3.4, 3.5). */
static const char *const bindings[] = {"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
                                       "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"};

static void add_keys(rcidp_markup *out, const apr_array_header_t *certificates)
{
    for (int i = 0; i < certificates->nelts; i++) {
        rcidp_markup_open(out, "md:KeyDescriptor");
        rcidp_markup_attribute(out, "use", "signing");
        rcidp_sign_key_info(out, APR_ARRAY_IDX(certificates, i, const rcidp_certificate *));
        rcidp_markup_close(out, "md:KeyDescriptor");
    }
}

static void add_endpoints(rcidp_markup *out, const apr_array_header_t *endpoints)
{
    for (int i = 0; i < endpoints->nelts; i++) {
        for (size_t b = 0; b < sizeof(bindings) / sizeof(bindings[0]); b++) {
            rcidp_markup_open(out, "md:SingleSignOnService");
            rcidp_markup_attribute(out, "Binding", bindings[b]);
            rcidp_markup_attribute(out, "Location", APR_ARRAY_IDX(endpoints, i, const char *));
            rcidp_markup_close(out, "md:SingleSignOnService");
        }
    }
}

/* RingCentral's administrator chooses the e-mail attribute from a list that is filled from here. */
static void add_attributes(rcidp_markup *out, const apr_array_header_t *attributes)
{
    for (int i = 0; i < attributes->nelts; i++) {
        const rcidp_attribute *attribute = APR_ARRAY_IDX(attributes, i, const rcidp_attribute *);

        rcidp_markup_open(out, "saml:Attribute");
        rcidp_markup_attribute(out, "Name", attribute->name);
        rcidp_markup_attribute(out, "NameFormat", attribute->name_format);
        rcidp_markup_close(out, "saml:Attribute");
    }
}

static void add_contact(rcidp_markup *out, const char *contact)
{
    if (!contact)
        return;
    rcidp_markup_open(out, "md:ContactPerson");
    rcidp_markup_attribute(out, "contactType", "technical");
    rcidp_markup_element(out, "md:EmailAddress", apr_pstrcat(out->pool, "mailto:", contact, NULL));
    rcidp_markup_close(out, "md:ContactPerson");
}

static void add_role(rcidp_markup *out, const rcidp_metadata *metadata)
{
    rcidp_markup_open(out, "md:IDPSSODescriptor");
    rcidp_markup_attribute(out, "WantAuthnRequestsSigned", "false");
    rcidp_markup_attribute(out, "protocolSupportEnumeration", RCIDP_NS_PROTOCOL);
    add_keys(out, metadata->certificates);
    for (int i = 0; i < metadata->name_id_formats->nelts; i++)
        rcidp_markup_element(out, "md:NameIDFormat",
                             APR_ARRAY_IDX(metadata->name_id_formats, i, const char *));
    add_endpoints(out, metadata->endpoints);
    add_attributes(out, metadata->attributes);
    rcidp_markup_close(out, "md:IDPSSODescriptor");
}

/* The order of children is the schema's. */
const char *rcidp_metadata_make(apr_pool_t *pool, const rcidp_metadata *metadata)
{
    rcidp_markup out;

    rcidp_markup_begin(&out, pool, METADATA_ROOM);
    rcidp_markup_insert(&out, 0, DECLARATION, strlen(DECLARATION));
    rcidp_markup_open(&out, "md:EntityDescriptor");
    rcidp_markup_attribute(&out, "xmlns:md", RCIDP_NS_METADATA);
    rcidp_markup_attribute(&out, "xmlns:ds", RCIDP_NS_DSIG);
    if (metadata->attributes->nelts)
        rcidp_markup_attribute(&out, "xmlns:saml", RCIDP_NS_ASSERTION);
    rcidp_markup_attribute(&out, "entityID", metadata->entity_id);
    rcidp_markup_attribute(&out, "cacheDuration", CACHE_DURATION);
    add_role(&out, metadata);
    add_contact(&out, metadata->contact);
    rcidp_markup_close(&out, "md:EntityDescriptor");
    return out.text;
}
