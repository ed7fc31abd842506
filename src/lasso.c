/* SPDX-License-Identifier: Apache-2.0 */
#include "lasso.h"

#include <string.h>

#ifdef RCIDP_WITH_LASSO

#include <apr_strings.h>
#include <lasso/lasso.h>
#include <lasso/saml-2.0/saml2_helper.h>
#include <lasso/xml/saml-2.0/samlp2_authn_request.h>
#include <lasso/xml/saml-2.0/samlp2_name_id_policy.h>
#include <lasso/xml/saml-2.0/samlp2_requested_authn_context.h>
#include <openssl/err.h>
#include <stdint.h>

#include "foreign.h"
#include "library.h"
#include "markup.h"
#include "text.h"

#define ENTITY_FORMAT "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
#define BEARER "urn:oasis:names:tc:SAML:2.0:cm:bearer"

/* Of an ID; it is said in logs (Kantara SDP-G02 has no longer text). */
#define ID_LIMIT 256

/* Of a value, in bytes: none that is looked at is nearly as long. */
#define VALUE_LIMIT 4096

bool rcidp_lasso_is_there(void)
{
    return true;
}

/* Set while this thread's call of Lasso is one of ours. */
static GPrivate ours = G_PRIVATE_INIT(NULL);

/* What Lasso says to its log of our calls, we learn from the result. What it says of another module's calls
 * is that module's. */
static void pass_message(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer data)
{
    if (!g_private_get(&ours))
        g_log_default_handler(domain, level, message, data);
}

static apr_status_t stop_passing(void *handler)
{
    g_log_remove_handler("Lasso", GPOINTER_TO_UINT(handler));
    return APR_SUCCESS;
}

const char *rcidp_lasso_init(apr_pool_t *pool)
{
    guint handler;

    /* GLib is never unloaded, and knows the types: Lasso could not register them a second time. */
    if (!rcidp_library_keep((void *)(uintptr_t)lasso_init))
        return "Lasso cannot be kept loaded";
    handler = g_log_set_handler("Lasso", (GLogLevelFlags)(G_LOG_LEVEL_MASK | G_LOG_FLAG_RECURSION),
                                pass_message, NULL);
    apr_pool_cleanup_register(pool, GUINT_TO_POINTER(handler), stop_passing, apr_pool_cleanup_null);
    return g_type_from_name("LassoServer") || lasso_init() == 0 ? NULL : "lasso_init() failed";
}

/* GLib's text, in our pool. */
static const char *keep(apr_pool_t *pool, const char *text)
{
    return text ? apr_pstrdup(pool, text) : NULL;
}

static const apr_array_header_t *keep_list(apr_pool_t *pool, const GList *list)
{
    apr_array_header_t *all = apr_array_make(pool, 2, sizeof(const char *));

    for (; list; list = list->next)
        APR_ARRAY_PUSH(all, const char *) = keep(pool, list->data);
    return all;
}

static void read_subject(apr_pool_t *pool, const LassoSaml2Subject *subject, rcidp_authn_request *request)
{
    request->has_subject = subject != NULL;
    if (!subject || !subject->NameID)
        return;
    request->subject = keep(pool, subject->NameID->content);
    request->subject_format = keep(pool, subject->NameID->Format);
    request->name_qualifier = keep(pool, subject->NameID->NameQualifier);
    request->subject_sp_name_qualifier = keep(pool, subject->NameID->SPNameQualifier);
}

/* Declarations are asked for by their names, which no list of ours has. */
static void read_contexts(apr_pool_t *pool, const LassoSamlp2RequestedAuthnContext *wanted,
                          rcidp_authn_request *request)
{
    if (!wanted)
        return;
    request->contexts = keep_list(pool, wanted->AuthnContextClassRef);
    request->comparison = wanted->Comparison ? keep(pool, wanted->Comparison) : "exact";
}

