/* SPDX-License-Identifier: Apache-2.0 */
#include "words.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MOST 1000 /* a weight of 1, in thousandths */

static const char *const tags[] = {"en", "de", "fr", "es", "ja"};

#define WORD(name, ...) {__VA_ARGS__},
static const char *const texts[RCIDP_WORDS][RCIDP_LANGUAGES] = {
#include "words.def"
};
#undef WORD

rcidp_language rcidp_words_language(const char *tag)
{
    rcidp_language language = RCIDP_ENGLISH;

    while (language < RCIDP_LANGUAGES && strcmp(tags[language], tag) != 0)
        language++;
    return language;
}

const char *rcidp_words_tag(rcidp_language language)
{
    return tags[language];
}

const char *rcidp_words(rcidp_language language, rcidp_word word)
{
    return texts[word][language];
}

/* The language of a range, "de-AT" for example; "*" is for whatever we like best. */
static rcidp_language of_range(const char *range, size_t length)
{
    if (length == 1 && *range == '*')
        return RCIDP_ENGLISH;
    for (rcidp_language language = RCIDP_ENGLISH; length >= 2 && language < RCIDP_LANGUAGES; language++) {
        if (strncasecmp(range, tags[language], 2) == 0 && (length == 2 || range[2] == '-'))
            return language;
    }
    return RCIDP_LANGUAGES;
}

/* The weight of ";q=0.8" in thousandths, 0 for what is none; what has no such parameter weighs 1. */
static int weight(const char *parameters)
{
    int value = 0, unit = MOST;

    parameters += strspn(parameters, " \t");
    if (*parameters != ';')
        return MOST;
    parameters += 1 + strspn(parameters + 1, " \t");
    if (strncasecmp(parameters, "q=", 2) != 0)
        return 0;
    for (parameters += 2; unit && (*parameters == '.' || (*parameters >= '0' && *parameters <= '9'));
         parameters++) {
        if (*parameters != '.') {
            value += (*parameters - '0') * unit;
            unit /= 10;
        }
    }
    return value > MOST ? 0 : value;
}

rcidp_language rcidp_words_choose(const char *at)
{
    rcidp_language chosen = RCIDP_ENGLISH;
    int best = 0;

    while (at && *at) {
        size_t length;

        at += strspn(at, " \t,");
        length = strcspn(at, " \t,;");
        if (length) {
            rcidp_language language = of_range(at, length);
            int value = weight(at + length);

            if (language < RCIDP_LANGUAGES && value > best) {
                chosen = language;
                best = value;
            }
        }
        at += strcspn(at, ",");
    }
    return chosen;
}

const char *rcidp_words_fill(apr_pool_t *pool, rcidp_language language, rcidp_word word, const char *one,
                             const char *two)
{
    const char *text = rcidp_words(language, word), *filled = "", *gap;

    while ((gap = strchr(text, '$')) && gap[1]) {
        filled = apr_pstrcat(pool, filled, apr_pstrmemdup(pool, text, (apr_size_t)(gap - text)),
                             gap[1] == '1' ? one : two, NULL);
        text = gap + 2;
    }
    return apr_pstrcat(pool, filled, text, NULL);
}
