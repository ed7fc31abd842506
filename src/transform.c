/* SPDX-License-Identifier: Apache-2.0 */
#include "transform.h"

#include <ap_expr.h>
#include <ap_regex.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>

APLOG_USE_MODULE(rcidp);

/* PCRE reads the subject as UTF-8, so that "." is a character and not a byte. */
#define UTF8 "(*UTF)"

/* $0 to $9. */
#define GROUPS AP_MAX_REG_MATCH

/* Results of a step on one value. */
typedef enum { KEEP, DROP, FAIL } verdict;

struct rcidp_transform {
    /* On each value in turn, which it may replace; NULL for a step that looks at all values at once. */
    verdict (*each)(apr_pool_t *pool, const rcidp_transform *transform, const char **value);
    const char *source;
    const char *text;                /* default=, split=, the replacement of s/// */
    const ap_regex_t *regex;         /* s///, match= */
    bool all;                        /* s///g */
    const ap_expr_info_t *condition; /* if= */
};

static verdict lower(apr_pool_t *pool, const rcidp_transform *transform, const char **value)
{
    char *copy = apr_pstrdup(pool, *value);

    (void)transform;
    ap_str_tolower(copy);
    *value = copy;
    return KEEP;
}

static verdict upper(apr_pool_t *pool, const rcidp_transform *transform, const char **value)
{
    char *copy = apr_pstrdup(pool, *value);

    (void)transform;
    ap_str_toupper(copy);
    *value = copy;
    return KEEP;
}

static verdict local_part(apr_pool_t *pool, const rcidp_transform *transform, const char **value)
{
    (void)transform;
    *value = apr_pstrmemdup(pool, *value, strcspn(*value, "@"));
    return KEEP;
}

static verdict domain(apr_pool_t *pool, const rcidp_transform *transform, const char **value)
{
    const char *at = strchr(*value, '@');

    (void)pool, (void)transform;
    *value = at ? at + 1 : "";
    return KEEP;
}

/* Has PCRE given up, for want of memory or since it had tried too many ways? That is no answer, and the value
 * would be sent as it is. */
static bool has_failed(int result)
{
    return result != 0 && result != AP_REG_NOMATCH;
}

static verdict match(apr_pool_t *pool, const rcidp_transform *transform, const char **value)
{
    int result = ap_regexec(transform->regex, *value, 0, NULL, 0);

    (void)pool;
    return has_failed(result) ? FAIL : result == 0 ? KEEP : DROP;
}

/* Bytes of the UTF-8 character at `at`, which is not its end. */
static apr_size_t character(const char *at)
{
    apr_size_t length = 1;

    while ((at[length] & 0xC0) == 0x80)
        length++;
    return length;
}

/* What has been put together so far, and whether it is still within bounds. */
typedef struct output {
    apr_pool_t *pool;
    apr_array_header_t *pieces; /* of const char * */
    apr_size_t length;
} output;

static bool within_bounds(const output *out)
{
    return out->length < RCIDP_VALUE_LIMIT;
}

static void append(output *out, const char *text, apr_size_t length)
{
    out->length += length;
    if (length && within_bounds(out))
        APR_ARRAY_PUSH(out->pieces, const char *) = apr_pstrmemdup(out->pool, text, length);
}

/* The replacement for one match: $0 to $9, and \$ for the sign itself. */
static void append_replacement(output *out, const char *replacement, const char *source,
                               ap_regmatch_t *groups)
{
    char *text = NULL;

    if (ap_pregsub_ex(out->pool, &text, replacement, source, GROUPS, groups, RCIDP_VALUE_LIMIT) !=
        APR_SUCCESS)
        out->length = RCIDP_VALUE_LIMIT;
    else
        append(out, text, strlen(text));
}

/* What follows a match is matched by itself, without ^ and, after an empty match, from the next character on.
 */
