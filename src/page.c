/* SPDX-License-Identifier: Apache-2.0 */
#include "page.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <string.h>

/* Every word that a user reads, plain text; $1 stands for a name. Another language is another such table. */
typedef struct page_texts {
    const char *lang;
    const char *post_title; /* $1: the service provider */
    const char *post_ready;
    const char *post_busy;
    const char *post_button;
    const char *choose_title;
    const char *choose_hint;
    const char *refuse_400;
    const char *refuse_403;
    const char *refuse_404;
    const char *refuse_405;
    const char *refuse_other;
    const char *refuse_server;
    const char *refuse_contact; /* followed by a mail address */
    const char *refuse_nobody;
} page_texts;

static const page_texts english = {
    .lang = "en",
    .post_title = "Sign in to $1",
    .post_ready = "You are almost there. Press Continue to go on.",
    .post_busy = "You are being signed in. This takes a moment.",
    .post_button = "Continue",
    .choose_title = "Where do you want to sign in?",
    .choose_hint = "Choose one of these services.",
    .refuse_400 = "This sign-in link does not work",
    .refuse_403 = "You could not be signed in",
    .refuse_404 = "There is no such page",
    .refuse_405 = "This page cannot be used that way",
    .refuse_other = "Signing in did not work",
    .refuse_server = "Signing in is not possible at the moment",
    .refuse_contact = "If you need help, write to",
    .refuse_nobody = "If you need help, ask your help desk or administrator.",
};

/* Changing a byte of the style or the script changes its hash in RCIDP_PAGE_CSP: t/unit/page says which. The
 * colours keep a contrast of 4.5:1 for text and 3:1 for what marks a control (WCAG 2.1 AA), light and dark.
 */
static const char page_style[] =
    ":root{color-scheme:light dark;--page:#eef2f8;--card:#fff;--text:#182033;--soft:#4c5870;--line:#d5dce8;"
    "--main:#0a5bb5;--over:#084a94;--on:#fff;--off:#dfe5ee;--ring:#0a5bb5}"
    "@media(prefers-color-scheme:dark){:root{--page:#10141d;--card:#1a2030;--text:#eaeef6;--soft:#adb8cb;"
    "--line:#323c52;--main:#8abdff;--over:#aed1ff;--on:#0b1a30;--off:#2c3548;--ring:#8abdff}}"
    "*{box-sizing:border-box}"
    "body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;padding:1rem;"
    "background:var(--page);color:var(--text);overflow-wrap:anywhere;"
    "font:1rem/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}"
    "main{width:100%;max-width:27rem;padding:2rem 1.75rem;background:var(--card);border:1px solid "
    "var(--line);"
    "border-radius:1rem;box-shadow:0 .5rem 2rem rgba(10,20,45,.09)}"
    "h1{margin:0 0 .6rem;font-size:1.5rem;line-height:1.25;letter-spacing:-.01em;text-wrap:balance}"
    "p{margin:0 0 1.25rem}p:last-child{margin:0}.soft{color:var(--soft)}"
    "ul{margin:0;padding:0;list-style:none}li+li{margin-top:.75rem}"
    "a{display:inline-block;color:var(--main)}a:hover{color:var(--over)}"
    "button,li a{display:block;width:100%;min-height:3rem;padding:.7rem 1.1rem;border-radius:.65rem;"
    "font:inherit;font-weight:600;cursor:pointer}"
    "button{border:1px solid transparent;background:var(--main);color:var(--on)}"
    "button:hover{background:var(--over)}"
    "button:disabled{background:var(--off);color:var(--soft);cursor:default}"
    "li a{border:1px solid var(--line);text-decoration:none}li a:hover{border-color:currentColor}"
    ":focus-visible{outline:3px solid var(--ring);outline-offset:3px}"
    "@media(max-width:30rem){body{padding:.75rem}main{padding:1.5rem 1.25rem}h1{font-size:1.3rem}}";

/* It posts at once only where the page was navigated to: by Back, Forward or Reload the user may press the
 * button. A post from within the still loading page also replaces it in the history, so that Back mostly
 * passes it by. A page that comes back frozen (pageshow) holds a Response that was used: fetch another. */
static const char page_script[] =
    "(function(){'use strict';"
    "var form=document.forms[0],button=form.querySelector('button'),line=document.getElementById('progress'),"
    "arrived=performance.getEntriesByType('navigation')[0];"
    "function busy(){button.disabled=true;line.textContent=line.dataset.busy}"
    "form.addEventListener('submit',busy);"
    "addEventListener('pageshow',function(event){if(event.persisted)location.reload()});"
    "if(arrived&&arrived.type==='navigate'){busy();form.submit()}"
    "})()";

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

/* Plain text for the content of an element or a quoted attribute: a reference for all but harmless ASCII,
 * and but for the controls U+0080 to U+009F, whose references HTML takes for windows-1252.
 * apr_pescape_entity() does not fit: it leaves apostrophe and line end, and takes bytes for latin-1. */
