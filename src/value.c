/* SPDX-License-Identifier: Apache-2.0 */
#include "value.h"

#include <ap_expr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>

#include "config.h"
#include "text.h"
#include "transform.h"

APLOG_USE_MODULE(rcidp);

struct rcidp_value {
    const char *source; /* as configured, for messages */
    const char *text;   /* the same with what follows it */
    const char *place;
    const ap_expr_info_t *expression;
    const apr_array_header_t *transforms; /* of const rcidp_transform * */
};

const char *rcidp_value_word(apr_pool_t *pool, const char **args)
{
    const char *start, *quote;

    while (apr_isspace(**args))
        (*args)++;
    start = *args;
    quote = start + strcspn(start, " \t=\"'");
    if (quote == start || *quote != '=' || (quote[1] != '"' && quote[1] != '\''))
        return ap_getword_conf(pool, args);
    *args = quote + 1;
    return apr_pstrcat(pool, apr_pstrmemdup(pool, start, (apr_size_t)(quote + 1 - start)),
                       ap_getword_conf(pool, args), NULL);
}

const char *rcidp_value_parse(cmd_parms *cmd, const char **args, const rcidp_value **value)
{
    rcidp_value *made = apr_pcalloc(cmd->pool, sizeof(*made));
    apr_array_header_t *transforms = apr_array_make(cmd->pool, 2, sizeof(const rcidp_transform *));
    const char *error = NULL, *word;

    made->text = apr_pstrdup(cmd->pool, *args);
    made->place = rcidp_config_place(cmd);
    made->source = rcidp_value_word(cmd->pool, args);
    if (!*made->source)
        return "an expression is missing";
    made->expression = ap_expr_parse_cmd(cmd, made->source,
                                         AP_EXPR_FLAG_STRING_RESULT | AP_EXPR_FLAG_DONT_VARY, &error, NULL);
    if (error)
        return apr_psprintf(cmd->pool, "the expression \"%s\" cannot be parsed: %s", made->source, error);
    while (!error && *(word = rcidp_value_word(cmd->pool, args)))
        error = rcidp_transform_parse(cmd, word, apr_array_push(transforms));
    made->transforms = transforms;
    *value = made;
    return error;
}

const char *rcidp_value_constant(const rcidp_value *value)
{
    return value->transforms->nelts || strpbrk(value->source, "%$\\") ? NULL : value->source;
}

const char *rcidp_value_text(const rcidp_value *value)
{
    return value->text;
}

const char *rcidp_value_place(const rcidp_value *value)
{
    return value->place;
}

static const char *evaluate(request_rec *r, const rcidp_value *value)
{
    const char *error = NULL;
    const char *text = value ? ap_expr_str_exec(r, value->expression, &error) : r->user;

    if (error)
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "RCIDP40: the expression \"%s\" cannot be evaluated: %s",
                      value->source, error);
    return error ? NULL : text ? text : "";
}

/* Drop what is empty: no service provider can use it. */
static apr_array_header_t *without_empty(apr_pool_t *pool, const apr_array_header_t *values)
{
    apr_array_header_t *kept = apr_array_make(pool, values->nelts, sizeof(const char *));

    for (int i = 0; i < values->nelts; i++) {
        const char *value = APR_ARRAY_IDX(values, i, const char *);

        if (*value)
            APR_ARRAY_PUSH(kept, const char *) = value;
    }
    return kept;
}

rcidp_value_result rcidp_value_get(request_rec *r, const rcidp_value *value, apr_array_header_t **values)
{
    const char *text = evaluate(r, value);
    bool fit;

    *values = apr_array_make(r->pool, 1, sizeof(const char *));
    if (!text)
        return RCIDP_VALUE_FAILED;
    if (*text)
        APR_ARRAY_PUSH(*values, const char *) = text;
    /* PCRE looks at nothing else, and a later transformation might cut away what is wrong with it. */
    fit = rcidp_text_is_utf8(text);
    for (int i = 0; value && i < value->transforms->nelts; i++) {
        const rcidp_transform *transform = APR_ARRAY_IDX(value->transforms, i, const rcidp_transform *);
        rcidp_value_result result = fit || rcidp_transform_is_condition(transform)
                                        ? rcidp_transform_apply(r, transform, values)
                                        : RCIDP_VALUE_SOME;

        if (result != RCIDP_VALUE_SOME)
            return result;
    }
    *values = without_empty(r->pool, *values);
    return (*values)->nelts ? RCIDP_VALUE_SOME : RCIDP_VALUE_NONE;
}
