/* SPDX-License-Identifier: Apache-2.0 */
/* What the administrator said: the two configuration records, how they merge, and what holds where nothing
 * was said. Everything is read-only once httpd has started. */
#ifndef RCIDP_CONFIG_H
#define RCIDP_CONFIG_H

#include <httpd.h>
#include <http_config.h>
#include <http_core.h>

#include "look.h"
#include "provider.h"
#include "pseudonym.h"
#include "quota.h"
#include "response.h"
#include "text.h"
#include "value.h"

#define RCIDP_ENTITY_ID_LIMIT 256
#define RCIDP_RELAY_STATE_LIMIT 80
#define RCIDP_AUTHN_REQUESTS_OFF 0
#define RCIDP_AUTHN_REQUESTS_ON 1
#define RCIDP_AUTHN_REQUESTS_SIGNED 2
#define RCIDP_HANDLER_LAUNCH "rcidp-launch"
#define RCIDP_HANDLER_PORTAL "rcidp-portal"
#define RCIDP_HANDLER_METADATA "rcidp-metadata"
#define RCIDP_HANDLER_TEST "rcidp-test"

/* RcIdpSigningCertificateFile: the certificate, and the key if the same file has one (else why not). */
typedef struct rcidp_certificate_setting {
    const rcidp_certificate *certificate;
    const rcidp_key *key;
    const char *no_key;
    const char *file;
    const ap_directive_t *at;
} rcidp_certificate_setting;

/* RcIdpSigningKeyFile. */
typedef struct rcidp_key_setting {
    const rcidp_key *key;
    const char *file;
    const ap_directive_t *at;
} rcidp_key_setting;

/* RcIdpSignatureAlgorithm; algorithm NULL is "auto". */
typedef struct rcidp_algorithm_setting {
    const rcidp_algorithm *algorithm;
    const ap_directive_t *at;
} rcidp_algorithm_setting;

/* RcIdpLaunch. */
typedef struct rcidp_launch_setting {
    const char *path;                /* of its <Location> */
    const apr_array_header_t *names; /* of const char *: service providers */
    const ap_directive_t *at;
} rcidp_launch_setting;

/* RcIdpNameID; value NULL is the mail, or for transient a fresh ID. */
typedef struct rcidp_name_id_setting {
    const char *format; /* a URI */
    const rcidp_value *value;
} rcidp_name_id_setting;

/* RcIdpAttribute; value NULL is the mail. */
typedef struct rcidp_attribute_setting {
    const char *name, *name_format;
    const rcidp_value *value;
    bool none; /* not sent */
} rcidp_attribute_setting;

/* RcIdpAuthnContext: one of the two, or neither for "auto". */
typedef struct rcidp_context_setting {
    const char *uri;
    const rcidp_value *value;
    const char *place; /* "FILE:LINE" */
} rcidp_context_setting;

/* RcIdpAuthnMaxAge; seconds 0 is "none". */
typedef struct rcidp_max_age_setting {
    int seconds;
    const rcidp_value *again; /* where to sign in again, NULL for a refusal */
} rcidp_max_age_setting;

/* The members of the records, each named once: the record, its creation and its merge are made from these
 * lists, so that no merge can forget one. A pointer is unset as NULL, a number as RCIDP_UNSET. */
#define RCIDP_UNSET (-1)

#define RCIDP_SERVER_MEMBERS(POINTER)                                                                        \
    POINTER(const char, entity_id)                                                                           \
    POINTER(const rcidp_certificate_setting, certificate)                                                    \
    POINTER(const rcidp_key_setting, key)                                                                    \
    POINTER(const apr_array_header_t, published) /* of const rcidp_certificate_setting * */                  \
    POINTER(struct rcidp_process, process)       /* for the whole of httpd: signing_process.h */             \
    POINTER(const char, base_url)                                                                            \
    POINTER(const rcidp_algorithm_setting, algorithm)                                                        \
    POINTER(rcidp_quota, quota)               /* counts launches */                                          \
    POINTER(const rcidp_secret, secret)       /* of persistent name IDs */                                   \
    POINTER(const ap_directive_t, persistent) /* an RcIdpNameID that waits for a request */                  \
    POINTER(const char, contact)                                                                             \
    POINTER(const char, page_title)                                                                          \
    POINTER(const char, page_logo)                    /* a data: URI */                                      \
    POINTER(const char, page_color)                   /* #RRGGBB */                                          \
    POINTER(const char, page_stylesheet)              /* CSS */                                              \
    POINTER(const rcidp_language, page_language)      /* RCIDP_LANGUAGES: the browser's */                   \
    POINTER(const apr_array_header_t, expiry_command) /* of const char *: its argv; empty for none */        \
    POINTER(const apr_array_header_t, expiry_notice)  /* of int: days, the most first */

#define RCIDP_DIR_MEMBERS(POINTER, NUMBER)                                                                   \
    POINTER(const rcidp_launch_setting, launch)                                                              \
    POINTER(const rcidp_value, mail) /* NULL: the user's name */                                             \
    POINTER(const rcidp_name_id_setting, name_id)                                                            \
    POINTER(const rcidp_context_setting, authn_context)                                                      \
    POINTER(const rcidp_value, authn_instant) /* NULL: now */                                                \
    POINTER(const rcidp_max_age_setting, max_age)                                                            \
    POINTER(const char, relay_state)                     /* "" for none */                                   \
    POINTER(const apr_array_header_t, relay_state_allow) /* of const char *: URL prefixes */                 \
    POINTER(const apr_array_header_t, portal_links)      /* of const rcidp_link * */                         \
    NUMBER(sign)                                         /* rcidp_sign_what */                               \
    NUMBER(lifetime)                                     /* seconds, as the next two */                      \
    NUMBER(clock_skew)                                                                                       \
    NUMBER(launch_limit)     /* in a minute; 0: none */                                                      \
    NUMBER(session_lifetime) /* 0: none */                                                                   \
    NUMBER(authn_requests)   /* RCIDP_AUTHN_REQUESTS_... */                                                  \
    NUMBER(require_tls)      /* 0 or 1 */