/* From the tree: Lasso would make an object of each entry, and a list can be long. Returns whether there is
 * one at most. */
static bool take_scoping(apr_pool_t *pool, const xmlNode *root, rcidp_authn_request *request)
{
    xmlNodePtr scoping = rcidp_foreign_child(root, RCIDP_NS_PROTOCOL, "Scoping");
    xmlNodePtr list = rcidp_foreign_child(scoping, RCIDP_NS_PROTOCOL, "IDPList");
    apr_array_header_t *all = apr_array_make(pool, 2, sizeof(const char *));

    for (xmlNodePtr entry = rcidp_foreign_child(list, RCIDP_NS_PROTOCOL, "IDPEntry"); entry;
         entry = rcidp_foreign_next(entry, RCIDP_NS_PROTOCOL, "IDPEntry"))
        APR_ARRAY_PUSH(all, const char *) = rcidp_foreign_attribute(pool, entry, "ProviderID");
    request->idps = list ? all : NULL;
    return !rcidp_foreign_next(scoping, RCIDP_NS_PROTOCOL, "Scoping") &&
           !rcidp_foreign_next(list, RCIDP_NS_PROTOCOL, "IDPList");
}

/* What Lasso would only copy: what is between the elements, what has been looked at, and Extensions. What
 * belongs nowhere stays, so that it is refused. */
static bool is_idle(const xmlNode *node)
{
    return node->type != XML_ELEMENT_NODE || rcidp_foreign_is(node, RCIDP_NS_PROTOCOL, "Scoping") ||
           rcidp_foreign_is(node, RCIDP_NS_PROTOCOL, "Extensions") ||
           rcidp_foreign_is(node, RCIDP_NS_DSIG, "Signature");
}

static void take_idle(xmlNodePtr root)
{
    for (xmlNodePtr node = root->children, next; node; node = next) {
        next = node->next;
        if (is_idle(node)) {
            xmlUnlinkNode(node);
            xmlFreeNode(node);
        }
    }
}

/* Is any value that Lasso would see, and copy several times, longer than any that means something? */
static bool has_long_value(const xmlNode *node)
{
    for (; node; node = node->next) {
        if (node->type != XML_ELEMENT_NODE) {
            if (node->content && strnlen((const char *)node->content, VALUE_LIMIT + 1) > VALUE_LIMIT)
                return true;
            continue;
        }
        for (const xmlAttr *attribute = node->properties; attribute; attribute = attribute->next) {
            if (has_long_value(attribute->children))
                return true;
        }
        if (has_long_value(node->children))
            return true;
    }
    return false;
}

/* Is any attribute one of SAML's with a prefix? SAML has none, and Lasso takes it for the one without. */
static bool has_prefixed_attribute(const xmlNode *node)
{
    for (; node; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        for (const xmlAttr *attribute = node->properties; attribute; attribute = attribute->next) {
            if (attribute->ns && (xmlStrEqual(attribute->ns->href, BAD_CAST RCIDP_NS_PROTOCOL) ||
                                  xmlStrEqual(attribute->ns->href, BAD_CAST RCIDP_NS_ASSERTION)))
                return true;
        }
        if (has_prefixed_attribute(node->children))
            return true;
    }
    return false;
}

/* What Lasso cannot read it leaves out, or makes something else of it, without a word; and we would answer
 * as if it had not been asked. */
static bool is_whole(const xmlNode *root, const LassoSamlp2AuthnRequest *in)
{
    const struct {
        const char *ns, *name;
        bool is_read;
    } parts[] = {
        {RCIDP_NS_ASSERTION, "Subject", LASSO_IS_SAML2_SUBJECT(in->Subject)},
        {RCIDP_NS_PROTOCOL, "NameIDPolicy", LASSO_IS_SAMLP2_NAME_ID_POLICY(in->NameIDPolicy)},
        {RCIDP_NS_ASSERTION, "Conditions", LASSO_IS_SAML2_CONDITIONS(in->Conditions)},
        {RCIDP_NS_PROTOCOL, "RequestedAuthnContext",
         LASSO_IS_SAMLP2_REQUESTED_AUTHN_CONTEXT(in->RequestedAuthnContext)},
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (!parts[i].is_read && rcidp_foreign_child(root, parts[i].ns, parts[i].name))
            return false;
    }
    return !in->Subject || !in->Subject->NameID || LASSO_IS_SAML2_NAME_ID(in->Subject->NameID);
}

