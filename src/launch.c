/* SPDX-License-Identifier: Apache-2.0 */
#include "launch.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>

#include "answer.h"
#include "authn_request.h"
#include "brand.h"
#include "claims.h"
#include "denial.h"
#include "page.h"
#include "post.h"
#include "quota.h"
#include "steps.h"

APLOG_USE_MODULE(rcidp);

/* What a launch knows, filled in step by step. */
typedef struct launching {
    request_rec *r;
    rcidp_dir_conf *conf; /* effective, and this launch's own */
    const rcidp_server_conf *server;
    const rcidp_name_id_setting *name_id; /* as configured; that of conf becomes what a request asks for */
    const rcidp_provider *provider;
    const char *sp;             /* ?sp= as asked for, NULL if not */
    const char *asked_state;    /* ?RelayState= as asked for, and allowed; NULL if not */
    const char *relay_state;    /* what is sent; NULL for none */
    const rcidp_asking *asking; /* the AuthnRequest, NULL where RingCentral did not ask */
    rcidp_claims claims;
    const char *xml;
} launching;

static int check_itself(launching *launch)
{
    return rcidp_steps_itself(launch->r);
}

static int check_transport(launching *launch)
{
    return rcidp_steps_transport(launch->r, launch->conf);
}

static int check_user(launching *launch)
{
    return rcidp_steps_user(launch->r, launch->conf, launch->server);
}

static int check_path(launching *launch)
{
    return rcidp_steps_path(launch->r, launch->conf->launch->path);
}

static int check_method(launching *launch)
{
    return launch->r->method_number == M_GET ||
                   launch->r->method_number == M_POST /* HEAD is a GET to httpd */
               ? OK
               : rcidp_answer_refuse(launch->r, RCIDP_REFUSE_METHOD, launch->r->method);
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
    if ((status = rcidp_steps_parameter(launch->r, "sp", &launch->sp)) != OK ||
        (status = rcidp_steps_parameter(launch->r, "RelayState", &launch->asked_state)) != OK)
        return status;
    if (launch->asked_state && !rcidp_config_allows(launch->r->pool, launch->conf, launch->asked_state))
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
    launch->relay_state = launch->asked_state ? launch->asked_state
                                              : rcidp_config_default_state(launch->conf, launch->provider);
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

/* What the name ID is made from, whichever format of it the request wants: a directory may take many
 * spellings of a user's name. */
static const char *whose(const launching *launch)
{
    const rcidp_value *value = launch->name_id->value ? launch->name_id->value : launch->conf->mail;
    apr_array_header_t *values;

    return rcidp_value_get(launch->r, value, &values) == RCIDP_VALUE_SOME
               ? APR_ARRAY_IDX(values, 0, const char *)
               : launch->r->user;
}

/* Only what would be issued counts. */
static int check_limit(launching *launch)
{
    request_rec *r = launch->r;
    int limit = launch->conf->launch_limit;
    unsigned wait = limit ? rcidp_quota_take(r, launch->conf->launch->path, whose(launch), limit) : 0;

    if (!wait)
        return OK;
    apr_table_setn(r->err_headers_out, "Retry-After", apr_psprintf(r->pool, "%u", wait));
    return rcidp_answer_refuse(r, RCIDP_REFUSE_TOO_MANY,
                               apr_psprintf(r->pool, "%s, %d in a minute", r->user, limit));
}

static int make_response(launching *launch)
{
    const char *error =
        rcidp_response_issue(launch->r->pool, &launch->claims, &launch->server->signer, &launch->xml);

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
    launch.name_id = launch.conf->name_id;
    launch.server = rcidp_config_server(r->server);
    rcidp_denial_forget(r);
    for (size_t i = 0; status == OK && i < sizeof(steps) / sizeof(steps[0]); i++)
        status = steps[i](&launch);
    return status == DONE ? OK : status;
}
