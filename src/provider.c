/* SPDX-License-Identifier: Apache-2.0 */
#include "provider.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include "config.h"
#include "url.h"
#include "value.h"

#define US "https://sso.ringcentral.com"
#define EURO "https://ssoeuro.ringcentral.com"
#define ACS "/sp/ACS.saml2"

static const rcidp_provider built_in[] = {
    {"us", US, US ACS, "https://service.ringcentral.com/mobile/ssoLogin",
     "RingCentral (United States, Canada)"},
    {"uk", EURO, EURO ACS, "https://service.ringcentral.co.uk/mobile/ssoLogin",
     "RingCentral (United Kingdom)"},
    {"eu", EURO, EURO ACS, "https://service.ringcentral.eu/mobile/ssoLogin", "RingCentral (Europe)"},
    {"au", US, US ACS, "https://service.ringcentral.com.au/mobile/ssoLogin", "RingCentral (Australia)"},
};

#define BUILT_IN (sizeof(built_in) / sizeof(built_in[0]))

const rcidp_provider *rcidp_provider_find(const apr_array_header_t *providers, const char *name)
{
    for (int i = providers ? providers->nelts : 0; i-- > 0;) {
        const rcidp_provider *provider = APR_ARRAY_IDX(providers, i, const rcidp_provider *);

        if (strcmp(provider->name, name) == 0)
            return provider;
    }
    for (size_t i = 0; i < BUILT_IN; i++) {
        if (strcmp(built_in[i].name, name) == 0)
            return &built_in[i];
    }
    return NULL;
}

/* A name stands in URLs and logs. */
static bool is_provider_name(const char *name)
{
    if (!*name || strlen(name) > 64)
        return false;
    for (; *name; name++) {
        if (!apr_isalnum(*name) && *name != '-' && *name != '_' && *name != '.')
            return false;
    }
    return true;
}

static const char *set_member(cmd_parms *cmd, rcidp_provider *provider, const char *key, const char *value)
{
    if (strcmp(key, "entityid") == 0) {
        provider->entity_id = value;
        return rcidp_url_is_uri(value) && strlen(value) <= RCIDP_ENTITY_ID_LIMIT
                   ? NULL
                   : apr_psprintf(cmd->pool, "entityid=%s is not an absolute URI of at most %d characters",
                                  value, RCIDP_ENTITY_ID_LIMIT);
    }
    if (strcmp(key, "acs") == 0) {
        provider->acs = value;
        return rcidp_url_is_https(cmd->temp_pool, value)
                   ? NULL
                   : apr_psprintf(cmd->pool,
                                  "acs=%s is not an https URL (with a host, without user or fragment)",
                                  value);
    }
    if (strcmp(key, "relaystate") == 0)
        return rcidp_config_relay_state(cmd, value, &provider->relay_state);
    if (strcmp(key, "title") == 0) {
        provider->title = value;
        return rcidp_text_is_xml(value) && *value ? NULL : "title= is empty or not UTF-8";
    }
    return apr_psprintf(cmd->pool, "%s= is not known; known are entityid=, acs=, relaystate=, title=", key);
}

const char *rcidp_provider_parse(cmd_parms *cmd, const char *args, const apr_array_header_t *providers,
                                 const rcidp_provider **provider)
{
    const char *name = rcidp_value_word(cmd->pool, &args), *word, *error = NULL;
    const rcidp_provider *known = rcidp_provider_find(providers, name);
    rcidp_provider *made = apr_pcalloc(cmd->pool, sizeof(*made));

    if (!is_provider_name(name))
        return apr_psprintf(cmd->pool,
                            "\"%s\" is no NAME: 1 to 64 letters, digits, dots, dashes, underscores", name);
    if (known)
        *made = *known;
    made->name = name;
    while (!error && *(word = rcidp_value_word(cmd->pool, &args))) {
        const char *value = strchr(word, '=');

        error = value ? set_member(cmd, made, apr_pstrmemdup(cmd->pool, word, (apr_size_t)(value - word)),
                                   value + 1)
                      : apr_psprintf(cmd->pool, "\"%s\" is not of the form KEY=VALUE", word);
    }
    if (error)
        return error;
    if (!made->entity_id || !made->acs)
        return apr_psprintf(cmd->pool, "%s needs entityid=URI and acs=URL", name);
    if (!made->title)
        made->title = name;
    *provider = made;
    return NULL;
}

const char *rcidp_provider_names(apr_pool_t *pool, const apr_array_header_t *providers)
{
    apr_array_header_t *names = apr_array_make(pool, BUILT_IN, sizeof(const char *));

    for (size_t i = 0; i < BUILT_IN; i++)
        APR_ARRAY_PUSH(names, const char *) = apr_pstrcat(pool, i ? ", " : "", built_in[i].name, NULL);
    for (int i = 0; providers && i < providers->nelts; i++) {
        const rcidp_provider *provider = APR_ARRAY_IDX(providers, i, const rcidp_provider *);

        if (!rcidp_provider_find(NULL, provider->name))
            APR_ARRAY_PUSH(names, const char *) = apr_pstrcat(pool, ", ", provider->name, NULL);
    }
    return apr_array_pstrcat(pool, names, 0);
}
