/* SPDX-License-Identifier: Apache-2.0 */
#include "directives.h"

#include <apr_fnmatch.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>

#include "brand.h"
#include "config.h"
#include "expiry.h"
#include "identity.h"
#include "lasso.h"
#include "link.h"
#include "signing_process.h"
#include "text.h"
#include "url.h"

APLOG_USE_MODULE(rcidp);

#define AC_CLASSES "urn:oasis:names:tc:SAML:2.0:ac:classes:"

/* A name of the configuration and what it stands for. */
typedef struct name_uri {
    const char *name, *uri;
} name_uri;

static const name_uri name_id_formats[] = {
    {"email", RCIDP_NAMEID_EMAIL},
    {"unspecified", RCIDP_NAMEID_UNSPECIFIED},
    {"persistent", RCIDP_NAMEID_PERSISTENT},
    {"transient", RCIDP_NAMEID_TRANSIENT},
    {NULL, NULL},
};

static const name_uri authn_contexts[] = {
    {"password", AC_CLASSES "Password"},
    {"password-protected", AC_CLASSES "PasswordProtectedTransport"},
    {"kerberos", AC_CLASSES "Kerberos"},
    {"tls-client", AC_CLASSES "TLSClient"},
    {"x509", AC_CLASSES "X509"},
    {"smartcard", AC_CLASSES "Smartcard"},
    {"mfa", "https://refeds.org/profile/mfa"},
    {"unspecified", AC_CLASSES "unspecified"},
    {NULL, NULL},
};

/* The URI of a short name, or the text itself if it is a URI, or NULL. */
static const char *as_uri(const name_uri *table, const char *text)
{
    for (; table->name; table++) {
        if (strcmp(table->name, text) == 0)
            return table->uri;
    }
    return rcidp_url_is_uri(text) ? text : NULL;
}

/* The one <Location> around the directive, if its path is plain: cmd->path alone does not tell. */
static bool in_plain_location(cmd_parms *cmd)
{
    const ap_directive_t *section = cmd->directive->parent;

    return section && strcasecmp(section->directive, "<Location") == 0 && cmd->path && cmd->path[0] == '/' &&
           section->args[0] != '~' && !apr_fnmatch_test(cmd->path);
}

/* Does httpd leave the path of a request as it stands here? */
static bool can_be_asked_for(apr_pool_t *pool, const char *path)
{
    char *seen = apr_pstrdup(pool, path);

    ap_no2slash(seen);
    ap_getparents(seen);
    return strcmp(seen, path) == 0 && !strchr(path, '%');
}

static const char *set_launch(cmd_parms *cmd, void *dir, const char *args)
{
    rcidp_dir_conf *conf = dir;
    rcidp_launch_setting *setting = apr_pcalloc(cmd->pool, sizeof(*setting));
    apr_array_header_t *names = apr_array_make(cmd->pool, 2, sizeof(const char *));
    const char *name;

    if (!in_plain_location(cmd))
        return rcidp_config_complain(
            cmd, "belongs right into a <Location> with a plain path (no pattern, no <If>)");
    if (!can_be_asked_for(cmd->temp_pool, cmd->path))
        return rcidp_config_complain(
            cmd, apr_pstrcat(cmd->pool, "no request comes to ", cmd->path,
                             ": httpd compares paths decoded, without // and dot segments", NULL));
    if (conf->launch)
        return rcidp_config_complain(cmd,
                                     "stands twice in this section; name all service providers on one line");
    while (*(name = ap_getword_conf(cmd->pool, &args))) {
        for (int i = 0; i < names->nelts; i++) {
            if (strcmp(APR_ARRAY_IDX(names, i, const char *), name) == 0)
                return rcidp_config_complain(cmd, apr_psprintf(cmd->pool, "\"%s\" stands twice", name));
        }
        APR_ARRAY_PUSH(names, const char *) = name;
    }
    if (!names->nelts)
        return rcidp_config_complain(cmd, "needs the name of a service provider");
    setting->path = cmd->path;
    setting->names = names;
    setting->at = cmd->directive;
    conf->launch = setting;
    return NULL;
}

/* What names a user, and is the same for all, is mostly a variable without %{}, or what a test has left. */
static void warn_of_constant(cmd_parms *cmd, const char *text)
{
    const ap_directive_t *section = cmd->directive->parent;
    bool is_chosen = section && (!strncasecmp(section->directive, "<If", 3) ||
                                 !strncasecmp(section->directive, "<Else", 5));

    if (!strstr(text, "%{") && !is_chosen)
        /* Not with cmd->server: a virtual host has no LogLevel yet. */
        ap_log_error(
            APLOG_MARK, APLOG_WARNING, 0, NULL,
            "RCIDP86: %s: %s is the same for every user; write %s where the user's name belongs, or an "
            "<If> around it if it is meant so (%s:%d)",
            cmd->cmd->name, text, "%{REMOTE_USER}", cmd->directive->filename, cmd->directive->line_num);
}

