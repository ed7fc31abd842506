/* SPDX-License-Identifier: Apache-2.0 */
/* What a Response would say, and where each part of it comes from, for people. */
#ifndef RCIDP_EXPLAIN_H
#define RCIDP_EXPLAIN_H

#include "checks.h"

/* The sections of the test page: the user, the claims, the addresses, the times, the signatures. Returns an
 * array of rcidp_report_section in r->pool. */
const apr_array_header_t *rcidp_explain(const rcidp_tried *tried, rcidp_language language);

#endif
