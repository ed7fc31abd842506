/* SPDX-License-Identifier: Apache-2.0 */
#include "launch.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <http_ssl.h>

#include "answer.h"
#include "authn_request.h"
#include "brand.h"
#include "claims.h"
#include "denial.h"
#include "library.h"
#include "page.h"
#include "post.h"
#include "quota.h"
#include "url.h"

APLOG_USE_MODULE(rcidp);

/* What a launch knows, filled in step by step. */
typedef struct launching {
    request_rec *r;
    rcidp_dir_conf *conf; /* effective, and this launch's own */
    const rcidp_server_conf *server;
    const rcidp_provider *provider;
    const char *sp;             /* ?sp= as asked for, NULL if not */
    const char *asked_state;    /* ?RelayState= as asked for, and allowed; NULL if not */
    const char *relay_state;    /* what is sent; NULL for none */
    const rcidp_asking *asking; /* the AuthnRequest, NULL where RingCentral did not ask */
    rcidp_claims claims;
    const char *xml;
} launching;

static const char *header(const request_rec *r, const char *name)
{
    const char *value = apr_table_get(r->headers_in, name);

    return value ? value : "";
}

/* Browsers load ahead of time what was never clicked. */
static bool is_prefetch(const request_rec *r)
{
    const char *purpose = header(r, "Sec-Purpose");

    return ap_strcasestr(purpose, "prefetch") || ap_strcasestr(purpose, "prerender") ||
           !strcasecmp(header(r, "Purpose"), "prefetch");
}

/* A frame, an image, a script: anything but a page of its own, or a fetch() by a script of the same site. */
static bool is_embedded(const request_rec *r)
{
    const char *dest = header(r, "Sec-Fetch-Dest");

    return *dest && strcasecmp(dest, "document") != 0 && strcasecmp(dest, "empty") != 0;
}

/* Is this the document of an error, whatever the error was? */
static bool is_error_document(const request_rec *r)
{
    for (const request_rec *earlier = r->prev; earlier; earlier = earlier->prev) {
        if (earlier->status != HTTP_OK)
            return true;
    }
    return false;
}

static int check_itself(launching *launch)
{
    if (launch->r->main || is_error_document(launch->r))
        return rcidp_answer_refuse(launch->r, RCIDP_REFUSE_NOT_ITSELF, NULL);
    return OK;
}

static int check_transport(launching *launch)
{
    request_rec *r = launch->r;

    if (launch->conf->require_tls && !ap_ssl_conn_is_ssl(r->connection))
        return rcidp_answer_refuse(r, RCIDP_REFUSE_PLAIN_HTTP, NULL);
    if (is_prefetch(r))
        return rcidp_answer_refuse(r, RCIDP_REFUSE_PREFETCH, NULL);
    if (is_embedded(r))
        return rcidp_answer_refuse(r, RCIDP_REFUSE_FRAME, NULL);
    return OK;
}

static int check_user(launching *launch)
{
    if (!launch->conf->launch || !launch->server->signer.key || !launch->server->entity_id)
        return rcidp_answer_refuse(launch->r, RCIDP_REFUSE_NO_IDENTITY, launch->r->server->server_hostname);
    if (!rcidp_claims_is_signed_in(launch->r))
        return rcidp_answer_refuse(launch->r, RCIDP_REFUSE_NOT_PROTECTED,
                                   apr_psprintf(launch->r->pool,
                                                "<Location \"%s\"> lacks a Require that asks for a user",
                                                launch->conf->launch->path));
    return OK;
}

static int check_path(launching *launch)
{
    return strcmp(launch->r->uri, launch->conf->launch->path) == 0
               ? OK
               : rcidp_answer_refuse(launch->r, RCIDP_REFUSE_NOT_FOUND, launch->r->uri);
}

static int check_method(launching *launch)
{
    return launch->r->method_number == M_GET ||
                   launch->r->method_number == M_POST /* HEAD is a GET to httpd */
               ? OK
               : rcidp_answer_refuse(launch->r, RCIDP_REFUSE_METHOD, launch->r->method);
}

/* One parameter of the query string, checked for what holds for all. */
static int read_parameter(launching *launch, const char *name, const char **value)
{
    const char *error = rcidp_text_parameter(launch->r->pool, launch->r->args, name, value);

    return error ? rcidp_answer_refuse(launch->r, RCIDP_REFUSE_PARAMETER, error) : OK;
}

