/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of our pages: the policy and what it allows, the administrator's wishes, languages, colours. */
#include "look.h"
#include "color.h"
#include "sheets.h"
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <openssl/evp.h>
#include <stdlib.h>

#define LOGO "data:image/png;base64,AAAA"

static apr_pool_t *pool;
static const rcidp_brand plain, full = {.title = "B\xC3\xBC"
                                                 "cher & <Co>",
                                        .logo = LOGO,
                                        .color = "#ffcc00",
                                        .stylesheet = "h1{font-style:italic}",
                                        .contact = "it+rc?x&y@example.com"};

static const char *sha256(const char *text, size_t length)
{
    unsigned char digest[EVP_MAX_MD_SIZE], base64[2 * EVP_MAX_MD_SIZE];
    unsigned int size;

    EVP_Digest(text, length, digest, &size, EVP_sha256(), NULL);
    EVP_EncodeBlock(base64, digest, (int)size);
    return apr_pstrcat(pool, "'sha256-", (const char *)base64, "'", NULL);
}

/* A directive of the policy. */
static const char *directive(const char *policy, const char *name)
{
    const char *start = strstr(policy, apr_pstrcat(pool, name, " ", NULL));
    size_t length;

    if (!start)
        return NULL;
    start += strlen(name) + 1;
    length = strcspn(start, ";");
    return apr_pstrmemdup(pool, start, length);
}

/* How many elements <tag>...</tag> the page has, and how many of them the policy lets through. */
static void test_hashes(const char *html, const rcidp_look *look, const char *tag, const char *what)
{
    const char *open = apr_pstrcat(pool, "<", tag, ">", NULL),
               *close = apr_pstrcat(pool, "</", tag, ">", NULL);
    const char *allowed = directive(look->policy, apr_pstrcat(pool, tag, "-src", NULL));
    int found = 0, fine = 0;

    for (const char *at = strstr(html, open); at; at = strstr(at + 1, open)) {
        const char *inside = at + strlen(open);

        found++;
        fine += strstr(allowed, sha256(inside, (size_t)(strstr(inside, close) - inside))) != NULL;
    }
    ok(found > 0 && fine == found, "%s: the policy has the hash of every <%s> (%d)", what, tag, found);
}

static const char *whole(const rcidp_look *look, rcidp_sheet sheet)
{
    rcidp_html html;

    rcidp_look_open(&html, pool, look, sheet, 0, "A & B");
    rcidp_look_help(&html, look);
    for (rcidp_script script = 0; script < RCIDP_SCRIPTS; script++)
        rcidp_look_script(&html, script);
    return rcidp_look_close(&html);
}

static void test_policy(const rcidp_look *look, const char *what)
{
    is_str(directive(look->policy, "default-src"), "'none'", "%s: the policy allows nothing else", what);
    is_str(directive(look->policy, "form-action"),
           "https:", "%s: forms and their redirects go to any https URL", what);
    is_str(directive(look->policy, "img-src"), "data:", "%s: pictures stand in the page", what);
    is_str(directive(look->policy, "frame-ancestors"), "'none'", "%s: no frames", what);
    is_str(directive(look->policy, "base-uri"), "'none'", "%s: no other base", what);
    ok(!strpbrk(look->policy, "\r\n\"*"), "%s: it is one line without a wildcard", what);
    for (rcidp_sheet sheet = RCIDP_SHEET_NONE; sheet < RCIDP_SHEETS; sheet++) {
        test_hashes(whole(look, sheet), look, "style", what);
        test_hashes(whole(look, sheet), look, "script", what);
    }
}

static void test_elements(void)
{
    for (rcidp_sheet sheet = RCIDP_SHEET_NONE; sheet < RCIDP_SHEETS; sheet++)
        ok(!rcidp_sheets[sheet] || !strpbrk(rcidp_sheets[sheet], "<\r\n"), "sheet %d cannot end its element",
           (int)sheet);
    for (rcidp_script script = 0; script < RCIDP_SCRIPTS; script++)
        ok(!strpbrk(rcidp_scripts[script], "<\r"), "script %d cannot end its element", (int)script);
    ok(!strpbrk(rcidp_sheet_base, "<\r\n"), "nor can the style of every page");
}

