/* SPDX-License-Identifier: Apache-2.0 */
#include "publish.h"

#include <apr_escape.h>
#include <apr_sha1.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <scoreboard.h>

#include "answer.h"
#include "config.h"
#include "metadata.h"
#include "steps.h"

APLOG_USE_MODULE(rcidp);

static const apr_array_header_t *certificates(apr_pool_t *pool, const rcidp_server_conf *conf)
{
    apr_array_header_t *all = apr_array_make(pool, 2, sizeof(const rcidp_certificate *));

    APR_ARRAY_PUSH(all, const rcidp_certificate *) = conf->signer.certificate;
    for (int i = 0; conf->published && i < conf->published->nelts; i++)
        APR_ARRAY_PUSH(all, const rcidp_certificate *) =
            APR_ARRAY_IDX(conf->published, i, const rcidp_certificate_setting *)->certificate;
    return all;
}

static void add_once(apr_array_header_t *all, const char *text)
{
    for (int i = 0; i < all->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(all, i, const char *), text) == 0)
            return;
    }
    APR_ARRAY_PUSH(all, const char *) = text;
}

static void add_attribute(apr_pool_t *pool, apr_array_header_t *all, const rcidp_attribute_setting *setting)
{
    rcidp_attribute *attribute;

    if (setting->none)
        return;
    for (int i = 0; i < all->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(all, i, const rcidp_attribute *)->name, setting->name) == 0)
            return;
    }
    attribute = apr_pcalloc(pool, sizeof(*attribute));
    attribute->name = setting->name;
    attribute->name_format = setting->name_format;
    APR_ARRAY_PUSH(all, const rcidp_attribute *) = attribute;
}

static void add_attributes(apr_pool_t *pool, apr_array_header_t *all, const apr_array_header_t *settings)
{
    for (int i = 0; i < settings->nelts; i++)
        add_attribute(pool, all, APR_ARRAY_IDX(settings, i, const rcidp_attribute_setting *));
}

/* What the launch paths of this server say, each thing once. */
static void collect(request_rec *r, const rcidp_server_conf *conf, rcidp_metadata *metadata)
{
    const apr_array_header_t *locations = rcidp_config_locations(r->server);
    apr_array_header_t *endpoints = apr_array_make(r->pool, 1, sizeof(const char *));
    apr_array_header_t *formats = apr_array_make(r->pool, 1, sizeof(const char *));
    apr_array_header_t *attributes = apr_array_make(r->pool, 4, sizeof(const rcidp_attribute *));

    for (int i = 0; i < locations->nelts; i++) {
        const rcidp_launch_setting *launch =
            rcidp_config_section(APR_ARRAY_IDX(locations, i, const ap_conf_vector_t *))->launch;

        if (launch) {
            const rcidp_dir_conf *effective = rcidp_config_launch(r->pool, r->server, launch->path);

            add_once(endpoints, rcidp_config_url(r->pool, conf, launch->path));
            add_once(formats, effective->name_id->format);
            add_attributes(r->pool, attributes, effective->attributes);
        }
    }
    add_attributes(r->pool, attributes, conf->attributes); /* those of other sections, <If> among them */
    metadata->endpoints = endpoints;
    metadata->name_id_formats = formats;
    metadata->attributes = attributes;
}

/* The same content has the same tag on every machine. */
static const char *entity_tag(apr_pool_t *pool, const char *xml)
{
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t context;

    apr_sha1_init(&context);
    apr_sha1_update(&context, xml, (unsigned int)strlen(xml));
    apr_sha1_final(digest, &context);
    return apr_pstrcat(pool, "\"", apr_pescape_hex(pool, digest, sizeof(digest), 0), "\"", NULL);
}

static int send_document(request_rec *r, const char *xml)
{
    int status;

    ap_set_content_type(r, RCIDP_METADATA_TYPE);
    apr_table_setn(r->headers_out, "ETag", entity_tag(r->pool, xml));
    apr_table_setn(r->headers_out, "Cache-Control", "max-age=3600");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    ap_update_mtime(r, ap_scoreboard_image->global->restart_time);
    ap_set_last_modified(r);
    if ((status = ap_meets_conditions(r)) != OK)
        return status;
    ap_set_content_length(r, (apr_off_t)strlen(xml));
    ap_rputs(xml, r);
    return OK;
}

const char *rcidp_publish_make(request_rec *r, const char **xml)
{
    const rcidp_server_conf *conf = rcidp_config_server(r->server);
    rcidp_metadata metadata = {.entity_id = conf->entity_id, .contact = conf->contact};

    metadata.certificates = certificates(r->pool, conf);
    collect(r, conf, &metadata);
    if (!metadata.endpoints->nelts)
        return "there is no RcIdpLaunch";
    *xml = rcidp_metadata_make(r->pool, &metadata);
    return NULL;
}

int rcidp_publish_handler(request_rec *r)
{
    const rcidp_server_conf *conf = rcidp_config_server(r->server);
    const char *xml, *error;

    if (!r->handler || strcmp(r->handler, RCIDP_HANDLER_METADATA) != 0)
        return DECLINED;
    ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET, -1);
    if (r->method_number != M_GET)
        return HTTP_METHOD_NOT_ALLOWED;
    if (!rcidp_config_has_identity(conf))
        return rcidp_steps_no_identity(r);
    if ((error = rcidp_publish_make(r, &xml))) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "RCIDP37: no metadata can be made: %s", error);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return send_document(r, xml);
}
