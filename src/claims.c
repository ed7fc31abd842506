/* SPDX-License-Identifier: Apache-2.0 */
#include "claims.h"

#include <apr_strings.h>
#include <http_ssl.h>

#include "answer.h"
#include "library.h"
#include "url.h"

#define AC_CLASSES "urn:oasis:names:tc:SAML:2.0:ac:classes:"

/* What RcIdpAuthnContext auto says, the first row that fits: the AuthType as the module calls it (NULL: none,
 * so the user comes from a client certificate), then the class over TLS, and the class without. An OpenID
 * provider tells by its claims, below. */
static const struct {
    const char *auth_type, *over_tls, *plain;
} contexts[] = {
    {"Basic", AC_CLASSES "PasswordProtectedTransport", AC_CLASSES "Password"},
    {"Digest", AC_CLASSES "PasswordProtectedTransport", AC_CLASSES "Password"},
    {"form", AC_CLASSES "PasswordProtectedTransport", AC_CLASSES "Password"},
    {"Negotiate", AC_CLASSES "Kerberos", AC_CLASSES "Kerberos"},
    {"GSSAPI", AC_CLASSES "Kerberos", AC_CLASSES "Kerberos"},
    {"ClientCert", AC_CLASSES "TLSClient", AC_CLASSES "unspecified"}, /* newer mod_ssl's name for none */
    {NULL, AC_CLASSES "TLSClient", AC_CLASSES "unspecified"},
};

/* How an OpenID provider says it, in the claim amr (RFC 8176), the strongest first. */
static const struct {
    const char *amr, *context;
} methods[] = {
    {"mfa", "https://refeds.org/profile/mfa"},
    {"sc", AC_CLASSES "Smartcard"},
    {"wia", AC_CLASSES "Kerberos"},
    {"pwd", AC_CLASSES "PasswordProtectedTransport"},
};

/* One launch's claims in the making. */
typedef struct gathering {
    request_rec *r;
    const rcidp_dir_conf *conf;
    rcidp_claims *claims;
    const char *mail; /* once it was asked for */
} gathering;

/* The text can be carried by XML; `what` is named in the log. */
static int check_text(request_rec *r, const char *what, const char *text)
{
    return rcidp_text_is_xml(text) ? OK : rcidp_answer_refuse(r, RCIDP_REFUSE_BAD_TEXT, what);
}

/* The first value, "" for none. */
static int get_one(request_rec *r, const char *what, const rcidp_value *value, const char **text)
{
    apr_array_header_t *values;
    rcidp_value_result result = rcidp_value_get(r, value, &values);

    if (result == RCIDP_VALUE_FAILED)
        return rcidp_answer_refuse(r, RCIDP_REFUSE_EVALUATION, what);
    *text = result == RCIDP_VALUE_SOME ? APR_ARRAY_IDX(values, 0, const char *) : "";
    return check_text(r, what, *text);
}

/* The mail is looked for when it is needed first. */
static int get_mail(gathering *g)
{
    int status;

    if (g->mail)
        return OK;
    status = get_one(g->r, "RcIdpMail", g->conf->mail, &g->mail);
    if (status != OK)
        return status;
    if (!*g->mail)
        return rcidp_answer_refuse(g->r, RCIDP_REFUSE_NO_MAIL, NULL);
    return rcidp_text_is_mail(g->mail) ? OK : rcidp_answer_refuse(g->r, RCIDP_REFUSE_BAD_MAIL, "RcIdpMail");
}

/* The value so far becomes what only this service provider can recognise. */
static int make_pseudonym(gathering *g)
{
    const rcidp_secret *secret = rcidp_config_server(g->r->server)->secret;
    rcidp_claims *claims = g->claims;

    claims->name_id = secret ? rcidp_pseudonym(g->r->pool, secret, claims->audience, claims->name_id) : NULL;
    return claims->name_id
               ? OK
               : rcidp_answer_refuse(g->r, RCIDP_REFUSE_SIGNING, "no RcIdpPersistentIDSecretFile");
}

static int gather_name_id(gathering *g)
{
    const rcidp_name_id_setting *setting = g->conf->name_id;
    rcidp_claims *claims = g->claims;
    int status;

    claims->name_id_format = setting->format;
    if (strcmp(setting->format, RCIDP_NAMEID_TRANSIENT) == 0) {
        claims->name_id = rcidp_library_id(g->r->pool);
        return claims->name_id ? OK : rcidp_answer_refuse(g->r, RCIDP_REFUSE_SIGNING, "no randomness");
    }
    if (!setting->value) {
        status = get_mail(g);
        claims->name_id = g->mail;
    } else {
        status = get_one(g->r, "RcIdpNameID", setting->value, &claims->name_id);
    }
    if (status != OK)
        return status;
    if (!*claims->name_id)
        return rcidp_answer_refuse(g->r, RCIDP_REFUSE_NO_NAME_ID, "RcIdpNameID");
    if (strcmp(setting->format, RCIDP_NAMEID_EMAIL) == 0 && !rcidp_text_is_mail(claims->name_id))
        return rcidp_answer_refuse(g->r, RCIDP_REFUSE_BAD_MAIL, "RcIdpNameID");
    return strcmp(setting->format, RCIDP_NAMEID_PERSISTENT) == 0 ? make_pseudonym(g) : OK;
}

