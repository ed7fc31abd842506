/* SPDX-License-Identifier: Apache-2.0 */
#include "checks.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_uri.h>
#include <http_core.h>
#include <sys/timex.h>

#include "access.h"
#include "lasso.h"
#include "publish.h"
#include "sections.h"
#include "url.h"

#define EXPIRES_SOON apr_time_from_sec(30 * 24 * 3600)

/* In seconds: a Response that can be used for longer than the one, or shorter than the other, is worth a
 * word. */
#define LONG_LIFETIME 600
#define SHORT_LIFETIME 60
#define SHORT_SKEW 10

/* What a check finds; its sentence has up to two texts filled in. */
typedef struct finding {
    rcidp_verdict verdict;
    rcidp_word sentence;
    const char *one, *two;
} finding;

static const finding good = {.verdict = RCIDP_CHECK_GOOD};

/* What mends a refusal of the claims. */
static const struct {
    rcidp_refusal refusal;
    rcidp_word sentence;
} mends[] = {
    {RCIDP_REFUSE_NO_MAIL, RCIDP_SAY_MEND_NO_MAIL},       {RCIDP_REFUSE_BAD_MAIL, RCIDP_SAY_MEND_BAD_MAIL},
    {RCIDP_REFUSE_NO_NAME_ID, RCIDP_SAY_MEND_NO_NAME_ID}, {RCIDP_REFUSE_BAD_TEXT, RCIDP_SAY_MEND_BAD_TEXT},
    {RCIDP_REFUSE_EVALUATION, RCIDP_SAY_MEND_EVALUATION}, {RCIDP_REFUSE_CONTEXT, RCIDP_SAY_MEND_CONTEXT},
    {RCIDP_REFUSE_INSTANT, RCIDP_SAY_MEND_INSTANT},       {RCIDP_REFUSE_TOO_OLD, RCIDP_SAY_MEND_TOO_OLD},
    {RCIDP_REFUSE_SIGNING, RCIDP_SAY_MEND_SIGNING},
};

static finding check_claims(const rcidp_tried *tried)
{
    const rcidp_gathered *gathered = tried->gathered;
    finding found = {RCIDP_CHECK_BAD, RCIDP_SAY_MEND_SIGNING, tried->error, NULL};

    if (tried->error || !gathered->refused)
        return tried->error ? found : good;
    for (size_t i = 0; i < sizeof(mends) / sizeof(mends[0]); i++) {
        if (mends[i].refusal == gathered->refusal)
            found.sentence = mends[i].sentence;
    }
    found.one = gathered->detail;
    if (gathered->refusal == RCIDP_REFUSE_BAD_MAIL) {
        found.one = strcmp(gathered->detail, "RcIdpMail") == 0 ? gathered->mail : tried->claims->name_id;
        found.two = gathered->detail;
    }
    return found;
}

static bool has_capitals(const char *text)
{
    for (; text && *text; text++) {
        if (apr_isupper(*text))
            return true;
    }
    return false;
}

/* The mail, and a name ID that is one. */
static finding check_case(const rcidp_tried *tried)
{
    const rcidp_claims *claims = tried->claims;
    finding found = {RCIDP_CHECK_WARNING, RCIDP_SAY_MEND_CASE, tried->gathered->mail, "RcIdpMail"};

    if (has_capitals(tried->gathered->mail))
        return found;
    found.one = claims->name_id;
    found.two = "RcIdpNameID";
    return !strcmp(claims->name_id_format, RCIDP_NAMEID_EMAIL) && has_capitals(claims->name_id) ? found
                                                                                                : good;
}

static bool sends(const rcidp_claims *claims, const char *name)
{
    for (int i = 0; claims->attributes && i < claims->attributes->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(claims->attributes, i, const rcidp_attribute *)->name, name) == 0)
            return true;
    }
    return false;
}

static finding check_wanted(const rcidp_tried *tried)
{
    const rcidp_partner *partner = tried->provider->partner;
    finding found = {RCIDP_CHECK_WARNING, RCIDP_SAY_MEND_WANTED, NULL, NULL};

    for (int i = 0; partner && i < partner->required->nelts; i++) {
        found.one = APR_ARRAY_IDX(partner->required, i, const char *);
        if (!sends(tried->claims, found.one))
            return found;
    }
    return good;
}

