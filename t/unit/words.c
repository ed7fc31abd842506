/* SPDX-License-Identifier: Apache-2.0 */
/* What our pages say: every text in every language, the same names in each, and the choice of a language. */
#include "words.h"
#include "tap.h"
#include "text.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>

static apr_pool_t *pool;

#define WORD(name, ...) #name,
static const char *const names[] = {
#include "words.def"
};
#undef WORD

/* Each word's texts, counted: one missing, or one too many, is seen. */
#define WORD(name, ...) (int)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)),
static const int counts[] = {
#include "words.def"
};
#undef WORD

/* How often $DIGIT stands in the text. */
static int gaps(const char *text, char digit)
{
    int found = 0;

    while ((text = strchr(text, '$')))
        found += *++text == digit;
    return found;
}

static int dollars(const char *text)
{
    int found = 0;

    for (; *text; text++)
        found += *text == '$';
    return found;
}

static void test_texts(void)
{
    is_int((long)(sizeof(names) / sizeof(*names)), RCIDP_WORDS, "every word has a number");
    for (rcidp_word word = 0; word < RCIDP_WORDS; word++) {
        bool filled = counts[word] == RCIDP_LANGUAGES, agree = true, marked = true, different = false;
        const char *english = rcidp_words(RCIDP_ENGLISH, word);

        for (rcidp_language language = RCIDP_ENGLISH; language < RCIDP_LANGUAGES; language++) {
            const char *text = rcidp_words(language, word);

            filled = filled && text && *text && rcidp_text_is_xml(text) && !strpbrk(text, "<>&\n\t");
            if (!filled)
                break;
            agree = agree && gaps(text, '1') == gaps(english, '1') && gaps(text, '2') == gaps(english, '2');
            marked = marked && gaps(text, '1') + gaps(text, '2') == dollars(text);
            different = different || (language == RCIDP_JAPANESE && strcmp(text, english) != 0);
        }
        ok(filled, "%s: is there in every language, as plain text", names[word]);
        ok(filled && agree, "%s: has the same names in each", names[word]);
        ok(filled && marked, "%s: has no other sign of a name", names[word]);
        ok(filled && different, "%s: is translated", names[word]);
    }
}

static void test_tags(void)
{
    static const char *const tags[] = {"en", "de", "fr", "es", "ja"};

    for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++)
        is_str(rcidp_words_tag(rcidp_words_language(tags[i])), tags[i], "there is %s", tags[i]);
    is_int(rcidp_words_language("it"), RCIDP_LANGUAGES, "there is no it");
    is_int(rcidp_words_language("auto"), RCIDP_LANGUAGES, "auto is no language");
    is_int(rcidp_words_language(""), RCIDP_LANGUAGES, "nothing is no language");
}

static void test_choose(void)
{
    static const struct {
        const char *header, *tag;
    } rows[] = {
        {NULL, "en"},
        {"", "en"},
        {"de", "de"},
        {"DE", "de"},
        {"de-AT", "de"},
        {"de_AT", "en"},
        {"deu", "en"},
        {"d", "en"},
        {"ja-JP,ja;q=0.9,en;q=0.8", "ja"},
        {"it,fr;q=0.3,de;q=0.5", "de"},
        {"fr;q=0.5,es;q=0.5", "fr"},
        {"fr;q=0.50,es;q=0.501", "es"},
        {"fr ; q=0.1 , es ; q=0.2", "es"},
        {"fr\t;\tq=0.2,\tes\t;q=0.1", "fr"},
        {"de;q=0", "en"},
        {"de;q=0,fr;q=0.001", "fr"},
        {"de;q=0.0009", "en"},
        {"en;q=0.1,fr;q=1", "fr"},
        {"fr;q=1.000,de", "fr"},
        {"fr;q=1.1,de;q=0.1", "de"},
        {"fr;q=2,de;q=0.1", "de"},
        {"fr;q=,de;q=0.1", "de"},
        {"fr;x=1,de;q=0.1", "de"},
        {"fr;q=abc,de;q=0.1", "de"},
        {"*", "en"},
        {"*,de", "en"},
        {"*;q=0.5,de", "de"},
        {"zh-CN,zh;q=0.9", "en"},
        {",,,es", "es"},
        {";q=1,es", "es"},
        {"es;q=1;q=0", "es"},
        {"es;q=0.5.5.5", "es"},
        {"es;q=99999999999999999999999999999999", "en"},
        {"\xFF\xFE,ja", "ja"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        is_str(rcidp_words_tag(rcidp_words_choose(rows[i].header)), rows[i].tag, "Accept-Language: %s",
               rows[i].header ? rows[i].header : "(none)");
}

static void test_fill(void)
{
    is_str(rcidp_words_fill(pool, RCIDP_ENGLISH, RCIDP_SAY_POST_TITLE, "$1 $2 %s", NULL),
           "Sign in to $1 $2 %s", "a name is filled in as it is");
    is_str(rcidp_words_fill(pool, RCIDP_JAPANESE, RCIDP_SAY_POST_TITLE, "X", NULL),
           "X \xE3\x81\xB8\xE3\x81\xAE\xE3\x82\xB5\xE3\x82\xA4\xE3\x83\xB3\xE3\x82\xA4\xE3\x83\xB3",
           "wherever the language wants it");
    is_str(rcidp_words_fill(pool, RCIDP_ENGLISH, RCIDP_SAY_POST_BUTTON, "X", "Y"), "Continue",
           "and nowhere where there is none");
}

int main(void)
{
    apr_initialize();
    atexit(apr_terminate);
    apr_pool_create(&pool, NULL);
    test_texts();
    test_tags();
    test_choose();
    test_fill();
    return done();
}
