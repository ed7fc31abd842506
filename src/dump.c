/* SPDX-License-Identifier: Apache-2.0 */
#include "dump.h"

#include <apr_strings.h>
#include <http_core.h>

#include "config.h"
#include "expiry.h"
#include "sections.h"

#define DEFINE "DUMP_RCIDP"

static void dump_certificate(apr_pool_t *pool, apr_file_t *out, const char *what,
                             const rcidp_certificate *certificate)
{
    apr_file_printf(out, "    %-12s SHA-256 %s, until %s\n", what, certificate->fingerprint,
                    rcidp_text_time(pool, certificate->not_after));
}

static void dump_launch(apr_pool_t *pool, apr_file_t *out, const server_rec *s,
                        const rcidp_launch_setting *launch)
{
    const rcidp_server_conf *conf = rcidp_config_server(s);
    const rcidp_dir_conf *effective = rcidp_config_launch(pool, s, launch->path);

    apr_file_printf(out, "    launch       %s%s\n", conf->base_url, launch->path);
    for (int i = 0; i < launch->names->nelts; i++) {
        const rcidp_provider *provider =
            rcidp_provider_find(conf->providers, APR_ARRAY_IDX(launch->names, i, const char *));
        const char *state = rcidp_config_default_state(effective, provider);

        apr_file_printf(out,
                        "      %-10s %s\n                 ACS        %s\n                 RelayState %s\n",
                        provider->name, provider->entity_id, provider->acs, state ? state : "none");
    }
}

static void dump_metadata(apr_pool_t *pool, apr_file_t *out, const server_rec *s,
                          const rcidp_server_conf *conf)
{
    const apr_array_header_t *locations = rcidp_config_locations(s);

    for (int i = 0; i < locations->nelts; i++) {
        const core_dir_config *core =
            ap_get_core_module_config(APR_ARRAY_IDX(locations, i, const ap_conf_vector_t *));

        if (conf->base_url && !core->r && !core->d_is_fnmatch &&
            rcidp_sections_sets_handler(pool, core->d, RCIDP_HANDLER_METADATA))
            apr_file_printf(out, "    metadata     %s%s\n", conf->base_url, core->d);
    }
}

static void dump_server(apr_pool_t *pool, apr_file_t *out, const server_rec *s)
{
    const rcidp_server_conf *conf = rcidp_config_server(s);
    const apr_array_header_t *locations = rcidp_config_locations(s);

    if (!rcidp_config_has_identity(conf))
        return;
    apr_file_printf(out, "%s (%s:%u)\n    entityID     %s\n    key          %s, %d bits, %s\n",
                    s->server_hostname, s->defn_name ? s->defn_name : "main server", s->defn_line_number,
                    conf->entity_id, conf->signer.key->type, conf->signer.key->bits,
                    conf->signer.algorithm->name);
    dump_certificate(pool, out, "signs with", conf->signer.certificate);
    for (int i = 0; conf->published && i < conf->published->nelts; i++)
        dump_certificate(pool, out, "publishes",
                         APR_ARRAY_IDX(conf->published, i, const rcidp_certificate_setting *)->certificate);
    apr_file_printf(out, "    notices      %s\n", rcidp_expiry_describe(pool, s));
    dump_metadata(pool, out, s, conf);
    for (int i = 0; i < locations->nelts; i++) {
        const rcidp_launch_setting *launch =
            rcidp_config_section(APR_ARRAY_IDX(locations, i, const ap_conf_vector_t *))->launch;

        if (launch)
            dump_launch(pool, out, s, launch);
    }
}

void rcidp_dump_config(apr_pool_t *pool, server_rec *s)
{
    apr_file_t *out = NULL;

    if (!ap_exists_config_define(DEFINE) || apr_file_open_stdout(&out, pool) != APR_SUCCESS)
        return;
    apr_file_printf(out, "mod_rcidp:\n");
    for (; s; s = s->next)
        dump_server(pool, out, s);
}