static finding check_require(const rcidp_tried *tried)
{
    const char *path = tried->conf->launch->path;
    finding found = {RCIDP_CHECK_BAD, RCIDP_SAY_MEND_REQUIRE, path, NULL};
    rcidp_access access;

    rcidp_access_look(tried->r, path, &access);
    if (!access.admits)
        found.sentence = RCIDP_SAY_MEND_ADMITTED;
    return access.asks && access.admits ? good : found;
}

static finding check_tls(const rcidp_tried *tried)
{
    finding found = {RCIDP_CHECK_WARNING, RCIDP_SAY_MEND_TLS, NULL, NULL};

    return tried->conf->require_tls ? good : found;
}

static finding check_entity_id(const rcidp_tried *tried)
{
    finding found = {RCIDP_CHECK_WARNING, RCIDP_SAY_MEND_ENTITY_ID, tried->server->entity_id, NULL};

    return rcidp_url_is_https(tried->r->pool, found.one) ? good : found;
}

/* By the host alone: a proxy may change the port. */
static finding check_address(const rcidp_tried *tried)
{
    const char *host = tried->r->hostname;
    finding found = {RCIDP_CHECK_WARNING, RCIDP_SAY_MEND_ADDRESS, host, tried->server->base_url};
    apr_uri_t base;

    if (!host || apr_uri_parse(tried->r->pool, tried->server->base_url, &base) != APR_SUCCESS ||
        !base.hostname)
        return good;
    return strcasecmp(base.hostname, host) == 0 ? good : found;
}

/* Is there a path of this server that publishes the metadata, to everybody? */
static finding check_metadata(const rcidp_tried *tried)
{
    const apr_array_header_t *locations = rcidp_config_locations(tried->r->server);
    finding found = {RCIDP_CHECK_WARNING, RCIDP_SAY_MEND_METADATA_NONE, NULL, NULL};

    for (int i = 0; i < locations->nelts; i++) {
        const core_dir_config *core =
            ap_get_core_module_config(APR_ARRAY_IDX(locations, i, const ap_conf_vector_t *));
        rcidp_access access;

        if (core->r || core->d_is_fnmatch ||
            !rcidp_sections_sets_handler(tried->r->pool, core->d, RCIDP_HANDLER_METADATA))
            continue;
        rcidp_access_look(tried->r, core->d, &access);
        if (strcmp(access.handler, RCIDP_HANDLER_METADATA) != 0)
            continue;
        if (!access.asks)
            return good;
        found.sentence = RCIDP_SAY_MEND_METADATA_CLOSED;
        found.one = core->d;
    }
    return found;
}

static finding check_certificate(const rcidp_tried *tried)
{
    const rcidp_certificate *certificate = tried->server->signer.certificate;
    apr_time_t now = apr_time_now();
    finding found = {RCIDP_CHECK_BAD, RCIDP_SAY_MEND_EXPIRED, NULL, NULL};

    found.one = rcidp_text_time(tried->r->pool, certificate->not_after);
    if (certificate->not_after <= now)
        return found;
    if (certificate->not_before > now) {
        found.sentence = RCIDP_SAY_MEND_NOT_YET;
        found.one = rcidp_text_time(tried->r->pool, certificate->not_before);
        return found;
    }
    found.verdict = RCIDP_CHECK_WARNING;
    found.sentence = RCIDP_SAY_MEND_EXPIRES;
    return certificate->not_after - now < EXPIRES_SOON ? found : good;
}

static finding check_key(const rcidp_tried *tried)
{
    finding found = {RCIDP_CHECK_WARNING, RCIDP_SAY_MEND_KEY, NULL, NULL};

    return tried->server->signer.key->exposed ? found : good;
}

/* All that this machine knows by itself: whether something keeps its clock. */
static finding check_clock(const rcidp_tried *tried)
{
    struct timex clock = {.modes = 0};
    int state = adjtimex(&clock);
    finding found = {RCIDP_CHECK_WARNING, RCIDP_SAY_MEND_CLOCK, NULL, NULL};

    (void)tried;
    if (state < 0) {
        found.verdict = RCIDP_CHECK_UNKNOWN;
        found.sentence = RCIDP_SAY_MEND_CLOCK_UNKNOWN;
        return found;
    }
    return state == TIME_ERROR || (clock.status & STA_UNSYNC) ? found : good;
}

