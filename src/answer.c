/* SPDX-License-Identifier: Apache-2.0 */
#include "answer.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_core.h>

#include "brand.h"
#include "config.h"
#include "page.h"
#include "url.h"

APLOG_USE_MODULE(rcidp);

/* What each refusal is. `tag` begins its log line; the error level is for what an administrator must act on,
 * info for the visitor's own slips. */
static const struct {
    int status, level;
    const char *word, *tag;
    rcidp_word sentence;
} refusals[] = {
    [RCIDP_REFUSE_NOT_PROTECTED] = {500, APLOG_ERR, "not-protected", "RCIDP10: nobody is signed in",
                                    RCIDP_SAY_NOT_SET_UP},
    [RCIDP_REFUSE_NO_IDENTITY] = {500, APLOG_ERR, "no-identity",
                                  "RCIDP11: no identity provider is set up here", RCIDP_SAY_NOT_SET_UP},
    [RCIDP_REFUSE_TAKEN] = {500, APLOG_ERR, "taken",
                            "RCIDP13: ProxyPass or RewriteRule leads this path elsewhere",
                            RCIDP_SAY_NOT_SET_UP},
    [RCIDP_REFUSE_NOT_ITSELF] = {403, APLOG_INFO, "not-itself",
                                 "RCIDP20: reached as the document of an error or by a subrequest",
                                 RCIDP_SAY_NOT_ITSELF},
    [RCIDP_REFUSE_PLAIN_HTTP] = {403, APLOG_INFO, "plain-http",
                                 "RCIDP21: plain HTTP where RcIdpRequireTLS is on", RCIDP_SAY_PLAIN_HTTP},
    [RCIDP_REFUSE_PREFETCH] = {403, APLOG_INFO, "prefetch", "RCIDP22: a prefetch", RCIDP_SAY_PREFETCH},
    [RCIDP_REFUSE_FRAME] = {403, APLOG_INFO, "frame", "RCIDP23: not a page of its own", RCIDP_SAY_FRAME},
    [RCIDP_REFUSE_NOT_FOUND] = {404, APLOG_INFO, "not-found", "RCIDP24: below the launch path",
                                RCIDP_SAY_NOT_FOUND},
    [RCIDP_REFUSE_METHOD] = {405, APLOG_INFO, "method", "RCIDP25: a method that is not taken here",
                             RCIDP_SAY_METHOD},
    [RCIDP_REFUSE_POST] = {400, APLOG_INFO, "post", "RCIDP26: a POST without a SAMLRequest", RCIDP_SAY_POST},
    [RCIDP_REFUSE_AUTHN_REQUEST] = {400, APLOG_ERR, "authn-request",
                                    "RCIDP12: a SAMLRequest, which is not taken here",
                                    RCIDP_SAY_AUTHN_REQUEST},
    [RCIDP_REFUSE_MESSAGE] = {400, APLOG_INFO, "message", "RCIDP43: a SAMLRequest that cannot be read",
                              RCIDP_SAY_NOT_TRUSTED},
    [RCIDP_REFUSE_ISSUER] = {400, APLOG_ERR, "issuer",
                             "RCIDP44: a SAMLRequest of somebody who is not in RcIdpLaunch",
                             RCIDP_SAY_NOT_TRUSTED},
    [RCIDP_REFUSE_ACS] = {400, APLOG_ERR, "acs",
                          "RCIDP45: a SAMLRequest for an ACS that is not the provider's",
                          RCIDP_SAY_NOT_TRUSTED},
    [RCIDP_REFUSE_SIGNATURE] = {400, APLOG_ERR, "signature",
                                "RCIDP46: a SAMLRequest whose signature is not right", RCIDP_SAY_NOT_TRUSTED},
    [RCIDP_REFUSE_UNSIGNED] = {400, APLOG_ERR, "unsigned",
                               "RCIDP47: a SAMLRequest without the signature that is demanded",
                               RCIDP_SAY_NOT_TRUSTED},
    [RCIDP_REFUSE_NO_CERTIFICATE] =
        {400, APLOG_ERR, "no-certificate",
         "RCIDP48: a signed SAMLRequest of a provider without a known certificate", RCIDP_SAY_NO_CERTIFICATE},
    [RCIDP_REFUSE_DESTINATION] = {400, APLOG_ERR, "destination",
                                  "RCIDP49: a SAMLRequest that was meant for elsewhere",
                                  RCIDP_SAY_NOT_TRUSTED},
    [RCIDP_REFUSE_TOO_LONG] =
        {400, APLOG_ERR, "too-long",
         "RCIDP17: a posted SAMLRequest that is too long to be kept over a sign-in page", RCIDP_SAY_TOO_LONG},
    [RCIDP_REFUSE_PARAMETER] = {400, APLOG_INFO, "parameter", "RCIDP27: a parameter is not right",
                                RCIDP_SAY_PARAMETER},
    [RCIDP_REFUSE_PROVIDER] = {400, APLOG_INFO, "provider", "RCIDP28: no such service provider here",
                               RCIDP_SAY_PROVIDER},
    [RCIDP_REFUSE_RELAY_STATE] = {400, APLOG_INFO, "relay-state", "RCIDP29: a RelayState that is not allowed",
                                  RCIDP_SAY_RELAY_STATE},
    [RCIDP_REFUSE_NO_MAIL] = {403, APLOG_ERR, "no-mail", "RCIDP30: the user has no mail: RcIdpMail is empty",
                              RCIDP_SAY_NO_MAIL},
    [RCIDP_REFUSE_BAD_MAIL] = {403, APLOG_ERR, "bad-mail", "RCIDP31: the user's mail is no address",
                               RCIDP_SAY_BAD_MAIL},
    [RCIDP_REFUSE_NO_NAME_ID] = {403, APLOG_ERR, "no-name-id", "RCIDP32: the name ID is empty",
                                 RCIDP_SAY_NO_NAME_ID},
    [RCIDP_REFUSE_BAD_TEXT] = {403, APLOG_ERR, "bad-text",
                               "RCIDP33: a value is not UTF-8, or has characters that XML cannot carry",
                               RCIDP_SAY_BAD_TEXT},
    [RCIDP_REFUSE_EVALUATION] = {500, APLOG_ERR, "evaluation", "RCIDP34: a claim could not be evaluated",
                                 RCIDP_SAY_NOT_SET_UP},
    [RCIDP_REFUSE_CONTEXT] = {500, APLOG_ERR, "authn-context",
                              "RCIDP35: RcIdpAuthnContext does not give a URI", RCIDP_SAY_NOT_SET_UP},
    [RCIDP_REFUSE_INSTANT] = {500, APLOG_ERR, "authn-instant",
                              "RCIDP38: RcIdpAuthnInstant does not give a time that has been",
                              RCIDP_SAY_NOT_SET_UP},
    [RCIDP_REFUSE_TOO_OLD] = {403, APLOG_INFO, "too-old",
                              "RCIDP39: the sign-in is older than RcIdpAuthnMaxAge", RCIDP_SAY_TOO_OLD},
    [RCIDP_REFUSE_TOO_MANY] = {429, APLOG_INFO, "too-many",
                               "RCIDP18: more launches of one user than RcIdpLaunchLimit",
                               RCIDP_SAY_TOO_MANY},
    [RCIDP_REFUSE_SIGNING] = {500, APLOG_ERR, "signing", "RCIDP36: no Response could be made",
                              RCIDP_SAY_NOT_SET_UP},
};