static int get_values(gathering *g, const rcidp_attribute_setting *setting, apr_array_header_t **values,
                      rcidp_value_result *result)
{
    int status = OK;

    if (!setting->value) {
        status = get_mail(g);
        *values = apr_array_make(g->r->pool, 1, sizeof(const char *));
        APR_ARRAY_PUSH(*values, const char *) = g->mail;
        *result = RCIDP_VALUE_SOME;
        return status;
    }
    *result = rcidp_value_get(g->r, setting->value, values);
    if (*result == RCIDP_VALUE_FAILED)
        return rcidp_answer_refuse(g->r, RCIDP_REFUSE_EVALUATION, setting->name);
    for (int i = 0; status == OK && i < (*values)->nelts; i++)
        status = check_text(g->r, setting->name, APR_ARRAY_IDX(*values, i, const char *));
    return status;
}

static const rcidp_attribute_setting *setting_at(const gathering *g, int i)
{
    return APR_ARRAY_IDX(g->conf->attributes, i, const rcidp_attribute_setting *);
}

/* Has an earlier setting the same name? Then this one was looked at with it. */
static bool was_seen(const gathering *g, int index)
{
    for (int i = 0; i < index; i++) {
        if (strcmp(setting_at(g, i)->name, setting_at(g, index)->name) == 0)
            return true;
    }
    return false;
}

/* Of the settings of one name, the last whose condition holds. */
static int gather_attribute(gathering *g, int first, apr_array_header_t *attributes)
{
    for (int i = g->conf->attributes->nelts; i-- > first;) {
        const rcidp_attribute_setting *setting = setting_at(g, i);
        apr_array_header_t *values = NULL;
        rcidp_value_result result = RCIDP_VALUE_NONE;
        rcidp_attribute *attribute;
        int status;

        if (strcmp(setting->name, setting_at(g, first)->name) != 0)
            continue;
        status = setting->none ? OK : get_values(g, setting, &values, &result);
        if (status != OK)
            return status;
        if (result == RCIDP_VALUE_IF_NOT)
            continue;
        if (result == RCIDP_VALUE_SOME) {
            attribute = apr_palloc(g->r->pool, sizeof(*attribute));
            attribute->name = setting->name;
            attribute->name_format = setting->name_format;
            attribute->values = values;
            APR_ARRAY_PUSH(attributes, const rcidp_attribute *) = attribute;
        }
        return OK;
    }
    return OK;
}

static int gather_attributes(gathering *g)
{
    apr_array_header_t *attributes =
        apr_array_make(g->r->pool, g->conf->attributes->nelts, sizeof(const rcidp_attribute *));
    int status = OK;

    for (int i = 0; status == OK && i < g->conf->attributes->nelts; i++) {
        if (!was_seen(g, i))
            status = gather_attribute(g, i, attributes);
    }
    g->claims->attributes = attributes;
    return status;
}

/* Is the word in a list that is separated by commas or spaces? */
static bool lists(const char *list, const char *word)
{
    apr_size_t length = strlen(word);

    while (*list) {
        apr_size_t next = strcspn(list, ", ");

        if (next == length && strncmp(list, word, length) == 0)
            return true;
        list += next + strspn(list + next, ", ");
    }
    return false;
}

/* What mod_auth_openidc passes on: acr where it is a URI, as SAML's classes are, else amr. */
static const char *openid_context(request_rec *r)
{
    const char *acr = apr_table_get(r->subprocess_env, "OIDC_CLAIM_acr");
    const char *amr = apr_table_get(r->subprocess_env, "OIDC_CLAIM_amr");

    if (acr && rcidp_url_is_uri(acr))
        return acr;
    for (size_t i = 0; amr && i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (lists(amr, methods[i].amr))
            return methods[i].context;
    }
    return AC_CLASSES "unspecified";
}

