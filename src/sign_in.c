/* SPDX-License-Identifier: Apache-2.0 */
#include "sign_in.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_core.h>

#include "answer.h"
#include "authn_request.h"
#include "message.h"
#include "post.h"
#include "verify.h"

/* Of a request line: method, protocol, and what a module adds to the address when it leads back. */
#define ROOM 256

/* What the browser asks for by itself, after which it repeats the form. */
static bool asks_browser(const char *type)
{
    static const char *const types[] = {"Basic", "Digest", "Negotiate", "GSSAPI", "ClientCert"};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcasecmp(types[i], type) == 0)
            return true;
    }
    return false;
}

/* Might a sign-in page come in between? Cookies that would prevent it do not come with a form of another
 * site. */
static bool meets_page(request_rec *r)
{
    return !asks_browser(ap_auth_type(r)) ||
           (!apr_table_get(r->headers_in, "Authorization") &&
            ap_response_code_string(r, ap_index_of_response(HTTP_UNAUTHORIZED)));
}

static const char *pair(apr_pool_t *pool, const char *name, const char *value)
{
    return value ? apr_pstrcat(pool, "&", name, "=", ap_escape_urlencoded(pool, value), NULL) : "";
}

/* The form again, as an address, which survives wherever the user is led. */
static int keep(request_rec *r, const rcidp_asking *asking)
{
    apr_pool_t *pool = r->pool;
    apr_size_t length = asking->length;
    const char *xml = rcidp_verify_trim(pool, asking->xml, &length), *message, *url;
    const char *error = xml ? rcidp_message_deflate(pool, xml, length, &message) : "there is no memory";

    if (error)
        return rcidp_answer_refuse(r, RCIDP_REFUSE_MESSAGE, error);
    url = apr_pstrcat(pool, ap_escape_uri(pool, r->uri), "?SAMLEncoding=" RCIDP_ENCODING_KEPT,
                      pair(pool, "SAMLRequest", message), pair(pool, "RelayState", asking->relay_state),
                      pair(pool, "sp", asking->sp), NULL);
    if (strlen(url) + ROOM > (apr_size_t)r->server->limit_req_line)
        return rcidp_answer_refuse(
            r, RCIDP_REFUSE_TOO_LONG,
            apr_psprintf(pool, "%" APR_SIZE_T_FMT " bytes in the address", strlen(url)));
    rcidp_answer_note(r, "RCIDP_RESULT", "kept");
    apr_table_setn(r->headers_out, "Location", url);
    apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
    return HTTP_SEE_OTHER;
}

/* The request, if there is one for a launch that takes it; else *asking is NULL. */
static int find(request_rec *r, const rcidp_server_conf *server, rcidp_asking **asking)
{
    const rcidp_dir_conf *conf;
    bool asked = false;
    int status;

    *asking = NULL;
    if (r->main || (r->method_number != M_GET && r->method_number != M_POST) ||
        !rcidp_config_handles(r, RCIDP_HANDLER_LAUNCH) || !ap_auth_type(r))
        return OK;
    conf = rcidp_config_effective(r->pool, rcidp_config_section(r->per_dir_config));
    if (conf->authn_requests == RCIDP_AUTHN_REQUESTS_OFF || !rcidp_config_has_identity(server) ||
        strcmp(r->uri, conf->launch->path) != 0)
        return OK;
    status =
        r->method_number == M_POST ? rcidp_asking_is_posted(r, &asked) : rcidp_asking_is_there(r, &asked);
    return status == OK && asked ? rcidp_asking_read(r, conf, server, asking) : status;
}

static bool is_question(int status)
{
    return ap_is_HTTP_REDIRECT(status) || status == HTTP_UNAUTHORIZED ||
           status == HTTP_PROXY_AUTHENTICATION_REQUIRED;
}

/* Let the other modules do what they do at this point; a question of theirs does not leave the house. */
static int run_passively(request_rec *r, const rcidp_server_conf *server, rcidp_asking *asking,
                         int (*run)(request_rec *))
{
    apr_table_t *headers = apr_table_copy(r->pool, r->headers_out),
                *error_headers = apr_table_copy(r->pool, r->err_headers_out);
    const rcidp_no *no = rcidp_asking_passive(asking);
    int status;

    asking->request.is_passive = false; /* in there, this hook has nothing to do */
    status = run(r);
    asking->request.is_passive = true;
    if (!is_question(status))
        return status;
    r->headers_out = headers;
    r->err_headers_out = error_headers;
    return rcidp_post_no(r, server, asking, no);
}

static int look(request_rec *r, int (*run)(request_rec *))
{
    const rcidp_server_conf *server = rcidp_config_server(r->server);
    rcidp_asking *asking;
    int status = find(r, server, &asking);

    if (status != OK || !asking)
        return status == OK ? DECLINED : status;
    if (r->method_number == M_POST && meets_page(r))
        return keep(r, asking);
    return asking->request.is_passive ? run_passively(r, server, asking, run) : DECLINED;
}

int rcidp_sign_in_access(request_rec *r)
{
    /* Where either check is enough, what this one says would not be the end: the next would answer again. */
    return ap_satisfies(r) == SATISFY_ANY ? DECLINED : look(r, ap_run_access_checker);
}

int rcidp_sign_in_user(request_rec *r)
{
    return look(r, ap_run_check_user_id);
}
