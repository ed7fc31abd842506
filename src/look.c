/* SPDX-License-Identifier: Apache-2.0 */
#include "look.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <openssl/evp.h>
#include <string.h>

#include "color.h"
#include "sheets.h"

/* The room for a page's own words. */
#define WORDS_ROOM 1024

/* The backgrounds that links stand on, as in the style: --card, light and dark. */
static const rcidp_color light_card = {0xFF, 0xFF, 0xFF}, dark_card = {0x1A, 0x20, 0x30};

/* A source of the policy: the hash of what stands inside an element (CSP 2, 4.2.5). */
static const char *hash(apr_pool_t *pool, const char *text)
{
    unsigned char digest[EVP_MAX_MD_SIZE], base64[2 * EVP_MAX_MD_SIZE];
    unsigned int length = 0;

    EVP_Digest(text, strlen(text), digest, &length, EVP_sha256(), NULL);
    EVP_EncodeBlock(base64, digest, (int)length);
    return apr_pstrcat(pool, " 'sha256-", (const char *)base64, "'", NULL);
}

/* Nothing but our own styles and scripts, and pictures that stand in the page. form-action can not name the
 * ACS, because Chromium applies it to the redirects that follow the post, too. */
static const char *policy(apr_pool_t *pool, const char *own)
{
    const char *styles = hash(pool, rcidp_sheet_base), *scripts = "";

    for (rcidp_sheet sheet = RCIDP_SHEET_NONE; sheet < RCIDP_SHEETS; sheet++) {
        if (rcidp_sheets[sheet])
            styles = apr_pstrcat(pool, styles, hash(pool, rcidp_sheets[sheet]), NULL);
    }
    for (rcidp_script script = 0; script < RCIDP_SCRIPTS; script++)
        scripts = apr_pstrcat(pool, scripts, hash(pool, rcidp_scripts[script]), NULL);
    return apr_pstrcat(pool, "default-src 'none'; script-src", scripts, "; style-src", styles,
                       *own ? hash(pool, own) : "",
                       "; img-src data:; form-action https:; frame-ancestors 'none'; base-uri 'none'", NULL);
}

/* The accent's colours for one of light and dark: as a background, while the pointer is over it, of the text
 * on it, and as a text by itself. */
static const char *accent(apr_pool_t *pool, rcidp_color color, rcidp_color card)
{
    rcidp_color on = rcidp_color_on(color);
    rcidp_color away = {on.red ^ 0xFF, on.green ^ 0xFF, on.blue ^ 0xFF};

    return apr_psprintf(pool, ":root{--main:%s;--over:%s;--on:%s;--link:%s}", rcidp_color_text(pool, color),
                        rcidp_color_text(pool, rcidp_color_mix(color, away, 15)), rcidp_color_text(pool, on),
                        rcidp_color_text(pool, rcidp_color_readable(color, card)));
}

/* The administrator's style: the accent, then the stylesheet. */
static const char *own_style(apr_pool_t *pool, const rcidp_brand *brand)
{
    const char *style = "";
    rcidp_color color;

    if (brand->color && rcidp_color_parse(brand->color, &color))
        style = apr_pstrcat(pool, accent(pool, color, light_card), "@media(prefers-color-scheme:dark){",
                            accent(pool, color, dark_card), "}", NULL);
    return brand->stylesheet ? apr_pstrcat(pool, style, brand->stylesheet, NULL) : style;
}

/* The logo, whose text is the organisation's name, or the name alone. */
static const char *header(apr_pool_t *pool, const rcidp_brand *brand)
{
    rcidp_html html;

    rcidp_html_start(&html, pool, 256);
    rcidp_html_raw(&html, "</title>\n</head>\n<body>\n");
    if (brand->logo)
        rcidp_html_put(&html, "<header><img src=\"%s\" alt=\"%s\"></header>\n", brand->logo,
                       brand->title ? brand->title : "");
    else if (brand->title)
        rcidp_html_put(&html, "<header>%s</header>\n", brand->title);
    rcidp_html_raw(&html, "<main>\n<h1>");
    return html.text;
}

