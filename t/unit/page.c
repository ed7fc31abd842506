/* SPDX-License-Identifier: Apache-2.0 */
/* The pages of a launch as text: escaping, what must and must not stand in them. The frame around them:
 * look.c; how browsers take them: t/browser/. */
#include "page.h"
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <ctype.h>
#include <stdlib.h>

#define RESPONSE "Phone>\xFF"
#define ACS "https://sso.ringcentral.com/sp/ACS.saml2"
#define HOSTILE "\"><script>alert(1)</script>'&amp;&#65;`\r\n\t\x7F<!-- ]]> --></form>"
#define LETTERS "J\xC3\xBCrgen \xE2\x82\xAC \xF0\x9F\x93\x9E \xC2\x85 \xEF\xBF\xBF"

static apr_pool_t *pool;
static const rcidp_brand brand;
static const rcidp_look *look;

/* What stands in text between two marks, NULL if they are not there. */
static const char *between(const char *text, const char *before, const char *after)
{
    const char *start = strstr(text, before);
    const char *end = start ? strstr(start + strlen(before), after) : NULL;

    return end ? apr_pstrmemdup(pool, start + strlen(before), (apr_size_t)(end - start) - strlen(before))
               : NULL;
}

static int count(const char *text, const char *word)
{
    int found = 0;

    while ((text = strstr(text, word)) != NULL) {
        text += strlen(word);
        found++;
    }
    return found;
}

static char *utf8(char *to, unsigned long c)
{
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    if (c < 0x800) {
        *to++ = (char)(0xC0 | (c >> 6));
    } else {
        if (c < 0x10000) {
            *to++ = (char)(0xE0 | (c >> 12));
        } else {
            *to++ = (char)(0xF0 | (c >> 18));
            *to++ = (char)(0x80 | ((c >> 12) & 0x3F));
        }
        *to++ = (char)(0x80 | ((c >> 6) & 0x3F));
    }
    *to++ = (char)(0x80 | (c & 0x3F));
    return to;
}

/* Back to plain text, as a browser does it with decimal references. */
static const char *decoded(const char *html)
{
    char *text = apr_palloc(pool, strlen(html) + 1);
    char *to = text;

    while (*html) {
        if (html[0] == '&' && html[1] == '#') {
            char *end;

            to = utf8(to, strtoul(html + 2, &end, 10));
            html = *end == ';' ? end + 1 : end;
        } else {
            *to++ = *html++;
        }
    }
    *to = '\0';
    return text;
}

static const char *control(const char *html, const char *name)
{
    const char *value = between(html, apr_pstrcat(pool, "name=\"", name, "\" value=\"", NULL), "\"");

    return value ? decoded(value) : NULL;
}

static const char *choose(const char *title, const char *href)
{
    apr_array_header_t *links = apr_array_make(pool, 2, sizeof(rcidp_page_link));
    rcidp_page_link link = {.title = title, .href = href};
    rcidp_page_link other = {.title = "RingCentral EU", .href = "?sp=eu"};

    APR_ARRAY_PUSH(links, rcidp_page_link) = link;
    APR_ARRAY_PUSH(links, rcidp_page_link) = other;
    return rcidp_page_choose(pool, look, links);
}

static void test_form(void)
{
    const char *html =
        rcidp_page_post(pool, look, ACS, "RingCentral US", RESPONSE, "https://rc.example/?a=1&b=2");
    const char *bare = rcidp_page_post(pool, look, ACS, "RingCentral US", RESPONSE, NULL);

    ok(count(html, "<form ") == 1 &&
           strstr(html, "<form method=\"post\" autocomplete=\"off\" action=\"" ACS "\">"),
       "there is one form, which posts to the ACS");
    is_str(control(html, "SAMLResponse"), "UGhvbmU+/w==", "the Response is in the form");
    is_str(control(html, "RelayState"), "https://rc.example/?a=1&b=2", "the RelayState is in the form");
    is_int(count(html, "<input type=\"hidden\""), 2, "both are hidden");
    is_int(count(html, " name=\"SAMLResponse\"") + count(html, " name=\"RelayState\""), 2,
           "both stand there once");
    ok(!strstr(bare, "RelayState"), "no RelayState, no control");
    is_str(control(rcidp_page_post(pool, look, ACS, "t", "r", ""), "RelayState"), "",
           "an empty RelayState is one, too");
    is_str(between(html, "<title>", "</title>"), "Sign in to RingCentral US", "the title names the provider");
    is_str(between(html, "<button type=\"submit\">", "</button>"), "Continue",
           "a button posts without script");
    ok(!strstr(html, "name=\"submit\"") && !strstr(html, "id=\"submit\""), "no control hides form.submit()");
    is_int(count(html, "<script"), 1, "there is one script");
    ok(strstr(html, "</form>\n<script>") != NULL, "which runs once the form is there");
}

