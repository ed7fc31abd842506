/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a trusted AuthnRequest can be met: its wishes, each against what is there. */
#include <apr_strings.h>

#include "authn_request.h"
#include "foreign.h"

#define STATUS "urn:oasis:names:tc:SAML:2.0:status:"
#define AC_CLASSES "urn:oasis:names:tc:SAML:2.0:ac:classes:"

/* No request is answered that was made longer ago, in seconds; a sign-in page may lie in between. */
#define OLDEST_REQUEST 3600

static const rcidp_no no_passive = {STATUS "Responder", STATUS "NoPassive", "no-passive"};
static const rcidp_no no_fresh = {STATUS "Responder", STATUS "AuthnFailed", "no-fresh-sign-in"};
static const rcidp_no no_context = {STATUS "Responder", STATUS "NoAuthnContext", "no-authn-context"};
static const rcidp_no no_format = {STATUS "Requester", STATUS "InvalidNameIDPolicy", "name-id-policy"};
static const rcidp_no no_subject = {STATUS "Responder", STATUS "UnknownPrincipal", "other-subject"};
static const rcidp_no no_binding = {STATUS "Requester", STATUS "UnsupportedBinding", "binding"};
static const rcidp_no no_idp = {STATUS "Responder", STATUS "NoAvailableIDP", "other-idp"};
static const rcidp_no no_version = {STATUS "VersionMismatch", NULL, "version"};
static const rcidp_no no_time = {STATUS "Requester", STATUS "RequestDenied", "request-time"};

/* AuthnContext classes, the weaker before the stronger. */
static const char *const strengths[] = {
    AC_CLASSES "unspecified",
    AC_CLASSES "Password",
    AC_CLASSES "PasswordProtectedTransport",
    AC_CLASSES "Kerberos",
    AC_CLASSES "X509",
    AC_CLASSES "TLSClient",
    AC_CLASSES "Smartcard",
    "https://refeds.org/profile/mfa",
};

static bool is_timely(const rcidp_authn_request *request, const rcidp_dir_conf *conf)
{
    apr_time_t now = apr_time_now(), skew = apr_time_from_sec(conf->clock_skew), since, until;

    if (request->issue_instant > now + skew ||
        request->issue_instant < now - apr_time_from_sec(OLDEST_REQUEST) - skew)
        return false;
    if (request->not_before && !(rcidp_text_date_time(request->not_before, &since) && since <= now + skew))
        return false;
    return !request->not_on_or_after ||
           (rcidp_text_date_time(request->not_on_or_after, &until) && now < until + skew);
}

static bool lists(const apr_array_header_t *list, const char *text)
{
    for (int i = 0; i < list->nelts; i++) {
        const char *item = APR_ARRAY_IDX(list, i, const char *);

        if (item && strcmp(item, text) == 0)
            return true;
    }
    return false;
}

/* The format that is asked for, if it can be had (SAML core 3.4.1.1). */
static bool take_format(const rcidp_asking *asking, const rcidp_server_conf *server, rcidp_dir_conf *conf)
{
    static const rcidp_name_id_setting mail = {RCIDP_NAMEID_EMAIL, NULL},
                                       transient = {RCIDP_NAMEID_TRANSIENT, NULL},
                                       persistent = {RCIDP_NAMEID_PERSISTENT, NULL};
    const rcidp_authn_request *request = &asking->request;
    const char *format = request->name_id_format;

    if (request->sp_name_qualifier && strcmp(request->sp_name_qualifier, asking->provider->entity_id) != 0)
        return false;
    if (!format || !strcmp(format, RCIDP_NAMEID_UNSPECIFIED) || !strcmp(format, conf->name_id->format))
        return true;
    if (strcmp(format, RCIDP_NAMEID_EMAIL) == 0 && (!conf->name_id->value || conf->mail))
        conf->name_id = &mail; /* as the administrator says it, and never the login name instead */
    else if (strcmp(format, RCIDP_NAMEID_TRANSIENT) == 0)
        conf->name_id = &transient;
    else if (strcmp(format, RCIDP_NAMEID_PERSISTENT) == 0 && server->secret)
        conf->name_id = &persistent;
    else
        return false;
    return true;
}

