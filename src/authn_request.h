/* SPDX-License-Identifier: Apache-2.0 */
/* SP-initiated login: a service provider's AuthnRequest, whether it can be trusted, and whether it can be
 * met. */
#ifndef RCIDP_AUTHN_REQUEST_H
#define RCIDP_AUTHN_REQUEST_H

#include <httpd.h>
#include <http_config.h>

#include "config.h"
#include "lasso.h"

/* Longest RelayState that is given back (the interface's bound; SAML bindings 3.4.3 says 80). */
#define RCIDP_RELAY_STATE_BACK 1024

/* The SAMLEncoding of a message that was posted, and that we had the browser bring again in a query string:
 * as DEFLATE says (SAML bindings 3.4.4.1), but with the signature that it has inside, which then counts. */
#define RCIDP_ENCODING_KEPT "rcidp:posted"

/* A request that is trusted. */
typedef struct rcidp_asking {
    rcidp_authn_request request;
    const rcidp_provider *provider;
    const char *acs;         /* of the provider's own */
    const char *relay_state; /* byte for byte, NULL where there was none */
    const char *sp;          /* ?sp= beside it, likewise */
    const char *xml;         /* the message, as it came */
    apr_size_t length;
} rcidp_asking;

/* Why a trusted request cannot be met: the codes of an error Response (SAML core 3.2.2.2). */
typedef struct rcidp_no {
    const char *status, *substatus;
    const char *word; /* for RCIDP_RESULT */
} rcidp_no;

/* Does the request bring a SAMLRequest, in its query or as a posted form? Refuses what is badly encoded; else
 * OK. */
int rcidp_asking_is_there(request_rec *r, bool *is_there);

/* Is there a SAMLRequest in a posted form? Another form stays for whom it is meant. Refuses one that is too
 * large; else OK. */
int rcidp_asking_is_posted(request_rec *r, bool *is_posted);

/* Read it, if that was not done before in this request, and decide whether it can be trusted: who asks, for
 * which ACS, signed as it must be. Tells the logs who. Returns OK, or refuses and returns what that returned.
 * Everything lives in r->pool. */
int rcidp_asking_read(request_rec *r, const rcidp_dir_conf *conf, const rcidp_server_conf *server,
                      rcidp_asking **asking);

/* Can it be met, as far as it tells before the user's claims are gathered? A name ID format that it wants,
 * and that can be had, is set in conf. NULL for yes. */
const rcidp_no *rcidp_asking_before(const rcidp_asking *asking, const rcidp_server_conf *server,
                                    rcidp_dir_conf *conf);

/* Does it say that nobody may be asked to sign in? */
const rcidp_no *rcidp_asking_passive(const rcidp_asking *asking);

/* The same once the claims are known: subject, AuthnContext, a fresh sign-in. NULL for yes. */
const rcidp_no *rcidp_asking_after(const rcidp_asking *asking, const rcidp_dir_conf *conf,
                                   const rcidp_claims *claims);

#endif