static verdict substitute(apr_pool_t *pool, const rcidp_transform *transform, const char **value)
{
    output out = {pool, apr_array_make(pool, 4, sizeof(const char *)), 0};
    const char *at = *value;
    bool more = true;
    int flags = 0, result = 0;
    ap_regmatch_t groups[GROUPS];

    while (more && within_bounds(&out) &&
           (result = ap_regexec(transform->regex, at, GROUPS, groups, flags)) == 0) {
        const char *end = at + groups[0].rm_eo;
        apr_size_t skipped = groups[0].rm_eo == groups[0].rm_so && *end ? character(end) : 0;

        append(&out, at, (apr_size_t)groups[0].rm_so);
        append_replacement(&out, transform->text, at, groups);
        append(&out, end, skipped);
        more = transform->all && *end;
        at = end + skipped;
        flags = AP_REG_NOTBOL;
    }
    if (has_failed(result))
        return FAIL;
    append(&out, at, strlen(at));
    *value = apr_array_pstrcat(pool, out.pieces, 0);
    return within_bounds(&out) ? KEEP : FAIL;
}

static const char *compile(cmd_parms *cmd, rcidp_transform *made, const char *regex, int flags)
{
    made->regex = ap_pregcomp(cmd->pool, apr_pstrcat(cmd->pool, UTF8, regex, NULL), flags);
    return made->regex ? NULL : apr_psprintf(cmd->pool, "\"%s\" is not a regular expression", regex);
}

/* Up to the next unescaped delimiter; NULL if there is none. A backslash before the delimiter is taken away.
 */
static const char *part(apr_pool_t *pool, const char **at, char delimiter)
{
    char *text = apr_pstrdup(pool, *at), *to = text;
    const char *from = *at;

    for (; *from && *from != delimiter; from++) {
        if (*from == '\\' && from[1] == delimiter)
            from++;
        else if (*from == '\\' && from[1])
            *to++ = *from++;
        *to++ = *from;
    }
    if (*from != delimiter)
        return NULL;
    *to = '\0';
    *at = from + 1;
    return text;
}

/* s/REGEX/REPLACEMENT/FLAGS, with any punctuation for the slash. */
static const char *parse_substitute(cmd_parms *cmd, const char *word, rcidp_transform *made)
{
    const char *at = word + 2, *regex = part(cmd->pool, &at, word[1]);
    int flags = 0;

    made->text = regex ? part(cmd->pool, &at, word[1]) : NULL;
    if (!made->text)
        return apr_psprintf(cmd->pool, "\"%s\" is not of the form s/REGEX/REPLACEMENT/FLAGS", word);
    for (; *at; at++) {
        if (*at == 'i')
            flags |= AP_REG_ICASE;
        else if (*at == 'g')
            made->all = true;
        else
            return apr_psprintf(cmd->pool, "\"%s\" has the flag %c; i and g are known", word, *at);
    }
    made->each = substitute;
    return compile(cmd, made, regex, flags);
}

static const char *parse_condition(cmd_parms *cmd, const char *text, rcidp_transform *made)
{
    const char *error = NULL;

    made->condition = ap_expr_parse_cmd(cmd, text, AP_EXPR_FLAG_DONT_VARY, &error, NULL);
    return error ? apr_psprintf(cmd->pool, "the condition \"%s\" cannot be parsed: %s", text, error) : NULL;
}

/* NAME=TEXT with that name: its text, else NULL. */
static const char *argument(const char *word, const char *name)
{
    apr_size_t length = strlen(name);

    return strncmp(word, name, length) == 0 && word[length] == '=' ? word + length + 1 : NULL;
}

