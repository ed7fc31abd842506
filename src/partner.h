/* SPDX-License-Identifier: Apache-2.0 */
/* What a service provider's metadata says of it (SAML metadata 2.4.4). */
#ifndef RCIDP_PARTNER_H
#define RCIDP_PARTNER_H

#include <apr_tables.h>
#include <apr_time.h>

#include "key.h"

/* An assertion consumer service that takes a POST. */
typedef struct rcidp_endpoint {
    const char *url;
    int index; /* -1 without one */
} rcidp_endpoint;

/* What the metadata says of a service provider. */
typedef struct rcidp_partner {
    const char *entity_id;
    const char *acs;                     /* the default endpoint's URL */
    const apr_array_header_t *endpoints; /* of const rcidp_endpoint *, all of them https */
    const apr_array_header_t
        *signing; /* of const rcidp_certificate *; a KeyDescriptor without use is in both */
    const apr_array_header_t *encryption; /* of const rcidp_certificate *: RSA */
    bool takes_our_encryption;            /* its EncryptionMethods, if any, have AES-256-GCM and RSA-OAEP */
    bool authn_requests_signed, want_assertions_signed;
    apr_time_t valid_until;             /* 0: not said */
    const apr_array_header_t *required; /* of const char *: names of the attributes it says it needs */
} rcidp_partner;

/* Read the metadata file: an EntityDescriptor, or an EntitiesDescriptor of which `entity_id` chooses one
 * (NULL: there must be just one). With `signer`, the document element's signature must be by its key. Lives
 * in pool. Returns NULL, or a sentence that says what is wrong with the file: unreadable, no metadata, DTD,
 * expired, unsigned, no https endpoint for POST, a certificate that cannot be used. */
const char *rcidp_partner_read(apr_pool_t *pool, const char *file, const char *entity_id,
                               const rcidp_certificate *signer, const rcidp_partner **partner);

/* A provider's endpoint of that URL, byte for byte, or of that index; NULL if it has none. */
const rcidp_endpoint *rcidp_partner_endpoint(const rcidp_partner *partner, const char *url, int index);

#endif
