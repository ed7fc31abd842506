/* SPDX-License-Identifier: Apache-2.0 */
#include "explain.h"

#include <apr_strings.h>

#define A_DAY apr_time_from_sec(24 * 3600)

/* The page in the making. */
typedef struct explaining {
    const rcidp_tried *tried;
    apr_pool_t *pool;
    rcidp_language language;
    apr_array_header_t *sections; /* of rcidp_report_section */
} explaining;

static const char *say(const explaining *page, rcidp_word word)
{
    return rcidp_words(page->language, word);
}

/* The directive as it was written; its default where `value` is NULL. */
static void add_source(const explaining *page, rcidp_report_line *line, const char *directive,
                       const rcidp_value *value, const char *otherwise)
{
    line->source = apr_pstrcat(page->pool, directive, " ", value ? rcidp_value_text(value) : otherwise, NULL);
    line->place = value ? rcidp_value_place(value)
                        : apr_psprintf(page->pool, "(%s)", say(page, RCIDP_SAY_TEST_DEFAULT));
}

static void add_mail_source(const explaining *page, rcidp_report_line *line)
{
    add_source(page, line, "RcIdpMail", page->tried->conf->mail, "%{REMOTE_USER}");
}

static void add_context(const explaining *page, const rcidp_report_section *section)
{
    const rcidp_context_setting *setting = page->tried->conf->authn_context;
    rcidp_report_line *line = rcidp_report_add(section, "AuthnContext", page->tried->claims->authn_context);

    if (setting->value) {
        add_source(page, line, "RcIdpAuthnContext", setting->value, NULL);
    } else {
        line->source = setting->uri ? "RcIdpAuthnContext" : "RcIdpAuthnContext auto";
        line->place = setting->place;
        line->note = setting->uri ? NULL : say(page, RCIDP_SAY_TEST_AUTO);
    }
}

static void add_instant(const explaining *page, const rcidp_report_section *section)
{
    const rcidp_claims *claims = page->tried->claims;
    const rcidp_value *value = page->tried->conf->authn_instant;
    rcidp_report_line *line = rcidp_report_add(section, "AuthnInstant", NULL);

    line->time = claims->authn_instant;
    line->note = claims->is_instant_known ? NULL : say(page, RCIDP_SAY_TEST_NOW);
    if (value)
        add_source(page, line, "RcIdpAuthnInstant", value, NULL);
}

static void explain_user(const explaining *page)
{
    const request_rec *r = page->tried->r;
    const rcidp_report_section *section = rcidp_report_begin(page->sections, RCIDP_SAY_TEST_YOU);

    rcidp_report_add(section, say(page, RCIDP_SAY_TEST_USER), r->user);
    rcidp_report_add(section, say(page, RCIDP_SAY_TEST_BY),
                     r->ap_auth_type ? r->ap_auth_type : say(page, RCIDP_SAY_TEST_BY_CERTIFICATE));
    add_context(page, section);
    add_instant(page, section);
}

static void add_name_id(const explaining *page, const rcidp_report_section *section)
{
    const rcidp_name_id_setting *setting = page->tried->conf->name_id;
    rcidp_report_line *line = rcidp_report_add(section, "NameID", page->tried->claims->name_id);

    line->note = setting->format;
    if (strcmp(setting->format, RCIDP_NAMEID_TRANSIENT) == 0)
        line->source = say(page, RCIDP_SAY_TEST_RANDOM);
    else if (setting->value)
        add_source(page, line, "RcIdpNameID", setting->value, NULL);
    else
        add_mail_source(page, line);
    if (strcmp(setting->format, RCIDP_NAMEID_PERSISTENT) == 0)
        line->source = apr_pstrcat(page->pool, say(page, RCIDP_SAY_TEST_PSEUDONYM), ": ", line->source, NULL);
}

