/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <ap_expr.h>
#include <ap_listen.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>

#include "lasso.h"
#include "url.h"

APLOG_USE_MODULE(rcidp);

#define CLAIMS "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
#define FORMAT_URI "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
#define FORMAT_BASIC "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"

/* Short attribute names, and what holds where nothing was said. */
static const struct {
    const char *name, *full;
} short_names[] = {
    {"email", CLAIMS "emailaddress"},
    {"givenname", CLAIMS "givenname"},
    {"surname", CLAIMS "surname"},
    {"name", CLAIMS "name"},
    {"upn", CLAIMS "upn"},
    {"groups", "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"},
    {"role", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"},
};

static const rcidp_name_id_setting default_name_id = {RCIDP_NAMEID_EMAIL, NULL};
static const rcidp_context_setting default_context = {NULL, NULL, NULL};
static const rcidp_max_age_setting default_max_age = {0, NULL};
static const rcidp_attribute_setting default_attribute = {CLAIMS "emailaddress", FORMAT_URI, NULL, false};

#define DEFAULT_LIFETIME 300
#define DEFAULT_CLOCK_SKEW 60

#define UNSET_POINTER(type, name) .name = NULL,
#define UNSET_NUMBER(name) .name = RCIDP_UNSET,
#define CREATE_POINTER(type, name) conf->name = NULL;
#define CREATE_NUMBER(name) conf->name = RCIDP_UNSET;
#define MERGE_POINTER(type, name) conf->name = over->name ? over->name : base->name;
#define MERGE_NUMBER(name) conf->name = over->name != RCIDP_UNSET ? over->name : base->name;

void *rcidp_config_create_server(apr_pool_t *pool, server_rec *s)
{
    rcidp_server_conf *conf = apr_pcalloc(pool, sizeof(*conf));

    (void)s;
    RCIDP_SERVER_MEMBERS(CREATE_POINTER)
    conf->providers = apr_array_make(pool, 0, sizeof(const rcidp_provider *));
    conf->attributes = apr_array_make(pool, 0, sizeof(const rcidp_attribute_setting *));
    return conf;
}

void *rcidp_config_merge_server(apr_pool_t *pool, void *base_conf, void *over_conf)
{
    const rcidp_server_conf *base = base_conf, *over = over_conf;
    rcidp_server_conf *conf = apr_pcalloc(pool, sizeof(*conf));

    RCIDP_SERVER_MEMBERS(MERGE_POINTER)
    conf->providers = apr_array_append(pool, base->providers, over->providers);
    conf->attributes = apr_array_append(pool, base->attributes, over->attributes);
    conf->names_requests = base->names_requests || over->names_requests;
    conf->names_limits = base->names_limits || over->names_limits;
    return conf;
}

void *rcidp_config_create_dir(apr_pool_t *pool, char *path)
{
    rcidp_dir_conf *conf = apr_pcalloc(pool, sizeof(*conf));

    (void)path;
    RCIDP_DIR_MEMBERS(CREATE_POINTER, CREATE_NUMBER)
    conf->attributes = apr_array_make(pool, 0, sizeof(const rcidp_attribute_setting *));
    return conf;
}

static bool names(const apr_array_header_t *attributes, const char *name)
{
    for (int i = 0; i < attributes->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(attributes, i, const rcidp_attribute_setting *)->name, name) == 0)
            return true;
    }
    return false;
}

/* The outer section's attributes that the deeper one does not name, then the deeper one's. */
static apr_array_header_t *merge_attributes(apr_pool_t *pool, apr_array_header_t *base,
                                            apr_array_header_t *over)
{
    apr_array_header_t *merged;

    if (!over->nelts)
        return base;
    merged = apr_array_make(pool, base->nelts + over->nelts, sizeof(const rcidp_attribute_setting *));
    for (int i = 0; i < base->nelts; i++) {
        const rcidp_attribute_setting *attribute = APR_ARRAY_IDX(base, i, const rcidp_attribute_setting *);

        if (!names(over, attribute->name))
            APR_ARRAY_PUSH(merged, const rcidp_attribute_setting *) = attribute;
    }
    apr_array_cat(merged, over);
    return merged;
}

static rcidp_dir_conf *merge_dir(apr_pool_t *pool, const rcidp_dir_conf *base, const rcidp_dir_conf *over)
{
    rcidp_dir_conf *conf = apr_palloc(pool, sizeof(*conf));

    RCIDP_DIR_MEMBERS(MERGE_POINTER, MERGE_NUMBER)
    conf->attributes = merge_attributes(pool, base->attributes, over->attributes);
    return conf;
}

void *rcidp_config_merge_dir(apr_pool_t *pool, void *base, void *over)
{
    return merge_dir(pool, base, over);
}