void rcidp_answer_note(request_rec *r, const char *name, const char *value)
{
    do {
        if (value)
            apr_table_setn(r->subprocess_env, name, value);
        else
            apr_table_unset(r->subprocess_env, name);
    } while ((r = r->prev) && r->status == HTTP_OK); /* an error has a result of its own */
}

void rcidp_answer_headers(request_rec *r)
{
    const rcidp_look *look = rcidp_brand_look(r);

    /* What a module upstream had to say of its own pages, as mod_auth_mellon does, would stand beside ours.
     */
    apr_table_unset(r->err_headers_out, "Cache-Control");
    apr_table_setn(r->subprocess_env, "no-cache", ""); /* for mod_cache, whatever mod_headers says below */
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->headers_out, "Pragma", "no-cache");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    apr_table_setn(r->headers_out, "Referrer-Policy", "strict-origin");
    apr_table_setn(r->headers_out, "Content-Security-Policy", look->policy);
    apr_table_setn(r->headers_out, "Content-Language", rcidp_words_tag(look->language));
    ap_set_content_type(r, "text/html; charset=utf-8");
}

/* The page goes out as it lies in the pool: one bucket and the end. Whole, also to who asks for a range: what
 * is issued has arrived, and is not lost to a 416. */
int rcidp_answer_page(request_rec *r, const char *html)
{
    apr_bucket_alloc_t *buckets = r->connection->bucket_alloc;
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, buckets);
    apr_size_t length = strlen(html);

    ap_remove_output_filter_byhandle(r->output_filters, "BYTERANGE");
    rcidp_answer_headers(r);
    ap_set_content_length(r, (apr_off_t)length);
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_pool_create(html, length, r->pool, buckets));
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(buckets));
    ap_pass_brigade(r->output_filters, brigade); /* a client that has gone away is none of our failures */
    return DONE;
}

int rcidp_answer_head(request_rec *r)
{
    rcidp_answer_headers(r);
    return DONE;
}

static void report(request_rec *r, rcidp_refusal refusal, const char *sentence, const char *detail)
{
    rcidp_answer_note(r, "RCIDP_RESULT", refusals[refusal].word);
    rcidp_answer_note(r, "RCIDP_ERROR", sentence);
    /* As long as an address may well be, and not as long as a stranger likes. */
    ap_log_rerror(APLOG_MARK, refusals[refusal].level, 0, r, "%s%s%.1000s", refusals[refusal].tag,
                  detail ? ": " : "", detail ? detail : "");
}

int rcidp_answer_redirect(request_rec *r, const char *url)
{
    if (!rcidp_url_is_target(r->pool, url))
        return rcidp_answer_refuse(r, RCIDP_REFUSE_EVALUATION,
                                   "RcIdpAuthnMaxAge: neither a path nor an https URL");
    rcidp_answer_note(r, "RCIDP_RESULT", "sign-in-again");
    apr_table_setn(r->headers_out, "Location", url);
    apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
    return HTTP_MOVED_TEMPORARILY;
}

int rcidp_answer_refuse(request_rec *r, rcidp_refusal refusal, const char *detail)
{
    const rcidp_look *look = rcidp_brand_look(r);
    const char *sentence = rcidp_words(look->language, refusals[refusal].sentence);
    int status = refusals[refusal].status;

    report(r, refusal, sentence, detail);
    if (status == HTTP_METHOD_NOT_ALLOWED) {
        bool posts = !strcmp(r->handler, RCIDP_HANDLER_LAUNCH);

        ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET, posts ? M_POST : -1,
                                  -1); /* for a text of the site */
        apr_table_setn(r->err_headers_out, "Allow",
                       posts ? "GET, HEAD, POST" : "GET, HEAD"); /* for all else */
    }
    if (refusal == RCIDP_REFUSE_NOT_ITSELF || ap_response_code_string(r, ap_index_of_response(status)))
        return status;
    r->status = status;
    return rcidp_answer_page(r, rcidp_page_refuse(r->pool, look, status, sentence));
}
