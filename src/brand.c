/* SPDX-License-Identifier: Apache-2.0 */
#include "brand.h"

#include <apr_strings.h>
#include <http_core.h>

#include "asset.h"
#include "color.h"

#define TITLE_LIMIT 100

const char *rcidp_brand_set_title(cmd_parms *cmd, void *unused, const char *title)
{
    (void)unused;
    if (!*title || strlen(title) > TITLE_LIMIT || !rcidp_text_is_xml(title))
        return rcidp_config_complain(
            cmd, apr_psprintf(cmd->pool, "takes a text in UTF-8 of 1 to %d bytes", TITLE_LIMIT));
    rcidp_config_server(cmd->server)->page_title = title;
    return NULL;
}

const char *rcidp_brand_set_logo(cmd_parms *cmd, void *unused, const char *file)
{
    const char *path = ap_server_root_relative(cmd->pool, file);

    (void)unused;
    return rcidp_config_complain(cmd, path ? rcidp_asset_picture(cmd->pool, path, RCIDP_LOGO_LIMIT,
                                                                 &rcidp_config_server(cmd->server)->page_logo)
                                           : apr_psprintf(cmd->pool, "%s is no path", file));
}

const char *rcidp_brand_set_color(cmd_parms *cmd, void *unused, const char *text)
{
    rcidp_color color;

    (void)unused;
    if (!rcidp_color_parse(text, &color))
        return rcidp_config_complain(
            cmd, apr_psprintf(cmd->pool, "\"%s\" is not a colour of the form #RRGGBB (quote it)", text));
    rcidp_config_server(cmd->server)->page_color = text;
    return NULL;
}

const char *rcidp_brand_set_stylesheet(cmd_parms *cmd, void *unused, const char *file)
{
    const char *path = ap_server_root_relative(cmd->pool, file);

    (void)unused;
    return rcidp_config_complain(
        cmd, path
                 ? rcidp_asset_stylesheet(cmd->pool, path, &rcidp_config_server(cmd->server)->page_stylesheet)
                 : apr_psprintf(cmd->pool, "%s is no path", file));
}

const char *rcidp_brand_set_language(cmd_parms *cmd, void *unused, const char *tag)
{
    rcidp_language *language = apr_palloc(cmd->pool, sizeof(*language));

    (void)unused;
    *language = rcidp_words_language(tag);
    if (*language == RCIDP_LANGUAGES && strcasecmp(tag, "auto") != 0)
        return rcidp_config_complain(
            cmd, apr_psprintf(cmd->pool, "\"%s\" is none of auto, en, de, fr, es, ja", tag));
    rcidp_config_server(cmd->server)->page_language = language;
    return NULL;
}

void rcidp_brand_complete(apr_pool_t *pool, rcidp_server_conf *conf)
{
    const rcidp_brand brand = {.title = conf->page_title,
                               .logo = conf->page_logo,
                               .color = conf->page_color,
                               .stylesheet = conf->page_stylesheet,
                               .contact = conf->contact};

    conf->looks = rcidp_look_make(pool, &brand);
}

const rcidp_look *rcidp_brand_look(const request_rec *r)
{
    const rcidp_server_conf *conf = rcidp_config_server(r->server);
    rcidp_language language = conf->page_language ? *conf->page_language : RCIDP_LANGUAGES;

    if (language == RCIDP_LANGUAGES)
        language = rcidp_words_choose(apr_table_get(r->headers_in, "Accept-Language"));
    return &conf->looks[language];
}
