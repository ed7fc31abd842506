/* SPDX-License-Identifier: Apache-2.0 */
/* EXPR [TRANSFORM ...]: where a claim's values come from. Parsed at start-up, evaluated at each launch. */
#ifndef RCIDP_VALUE_H
#define RCIDP_VALUE_H

#include <httpd.h>
#include <http_config.h>
#include <stdbool.h>

typedef struct rcidp_value rcidp_value;

/* What came of an evaluation. */
typedef enum {
    RCIDP_VALUE_SOME,   /* values has at least one, none empty */
    RCIDP_VALUE_NONE,   /* the expression came out empty, or a transform left nothing */
    RCIDP_VALUE_IF_NOT, /* an if= did not hold */
    RCIDP_VALUE_FAILED  /* httpd could not evaluate it, or a result went over its bounds: logged */
} rcidp_value_result;

/* Take the next word of a directive's arguments as httpd does, and besides NAME="quoted text" as one word; ""
 * at the end. The word lives in pool. */
const char *rcidp_value_word(apr_pool_t *pool, const char **args);

/* Parse the arguments from *args to their end. *value lives in cmd->pool. Returns NULL, or what is wrong. */
const char *rcidp_value_parse(cmd_parms *cmd, const char **args, const rcidp_value **value);

/* The same text as the configuration has it, and the place where it stands: "FILE:LINE". */
const char *rcidp_value_text(const rcidp_value *value);
const char *rcidp_value_place(const rcidp_value *value);

/* The value that all requests have, or NULL where that takes a request to know. */
const char *rcidp_value_constant(const rcidp_value *value);

/* The values of this request, as an array of const char * in r->pool; `value` NULL means the user's name.
 * Text that is no UTF-8 is not transformed, and is for the caller to refuse. Takes no lock and changes
 * nothing in `value`. */
rcidp_value_result rcidp_value_get(request_rec *r, const rcidp_value *value, apr_array_header_t **values);

#endif
