/* SPDX-License-Identifier: Apache-2.0 */
/* Who the user is, as the configuration says it: the claims of one launch. */
#ifndef RCIDP_CLAIMS_H
#define RCIDP_CLAIMS_H

#include <httpd.h>
#include <http_config.h>
#include <stdbool.h>

#include "config.h"

/* Fill in what the Response says of the user for this provider: name ID, attributes, AuthnContext and times,
 * all but the IDs. `conf` is the effective record. Everything lives in r->pool. Returns OK, or refuses
 * (rcidp_answer_refuse) and returns what that returned. Expects a signed-in user. */
int rcidp_claims_gather(request_rec *r, const rcidp_dir_conf *conf, const rcidp_provider *provider,
                        rcidp_claims *claims);

/* Is anybody signed in, by an AuthType or by a client certificate that was verified? */
bool rcidp_claims_is_signed_in(request_rec *r);

#endif