const char *rcidp_transform_parse(cmd_parms *cmd, const char *word, const rcidp_transform **transform)
{
    rcidp_transform *made = apr_pcalloc(cmd->pool, sizeof(*made));
    const char *text;

    made->source = word;
    *transform = made;
    if (!strcmp(word, "lower"))
        made->each = lower;
    else if (!strcmp(word, "upper"))
        made->each = upper;
    else if (!strcmp(word, "local-part"))
        made->each = local_part;
    else if (!strcmp(word, "domain"))
        made->each = domain;
    else if ((text = argument(word, "match")) && (made->each = match))
        return compile(cmd, made, text, 0);
    else if ((text = argument(word, "if")))
        return parse_condition(cmd, text, made);
    else if ((text = argument(word, "default")) || ((text = argument(word, "split")) && *text))
        made->text = text;
    else if (word[0] == 's' && apr_ispunct(word[1]) && word[1] != '\\')
        return parse_substitute(cmd, word, made);
    else
        return apr_psprintf(cmd->pool,
                            "\"%s\" is no transform; known are lower, upper, local-part, domain, "
                            "s/REGEX/REPLACEMENT/FLAGS, default=TEXT, split=SEP, match=REGEX, if=EXPR",
                            word);
    return NULL;
}

/* Does any value have text in it? */
static bool has_text(const apr_array_header_t *values)
{
    for (int i = 0; i < values->nelts; i++) {
        if (*APR_ARRAY_IDX(values, i, const char *))
            return true;
    }
    return false;
}

static rcidp_value_result split_all(request_rec *r, const rcidp_transform *transform,
                                    apr_array_header_t **values)
{
    apr_array_header_t *pieces = apr_array_make(r->pool, 8, sizeof(const char *));
    apr_size_t separator = strlen(transform->text);

    for (int i = 0; i < (*values)->nelts; i++) {
        const char *at = APR_ARRAY_IDX(*values, i, const char *), *end;

        while ((end = strstr(at, transform->text)) && pieces->nelts < RCIDP_VALUES_LIMIT) {
            APR_ARRAY_PUSH(pieces, const char *) = apr_pstrmemdup(r->pool, at, (apr_size_t)(end - at));
            at = end + separator;
        }
        APR_ARRAY_PUSH(pieces, const char *) = at;
    }
    *values = pieces;
    return pieces->nelts <= RCIDP_VALUES_LIMIT ? RCIDP_VALUE_SOME : RCIDP_VALUE_FAILED;
}

static rcidp_value_result check_condition(request_rec *r, const rcidp_transform *transform)
{
    const char *error = NULL;
    int holds = ap_expr_exec(r, transform->condition, &error);

    if (holds < 0 || error) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "RCIDP41: the condition \"%s\" cannot be evaluated: %s",
                      transform->source, error ? error : "no reason given");
        return RCIDP_VALUE_FAILED;
    }
    return holds ? RCIDP_VALUE_SOME : RCIDP_VALUE_IF_NOT;
}

static rcidp_value_result apply_each(request_rec *r, const rcidp_transform *transform,
                                     apr_array_header_t **values)
{
    apr_array_header_t *kept = apr_array_make(r->pool, (*values)->nelts, sizeof(const char *));

    for (int i = 0; i < (*values)->nelts; i++) {
        const char *value = APR_ARRAY_IDX(*values, i, const char *);
        verdict result = transform->each(r->pool, transform, &value);

        if (result == FAIL)
            return RCIDP_VALUE_FAILED;
        if (result == KEEP)
            APR_ARRAY_PUSH(kept, const char *) = value;
    }
    *values = kept;
    return RCIDP_VALUE_SOME;
}

bool rcidp_transform_is_condition(const rcidp_transform *transform)
{
    return transform->condition != NULL;
}

rcidp_value_result rcidp_transform_apply(request_rec *r, const rcidp_transform *transform,
                                         apr_array_header_t **values)
{
    rcidp_value_result result = RCIDP_VALUE_SOME;

    if (transform->condition)
        return check_condition(r, transform);
    if (transform->each)
        result = apply_each(r, transform, values);
    else if (!strncmp(transform->source, "split", 5))
        result = split_all(r, transform, values);
    else if (!has_text(*values)) {
        *values = apr_array_make(r->pool, 1, sizeof(const char *));
        APR_ARRAY_PUSH(*values, const char *) = transform->text;
    }
    if (result == RCIDP_VALUE_FAILED)
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "RCIDP42: \"%s\" makes a value over %d bytes, or over %d values, or too much work",
                      transform->source, RCIDP_VALUE_LIMIT, RCIDP_VALUES_LIMIT);
    return result;
}