static const char *read_request(apr_pool_t *pool, const LassoSamlp2AuthnRequest *in,
                                rcidp_authn_request *request)
{
    const LassoSamlp2RequestAbstract *head = &in->parent;

    request->id = keep(pool, head->ID);
    request->version = keep(pool, head->Version);
    request->issuer = keep(pool, head->Issuer ? head->Issuer->content : NULL);
    request->destination = keep(pool, head->Destination);
    request->acs_url = keep(pool, in->AssertionConsumerServiceURL);
    request->protocol_binding = keep(pool, in->ProtocolBinding);
    if (in->NameIDPolicy) {
        request->name_id_format = keep(pool, in->NameIDPolicy->Format);
        request->sp_name_qualifier = keep(pool, in->NameIDPolicy->SPNameQualifier);
    }
    if (in->Conditions) {
        request->not_before = keep(pool, in->Conditions->NotBefore);
        request->not_on_or_after = keep(pool, in->Conditions->NotOnOrAfter);
    }
    read_subject(pool, in->Subject, request);
    read_contexts(pool, in->RequestedAuthnContext, request);
    if (!request->id || !rcidp_text_is_name(request->id) || !request->version || !request->issuer)
        return "it lacks an ID, a Version or an Issuer";
    if (strlen(request->id) > ID_LIMIT)
        return "its ID has more than 256 characters";
    if (!head->IssueInstant || !rcidp_text_date_time(head->IssueInstant, &request->issue_instant))
        return "its IssueInstant is not an xs:dateTime in UTC";
    return NULL;
}

/* Is its SubjectConfirmation, of which Lasso takes one, what the assertion will have? SAML profiles 4.1.4.1
 * wants none, and some service providers send this one. */
static bool is_for_bearers(const xmlNode *subject)
{
    xmlNodePtr node = rcidp_foreign_child(subject, RCIDP_NS_ASSERTION, "SubjectConfirmation");
    xmlChar *method = node ? xmlGetNoNsProp(node, BAD_CAST "Method") : NULL;
    bool is = !node || (method && strcmp((const char *)method, BEARER) == 0 && !xmlFirstElementChild(node));

    xmlFree(method);
    return is;
}

/* From the tree, since Lasso makes 0 of what is no number, and false of what is no boolean. An Issuer that is
 * no entity is none (SAML profiles 4.1.4.1); a Subject that is to be confirmed otherwise names nobody. */
static const char *read_tree(apr_pool_t *pool, const xmlNode *root, rcidp_authn_request *request)
{
    static const char name[] = "AssertionConsumerServiceIndex";
    const xmlNode *policy = rcidp_foreign_child(root, RCIDP_NS_PROTOCOL, "NameIDPolicy"),
                  *subject = rcidp_foreign_child(root, RCIDP_NS_ASSERTION, "Subject"),
                  *issuer = rcidp_foreign_child(root, RCIDP_NS_ASSERTION, "Issuer");
    const char *format = rcidp_foreign_attribute(pool, issuer, "Format");
    int force_authn = rcidp_foreign_boolean(root, "ForceAuthn"),
        is_passive = rcidp_foreign_boolean(root, "IsPassive");

    if (force_authn < 0 || is_passive < 0 || rcidp_foreign_boolean(policy, "AllowCreate") < 0)
        return "its ForceAuthn, IsPassive or AllowCreate is neither true nor false";
    if (format && strcmp(format, ENTITY_FORMAT) != 0)
        return "its Issuer has a Format that is not entity";
    request->force_authn = force_authn;
    request->is_passive = is_passive;
    if (!is_for_bearers(subject))
        request->subject = NULL;
    request->acs_index = rcidp_foreign_number(pool, root, name);
    return request->acs_index < 0 && rcidp_foreign_attribute(pool, root, name)
               ? "its AssertionConsumerServiceIndex is no number"
               : NULL;
}

