/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <apr_strings.h>
#include <string.h>

#include "text.h"

/* The room for all but the XML, which escaping makes longer by about a half. */
#define REPORT_ROOM 12288

/* A page in the making. */
typedef struct drawing {
    rcidp_html html;
    apr_pool_t *pool;
    rcidp_language language;
    const rcidp_report *report;
} drawing;

/* How a verdict looks: a class of the style, and a word. */
static const struct {
    const char *name;
    rcidp_word word;
} verdicts[] = {
    [RCIDP_CHECK_GOOD] = {"good", RCIDP_SAY_TEST_GOOD},
    [RCIDP_CHECK_UNKNOWN] = {"unknown", RCIDP_SAY_TEST_UNKNOWN},
    [RCIDP_CHECK_WARNING] = {"warn", RCIDP_SAY_TEST_WARNING},
    [RCIDP_CHECK_BAD] = {"bad", RCIDP_SAY_TEST_BAD},
};

rcidp_report_line *rcidp_report_add(const rcidp_report_section *section, const char *label, const char *value)
{
    rcidp_report_line *line = apr_array_push(section->lines);
    apr_array_header_t *values = apr_array_make(section->lines->pool, 1, sizeof(const char *));

    if (value && *value)
        APR_ARRAY_PUSH(values, const char *) = value;
    memset(line, 0, sizeof(*line));
    line->label = label;
    line->values = values;
    return line;
}

rcidp_report_section *rcidp_report_begin(apr_array_header_t *sections, rcidp_word title)
{
    rcidp_report_section *section = apr_array_push(sections);

    section->title = title;
    section->lines = apr_array_make(sections->pool, 8, sizeof(rcidp_report_line));
    return section;
}

static const char *say(const drawing *page, rcidp_word word)
{
    return rcidp_words(page->language, word);
}

static const char *fill(const drawing *page, rcidp_word word, const char *one, const char *two)
{
    return rcidp_words_fill(page->pool, page->language, word, one, two);
}

static int count(const drawing *page, rcidp_verdict verdict)
{
    const apr_array_header_t *checks = page->report->checks;
    int found = 0;

    for (int i = 0; i < checks->nelts; i++)
        found += APR_ARRAY_IDX(checks, i, rcidp_report_check).verdict == verdict;
    return found;
}

/* In a word, how the launch stands. */
static void add_summary(drawing *page)
{
    int bad = count(page, RCIDP_CHECK_BAD), warnings = count(page, RCIDP_CHECK_WARNING);
    const char *text = bad || warnings ? fill(page, RCIDP_SAY_TEST_COUNTS, apr_itoa(page->pool, bad),
                                              apr_itoa(page->pool, warnings))
                                       : say(page, RCIDP_SAY_TEST_ALL_GOOD);

    rcidp_html_put(&page->html, "<p>%s</p>\n",
                   fill(page, page->report->xml ? RCIDP_SAY_TEST_INTRO : RCIDP_SAY_TEST_REFUSED,
                        page->report->provider, NULL));
    rcidp_html_put(&page->html, "<p class=\"sum %s\">%s</p>\n",
                   verdicts[bad        ? RCIDP_CHECK_BAD
                            : warnings ? RCIDP_CHECK_WARNING
                                       : RCIDP_CHECK_GOOD]
                       .name,
                   text);
}

static void add_links(drawing *page)
{
    const rcidp_report *report = page->report;

    rcidp_html_put(&page->html, "<p class=\"row\"><a class=\"button\" href=\"%s\">%s</a>\n", report->launch,
                   fill(page, RCIDP_SAY_POST_TITLE, report->provider, NULL));
    if (report->xml)
        rcidp_html_put(&page->html, "<a href=\"%s&amp;download=response\">%s</a>\n", report->query,
                       say(page, RCIDP_SAY_TEST_GET_RESPONSE));
    rcidp_html_put(&page->html, "<a href=\"%s&amp;download=metadata\">%s</a></p>\n", report->query,
                   say(page, RCIDP_SAY_TEST_GET_METADATA));
    if (report->others->nelts)
        rcidp_html_put(&page->html, "<p class=\"soft\">%s:", say(page, RCIDP_SAY_TEST_OTHERS));
    for (int i = 0; i < report->others->nelts; i++) {
        const rcidp_report_other *other = &APR_ARRAY_IDX(report->others, i, const rcidp_report_other);

        rcidp_html_put(&page->html, "\n<a href=\"%s\">%s</a>", other->href, other->title);
    }
    rcidp_html_raw(&page->html, report->others->nelts ? "</p>\n" : "");
}

