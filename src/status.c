/* SPDX-License-Identifier: Apache-2.0 */
#include "status.h"

#include <apr_strings.h>
#include <limits.h>
#include <http_core.h>
#include <http_protocol.h>
#include <mod_status.h>

#include "config.h"
#include "expiry.h"
#include "tally.h"

/* Another version's tally may look otherwise: then the last part is another, and counting starts anew. */
#define KEY "mod_rcidp tally 1"
#define SHORT_ID 16

int rcidp_status_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    apr_pool_t *process = s->process->pool;
    void *found = NULL;
    rcidp_tally *tally = NULL;

    (void)plog, (void)ptemp;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG)
        return OK;
    apr_pool_userdata_get(&found, KEY, process);
    tally = found;
    if (!tally && rcidp_tally_make(process, &tally) == APR_SUCCESS)
        apr_pool_userdata_set(tally, KEY, NULL, process);
    for (server_rec *each = s; each; each = each->next) {
        rcidp_config_server(each)->tally = tally;
        rcidp_config_server(each)->expiring =
            each == s ? rcidp_expiry_list(pconf, s) : rcidp_config_server(s)->expiring;
    }
    return OK;
}

/* The end of the request's pool: by now its result is what it is. */
static apr_status_t count(void *data)
{
    const request_rec *r = data;
    const char *result = apr_table_get(r->subprocess_env, "RCIDP_RESULT");
    const char *provider = apr_table_get(r->subprocess_env, "RCIDP_SP");

    if (result)
        rcidp_tally_add(rcidp_config_server(r->server)->tally, provider ? provider : "-", result);
    return APR_SUCCESS;
}

void rcidp_status_count(request_rec *r)
{
    if (rcidp_config_server(r->server)->tally)
        apr_pool_cleanup_register(r->pool, r, count, apr_pool_cleanup_null);
}

static const char *short_id(request_rec *r, const rcidp_expiring *it)
{
    return strcmp(it->kind, "metadata") ? apr_pstrmemdup(r->pool, it->id, SHORT_ID) : it->id;
}

static void show_lines(request_rec *r, rcidp_tally *tally, const apr_array_header_t *expiring)
{
    const char *provider, *result;
    unsigned long number;
    int least = INT_MAX;

    for (int i = 0; tally && rcidp_tally_get(r->pool, tally, i, &provider, &result, &number); i++) {
        if (number)
            ap_rprintf(r, "RcidpResult_%s_%s: %lu\n", provider, result, number);
    }
    for (int i = 0; i < expiring->nelts; i++) {
        const rcidp_expiring *it = APR_ARRAY_IDX(expiring, i, const rcidp_expiring *);
        int days = rcidp_expiry_days(it->not_after, r->request_time);

        least = days < least ? days : least;
        ap_rprintf(r, "RcidpDaysLeft_%s_%s: %d\n", it->kind, short_id(r, it), days);
    }
    if (expiring->nelts)
        ap_rprintf(r, "RcidpDaysLeft: %d\n", least);
}

static void show_table(request_rec *r, rcidp_tally *tally, const apr_array_header_t *expiring)
{
    const char *provider, *result;
    unsigned long number;

    ap_rputs("<hr />\n<h2>mod_rcidp</h2>\n<table>\n<tr><th>service provider</th><th>result</th>"
             "<th>requests</th></tr>\n",
             r);
    for (int i = 0; tally && rcidp_tally_get(r->pool, tally, i, &provider, &result, &number); i++) {
        if (number)
            ap_rprintf(r, "<tr><td>%s</td><td>%s</td><td>%lu</td></tr>\n", ap_escape_html(r->pool, provider),
                       ap_escape_html(r->pool, result), number);
    }
    ap_rputs("</table>\n<table>\n<tr><th>what expires</th><th>in days</th><th>on</th></tr>\n", r);
    for (int i = 0; i < expiring->nelts; i++) {
        const rcidp_expiring *it = APR_ARRAY_IDX(expiring, i, const rcidp_expiring *);

        ap_rprintf(r, "<tr><td>%s</td><td>%d</td><td>%s</td></tr>\n", ap_escape_html(r->pool, it->title),
                   rcidp_expiry_days(it->not_after, r->request_time),
                   rcidp_text_time(r->pool, it->not_after));
    }
    ap_rputs("</table>\n", r);
}

int rcidp_status_show(request_rec *r, int flags)
{
    const rcidp_server_conf *conf = rcidp_config_server(r->server);

    if (!conf->expiring)
        return DECLINED;
    if (flags & AP_STATUS_SHORT)
        show_lines(r, conf->tally, conf->expiring);
    else
        show_table(r, conf->tally, conf->expiring);
    return OK;
}