rcidp_server_conf *rcidp_config_server(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &rcidp_module);
}

bool rcidp_config_has_identity(const rcidp_server_conf *server)
{
    return server->entity_id && server->signer.key;
}

const rcidp_dir_conf *rcidp_config_section(const ap_conf_vector_t *vector)
{
    static apr_array_header_t no_attributes;
    static const rcidp_dir_conf nothing_set = {RCIDP_DIR_MEMBERS(UNSET_POINTER, UNSET_NUMBER).attributes =
                                                   &no_attributes};
    const rcidp_dir_conf *conf = ap_get_module_config(vector, &rcidp_module);

    return conf ? conf : &nothing_set;
}

rcidp_dir_conf *rcidp_config_effective(apr_pool_t *pool, const rcidp_dir_conf *set)
{
    rcidp_dir_conf *conf = apr_pmemdup(pool, set, sizeof(*set));

    if (!conf->name_id)
        conf->name_id = &default_name_id;
    if (!conf->authn_context)
        conf->authn_context = &default_context;
    if (!conf->max_age)
        conf->max_age = &default_max_age;
    if (conf->sign == RCIDP_UNSET)
        conf->sign = RCIDP_SIGN_BOTH;
    if (conf->lifetime == RCIDP_UNSET)
        conf->lifetime = DEFAULT_LIFETIME;
    if (conf->clock_skew == RCIDP_UNSET)
        conf->clock_skew = DEFAULT_CLOCK_SKEW;
    if (conf->session_lifetime == RCIDP_UNSET)
        conf->session_lifetime = 0;
    if (conf->launch_limit == RCIDP_UNSET)
        conf->launch_limit = 0;
    if (conf->authn_requests == RCIDP_UNSET)
        conf->authn_requests = rcidp_lasso_is_there() ? RCIDP_AUTHN_REQUESTS_ON : RCIDP_AUTHN_REQUESTS_OFF;
    if (conf->require_tls == RCIDP_UNSET)
        conf->require_tls = 1;
    if (!names(conf->attributes, default_attribute.name)) {
        apr_array_header_t *attributes =
            apr_array_make(pool, conf->attributes->nelts + 1, sizeof(const rcidp_attribute_setting *));

        APR_ARRAY_PUSH(attributes, const rcidp_attribute_setting *) = &default_attribute;
        apr_array_cat(attributes, conf->attributes);
        conf->attributes = attributes;
    }
    return conf;
}

bool rcidp_config_has_handler(const request_rec *r)
{
    const core_dir_config *core = ap_get_core_module_config(r->per_dir_config);

    return core->handler || core->expr_handler;
}

const char *rcidp_config_handler(request_rec *r, const core_dir_config *core)
{
    const char *error = NULL, *handler = core->handler;

    if (core->expr_handler) /* so does httpd store SetHandler, with or without an expression */
        handler = ap_expr_str_exec(r, core->expr_handler, &error);
    return error ? NULL : handler;
}

bool rcidp_config_handles(request_rec *r, const char *wanted)
{
    const char *handler;

    if (!rcidp_config_has_handler(r))
        return false;
    if (!rcidp_config_section(r->per_dir_config)->launch && strcmp(wanted, RCIDP_HANDLER_PORTAL) != 0 &&
        strcmp(wanted, RCIDP_HANDLER_METADATA) != 0)
        return false;
    handler = rcidp_config_handler(r, ap_get_core_module_config(r->per_dir_config));
    return handler && strcasecmp(handler, wanted) == 0;
}

bool rcidp_config_allows(apr_pool_t *pool, const rcidp_dir_conf *conf, const char *url)
{
    const apr_array_header_t *prefixes = conf->relay_state_allow;

    if (strlen(url) > RCIDP_RELAY_STATE_LIMIT)
        return false;
    for (int i = 0; prefixes && i < prefixes->nelts; i++) {
        if (rcidp_url_allows(pool, APR_ARRAY_IDX(prefixes, i, const char *), url))
            return true;
    }
    return false;
}

const char *rcidp_config_default_state(const rcidp_dir_conf *conf, const rcidp_provider *provider)
{
    const char *state = conf->relay_state ? conf->relay_state : provider->relay_state;

    return state && *state ? state : NULL;
}

const char *rcidp_config_url(apr_pool_t *pool, const rcidp_server_conf *conf, const char *path)
{
    return apr_pstrcat(pool, conf->base_url, ap_escape_uri(pool, path), NULL);
}

const apr_array_header_t *rcidp_config_locations(const server_rec *s)
{
    const core_server_config *core = ap_get_core_module_config(s->module_config);

    return core->sec_url;
}

