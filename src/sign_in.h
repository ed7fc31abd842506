/* SPDX-License-Identifier: Apache-2.0 */
/* A service provider's request that comes before its user has signed in. A form would be lost over a sign-in
 * page: the browser is led to bring it again, in the address. And where nobody may be asked (IsPassive),
 * whatever asks is answered in the user's place. */
#ifndef RCIDP_SIGN_IN_H
#define RCIDP_SIGN_IN_H

#include <httpd.h>

/* An access_checker hook: some modules ask here. */
int rcidp_sign_in_access(request_rec *r);

/* A check_user_id hook: most do it here. */
int rcidp_sign_in_user(request_rec *r);

#endif
