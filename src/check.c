/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <apr_strings.h>
#include <http_log.h>
#include <mpm_common.h>
#include <unixd.h>

#include "brand.h"
#include "config.h"
#include "expiry.h"
#include "link.h"
#include "sections.h"
#include "signing_process.h"

APLOG_USE_MODULE(rcidp);

#define DAYS(time) ((int)((time) / apr_time_from_sec(24 * 3600)))
#define EXPIRES_SOON 30 /* of them */

/* One server under examination. */
typedef struct inspection {
    apr_pool_t *pconf, *ptemp;
    server_rec *main, *s;
    rcidp_server_conf *conf;
    int faults;
} inspection;

#define FAULT(check, at, text, ...)                                                                          \
    do {                                                                                                     \
        ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, (check)->s, text " (%s:%d)", __VA_ARGS__,     \
                     (at)->filename, (at)->line_num);                                                        \
        (check)->faults++;                                                                                   \
    } while (0)

#define WARN(check, at, text, ...)                                                                           \
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, (check)->s, text " (%s:%d)", __VA_ARGS__, (at)->filename,     \
                 (at)->line_num)

/* Was this set by the server itself, and not judged already where it was inherited from? */
#define IS_OWN(check, member)                                                                                \
    ((check)->s == (check)->main || (check)->conf->member != rcidp_config_server((check)->main)->member)

/* A server that starts says of expiry what src/notice.c says, once a day. */
static void warn_of_dates(inspection *check, const char *directive, const rcidp_certificate_setting *setting)
{
    const rcidp_certificate *certificate = setting->certificate;
    apr_time_t now = apr_time_now();
    bool starts = ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_NORMAL;

    if (!starts && certificate->not_after <= now)
        WARN(check, setting->at, "RCIDP61: %s: the certificate in %s has expired on %s", directive,
             setting->file, rcidp_text_time(check->ptemp, certificate->not_after));
    else if (!starts && rcidp_expiry_stage(check->s, certificate->not_after, now) != RCIDP_NOT_DUE)
        WARN(check, setting->at, "RCIDP62: %s: the certificate in %s expires in %d days, on %s", directive,
             setting->file, rcidp_expiry_days(certificate->not_after, now),
             rcidp_text_time(check->ptemp, certificate->not_after));
    if (certificate->not_before > now)
        WARN(check, setting->at, "RCIDP63: %s: the certificate in %s is not valid before %s", directive,
             setting->file, rcidp_text_time(check->ptemp, certificate->not_before));
}

static void warn_of_mode(inspection *check, const char *directive, const rcidp_key *key, const char *file,
                         const ap_directive_t *at)
{
    apr_finfo_t info;

    if (key->exposed)
        WARN(check, at, "RCIDP64: %s: the key in %s is open to group or others; chmod 600 it", directive,
             file);
    else if (geteuid() == 0 && apr_stat(&info, file, APR_FINFO_USER, check->ptemp) == APR_SUCCESS &&
             info.user && info.user == ap_unixd_config.user_id)
        WARN(check, at, "RCIDP92: %s: the key in %s belongs to the User of httpd's children; chown root it",
             directive, file);
}

/* The private key: its own directive's, else the one in the certificate's file. */
static const rcidp_key *find_key(inspection *check)
{
    const rcidp_certificate_setting *certificate = check->conf->certificate;
    const rcidp_key_setting *key = check->conf->key;

    if (key) {
        if (IS_OWN(check, key))
            warn_of_mode(check, "RcIdpSigningKeyFile", key->key, key->file, key->at);
        return key->key;
    }
    if (!certificate->key)
        FAULT(check, certificate->at,
              "RCIDP70: RcIdpSigningCertificateFile: there is no RcIdpSigningKeyFile, and %s",
              certificate->no_key);
    else if (IS_OWN(check, certificate))
        warn_of_mode(check, "RcIdpSigningCertificateFile", certificate->key, certificate->file,
                     certificate->at);
    return certificate->key;
}

static void check_match(inspection *check, const rcidp_key *key)
{
    const rcidp_certificate_setting *certificate = check->conf->certificate;

    if (!rcidp_key_matches(key, certificate->certificate))
        FAULT(check, check->conf->key ? check->conf->key->at : certificate->at,
              "RCIDP71: %s: the key does not belong to the certificate in %s",
              check->conf->key ? "RcIdpSigningKeyFile" : "RcIdpSigningCertificateFile", certificate->file);
}