static finding check_lifetime(const rcidp_tried *tried)
{
    const rcidp_dir_conf *conf = tried->conf;
    finding found = {RCIDP_CHECK_WARNING, RCIDP_SAY_MEND_LONG, apr_itoa(tried->r->pool, conf->lifetime),
                     NULL};

    if (conf->lifetime > LONG_LIFETIME)
        return found;
    found.sentence = RCIDP_SAY_MEND_SHORT;
    if (conf->lifetime < SHORT_LIFETIME)
        return found;
    found.sentence = RCIDP_SAY_MEND_SKEW;
    found.one = apr_itoa(tried->r->pool, conf->clock_skew);
    return conf->clock_skew < SHORT_SKEW ? found : good;
}

static finding check_relay_state(const rcidp_tried *tried)
{
    finding found = {RCIDP_CHECK_WARNING, RCIDP_SAY_MEND_RELAY_STATE, NULL, NULL};

    return tried->relay_state ? good : found;
}

static finding check_sha1(const rcidp_tried *tried)
{
    finding found = {RCIDP_CHECK_WARNING, RCIDP_SAY_MEND_SHA1, NULL, NULL};

    return tried->provider->allow_sha1 ? found : good;
}

/* Lasso, in the service provider's role, has our metadata and gets the real Response. */
static finding check_lasso(const rcidp_tried *tried)
{
    const rcidp_lasso_party party = {tried->claims->audience, tried->claims->acs, NULL};
    finding found = {RCIDP_CHECK_UNKNOWN, RCIDP_SAY_MEND_LASSO_ABSENT, NULL, NULL};
    const char *metadata = NULL;

    if (!rcidp_lasso_is_there())
        return found;
    found.sentence = RCIDP_SAY_MEND_LASSO_NOTHING;
    if (!tried->response)
        return found;
    found.sentence = RCIDP_SAY_MEND_LASSO_EC;
    if (strcmp(tried->server->signer.key->type, "RSA") != 0)
        return found;
    found.verdict = RCIDP_CHECK_BAD;
    found.sentence = RCIDP_SAY_MEND_LASSO;
    found.one = rcidp_publish_make(tried->r, &metadata);
    if (!found.one)
        found.one = rcidp_lasso_judge(tried->r->pool, metadata, &party, tried->response, NULL);
    return found.one ? found : good;
}

/* What must be right for a launch to work comes first. */
static const struct {
    rcidp_word title;
    finding (*check)(const rcidp_tried *tried);
} checks[] = {
    {RCIDP_SAY_CHECK_CLAIMS, check_claims},
    {RCIDP_SAY_CHECK_LASSO, check_lasso},
    {RCIDP_SAY_CHECK_REQUIRE, check_require},
    {RCIDP_SAY_CHECK_CERTIFICATE, check_certificate},
    {RCIDP_SAY_CHECK_CASE, check_case},
    {RCIDP_SAY_CHECK_WANTED, check_wanted},
    {RCIDP_SAY_CHECK_RELAY_STATE, check_relay_state},
    {RCIDP_SAY_CHECK_CLOCK, check_clock},
    {RCIDP_SAY_CHECK_LIFETIME, check_lifetime},
    {RCIDP_SAY_CHECK_ENTITY_ID, check_entity_id},
    {RCIDP_SAY_CHECK_ADDRESS, check_address},
    {RCIDP_SAY_CHECK_METADATA, check_metadata},
    {RCIDP_SAY_CHECK_TLS, check_tls},
    {RCIDP_SAY_CHECK_KEY, check_key},
    {RCIDP_SAY_CHECK_SHA1, check_sha1},
};

const apr_array_header_t *rcidp_checks_run(const rcidp_tried *tried, rcidp_language language)
{
    apr_pool_t *pool = tried->r->pool;
    apr_array_header_t *all =
        apr_array_make(pool, sizeof(checks) / sizeof(checks[0]), sizeof(rcidp_report_check));

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        finding found = checks[i].check(tried);
        rcidp_report_check *check = apr_array_push(all);

        check->verdict = found.verdict;
        check->title = checks[i].title;
        check->sentence =
            found.verdict == RCIDP_CHECK_GOOD
                ? NULL
                : rcidp_words_fill(pool, language, found.sentence, found.one ? found.one : "", found.two);
    }
    return all;
}