static bool is_allowed(const launching *launch, const char *url)
{
    const apr_array_header_t *prefixes = launch->conf->relay_state_allow;

    if (strlen(url) > RCIDP_RELAY_STATE_LIMIT)
        return false;
    for (int i = 0; prefixes && i < prefixes->nelts; i++) {
        if (rcidp_url_allows(launch->r->pool, APR_ARRAY_IDX(prefixes, i, const char *), url))
            return true;
    }
    return false;
}

/* RingCentral asks: its request says who is meant, where the answer goes, and what comes back with it. */
static int read_request(launching *launch)
{
    rcidp_asking *asking;
    int status;

    if (launch->conf->authn_requests == RCIDP_AUTHN_REQUESTS_OFF)
        return rcidp_answer_refuse(launch->r, RCIDP_REFUSE_AUTHN_REQUEST, NULL);
    if ((status = rcidp_asking_read(launch->r, launch->conf, launch->server, &asking)) != OK)
        return status;
    launch->asking = asking;
    launch->provider = asking->provider;
    launch->relay_state = asking->relay_state;
    return OK;
}

static int read_parameters(launching *launch)
{
    bool asked;
    int status;

    if ((status = rcidp_asking_is_there(launch->r, &asked)) != OK)
        return status;
    if (asked)
        return read_request(launch);
    if (launch->r->method_number == M_POST)
        return rcidp_answer_refuse(launch->r, RCIDP_REFUSE_POST, NULL);
    if ((status = read_parameter(launch, "sp", &launch->sp)) != OK ||
        (status = read_parameter(launch, "RelayState", &launch->asked_state)) != OK)
        return status;
    if (launch->asked_state && !is_allowed(launch, launch->asked_state))
        return rcidp_answer_refuse(launch->r, RCIDP_REFUSE_RELAY_STATE, launch->asked_state);
    return OK;
}

/* Several service providers and none asked for: the user chooses. */
static int ask(launching *launch)
{
    request_rec *r = launch->r;
    const apr_array_header_t *names = launch->conf->launch->names;
    apr_array_header_t *links = apr_array_make(r->pool, names->nelts, sizeof(rcidp_page_link));

    for (int i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        rcidp_page_link *link = apr_array_push(links);

        link->title = rcidp_provider_find(launch->server->providers, name)->title;
        link->href = apr_pstrcat(
            r->pool, "?sp=", name, launch->asked_state ? "&RelayState=" : NULL,
            launch->asked_state ? ap_escape_urlencoded(r->pool, launch->asked_state) : NULL, NULL);
    }
    rcidp_answer_note(r, "RCIDP_RESULT", "choose");
    return rcidp_answer_page(r, rcidp_page_choose(r->pool, rcidp_brand_look(r), links));
}

static int choose_provider(launching *launch)
{
    const apr_array_header_t *names = launch->conf->launch->names;
    const char *chosen = NULL;

    if (launch->provider)
        return OK;

    for (int i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (launch->sp ? !strcmp(launch->sp, name) : names->nelts == 1)
            chosen = name;
    }
    if (launch->sp && !chosen)
        return rcidp_answer_refuse(launch->r, RCIDP_REFUSE_PROVIDER, launch->sp);
    if (!chosen)
        return ask(launch);
    launch->provider = rcidp_provider_find(launch->server->providers, chosen);
    launch->relay_state = launch->asked_state         ? launch->asked_state
                          : launch->conf->relay_state ? launch->conf->relay_state
                                                      : launch->provider->relay_state;
    if (launch->relay_state && !*launch->relay_state)
        launch->relay_state = NULL;
    rcidp_answer_note(launch->r, "RCIDP_SP", chosen);
    return OK;
}

static int answer_no(const launching *launch, const rcidp_no *no)
{
    return rcidp_post_no(launch->r, launch->server, launch->asking, no);
}

static int judge_request(launching *launch)
{
    const rcidp_no *no =
        launch->asking ? rcidp_asking_before(launch->asking, launch->server, launch->conf) : NULL;

    return no ? answer_no(launch, no) : OK;
}

static int gather_claims(launching *launch)
{
    rcidp_gathered gathered = {.refused = false};

    if (!rcidp_claims_gather(launch->r, launch->conf, launch->provider, &launch->claims, &gathered))
        return gathered.again ? rcidp_answer_redirect(launch->r, gathered.again)
                              : rcidp_answer_refuse(launch->r, gathered.refusal, gathered.detail);
    if (launch->asking) {
        launch->claims.acs = launch->asking->acs;
        launch->claims.in_response_to = launch->asking->request.id;
    }
    rcidp_answer_note(launch->r, "RCIDP_NAMEID", launch->claims.name_id);
    rcidp_answer_note(launch->r, "RCIDP_AUTHN_CONTEXT", launch->claims.authn_context);
    return OK;
}

