/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <apr_encode.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>

#include "answer.h"
#include "brand.h"
#include "checks.h"
#include "denial.h"
#include "explain.h"
#include "pretty.h"
#include "publish.h"
#include "sections.h"
#include "steps.h"

APLOG_USE_MODULE(rcidp);

/* Whom the document that is shown is for: nobody. The host can never be reached (RFC 6761, 6.4). */
#define NOBODY "urn:rcidp:test:nobody"
#define NOWHERE "https://nobody.invalid/"

/* A test under way. */
typedef struct testing {
    request_rec *r;
    rcidp_dir_conf *conf; /* effective */
    const rcidp_server_conf *server;
    const rcidp_provider *provider;
    const char *download; /* ?download= as asked for, NULL if not */
    rcidp_claims claims;
    rcidp_gathered gathered;
    rcidp_tried tried;
    const char *shown; /* the Response that is of no use, NULL where nothing would be issued */
} testing;

/* The path of the <Location> that this page has; what is below it is none of its own. */
static const char *own_path(const request_rec *r)
{
    const apr_array_header_t *locations = rcidp_config_locations(r->server);
    const char *path = "";

    for (int i = 0; i < locations->nelts; i++) {
        const core_dir_config *core =
            ap_get_core_module_config(APR_ARRAY_IDX(locations, i, const ap_conf_vector_t *));

        if (!core->r && !core->d_is_fnmatch && rcidp_config_covers(core->d, r->uri) &&
            rcidp_sections_sets_handler(r->pool, core->d, RCIDP_HANDLER_TEST))
            path = core->d;
    }
    return path;
}

static int check_request(testing *test)
{
    request_rec *r = test->r;
    int status;

    if ((status = rcidp_steps_itself(r)) != OK || (status = rcidp_steps_transport(r, test->conf)) != OK ||
        (status = rcidp_steps_user(r, test->conf, test->server)) != OK ||
        (status = rcidp_steps_path(r, own_path(r))) != OK)
        return status;
    return r->method_number == M_GET ? OK : rcidp_answer_refuse(r, RCIDP_REFUSE_METHOD, r->method);
}

static bool is_download(const char *name)
{
    return !strcmp(name, "response") || !strcmp(name, "metadata");
}

/* ?sp= names one of the launch path's service providers; without it the first is meant. */
static int read_parameters(testing *test)
{
    const apr_array_header_t *names = test->conf->launch->names;
    const char *sp = NULL, *chosen = NULL;
    int status;

    if ((status = rcidp_steps_parameter(test->r, "sp", &sp)) != OK ||
        (status = rcidp_steps_parameter(test->r, "download", &test->download)) != OK)
        return status;
    if (test->download && !is_download(test->download))
        return rcidp_answer_refuse(test->r, RCIDP_REFUSE_PARAMETER,
                                   "download= is neither response nor metadata");
    for (int i = names->nelts; i-- > 0;) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (!sp || strcmp(sp, name) == 0)
            chosen = name;
    }
    if (!chosen)
        return rcidp_answer_refuse(test->r, RCIDP_REFUSE_PROVIDER, sp);
    test->provider = rcidp_provider_find(test->server->providers, chosen);
    rcidp_answer_note(test->r, "RCIDP_SP", chosen);
    return OK;
}

/* Nothing is signed that nobody will see: an audit of signatures would have no reason for them. */
static bool shows_response(const testing *test)
{
    return !test->r->header_only && !(test->download && strcmp(test->download, "metadata") == 0);
}

/* Make the real Response, for the checks alone. Lasso cannot decrypt, so one that goes out encrypted is made
 * a second time. */
static void try_out(testing *test)
{
    rcidp_tried *tried = &test->tried;
    apr_pool_t *pool = test->r->pool;
    rcidp_claims real;
    const char *xml = NULL;

    tried->r = test->r;
    tried->conf = test->conf;
    tried->server = test->server;
    tried->provider = test->provider;
    tried->relay_state = rcidp_config_default_state(test->conf, test->provider);
    tried->claims = &test->claims;
    tried->gathered = &test->gathered;
    if (!rcidp_claims_gather(test->r, test->conf, test->provider, &test->claims, &test->gathered) ||
        !shows_response(test))
        return;
    real = test->claims;
    tried->error = rcidp_response_issue(pool, &real, &test->server->signer, &xml);
    if (!tried->error && real.encrypt_to) {
        real.encrypt_to = NULL;
        tried->error = rcidp_response_issue(pool, &real, &test->server->signer, &xml);
    }
    if (!tried->error)
        tried->response = apr_pencode_base64(pool, xml, APR_ENCODE_STRING, APR_ENCODE_NONE, NULL);
}

/* The document for other eyes: of the same form, with IDs of its own, for nobody at no place, and with no
 * signature. Whoever gets hold of it cannot use it, nor put a part of it into a document of his own. */
