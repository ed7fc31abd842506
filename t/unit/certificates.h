/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of the certificates of t/data, as what verifies takes them. */
#ifndef CERTIFICATES_H
#define CERTIFICATES_H

#include "fixture.h"

/* One or two of them, or none: NULL. */
static inline apr_array_header_t *certificates(const char *first, const char *second)
{
    apr_array_header_t *all = apr_array_make(pool, 2, sizeof(const rcidp_certificate *));

    if (first)
        APR_ARRAY_PUSH(all, const rcidp_certificate *) = read_certificate(first);
    if (second)
        APR_ARRAY_PUSH(all, const rcidp_certificate *) = read_certificate(second);
    return all;
}

#endif
