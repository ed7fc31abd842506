/* SPDX-License-Identifier: Apache-2.0 */
#include "identity.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>

#include "config.h"
#include "signing_process.h"
#include "token.h"
#include "url.h"

APLOG_USE_MODULE(rcidp);

const char *rcidp_identity_set_entity_id(cmd_parms *cmd, void *unused, const char *uri)
{
    (void)unused;
    if (!rcidp_url_is_uri(uri) || strlen(uri) > RCIDP_ENTITY_ID_LIMIT)
        return rcidp_config_complain(
            cmd, apr_psprintf(cmd->pool, "\"%s\" is not an absolute URI of at most %d characters", uri,
                              RCIDP_ENTITY_ID_LIMIT));
    rcidp_config_server(cmd->server)->entity_id = uri;
    return NULL;
}

static const char *read_certificate(cmd_parms *cmd, const char *file, rcidp_certificate_setting **setting)
{
    rcidp_certificate_setting *made = apr_pcalloc(cmd->pool, sizeof(*made));

    made->at = cmd->directive;
    made->file = ap_server_root_relative(cmd->pool, file);
    if (!made->file)
        return apr_psprintf(cmd->pool, "%s is no path", file);
    *setting = made;
    if (rcidp_process_find(cmd->pool) && rcidp_key_is_in(cmd->pool, made->file))
        return apr_psprintf(cmd->pool, "%s has a private key too: with RcIdpSigningProcess, keep that apart",
                            made->file);
    return rcidp_certificate_read(cmd->pool, made->file, &made->certificate);
}

/* Reads a key once, however many virtual hosts name its file: OpenSSL takes its time. The configuration's
 * pool remembers it, or why there is none, so that the next reading of the configuration reads the file anew.
 */
static const char *read_once(apr_pool_t *pool, const char *file, const rcidp_key **key)
{
    struct known {
        const rcidp_key *key;
        const char *error;
    };
    struct known *known;
    const char *name = apr_pstrcat(pool, "rcidp key ", file, NULL);
    void *before = NULL;

    apr_pool_userdata_get(&before, name, pool);
    known = before;
    if (!known) {
        known = apr_pcalloc(pool, sizeof(*known));
        known->error = rcidp_key_read(pool, file, &known->key);
        apr_pool_userdata_setn(known, name, NULL, pool);
    }
    *key = known->key;
    return known->error;
}

static const char *read_key(cmd_parms *cmd, const char *file, const rcidp_key **key)
{
    rcidp_process *process = rcidp_process_find(cmd->pool);

    if (process)
        return rcidp_process_add_key(process, cmd, file, key);
    if (rcidp_token_is_named(file))
        return "a key on a token needs RcIdpSigningProcess on";
    return read_once(cmd->pool, file, key);
}

const char *rcidp_identity_set_certificate(cmd_parms *cmd, void *unused, const char *file)
{
    rcidp_certificate_setting *setting;
    const char *error = read_certificate(cmd, file, &setting);

    (void)unused;
    if (error)
        return rcidp_config_complain(cmd, error);
    /* The key may stand in the same file; whether it must is only known when all has been read. */
    if (rcidp_process_find(cmd->pool))
        setting->no_key = "RcIdpSigningProcess wants the key in a file of its own";
    else
        setting->no_key = read_once(cmd->pool, setting->file, &setting->key);
    rcidp_config_server(cmd->server)->certificate = setting;
    return NULL;
}

const char *rcidp_identity_set_key(cmd_parms *cmd, void *unused, const char *file)
{
    rcidp_key_setting *setting = apr_pcalloc(cmd->pool, sizeof(*setting));
    const char *error;

    (void)unused;
    setting->at = cmd->directive;
    setting->file = rcidp_token_is_named(file) ? file : ap_server_root_relative(cmd->pool, file);
    if (!setting->file)
        return rcidp_config_complain(cmd, apr_psprintf(cmd->pool, "%s is no path", file));
    error = read_key(cmd, setting->file, &setting->key);
    if (!error)
        rcidp_config_server(cmd->server)->key = setting;
    return rcidp_config_complain(cmd, error);
}

