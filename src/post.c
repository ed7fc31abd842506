/* SPDX-License-Identifier: Apache-2.0 */
#include "post.h"

#include <http_log.h>

#include "answer.h"
#include "brand.h"
#include "page.h"

APLOG_USE_MODULE(rcidp);

int rcidp_post_response(request_rec *r, const rcidp_provider *provider, const char *acs, const char *xml,
                        const char *relay_state)
{
    return rcidp_answer_page(
        r, rcidp_page_post(r->pool, rcidp_brand_look(r), acs, provider->title, xml, relay_state));
}

int rcidp_post_no(request_rec *r, const rcidp_server_conf *server, const rcidp_asking *asking,
                  const rcidp_no *no)
{
    rcidp_claims claims = {.issuer = server->entity_id,
                           .acs = asking->acs,
                           .in_response_to = asking->request.id,
                           .status = no->status,
                           .substatus = no->substatus,
                           .now = apr_time_now()};
    const char *error, *xml = NULL;

    rcidp_answer_note(r, "RCIDP_RESULT", no->word);
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "RCIDP02: a request of %s cannot be met: %s",
                  asking->provider->name, no->word);
    if (r->header_only)
        return rcidp_answer_head(r);
    error = rcidp_response_issue(r->pool, &claims, &server->signer, &xml);
    return error ? rcidp_answer_refuse(r, RCIDP_REFUSE_SIGNING, error)
                 : rcidp_post_response(r, asking->provider, asking->acs, xml, asking->relay_state);
}
