/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include <apr_strings.h>
#include <http_core.h>

#include "asset.h"
#include "url.h"

static const char *set_member(cmd_parms *cmd, rcidp_link *link, const char *word)
{
    const char *file;

    if (strncmp(word, "sp=", 3) == 0) {
        link->sp = word + 3;
        return *link->sp ? NULL : "sp= is empty";
    }
    if (strncmp(word, "relaystate=", 11) == 0)
        return rcidp_config_relay_state(cmd, word + 11, &link->relay_state);
    if (strncmp(word, "icon=", 5) != 0)
        return apr_psprintf(cmd->pool, "\"%s\" is none of sp=NAME, relaystate=URL, icon=FILE", word);
    file = ap_server_root_relative(cmd->pool, word + 5);
    return file ? rcidp_asset_picture(cmd->pool, file, RCIDP_ICON_LIMIT, &link->icon)
                : apr_psprintf(cmd->pool, "%s is no path", word + 5);
}

const char *rcidp_link_add(cmd_parms *cmd, void *dir, const char *args)
{
    rcidp_dir_conf *conf = dir;
    rcidp_link *link = apr_pcalloc(cmd->pool, sizeof(*link));
    const char *word, *error = NULL;
    apr_array_header_t *all;

    link->at = cmd->directive;
    link->title = rcidp_value_word(cmd->pool, &args);
    link->path = rcidp_value_word(cmd->pool, &args);
    if (!*link->title || !rcidp_text_is_xml(link->title) || link->path[0] != '/')
        return rcidp_config_complain(cmd, "needs a title in UTF-8 and the path of a launch");
    while (!error && *(word = rcidp_value_word(cmd->pool, &args)))
        error = set_member(cmd, link, word);
    if (!error && !link->relay_state)
        error = "needs relaystate=URL, where the link leads to";
    all = conf->portal_links ? apr_array_copy(cmd->pool, conf->portal_links)
                             : apr_array_make(cmd->pool, 2, sizeof(const rcidp_link *));
    APR_ARRAY_PUSH(all, const rcidp_link *) = link;
    conf->portal_links = all;
    return rcidp_config_complain(cmd, error);
}

static bool has_name(const apr_array_header_t *names, const char *name)
{
    for (int i = 0; i < names->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(names, i, const char *), name) == 0)
            return true;
    }
    return false;
}

const char *rcidp_link_check(apr_pool_t *pool, const server_rec *s, const rcidp_link *link)
{
    const rcidp_dir_conf *conf = rcidp_config_launch(pool, s, link->path);

    if (!conf->launch || strcmp(conf->launch->path, link->path) != 0)
        return apr_psprintf(pool, "there is no RcIdpLaunch in a <Location \"%s\">", link->path);
    if (link->sp ? !has_name(conf->launch->names, link->sp) : conf->launch->names->nelts != 1)
        return apr_psprintf(pool,
                            link->sp ? "sp=%s is not in the RcIdpLaunch of %s"
                                     : "%.0sneeds sp=NAME, since %s launches several",
                            link->sp ? link->sp : "", link->path);
    return rcidp_config_allows(pool, conf, link->relay_state)
               ? NULL
               : apr_psprintf(pool, "RcIdpRelayStateAllow of %s does not allow %s, or it is over %d bytes",
                              link->path, link->relay_state, RCIDP_RELAY_STATE_LIMIT);
}

const char *rcidp_link_href(apr_pool_t *pool, const char *path, const char *sp, const char *relay_state)
{
    return apr_pstrcat(pool, ap_escape_uri(pool, path), sp || relay_state ? "?" : "", sp ? "sp=" : "",
                       sp ? sp : "", sp && relay_state ? "&" : "", relay_state ? "RelayState=" : "",
                       relay_state ? ap_escape_urlencoded(pool, relay_state) : "", NULL);
}