const char *rcidp_identity_add_published(cmd_parms *cmd, void *unused, const char *file)
{
    rcidp_server_conf *conf = rcidp_config_server(cmd->server);
    rcidp_certificate_setting *setting;
    const char *error = read_certificate(cmd, file, &setting);
    apr_array_header_t *all;

    (void)unused;
    if (error)
        return rcidp_config_complain(cmd, error);
    all = conf->published ? apr_array_copy(cmd->pool, conf->published)
                          : apr_array_make(cmd->pool, 1, sizeof(const rcidp_certificate_setting *));
    APR_ARRAY_PUSH(all, const rcidp_certificate_setting *) = setting;
    conf->published = all;
    return NULL;
}

const char *rcidp_identity_set_base_url(cmd_parms *cmd, void *unused, const char *url)
{
    apr_size_t length = strlen(url);

    (void)unused;
    if (!rcidp_url_is_https(cmd->temp_pool, url) || strchr(url, '?'))
        return rcidp_config_complain(
            cmd, apr_psprintf(cmd->pool, "\"%s\" is not an https URL without query and fragment", url));
    while (length && url[length - 1] == '/')
        length--;
    rcidp_config_server(cmd->server)->base_url = apr_pstrmemdup(cmd->pool, url, length);
    return NULL;
}

const char *rcidp_identity_add_provider(cmd_parms *cmd, void *unused, const char *args)
{
    rcidp_server_conf *conf = rcidp_config_server(cmd->server);
    const rcidp_provider *provider = NULL;
    const char *error = rcidp_provider_parse(cmd, args, conf->providers, &provider);

    (void)unused;
    if (!error)
        APR_ARRAY_PUSH(conf->providers, const rcidp_provider *) = provider;
    return rcidp_config_complain(cmd, error);
}

const char *rcidp_identity_set_algorithm(cmd_parms *cmd, void *unused, const char *name)
{
    rcidp_algorithm_setting *setting = apr_pcalloc(cmd->pool, sizeof(*setting));

    (void)unused;
    setting->at = cmd->directive;
    setting->algorithm = rcidp_algorithm_find(name);
    if (!setting->algorithm && strcmp(name, "auto") != 0)
        return rcidp_config_complain(
            cmd, apr_psprintf(cmd->pool,
                              strstr(name, "sha1") ? "%s: SHA-1 is not offered, it is broken; take auto"
                                                   : "\"%s\" is none of auto, rsa-sha256, rsa-sha384, "
                                                     "rsa-sha512, ecdsa-sha256, ecdsa-sha384, ecdsa-sha512",
                              name));
    rcidp_config_server(cmd->server)->algorithm = setting;
    return NULL;
}

const char *rcidp_identity_set_secret(cmd_parms *cmd, void *unused, const char *file)
{
    rcidp_server_conf *conf = rcidp_config_server(cmd->server);
    const char *path = ap_server_root_relative(cmd->pool, file);
    const char *error = path ? rcidp_secret_read(cmd->pool, path, &conf->secret)
                             : apr_psprintf(cmd->pool, "%s is no path", file);

    (void)unused;
    if (!error && conf->secret->exposed)
        /* Not with cmd->server: a virtual host has no LogLevel yet. */
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, NULL,
                     "RCIDP91: %s: the secret in %s is open to group or others; chmod 600 it (%s:%d)",
                     cmd->cmd->name, path, cmd->directive->filename, cmd->directive->line_num);
    return rcidp_config_complain(cmd, error);
}

const char *rcidp_identity_set_contact(cmd_parms *cmd, void *unused, const char *mail)
{
    (void)unused;
    if (!rcidp_text_is_mail(mail) || !rcidp_text_is_xml(mail) || strchr(mail, ':'))
        return rcidp_config_complain(cmd, apr_psprintf(cmd->pool, "\"%s\" is not an e-mail address", mail));
    rcidp_config_server(cmd->server)->contact = mail;
    return NULL;
}
