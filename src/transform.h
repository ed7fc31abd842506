/* SPDX-License-Identifier: Apache-2.0 */
/* One step that a claim's values go through: lower, local-part, s/.../.../, split=, if=, ... */
#ifndef RCIDP_TRANSFORM_H
#define RCIDP_TRANSFORM_H

#include "value.h"

/* No value grows beyond this, whatever a substitution does. */
#define RCIDP_VALUE_LIMIT (64 * 1024)

/* No claim has more values than this. */
#define RCIDP_VALUES_LIMIT 4096

typedef struct rcidp_transform rcidp_transform;

/* Parse one TRANSFORM. *transform lives in cmd->pool. Returns NULL, or what is wrong. */
const char *rcidp_transform_parse(cmd_parms *cmd, const char *word, const rcidp_transform **transform);

/* Is it if=, which does not look at the values? */
bool rcidp_transform_is_condition(const rcidp_transform *transform);

/* Apply it to *values (of const char *), which is replaced by a new array in r->pool. SOME stands for "go
 * on", also with an empty array. The values must be UTF-8; FAILED where a regular expression cannot be tried.
 */
rcidp_value_result rcidp_transform_apply(request_rec *r, const rcidp_transform *transform,
                                         apr_array_header_t **values);

#endif
