/* SPDX-License-Identifier: Apache-2.0 */
/* What we made, on its way to a service provider: the page that posts it (SAML bindings 3.5). */
#ifndef RCIDP_POST_H
#define RCIDP_POST_H

#include "authn_request.h"

/* Send the page that carries a Response to the provider's ACS; relay_state NULL for none. Returns DONE. */
int rcidp_post_response(request_rec *r, const rcidp_provider *provider, const char *acs, const char *xml,
                        const char *relay_state);

/* A trusted request that cannot be met is answered all the same, by a signed error at the provider's own ACS.
 * Returns DONE, or refuses and returns what that returned. */
int rcidp_post_no(request_rec *r, const rcidp_server_conf *server, const rcidp_asking *asking,
                  const rcidp_no *no);

#endif
