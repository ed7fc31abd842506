/* SPDX-License-Identifier: Apache-2.0 */
/* How we answer: pages of ours with their headers, and refusals. */
#ifndef RCIDP_ANSWER_H
#define RCIDP_ANSWER_H

#include <httpd.h>
#include <http_config.h>

/* A refusal: a row of the one table in answer.c. */
typedef enum {
    RCIDP_REFUSE_NOT_PROTECTED,
    RCIDP_REFUSE_NO_IDENTITY,
    RCIDP_REFUSE_TAKEN,
    RCIDP_REFUSE_NOT_ITSELF,
    RCIDP_REFUSE_PLAIN_HTTP,
    RCIDP_REFUSE_PREFETCH,
    RCIDP_REFUSE_FRAME,
    RCIDP_REFUSE_NOT_FOUND,
    RCIDP_REFUSE_METHOD,
    RCIDP_REFUSE_POST,
    RCIDP_REFUSE_AUTHN_REQUEST,
    RCIDP_REFUSE_MESSAGE,
    RCIDP_REFUSE_ISSUER,
    RCIDP_REFUSE_ACS,
    RCIDP_REFUSE_SIGNATURE,
    RCIDP_REFUSE_UNSIGNED,
    RCIDP_REFUSE_NO_CERTIFICATE,
    RCIDP_REFUSE_DESTINATION,
    RCIDP_REFUSE_TOO_LONG,
    RCIDP_REFUSE_PARAMETER,
    RCIDP_REFUSE_PROVIDER,
    RCIDP_REFUSE_RELAY_STATE,
    RCIDP_REFUSE_NO_MAIL,
    RCIDP_REFUSE_BAD_MAIL,
    RCIDP_REFUSE_NO_NAME_ID,
    RCIDP_REFUSE_BAD_TEXT,
    RCIDP_REFUSE_EVALUATION,
    RCIDP_REFUSE_CONTEXT,
    RCIDP_REFUSE_INSTANT,
    RCIDP_REFUSE_TOO_OLD,
    RCIDP_REFUSE_TOO_MANY,
    RCIDP_REFUSE_SIGNING,
} rcidp_refusal;

/* Tell logs and error documents something about the request, in its environment; NULL takes it back. After an
 * internal redirect the request that led here knows it too: that is the one which LogFormat's "<" looks at.
 */
void rcidp_answer_note(request_rec *r, const char *name, const char *value);

/* Set the headers that every page of ours carries. */
void rcidp_answer_headers(request_rec *r);

/* Send one of our pages. Returns DONE. */
int rcidp_answer_page(request_rec *r, const char *html);

/* Send a page's status and headers, and nothing else. Returns DONE. */
int rcidp_answer_head(request_rec *r);

/* Send the browser to `url`, a path of this server or an https URL, to sign in again. Returns what the
 * handler returns; another kind of URL is refused. */
int rcidp_answer_redirect(request_rec *r, const char *url);

/* Refuse: set RCIDP_RESULT and RCIDP_ERROR, log one line with `detail` (for the administrator; no secret),
 * and answer with our page, or let httpd do so where the site has an ErrorDocument of its own for the status.
 * Returns what the hook or handler returns. */
int rcidp_answer_refuse(request_rec *r, rcidp_refusal refusal, const char *detail);

#endif
