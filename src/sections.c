/* SPDX-License-Identifier: Apache-2.0 */
#include "sections.h"

#include <apr_fnmatch.h>
#include <apr_strings.h>
#include <http_log.h>

#include "config.h"
#include "lasso.h"

APLOG_USE_MODULE(rcidp);

static bool is_named(const ap_directive_t *node, const char *name)
{
    return strcasecmp(node->directive, name) == 0;
}

static const char *first_word(apr_pool_t *pool, const ap_directive_t *node)
{
    const char *args = node->args;

    return ap_getword_conf(pool, &args);
}

static bool names_handler(apr_pool_t *pool, const ap_directive_t *node, const char *handler)
{
    return is_named(node, "SetHandler") && strcasecmp(first_word(pool, node), handler) == 0;
}

static bool sets_our_handler(apr_pool_t *pool, const ap_directive_t *node)
{
    return names_handler(pool, node, RCIDP_HANDLER_LAUNCH);
}

static bool names_providers(apr_pool_t *pool, const ap_directive_t *node)
{
    (void)pool;
    return is_named(node, "RcIdpLaunch");
}

typedef bool (*predicate)(apr_pool_t *pool, const ap_directive_t *node);

/* Does the section hold such a directive, itself or in a section within? */
static bool holds(apr_pool_t *pool, const ap_directive_t *section, predicate is_it)
{
    for (const ap_directive_t *node = section->first_child; node; node = node->next) {
        if (is_it(pool, node) || (node->first_child && holds(pool, node, is_it)))
            return true;
    }
    return false;
}

static const ap_directive_t *enclosing_location(const ap_directive_t *node)
{
    for (node = node->parent; node; node = node->parent) {
        if (is_named(node, "<Location"))
            return node;
    }
    return NULL;
}

/* It may be quoted or not; the bracket is still there. */
static const char *first_argument(apr_pool_t *pool, const char *args)
{
    const char *end = strrchr(args, '>');

    args = apr_pstrndup(pool, args, end ? (apr_size_t)(end - args) : strlen(args));
    return ap_getword_conf(pool, &args);
}

const char *rcidp_sections_path(apr_pool_t *pool, const ap_directive_t *section)
{
    return first_argument(pool, section->args);
}

/* Does the <Location>, or another of the same path beside it, hold such a directive? */
static bool has_partner(apr_pool_t *pool, const ap_directive_t *location, predicate is_it)
{
    const ap_directive_t *sibling = location->parent ? location->parent->first_child : ap_conftree;

    for (; sibling; sibling = sibling->next) {
        if (is_named(sibling, "<Location") &&
            !strcmp(rcidp_sections_path(pool, sibling), rcidp_sections_path(pool, location)) &&
            holds(pool, sibling, is_it))
            return true;
    }
    return false;
}

static bool opens_portal(apr_pool_t *pool, const ap_directive_t *node)
{
    return names_handler(pool, node, RCIDP_HANDLER_PORTAL);
}

static int check_portal(apr_pool_t *pool, const server_rec *main, const ap_directive_t *node,
                        const ap_directive_t *location)
{
    const char *path = location ? rcidp_sections_path(pool, location) : "";

    if (opens_portal(pool, node) && (*path != '/' || apr_fnmatch_test(path))) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, main,
                     "RCIDP95: SetHandler: rcidp-portal needs a <Location> with a plain path (%s:%d)",
                     node->filename, node->line_num);
        return 1;
    }
    if (is_named(node, "RcIdpPortalLink") && !(location && has_partner(pool, location, opens_portal))) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, main,
                     "RCIDP96: RcIdpPortalLink: needs SetHandler rcidp-portal beside it (%s:%d)",
                     node->filename, node->line_num);
        return 1;
    }
    return 0;
}

/* Among these sections, is one a launch path above this path? */
static bool has_launch_above(apr_pool_t *pool, const ap_directive_t *section, const char *path)
{
    for (; section; section = section->next) {
        const char *above = is_named(section, "<Location") ? rcidp_sections_path(pool, section) : NULL;

        if (above && strcmp(above, path) != 0 && rcidp_config_covers(above, path) &&
            holds(pool, section, names_providers))
            return true;
    }
    return false;
}

