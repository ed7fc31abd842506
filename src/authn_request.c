/* SPDX-License-Identifier: Apache-2.0 */
#include "authn_request.h"

#include <apr_strings.h>

#include "answer.h"
#include "body.h"
#include "foreign.h"
#include "message.h"
#include "verify.h"

APLOG_USE_MODULE(rcidp);

/* A browser encodes few of the bytes of base64 and line ends as three, and sends few fields. */
#define BODY_LIMIT (RCIDP_MESSAGE_LIMIT * 2)
#define FIELDS_LIMIT 32
#define ENCODING_DEFLATE "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"

/* What came, before it is understood. */
typedef struct incoming {
    request_rec *r;
    const rcidp_dir_conf *conf;
    const rcidp_server_conf *server;
    rcidp_asking *asking;
    bool posted, kept; /* kept: was posted, and came back by our redirection */
    const char *message, *algorithm, *signature, *encoding, *sp;
    bool is_signed;
} incoming;

static int refuse(const incoming *in, rcidp_refusal refusal, const char *detail)
{
    return rcidp_answer_refuse(in->r, refusal, detail);
}

int rcidp_asking_is_there(request_rec *r, bool *is_there)
{
    const char *value;
    const char *error = rcidp_text_parameter(r->pool, r->args, "SAMLRequest", &value);

    *is_there = value || rcidp_body_is_form(r);
    return error ? rcidp_answer_refuse(r, RCIDP_REFUSE_PARAMETER, error) : OK;
}

static bool has_many_fields(const char *form)
{
    int fields = 1;

    while (fields <= FIELDS_LIMIT && (form = strchr(form, '&')) != NULL) {
        form++;
        fields++;
    }
    return fields > FIELDS_LIMIT;
}

int rcidp_asking_is_posted(request_rec *r, bool *is_posted)
{
    const char *form, *error;
    int status;

    *is_posted = false;
    if (!rcidp_body_is_form(r))
        return OK;
    if ((status = rcidp_body_read(r, BODY_LIMIT, &form, &error)) != OK)
        return status;
    if (error)
        return rcidp_answer_refuse(r, RCIDP_REFUSE_MESSAGE, error);
    /* As browsers write it; whether it is right is seen when it is read. */
    for (const char *at = form; !*is_posted && (at = strstr(at, "SAMLRequest=")); at++)
        *is_posted = at == form || at[-1] == '&';
    return OK;
}

/* The parameters of a message, from a query string or from a form. */
static int read_fields(incoming *in, const char *text)
{
    const struct {
        const char *name, **place;
        bool in_form;
    } fields[] = {
        {"SAMLRequest", &in->message, true},    {"RelayState", &in->asking->relay_state, true},
        {"SigAlg", &in->algorithm, false},      {"Signature", &in->signature, false},
        {"SAMLEncoding", &in->encoding, false},
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const char *error = NULL;

        if (!in->posted || fields[i].in_form)
            error = rcidp_text_parameter(in->r->pool, text, fields[i].name, fields[i].place);
        if (error)
            return refuse(in, RCIDP_REFUSE_PARAMETER, error);
    }
    return OK;
}

static int read_form(incoming *in)
{
    const char *form, *error;
    int status = rcidp_body_read(in->r, BODY_LIMIT, &form, &error);

    if (status != OK)
        return status;
    if (error || has_many_fields(form))
        return refuse(in, RCIDP_REFUSE_MESSAGE, error ? error : "the form has more fields than it may");
    status = read_fields(in, form);
    return status == OK && !in->message ? refuse(in, RCIDP_REFUSE_POST, NULL) : status;
}

static int read_query(incoming *in)
{
    int status = read_fields(in, in->r->args);

    in->kept = status == OK && in->encoding && strcmp(in->encoding, RCIDP_ENCODING_KEPT) == 0;
    if (status == OK && in->encoding && !in->kept && strcmp(in->encoding, ENCODING_DEFLATE) != 0)
        status = refuse(in, RCIDP_REFUSE_MESSAGE, "SAMLEncoding is not DEFLATE");
    return status;
}

/* Would a browser post it as it is? It makes CR LF of a CR or LF alone (HTML, form submission), and has no
 * way to post what is no text. */
