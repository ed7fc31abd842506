/* SPDX-License-Identifier: Apache-2.0 */
#include "portal.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>

#include "access.h"
#include "answer.h"
#include "brand.h"
#include "claims.h"
#include "denial.h"
#include "link.h"
#include "page.h"
#include "steps.h"

/* What a visit knows, filled in step by step. */
typedef struct visiting {
    request_rec *r;
    rcidp_dir_conf *conf; /* effective, the portal's own */
    const rcidp_server_conf *server;
    const rcidp_look *look;
    apr_array_header_t *tiles; /* of rcidp_page_tile */
} visiting;

static int check_request(visiting *visit)
{
    request_rec *r = visit->r;
    int status = rcidp_steps_itself(r);

    if (status == OK)
        status = rcidp_steps_transport(r, visit->conf);
    if (status == OK && !rcidp_claims_is_signed_in(r))
        status = rcidp_answer_refuse(
            r, RCIDP_REFUSE_NOT_PROTECTED,
            apr_psprintf(r->pool, "the portal %s lacks a Require that asks for a user", r->uri));
    if (status == OK && !rcidp_steps_is_exact(r))
        status = rcidp_answer_refuse(r, RCIDP_REFUSE_NOT_FOUND, r->uri);
    if (status == OK && r->method_number != M_GET) /* HEAD is a GET to httpd */
        status = rcidp_answer_refuse(r, RCIDP_REFUSE_METHOD, r->method);
    return status;
}

static void add_tile(visiting *visit, const char *title, const char *href, const char *icon, bool another)
{
    rcidp_page_tile tile = {.title = title,
                            .href = href,
                            .icon = icon,
                            .note =
                                another ? rcidp_words(visit->look->language, RCIDP_SAY_PORTAL_ASKS) : NULL};

    APR_ARRAY_PUSH(visit->tiles, rcidp_page_tile) = tile;
}

static void add_links(visiting *visit, const rcidp_launch_setting *launch, bool another)
{
    const apr_array_header_t *links = visit->conf->portal_links;

    for (int i = 0; links && i < links->nelts; i++) {
        const rcidp_link *link = APR_ARRAY_IDX(links, i, const rcidp_link *);

        if (strcmp(link->path, launch->path) == 0)
            add_tile(visit, link->title,
                     rcidp_link_href(visit->r->pool, link->path, link->sp, link->relay_state), link->icon,
                     another);
    }
}

/* A launch path, if httpd would let this user have it, or can only tell once the user has signed in there. */
static void add_launch(visiting *visit, const rcidp_launch_setting *launch)
{
    rcidp_access access;

    rcidp_access_look(visit->r, launch->path, &access);
    if (!access.another && !(access.admits && strcasecmp(access.handler, RCIDP_HANDLER_LAUNCH) == 0))
        return;
    for (int i = 0; i < launch->names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(launch->names, i, const char *);
        const rcidp_provider *provider = rcidp_provider_find(visit->server->providers, name);

        add_tile(visit, provider->title,
                 rcidp_link_href(visit->r->pool, launch->path, launch->names->nelts > 1 ? name : NULL, NULL),
                 provider->icon, access.another);
    }
    add_links(visit, launch, access.another);
}

/* Does a later section of the same path say the last word? */
static bool stands_again(const apr_array_header_t *locations, int index, const char *path)
{
    for (int i = index + 1; i < locations->nelts; i++) {
        const rcidp_launch_setting *launch =
            rcidp_config_section(APR_ARRAY_IDX(locations, i, const ap_conf_vector_t *))->launch;

        if (launch && strcmp(launch->path, path) == 0)
            return true;
    }
    return false;
}

static int gather_tiles(visiting *visit)
{
    const apr_array_header_t *locations = rcidp_config_locations(visit->r->server);

    visit->tiles = apr_array_make(visit->r->pool, 4, sizeof(rcidp_page_tile));
    for (int i = 0; rcidp_config_has_identity(visit->server) && i < locations->nelts; i++) {
        const rcidp_launch_setting *launch =
            rcidp_config_section(APR_ARRAY_IDX(locations, i, const ap_conf_vector_t *))->launch;

        if (launch && !stands_again(locations, i, launch->path))
            add_launch(visit, launch);
    }
    return OK;
}

/* Tiles of the same title are told apart by where they lead. */
static int tell_apart(visiting *visit)
{
    rcidp_page_tile *tiles = (rcidp_page_tile *)visit->tiles->elts;

    for (int i = 0; i < visit->tiles->nelts; i++) {
        for (int j = 0; j < visit->tiles->nelts; j++) {
            if (i != j && strcmp(tiles[i].title, tiles[j].title) == 0)
                tiles[i].place = tiles[i].href;
        }
    }
    return OK;
}

static int answer(visiting *visit)
{
    request_rec *r = visit->r;

    rcidp_answer_note(r, "RCIDP_RESULT", "portal");
    return r->header_only
               ? rcidp_answer_head(r)
               : rcidp_answer_page(r, rcidp_page_portal(r->pool, visit->look, r->user, visit->tiles));
}

/* A straight line, as the launch. */
static int (*const steps[])(visiting *) = {check_request, gather_tiles, tell_apart, answer};

int rcidp_portal_handler(request_rec *r)
{
    visiting visit = {.r = r};
    int status = OK;

    if (!r->handler || strcmp(r->handler, RCIDP_HANDLER_PORTAL) != 0)
        return DECLINED;
    visit.conf = rcidp_config_effective(r->pool, rcidp_config_section(r->per_dir_config));
    visit.server = rcidp_config_server(r->server);
    visit.look = rcidp_brand_look(r);
    rcidp_denial_forget(r);
    for (size_t i = 0; status == OK && i < sizeof(steps) / sizeof(steps[0]); i++)
        status = steps[i](&visit);
    return status == DONE ? OK : status;
}