static void test_brand(void)
{
    const rcidp_look *look = rcidp_look_make(pool, &full);
    const char *html = whole(look, RCIDP_SHEET_NONE),
               *bare = whole(rcidp_look_make(pool, &plain), RCIDP_SHEET_NONE);

    ok(strstr(html, "<title>A &#38; B - B&#252;cher &#38; &#60;Co&#62;</title>"),
       "the title names the organisation");
    ok(strstr(html, "<header><img src=\"" LOGO "\" alt=\"B&#252;cher &#38; &#60;Co&#62;\"></header>"),
       "the logo says the same");
    ok(strstr(html, "<h1>A &#38; B</h1>"), "the heading does not");
    ok(strstr(html, "h1{font-style:italic}</style>\n<title>"), "the stylesheet is the last word on style");
    ok(strstr(html, "<a href=\"mailto:it+rc%3fx&#38;y@example.com\">it+rc?x&#38;y@example.com</a>."),
       "the contact is a link whose address is encoded");
    ok(!strstr(bare, "<header") && !strstr(bare, "mailto:") && strstr(bare, "<title>A &#38; B</title>"),
       "without a brand there is none");
    ok(strstr(bare, "administrator"), "without a contact, ask in general");
}

static void test_languages(void)
{
    const rcidp_look *looks = rcidp_look_make(pool, &full);

    for (rcidp_language language = RCIDP_ENGLISH; language < RCIDP_LANGUAGES; language++) {
        const char *html = whole(&looks[language], RCIDP_SHEET_NONE);
        size_t odd = 0;

        for (const char *at = html; *at; at++)
            odd += (unsigned char)*at >= 0x7F;
        ok(strstr(html, apr_pstrcat(pool, "<html lang=\"", rcidp_words_tag(language), "\">", NULL)),
           "a page in %s says so", rcidp_words_tag(language));
        is_int((long)odd, 0, "and is ASCII");
    }
}

/* The value of a custom property in the nth rule that sets it. */
static rcidp_color property(const char *html, const char *name, int nth)
{
    rcidp_color color = {0, 0, 0};
    const char *at = html;

    while (at && nth--)
        at = strstr(at + 1, name);
    if (!at || !rcidp_color_parse(apr_pstrmemdup(pool, at + strlen(name), 7), &color))
        ok(false, "there is no %s", name);
    return color;
}

static void test_contrast(const char *color)
{
    static const rcidp_color cards[] = {{0xFF, 0xFF, 0xFF}, {0x1A, 0x20, 0x30}};
    const rcidp_brand brand = {.color = color};
    const char *own = rcidp_look_make(pool, &brand)->own;

    for (int dark = 0; dark < 2; dark++) {
        rcidp_color on = property(own, "--on:", dark + 1);

        ok(rcidp_color_contrast(property(own, "--main:", dark + 1), on) >= 4.5, "%s: its text stands out",
           color);
        ok(rcidp_color_contrast(property(own, "--over:", dark + 1), on) >= 4.5, "%s: also under the pointer",
           color);
        ok(rcidp_color_contrast(property(own, "--link:", dark + 1), cards[dark]) >= 4.5,
           "%s: links stand out, %s", color, dark ? "dark" : "light");
    }
}

static void test_colors(void)
{
    static const char *const wrong[] = {"",         "#",      "red",     "#fff",   "#ggg000",
                                        "#0000000", "#00000", "000000#", "#-1-1-1"};
    const rcidp_color black = {0, 0, 0}, white = {255, 255, 255}, gray = {0x77, 0x77, 0x77};
    rcidp_color color = {1, 2, 3};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        ok(!rcidp_color_parse(wrong[i], &color), "\"%s\" is no colour", wrong[i]);
    is_str(rcidp_color_text(pool, color), "#010203", "which leaves all as it was");
    ok(rcidp_color_parse("#Ff8000", &color), "#Ff8000 is one");
    is_str(rcidp_color_text(pool, color), "#ff8000", "and comes back");
    is_int((long)(rcidp_color_contrast(black, white) * 100), 2100, "black and white: 21:1");
    is_int((long)(rcidp_color_contrast(gray, white) * 100), 447,
           "#777777 and white: 4.48:1, as WCAG's tools say");
    is_str(rcidp_color_text(pool, rcidp_color_readable(black, white)), "#000000",
           "what can be read stays as it is");
    test_contrast("#000000");
    test_contrast("#ffffff");
    test_contrast("#777777");
    test_contrast("#ff0000");
    test_contrast("#ffcc00");
    test_contrast("#0a5bb5");
    test_contrast("#1a2030");
    test_contrast("#00ff00");
}

int main(void)
{
    apr_initialize();
    atexit(apr_terminate);
    apr_pool_create(&pool, NULL);
    test_policy(rcidp_look_make(pool, &plain), "plain");
    test_policy(rcidp_look_make(pool, &full), "branded");
    test_elements();
    test_brand();
    test_languages();
    test_colors();
    return done();
}
