/* SPDX-License-Identifier: Apache-2.0 */
/* When httpd itself refuses somebody at a launch path: the reason in the user's words, on a page of ours. */
#ifndef RCIDP_DENIAL_H
#define RCIDP_DENIAL_H

#include <httpd.h>
#include <http_config.h>
#include <util_filter.h>

/* The name of the output filter that gives such a page its headers. */
#define RCIDP_DENIAL_FILTER "RCIDP_DENIAL"

/* An auth_checker hook, and an access_checker_ex hook for the users of client certificates, who have no
 * AuthType: somebody is signed in, and httpd is about to decide. Until a launch says otherwise, the result of
 * the request is "denied", so that an ErrorDocument of the site can tell why. Always DECLINED.
 */
int rcidp_denial_expect(request_rec *r);

/* Take that back: httpd let the user in. */
void rcidp_denial_forget(request_rec *r);

/* An insert_error_filter hook: where the site has no ErrorDocument of its own, the answer is our page. */
void rcidp_denial_insert(request_rec *r);

/* The output filter: sets the headers, and is gone. */
apr_status_t rcidp_denial_filter(ap_filter_t *filter, apr_bucket_brigade *brigade);

#endif