const rcidp_look *rcidp_look_make(apr_pool_t *pool, const rcidp_brand *brand)
{
    rcidp_look *looks = apr_pcalloc(pool, RCIDP_LANGUAGES * sizeof(*looks));
    const char *own = own_style(pool, brand);
    const char *style = *own ? apr_pstrcat(pool, "<style>", own, "</style>\n", NULL) : "";
    rcidp_html end;

    rcidp_html_start(&end, pool, 64);
    if (brand->title)
        rcidp_html_put(&end, " - %s", brand->title);
    for (rcidp_language language = RCIDP_ENGLISH; language < RCIDP_LANGUAGES; language++) {
        looks[language].language = language;
        looks[language].policy = language ? looks->policy : policy(pool, own);
        looks[language].own = style;
        looks[language].end = end.text;
        looks[language].header = language ? looks->header : header(pool, brand);
        looks[language].contact = brand->contact;
        looks[language].room =
            strlen(rcidp_sheet_base) + strlen(style) + strlen(looks[language].header) + WORDS_ROOM;
    }
    return looks;
}

void rcidp_look_open(rcidp_html *html, apr_pool_t *pool, const rcidp_look *look, rcidp_sheet sheet,
                     apr_size_t room, const char *title)
{
    rcidp_html_start(html, pool, look->room + room);
    rcidp_html_raw(html, "<!DOCTYPE html>\n<html lang=\"");
    rcidp_html_raw(html, rcidp_words_tag(look->language));
    rcidp_html_raw(html, "\">\n<head>\n<meta charset=\"utf-8\">\n"
                         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                         "<meta name=\"color-scheme\" content=\"light dark\">\n"
                         "<meta name=\"robots\" content=\"noindex\">\n<style>");
    rcidp_html_raw(html, rcidp_sheet_base);
    rcidp_html_raw(html, "</style>\n");
    if (rcidp_sheets[sheet]) {
        rcidp_html_raw(html, "<style>");
        rcidp_html_raw(html, rcidp_sheets[sheet]);
        rcidp_html_raw(html, "</style>\n");
    }
    rcidp_html_raw(html, look->own);
    rcidp_html_put(html, "<title>%s", title);
    rcidp_html_raw(html, look->end);
    rcidp_html_raw(html, look->header);
    rcidp_html_put(html, "%s</h1>\n", title);
}

void rcidp_look_script(rcidp_html *html, rcidp_script script)
{
    rcidp_html_raw(html, "<script>");
    rcidp_html_raw(html, rcidp_scripts[script]);
    rcidp_html_raw(html, "</script>\n");
}

/* The address is a path of a mailto: URL (RFC 6068), where ? & % # have a meaning. */
static void add_mail_link(rcidp_html *html, const char *address)
{
    rcidp_html_put(html, "<a href=\"mailto:%s\">%s</a>", apr_pescape_path_segment(html->pool, address),
                   address);
}

void rcidp_look_help(rcidp_html *html, const rcidp_look *look)
{
    const char *text = rcidp_words(look->language, RCIDP_SAY_HELP_CONTACT), *gap = strstr(text, "$1");

    rcidp_html_raw(html, "<p class=\"soft\">");
    if (look->contact) {
        rcidp_html_text(html, apr_pstrmemdup(html->pool, text, (apr_size_t)(gap - text)));
        add_mail_link(html, look->contact);
        rcidp_html_text(html, gap + strlen("$1"));
    } else {
        rcidp_html_text(html, rcidp_words(look->language, RCIDP_SAY_HELP_NOBODY));
    }
    rcidp_html_raw(html, "</p>\n");
}

const char *rcidp_look_close(rcidp_html *html)
{
    rcidp_html_raw(html, "</main>\n</body>\n</html>\n");
    return html->text;
}