/* Whoever has taken over a child must neither own the process nor be able to cut what it writes down. */
static void check_process(inspection *check)
{
    const rcidp_process *process = check->s == check->main ? check->conf->process : NULL;
    const rcidp_process_options *is = process ? rcidp_process_options_of(process) : NULL;

    if (is && is->user.name && is->user.uid == ap_unixd_config.user_id)
        FAULT(check, rcidp_process_at(process),
              "RCIDP81: RcIdpSigningProcess: user=%s is the User of httpd's children", is->user.name);
    if (is && rcidp_process_options_is_exposed(check->ptemp, is))
        WARN(check, rcidp_process_at(process),
             "RCIDP97: RcIdpSigningProcess: children can change audit=%s, or its folder", is->audit);
}

static void warn_of_dumps(inspection *check, const rcidp_key *key)
{
    if (!key->signs && ap_coredumpdir_configured && IS_OWN(check, certificate))
        WARN(check, check->conf->certificate->at,
             "RCIDP82: %s: with CoreDumpDirectory, a core dump would have the key in it; see "
             "RcIdpSigningProcess",
             "RcIdpSigningCertificateFile");
}

/* Certificate, key and algorithm together: what this server signs with. */
static void check_signer(inspection *check)
{
    rcidp_server_conf *conf = check->conf;
    const rcidp_algorithm_setting *setting = conf->algorithm;
    const rcidp_key *key = conf->certificate ? find_key(check) : NULL;
    const rcidp_algorithm *algorithm;

    for (int i = 0; conf->published && IS_OWN(check, published) && i < conf->published->nelts; i++)
        warn_of_dates(check, "RcIdpPublishCertificateFile",
                      APR_ARRAY_IDX(conf->published, i, const rcidp_certificate_setting *));
    if (!IS_OWN(check, certificate) && !IS_OWN(check, key) && !IS_OWN(check, algorithm)) {
        conf->signer = rcidp_config_server(check->main)->signer;
        return;
    }
    if (conf->key && !conf->certificate)
        FAULT(check, conf->key->at, "RCIDP72: %s: there is no RcIdpSigningCertificateFile for the key",
              "RcIdpSigningKeyFile");
    if (!key)
        return;
    if (IS_OWN(check, certificate))
        warn_of_dates(check, "RcIdpSigningCertificateFile", conf->certificate);
    check_match(check, key);
    warn_of_dumps(check, key);
    algorithm = setting && setting->algorithm ? setting->algorithm : rcidp_algorithm_for(key);
    if (setting && strcmp(algorithm->key_type, key->type) != 0)
        FAULT(check, setting->at,
              "RCIDP73: RcIdpSignatureAlgorithm: %s does not fit the key, which is of type %s",
              algorithm->name, key->type);
    conf->signer.key = key;
    conf->signer.certificate = conf->certificate->certificate;
    conf->signer.algorithm = algorithm;
    conf->signer.hash = rcidp_algorithm_hash(check->pconf, algorithm);
}

static void set_base_url(inspection *check, const ap_directive_t *launch)
{
    const server_rec *s = check->s;
    apr_port_t port = rcidp_config_port(s);

    if (check->conf->base_url)
        return;
    check->conf->base_url =
        port == DEFAULT_HTTPS_PORT
            ? apr_pstrcat(check->pconf, "https://", s->server_hostname, NULL)
            : apr_psprintf(check->pconf, "https://%s:%u", s->server_hostname, (unsigned)port);
    if (!rcidp_sections_has_tls(check->ptemp, s))
        WARN(check, launch,
             "RCIDP65: RcIdpLaunch: browsers are told %s, but this virtual host has no SSLEngine on; set "
             "RcIdpBaseURL",
             check->conf->base_url);
}

/* Refused, a launch says no more than a line at the level info. */
static void warn_of_plain_http(inspection *check, const rcidp_launch_setting *launch)
{
    if (!rcidp_sections_has_tls(check->ptemp, check->s) &&
        rcidp_config_launch(check->ptemp, check->s, launch->path)->require_tls)
        WARN(check, launch->at,
             "RCIDP87: %s: this virtual host has no SSLEngine on, and launches without TLS are refused; if a "
             "proxy does "
             "TLS for it, set RcIdpRequireTLS off",
             "RcIdpLaunch");
}

/* What a provider's metadata has to say of its own age, once where the launch path is its server's own. */
static void warn_of_metadata(inspection *check, const rcidp_launch_setting *launch,
                             const rcidp_provider *provider)
{
    const rcidp_partner *partner = provider->partner;

    if (!partner)
        return;
    if (!partner->valid_until)
        WARN(check, launch->at, "RCIDP67: RcIdpServiceProvider: the metadata of %s has no validUntil",
             provider->name);
    else if (DAYS(partner->valid_until - apr_time_now()) < EXPIRES_SOON)
        WARN(check, launch->at, "RCIDP68: RcIdpServiceProvider: the metadata of %s ends on %s",
             provider->name, rcidp_text_time(check->ptemp, partner->valid_until));
}

