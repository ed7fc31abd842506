/* SPDX-License-Identifier: Apache-2.0 */
/* Lasso's second opinion for the tests in Python (judge.py), by the core's own function; one process for a
 * whole program. Its first line says whether there is Lasso. Then each line of input is a Response: the file
 * of our metadata, the service provider's entityID, its ACS, the ID of its request, the file of its key (or
 * nothing), and the Response in base64, between tabs; and each line of output is empty, or why it is refused.
 */
#include <apr_general.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lasso.h"
#include "library.h"

enum { METADATA, ENTITY_ID, ACS, REQUEST, KEY, RESPONSE, FIELDS };

#define METADATA_LIMIT (1 << 20)

static const char *read_file(apr_pool_t *pool, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = apr_palloc(pool, METADATA_LIMIT);
    size_t length = file ? fread(text, 1, METADATA_LIMIT - 1, file) : 0;

    if (file)
        fclose(file);
    text[length] = '\0';
    return text;
}

static const char *judge(apr_pool_t *pool, char *line)
{
    char *fields[FIELDS], *next = line;
    rcidp_lasso_party party;

    for (int i = 0; i < FIELDS; i++) {
        if (!next)
            return "judge: the line has too few fields";
        fields[i] = next;
        next = strchr(next, i < FIELDS - 1 ? '\t' : '\n');
        if (next)
            *next++ = '\0';
    }
    party = (rcidp_lasso_party){fields[ENTITY_ID], fields[ACS], *fields[KEY] ? fields[KEY] : NULL};
    return rcidp_lasso_judge(pool, read_file(pool, fields[METADATA]), &party, fields[RESPONSE],
                             *fields[REQUEST] ? fields[REQUEST] : NULL);
}

int main(void)
{
    const char *error;
    apr_pool_t *all, *one;
    char *line = NULL;
    size_t size = 0;

    apr_initialize();
    atexit(apr_terminate);
    apr_pool_create(&all, NULL);
    apr_pool_create(&one, all);
    error = rcidp_lasso_is_there() ? rcidp_lasso_init(all) : NULL; /* before xmlsec, as in httpd */
    if (!error)
        error = rcidp_library_init();
    puts(error ? error : rcidp_lasso_is_there() ? "ready" : "no Lasso");
    fflush(stdout);
    while (!error && getline(&line, &size, stdin) > 0) {
        const char *reason = judge(one, line);

        puts(reason ? reason : "");
        fflush(stdout);
        apr_pool_clear(one);
    }
    free(line);
    return error ? 1 : 0;
}