static void test_hostile(const char *value, const char *what)
{
    const char *html = rcidp_page_post(pool, look, value, value, RESPONSE, value);
    const char *action = between(html, "action=\"", "\"");
    const char *list = choose(value, value);
    const char *title = between(list, "<li><a href=\"", "</a>");
    const char *refusal = rcidp_page_refuse(pool, look, 403, value);

    is_str(control(html, "RelayState"), value, "%s pass as RelayState", what);
    is_str(action ? decoded(action) : NULL, value, "%s pass as ACS", what);
    is_str(decoded(between(html, "<title>", "</title>")), apr_pstrcat(pool, "Sign in to ", value, NULL),
           "%s pass as the title", what);
    is_str(decoded(title), apr_pstrcat(pool, value, "\">", value, NULL), "%s pass as a link", what);
    is_str(decoded(between(refusal, "<p>", "</p>")), value, "%s pass as a sentence", what);
    is_int(count(html, "<script") + count(html, "<form"), 2, "%s add no element to the form", what);
    is_int(count(list, "<script") + count(list, "<form"), 0, "%s add no element to the list", what);
    is_int(count(refusal, "<script") + count(refusal, "<form"), 0, "%s add no element to a refusal", what);
}

static void test_broken_utf8(void)
{
    static const char *const broken[] = {"\x80",         "\xC0\xAF",     "\xC3",
                                         "\xE2\x82",     "\xED\xA0\x80", "\xF4\x90\x80\x80",
                                         "\xF0\x9F\x93", "\xE0\x80\xAF", "\xF5\x80\x80\x80",
                                         "\xFF"};

    for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
        const char *value = apr_pstrcat(pool, "a", broken[i], NULL);
        const char *got = control(rcidp_page_post(pool, look, ACS, "t", "r", value), "RelayState");
        bool passed = got && strncmp(got, "a\xEF\xBF\xBD", 4) == 0;

        for (const char *at = got; passed && *++at;)
            passed = strchr("\xEF\xBF\xBD", *at) != NULL;
        ok(passed, "broken UTF-8 becomes the replacement character (%d)", (int)i);
    }
}

static void test_choose(void)
{
    const char *html = choose("RingCentral US", "?sp=us");

    ok(strstr(
           html,
           "<li><a href=\"?sp=us\">RingCentral US</a></li>\n<li><a href=\"?sp=eu\">RingCentral EU</a></li>"),
       "the list has its links in order");
    ok(!strstr(html, "<script") && !strstr(html, "<form"), "the list has neither script nor form");
}

static void test_refuse(void)
{
    static const int statuses[] = {400, 401, 403, 404, 405, 500, 410, 503};
    const char *titles[sizeof(statuses) / sizeof(*statuses)];
    const char *html = rcidp_page_refuse(pool, look, 403, "Nobody here.");
    size_t different = 0;

    ok(strstr(html, "<p>Nobody here.</p>") != NULL, "a refusal has its sentence");
    ok(!strstr(html, "<script"), "a refusal has no script");
    for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
        titles[i] = between(rcidp_page_refuse(pool, look, statuses[i], ""), "<title>", "</title>");
        for (size_t j = 0; j < i && strcmp(titles[i], titles[j]) != 0; j++)
            different += j + 1 == i;
    }
    is_int((long)different, 6, "each usual status has a title of its own"); /* 400 is the one before them */
    is_str(titles[7], titles[5], "all 5xx share a title");
}

/* Is there something like onload= after a space? */
static bool has_event_attribute(const char *html)
{
    while ((html = strstr(html, " on")) != NULL) {
        html += strlen(" on");
        if (html[strspn(html, "abcdefghijklmnopqrstuvwxyz")] == '=')
            return true;
    }
    return false;
}

static void test_every_page(const char *html, const char *what)
{
    size_t odd = 0;

    for (const char *at = html; *at; at++)
        odd += (unsigned char)*at >= 0x7F || (iscntrl((unsigned char)*at) && *at != '\n');
    ok(strncmp(html, "<!DOCTYPE html>\n<html lang=\"en\">", 32) == 0, "%s is HTML in English", what);
    ok(strstr(html, "</main>\n</body>\n</html>\n") != NULL, "%s is complete", what);
    ok(strlen(html) < 16384 - 64, "%s is under 16 KiB (%d)", what, (int)strlen(html));
    is_int((long)odd, 0, "%s is ASCII", what);
    ok(!has_event_attribute(html), "%s has no event attribute", what);
    is_int(count(html, " style="), 0, "%s has no style attribute", what);
    is_int(count(html, "<h1>") + count(html, "<main>") + count(html, "<title>"), 3,
           "%s has one heading, one main part, one title", what);
    ok(!strstr(html, " src=") && !strstr(html, "url(") && !strstr(html, "@import") && !strstr(html, "<link"),
       "%s fetches nothing", what);
}

int main(void)
{
    apr_initialize();
    atexit(apr_terminate);
    apr_pool_create(&pool, NULL);
    look = rcidp_look_make(pool, &brand);
    test_form();
    test_hostile(HOSTILE, "markup and controls");
    test_hostile(LETTERS, "letters of all lengths");
    test_hostile("$1 %s %n \\ $2", "signs of templates");
    test_broken_utf8();
    test_choose();
    test_refuse();
    test_every_page(rcidp_page_post(pool, look, ACS, "RingCentral \xC3\xA9", "", "\xC3\xA9"),
                    "the posting page");
    test_every_page(choose("\xC3\xA9", "?sp=\xC3\xA9"), "the list");
    test_every_page(rcidp_page_refuse(pool, look, 403, "\xC3\xA9"), "a refusal");
    return done();
}