const char *rcidp_lasso_read(apr_pool_t *pool, xmlNodePtr root, rcidp_authn_request *request)
{
    LassoNode *node = NULL;
    const char *error = "it is not an AuthnRequest";

    memset(request, 0, sizeof(*request));
    if (!take_scoping(pool, root, request))
        return "it has two lists of identity providers";
    take_idle(root);
    if (has_long_value(root))
        return "it has a value of more than 4096 bytes";
    if (has_prefixed_attribute(root))
        return "it has an attribute with a prefix of SAML's";
    g_private_set(&ours, &ours);
    if (rcidp_foreign_is(root, RCIDP_NS_PROTOCOL, "AuthnRequest"))
        node = lasso_node_new_from_xmlNode(root);
    if (node && LASSO_IS_SAMLP2_AUTHN_REQUEST(node))
        error = is_whole(root, (LassoSamlp2AuthnRequest *)node)
                    ? read_request(pool, (LassoSamlp2AuthnRequest *)node, request)
                    : "it has a part that cannot be understood";
    if (node)
        g_object_unref(node);
    g_private_set(&ours, NULL);
    return error ? error : read_tree(pool, root, request);
}

/* Metadata of a service provider that wants what we send. */
static const char *describe_provider(apr_pool_t *pool, const rcidp_lasso_party *party)
{
    rcidp_markup out;

    rcidp_markup_begin(&out, pool, 600);
    rcidp_markup_open(&out, "md:EntityDescriptor");
    rcidp_markup_attribute(&out, "xmlns:md", RCIDP_NS_METADATA);
    rcidp_markup_attribute(&out, "entityID", party->entity_id);
    rcidp_markup_open(&out, "md:SPSSODescriptor");
    rcidp_markup_attribute(&out, "protocolSupportEnumeration", RCIDP_NS_PROTOCOL);
    rcidp_markup_open(&out, "md:AssertionConsumerService");
    rcidp_markup_attribute(&out, "Binding", RCIDP_BINDING_POST);
    rcidp_markup_attribute(&out, "Location", party->acs);
    rcidp_markup_attribute(&out, "index", "0");
    rcidp_markup_close(&out, "md:AssertionConsumerService");
    rcidp_markup_close(&out, "md:SPSSODescriptor");
    rcidp_markup_close(&out, "md:EntityDescriptor");
    return out.text;
}

/* What the Response says outside of its assertion: whom it is for, and what it answers. */
static const char *judge_outside(const LassoLogin *login, const char *acs, const char *in_response_to)
{
    const LassoSamlp2StatusResponse *response = (const LassoSamlp2StatusResponse *)login->parent.response;

    if (!response || g_strcmp0(response->Destination, acs) != 0)
        return "it is not the recipient";
    if (g_strcmp0(response->InResponseTo, in_response_to) != 0)
        return in_response_to ? "it does not find its request's ID" : "it has asked for nothing";
    return NULL;
}

