/* SPDX-License-Identifier: Apache-2.0 */
#include "response.h"

#include <string.h>

#include "encrypt.h"
#include "foreign.h"
#include "library.h"
#include "text.h"

#define STATUS_SUCCESS "urn:oasis:names:tc:SAML:2.0:status:Success"
#define METHOD_BEARER "urn:oasis:names:tc:SAML:2.0:cm:bearer"

/* About the length of a usual Response with both signatures. */
#define RESPONSE_ROOM 7900

/* The order of children is the schema's, that of attributes the canonical form's. */

static const char *after(const rcidp_markup *out, apr_time_t start, int seconds)
{
    return rcidp_text_time(out->pool, start + apr_time_from_sec(seconds));
}

/* Both Issuer and Assertion stand where nothing around them has declared the prefix. */
static void open_saml(rcidp_markup *out, const char *name)
{
    rcidp_markup_open(out, name);
    rcidp_markup_attribute(out, "xmlns:saml", RCIDP_NS_ASSERTION);
}

static void add_subject(rcidp_markup *out, const rcidp_claims *claims)
{
    rcidp_markup_open(out, "saml:Subject");
    rcidp_markup_open(out, "saml:NameID");
    rcidp_markup_attribute(out, "Format", claims->name_id_format);
    rcidp_markup_text(out, claims->name_id);
    rcidp_markup_close(out, "saml:NameID");
    rcidp_markup_open(out, "saml:SubjectConfirmation");
    rcidp_markup_attribute(out, "Method", METHOD_BEARER);
    rcidp_markup_open(out, "saml:SubjectConfirmationData");
    if (claims->in_response_to)
        rcidp_markup_attribute(out, "InResponseTo", claims->in_response_to);
    rcidp_markup_attribute(out, "NotOnOrAfter", after(out, claims->now, claims->lifetime));
    rcidp_markup_attribute(out, "Recipient", claims->acs);
    rcidp_markup_close(out, "saml:SubjectConfirmationData");
    rcidp_markup_close(out, "saml:SubjectConfirmation");
    rcidp_markup_close(out, "saml:Subject");
}

static void add_conditions(rcidp_markup *out, const rcidp_claims *claims)
{
    rcidp_markup_open(out, "saml:Conditions");
    rcidp_markup_attribute(out, "NotBefore", after(out, claims->now, -claims->clock_skew));
    rcidp_markup_attribute(out, "NotOnOrAfter", after(out, claims->now, claims->lifetime));
    rcidp_markup_open(out, "saml:AudienceRestriction");
    rcidp_markup_element(out, "saml:Audience", claims->audience);
    rcidp_markup_close(out, "saml:AudienceRestriction");
    rcidp_markup_close(out, "saml:Conditions");
}

static void add_authn_statement(rcidp_markup *out, const rcidp_claims *claims)
{
    rcidp_markup_open(out, "saml:AuthnStatement");
    rcidp_markup_attribute(out, "AuthnInstant", after(out, claims->authn_instant, 0));
    rcidp_markup_attribute(out, "SessionIndex", claims->assertion_id);
    if (claims->session_lifetime)
        rcidp_markup_attribute(out, "SessionNotOnOrAfter",
                               after(out, claims->authn_instant, claims->session_lifetime));
    rcidp_markup_open(out, "saml:AuthnContext");
    rcidp_markup_element(out, "saml:AuthnContextClassRef", claims->authn_context);
    rcidp_markup_close(out, "saml:AuthnContext");
    rcidp_markup_close(out, "saml:AuthnStatement");
}

static void add_attribute(rcidp_markup *out, const rcidp_attribute *attribute)
{
    rcidp_markup_open(out, "saml:Attribute");
    rcidp_markup_attribute(out, "Name", attribute->name);
    rcidp_markup_attribute(out, "NameFormat", attribute->name_format);
    for (int i = 0; i < attribute->values->nelts; i++)
        rcidp_markup_element(out, "saml:AttributeValue", APR_ARRAY_IDX(attribute->values, i, const char *));
    rcidp_markup_close(out, "saml:Attribute");
}

/* An AttributeStatement without an Attribute would break the schema. */
static void add_attributes(rcidp_markup *out, const rcidp_claims *claims)
{
    if (!claims->attributes->nelts)
        return;
    rcidp_markup_open(out, "saml:AttributeStatement");
    for (int i = 0; i < claims->attributes->nelts; i++)
        add_attribute(out, APR_ARRAY_IDX(claims->attributes, i, const rcidp_attribute *));
    rcidp_markup_close(out, "saml:AttributeStatement");
}