/* The worst come first. */
static void add_checks(drawing *page)
{
    const apr_array_header_t *checks = page->report->checks;

    rcidp_html_put(&page->html, "<h2>%s</h2>\n<ul class=\"checks\">\n", say(page, RCIDP_SAY_TEST_CHECKS));
    for (int verdict = RCIDP_CHECK_BAD; verdict >= RCIDP_CHECK_GOOD; verdict--) {
        for (int i = 0; i < checks->nelts; i++) {
            const rcidp_report_check *check = &APR_ARRAY_IDX(checks, i, const rcidp_report_check);

            if ((int)check->verdict != verdict)
                continue;
            rcidp_html_put(&page->html, "<li class=\"%s\"><b>%s</b> <strong>%s</strong>",
                           verdicts[verdict].name, say(page, verdicts[verdict].word),
                           say(page, check->title));
            if (check->sentence)
                rcidp_html_put(&page->html, "<p>%s</p>", check->sentence);
            rcidp_html_raw(&page->html, "</li>\n");
        }
    }
    rcidp_html_raw(&page->html, "</ul>\n");
}

/* Our script adds the same time in the reader's own zone. */
static void add_time(drawing *page, apr_time_t time)
{
    const char *text = rcidp_text_time(page->pool, time);

    rcidp_html_put(&page->html, "<time datetime=\"%s\">%s</time>", text, text);
}

static void add_line(drawing *page, const rcidp_report_line *line)
{
    rcidp_html_put(&page->html, "<dt>%s</dt>\n<dd>", line->label);
    for (int i = 0; i < line->values->nelts; i++)
        rcidp_html_put(&page->html, "<code>%s</code>", APR_ARRAY_IDX(line->values, i, const char *));
    if (line->time)
        add_time(page, line->time);
    else if (!line->values->nelts)
        rcidp_html_put(&page->html, "<i>%s</i>", say(page, RCIDP_SAY_TEST_NOTHING));
    if (line->note)
        rcidp_html_put(&page->html, "<small>%s</small>", line->note);
    if (line->source || line->place) {
        rcidp_html_put(&page->html, "<small>%s", line->source ? line->source : "");
        if (line->place)
            rcidp_html_put(&page->html, " <span>%s</span>", line->place);
        rcidp_html_raw(&page->html, "</small>");
    }
    rcidp_html_raw(&page->html, "</dd>\n");
}

static void add_section(drawing *page, const rcidp_report_section *section)
{
    rcidp_html_put(&page->html, "<h2>%s</h2>\n<dl>\n", say(page, section->title));
    for (int i = 0; i < section->lines->nelts; i++)
        add_line(page, &APR_ARRAY_IDX(section->lines, i, const rcidp_report_line));
    rcidp_html_raw(&page->html, "</dl>\n");
}

static void add_xml(drawing *page)
{
    rcidp_html_put(&page->html, "<h2>Response</h2>\n<p class=\"soft\">%s",
                   say(page, RCIDP_SAY_TEST_XML_HINT));
    if (page->report->encrypted)
        rcidp_html_put(&page->html, " %s", say(page, RCIDP_SAY_TEST_XML_READABLE));
    /* A region that scrolls must be reached by the keyboard, and have a name. */
    rcidp_html_put(&page->html,
                   "</p>\n<pre tabindex=\"0\" role=\"region\" aria-label=\"Response\">%s</pre>\n",
                   page->report->xml);
}

const char *rcidp_report_page(apr_pool_t *pool, const rcidp_look *look, const rcidp_report *report)
{
    drawing page = {.pool = pool, .language = look->language, .report = report};

    rcidp_look_open(&page.html, pool, look, RCIDP_SHEET_TEST,
                    REPORT_ROOM + (report->xml ? strlen(report->xml) * 3 / 2 : 0),
                    fill(&page, RCIDP_SAY_TEST_TITLE, report->provider, NULL));
    add_summary(&page);
    add_links(&page);
    add_checks(&page);
    for (int i = 0; i < report->sections->nelts; i++)
        add_section(&page, &APR_ARRAY_IDX(report->sections, i, const rcidp_report_section));
    if (report->xml)
        add_xml(&page);
    rcidp_html_put(&page.html, "<p id=\"clock\" hidden data-now=\"%s\">%s <b></b></p>\n",
                   rcidp_text_time(pool, report->now), say(&page, RCIDP_SAY_TEST_CLOCK_OFF));
    rcidp_look_script(&page.html, RCIDP_SCRIPT_TEST);
    return rcidp_look_close(&page.html);
}
