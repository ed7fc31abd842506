/* SPDX-License-Identifier: Apache-2.0 */
/* For analyzers, which cannot know: without memory APR does not return NULL, httpd has it end the process. */
#include <apr_strings.h>

static inline void *never_null(void *made)
{
    if (!made)
        __builtin_unreachable();
    return made;
}

#define apr_palloc(...) never_null((apr_palloc)(__VA_ARGS__))
#define apr_pstrdup(...) ((char *)never_null((apr_pstrdup)(__VA_ARGS__)))
#define apr_pstrmemdup(...) ((char *)never_null((apr_pstrmemdup)(__VA_ARGS__)))
#define apr_pstrcat(...) ((char *)never_null((apr_pstrcat)(__VA_ARGS__)))
#define apr_psprintf(...) ((char *)never_null((apr_psprintf)(__VA_ARGS__)))