/* Whose an AuthnRequest is, its Issuer alone tells: of several names, the first that bears it. */
static const rcidp_provider *first_of(const inspection *check, const rcidp_launch_setting *launch,
                                      const char *entity_id)
{
    const rcidp_provider *provider = NULL;

    for (int i = 0; i < launch->names->nelts; i++) {
        provider = rcidp_provider_find(check->conf->providers, APR_ARRAY_IDX(launch->names, i, const char *));
        if (provider && strcmp(provider->entity_id, entity_id) == 0)
            break;
    }
    return provider;
}

static void warn_of_sibling(inspection *check, const rcidp_launch_setting *launch,
                            const rcidp_provider *provider)
{
    const rcidp_provider *first = first_of(check, launch, provider->entity_id);

    if (provider->partner && first && !first->partner)
        WARN(check, launch->at,
             "RCIDP03: RcIdpLaunch: what %s asks is taken for a request of %s, which has the same entityID "
             "and no metadata; name %s first",
             provider->name, first->name, provider->name);
}

/* Of a provider that has none: where its requests must be signed, all of them would be refused. */
static void demand_certificate(inspection *check, const rcidp_launch_setting *launch,
                               const rcidp_provider *provider)
{
    int requests = rcidp_config_launch(check->ptemp, check->s, launch->path)->authn_requests;

    if (requests == RCIDP_AUTHN_REQUESTS_SIGNED)
        FAULT(check, launch->at,
              "RCIDP80: RcIdpLaunch: RcIdpAuthnRequests signed needs metadata= with a certificate for %s",
              provider->name);
    else if (requests == RCIDP_AUTHN_REQUESTS_ON && provider->partner &&
             provider->partner->authn_requests_signed)
        WARN(check, launch->at,
             "RCIDP85: RcIdpLaunch: the metadata of %s says AuthnRequestsSigned, and has no certificate to "
             "verify them by: launches work, requests are refused",
             provider->name);
}

/* A provider of a launch path: known, and able to sign where that is demanded. */
static void check_provider(inspection *check, const rcidp_launch_setting *launch, const char *name,
                           bool inherited)
{
    const rcidp_provider *provider = rcidp_provider_find(check->conf->providers, name);

    if (!provider) {
        FAULT(check, launch->at, "RCIDP74: RcIdpLaunch: there is no service provider \"%s\"; there are %s",
              name, rcidp_provider_names(check->ptemp, check->conf->providers));
        return;
    }
    if (!(provider->partner && provider->partner->signing->nelts))
        demand_certificate(check, launch, provider);
    if (inherited && check->s != check->main)
        return;
    warn_of_metadata(check, launch, provider);
    warn_of_sibling(check, launch, provider);
}

static void demand_secret(inspection *check, const ap_directive_t *at, const char *directive)
{
    FAULT(check, at, "RCIDP79: %s: a persistent RcIdpNameID needs RcIdpPersistentIDSecretFile", directive);
}

/* A launch path that this server serves. */
static void check_launch(inspection *check, const rcidp_launch_setting *launch, bool inherited)
{
    for (int i = 0; i < launch->names->nelts && !(inherited && !check->conf->entity_id); i++)
        check_provider(check, launch, APR_ARRAY_IDX(launch->names, i, const char *), inherited);
    if (!check->conf->entity_id && !inherited)
        FAULT(check, launch->at, "RCIDP75: %s: needs RcIdpEntityID in the same server", "RcIdpLaunch");
    if (!check->conf->certificate && !(inherited && !check->conf->entity_id))
        FAULT(check, launch->at, "RCIDP76: %s: needs RcIdpSigningCertificateFile in the same server",
              "RcIdpLaunch");
    if (check->conf->entity_id && !check->conf->secret &&
        !strcmp(rcidp_config_launch(check->ptemp, check->s, launch->path)->name_id->format,
                RCIDP_NAMEID_PERSISTENT))
        demand_secret(check, launch->at, "RcIdpLaunch");
    if (check->conf->entity_id) {
        set_base_url(check, launch->at);
        if (!inherited) /* by a host for plain HTTP, say, beside that for TLS */
            warn_of_plain_http(check, launch);
    }
}

/* Is there a virtual host that can serve what stands in the main server, which itself cannot? */
static bool has_heir(const inspection *check)
{
    for (const server_rec *s = check->main->next; s; s = s->next) {
        if (rcidp_config_server(s)->entity_id)
            return true;
    }
    return false;
}

static bool is_inherited(const inspection *check, const ap_conf_vector_t *section)
{
    const apr_array_header_t *locations = rcidp_config_locations(check->main);

    if (check->s == check->main)
        return !check->conf->entity_id && has_heir(check);
    for (int i = 0; i < locations->nelts; i++) {
        if (APR_ARRAY_IDX(locations, i, const ap_conf_vector_t *) == section)
            return true;
    }
    return false;
}