static void explain_claims(const explaining *page)
{
    const apr_array_header_t *sources = page->tried->gathered->sources;
    const rcidp_report_section *section = rcidp_report_begin(page->sections, RCIDP_SAY_TEST_CLAIMS);

    add_name_id(page, section);
    for (int i = 0; i < sources->nelts; i++) {
        const rcidp_claim_source *source = &APR_ARRAY_IDX(sources, i, const rcidp_claim_source);
        rcidp_report_line *line;

        if (source->setting->none)
            continue;
        line = rcidp_report_add(section, source->setting->name, NULL);
        if (source->values)
            line->values = source->values;
        if (source->setting->value)
            add_source(page, line, "RcIdpAttribute", source->setting->value, NULL);
        else
            add_mail_source(page, line);
    }
}

static void explain_addresses(const explaining *page)
{
    const rcidp_report_section *section = rcidp_report_begin(page->sections, RCIDP_SAY_TEST_WHERE);

    rcidp_report_add(section, "ACS", page->tried->claims->acs);
    rcidp_report_add(section, "Audience", page->tried->claims->audience);
    rcidp_report_add(section, "Issuer", page->tried->claims->issuer);
    rcidp_report_add(section, "RelayState", page->tried->relay_state);
}

static void add_time(const explaining *page, const rcidp_report_section *section, rcidp_word label,
                     apr_time_t time, int seconds)
{
    rcidp_report_add(section, say(page, label), NULL)->time = time + apr_time_from_sec(seconds);
}

static void explain_times(const explaining *page)
{
    const rcidp_claims *claims = page->tried->claims;
    const rcidp_report_section *section = rcidp_report_begin(page->sections, RCIDP_SAY_TEST_TIMES);

    add_time(page, section, RCIDP_SAY_TEST_ISSUED, claims->now, 0);
    add_time(page, section, RCIDP_SAY_TEST_FROM, claims->now, -claims->clock_skew);
    add_time(page, section, RCIDP_SAY_TEST_UNTIL, claims->now, claims->lifetime);
    if (claims->session_lifetime)
        add_time(page, section, RCIDP_SAY_TEST_SESSION_ENDS, claims->authn_instant, claims->session_lifetime);
}

static void explain_signatures(const explaining *page)
{
    const rcidp_signer *signer = &page->tried->server->signer;
    const rcidp_claims *claims = page->tried->claims;
    apr_time_t left = signer->certificate->not_after - claims->now;
    const rcidp_report_section *section = rcidp_report_begin(page->sections, RCIDP_SAY_TEST_SIGNATURE);
    rcidp_report_line *line;

    rcidp_report_add(section, say(page, RCIDP_SAY_TEST_SIGNED),
                     claims->sign == RCIDP_SIGN_BOTH       ? "Response, Assertion"
                     : claims->sign == RCIDP_SIGN_RESPONSE ? "Response"
                                                           : "Assertion");
    rcidp_report_add(section, say(page, RCIDP_SAY_TEST_ALGORITHM), signer->algorithm->name)->note =
        signer->algorithm->uri;
    rcidp_report_add(section, say(page, RCIDP_SAY_TEST_CERTIFICATE), signer->certificate->fingerprint);
    line = rcidp_report_add(section, say(page, RCIDP_SAY_TEST_CERTIFICATE_ENDS), NULL);
    line->time = signer->certificate->not_after;
    line->note = rcidp_words_fill(page->pool, page->language, RCIDP_SAY_TEST_DAYS_LEFT,
                                  apr_ltoa(page->pool, left > 0 ? (long)(left / A_DAY) : 0), NULL);
    if (claims->encrypt_to)
        rcidp_report_add(section, say(page, RCIDP_SAY_TEST_ENCRYPTED), claims->encrypt_to->fingerprint);
}

const apr_array_header_t *rcidp_explain(const rcidp_tried *tried, rcidp_language language)
{
    apr_pool_t *pool = tried->r->pool;
    explaining page = {tried, pool, language, apr_array_make(pool, 5, sizeof(rcidp_report_section))};

    explain_user(&page);
    explain_claims(&page);
    explain_addresses(&page);
    explain_times(&page);
    explain_signatures(&page);
    return page.sections;
}
