/* SPDX-License-Identifier: Apache-2.0 */
#include "denial.h"

#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_core.h>
#include <string.h>

#include "answer.h"
#include "brand.h"
#include "claims.h"
#include "config.h"
#include "page.h"

/* Why httpd refuses, as far as its status tells; NULL for what is none of ours. */
static const char *sentence(request_rec *r, rcidp_language language)
{
    const char *denied = apr_table_get(r->subprocess_env, "RCIDP_ERROR");

    /* Also for who did sign in, unless AuthzSendForbiddenOnFailure is on. */
    if (r->status == HTTP_UNAUTHORIZED)
        return denied ? denied : rcidp_words(language, RCIDP_SAY_NOT_SIGNED_IN);
    if (r->status == HTTP_FORBIDDEN)
        return rcidp_words(language,
                           rcidp_claims_is_signed_in(r) ? RCIDP_SAY_NOT_ASSIGNED : RCIDP_SAY_NOT_FROM_HERE);
    return r->status >= HTTP_INTERNAL_SERVER_ERROR ? rcidp_words(language, RCIDP_SAY_NOT_NOW) : NULL;
}

static bool is_ours(request_rec *r)
{
    return rcidp_config_handles(r, RCIDP_HANDLER_LAUNCH) || rcidp_config_handles(r, RCIDP_HANDLER_PORTAL);
}

int rcidp_denial_expect(request_rec *r)
{
    if (!r->main && is_ours(r) && rcidp_claims_is_signed_in(r)) {
        rcidp_answer_note(r, "RCIDP_RESULT", "denied");
        rcidp_answer_note(r, "RCIDP_ERROR",
                          rcidp_words(rcidp_brand_look(r)->language, RCIDP_SAY_NOT_ASSIGNED));
    }
    return DECLINED;
}

void rcidp_denial_forget(request_rec *r)
{
    rcidp_answer_note(r, "RCIDP_RESULT", NULL);
    rcidp_answer_note(r, "RCIDP_ERROR", NULL);
}

void rcidp_denial_insert(request_rec *r)
{
    const char *result = apr_table_get(r->subprocess_env, "RCIDP_RESULT");
    const rcidp_look *look = rcidp_brand_look(r);
    const char *why = is_ours(r) ? sentence(r, look->language) : NULL;

    /* Require may also fail, which tells nothing about the user. */
    if (r->status >= HTTP_INTERNAL_SERVER_ERROR && result && strcmp(result, "denied") == 0)
        rcidp_denial_forget(r);
    if (!why || ap_response_code_string(r, ap_index_of_response(r->status)))
        return;
    ap_custom_response(r, r->status, rcidp_page_refuse(r->pool, look, r->status, why));
    ap_add_output_filter(RCIDP_DENIAL_FILTER, NULL, r, r->connection);
}

/* httpd has set the type for its own pages by now; the header filter comes later. */
apr_status_t rcidp_denial_filter(ap_filter_t *filter, apr_bucket_brigade *brigade)
{
    rcidp_answer_headers(filter->r);
    ap_remove_output_filter(filter);
    return ap_pass_brigade(filter->next, brigade);
}