static bool can_be_posted(const char *text)
{
    bool pairs = true;

    for (const char *at = text; *at; at++) {
        if (*at == '\n')
            pairs = pairs && at > text && at[-1] == '\r';
        if (*at == '\r')
            pairs = pairs && at[1] == '\n';
    }
    return pairs && rcidp_text_is_xml(text);
}

/* The parts, from the binding that the method tells. */
static int read_parts(incoming *in)
{
    const char *query = NULL, *error;
    int status;

    in->posted = in->r->method_number == M_POST;
    error = rcidp_text_parameter(in->r->pool, in->r->args, "sp", &in->sp);
    if (!error && in->posted)
        error = rcidp_text_parameter(in->r->pool, in->r->args, "SAMLRequest", &query);
    if (error || query)
        return refuse(in, RCIDP_REFUSE_PARAMETER, error ? error : "SAMLRequest in the address of a POST");
    status = in->posted ? read_form(in) : read_query(in);
    if (status == OK && in->asking->relay_state && strlen(in->asking->relay_state) > RCIDP_RELAY_STATE_BACK)
        status = refuse(in, RCIDP_REFUSE_RELAY_STATE, "it is too long to be given back");
    if (status == OK && in->asking->relay_state && !can_be_posted(in->asking->relay_state))
        status =
            refuse(in, RCIDP_REFUSE_RELAY_STATE,
                   "it is not UTF-8 text with ends of lines by CR LF, and no browser would give it back");
    return status;
}

/* Of this path's providers, the first whose entityID the request's Issuer is. */
static int find_provider(incoming *in, const char *issuer)
{
    const apr_array_header_t *names = in->conf->launch->names;

    for (int i = 0; !in->asking->provider && i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        const rcidp_provider *provider = rcidp_provider_find(in->server->providers, name);

        if (strcmp(provider->entity_id, issuer) == 0)
            in->asking->provider = provider;
    }
    /* ?sp= cannot pick another of the same entityID, of which less may be demanded. */
    return in->asking->provider && (!in->sp || !strcmp(in->sp, in->asking->provider->name))
               ? OK
               : refuse(in, RCIDP_REFUSE_ISSUER, issuer);
}

/* The ACS: asked for by URL or by index, but always one of the provider's own (SAML profiles 4.1.4.1). */
static int find_acs(incoming *in)
{
    const rcidp_authn_request *request = &in->asking->request;
    const rcidp_provider *provider = in->asking->provider;
    const rcidp_endpoint *endpoint = NULL;

    in->asking->acs = provider->acs;
    if (!request->acs_url && request->acs_index < 0)
        return OK;
    if (request->acs_index >= 0 && (request->acs_url || request->protocol_binding)) /* core 3.4.1 */
        return refuse(in, RCIDP_REFUSE_ACS,
                      "AssertionConsumerServiceIndex and, besides, AssertionConsumerServiceURL or "
                      "ProtocolBinding");
    if (provider->partner)
        endpoint = rcidp_partner_endpoint(provider->partner, request->acs_url, request->acs_index);
    else if (request->acs_url && strcmp(request->acs_url, provider->acs) == 0)
        return OK;
    if (!endpoint)
        return refuse(in, RCIDP_REFUSE_ACS,
                      request->acs_url ? request->acs_url : "an index that the metadata has not");
    in->asking->acs = endpoint->url;
    return OK;
}

/* The signature in the query string, over the bytes as they came. */
static rcidp_verdict verify_query(const incoming *in, const apr_array_header_t *certificates)
{
    const char *text = rcidp_message_signed_text(in->r->pool, in->r->args);
    const char *signature;
    apr_size_t length = 0;

    if (!in->signature && !in->algorithm)
        return RCIDP_UNSIGNED;
    if (!in->signature || !in->algorithm || !text ||
        rcidp_message_decode(in->r->pool, in->signature, &signature, &length))
        return RCIDP_REFUSED;
    return rcidp_verify_text(text, strlen(text), in->algorithm, (const unsigned char *)signature, length,
                             certificates, in->asking->provider->allow_sha1);
}

