/* SPDX-License-Identifier: Apache-2.0 */
/* The test page's checks: what could keep a launch from working, or should not stay as it is. */
#ifndef RCIDP_CHECKS_H
#define RCIDP_CHECKS_H

#include <httpd.h>
#include <http_config.h>

#include "claims.h"
#include "report.h"

/* A launch that was tried out. */
typedef struct rcidp_tried {
    request_rec *r;
    const rcidp_dir_conf *conf; /* effective */
    const rcidp_server_conf *server;
    const rcidp_provider *provider;
    const char *relay_state; /* NULL for none */
    const rcidp_claims *claims;
    const rcidp_gathered *gathered;
    const char *error; /* why no Response could be made although the claims are good; else NULL */
    const char
        *response; /* the real one, in base64, not encrypted; NULL where there is none. It never leaves. */
} rcidp_tried;

/* Run every check, in the order of the one table. Returns an array of rcidp_report_check with sentences in
 * the language, in r->pool. */
const apr_array_header_t *rcidp_checks_run(const rcidp_tried *tried, rcidp_language language);

#endif