#define RCIDP_POINTER_MEMBER(type, name) type *name;
#define RCIDP_NUMBER_MEMBER(name) int name;

typedef struct rcidp_server_conf {
    RCIDP_SERVER_MEMBERS(RCIDP_POINTER_MEMBER)
    apr_array_header_t
        *providers; /* of const rcidp_provider *; a virtual host's come after the inherited ones */
    apr_array_header_t *attributes; /* of const rcidp_attribute_setting *: all that any section names */
    bool names_limits;              /* some section says RcIdpLaunchLimit and a number */
    bool names_requests;            /* some section, be it an <If>, says RcIdpAuthnRequests on or signed */
    rcidp_signer signer;       /* put together by the check; its key is NULL where there is no identity */
    const rcidp_look *looks;   /* likewise: how pages look, by language */
    struct rcidp_watch *watch; /* the main server's, while httpd runs; see notice.h */
    struct rcidp_tally *tally; /* of all servers, while httpd runs; NULL for none */
    const apr_array_header_t *expiring; /* of const rcidp_expiring *: that of all servers, while httpd runs */
} rcidp_server_conf;

typedef struct rcidp_dir_conf {
    RCIDP_DIR_MEMBERS(RCIDP_POINTER_MEMBER, RCIDP_NUMBER_MEMBER)
    apr_array_header_t *attributes; /* of const rcidp_attribute_setting *, those of one name side by side; a
                                     * deeper section replaces by name */
} rcidp_dir_conf;

/* For the module record. */
void *rcidp_config_create_server(apr_pool_t *pool, server_rec *s);
void *rcidp_config_merge_server(apr_pool_t *pool, void *base, void *over);
void *rcidp_config_create_dir(apr_pool_t *pool, char *path);
void *rcidp_config_merge_dir(apr_pool_t *pool, void *base, void *over);

/* The server's record. */
rcidp_server_conf *rcidp_config_server(const server_rec *s);

/* Can this server issue anything? A virtual host may have inherited a key, and have no entity ID: there
 * nothing else of its record has been checked, and none of it may be used. */
bool rcidp_config_has_identity(const rcidp_server_conf *server);

/* A section's own record, unmerged, or that of a request, merged; members may be unset, all of them where
 * httpd made no record since no directive of ours stands there. */
const rcidp_dir_conf *rcidp_config_section(const ap_conf_vector_t *vector);

/* A copy in which every member has what holds for it: set, or its default. The one place of the defaults. */
rcidp_dir_conf *rcidp_config_effective(apr_pool_t *pool, const rcidp_dir_conf *conf);

/* Is this request for that handler (and on or below a launch path, unless it is the portal or the metadata)?
 * Known from SetHandler before httpd asks for credentials; r->handler comes later. */
bool rcidp_config_handles(request_rec *r, const char *handler);

/* The handler that a section's SetHandler names, for this request; NULL if there is none, or its expression
 * cannot be evaluated. */
const char *rcidp_config_handler(request_rec *r, const core_dir_config *core);

/* Is it for any handler that SetHandler names? Most requests are not. */
bool rcidp_config_has_handler(const request_rec *r);

/* Does RcIdpRelayStateAllow let this URL through, and is it short enough? pool is for scratch. */
bool rcidp_config_allows(apr_pool_t *pool, const rcidp_dir_conf *conf, const char *url);

/* The RelayState that is sent where none is asked for; NULL for none. */
const char *rcidp_config_default_state(const rcidp_dir_conf *conf, const rcidp_provider *provider);

/* The URL under which browsers reach a launch path. In pool. */
const char *rcidp_config_url(apr_pool_t *pool, const rcidp_server_conf *conf, const char *path);

/* The <Location> sections of a server, those that it inherits first, as httpd walks them. */
const apr_array_header_t *rcidp_config_locations(const server_rec *s); /* of ap_conf_vector_t * */

/* The port that browsers use: ServerName's, or that of the virtual host's addresses, or where these name none
 * that of Listen; of several it is that of https. */
apr_port_t rcidp_config_port(const server_rec *s);

/* Has the server, if it knows this provider, a launch path for its name? */
bool rcidp_config_launches(const server_rec *s, const rcidp_provider *provider);

/* Is `path` that of the section, or below it? */
bool rcidp_config_covers(const char *section, const char *path);

/* What holds for a launch path of a server, put together from its <Location> sections (not from <If>). */
const rcidp_dir_conf *rcidp_config_launch(apr_pool_t *pool, const server_rec *s, const char *path);

/* The attribute NAME, short or full: its full name and format. NULL, or what is wrong with it. */
const char *rcidp_config_attribute_name(apr_pool_t *pool, const char *name,
                                        rcidp_attribute_setting *attribute);

/* What a directive's function returns: the sentence with the directive's name before it, as httpd's own
 * messages have it; NULL for NULL. */
const char *rcidp_config_complain(cmd_parms *cmd, const char *error);

/* Where a directive stands: "FILE:LINE". In cmd->pool. */
const char *rcidp_config_place(const cmd_parms *cmd);

/* Check a configured RelayState; warns above the 80 bytes of SAML bindings 3.4.3. NULL, or what is wrong. */
const char *rcidp_config_relay_state(cmd_parms *cmd, const char *url, const char **relay_state);

#endif