/* What Lasso leaves to its callers: audience, recipient, times, and what was asked. */
static const char *judge_assertion(LassoLogin *login, const char *acs, const char *in_response_to)
{
    LassoSaml2Assertion *assertion = (LassoSaml2Assertion *)lasso_login_get_assertion(login);
    const LassoSaml2SubjectConfirmationData *data;
    const char *error = NULL;

    if (!assertion)
        return "it finds no assertion";
    data = lasso_saml2_assertion_get_subject_confirmation_data(assertion, FALSE);
    if (lasso_saml2_assertion_validate_conditions(assertion, login->parent.server->parent.ProviderID) !=
        LASSO_SAML2_ASSERTION_VALID)
        error = "it does not accept the Conditions";
    else if (lasso_saml2_assertion_validate_time_checks(assertion, 180, 0) != LASSO_SAML2_ASSERTION_VALID)
        error = "it does not accept the times";
    else if (!data || g_strcmp0(data->Recipient, acs) != 0)
        error = "it is not the recipient";
    else if (g_strcmp0(lasso_saml2_assertion_get_in_response_to(assertion), in_response_to) != 0)
        error = in_response_to ? "it does not find its request's ID" : "it has asked for nothing";
    g_object_unref(assertion);
    return error;
}

/* Lasso looks at the status before it looks at what its verification of the signature came to. */
static bool is_told_of_error(LassoLogin *login, int result)
{
    return (result == LASSO_PROFILE_ERROR_STATUS_NOT_SUCCESS ||
            result == LASSO_PROFILE_ERROR_REQUEST_DENIED) &&
           lasso_profile_get_signature_status(&login->parent) == 0;
}

static const char *judge(apr_pool_t *pool, LassoLogin *login, const rcidp_lasso_party *party,
                         const char *response, const char *in_response_to)
{
    const char *error;
    int result;

    /* One signature is demanded, of the Response or of the assertion. */
    lasso_profile_set_signature_verify_hint(&login->parent, LASSO_PROFILE_SIGNATURE_VERIFY_HINT_MAYBE);
    result = lasso_login_process_authn_response_msg(login, apr_pstrdup(pool, response));
    if (is_told_of_error(login, result))
        return (error = judge_outside(login, party->acs, in_response_to)) ? error : RCIDP_LASSO_AN_ERROR;
    if (result == 0)
        result = lasso_login_accept_sso(login);
    if (result != 0)
        return apr_pstrdup(pool, lasso_strerror(result));
    error = judge_outside(login, party->acs, in_response_to);
    return error ? error : judge_assertion(login, party->acs, in_response_to);
}

const char *rcidp_lasso_judge(apr_pool_t *pool, const char *metadata, const rcidp_lasso_party *party,
                              const char *response, const char *in_response_to)
{
    const char *error = "it cannot be set up";
    LassoServer *server;
    LassoLogin *login = NULL;

    g_private_set(&ours, &ours);
    server = lasso_server_new_from_buffers(describe_provider(pool, party), party->key, NULL, NULL);
    if (server &&
        lasso_server_add_provider_from_buffer(server, LASSO_PROVIDER_ROLE_IDP, metadata, NULL, NULL) == 0)
        login = lasso_login_new(server);
    if (login) {
        error = judge(pool, login, party, response, in_response_to);
        lasso_login_destroy(login);
    }
    if (server)
        lasso_server_destroy(server);
    g_private_set(&ours, NULL);
    ERR_clear_error(); /* what Lasso leaves there, others would take for their own */
    return error;
}

#else /* without Lasso */

bool rcidp_lasso_is_there(void)
{
    return false;
}

const char *rcidp_lasso_init(apr_pool_t *pool)
{
    (void)pool;
    return RCIDP_NO_LASSO;
}

const char *rcidp_lasso_read(apr_pool_t *pool, xmlNodePtr root, rcidp_authn_request *request)
{
    (void)pool, (void)root;
    memset(request, 0, sizeof(*request));
    return RCIDP_NO_LASSO;
}

const char *rcidp_lasso_judge(apr_pool_t *pool, const char *metadata, const rcidp_lasso_party *party,
                              const char *response, const char *in_response_to)
{
    (void)pool, (void)metadata, (void)party, (void)response, (void)in_response_to;
    return RCIDP_NO_LASSO;
}

#endif
