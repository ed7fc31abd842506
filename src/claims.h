/* SPDX-License-Identifier: Apache-2.0 */
/* Who the user is, as the configuration says it: the claims of one launch. */
#ifndef RCIDP_CLAIMS_H
#define RCIDP_CLAIMS_H

#include <httpd.h>
#include <http_config.h>
#include <stdbool.h>

#include "answer.h"
#include "config.h"

/* An attribute's setting that was looked at, and what it gave. */
typedef struct rcidp_claim_source {
    const rcidp_attribute_setting *setting;
    const apr_array_header_t *values; /* of const char *; NULL or empty: it is not sent */
} rcidp_claim_source;

/* What came of a gathering besides the claims. */
typedef struct rcidp_gathered {
    bool refused; /* nothing may be issued, and the first reason why: */
    rcidp_refusal refusal;
    const char *detail; /* for the log */
    const char *again;  /* the URL where to sign in again, in place of a refusal */

    bool explain;                /* set by the caller: go on after a refusal, and note the rest */
    const char *mail;            /* as RcIdpMail gives it, be it no address; NULL where it was not needed */
    apr_array_header_t *sources; /* of rcidp_claim_source */
} rcidp_gathered;

/* Fill in what the Response says of the user for this provider: name ID, attributes, AuthnContext and times,
 * all but the IDs. `conf` is the effective record. Everything lives in r->pool. Returns whether it may be
 * issued. Expects a signed-in user, and *gathered empty but for `explain`. */
bool rcidp_claims_gather(request_rec *r, const rcidp_dir_conf *conf, const rcidp_provider *provider,
                         rcidp_claims *claims, rcidp_gathered *gathered);

/* Is anybody signed in, by an AuthType or by a client certificate that was verified? */
bool rcidp_claims_is_signed_in(request_rec *r);

#endif