const rcidp_no *rcidp_asking_before(const rcidp_asking *asking, const rcidp_server_conf *server,
                                    rcidp_dir_conf *conf)
{
    const rcidp_authn_request *request = &asking->request;

    if (strcmp(request->version, "2.0") != 0)
        return &no_version;
    if (!is_timely(request, conf))
        return &no_time;
    if (request->protocol_binding && strcmp(request->protocol_binding, RCIDP_BINDING_POST) != 0)
        return &no_binding;
    if (request->idps && !lists(request->idps, server->entity_id))
        return &no_idp;
    if (request->has_subject && !request->subject)
        return &no_subject; /* an encrypted one, or one that others confirm, is not ours to know */
    return take_format(asking, server, conf) ? NULL : &no_format;
}

const rcidp_no *rcidp_asking_passive(const rcidp_asking *asking)
{
    return asking->request.is_passive ? &no_passive : NULL;
}

static int strength(const char *context)
{
    for (size_t i = 0; i < sizeof(strengths) / sizeof(strengths[0]); i++) {
        if (strcmp(strengths[i], context) == 0)
            return (int)i;
    }
    return -1;
}

/* RequestedAuthnContext (SAML core 3.3.2.2.1): does what happened meet it? */
static bool meets(const rcidp_authn_request *request, const char *context)
{
    int ours = strength(context);
    bool better = request->contexts->nelts > 0;

    if (strcmp(request->comparison, "exact") == 0)
        return lists(request->contexts, context);
    for (int i = 0; i < request->contexts->nelts; i++) {
        int theirs = strength(APR_ARRAY_IDX(request->contexts, i, const char *));

        if (theirs < 0 || ours < 0)
            better = false;
        else if ((strcmp(request->comparison, "minimum") == 0 && ours >= theirs) ||
                 (strcmp(request->comparison, "maximum") == 0 && ours <= theirs))
            return true;
        better = better && ours > theirs;
    }
    return better && strcmp(request->comparison, "better") == 0;
}

/* ForceAuthn: only where the time of the sign-in is known can it be told from an old one. */
static bool is_fresh(const rcidp_asking *asking, const rcidp_dir_conf *conf, const rcidp_claims *claims)
{
    return claims->is_instant_known &&
           claims->authn_instant >= asking->request.issue_instant - apr_time_from_sec(conf->clock_skew);
}

static bool is_unless_absent(const char *text, const char *ours)
{
    return !text || strcmp(text, ours) == 0;
}

/* Is the user whom it names the one who is signed in? The same text in another format, or in the name of
 * others, is another name (SAML core 3.3.4, 3.4.1.4). */
static bool is_subject(const rcidp_authn_request *request, const rcidp_claims *claims)
{
    const char *format = request->subject_format;

    if (format && strcmp(format, RCIDP_NAMEID_UNSPECIFIED) == 0)
        format = NULL;
    return strcmp(request->subject, claims->name_id) == 0 &&
           is_unless_absent(format, claims->name_id_format) &&
           is_unless_absent(request->name_qualifier, claims->issuer) &&
           is_unless_absent(request->subject_sp_name_qualifier, claims->audience);
}

const rcidp_no *rcidp_asking_after(const rcidp_asking *asking, const rcidp_dir_conf *conf,
                                   const rcidp_claims *claims)
{
    const rcidp_authn_request *request = &asking->request;

    if (request->subject && !is_subject(request, claims))
        return &no_subject;
    if (request->contexts && !meets(request, claims->authn_context))
        return &no_context;
    return request->force_authn && !is_fresh(asking, conf, claims) ? &no_fresh : NULL;
}
