/* SPDX-License-Identifier: Apache-2.0 */
#include "steps.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_ssl.h>

#include "answer.h"
#include "claims.h"
#include "status.h"

static const char *header(const request_rec *r, const char *name)
{
    const char *value = apr_table_get(r->headers_in, name);

    return value ? value : "";
}

/* Browsers load ahead of time what was never clicked. */
static bool is_prefetch(const request_rec *r)
{
    const char *purpose = header(r, "Sec-Purpose");

    return ap_strcasestr(purpose, "prefetch") || ap_strcasestr(purpose, "prerender") ||
           !strcasecmp(header(r, "Purpose"), "prefetch");
}

/* A fetch() by a script of another site, which could not read the answer. A service worker may hand on what
 * the user opened as one, but not as its own. */
static bool is_foreign_fetch(const request_rec *r)
{
    return strcasecmp(header(r, "Sec-Fetch-Site"), "cross-site") == 0 &&
           strcasecmp(header(r, "Sec-Fetch-Mode"), "navigate") != 0;
}

/* A frame, an image, a script: anything but a page of its own, or a fetch() by a script of the same site. */
static bool is_embedded(const request_rec *r)
{
    const char *dest = header(r, "Sec-Fetch-Dest");

    if (strcasecmp(dest, "empty") == 0)
        return is_foreign_fetch(r);
    return *dest && strcasecmp(dest, "document") != 0;
}

/* Is this the document of an error, whatever the error was? */
static bool is_error_document(const request_rec *r)
{
    for (const request_rec *earlier = r->prev; earlier; earlier = earlier->prev) {
        if (earlier->status != HTTP_OK)
            return true;
    }
    return false;
}

int rcidp_steps_itself(request_rec *r)
{
    return r->main || is_error_document(r) ? rcidp_answer_refuse(r, RCIDP_REFUSE_NOT_ITSELF, NULL) : OK;
}

int rcidp_steps_transport(request_rec *r, const rcidp_dir_conf *conf)
{
    if (conf->require_tls && !ap_ssl_conn_is_ssl(r->connection))
        return rcidp_answer_refuse(r, RCIDP_REFUSE_PLAIN_HTTP, NULL);
    if (is_prefetch(r))
        return rcidp_answer_refuse(r, RCIDP_REFUSE_PREFETCH, NULL);
    return is_embedded(r) ? rcidp_answer_refuse(r, RCIDP_REFUSE_FRAME, NULL) : OK;
}

int rcidp_steps_no_identity(request_rec *r)
{
    return rcidp_answer_refuse(
        r, RCIDP_REFUSE_NO_IDENTITY,
        apr_pstrcat(r->pool, "the server ", r->server->server_hostname, " has no RcIdpEntityID", NULL));
}

int rcidp_steps_user(request_rec *r, const rcidp_dir_conf *conf, const rcidp_server_conf *server)
{
    if (!conf->launch)
        return rcidp_answer_refuse(r, RCIDP_REFUSE_NO_IDENTITY,
                                   "SetHandler rcidp-launch holds here, and no RcIdpLaunch");
    if (!rcidp_config_has_identity(server))
        return rcidp_steps_no_identity(r);
    if (!rcidp_claims_is_signed_in(r))
        return rcidp_answer_refuse(
            r, RCIDP_REFUSE_NOT_PROTECTED,
            apr_psprintf(r->pool,
                         "<Location \"%s\"> lacks a Require that asks for a user, or a later "
                         "section overrides it",
                         conf->launch->path));
    return OK;
}

int rcidp_steps_path(request_rec *r, const char *path)
{
    return strcmp(r->uri, path) == 0 ? OK : rcidp_answer_refuse(r, RCIDP_REFUSE_NOT_FOUND, r->uri);
}

int rcidp_steps_parameter(request_rec *r, const char *name, const char **value)
{
    const char *error = rcidp_text_parameter(r->pool, r->args, name, value);

    return error ? rcidp_answer_refuse(r, RCIDP_REFUSE_PARAMETER, error) : OK;
}

static const char *const handlers[] = {RCIDP_HANDLER_LAUNCH, RCIDP_HANDLER_PORTAL, RCIDP_HANDLER_TEST,
                                       RCIDP_HANDLER_METADATA};
#define HANDLERS (sizeof(handlers) / sizeof(handlers[0]))

/* Is it for one of ours, as far as SetHandler tells? */
static bool is_ours(request_rec *r)
{
    size_t i = rcidp_config_has_handler(r) ? 0 : HANDLERS;

    while (i < HANDLERS && !rcidp_config_handles(r, handlers[i]))
        i++;
    return i < HANDLERS;
}