/* Of two sections that match, httpd lets the later one win: one for more than a launch path has to come
 * before it, */
static void warn_of_wider(inspection *check, const rcidp_launch_setting *launch, bool inherited)
{
    const ap_directive_t *wider =
        rcidp_sections_overrider(check->ptemp, check->s, launch->at, launch->path, inherited);

    if (wider)
        WARN(check, wider,
             "RCIDP84: RcIdpLaunch: %s %s stands behind <Location %s>, and its Require, SetHandler or RcIdp "
             "directives count there; move it before",
             wider->directive, wider->args, launch->path);
}

/* and one below it after it. */
static void check_order(inspection *check, const rcidp_launch_setting *launch, int launch_index)
{
    const apr_array_header_t *locations = rcidp_config_locations(check->s);

    for (int i = 0; i < launch_index; i++) {
        const core_dir_config *core =
            ap_get_core_module_config(APR_ARRAY_IDX(locations, i, const ap_conf_vector_t *));

        if (!core->r && !core->d_is_fnmatch && strcmp(core->d, launch->path) != 0 &&
            rcidp_config_covers(launch->path, core->d))
            WARN(check, launch->at,
                 "RCIDP66: RcIdpLaunch: <Location %s> stands before <Location %s>, which overrides it; move "
                 "it behind",
                 core->d, launch->path);
    }
}

/* The links of a portal; those of one that the main server has for its virtual hosts are judged where there
 * are launch paths. */
static void check_links(inspection *check, const ap_conf_vector_t *section)
{
    const apr_array_header_t *links = rcidp_config_section(section)->portal_links;

    for (int i = 0; links && !is_inherited(check, section) && i < links->nelts; i++) {
        const rcidp_link *link = APR_ARRAY_IDX(links, i, const rcidp_link *);
        const char *error = rcidp_link_check(check->ptemp, check->s, link);

        if (error)
            FAULT(check, link->at, "RCIDP94: RcIdpPortalLink: %s", error);
    }
}

/* In another section than a plain <Location>, whatever path it may come to hold for. */
static void check_persistent(inspection *check)
{
    const rcidp_server_conf *conf = check->conf, *main = rcidp_config_server(check->main);
    bool told = check->s != check->main && conf->persistent == main->persistent && main->entity_id;

    if (conf->persistent && conf->entity_id && !conf->secret && !told)
        demand_secret(check, conf->persistent, "RcIdpNameID");
}

static void check_server(inspection *check)
{
    const apr_array_header_t *locations = rcidp_config_locations(check->s);

    rcidp_brand_complete(check->pconf, check->conf);
    check_process(check);
    check_signer(check);
    check_persistent(check);
    for (int i = 0; i < locations->nelts; i++) {
        const ap_conf_vector_t *section = APR_ARRAY_IDX(locations, i, const ap_conf_vector_t *);
        const rcidp_launch_setting *launch = rcidp_config_section(section)->launch;

        check_links(check, section);
        if (launch) {
            bool inherited = is_inherited(check, section);

            check_launch(check, launch, inherited);
            inherited = inherited && check->s != check->main;
            if (!inherited)
                check_order(check, launch, i);
            if (!inherited || check->conf->entity_id)
                warn_of_wider(check, launch, inherited);
        }
    }
}

/* The one mistake that has no line: the module that counts by default is not loaded. */
static void check_quota(inspection *check)
{
    const char *error = rcidp_quota_check(check->pconf, check->ptemp, check->main);

    if (!error)
        return;
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, check->main, "RCIDP90: RcIdpLaunchLimit: %s",
                 error);
    check->faults++;
}

/* A definition that no launch path goes by is mostly one under the wrong name: of another region, say. */
static void check_use(inspection *check)
{
    const apr_array_header_t *providers = check->conf->providers;
    int inherited = check->s == check->main ? 0 : rcidp_config_server(check->main)->providers->nelts;

    for (int i = inherited; i < providers->nelts; i++) {
        const rcidp_provider *provider = APR_ARRAY_IDX(providers, i, const rcidp_provider *);
        const server_rec *s = check->main;

        while (s && !rcidp_config_launches(s, provider))
            s = s->next;
        if (!s)
            WARN(check, provider->at, "RCIDP83: RcIdpServiceProvider: no RcIdpLaunch names %s",
                 provider->name);
    }
}

int rcidp_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    inspection check = {.pconf = pconf, .ptemp = ptemp, .main = s, .s = s};

    (void)plog;
    check.faults = rcidp_sections_check(ptemp, s);
    check_quota(&check);
    for (; check.s; check.s = check.s->next) {
        check.conf = rcidp_config_server(check.s);
        check_server(&check);
        check_use(&check);
    }
    return check.faults ? HTTP_INTERNAL_SERVER_ERROR : OK;
}
