/* SPDX-License-Identifier: Apache-2.0 */
/* Whom we speak to: the service providers, RingCentral's four built in and those of RcIdpServiceProvider. */
#ifndef RCIDP_PROVIDER_H
#define RCIDP_PROVIDER_H

#include <httpd.h>
#include <http_config.h>

#include "partner.h"

/* encryption= of the assertion; "auto": where the metadata has a certificate for it and takes our algorithms.
 */
typedef enum { RCIDP_ENCRYPT_OFF, RCIDP_ENCRYPT_AUTO, RCIDP_ENCRYPT_ON } rcidp_encryption;

typedef struct rcidp_provider {
    const char *name;             /* as RcIdpLaunch and ?sp= say it */
    const char *entity_id;        /* the audience */
    const char *acs;              /* https URL of the assertion consumer service */
    const char *relay_state;      /* its default RelayState, NULL for none */
    const char *title;            /* for people */
    const rcidp_partner *partner; /* what its metadata says, NULL without metadata */
    rcidp_encryption encryption;
    bool allow_sha1;          /* in the signatures of its AuthnRequests */
    const char *icon;         /* for the portal: a data: URI, NULL for none */
    const ap_directive_t *at; /* its RcIdpServiceProvider, NULL for one that is built in */
} rcidp_provider;

/* The certificate that its assertions are encrypted to, NULL for none. */
const rcidp_certificate *rcidp_provider_encrypt_to(const rcidp_provider *provider);

/* The provider of that name: of `providers` (of const rcidp_provider *, may be NULL), the later winning, else
 * a built-in one, else NULL. */
const rcidp_provider *rcidp_provider_find(const apr_array_header_t *providers, const char *name);

/* Parse NAME KEY=VALUE ...; what is not said is taken from the provider that `providers` has of that name.
 * Returns NULL and the provider in cmd->pool, or what is wrong. */
const char *rcidp_provider_parse(cmd_parms *cmd, const char *args, const apr_array_header_t *providers,
                                 const rcidp_provider **provider);

/* The names that can be used, for a message: "us, uk, eu, au, ...". */
const char *rcidp_provider_names(apr_pool_t *pool, const apr_array_header_t *providers);

#endif
