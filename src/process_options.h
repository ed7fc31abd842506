/* SPDX-License-Identifier: Apache-2.0 */
/* What RcIdpSigningProcess says. */
#ifndef RCIDP_PROCESS_OPTIONS_H
#define RCIDP_PROCESS_OPTIONS_H

#include <httpd.h>
#include <stdbool.h>

#include "confine.h"

typedef struct rcidp_process_options {
    bool on;
    rcidp_confine_user user; /* user=; without it, or for root, no name */
    int rate;                /* rate=, signatures a second; 0 for any number */
    const char *audit;       /* audit=, a whole path; NULL: httpd's error log */
} rcidp_process_options;

/* Read on|off [user=NAME] [rate=N] [audit=FILE], in pool, while httpd reads its configuration. Returns NULL,
 * or a sentence that says what is wrong. */
const char *rcidp_process_options_read(apr_pool_t *pool, const char *args, rcidp_process_options *options);

/* Could httpd's children, once taken over, change the file of audit=, or put another in its place? Where
 * httpd starts as root; elsewhere all is one user's. For the check, when User and Group are known. */
bool rcidp_process_options_is_exposed(apr_pool_t *pool, const rcidp_process_options *options);

#endif