static const char *set_mail(cmd_parms *cmd, void *dir, const char *args)
{
    warn_of_constant(cmd, args);
    return rcidp_config_complain(cmd, rcidp_value_parse(cmd, &args, &((rcidp_dir_conf *)dir)->mail));
}

/* Does it stand where only a request tells whether it holds: in a section but a plain <Location>? */
static bool waits_for_request(cmd_parms *cmd)
{
    const ap_directive_t *section = cmd->directive->parent;

    return section && strcasecmp(section->directive, "<VirtualHost") != 0 && !in_plain_location(cmd);
}

static const char *set_name_id(cmd_parms *cmd, void *dir, const char *args)
{
    rcidp_name_id_setting *setting = apr_pcalloc(cmd->pool, sizeof(*setting));
    const char *format = rcidp_value_word(cmd->pool, &args);

    setting->format = as_uri(name_id_formats, format);
    if (!setting->format)
        return rcidp_config_complain(
            cmd,
            apr_psprintf(cmd->pool, "\"%s\" is none of email, unspecified, persistent, transient, nor a URI",
                         format));
    if (*args && strcmp(setting->format, RCIDP_NAMEID_TRANSIENT) == 0)
        return rcidp_config_complain(cmd, "a transient name ID is random and takes no expression");
    ((rcidp_dir_conf *)dir)->name_id = setting;
    if (strcmp(setting->format, RCIDP_NAMEID_PERSISTENT) == 0 && waits_for_request(cmd))
        rcidp_config_server(cmd->server)->persistent = cmd->directive;
    if (!*args)
        return NULL;
    warn_of_constant(cmd, args);
    return rcidp_config_complain(cmd, rcidp_value_parse(cmd, &args, &setting->value));
}

/* Behind the last setting of the same name, else at the end. */
static void insert_attribute(apr_array_header_t *attributes, const rcidp_attribute_setting *setting)
{
    int last = attributes->nelts, place;
    const rcidp_attribute_setting **all;

    APR_ARRAY_PUSH(attributes, const rcidp_attribute_setting *) = setting;
    all = (const rcidp_attribute_setting **)attributes->elts;
    for (place = last; place > 0 && strcmp(all[place - 1]->name, setting->name) != 0;)
        place--;
    if (place > 0) {
        memmove(all + place + 1, all + place, (size_t)(last - place) * sizeof(*all));
        all[place] = setting;
    }
}

static const char *add_attribute(cmd_parms *cmd, void *dir, const char *args)
{
    rcidp_attribute_setting *setting = apr_pcalloc(cmd->pool, sizeof(*setting));
    const char *name = rcidp_value_word(cmd->pool, &args);
    const char *error = rcidp_config_attribute_name(cmd->pool, name, setting);

    if (error)
        return rcidp_config_complain(cmd, error);
    if (strcasecmp(args, "none") == 0)
        setting->none = true;
    else if (!strncasecmp(args, "none", 4) && apr_isspace(args[4]))
        return rcidp_config_complain(cmd,
                                     "none stands alone; where it is a text, write it in quotation marks");
    else if ((error = rcidp_value_parse(cmd, &args, &setting->value)))
        return rcidp_config_complain(cmd, error);
    insert_attribute(((rcidp_dir_conf *)dir)->attributes, setting);
    APR_ARRAY_PUSH(rcidp_config_server(cmd->server)->attributes, const rcidp_attribute_setting *) = setting;
    return NULL;
}

static const char *set_authn_context(cmd_parms *cmd, void *dir, const char *args)
{
    rcidp_context_setting *setting = apr_pcalloc(cmd->pool, sizeof(*setting));
    const char *rest = args, *text = rcidp_value_word(cmd->pool, &rest), *error = NULL;

    if (strstr(text, "%{"))
        error = rcidp_value_parse(cmd, &args, &setting->value);
    else if (!*text || *rest)
        error = "takes one argument, or an expression with %{...} and transformations";
    else if (strcmp(text, "auto") != 0 && !(setting->uri = as_uri(authn_contexts, text)))
        error =
            apr_psprintf(cmd->pool,
                         "\"%s\" is none of auto, password, password-protected, kerberos, tls-client, x509, "
                         "smartcard, mfa, unspecified, nor a URI, nor an expression with %%{...}",
                         text);
    setting->place = rcidp_config_place(cmd);
    ((rcidp_dir_conf *)dir)->authn_context = setting;
    return rcidp_config_complain(cmd, error);
}

