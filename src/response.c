/* SPDX-License-Identifier: Apache-2.0 */
#include "response.h"

#include <apr_strings.h>
#include <xmlsec/strings.h>
#include <xmlsec/xmltree.h>

#include "encrypt.h"
#include "foreign.h"
#include "text.h"
#include "tree.h"

#define STATUS_SUCCESS "urn:oasis:names:tc:SAML:2.0:status:Success"
#define METHOD_BEARER "urn:oasis:names:tc:SAML:2.0:cm:bearer"

/* A Response in the making. */
typedef struct response {
    rcidp_tree tree;
    xmlNsPtr samlp, saml; /* declared on the root */
    xmlNsPtr inner;       /* saml within the assertion */
    xmlNodePtr root, assertion;
    apr_pool_t *pool;
    const rcidp_claims *claims;
} response;

static const char *after(const response *out, apr_time_t start, int seconds)
{
    return rcidp_text_time(out->pool, start + apr_time_from_sec(seconds));
}

/* What both Response and Assertion begin with. */
static void add_head(response *out, xmlNodePtr node, const char *id)
{
    rcidp_tree_attribute(&out->tree, node, "ID", id);
    rcidp_tree_attribute(&out->tree, node, "Version", "2.0");
    rcidp_tree_attribute(&out->tree, node, "IssueInstant", after(out, out->claims->now, 0));
}

static void add_subject(response *out)
{
    const rcidp_claims *claims = out->claims;
    rcidp_tree *tree = &out->tree;
    xmlNodePtr subject = rcidp_tree_element(tree, out->assertion, out->inner, "Subject", NULL);
    xmlNodePtr name_id = rcidp_tree_element(tree, subject, out->inner, "NameID", claims->name_id);
    xmlNodePtr confirmation = rcidp_tree_element(tree, subject, out->inner, "SubjectConfirmation", NULL);
    xmlNodePtr data = rcidp_tree_element(tree, confirmation, out->inner, "SubjectConfirmationData", NULL);

    rcidp_tree_attribute(tree, name_id, "Format", claims->name_id_format);
    rcidp_tree_attribute(tree, confirmation, "Method", METHOD_BEARER);
    if (claims->in_response_to)
        rcidp_tree_attribute(tree, data, "InResponseTo", claims->in_response_to);
    rcidp_tree_attribute(tree, data, "NotOnOrAfter", after(out, claims->now, claims->lifetime));
    rcidp_tree_attribute(tree, data, "Recipient", claims->acs);
}

static void add_conditions(response *out)
{
    const rcidp_claims *claims = out->claims;
    rcidp_tree *tree = &out->tree;
    xmlNodePtr conditions = rcidp_tree_element(tree, out->assertion, out->inner, "Conditions", NULL);
    xmlNodePtr restriction = rcidp_tree_element(tree, conditions, out->inner, "AudienceRestriction", NULL);

    rcidp_tree_attribute(tree, conditions, "NotBefore", after(out, claims->now, -claims->clock_skew));
    rcidp_tree_attribute(tree, conditions, "NotOnOrAfter", after(out, claims->now, claims->lifetime));
    rcidp_tree_element(tree, restriction, out->inner, "Audience", claims->audience);
}

static void add_authn_statement(response *out)
{
    const rcidp_claims *claims = out->claims;
    rcidp_tree *tree = &out->tree;
    xmlNodePtr statement = rcidp_tree_element(tree, out->assertion, out->inner, "AuthnStatement", NULL);
    xmlNodePtr context = rcidp_tree_element(tree, statement, out->inner, "AuthnContext", NULL);

    rcidp_tree_attribute(tree, statement, "AuthnInstant", after(out, claims->authn_instant, 0));
    rcidp_tree_attribute(tree, statement, "SessionIndex", claims->assertion_id);
    if (claims->session_lifetime)
        rcidp_tree_attribute(tree, statement, "SessionNotOnOrAfter",
                             after(out, claims->authn_instant, claims->session_lifetime));
    rcidp_tree_element(tree, context, out->inner, "AuthnContextClassRef", claims->authn_context);
}

/* An AttributeStatement without an Attribute would break the schema. */
static void add_attributes(response *out)
{
    const apr_array_header_t *attributes = out->claims->attributes;
    rcidp_tree *tree = &out->tree;
    xmlNodePtr statement;

    if (!attributes->nelts)
        return;
    statement = rcidp_tree_element(tree, out->assertion, out->inner, "AttributeStatement", NULL);
    for (int i = 0; i < attributes->nelts; i++) {
        const rcidp_attribute *attribute = APR_ARRAY_IDX(attributes, i, const rcidp_attribute *);
        xmlNodePtr node = rcidp_tree_element(tree, statement, out->inner, "Attribute", NULL);

        rcidp_tree_attribute(tree, node, "Name", attribute->name);
        rcidp_tree_attribute(tree, node, "NameFormat", attribute->name_format);
        for (int v = 0; v < attribute->values->nelts; v++)
            rcidp_tree_element(tree, node, out->inner, "AttributeValue",
                               APR_ARRAY_IDX(attribute->values, v, const char *));
    }
}