/* A test page speaks of the launch path above it, in the same server or in the main server. */
static bool is_below_launch(apr_pool_t *pool, const ap_directive_t *location)
{
    const char *path = location ? rcidp_sections_path(pool, location) : "";

    if (*path != '/' || apr_fnmatch_test(path))
        return false;
    return (location->parent && has_launch_above(pool, location->parent->first_child, path)) ||
           has_launch_above(pool, ap_conftree, path);
}

/* AddHandler goes by the names of files, which these handlers have none of. */
static bool adds_handler(apr_pool_t *pool, const ap_directive_t *node)
{
    static const char *const ours[] = {RCIDP_HANDLER_LAUNCH, RCIDP_HANDLER_PORTAL, RCIDP_HANDLER_TEST};

    for (size_t i = 0; is_named(node, "AddHandler") && i < sizeof(ours) / sizeof(ours[0]); i++) {
        if (strcasecmp(first_word(pool, node), ours[i]) == 0)
            return true;
    }
    return false;
}

static int check_node(apr_pool_t *pool, const server_rec *main, const ap_directive_t *node)
{
    const ap_directive_t *location = enclosing_location(node);

    if (adds_handler(pool, node)) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, main,
                     "RCIDP04: AddHandler: %s belongs to a path, and not to names of files; use SetHandler "
                     "(%s:%d)",
                     first_word(pool, node), node->filename, node->line_num);
        return 1;
    }

    if (sets_our_handler(pool, node) && !(location && has_partner(pool, location, names_providers))) {
        ap_log_error(
            APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, main,
            "RCIDP77: SetHandler: rcidp-launch needs an RcIdpLaunch beside it, in a <Location> with a plain "
            "path (%s:%d)",
            node->filename, node->line_num);
        return 1;
    }
    if (names_providers(pool, node) && location && !has_partner(pool, location, sets_our_handler)) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, main,
                     "RCIDP78: RcIdpLaunch: needs SetHandler rcidp-launch beside it (%s:%d)", node->filename,
                     node->line_num);
        return 1;
    }
    if (names_handler(pool, node, RCIDP_HANDLER_TEST) && !is_below_launch(pool, location)) {
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, main,
                     "RCIDP51: SetHandler: rcidp-test needs a <Location> with a plain path below that of an "
                     "RcIdpLaunch (%s:%d)",
                     node->filename, node->line_num);
        return 1;
    }
    return check_portal(pool, main, node, location);
}

static int check_nodes(apr_pool_t *pool, const server_rec *main, const ap_directive_t *node)
{
    int faults = 0;

    for (; node; node = node->next) {
        faults += check_node(pool, main, node);
        if (node->first_child)
            faults += check_nodes(pool, main, node->first_child);
    }
    return faults;
}

int rcidp_sections_check(apr_pool_t *pool, const server_rec *main)
{
    return check_nodes(pool, main, ap_conftree);
}

static bool sets_handler(apr_pool_t *pool, const ap_directive_t *node, const char *path, const char *handler)
{
    for (; node; node = node->next) {
        if (names_handler(pool, node, handler) && enclosing_location(node) &&
            !strcmp(rcidp_sections_path(pool, enclosing_location(node)), path))
            return true;
        if (node->first_child && sets_handler(pool, node->first_child, path, handler))
            return true;
    }
    return false;
}

bool rcidp_sections_sets_handler(apr_pool_t *pool, const char *path, const char *handler)
{
    return sets_handler(pool, ap_conftree, path, handler);
}

static bool has_handler(apr_pool_t *pool, const ap_directive_t *node, const char *handler)
{
    for (; node; node = node->next) {
        if (names_handler(pool, node, handler) ||
            (node->first_child && has_handler(pool, node->first_child, handler)))
            return true;
    }
    return false;
}

bool rcidp_sections_has_handler(apr_pool_t *pool, const char *handler)
{
    return has_handler(pool, ap_conftree, handler);
}

