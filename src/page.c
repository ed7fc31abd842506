/* SPDX-License-Identifier: Apache-2.0 */
#include "page.h"

#include <apr_strings.h>
#include <string.h>

/* The room for what is in a form beside the Response. */
#define FORM_ROOM 1536

/* The line above the button; the script puts the busy words in its place. */
static void add_progress(rcidp_html *html, const rcidp_look *look)
{
    rcidp_html_put(html, "<p id=\"progress\" role=\"status\" class=\"soft\" data-busy=\"%s\">%s</p>\n",
                   rcidp_words(look->language, RCIDP_SAY_POST_BUSY),
                   rcidp_words(look->language, RCIDP_SAY_POST_READY));
}

const char *rcidp_page_post(apr_pool_t *pool, const rcidp_look *look, const char *acs, const char *title,
                            const char *response, const char *relay_state)
{
    rcidp_html html;

    rcidp_look_open(&html, pool, look, RCIDP_SHEET_NONE, strlen(response) * 4 / 3 + FORM_ROOM,
                    rcidp_words_fill(pool, look->language, RCIDP_SAY_POST_TITLE, title, NULL));
    add_progress(&html, look);
    /* autocomplete: Firefox would also restore that the button was disabled. */
    rcidp_html_put(&html, "<form method=\"post\" autocomplete=\"off\" action=\"%s\">\n", acs);
    rcidp_html_raw(&html, "<input type=\"hidden\" name=\"SAMLResponse\" value=\"");
    rcidp_html_base64(&html, response);
    rcidp_html_raw(&html, "\">\n");
    if (relay_state)
        rcidp_html_put(&html, "<input type=\"hidden\" name=\"RelayState\" value=\"%s\">\n", relay_state);
    rcidp_html_put(&html, "<button type=\"submit\">%s</button>\n</form>\n",
                   rcidp_words(look->language, RCIDP_SAY_POST_BUTTON));
    rcidp_look_script(&html, RCIDP_SCRIPT_POST);
    return rcidp_look_close(&html);
}

const char *rcidp_page_choose(apr_pool_t *pool, const rcidp_look *look, const apr_array_header_t *links)
{
    rcidp_html html;

    rcidp_look_open(&html, pool, look, RCIDP_SHEET_NONE, 0,
                    rcidp_words(look->language, RCIDP_SAY_CHOOSE_TITLE));
    rcidp_html_put(&html, "<p class=\"soft\">%s</p>\n<ul>\n",
                   rcidp_words(look->language, RCIDP_SAY_CHOOSE_HINT));
    for (int i = 0; i < links->nelts; i++) {
        const rcidp_page_link *link = &APR_ARRAY_IDX(links, i, const rcidp_page_link);

        rcidp_html_put(&html, "<li><a href=\"%s\">%s</a></li>\n", link->href, link->title);
    }
    rcidp_html_raw(&html, "</ul>\n");
    return rcidp_look_close(&html);
}

/* The first character of a text: of UTF-8 all its bytes. */
static const char *first_letter(apr_pool_t *pool, const char *text)
{
    apr_size_t length = 1;

    while ((text[length] & 0xC0) == 0x80)
        length++;
    return apr_pstrmemdup(pool, text, length);
}

static void add_tile(rcidp_html *html, const rcidp_page_tile *tile)
{
    rcidp_html_put(html, "<li><a href=\"%s\">", tile->href);
    if (tile->icon)
        rcidp_html_put(html, "<img src=\"%s\" alt=\"\">", tile->icon);
    else
        rcidp_html_put(html, "<i aria-hidden=\"true\">%s</i>", first_letter(html->pool, tile->title));
    rcidp_html_put(html, "<span>%s", tile->title);
    if (tile->place)
        rcidp_html_put(html, " <small>%s</small>", tile->place);
    if (tile->note)
        rcidp_html_put(html, " <small>%s</small>", tile->note);
    rcidp_html_raw(html, "</span></a></li>\n");
}

const char *rcidp_page_portal(apr_pool_t *pool, const rcidp_look *look, const char *user,
                              const apr_array_header_t *tiles)
{
    rcidp_html html;

    rcidp_look_open(&html, pool, look, RCIDP_SHEET_PORTAL, 0,
                    rcidp_words(look->language, RCIDP_SAY_PORTAL_TITLE));
    rcidp_html_put(&html, "<p class=\"soft\">%s</p>\n",
                   rcidp_words_fill(pool, look->language, RCIDP_SAY_PORTAL_USER, user, NULL));
    if (!tiles->nelts)
        rcidp_html_put(&html, "<p>%s</p>\n", rcidp_words(look->language, RCIDP_SAY_PORTAL_EMPTY));
    else
        rcidp_html_raw(&html, "<ul class=\"tiles\">\n");
    for (int i = 0; i < tiles->nelts; i++)
        add_tile(&html, &APR_ARRAY_IDX(tiles, i, const rcidp_page_tile));
    if (tiles->nelts)
        rcidp_html_raw(&html, "</ul>\n");
    rcidp_look_help(&html, look);
    return rcidp_look_close(&html);
}

static rcidp_word refusal_title(int status)
{
    switch (status) {
    case 400:
        return RCIDP_SAY_REFUSE_400;
    case 401:
        return RCIDP_SAY_REFUSE_401;
    case 403:
        return RCIDP_SAY_REFUSE_403;
    case 404:
        return RCIDP_SAY_REFUSE_404;
    case 405:
        return RCIDP_SAY_REFUSE_405;
    default:
        return status >= 500 ? RCIDP_SAY_REFUSE_SERVER : RCIDP_SAY_REFUSE_OTHER;
    }
}

const char *rcidp_page_refuse(apr_pool_t *pool, const rcidp_look *look, int status, const char *sentence)
{
    rcidp_html html;

    rcidp_look_open(&html, pool, look, RCIDP_SHEET_NONE, 0,
                    rcidp_words(look->language, refusal_title(status)));
    rcidp_html_put(&html, "<p>%s</p>\n", sentence);
    rcidp_look_help(&html, look);
    return rcidp_look_close(&html);
}
