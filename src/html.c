/* SPDX-License-Identifier: Apache-2.0 */
#include "html.h"

#include <apr_strings.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <string.h>

void rcidp_html_start(rcidp_html *html, apr_pool_t *pool, apr_size_t room)
{
    html->pool = pool;
    html->length = 0;
    html->room = room;
    html->text = apr_palloc(pool, room + 1);
    *html->text = '\0';
}

/* Where the next `more` bytes go. */
static char *make_room(rcidp_html *html, apr_size_t more)
{
    if (more > html->room - html->length) {
        apr_size_t room = 2 * html->room + more;
        char *text = apr_palloc(html->pool, room + 1);

        memcpy(text, html->text, html->length);
        html->text = text;
        html->room = room;
    }
    return html->text + html->length;
}

static void add(rcidp_html *html, const char *text, apr_size_t length)
{
    memcpy(make_room(html, length), text, length);
    html->length += length;
    html->text[html->length] = '\0';
}

void rcidp_html_raw(rcidp_html *html, const char *markup)
{
    add(html, markup, strlen(markup));
}

void rcidp_html_base64(rcidp_html *html, const char *text)
{
    apr_size_t length = strlen(text);
    char *room = make_room(html, (length + 2) / 3 * 4);

    html->length +=
        (apr_size_t)EVP_EncodeBlock((unsigned char *)room, (const unsigned char *)text, (int)length);
}

/* Decode one character of UTF-8 at *at and step over it; what is none becomes U+FFFD, one byte at a time. */
static unsigned long next_character(const unsigned char **at)
{
    static const unsigned long smallest[] = {0, 0x80, 0x800, 0x10000};
    const unsigned char *s = *at;
    int more = *s < 0x80 ? 0 : *s < 0xE0 ? 1 : *s < 0xF0 ? 2 : 3;
    unsigned long c = more ? *s & (0x3FU >> more) : *s;

    ++*at;
    if ((*s >= 0x80 && *s < 0xC2) || *s > 0xF4)
        return 0xFFFD;
    for (int i = 1; i <= more; i++) {
        if ((s[i] & 0xC0) != 0x80) /* also the end: NUL continues nothing */
            return 0xFFFD;
        c = (c << 6) | (s[i] & 0x3FU);
    }
    if (c < smallest[more] || (c >= 0xD800 && c <= 0xDFFF) || c > 0x10FFFF)
        return 0xFFFD;
    *at += more;
    return c;
}

/* How much of the text is ASCII that means nothing in HTML. */
static apr_size_t harmless(const char *text)
{
    const char *at = text;

    while (*at >= ' ' && *at <= '~' && *at != '&' && *at != '<' && *at != '>' && *at != '"' && *at != '\'')
        at++;
    return (apr_size_t)(at - text);
}

/* A reference for all but harmless ASCII, and but for the controls U+0080 to U+009F, whose references HTML
 * takes for windows-1252. apr_pescape_entity() does not fit: it leaves apostrophe and line end, and takes
 * bytes for latin-1. */
void rcidp_html_text(rcidp_html *html, const char *text)
{
    for (;;) {
        apr_size_t length = harmless(text);
        const unsigned char *at = (const unsigned char *)text + length;
        char reference[sizeof("&#1114111;")];
        unsigned long c;

        add(html, text, length);
        if (!*at)
            return;
        c = next_character(&at);
        text = (const char *)at;
        if (c >= 0x80 && c <= 0x9F)
            add(html, text - 2, 2);
        else {
            length = (apr_size_t)apr_snprintf(reference, sizeof(reference), "&#%lu;", c);
            add(html, reference, length);
        }
    }
}

void rcidp_html_put(rcidp_html *html, const char *markup, ...)
{
    const char *gap;
    va_list texts;

    va_start(texts, markup);
    while ((gap = strchr(markup, '%'))) {
        add(html, markup, (apr_size_t)(gap - markup));
        if (gap[1] == 's')
            rcidp_html_text(html, va_arg(texts, const char *));
        else
            add(html, gap, 1);
        markup = gap + 2;
    }
    va_end(texts);
    rcidp_html_raw(html, markup);
}