apr_port_t rcidp_config_port(const server_rec *s)
{
    apr_port_t port = 0;

    /* Without ServerName httpd starts with the first address's; ServerName without a port takes that back. */
    if (s->port && !(s->addrs && s->addrs->host_port == s->port))
        return s->port;
    for (const server_addr_rec *address = s->addrs; address; address = address->next) {
        if (!port || address->host_port == DEFAULT_HTTPS_PORT)
            port = address->host_port;
    }
    for (const ap_listen_rec *listener = port ? NULL : ap_listeners; listener; listener = listener->next) {
        if (!port || listener->bind_addr->port == DEFAULT_HTTPS_PORT ||
            (port != DEFAULT_HTTPS_PORT && listener->protocol && strcmp(listener->protocol, "https") == 0))
            port = listener->bind_addr->port;
    }
    return port ? port : DEFAULT_HTTPS_PORT;
}

static bool is_named(const rcidp_launch_setting *launch, const char *name)
{
    for (int i = 0; i < launch->names->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(launch->names, i, const char *), name) == 0)
            return true;
    }
    return false;
}

bool rcidp_config_launches(const server_rec *s, const rcidp_provider *provider)
{
    const apr_array_header_t *locations = rcidp_config_locations(s);
    bool known = false;

    for (int i = 0; i < rcidp_config_server(s)->providers->nelts; i++)
        known =
            known || APR_ARRAY_IDX(rcidp_config_server(s)->providers, i, const rcidp_provider *) == provider;
    for (int i = 0; known && i < locations->nelts; i++) {
        const rcidp_launch_setting *launch =
            rcidp_config_section(APR_ARRAY_IDX(locations, i, const ap_conf_vector_t *))->launch;

        if (launch && is_named(launch, provider->name))
            return true;
    }
    return false;
}

bool rcidp_config_covers(const char *section, const char *path)
{
    apr_size_t length = strlen(section);

    if (strncmp(section, path, length) != 0)
        return false;
    return !path[length] || path[length] == '/' || (length && section[length - 1] == '/');
}

const rcidp_dir_conf *rcidp_config_launch(apr_pool_t *pool, const server_rec *s, const char *path)
{
    const apr_array_header_t *locations = rcidp_config_locations(s);
    const rcidp_dir_conf *conf = rcidp_config_section(s->lookup_defaults);

    for (int i = 0; i < locations->nelts; i++) {
        const ap_conf_vector_t *vector = APR_ARRAY_IDX(locations, i, const ap_conf_vector_t *);
        const core_dir_config *core = ap_get_core_module_config(vector);

        if (!core->r && !core->d_is_fnmatch && rcidp_config_covers(core->d, path))
            conf = merge_dir(pool, conf, rcidp_config_section(vector));
    }
    return rcidp_config_effective(pool, conf);
}

const char *rcidp_config_attribute_name(apr_pool_t *pool, const char *name,
                                        rcidp_attribute_setting *attribute)
{
    attribute->name = name;
    for (size_t i = 0; i < sizeof(short_names) / sizeof(short_names[0]); i++) {
        if (strcmp(short_names[i].name, name) == 0)
            attribute->name = short_names[i].full;
    }
    if (rcidp_url_is_uri(attribute->name))
        attribute->name_format = FORMAT_URI;
    else if (rcidp_text_is_xml(name) && rcidp_text_is_name(name))
        attribute->name_format = FORMAT_BASIC;
    else
        return apr_psprintf(pool, "\"%s\" is neither a short name, nor a URI, nor an XML name", name);
    return NULL;
}

const char *rcidp_config_complain(cmd_parms *cmd, const char *error)
{
    return error ? apr_pstrcat(cmd->pool, cmd->cmd->name, ": ", error, NULL) : NULL;
}

const char *rcidp_config_place(const cmd_parms *cmd)
{
    return apr_psprintf(cmd->pool, "%s:%d", cmd->directive->filename, cmd->directive->line_num);
}

const char *rcidp_config_relay_state(cmd_parms *cmd, const char *url, const char **relay_state)
{
    if (!rcidp_url_is_plain(cmd->temp_pool, url))
        return apr_psprintf(
            cmd->pool, "\"%s\" is not an http or https URL (without user, backslash, dot segments)", url);
    if (strlen(url) > RCIDP_RELAY_STATE_LIMIT)
        /* Not with cmd->server: a virtual host has no LogLevel yet. */
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, NULL,
                     "RCIDP60: %s: the RelayState has %" APR_SIZE_T_FMT
                     " bytes; SAML allows %d, and a service "
                     "provider may refuse more (%s:%d)",
                     cmd->cmd->name, strlen(url), RCIDP_RELAY_STATE_LIMIT, cmd->directive->filename,
                     cmd->directive->line_num);
    *relay_state = url;
    return NULL;
}