static void add_status(response *out)
{
    const rcidp_claims *claims = out->claims;
    rcidp_tree *tree = &out->tree;
    xmlNodePtr status = rcidp_tree_element(tree, out->root, out->samlp, "Status", NULL);
    xmlNodePtr code = rcidp_tree_element(tree, status, out->samlp, "StatusCode", NULL);

    rcidp_tree_attribute(tree, code, "Value", claims->status ? claims->status : STATUS_SUCCESS);
    if (claims->substatus)
        rcidp_tree_attribute(tree, rcidp_tree_element(tree, code, out->samlp, "StatusCode", NULL), "Value",
                             claims->substatus);
}

static void build(response *out)
{
    const rcidp_claims *claims = out->claims;
    rcidp_tree *tree = &out->tree;
    out->root = rcidp_tree_root(tree, "Response");
    out->samlp = rcidp_tree_namespace(tree, out->root, RCIDP_NS_PROTOCOL, "samlp");
    out->saml = rcidp_tree_namespace(tree, out->root, RCIDP_NS_ASSERTION, "saml");
    xmlSetNs(out->root, out->samlp);
    add_head(out, out->root, claims->response_id);
    if (claims->in_response_to)
        rcidp_tree_attribute(tree, out->root, "InResponseTo", claims->in_response_to);
    rcidp_tree_attribute(tree, out->root, "Destination", claims->acs);
    rcidp_tree_element(tree, out->root, out->saml, "Issuer", claims->issuer);
    add_status(out);
    if (claims->status)
        return;
    out->assertion = rcidp_tree_element(tree, out->root, out->saml, "Assertion", NULL);
    out->inner = out->saml;
    if (claims->encrypt_to) { /* what is encrypted must be understood without what is around it */
        out->inner = rcidp_tree_namespace(tree, out->assertion, RCIDP_NS_ASSERTION, "saml");
        xmlSetNs(out->assertion, out->inner);
    }
    add_head(out, out->assertion, claims->assertion_id);
    rcidp_tree_element(tree, out->assertion, out->inner, "Issuer", claims->issuer);
    add_subject(out);
    add_conditions(out);
    add_authn_statement(out);
    add_attributes(out);
}

/* Does the element have just one ds:Signature, behind the Issuer, and is it filled in? */
static bool is_signed(xmlNodePtr element)
{
    xmlNodePtr signature = xmlSecGetNextElementNode(element->children->next);
    xmlNodePtr value = signature ? xmlSecFindChild(signature, xmlSecNodeSignatureValue, xmlSecDSigNs) : NULL;

    return value && xmlSecCheckNodeName(signature, xmlSecNodeSignature, xmlSecDSigNs) && value->children &&
           xmlSecIsEmptyNode(value) == 0 &&
           !xmlSecCheckNodeName(xmlSecGetNextElementNode(signature->next), xmlSecNodeSignature, xmlSecDSigNs);
}

/* Sign what is asked, innermost first, and count. */
static const char *sign(const response *out, const rcidp_signer *signer)
{
    const rcidp_claims *claims = out->claims;
    bool whole = claims->status || (claims->sign & RCIDP_SIGN_RESPONSE);
    bool assertion = !claims->status && (claims->sign & RCIDP_SIGN_ASSERTION);
    const char *error =
        (claims->sign | RCIDP_SIGN_BOTH) != RCIDP_SIGN_BOTH ? "there is no such signature" : NULL;

    if (!error && assertion)
        error = rcidp_sign(out->pool, out->assertion, signer);
    if (!error && out->assertion && is_signed(out->assertion) != assertion)
        error = "the assertion does not carry the signature that it should";
    if (!error && claims->encrypt_to && out->assertion)
        error = rcidp_encrypt(out->assertion, out->saml, claims->encrypt_to);
    if (!error && whole)
        error = rcidp_sign(out->pool, out->root, signer);
    if (!error && (is_signed(out->root) != whole || !(whole || assertion)))
        error = "the Response does not carry the signature that it should";
    return error;
}

const char *rcidp_response_make(apr_pool_t *pool, const rcidp_claims *claims, const rcidp_signer *signer,
                                const char **xml)
{
    response out = {.pool = pool, .claims = claims};
    const char *error;

    *xml = NULL;
    rcidp_tree_begin(&out.tree);
    build(&out);
    error = out.tree.failed ? "no memory for the Response" : sign(&out, signer);
    if (!error && !(*xml = rcidp_tree_text(&out.tree, pool)))
        error = "no memory for the Response's text";
    rcidp_tree_end(&out.tree);
    return error;
}
