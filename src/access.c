/* SPDX-License-Identifier: Apache-2.0 */
#include "access.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_request.h>
#include <string.h>

#include "claims.h"

/* Notes on the request that looks elsewhere: that it does, while it does, and that another sign-in is wanted.
 * Only a lookup of its own sees them, not one that some module makes within it, whose main request is the
 * lookup. */
#define LOOKS "rcidp-access-looks"
#define ANOTHER "rcidp-access-another"

static bool is_lookup(const request_rec *r)
{
    return r->main && apr_table_get(r->main->notes, LOOKS);
}

int rcidp_access_quieten(request_rec *r)
{
    struct ap_logconf *quiet;

    if (is_lookup(r)) {
        quiet = apr_pcalloc(r->pool, sizeof(*quiet));
        quiet->level = APLOG_CRIT;
        r->log = quiet;
    }
    return DECLINED;
}

static bool is_same(const char *one, const char *other)
{
    return one && other ? strcmp(one, other) == 0 : one == other;
}

/* A second use of them is a replay, or is not there at all. */
static bool is_for_one_request(const char *type)
{
    return type &&
           (!strcasecmp(type, "Digest") || !strcasecmp(type, "Negotiate") || !strcasecmp(type, "GSSAPI"));
}

int rcidp_access_adopt_user(request_rec *r)
{
    if (!is_lookup(r))
        return DECLINED;
    if (!is_same(ap_auth_type(r), ap_auth_type(r->main)) ||
        !is_same(ap_auth_name(r), ap_auth_name(r->main))) {
        apr_table_setn(r->main->notes, ANOTHER, "");
        return HTTP_UNAUTHORIZED;
    }
    if (!r->main->user || !is_for_one_request(ap_auth_type(r)))
        return DECLINED;
    r->user = apr_pstrdup(r->pool, r->main->user);
    r->ap_auth_type = r->main->ap_auth_type;
    return OK;
}

void rcidp_access_look(request_rec *r, const char *path, rcidp_access *access)
{
    request_rec *there;
    bool by_certificate;

    apr_table_setn(r->notes, LOOKS, "");
    there = ap_sub_req_lookup_uri(ap_escape_uri(r->pool, path), r, NULL);
    access->another = apr_table_get(r->notes, ANOTHER) != NULL;
    apr_table_unset(r->notes, LOOKS);
    apr_table_unset(r->notes, ANOTHER);
    access->handler = there->handler ? apr_pstrdup(r->pool, there->handler) : "";
    access->admits = there->status != HTTP_UNAUTHORIZED && there->status != HTTP_FORBIDDEN;
    by_certificate = !ap_auth_type(there) && rcidp_claims_is_signed_in(there);
    there->user = NULL; /* it must be as if nobody had come yet */
    access->asks = by_certificate || ap_some_authn_required(there);
    ap_destroy_sub_req(there);
}
