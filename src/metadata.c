/* SPDX-License-Identifier: Apache-2.0 */
#include "metadata.h"

#include <apr_strings.h>

#include "foreign.h"
#include "tree.h"

#define CACHE_DURATION "P1D"

/* The bindings by which an AuthnRequest may come (SAML bindings 3.4, 3.5). */
static const char *const bindings[] = {"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
                                       "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"};

static void add_keys(rcidp_tree *tree, xmlNodePtr idp, xmlNsPtr md, const apr_array_header_t *certificates)
{
    xmlNsPtr ds = tree->failed ? NULL : rcidp_sign_namespace(tree->doc->children);

    for (int i = 0; i < certificates->nelts; i++) {
        xmlNodePtr descriptor = rcidp_tree_element(tree, idp, md, "KeyDescriptor", NULL);

        rcidp_tree_attribute(tree, descriptor, "use", "signing");
        if (!ds || !descriptor ||
            !rcidp_sign_key_info(descriptor, ds, APR_ARRAY_IDX(certificates, i, const rcidp_certificate *)))
            tree->failed = true;
    }
}

static void add_endpoints(rcidp_tree *tree, xmlNodePtr idp, xmlNsPtr md, const apr_array_header_t *endpoints)
{
    for (int i = 0; i < endpoints->nelts; i++) {
        for (size_t b = 0; b < sizeof(bindings) / sizeof(bindings[0]); b++) {
            xmlNodePtr service = rcidp_tree_element(tree, idp, md, "SingleSignOnService", NULL);

            rcidp_tree_attribute(tree, service, "Binding", bindings[b]);
            rcidp_tree_attribute(tree, service, "Location", APR_ARRAY_IDX(endpoints, i, const char *));
        }
    }
}

/* RingCentral's administrator chooses the e-mail attribute from a list that is filled from here. */
static void add_attributes(rcidp_tree *tree, xmlNodePtr idp, const apr_array_header_t *attributes)
{
    xmlNsPtr saml;

    if (!attributes->nelts)
        return;
    saml = rcidp_tree_namespace(tree, tree->failed ? NULL : tree->doc->children, RCIDP_NS_ASSERTION, "saml");
    for (int i = 0; i < attributes->nelts; i++) {
        const rcidp_attribute *attribute = APR_ARRAY_IDX(attributes, i, const rcidp_attribute *);
        xmlNodePtr node = rcidp_tree_element(tree, idp, saml, "Attribute", NULL);

        rcidp_tree_attribute(tree, node, "Name", attribute->name);
        rcidp_tree_attribute(tree, node, "NameFormat", attribute->name_format);
    }
}

static void add_contact(rcidp_tree *tree, xmlNodePtr root, xmlNsPtr md, apr_pool_t *pool, const char *contact)
{
    xmlNodePtr person;

    if (!contact)
        return;
    person = rcidp_tree_element(tree, root, md, "ContactPerson", NULL);
    rcidp_tree_attribute(tree, person, "contactType", "technical");
    rcidp_tree_element(tree, person, md, "EmailAddress", apr_pstrcat(pool, "mailto:", contact, NULL));
}

/* The order of children is the schema's. */
static void build(rcidp_tree *tree, apr_pool_t *pool, const rcidp_metadata *metadata)
{
    xmlNodePtr root = rcidp_tree_root(tree, "EntityDescriptor");
    xmlNsPtr md = rcidp_tree_namespace(tree, root, RCIDP_NS_METADATA, "md");
    xmlNodePtr idp;

    xmlSetNs(root, md);
    rcidp_tree_attribute(tree, root, "entityID", metadata->entity_id);
    rcidp_tree_attribute(tree, root, "cacheDuration", CACHE_DURATION);
    idp = rcidp_tree_element(tree, root, md, "IDPSSODescriptor", NULL);
    rcidp_tree_attribute(tree, idp, "WantAuthnRequestsSigned", "false");
    rcidp_tree_attribute(tree, idp, "protocolSupportEnumeration", RCIDP_NS_PROTOCOL);
    add_keys(tree, idp, md, metadata->certificates);
    for (int i = 0; i < metadata->name_id_formats->nelts; i++)
        rcidp_tree_element(tree, idp, md, "NameIDFormat",
                           APR_ARRAY_IDX(metadata->name_id_formats, i, const char *));
    add_endpoints(tree, idp, md, metadata->endpoints);
    add_attributes(tree, idp, metadata->attributes);
    add_contact(tree, root, md, pool, metadata->contact);
}

const char *rcidp_metadata_make(apr_pool_t *pool, const rcidp_metadata *metadata, const char **xml)
{
    rcidp_tree tree;

    *xml = NULL;
    rcidp_tree_begin(&tree);
    build(&tree, pool, metadata);
    if (!tree.failed)
        *xml = rcidp_tree_text(&tree, pool);
    rcidp_tree_end(&tree);
    return *xml ? NULL : "no memory for the metadata";
}
