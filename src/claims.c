/* SPDX-License-Identifier: Apache-2.0 */
#include "claims.h"

#include <apr_strings.h>
#include <http_ssl.h>

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

/* One launch's claims in the making. A step returns whether it succeeded. */
typedef struct gathering {
    request_rec *r;
    const rcidp_dir_conf *conf;
    rcidp_claims *claims;
    rcidp_gathered *out;
} gathering;

/* The first reason is the one that counts. Returns false. */
static bool refuse(gathering *g, rcidp_refusal refusal, const char *detail)
{
    if (!g->out->refused) {
        g->out->refused = true;
        g->out->refusal = refusal;
        g->out->detail = detail;
    }
    return false;
}

/* The text can be carried by XML; `what` is named in the log. */
static bool check_text(gathering *g, const char *what, const char *text)
{
    return rcidp_text_is_xml(text) || refuse(g, RCIDP_REFUSE_BAD_TEXT, what);
}

/* The first value, "" for none. */
static bool get_one(gathering *g, const char *what, const rcidp_value *value, const char **text)
{
    apr_array_header_t *values;
    rcidp_value_result result = rcidp_value_get(g->r, value, &values);

    *text = result == RCIDP_VALUE_SOME ? APR_ARRAY_IDX(values, 0, const char *) : "";
    if (result == RCIDP_VALUE_FAILED)
        return refuse(g, RCIDP_REFUSE_EVALUATION, what);
    return check_text(g, what, *text);
}

/* The mail is looked for when it is needed first. */
static bool get_mail(gathering *g)
{
    if (!g->out->mail && !get_one(g, "RcIdpMail", g->conf->mail, &g->out->mail))
        return false;
    if (!*g->out->mail)
        return refuse(g, RCIDP_REFUSE_NO_MAIL, NULL);
    return rcidp_text_is_mail(g->out->mail) || refuse(g, RCIDP_REFUSE_BAD_MAIL, "RcIdpMail");
}

/* The value so far becomes what only this service provider can recognise. */
static bool make_pseudonym(gathering *g)
{
    const rcidp_secret *secret = rcidp_config_server(g->r->server)->secret;
    rcidp_claims *claims = g->claims;

    claims->name_id = secret ? rcidp_pseudonym(g->r->pool, secret, claims->audience, claims->name_id) : NULL;
    return claims->name_id || refuse(g, RCIDP_REFUSE_SIGNING, "no RcIdpPersistentIDSecretFile");
}

static bool gather_name_id(gathering *g)
{
    const rcidp_name_id_setting *setting = g->conf->name_id;
    rcidp_claims *claims = g->claims;
    bool got;

    claims->name_id_format = setting->format;
    if (strcmp(setting->format, RCIDP_NAMEID_TRANSIENT) == 0) {
        claims->name_id = rcidp_library_id(g->r->pool);
        return claims->name_id || refuse(g, RCIDP_REFUSE_SIGNING, "no randomness");
    }
    if (!setting->value) {
        got = get_mail(g);
        claims->name_id = g->out->mail;
    } else {
        got = get_one(g, "RcIdpNameID", setting->value, &claims->name_id);
    }
    if (!got)
        return false;
    if (!*claims->name_id)
        return refuse(g, RCIDP_REFUSE_NO_NAME_ID, "RcIdpNameID");
    if (strcmp(setting->format, RCIDP_NAMEID_EMAIL) == 0 && !rcidp_text_is_mail(claims->name_id))
        return refuse(g, RCIDP_REFUSE_BAD_MAIL, "RcIdpNameID");
    return strcmp(setting->format, RCIDP_NAMEID_PERSISTENT) != 0 || make_pseudonym(g);
}

static bool get_values(gathering *g, const rcidp_attribute_setting *setting, apr_array_header_t **values,
                       rcidp_value_result *result)
{
    bool good = true;

    if (!setting->value) {
        good = get_mail(g);
        *values = apr_array_make(g->r->pool, 1, sizeof(const char *));
        if (good)
            APR_ARRAY_PUSH(*values, const char *) = g->out->mail;
        *result = RCIDP_VALUE_SOME;
        return good;
    }
    *result = rcidp_value_get(g->r, setting->value, values);
    if (*result == RCIDP_VALUE_FAILED)
        return refuse(g, RCIDP_REFUSE_EVALUATION, setting->name);
    for (int i = 0; good && *result == RCIDP_VALUE_SOME && i < (*values)->nelts; i++)
        good = check_text(g, setting->name, APR_ARRAY_IDX(*values, i, const char *));
    return good;
}

/* For the test page, that explains. */
static void note_source(gathering *g, const rcidp_attribute_setting *setting,
                        const apr_array_header_t *values)
{
    rcidp_claim_source *source;

    if (!g->out->explain)
        return;
    source = apr_array_push(g->out->sources);
    source->setting = setting;
    source->values = values;
}

