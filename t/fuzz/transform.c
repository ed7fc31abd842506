/* SPDX-License-Identifier: Apache-2.0 */
/* The transformations of a value. They are glue: what they ask of httpd is here, the regular expressions by
 * PCRE2 in httpd's manner (server/util_pcre.c), but for a limit on how long a match may be tried. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "fuzz.h"

#include <ap_expr.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <pcre2.h>

#include "text.h"
#include "transform.h"

#define MATCH_LIMIT 20000

module AP_MODULE_DECLARE_DATA rcidp_module;

void ap_log_rerror_(const char *file, int line, int module_index, int level, apr_status_t status,
                    const request_rec *r, const char *format, ...)
{
    (void)file, (void)line, (void)module_index, (void)level, (void)status, (void)r, (void)format;
}

ap_expr_info_t *ap_expr_parse_cmd_mi(const cmd_parms *cmd, const char *text, unsigned int flags,
                                     const char **error, ap_expr_lookup_fn_t *lookup, int index)
{
    (void)text, (void)flags, (void)lookup, (void)index;
    *error = NULL;
    return apr_pcalloc(cmd->pool, sizeof(ap_expr_info_t));
}

int ap_expr_exec(request_rec *r, const ap_expr_info_t *expression, const char **error)
{
    (void)r, (void)expression, (void)error;
    return 1;
}

void ap_str_tolower(char *text)
{
    for (; *text; text++)
        *text = (char)apr_tolower(*text);
}

void ap_str_toupper(char *text)
{
    for (; *text; text++)
        *text = (char)apr_toupper(*text);
}

static apr_status_t free_code(void *code)
{
    pcre2_code_free(code);
    return APR_SUCCESS;
}

ap_regex_t *ap_pregcomp(apr_pool_t *pool, const char *pattern, int flags)
{
    ap_regex_t *made = apr_pcalloc(pool, sizeof(*made));
    uint32_t options = PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY | (flags & AP_REG_ICASE ? PCRE2_CASELESS : 0);
    PCRE2_SIZE offset;
    int error;

    made->re_pcre = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &error, &offset, NULL);
    if (!made->re_pcre)
        return NULL;
    apr_pool_cleanup_register(pool, made->re_pcre, free_code, apr_pool_cleanup_null);
    return made;
}

int ap_regexec(const ap_regex_t *regex, const char *text, apr_size_t count, ap_regmatch_t *groups, int flags)
{
    pcre2_match_data *data = pcre2_match_data_create(AP_MAX_REG_MATCH, NULL);
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    const PCRE2_SIZE *found = pcre2_get_ovector_pointer(data);
    int matched;

    pcre2_set_match_limit(context, MATCH_LIMIT);
    matched = pcre2_match(regex->re_pcre, (PCRE2_SPTR)text, strlen(text), 0,
                          flags & AP_REG_NOTBOL ? PCRE2_NOTBOL : 0, data, context);
    if (matched == 0)
        matched = AP_MAX_REG_MATCH;
    for (apr_size_t i = 0; matched > 0 && i < count; i++) {
        bool set = i < (apr_size_t)matched && found[2 * i] != PCRE2_UNSET;

        groups[i].rm_so = set ? (int)found[2 * i] : -1;
        groups[i].rm_eo = set ? (int)found[2 * i + 1] : -1;
    }
    pcre2_match_context_free(context);
    pcre2_match_data_free(data);
    return matched > 0 ? 0 : matched == PCRE2_ERROR_MATCHLIMIT ? AP_REG_ESPACE : AP_REG_NOMATCH;
}

/* $0 to $9, and \$ and \& for the signs themselves. */
apr_status_t ap_pregsub_ex(apr_pool_t *pool, char **result, const char *input, const char *source,
                           apr_size_t count, ap_regmatch_t groups[], apr_size_t limit)
{
    static char out[RCIDP_VALUE_LIMIT];
    char *to = out;

    must(limit <= sizeof(out));
    for (; *input; input++) {
        const char *from = input;
        apr_size_t length = 1;

        if (*input == '$' && apr_isdigit(input[1])) {
            apr_size_t group = (apr_size_t)(*++input - '0');

            length = group < count ? (apr_size_t)(groups[group].rm_eo - groups[group].rm_so) : 0;
            from = source + (length ? groups[group].rm_so : 0);
        } else if (*input == '\\' && (input[1] == '$' || input[1] == '&')) {
            from = ++input;
        }
        if (length >= limit - (apr_size_t)(to - out))
            return APR_ENOMEM;
        memcpy(to, from, length);
        to += length;
    }
    *result = apr_pstrmemdup(pool, out, (apr_size_t)(to - out));
    return APR_SUCCESS;
}

static bool are_xml(const apr_array_header_t *values)
{
    bool all = true;

    for (int i = 0; i < values->nelts; i++)
        all = all && rcidp_text_is_xml(APR_ARRAY_IDX(values, i, const char *));
    return all;
}

static void must_be_bounded(const apr_array_header_t *values)
{
    must(values->nelts <= RCIDP_VALUES_LIMIT);
    for (int i = 0; i < values->nelts; i++)
        must(APR_ARRAY_IDX(values, i, const char *) != NULL);
}

/* Up to three transformations, then the values. Text that was UTF-8 stays so, unless a regular expression
 * asks for single bytes. */
void fuzz_transform(fuzz_input *in)
{
    const char *words[] = {fuzz_text(in), fuzz_text(in), fuzz_text(in)};
    apr_array_header_t *values = apr_array_make(fuzz_pool, 2, sizeof(const char *));
    rcidp_value_result result = RCIDP_VALUE_SOME;
    const rcidp_transform *transform;
    cmd_parms cmd = {.pool = fuzz_pool};
    const struct ap_logconf quiet = {.level = -1};
    request_rec request = {.pool = fuzz_pool, .log = &quiet};
    bool whole;

    do
        APR_ARRAY_PUSH(values, const char *) = fuzz_text(in);
    while (in->at < in->end && values->nelts < 64);
    whole = are_xml(values);
    for (int i = 0; i < 3 && result == RCIDP_VALUE_SOME && *words[i]; i++) {
        const char *error = rcidp_transform_parse(&cmd, words[i], &transform);

        if (error) {
            must(*error);
            return;
        }
        result = rcidp_transform_apply(&request, transform, &values);
        whole = whole && rcidp_text_is_xml(words[i]) && !strstr(words[i], "\\C");
        must_be_bounded(values);
        must(!whole || result != RCIDP_VALUE_SOME || are_xml(values));
    }
}