/* From the place *i on, the next <Location> with this very path and a handler; NULL if there is none. */
static const core_dir_config *next_exact(const request_rec *r, int *i)
{
    const apr_array_header_t *locations = rcidp_config_locations(r->server);

    while (*i < locations->nelts) {
        const core_dir_config *core =
            ap_get_core_module_config(APR_ARRAY_IDX(locations, (*i)++, const ap_conf_vector_t *));

        if (!core->r && !core->d_is_fnmatch && (core->handler || core->expr_handler) &&
            strcmp(core->d, r->uri) == 0)
            return core;
    }
    return NULL;
}

bool rcidp_steps_is_exact(const request_rec *r)
{
    int i = 0;

    return next_exact(r, &i) != NULL;
}

/* Would mod_proxy or mod_rewrite lead elsewhere, with the password that was meant for us? */
static bool is_taken(request_rec *r)
{
    return !r->main && (r->proxyreq || (r->handler && !strcmp(r->handler, "redirect-handler"))) &&
           is_ours(r) && rcidp_steps_is_exact(r);
}

static bool names_ours(request_rec *r, const core_dir_config *core)
{
    const char *handler = rcidp_config_handler(r, core);
    size_t i = 0;

    while (handler && i < HANDLERS && strcasecmp(handler, handlers[i]) != 0)
        i++;
    return handler && i < HANDLERS;
}

/* Has a <Location> with this very path one of our handlers? What holds for the request is not known yet. */
static bool is_own(request_rec *r)
{
    const core_dir_config *core;
    int i = 0;

    while ((core = next_exact(r, &i)) && !names_ours(r, core))
        continue;
    return core != NULL;
}

/* What httpd has read of .htaccess, and not found, it hands on to the next request within: `from` has it. */
static void forget_htaccess(request_rec *r, request_rec *from)
{
    r->htaccess = NULL;
    *ap_get_request_note(from, AP_NOTE_DIRECTORY_WALK) = NULL;
}

int rcidp_steps_before_authentication(request_rec *r)
{
    int status;

    if (r->htaccess && is_own(r))
        forget_htaccess(r, r);
    if (r->main || !rcidp_config_has_handler(r) ||
        !(rcidp_config_handles(r, RCIDP_HANDLER_LAUNCH) || rcidp_config_handles(r, RCIDP_HANDLER_PORTAL) ||
          rcidp_config_handles(r, RCIDP_HANDLER_TEST)))
        return DECLINED;
    rcidp_status_count(r);
    if (is_taken(r))
        return rcidp_answer_refuse(r, RCIDP_REFUSE_TAKEN, r->filename);
    status = rcidp_steps_itself(r);
    return status == OK ? rcidp_steps_transport(
                              r, rcidp_config_effective(r->pool, rcidp_config_section(r->per_dir_config)))
                        : status;
}

/* httpd takes this for a file that has been found, and so neither looks for it nor for each folder above. All
 * <Directory> sections hold. */
int rcidp_steps_translate(request_rec *r)
{
    if (r->finfo.filetype == APR_NOFILE && is_ours(r) && rcidp_steps_is_exact(r))
        r->finfo.filetype = APR_UNKFILE;
    return DECLINED;
}

/* An <If> in there would be merged behind the launch's own section. */
apr_status_t rcidp_steps_htaccess(request_rec *r, const char *folder, const char *name,
                                  ap_configfile_t **file, const char **path)
{
    (void)folder, (void)name, (void)file, (void)path;
    return is_own(r) ? APR_ENOENT : AP_DECLINED;
}

int rcidp_steps_map(request_rec *r)
{
    request_rec *earlier = r->prev ? r->prev : r->main;

    if (r->htaccess && earlier && is_own(r))
        forget_htaccess(r, earlier);
    return DECLINED;
}

/* A later section, or an <If>, has given the path to somebody else: is there a file? */
static int give_back(request_rec *r)
{
    if (r->finfo.filetype == APR_UNKFILE && !r->finfo.valid &&
        apr_stat(&r->finfo, r->filename, APR_FINFO_MIN, r->pool) != APR_SUCCESS)
        r->finfo.filetype = APR_NOFILE;
    return DECLINED;
}

int rcidp_steps_type(request_rec *r)
{
    return is_ours(r) ? OK : DECLINED; /* else mod_negotiation would send a file in our place */
}

int rcidp_steps_fixup(request_rec *r)
{
    size_t i = 0;

    if (is_taken(r))
        return rcidp_answer_refuse(r, RCIDP_REFUSE_TAKEN, r->filename);
    while (r->handler && i < HANDLERS && strcmp(r->handler, handlers[i]) != 0)
        i++;
    if (!r->handler || i == HANDLERS)
        return give_back(r);
    /* Else mod_dir would redirect to the path with a slash, and mod_speling, if it was no file at all, to a
     * file of a name like it. */
    r->finfo.filetype = APR_UNKFILE;
    return OK;
}