static const rcidp_attribute_setting *setting_at(const gathering *g, int i)
{
    return APR_ARRAY_IDX(g->conf->attributes, i, const rcidp_attribute_setting *);
}

/* The settings of one name, which stand side by side: where those from `first` on end. */
static int end_of_name(const gathering *g, int first)
{
    int end = first + 1;

    while (end < g->conf->attributes->nelts &&
           strcmp(setting_at(g, end)->name, setting_at(g, first)->name) == 0)
        end++;
    return end;
}

/* Of the settings of one name, the last whose condition holds. */
static bool gather_attribute(gathering *g, int first, int end, apr_array_header_t *attributes)
{
    for (int i = end; i-- > first;) {
        const rcidp_attribute_setting *setting = setting_at(g, i);
        apr_array_header_t *values = NULL;
        rcidp_value_result result = RCIDP_VALUE_NONE;
        rcidp_attribute *attribute;
        bool good = setting->none || get_values(g, setting, &values, &result);

        if (good && result == RCIDP_VALUE_IF_NOT)
            continue;
        note_source(g, setting, result == RCIDP_VALUE_SOME ? values : NULL);
        if (good && result == RCIDP_VALUE_SOME) {
            attribute = apr_palloc(g->r->pool, sizeof(*attribute));
            attribute->name = setting->name;
            attribute->name_format = setting->name_format;
            attribute->values = values;
            APR_ARRAY_PUSH(attributes, const rcidp_attribute *) = attribute;
        }
        return good;
    }
    return true;
}

static bool gather_attributes(gathering *g)
{
    apr_array_header_t *attributes =
        apr_array_make(g->r->pool, g->conf->attributes->nelts, sizeof(const rcidp_attribute *));
    bool good = true;
    int end;

    if (g->out->explain)
        g->out->sources = apr_array_make(g->r->pool, g->conf->attributes->nelts, sizeof(rcidp_claim_source));
    for (int i = 0; (good || g->out->explain) && i < g->conf->attributes->nelts; i = end) {
        end = end_of_name(g, i);
        good = gather_attribute(g, i, end, attributes);
    }
    g->claims->attributes = attributes;
    return good;
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

static bool gather_context(gathering *g)
{
    const rcidp_context_setting *setting = g->conf->authn_context;

    if (setting->uri)
        g->claims->authn_context = setting->uri;
    else if (!setting->value)
        g->claims->authn_context = automatic_context(g->r);
    else
        return get_one(g, "RcIdpAuthnContext", setting->value, &g->claims->authn_context) &&
               (rcidp_url_is_uri(g->claims->authn_context) || refuse(g, RCIDP_REFUSE_CONTEXT, NULL));
    return true;
}

/* When the user signed in, as the module upstream knows it; one that knows nothing has just let the user in.
 * A clock upstream may be a little ahead, within the skew, and counts as now. */
static bool gather_instant(gathering *g)
{
    rcidp_claims *claims = g->claims;
    const char *text;
    apr_time_t instant;

    if (!g->conf->authn_instant)
        return true;
    if (!get_one(g, "RcIdpAuthnInstant", g->conf->authn_instant, &text) || !*text)
        return !g->out->refused;
    if (!rcidp_text_instant(text, &instant) || instant > claims->now + apr_time_from_sec(claims->clock_skew))
        return refuse(g, RCIDP_REFUSE_INSTANT, text);
    claims->authn_instant = instant < claims->now ? instant : claims->now;
    claims->is_instant_known = true;
    return true;
}

/* Is the sign-in recent enough, for RcIdpAuthnMaxAge and for the session that is promised? */
static bool check_age(gathering *g)
{
    const rcidp_max_age_setting *limit = g->conf->max_age;
    apr_time_t age = g->claims->now - g->claims->authn_instant;
    const char *url = "";

    if (limit->seconds && age > apr_time_from_sec(limit->seconds)) {
        if (limit->again && !get_one(g, "RcIdpAuthnMaxAge", limit->again, &url))
            return false;
        g->out->again = *url && !g->out->refused ? url : NULL;
        return refuse(g, RCIDP_REFUSE_TOO_OLD, NULL);
    }
    if (g->conf->session_lifetime && age >= apr_time_from_sec(g->conf->session_lifetime))
        return refuse(g, RCIDP_REFUSE_TOO_OLD, "RcIdpSessionLifetime is over");
    return true;
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

/* In this order; where one fails, the others do not matter any more, but to who explains. */
static bool (*const steps[])(gathering *) = {gather_instant, check_age, gather_name_id, gather_attributes,
                                             gather_context};

bool rcidp_claims_gather(request_rec *r, const rcidp_dir_conf *conf, const rcidp_provider *provider,
                         rcidp_claims *claims, rcidp_gathered *gathered)
{
    gathering g = {.r = r, .conf = conf, .claims = claims, .out = gathered};
    bool good = true;

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
    for (size_t i = 0; (good || gathered->explain) && i < sizeof(steps) / sizeof(steps[0]); i++)
        good = steps[i](&g);
    return !gathered->refused;
}
