/* SPDX-License-Identifier: Apache-2.0 */
#include "audit.h"

#include <apr_optional.h>
#include <apr_strings.h>
#include <http_core.h>
#include <mod_log_config.h>

#include "config.h"
#include "json.h"

/* An object in the making: members of const char *. */
static void add(apr_array_header_t *object, const char *name, const char *value)
{
    APR_ARRAY_PUSH(object, const char *) =
        apr_pstrcat(object->pool, "\"", name, "\":", rcidp_json_string(object->pool, value), NULL);
}

/* RFC 3339, in UTC, with milliseconds. */
static const char *instant(apr_pool_t *pool, apr_time_t time)
{
    const char *seconds = rcidp_text_time(pool, time); /* ends in Z */

    return apr_psprintf(pool, "%.*s.%03dZ", (int)strlen(seconds) - 1, seconds,
                        (int)(apr_time_usec(time) / 1000));
}

static void add_request(apr_array_header_t *object, const request_rec *r)
{
    const request_rec *last = r;
    const char *id = apr_table_get(r->subprocess_env, "UNIQUE_ID");

    while (last->next)
        last = last->next;
    add(object, "time", instant(object->pool, r->request_time));
    add(object, "request_id", id ? id : r->log_id);
    add(object, "client", r->useragent_ip);
    add(object, "host", r->server->server_hostname);
    add(object, "method", r->method);
    add(object, "path", r->uri);
    APR_ARRAY_PUSH(object, const char *) = apr_psprintf(object->pool, "\"status\":%d", last->status);
    add(object, "user", r->user);
    add(object, "auth_type", r->ap_auth_type);
    add(object, "user_agent", apr_table_get(r->headers_in, "User-Agent"));
}

static void add_launch(apr_array_header_t *object, const request_rec *r)
{
    const rcidp_server_conf *conf = rcidp_config_server(r->server);
    const apr_table_t *variables = r->subprocess_env;
    const char *name = apr_table_get(variables, "RCIDP_SP"),
               *response = apr_table_get(variables, "RCIDP_RESPONSE_ID");
    const rcidp_provider *provider = name ? rcidp_provider_find(conf->providers, name) : NULL;

    add(object, "result", apr_table_get(variables, "RCIDP_RESULT"));
    add(object, "error", apr_table_get(variables, "RCIDP_ERROR"));
    add(object, "sp", name);
    add(object, "audience", provider ? provider->entity_id : NULL);
    add(object, "name_id", apr_table_get(variables, "RCIDP_NAMEID"));
    add(object, "authn_context", apr_table_get(variables, "RCIDP_AUTHN_CONTEXT"));
    add(object, "response", response);
    add(object, "assertion", apr_table_get(variables, "RCIDP_ASSERTION_ID"));
    add(object, "in_response_to", apr_table_get(variables, "RCIDP_IN_RESPONSE_TO"));
    add(object, "certificate",
        response && conf->signer.certificate ? conf->signer.certificate->fingerprint : NULL);
}

/* mod_log_config calls this with the original request, as the "<" of a format does. */
static const char *write_entry(request_rec *r, char *unused)
{
    apr_array_header_t *object = apr_array_make(r->pool, 20, sizeof(const char *));

    (void)unused;
    add_request(object, r);
    add_launch(object, r);
    return apr_pstrcat(r->pool, "{", apr_array_pstrcat(r->pool, object, ','), "}", NULL);
}

int rcidp_audit_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    APR_OPTIONAL_FN_TYPE(ap_register_log_handler) *enlist = APR_RETRIEVE_OPTIONAL_FN(ap_register_log_handler);

    (void)plog, (void)ptemp;
    if (enlist)
        enlist(pconf, apr_pstrdup(pconf, "^RJ"), write_entry, 1);
    return OK;
}