static void make_shown(testing *test)
{
    rcidp_claims shown = test->claims;
    const char *xml = NULL;

    if (!test->tried.response)
        return;
    shown.audience = NOBODY;
    shown.acs = NOWHERE;
    shown.encrypt_to = NULL;
    test->tried.error = rcidp_response_issue(test->r->pool, &shown, &test->server->signer, &xml);
    test->shown = xml ? rcidp_pretty_void(test->r->pool, xml) : NULL;
}

static int gather(testing *test)
{
    test->gathered.explain = true;
    try_out(test);
    make_shown(test);
    if (!test->gathered.refused) {
        rcidp_answer_note(test->r, "RCIDP_NAMEID", test->claims.name_id);
        rcidp_answer_note(test->r, "RCIDP_AUTHN_CONTEXT", test->claims.authn_context);
    }
    return OK;
}

static const char *query(testing *test)
{
    return apr_pstrcat(test->r->pool, "?sp=", test->provider->name, NULL);
}

/* The other service providers of the launch path. */
static const apr_array_header_t *others(testing *test)
{
    const apr_array_header_t *names = test->conf->launch->names;
    apr_array_header_t *all = apr_array_make(test->r->pool, names->nelts, sizeof(rcidp_report_other));

    for (int i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        rcidp_report_other *other;

        if (strcmp(name, test->provider->name) == 0)
            continue;
        other = apr_array_push(all);
        other->title = rcidp_provider_find(test->server->providers, name)->title;
        other->href = apr_pstrcat(test->r->pool, "?sp=", name, NULL);
    }
    return all;
}

static void note_tested(testing *test, const char *what)
{
    rcidp_answer_note(test->r, "RCIDP_RESULT", "tested");
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, test->r, "RCIDP05: %s of a test of %s was given to %s", what,
                  test->provider->name, test->r->user);
}

static int send_page(testing *test)
{
    request_rec *r = test->r;
    const rcidp_look *look = rcidp_brand_look(r);
    rcidp_report report = {
        .provider = test->provider->title,
        .launch = apr_pstrcat(r->pool, ap_escape_uri(r->pool, test->conf->launch->path), query(test), NULL),
        .others = others(test),
        .checks = rcidp_checks_run(&test->tried, look->language),
        .sections = rcidp_explain(&test->tried, look->language),
        .xml = test->shown ? rcidp_pretty(r->pool, test->shown) : NULL,
        .query = query(test),
        .encrypted = test->claims.encrypt_to != NULL,
        .now = test->claims.now,
    };

    note_tested(test, "the page");
    return rcidp_answer_page(r, rcidp_report_page(r->pool, look, &report));
}

/* A HEAD has no content. */
static int send_file(testing *test, const char *type, const char *name, const char *content)
{
    request_rec *r = test->r;

    rcidp_answer_headers(r);
    apr_table_unset(r->headers_out, "Content-Language");
    apr_table_setn(r->headers_out, "Content-Disposition",
                   apr_pstrcat(r->pool, "attachment; filename=\"", name, "\"", NULL));
    ap_set_content_type(r, type);
    if (r->header_only || !content)
        return DONE;
    note_tested(test, name);
    ap_set_content_length(r, (apr_off_t)strlen(content));
    ap_rputs(content, r);
    return DONE;
}

static int send_metadata(testing *test)
{
    const char *xml = NULL, *error = rcidp_publish_make(test->r, &xml);

    return error ? rcidp_answer_refuse(test->r, RCIDP_REFUSE_SIGNING, error)
                 : send_file(test, RCIDP_METADATA_TYPE, "idp-metadata.xml", xml);
}

static int send_response(testing *test)
{
    if (test->gathered.refused)
        return rcidp_answer_refuse(test->r, test->gathered.refusal, test->gathered.detail);
    if (!test->shown && !test->r->header_only)
        return rcidp_answer_refuse(test->r, RCIDP_REFUSE_SIGNING, test->tried.error);
    return send_file(test, "application/xml", "test-response.xml", test->shown);
}

static int answer(testing *test)
{
    if (test->r->header_only)
        rcidp_answer_note(test->r, "RCIDP_RESULT", "head");
    if (test->download)
        return strcmp(test->download, "metadata") == 0 ? send_metadata(test) : send_response(test);
    return test->r->header_only ? rcidp_answer_head(test->r) : send_page(test);
}

/* A straight line, as the launch. */
static int (*const steps[])(testing *) = {check_request, read_parameters, gather, answer};

int rcidp_test_handler(request_rec *r)
{
    testing test = {.r = r};
    int status = OK;

    if (!r->handler || strcmp(r->handler, RCIDP_HANDLER_TEST) != 0)
        return DECLINED;
    test.conf = rcidp_config_effective(r->pool, rcidp_config_section(r->per_dir_config));
    test.server = rcidp_config_server(r->server);
    rcidp_denial_forget(r);
    for (size_t i = 0; status == OK && i < sizeof(steps) / sizeof(steps[0]); i++)
        status = steps[i](&test);
    return status == DONE ? OK : status;
}