static int check_signature(incoming *in, xmlNodePtr root)
{
    const rcidp_partner *partner = in->asking->provider->partner;
    apr_array_header_t *nothing = apr_array_make(in->r->pool, 0, sizeof(const rcidp_certificate *));
    const apr_array_header_t *certificates = partner ? partner->signing : nothing;
    bool demanded = in->conf->authn_requests == RCIDP_AUTHN_REQUESTS_SIGNED ||
                    (partner && partner->authn_requests_signed);
    rcidp_verdict element = rcidp_verify_element(root, certificates, in->asking->provider->allow_sha1);
    bool posted = in->posted || in->kept;
    rcidp_verdict query = posted ? RCIDP_UNSIGNED : verify_query(in, certificates);

    if ((element == RCIDP_REFUSED || query == RCIDP_REFUSED) && !certificates->nelts)
        return refuse(in, RCIDP_REFUSE_NO_CERTIFICATE, in->asking->provider->name);
    if (element == RCIDP_REFUSED || query == RCIDP_REFUSED)
        return refuse(in, RCIDP_REFUSE_SIGNATURE, in->asking->provider->name);
    in->is_signed = (posted ? element : query) == RCIDP_VERIFIED;
    return demanded && !in->is_signed ? refuse(in, RCIDP_REFUSE_UNSIGNED, in->asking->provider->name) : OK;
}

/* The address that the sender meant: ours, and said where it is signed (SAML bindings 3.4.5.2, 3.5.5.2). */
static int check_destination(incoming *in)
{
    const char *destination = in->asking->request.destination;
    const char *here = rcidp_config_url(in->r->pool, in->server, in->conf->launch->path);

    if (destination ? strcmp(destination, here) == 0 : !in->is_signed)
        return OK;
    return refuse(in, RCIDP_REFUSE_DESTINATION,
                  destination ? destination : "signed, but without Destination");
}

/* First who asks, and whether it is signed as it must be; then Lasso reads what is in it. That the Issuer is
 * plain text is seen in the tree, since a comment in it would not be seen by Lasso. */
static int understand(incoming *in, xmlNodePtr root)
{
    const char *issuer =
        rcidp_foreign_text(in->r->pool, rcidp_foreign_child(root, RCIDP_NS_ASSERTION, "Issuer"));
    const char *error;
    int status;

    if (!issuer)
        return refuse(in, RCIDP_REFUSE_MESSAGE, "it has no Issuer that is plain text");
    if ((status = find_provider(in, issuer)) != OK || (status = check_signature(in, root)) != OK)
        return status;
    error = rcidp_lasso_read(in->r->pool, root, &in->asking->request);
    if (!error && strcmp(issuer, in->asking->request.issuer) != 0)
        error = "its Issuer is not one";
    if (error)
        return refuse(in, RCIDP_REFUSE_MESSAGE, error);
    status = check_destination(in);
    return status == OK ? find_acs(in) : status;
}

/* From what came to what is understood. */
static int read_message(incoming *in)
{
    rcidp_asking *asking = in->asking;
    xmlDocPtr doc = NULL;
    const char *error = in->posted
                            ? rcidp_message_decode(in->r->pool, in->message, &asking->xml, &asking->length)
                            : rcidp_message_inflate(in->r->pool, in->message, &asking->xml, &asking->length);
    int status;

    if (!error)
        error = rcidp_message_check(asking->xml, asking->length);
    if (!error)
        error = rcidp_foreign_parse(asking->xml, asking->length, &doc);
    status = error ? refuse(in, RCIDP_REFUSE_MESSAGE, error) : understand(in, xmlDocGetRootElement(doc));
    if (doc)
        xmlFreeDoc(doc);
    return status;
}

int rcidp_asking_read(request_rec *r, const rcidp_dir_conf *conf, const rcidp_server_conf *server,
                      rcidp_asking **asking)
{
    incoming in = {.r = r, .conf = conf, .server = server};
    int status;

    if ((*asking = ap_get_module_config(r->request_config, &rcidp_module)))
        return OK;
    in.asking = *asking = apr_pcalloc(r->pool, sizeof(**asking));
    if ((status = read_parts(&in)) != OK || (status = read_message(&in)) != OK)
        return status;
    (*asking)->sp = in.sp;
    ap_set_module_config(r->request_config, &rcidp_module, *asking);
    rcidp_answer_note(r, "RCIDP_SP", (*asking)->provider->name);
    rcidp_answer_note(r, "RCIDP_IN_RESPONSE_TO", (*asking)->request.id);
    return OK;
}
