/* SPDX-License-Identifier: Apache-2.0 */
/* What our pages say, in the reader's language. The texts stand in words.def, each once in every language. */
#ifndef RCIDP_WORDS_H
#define RCIDP_WORDS_H

#include <apr_pools.h>

typedef enum {
    RCIDP_ENGLISH,
    RCIDP_GERMAN,
    RCIDP_FRENCH,
    RCIDP_SPANISH,
    RCIDP_JAPANESE,
    RCIDP_LANGUAGES /* how many there are; no language */
} rcidp_language;

/* RCIDP_SAY_POST_TITLE and so on. */
#define WORD(name, ...) RCIDP_SAY_##name,
typedef enum {
#include "words.def"
    RCIDP_WORDS
} rcidp_word;
#undef WORD

/* The language of a tag, "en", "de", "fr", "es" or "ja"; RCIDP_LANGUAGES for any other. */
rcidp_language rcidp_words_language(const char *tag);

/* The tag of a language, as HTML's lang and Content-Language have it (BCP 47). */
const char *rcidp_words_tag(rcidp_language language);

/* The language that a browser's Accept-Language asks for (RFC 9110, 12.5.4): of those that we speak the one
 * of the highest weight, the first of equals, whatever the region ("de-AT" is German). English where none is,
 * or where the header is absent (NULL) or not understood. */
rcidp_language rcidp_words_choose(const char *accept_language);

/* A text, plain UTF-8, with its $1 and $2 still in it. Constant. */
const char *rcidp_words(rcidp_language language, rcidp_word word);

/* The text with `one` in place of $1 and `two` in place of $2 (NULL where it has none); plain, not escaped.
 * In pool. */
const char *rcidp_words_fill(apr_pool_t *pool, rcidp_language language, rcidp_word word, const char *one,
                             const char *two);

#endif
