/* SPDX-License-Identifier: Apache-2.0 */
/* The SAML Response: written, signed, and given out as text that is its own canonical form. This header is
 * the border between the half that knows httpd and the half that does not: the claims. */
#ifndef RCIDP_RESPONSE_H
#define RCIDP_RESPONSE_H

#include <apr_tables.h>
#include <apr_time.h>

#include "sign.h"

#define RCIDP_NAMEID_EMAIL "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
#define RCIDP_NAMEID_UNSPECIFIED "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
#define RCIDP_NAMEID_PERSISTENT "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
#define RCIDP_NAMEID_TRANSIENT "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"

/* What to sign: a set of bits. */
typedef enum { RCIDP_SIGN_RESPONSE = 1, RCIDP_SIGN_ASSERTION = 2, RCIDP_SIGN_BOTH = 3 } rcidp_sign_what;

/* One saml:Attribute. */
typedef struct rcidp_attribute {
    const char *name;
    const char *name_format;          /* a URI of SAML core 8.2 */
    const apr_array_header_t *values; /* of const char *, at least one, each one AttributeValue */
} rcidp_attribute;

/* Everything that a Response says. All text is UTF-8 that XML can carry (rcidp_text_is_xml); nothing here is
 * owned. */
typedef struct rcidp_claims {
    const char *response_id, *assertion_id; /* xs:ID; the assertion's is the SessionIndex too */
    const char *issuer;                     /* our entityID */
    const char *audience;                   /* the service provider's entityID */
    const char *acs;                        /* Destination and Recipient */
    const char *in_response_to;             /* the AuthnRequest's ID; NULL where there was none */
    const char *status, *substatus;         /* an error's codes of SAML core 3.2.2.2; NULL for success */
    const char *name_id, *name_id_format;
    const char *authn_context;            /* AuthnContextClassRef */
    const apr_array_header_t *attributes; /* of const rcidp_attribute *; may be empty */
    apr_time_t now;                       /* IssueInstant */
    apr_time_t authn_instant;
    bool is_instant_known; /* by the module upstream; else it is that of the launch */
    int clock_skew;        /* seconds that NotBefore lies before now */
    int lifetime;          /* seconds from now to both NotOnOrAfter */
    int session_lifetime;  /* seconds from authn_instant to SessionNotOnOrAfter; 0: none */
    rcidp_sign_what sign;
    const rcidp_certificate *encrypt_to; /* the service provider's, NULL for a readable assertion */
} rcidp_claims;

/* Build and sign a Response (SAML profiles 4.1.4.2; unsolicited: 4.1.5): the assertion first, which may then
 * be encrypted, then the Response. With a status it has no
 * assertion, of the claims only the first block is looked at, and the Response is signed whatever `sign`
 * says. *xml becomes its text in pool, NUL-ended. Returns NULL, or what failed; then *xml is NULL. Safe
 * in many threads. */
const char *rcidp_response_make(apr_pool_t *pool, const rcidp_claims *claims, const rcidp_signer *signer,
                                const char **xml);

/* The same with fresh IDs, which become the claims'. */
const char *rcidp_response_issue(apr_pool_t *pool, rcidp_claims *claims, const rcidp_signer *signer,
                                 const char **xml);

#endif
