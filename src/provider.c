/* SPDX-License-Identifier: Apache-2.0 */
#include "provider.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include "asset.h"
#include "config.h"
#include "url.h"
#include "value.h"

#define US "https://sso.ringcentral.com"
#define EURO "https://ssoeuro.ringcentral.com"
#define ACS "/sp/ACS.saml2"

static const rcidp_provider built_in[] = {
    {"us", US, US ACS, "https://service.ringcentral.com/mobile/ssoLogin",
     "RingCentral (United States, Canada)", NULL, RCIDP_ENCRYPT_OFF, false, NULL, NULL},
    {"uk", EURO, EURO ACS, "https://service.ringcentral.co.uk/mobile/ssoLogin",
     "RingCentral (United Kingdom)", NULL, RCIDP_ENCRYPT_OFF, false, NULL, NULL},
    {"eu", EURO, EURO ACS, "https://service.ringcentral.eu/mobile/ssoLogin", "RingCentral (Europe)", NULL,
     RCIDP_ENCRYPT_OFF, false, NULL, NULL},
    {"au", US, US ACS, "https://service.ringcentral.com.au/mobile/ssoLogin", "RingCentral (Australia)", NULL,
     RCIDP_ENCRYPT_OFF, false, NULL, NULL},
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

/* A provider as its line says it; what can only be judged together waits here for the line's end. */
typedef struct parsing {
    cmd_parms *cmd;
    rcidp_provider *provider;
    const char *entity_id, *acs, *metadata, *signer;
    apr_table_t *said; /* its words, by their keys */
} parsing;

static const char *set_encryption(parsing *line, const char *value)
{
    if (!strcmp(value, "off"))
        line->provider->encryption = RCIDP_ENCRYPT_OFF;
    else if (!strcmp(value, "auto"))
        line->provider->encryption = RCIDP_ENCRYPT_AUTO;
    else if (!strcmp(value, "on"))
        line->provider->encryption = RCIDP_ENCRYPT_ON;
    else
        return apr_psprintf(line->cmd->pool, "encryption=%s is none of off, auto, on", value);
    return NULL;
}

static const char *set_allow_sha1(parsing *line, const char *value)
{
    line->provider->allow_sha1 = strcasecmp(value, "on") == 0;
    return line->provider->allow_sha1 || !strcasecmp(value, "off")
               ? NULL
               : apr_psprintf(line->cmd->pool, "allow-sha1=%s is neither on nor off", value);
}

static const char *set_title(parsing *line, const char *value)
{
    line->provider->title = value;
    return rcidp_text_is_xml(value) && *value ? NULL : "title= is empty or not UTF-8";
}

static const char *set_icon(parsing *line, const char *value)
{
    const char *file = ap_server_root_relative(line->cmd->pool, value);

    return file ? rcidp_asset_picture(line->cmd->pool, file, RCIDP_ICON_LIMIT, &line->provider->icon)
                : apr_psprintf(line->cmd->pool, "icon=%s is no path", value);
}

static const char *set_member(parsing *line, const char *key, const char *value)
{
    const char **text = !strcmp(key, "entityid")          ? &line->entity_id
                        : !strcmp(key, "acs")             ? &line->acs
                        : !strcmp(key, "metadata")        ? &line->metadata
                        : !strcmp(key, "metadata-signer") ? &line->signer
                                                          : NULL;

    if (text) {
        *text = value;
        return *value ? NULL : apr_psprintf(line->cmd->pool, "%s= is empty", key);
    }
    if (strcmp(key, "relaystate") == 0)
        return rcidp_config_relay_state(line->cmd, value, &line->provider->relay_state);
    if (strcmp(key, "title") == 0)
        return set_title(line, value);
    if (strcmp(key, "icon") == 0)
        return set_icon(line, value);
    if (strcmp(key, "encryption") == 0)
        return set_encryption(line, value);
    if (strcmp(key, "allow-sha1") == 0)
        return set_allow_sha1(line, value);
    return apr_psprintf(
        line->cmd->pool,
        "%s= is not known; known are entityid=, acs=, metadata=, metadata-signer=, relaystate=, "
        "title=, icon=, encryption=, allow-sha1=",
        key);
}

/* KEY=VALUE, each key once. */
static const char *set_word(parsing *line, const char *word)
{
    apr_pool_t *pool = line->cmd->pool;
    const char *value = strchr(word, '='), *key;

    if (!value)
        return apr_psprintf(pool, "\"%s\" is not of the form KEY=VALUE", word);
    key = apr_pstrmemdup(pool, word, (apr_size_t)(value - word));
    if (apr_table_get(line->said, key))
        return apr_psprintf(pool, "%s= stands twice", key);
    apr_table_setn(line->said, key, value + 1);
    return set_member(line, key, value + 1);
}

/* The metadata file replaces what was known of entityID, ACS and certificates. */
static const char *read_metadata(parsing *line)
{
    apr_pool_t *pool = line->cmd->pool;
    rcidp_provider *provider = line->provider;
    const rcidp_certificate *signer = NULL;
    const char *error = NULL, *file, *signer_file = NULL;

    if (!line->metadata)
        return line->signer ? "metadata-signer= is given without metadata=" : NULL;
    if (!(file = ap_server_root_relative(pool, line->metadata)))
        return apr_psprintf(pool, "%s is no path", line->metadata);
    if (line->signer && !(signer_file = ap_server_root_relative(pool, line->signer)))
        return apr_psprintf(pool, "%s is no path", line->signer);
    if (signer_file)
        error = rcidp_certificate_read(pool, signer_file, &signer);
    if (!error)
        error = rcidp_partner_read(pool, file, line->entity_id, signer, &provider->partner);
    if (error)
        return error;
    provider->entity_id = provider->partner->entity_id;
    provider->acs = provider->partner->acs;
    return NULL;
}

/* The metadata may stand in an earlier line of the same name: its certificates and endpoints must not come to
 * be another's. Returns NULL, or what is wrong. */
static const char *contradicts(const parsing *line)
{
    const rcidp_provider *provider = line->provider;
    const rcidp_partner *partner = provider->partner;

    if (partner && strcmp(provider->entity_id, partner->entity_id) != 0)
        return apr_psprintf(line->cmd->pool,
                            "entityid=%s, but the metadata that is given for %s above is that of %s; give "
                            "metadata= too, or another name",
                            provider->entity_id, provider->name, partner->entity_id);
    if (partner && !rcidp_partner_endpoint(partner, provider->acs, -1))
        return apr_psprintf(line->cmd->pool, "acs=%s is not an AssertionConsumerService of the metadata",
                            provider->acs);
    return NULL;
}

static const char *set_addresses(parsing *line)
{
    rcidp_provider *provider = line->provider;

    if (line->entity_id)
        provider->entity_id = line->entity_id;
    if (line->acs)
        provider->acs = line->acs;
    if (!provider->entity_id || !provider->acs)
        return apr_psprintf(line->cmd->pool, "%s needs entityid=URI and acs=URL, or metadata=FILE",
                            provider->name);
    if (!rcidp_url_is_uri(provider->entity_id) || strlen(provider->entity_id) > RCIDP_ENTITY_ID_LIMIT)
        return apr_psprintf(line->cmd->pool, "entityid=%s is not an absolute URI of at most %d characters",
                            provider->entity_id, RCIDP_ENTITY_ID_LIMIT);
    if (!rcidp_url_is_https(line->cmd->temp_pool, provider->acs))
        return apr_psprintf(line->cmd->pool,
                            "acs=%s is not an https URL (with a host, without user or fragment)",
                            provider->acs);
    return contradicts(line);
}

static const char *check_encryption(const parsing *line)
{
    if (line->provider->encryption == RCIDP_ENCRYPT_ON && !rcidp_provider_encrypt_to(line->provider))
        return "encryption=on needs metadata=FILE with an RSA certificate for encryption";
    return NULL;
}

const rcidp_certificate *rcidp_provider_encrypt_to(const rcidp_provider *provider)
{
    const rcidp_partner *partner = provider->partner;

    if (provider->encryption == RCIDP_ENCRYPT_OFF || !partner || !partner->encryption->nelts ||
        (provider->encryption == RCIDP_ENCRYPT_AUTO && !partner->takes_our_encryption))
        return NULL;
    return APR_ARRAY_IDX(partner->encryption, 0, const rcidp_certificate *);
}

const char *rcidp_provider_parse(cmd_parms *cmd, const char *args, const apr_array_header_t *providers,
                                 const rcidp_provider **provider)
{
    const char *name = rcidp_value_word(cmd->pool, &args), *word, *error = NULL;
    const rcidp_provider *known = rcidp_provider_find(providers, name);
    parsing line = {.cmd = cmd,
                    .provider = apr_pcalloc(cmd->pool, sizeof(rcidp_provider)),
                    .said = apr_table_make(cmd->temp_pool, 4)};

    if (!is_provider_name(name))
        return apr_psprintf(cmd->pool,
                            "\"%s\" is no NAME: 1 to 64 letters, digits, dots, dashes, underscores", name);
    if (known)
        *line.provider = *known;
    line.provider->name = name;
    line.provider->at = cmd->directive;
    while (!error && *(word = rcidp_value_word(cmd->pool, &args)))
        error = set_word(&line, word);
    if (error || (error = read_metadata(&line)) || (error = set_addresses(&line)) ||
        (error = check_encryption(&line)))
        return error;
    if (!line.provider->title)
        line.provider->title = name;
    *provider = line.provider;
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