/* Also signed and encrypted, as the claims say. */
static const char *add_assertion(rcidp_markup *out, const rcidp_claims *claims, const rcidp_signer *signer)
{
    apr_size_t start = rcidp_markup_here(out), place;
    const char *error = NULL;

    open_saml(out, "saml:Assertion");
    rcidp_markup_attribute(out, "ID", claims->assertion_id);
    rcidp_markup_attribute(out, "IssueInstant", after(out, claims->now, 0));
    rcidp_markup_attribute(out, "Version", "2.0");
    rcidp_markup_element(out, "saml:Issuer", claims->issuer);
    place = rcidp_markup_here(out);
    add_subject(out, claims);
    add_conditions(out, claims);
    add_authn_statement(out, claims);
    add_attributes(out, claims);
    rcidp_markup_close(out, "saml:Assertion");
    if (claims->sign & RCIDP_SIGN_ASSERTION)
        error = rcidp_sign(out, start, place, claims->assertion_id, signer);
    if (!error && claims->encrypt_to)
        error = rcidp_encrypt(out, start, claims->encrypt_to);
    return error;
}

/* As far as the Issuer. */
static void begin_response(rcidp_markup *out, const rcidp_claims *claims)
{
    rcidp_markup_open(out, "samlp:Response");
    rcidp_markup_attribute(out, "xmlns:samlp", RCIDP_NS_PROTOCOL);
    rcidp_markup_attribute(out, "Destination", claims->acs);
    rcidp_markup_attribute(out, "ID", claims->response_id);
    if (claims->in_response_to)
        rcidp_markup_attribute(out, "InResponseTo", claims->in_response_to);
    rcidp_markup_attribute(out, "IssueInstant", after(out, claims->now, 0));
    rcidp_markup_attribute(out, "Version", "2.0");
    open_saml(out, "saml:Issuer");
    rcidp_markup_text(out, claims->issuer);
    rcidp_markup_close(out, "saml:Issuer");
}

static void add_status(rcidp_markup *out, const rcidp_claims *claims)
{
    rcidp_markup_open(out, "samlp:Status");
    rcidp_markup_open(out, "samlp:StatusCode");
    rcidp_markup_attribute(out, "Value", claims->status ? claims->status : STATUS_SUCCESS);
    if (claims->substatus) {
        rcidp_markup_open(out, "samlp:StatusCode");
        rcidp_markup_attribute(out, "Value", claims->substatus);
        rcidp_markup_close(out, "samlp:StatusCode");
    }
    rcidp_markup_close(out, "samlp:StatusCode");
    rcidp_markup_close(out, "samlp:Status");
}

/* What must not be signed, or not so. */
static const char *judge(const rcidp_claims *claims)
{
    if (!claims->response_id || (!claims->status && !claims->assertion_id))
        return "no randomness";
    if (claims->status)
        return NULL;
    if (claims->sign != RCIDP_SIGN_RESPONSE && claims->sign != RCIDP_SIGN_ASSERTION &&
        claims->sign != RCIDP_SIGN_BOTH)
        return "there is no such signature";
    return strcmp(claims->response_id, claims->assertion_id) == 0 ? "Response and assertion have one ID"
                                                                  : NULL;
}

const char *rcidp_response_make(apr_pool_t *pool, const rcidp_claims *claims, const rcidp_signer *signer,
                                const char **xml)
{
    rcidp_markup out;
    const char *error = judge(claims);
    apr_size_t place;

    *xml = NULL;
    if (error)
        return error;
    rcidp_markup_begin(&out, pool, RESPONSE_ROOM);
    begin_response(&out, claims);
    place = rcidp_markup_here(&out);
    add_status(&out, claims);
    if (!claims->status)
        error = add_assertion(&out, claims, signer);
    rcidp_markup_close(&out, "samlp:Response");
    if (!error && (claims->status || (claims->sign & RCIDP_SIGN_RESPONSE)))
        error = rcidp_sign(&out, 0, place, claims->response_id, signer);
    if (!error)
        *xml = out.text;
    return error;
}

const char *rcidp_response_issue(apr_pool_t *pool, rcidp_claims *claims, const rcidp_signer *signer,
                                 const char **xml)
{
    rcidp_library_two_ids(pool, &claims->response_id, &claims->assertion_id);
    return rcidp_response_make(pool, claims, signer, xml);
}