/* Among the directives of one level, not counting sections within. */
static bool turns_tls_on(apr_pool_t *pool, const ap_directive_t *node)
{
    for (; node; node = node->next) {
        if (is_named(node, "TLSEngine") ||
            (is_named(node, "SSLEngine") && strcasecmp(first_word(pool, node), "off") != 0))
            return true;
    }
    return false;
}

/* The section of a virtual host; NULL for the main server, and for one that a macro has made. */
static const ap_directive_t *host_of(const server_rec *s)
{
    for (const ap_directive_t *node = ap_conftree; node && s->is_virtual; node = node->next) {
        if (is_named(node, "<VirtualHost") && s->defn_name && strcmp(node->filename, s->defn_name) == 0 &&
            node->line_num == (int)s->defn_line_number)
            return node;
    }
    return NULL;
}

bool rcidp_sections_has_tls(apr_pool_t *pool, const server_rec *s)
{
    const ap_directive_t *host = host_of(s);

    return turns_tls_on(pool, ap_conftree) || (host ? turns_tls_on(pool, host->first_child) : s->is_virtual);
}

static bool overrides(apr_pool_t *pool, const ap_directive_t *node)
{
    (void)pool;
    return is_named(node, "SetHandler") || is_named(node, "Require") ||
           strncasecmp(node->directive, "RcIdp", 5) == 0;
}

/* The regular expression of <Location ~ "...">. */
static const char *second_word(apr_pool_t *pool, const ap_directive_t *section)
{
    const char *args = section->args;

    ap_getword_conf(pool, &args);
    return first_argument(pool, args);
}

/* Does the <Location> or <LocationMatch> hold for the path, as httpd matches it? */
static bool holds_for(apr_pool_t *pool, const ap_directive_t *section, const char *path)
{
    bool is_match = is_named(section, "<LocationMatch");
    const char *other =
        is_match || is_named(section, "<Location") ? rcidp_sections_path(pool, section) : NULL;
    ap_regex_t *regex;

    if (!other)
        return false;
    if (is_match || strcmp(other, "~") == 0) {
        regex = ap_pregcomp(pool, is_match ? other : second_word(pool, section), AP_REG_EXTENDED);
        return regex && ap_regexec(regex, path, 0, NULL, 0) == 0;
    }
    return apr_fnmatch_test(other) ? apr_fnmatch(other, path, APR_FNM_PATHNAME) == APR_SUCCESS
                                   : rcidp_config_covers(other, path);
}

const ap_directive_t *rcidp_sections_overrider(apr_pool_t *pool, const server_rec *s,
                                               const ap_directive_t *launch, const char *path, bool inherited)
{
    const ap_directive_t *found = NULL, *node = launch->parent->next;

    if (inherited) {
        node = host_of(s);
        node = node ? node->first_child : NULL;
    }
    for (; node; node = node->next) {
        if (is_named(node, "<Location") && !strcmp(rcidp_sections_path(pool, node), path))
            found = NULL; /* the last word is with the path's own section */
        else if (holds_for(pool, node, path) && holds(pool, node, overrides) &&
                 !holds(pool, node, names_providers))
            found = node;
    }
    return found;
}

const ap_directive_t *rcidp_sections_find(const char *name)
{
    const ap_directive_t *node = ap_conftree;

    while (node && !is_named(node, name))
        node = node->next;
    return node;
}

static bool takes_requests(apr_pool_t *pool, const server_rec *s)
{
    const apr_array_header_t *locations = rcidp_config_locations(s);

    for (int i = 0; i < locations->nelts; i++) {
        const rcidp_launch_setting *launch =
            rcidp_config_section(APR_ARRAY_IDX(locations, i, const ap_conf_vector_t *))->launch;

        if (launch &&
            (rcidp_config_server(s)->names_requests ||
             rcidp_config_launch(pool, s, launch->path)->authn_requests != RCIDP_AUTHN_REQUESTS_OFF))
            return true;
    }
    return false;
}

bool rcidp_sections_needs_lasso(apr_pool_t *pool, const server_rec *s)
{
    if (!rcidp_lasso_is_there())
        return false;
    if (rcidp_sections_has_handler(pool, RCIDP_HANDLER_TEST))
        return true;
    while (s && !takes_requests(pool, s))
        s = s->next;
    return s != NULL;
}
