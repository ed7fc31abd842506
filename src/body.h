/* SPDX-License-Identifier: Apache-2.0 */
/* A posted form that several may read: it is put back for whoever comes next. */
#ifndef RCIDP_BODY_H
#define RCIDP_BODY_H

#include <httpd.h>
#include <stdbool.h>
#include <util_filter.h>

/* The name of the input filter that has what was read. */
#define RCIDP_BODY_FILTER "RCIDP_BODY"

/* Is this a form that is posted? */
bool rcidp_body_is_form(request_rec *r);

/* Read the whole body, of at most `limit` bytes, as text in r->pool. Whoever reads it after that finds it as
 * it came, be it this function once more, mod_auth_form or a handler. Returns OK, with *error NULL or why it
 * is refused; then it is lost. Or what ends the request, where a filter has answered by itself. */
int rcidp_body_read(request_rec *r, apr_size_t limit, const char **text, const char **error);

/* The input filter. */
apr_status_t rcidp_body_filter(ap_filter_t *filter, apr_bucket_brigade *brigade, ap_input_mode_t mode,
                               apr_read_type_e block, apr_off_t readbytes);

#endif
