/* SPDX-License-Identifier: Apache-2.0 */
/* The identity provider's own metadata, as RingCentral's administrator uploads it (SAML metadata 2.4.3). */
#ifndef RCIDP_METADATA_H
#define RCIDP_METADATA_H

#include "response.h"

/* What the metadata says. Nothing here is owned. */
typedef struct rcidp_metadata {
    const char *entity_id;
    const apr_array_header_t
        *certificates; /* of const rcidp_certificate *: the signing one, then the published */
    const apr_array_header_t *endpoints; /* of const char *: the URL of each launch path, at least one */
    const apr_array_header_t *name_id_formats; /* of const char * */
    const apr_array_header_t *attributes; /* of const rcidp_attribute *, whose values are not looked at */
    const char *contact;                  /* e-mail address, or NULL */
} rcidp_metadata;

/* The EntityDescriptor as text in pool, the same bytes for the same input. */
const char *rcidp_metadata_make(apr_pool_t *pool, const rcidp_metadata *metadata);

#endif
