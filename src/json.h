/* SPDX-License-Identifier: Apache-2.0 */
/* Text as JSON has it (RFC 8259). */
#ifndef RCIDP_JSON_H
#define RCIDP_JSON_H

#include <apr_pools.h>

/* The text as a JSON string, in quotation marks and on one line; null for NULL. A byte that is no UTF-8
 * becomes U+FFFD, all else comes back as it was. In pool. */
const char *rcidp_json_string(apr_pool_t *pool, const char *text);

#endif