static const char *escape(apr_pool_t *pool, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    char *html = apr_palloc(pool, strlen(text) * sizeof("&#65533;") + 1);
    char *end = html;

    while (*at) {
        unsigned long c = next_character(&at);

        if (c >= ' ' && c <= '~' && !strchr("&<>\"'", (int)c))
            *end++ = (char)c;
        else if (c >= 0x80 && c <= 0x9F)
            end = (char *)memcpy(end, at - 2, 2) + 2;
        else
            end += apr_snprintf(end, sizeof("&#1114111;"), "&#%lu;", c);
    }
    *end = '\0';
    return html;
}

/* A text with `name`, if any, in the place of its $1; escaped. */
static const char *say(apr_pool_t *pool, const char *text, const char *name)
{
    const char *gap = strstr(text, "$1");

    if (gap)
        text = apr_pstrcat(pool, apr_pstrmemdup(pool, text, (apr_size_t)(gap - text)), name, gap + 2, NULL);
    return escape(pool, text);
}

/* The frame of every page; `title` and `content` are HTML. */
static const char *page(apr_pool_t *pool, const char *title, const char *content)
{
    return apr_pstrcat(pool, "<!DOCTYPE html>\n<html lang=\"", english.lang,
                       "\">\n<head>\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                       "<meta name=\"color-scheme\" content=\"light dark\">\n"
                       "<meta name=\"robots\" content=\"noindex\">\n<title>",
                       title, "</title>\n<style>", page_style, "</style>\n</head>\n<body>\n<main>\n<h1>",
                       title, "</h1>\n", content, "</main>\n</body>\n</html>\n", NULL);
}

static const char *hidden(apr_pool_t *pool, const char *name, const char *html)
{
    return apr_pstrcat(pool, "<input type=\"hidden\" name=\"", name, "\" value=\"", html, "\">\n", NULL);
}

/* The line above the button; the script puts the busy words in its place. */
static const char *progress(apr_pool_t *pool)
{
    return apr_pstrcat(pool, "<p id=\"progress\" role=\"status\" class=\"soft\" data-busy=\"",
                       escape(pool, english.post_busy), "\">", escape(pool, english.post_ready), "</p>\n",
                       NULL);
}

const char *rcidp_page_post(apr_pool_t *pool, const char *acs, const char *title, const char *saml_response,
                            const char *relay_state)
{
    /* autocomplete: Firefox would also restore that the button was disabled. */
    const char *content = apr_pstrcat(
        pool, progress(pool), "<form method=\"post\" autocomplete=\"off\" action=\"", escape(pool, acs),
        "\">\n", hidden(pool, "SAMLResponse", saml_response),
        relay_state ? hidden(pool, "RelayState", escape(pool, relay_state)) : "", "<button type=\"submit\">",
        escape(pool, english.post_button), "</button>\n</form>\n<script>", page_script, "</script>\n", NULL);

    return page(pool, say(pool, english.post_title, title), content);
}

const char *rcidp_page_choose(apr_pool_t *pool, const apr_array_header_t *links)
{
    apr_array_header_t *lines = apr_array_make(pool, links->nelts + 2, sizeof(const char *));

    APR_ARRAY_PUSH(lines, const char *) =
        apr_pstrcat(pool, "<p class=\"soft\">", escape(pool, english.choose_hint), "</p>\n<ul>\n", NULL);
    for (int i = 0; i < links->nelts; i++) {
        const rcidp_page_link *link = &APR_ARRAY_IDX(links, i, const rcidp_page_link);

        APR_ARRAY_PUSH(lines, const char *) =
            apr_pstrcat(pool, "<li><a href=\"", escape(pool, link->href), "\">", escape(pool, link->title),
                        "</a></li>\n", NULL);
    }
    APR_ARRAY_PUSH(lines, const char *) = "</ul>\n";
    return page(pool, escape(pool, english.choose_title), apr_array_pstrcat(pool, lines, 0));
}

static const char *refusal_title(int status)
{
    switch (status) {
    case 400:
        return english.refuse_400;
    case 403:
        return english.refuse_403;
    case 404:
        return english.refuse_404;
    case 405:
        return english.refuse_405;
    default:
        return status >= 500 ? english.refuse_server : english.refuse_other;
    }
}

/* A mail address as a link. It is a path of a mailto: URL (RFC 6068), where ? & % # have a meaning. */
static const char *mail_link(apr_pool_t *pool, const char *address)
{
    return apr_pstrcat(pool, "<a href=\"mailto:", escape(pool, apr_pescape_path_segment(pool, address)),
                       "\">", escape(pool, address), "</a>", NULL);
}

const char *rcidp_page_refuse(apr_pool_t *pool, int status, const char *sentence, const char *contact)
{
    const char *help = contact ? apr_pstrcat(pool, escape(pool, english.refuse_contact), " ",
                                             mail_link(pool, contact), ".", NULL)
                               : escape(pool, english.refuse_nobody);
    const char *content =
        apr_pstrcat(pool, "<p>", escape(pool, sentence), "</p>\n<p class=\"soft\">", help, "</p>\n", NULL);

    return page(pool, escape(pool, refusal_title(status)), content);
}