/* What of the request only the claims can tell. */
static int match_request(launching *launch)
{
    const rcidp_no *no =
        launch->asking ? rcidp_asking_after(launch->asking, launch->conf, &launch->claims) : NULL;

    return no ? answer_no(launch, no) : OK;
}

/* HEAD ends here: all has been judged, nothing is issued. */
static int answer_head(launching *launch)
{
    if (!launch->r->header_only)
        return OK;
    rcidp_answer_note(launch->r, "RCIDP_RESULT", "head");
    return rcidp_answer_head(launch->r);
}

/* Only what would be issued counts. */
static int check_limit(launching *launch)
{
    request_rec *r = launch->r;
    int limit = launch->conf->launch_limit;
    unsigned wait = limit ? rcidp_quota_take(r, launch->conf->launch->path, limit) : 0;

    if (!wait)
        return OK;
    apr_table_setn(r->err_headers_out, "Retry-After", apr_psprintf(r->pool, "%u", wait));
    return rcidp_answer_refuse(r, RCIDP_REFUSE_TOO_MANY,
                               apr_psprintf(r->pool, "%s, %d in a minute", r->user, limit));
}

static int make_response(launching *launch)
{
    rcidp_claims *claims = &launch->claims;
    const char *error;

    claims->response_id = rcidp_library_id(launch->r->pool);
    claims->assertion_id = rcidp_library_id(launch->r->pool);
    error = claims->response_id && claims->assertion_id
                ? rcidp_response_make(launch->r->pool, claims, &launch->server->signer, &launch->xml)
                : "no randomness";
    return error ? rcidp_answer_refuse(launch->r, RCIDP_REFUSE_SIGNING, error) : OK;
}

static int post_response(launching *launch)
{
    request_rec *r = launch->r;
    const rcidp_claims *claims = &launch->claims;

    rcidp_answer_note(r, "RCIDP_RESULT", "issued");
    rcidp_answer_note(r, "RCIDP_RESPONSE_ID", claims->response_id);
    rcidp_answer_note(r, "RCIDP_ASSERTION_ID", claims->assertion_id);
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  "RCIDP01: issued to %s: Response %s, assertion %s, name ID %s, AuthnContext %s",
                  launch->provider->name, claims->response_id, claims->assertion_id, claims->name_id,
                  claims->authn_context);
    return rcidp_post_response(r, launch->provider, claims->acs, launch->xml, launch->relay_state);
}

/* The straight line. A step returns OK to go on; DONE, or an HTTP status, ends the launch. */
static int (*const steps[])(launching *) = {
    check_itself,    check_transport, check_user,    check_path,    check_method,
    read_parameters, choose_provider, judge_request, gather_claims, match_request,
    answer_head,     check_limit,     make_response, post_response,
};

int rcidp_launch_handler(request_rec *r)
{
    launching launch = {.r = r};
    int status = OK;

    if (!r->handler || strcmp(r->handler, RCIDP_HANDLER_LAUNCH) != 0)
        return DECLINED;
    launch.conf = rcidp_config_effective(r->pool, rcidp_config_section(r->per_dir_config));
    launch.server = rcidp_config_server(r->server);
    rcidp_denial_forget(r);
    for (size_t i = 0; status == OK && i < sizeof(steps) / sizeof(steps[0]); i++)
        status = steps[i](&launch);
    return status == DONE ? OK : status;
}

int rcidp_launch_before_authentication(request_rec *r)
{
    launching launch = {.r = r};
    int status;

    if (!rcidp_config_handles(r) || r->main)
        return DECLINED;
    launch.conf = rcidp_config_effective(r->pool, rcidp_config_section(r->per_dir_config));
    status = check_itself(&launch);
    return status == OK ? check_transport(&launch) : status;
}

int rcidp_launch_fixup(request_rec *r)
{
    if (!r->handler || strcmp(r->handler, RCIDP_HANDLER_LAUNCH) != 0)
        return DECLINED;
    r->finfo.filetype = APR_NOFILE; /* else mod_dir would redirect to the path with a slash */
    return OK;
}