static const char *set_authn_instant(cmd_parms *cmd, void *dir, const char *args)
{
    rcidp_dir_conf *conf = dir;
    const char *error = rcidp_value_parse(cmd, &args, &conf->authn_instant);
    const char *text = error ? NULL : rcidp_value_constant(conf->authn_instant);
    apr_time_t instant;

    if (text && !rcidp_text_instant(text, &instant))
        error = apr_psprintf(cmd->pool, "\"%s\" is no time", text);
    return rcidp_config_complain(cmd, error);
}

static const char *set_relay_state(cmd_parms *cmd, void *dir, const char *url)
{
    rcidp_dir_conf *conf = dir;

    if (strcasecmp(url, "none") == 0) {
        conf->relay_state = "";
        return NULL;
    }
    return rcidp_config_complain(cmd, rcidp_config_relay_state(cmd, url, &conf->relay_state));
}

static const char *add_relay_state_allow(cmd_parms *cmd, void *dir, const char *prefix)
{
    rcidp_dir_conf *conf = dir;
    apr_array_header_t *all;

    if (!rcidp_url_is_plain(cmd->temp_pool, prefix) || strpbrk(prefix, "?#"))
        return rcidp_config_complain(
            cmd,
            apr_psprintf(cmd->pool,
                         "\"%s\" is not an http or https URL prefix (scheme, host, path; no query)", prefix));
    all = conf->relay_state_allow ? apr_array_copy(cmd->pool, conf->relay_state_allow)
                                  : apr_array_make(cmd->pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(all, const char *) = prefix;
    conf->relay_state_allow = all;
    return NULL;
}

static const char *set_sign(cmd_parms *cmd, void *dir, const char *what)
{
    int sign = !strcmp(what, "both")        ? RCIDP_SIGN_BOTH
               : !strcmp(what, "response")  ? RCIDP_SIGN_RESPONSE
               : !strcmp(what, "assertion") ? RCIDP_SIGN_ASSERTION
                                            : 0;

    if (!sign)
        return rcidp_config_complain(
            cmd, apr_psprintf(cmd->pool, "\"%s\" is none of both, response, assertion", what));
    ((rcidp_dir_conf *)dir)->sign = sign;
    return NULL;
}

static const char *set_authn_requests(cmd_parms *cmd, void *dir, const char *what)
{
    int mode = !strcasecmp(what, "on")       ? RCIDP_AUTHN_REQUESTS_ON
               : !strcasecmp(what, "signed") ? RCIDP_AUTHN_REQUESTS_SIGNED
               : !strcasecmp(what, "off")    ? RCIDP_AUTHN_REQUESTS_OFF
                                             : RCIDP_UNSET;

    if (mode == RCIDP_UNSET)
        return rcidp_config_complain(cmd, apr_psprintf(cmd->pool, "\"%s\" is none of on, signed, off", what));
    if (mode != RCIDP_AUTHN_REQUESTS_OFF && !rcidp_lasso_is_there())
        return rcidp_config_complain(cmd, RCIDP_NO_LASSO ", which reads AuthnRequests; only off is possible");
    ((rcidp_dir_conf *)dir)->authn_requests = mode;
    if (mode != RCIDP_AUTHN_REQUESTS_OFF)
        rcidp_config_server(cmd->server)->names_requests = true;
    return NULL;
}

/* A whole number of seconds within bounds. */
static const char *set_seconds(cmd_parms *cmd, const char *text, int least, int most, int *seconds)
{
    char *end;
    apr_int64_t value = apr_strtoi64(text, &end, 10);

    if (!apr_isdigit(*text) || *end || value < least || value > most)
        return rcidp_config_complain(
            cmd,
            apr_psprintf(cmd->pool, "\"%s\" is not a number of seconds from %d to %d", text, least, most));
    *seconds = (int)value;
    return NULL;
}

static const char *set_lifetime(cmd_parms *cmd, void *dir, const char *text)
{
    return set_seconds(cmd, text, 30, 3600, &((rcidp_dir_conf *)dir)->lifetime);
}

static const char *set_clock_skew(cmd_parms *cmd, void *dir, const char *text)
{
    return set_seconds(cmd, text, 0, 600, &((rcidp_dir_conf *)dir)->clock_skew);
}

static const char *set_session_lifetime(cmd_parms *cmd, void *dir, const char *text)
{
    if (strcasecmp(text, "none") == 0) {
        ((rcidp_dir_conf *)dir)->session_lifetime = 0;
        return NULL;
    }
    return set_seconds(cmd, text, 1, 366 * 24 * 3600, &((rcidp_dir_conf *)dir)->session_lifetime);
}

static const char *set_max_age(cmd_parms *cmd, void *dir, const char *args)
{
    rcidp_max_age_setting *setting = apr_pcalloc(cmd->pool, sizeof(*setting));
    const char *seconds = ap_getword_conf(cmd->pool, &args), *error = NULL, *url;

    if (strcasecmp(seconds, "none") != 0)
        error = set_seconds(cmd, seconds, 1, 366 * 24 * 3600, &setting->seconds);
    ((rcidp_dir_conf *)dir)->max_age = setting;
    if (error || !*args)
        return error;
    error = rcidp_value_parse(cmd, &args, &setting->again);
    url = error ? NULL : rcidp_value_constant(setting->again);
    if (url && !rcidp_url_is_target(cmd->pool, url))
        error = apr_psprintf(cmd->pool, "\"%s\" is neither a path nor an https URL", url);
    return rcidp_config_complain(cmd, error);
}

static const char *set_require_tls(cmd_parms *cmd, void *dir, const char *what)
{
    bool on = strcasecmp(what, "on") == 0;

    if (!on && strcasecmp(what, "off") != 0)
        return rcidp_config_complain(cmd, apr_psprintf(cmd->pool, "\"%s\" is none of on, off", what));
    ((rcidp_dir_conf *)dir)->require_tls = on;
    return NULL;
}

/* What stands in cmd->info. */
typedef struct setter {
    const char *(*set)(cmd_parms *cmd, void *dir, const char *text);
} setter;

/* Neither of the two below is an override class, but AllowOverrideList lets anything into .htaccess. What is
 * set there would hold for nobody knows whom, and live as long as a request. */
static const char *set(cmd_parms *cmd, void *dir, const char *text)
{
    if (ap_check_cmd_context(cmd, NOT_IN_HTACCESS))
        return rcidp_config_complain(cmd, "is not allowed in .htaccess, whatever AllowOverrideList says");
    if (ap_check_cmd_context(cmd, NOT_IN_LIMIT))
        return rcidp_config_complain(cmd,
                                     "holds for all methods; write it outside <Limit> and <LimitExcept>");
    return ((const setter *)cmd->info)->set(cmd, dir, text);
}

#define SERVER RSRC_CONF
#define GLOBAL RSRC_CONF /* of the main server alone, as the function sees to */
#define SECTION ACCESS_CONF
#define DIRECTORY (RSRC_CONF | ACCESS_CONF)

const command_rec rcidp_directives[] = {
    AP_INIT_TAKE1("RcIdpEntityID", rcidp_identity_set_entity_id, NULL, SERVER,
                  "our entityID: an absolute URI"),
    AP_INIT_TAKE1("RcIdpSigningCertificateFile", rcidp_identity_set_certificate, NULL, SERVER,
                  "PEM file with our certificate"),
    AP_INIT_TAKE1("RcIdpSigningKeyFile", rcidp_identity_set_key, NULL, SERVER,
                  "PEM file with the certificate's private key"),
    AP_INIT_RAW_ARGS("RcIdpSigningProcess", rcidp_process_set, NULL, GLOBAL,
                     "on or off, user=NAME, rate=N: keys in a process of their own"),
    AP_INIT_TAKE1("RcIdpPublishCertificateFile", rcidp_identity_add_published, NULL, SERVER,
                  "PEM file with a further certificate for the metadata"),
    AP_INIT_TAKE1("RcIdpBaseURL", rcidp_identity_set_base_url, NULL, SERVER,
                  "https URL under which browsers reach this host"),
    AP_INIT_RAW_ARGS("RcIdpServiceProvider", rcidp_identity_add_provider, NULL, SERVER,
                     "NAME entityid=URI acs=URL ..."),
    AP_INIT_TAKE1("RcIdpSignatureAlgorithm", rcidp_identity_set_algorithm, NULL, SERVER,
                  "auto, rsa-sha256, ecdsa-sha256, ..."),
    AP_INIT_TAKE1("RcIdpPersistentIDSecretFile", rcidp_identity_set_secret, NULL, SERVER,
                  "file of at least 32 random bytes, for persistent name IDs"),
    AP_INIT_TAKE1("RcIdpContact", rcidp_identity_set_contact, NULL, SERVER,
                  "e-mail address of the technical contact"),
    AP_INIT_TAKE1("RcIdpPageTitle", rcidp_brand_set_title, NULL, SERVER,
                  "the name of your organisation, on each page"),
    AP_INIT_TAKE1("RcIdpPageLogo", rcidp_brand_set_logo, NULL, SERVER, "file with a picture, on each page"),
    AP_INIT_TAKE1("RcIdpPageColor", rcidp_brand_set_color, NULL, SERVER, "the accent of each page: #RRGGBB"),
    AP_INIT_TAKE1("RcIdpPageStylesheet", rcidp_brand_set_stylesheet, NULL, SERVER,
                  "file with CSS, after ours on each page"),
    AP_INIT_TAKE1("RcIdpPageLanguage", rcidp_brand_set_language, NULL, SERVER, "auto, en, de, fr, es or ja"),
    AP_INIT_TAKE_ARGV("RcIdpExpiryCommand", rcidp_expiry_set_command, NULL, SERVER,
                      "program to run when something expires, and its arguments; or none"),
    AP_INIT_TAKE_ARGV("RcIdpExpiryNotice", rcidp_expiry_set_notice, NULL, SERVER,
                      "days before the end, the most first; or none"),
    AP_INIT_RAW_ARGS("RcIdpLaunch", set, &(setter){set_launch}, SECTION,
                     "the service providers that this path launches"),
    AP_INIT_RAW_ARGS("RcIdpMail", set, &(setter){set_mail}, DIRECTORY,
                     "EXPR [TRANSFORM ...]: the user's e-mail address"),
    AP_INIT_RAW_ARGS("RcIdpNameID", set, &(setter){set_name_id}, DIRECTORY, "FORMAT [EXPR [TRANSFORM ...]]"),
    AP_INIT_RAW_ARGS("RcIdpAttribute", set, &(setter){add_attribute}, DIRECTORY,
                     "NAME EXPR [TRANSFORM ...], or NAME none"),
    AP_INIT_RAW_ARGS("RcIdpAuthnContext", set, &(setter){set_authn_context}, DIRECTORY,
                     "auto, a short name, a URI, or EXPR [TRANSFORM ...]: how the user signed in"),
    AP_INIT_RAW_ARGS("RcIdpAuthnInstant", set, &(setter){set_authn_instant}, DIRECTORY,
                     "EXPR [TRANSFORM ...]: when the user signed in"),
    AP_INIT_RAW_ARGS("RcIdpAuthnMaxAge", set, &(setter){set_max_age}, DIRECTORY,
                     "seconds, or none; then EXPR: the URL where to sign in again"),
    AP_INIT_TAKE1("RcIdpRelayState", set, &(setter){set_relay_state}, DIRECTORY, "URL, or none"),
    AP_INIT_ITERATE("RcIdpRelayStateAllow", set, &(setter){add_relay_state_allow}, DIRECTORY,
                    "URL prefixes that ?RelayState= may ask for"),
    AP_INIT_RAW_ARGS("RcIdpPortalLink", set, &(setter){rcidp_link_add}, SECTION,
                     "TITLE PATH [sp=NAME] relaystate=URL [icon=FILE]: a tile that leads to a page"),
    AP_INIT_TAKE1("RcIdpSign", set, &(setter){set_sign}, DIRECTORY, "both, response or assertion"),
    AP_INIT_TAKE1("RcIdpAssertionLifetime", set, &(setter){set_lifetime}, DIRECTORY, "seconds, 30 to 3600"),
    AP_INIT_TAKE1("RcIdpClockSkew", set, &(setter){set_clock_skew}, DIRECTORY, "seconds, 0 to 600"),
    AP_INIT_TAKE1("RcIdpSessionLifetime", set, &(setter){set_session_lifetime}, DIRECTORY,
                  "seconds, or none"),
    AP_INIT_TAKE1("RcIdpLaunchLimit", set, &(setter){rcidp_quota_set_limit}, DIRECTORY,
                  "launches per user and minute, 1 to 100, or none"),
    AP_INIT_TAKE1("RcIdpLaunchLimitCache", rcidp_quota_set_cache, NULL, GLOBAL,
                  "PROVIDER[:ARGS] of mod_socache: where launches are counted"),
    AP_INIT_TAKE1("RcIdpAuthnRequests", set, &(setter){set_authn_requests}, DIRECTORY, "on, signed or off"),
    AP_INIT_TAKE1("RcIdpRequireTLS", set, &(setter){set_require_tls}, DIRECTORY,
                  "on or off: refuse plain HTTP"),
    {NULL, {NULL}, NULL, 0, RAW_ARGS, NULL},
};