/* How httpd signed this user in. */
static const char *automatic_context(request_rec *r)
{
    const char *auth_type = r->ap_auth_type;

    if (auth_type && (!strcasecmp(auth_type, "openid-connect") || !strcasecmp(auth_type, "auth-openidc")))
        return openid_context(r);
    for (size_t i = 0; i < sizeof(contexts) / sizeof(contexts[0]); i++) {
        if (auth_type ? contexts[i].auth_type && !strcasecmp(contexts[i].auth_type, auth_type)
                      : !contexts[i].auth_type)
            return ap_ssl_conn_is_ssl(r->connection) ? contexts[i].over_tls : contexts[i].plain;
    }
    return AC_CLASSES "unspecified";
}

static int gather_context(gathering *g)
{
    const rcidp_context_setting *setting = g->conf->authn_context;
    int status = OK;

    if (setting->uri)
        g->claims->authn_context = setting->uri;
    else if (!setting->value)
        g->claims->authn_context = automatic_context(g->r);
    else {
        status = get_one(g->r, "RcIdpAuthnContext", setting->value, &g->claims->authn_context);
        if (status == OK && !rcidp_url_is_uri(g->claims->authn_context))
            status = rcidp_answer_refuse(g->r, RCIDP_REFUSE_CONTEXT, NULL);
    }
    return status;
}

/* When the user signed in, as the module upstream knows it; one that knows nothing has just let the user in.
 * A clock upstream may be a little ahead, within the skew, and counts as now. */
static int gather_instant(gathering *g)
{
    rcidp_claims *claims = g->claims;
    const char *text;
    int status;

    if (!g->conf->authn_instant)
        return OK;
    status = get_one(g->r, "RcIdpAuthnInstant", g->conf->authn_instant, &text);
    if (status != OK || !*text)
        return status;
    if (!rcidp_text_instant(text, &claims->authn_instant) ||
        claims->authn_instant > claims->now + apr_time_from_sec(claims->clock_skew))
        return rcidp_answer_refuse(g->r, RCIDP_REFUSE_INSTANT, text);
    if (claims->authn_instant > claims->now)
        claims->authn_instant = claims->now;
    claims->is_instant_known = true;
    return OK;
}

/* Is the sign-in recent enough, for RcIdpAuthnMaxAge and for the session that is promised? */
static int check_age(gathering *g)
{
    const rcidp_max_age_setting *limit = g->conf->max_age;
    apr_time_t age = g->claims->now - g->claims->authn_instant;
    const char *url = "";
    int status = OK;

    if (limit->seconds && age > apr_time_from_sec(limit->seconds)) {
        if (limit->again)
            status = get_one(g->r, "RcIdpAuthnMaxAge", limit->again, &url);
        return status != OK ? status
               : *url       ? rcidp_answer_redirect(g->r, url)
                            : rcidp_answer_refuse(g->r, RCIDP_REFUSE_TOO_OLD, NULL);
    }
    if (g->conf->session_lifetime && age >= apr_time_from_sec(g->conf->session_lifetime))
        return rcidp_answer_refuse(g->r, RCIDP_REFUSE_TOO_OLD, "RcIdpSessionLifetime is over");
    return OK;
}

/* A name without an AuthType, or with mod_ssl's own, comes from SSLUserName, which does not ask whether the
 * certificate was verified. */
bool rcidp_claims_is_signed_in(request_rec *r)
{
    const char *verified;

    if (!r->user || !*r->user)
        return false;
    if (r->ap_auth_type && strcasecmp(r->ap_auth_type, "ClientCert") != 0)
        return true;
    verified = ap_ssl_var_lookup(r->pool, r->server, r->connection, r, "SSL_CLIENT_VERIFY");
    return verified && strcmp(verified, "SUCCESS") == 0;
}

int rcidp_claims_gather(request_rec *r, const rcidp_dir_conf *conf, const rcidp_provider *provider,
                        rcidp_claims *claims)
{
    gathering g = {.r = r, .conf = conf, .claims = claims};
    int status;

    memset(claims, 0, sizeof(*claims));
    claims->issuer = rcidp_config_server(r->server)->entity_id;
    claims->audience = provider->entity_id;
    claims->acs = provider->acs;
    claims->now = apr_time_now();
    claims->authn_instant = claims->now;
    claims->clock_skew = conf->clock_skew;
    claims->lifetime = conf->lifetime;
    claims->session_lifetime = conf->session_lifetime;
    claims->sign = (rcidp_sign_what)conf->sign;
    if (provider->partner && provider->partner->want_assertions_signed)
        claims->sign |= RCIDP_SIGN_ASSERTION;
    claims->encrypt_to = rcidp_provider_encrypt_to(provider);
    if ((status = gather_instant(&g)) == OK && (status = check_age(&g)) == OK &&
        (status = gather_name_id(&g)) == OK && (status = gather_attributes(&g)) == OK)
        status = gather_context(&g);
    return status;
}
