/* SPDX-License-Identifier: Apache-2.0 */
#include "markup.h"

#include <apr_encode.h>
#include <string.h>

/* The longest reference, "&quot;", in the place of one character. */
#define LONGEST 6

void rcidp_markup_begin(rcidp_markup *markup, apr_pool_t *pool, apr_size_t room)
{
    markup->pool = pool;
    markup->text = apr_palloc(pool, room + 1);
    markup->text[0] = '\0';
    markup->length = 0;
    markup->room = room;
    markup->in_tag = false;
}

/* Where the next characters go: there is room for `more` of them, and the NUL. */
static char *reserve(rcidp_markup *markup, apr_size_t more)
{
    if (more > markup->room - markup->length) {
        apr_size_t room = 2 * markup->room + more;
        char *larger = apr_palloc(markup->pool, room + 1);

        memcpy(larger, markup->text, markup->length + 1);
        markup->text = larger;
        markup->room = room;
    }
    return markup->text + markup->length;
}

static void end_at(rcidp_markup *markup, char *end)
{
    *end = '\0';
    markup->length = (apr_size_t)(end - markup->text);
}

/* Three pieces that need no escaping. Always inline: then the lengths of constants are constant, too. */
__attribute__((always_inline)) static inline void put(rcidp_markup *markup, const char *before,
                                                      const char *name, const char *behind)
{
    apr_size_t lengths[] = {strlen(before), strlen(name), strlen(behind)};
    char *end = reserve(markup, lengths[0] + lengths[1] + lengths[2]);

    end = (char *)memcpy(end, before, lengths[0]) + lengths[0];
    end = (char *)memcpy(end, name, lengths[1]) + lengths[1];
    end = (char *)memcpy(end, behind, lengths[2]) + lengths[2];
    end_at(markup, end);
}

/* What stands for a character (W3C xml-c14n, 2.3). */
static const char *reference(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\t':
        return "&#x9;";
    case '\n':
        return "&#xA;";
    default:
        return "&#xD;"; /* \r is all that remains */
    }
}

/* Text with references in the place of the characters `escaped`. */
static void escape(rcidp_markup *markup, const char *text, const char *escaped)
{
    for (;;) {
        apr_size_t run = strcspn(text, escaped);
        char *end = reserve(markup, run + LONGEST);
        const char *instead = text[run] ? reference(text[run]) : "";

        end = (char *)memcpy(end, text, run) + run;
        while (*instead)
            *end++ = *instead++;
        end_at(markup, end);
        if (!text[run])
            return;
        text += run + 1;
    }
}

static void end_tag(rcidp_markup *markup)
{
    if (markup->in_tag)
        put(markup, ">", "", "");
    markup->in_tag = false;
}

void rcidp_markup_open(rcidp_markup *markup, const char *name)
{
    put(markup, markup->in_tag ? ">" : "", "<", name);
    markup->in_tag = true;
}

void rcidp_markup_attribute(rcidp_markup *markup, const char *name, const char *value)
{
    put(markup, " ", name, "=\"");
    escape(markup, value, "&<\"\t\n\r");
    put(markup, "\"", "", "");
}

void rcidp_markup_text(rcidp_markup *markup, const char *text)
{
    end_tag(markup);
    escape(markup, text, "&<>\r");
}

void rcidp_markup_close(rcidp_markup *markup, const char *name)
{
    end_tag(markup);
    put(markup, "</", name, ">");
}

void rcidp_markup_element(rcidp_markup *markup, const char *name, const char *text)
{
    rcidp_markup_open(markup, name);
    rcidp_markup_text(markup, text);
    rcidp_markup_close(markup, name);
}

void rcidp_markup_base64(rcidp_markup *markup, const char *name, const unsigned char *bytes,
                         apr_size_t length)
{
    rcidp_markup_element(
        markup, name,
        apr_pencode_base64_binary(markup->pool, bytes, (apr_ssize_t)length, APR_ENCODE_NONE, NULL));
}

void rcidp_markup_method(rcidp_markup *markup, const char *name, const char *algorithm)
{
    rcidp_markup_open(markup, name);
    rcidp_markup_attribute(markup, "Algorithm", algorithm);
    rcidp_markup_close(markup, name);
}

apr_size_t rcidp_markup_here(rcidp_markup *markup)
{
    end_tag(markup);
    return markup->length;
}

void rcidp_markup_insert(rcidp_markup *markup, apr_size_t place, const char *text, apr_size_t length)
{
    char *at;

    reserve(markup, length);
    at = markup->text + place;
    memmove(at + length, at, markup->length - place + 1);
    memcpy(at, text, length);
    markup->length += length;
}

void rcidp_markup_cut(rcidp_markup *markup, apr_size_t place)
{
    markup->length = place;
    markup->text[place] = '\0';
}
