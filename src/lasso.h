/* SPDX-License-Identifier: Apache-2.0 */
/* Lasso reads what a service provider asks, and gives a second opinion on what we answer. Its traps are dealt
 * with here: it starts once in a process, and is neither shut down nor unloaded (its types cannot be
 * registered twice), shares nothing between requests, and makes no ID and no signature of ours. In a build
 * without Lasso each function says so. */
#ifndef RCIDP_LASSO_H
#define RCIDP_LASSO_H

#include <apr_tables.h>
#include <apr_time.h>
#include <libxml/tree.h>
#include <stdbool.h>

#define RCIDP_NO_LASSO "this build of the module has no Lasso"

/* What an AuthnRequest says (SAML core 3.4.1). Text is NULL where it is not there; everything in one pool. */
typedef struct rcidp_authn_request {
    const char *id, *version, *issuer, *destination;
    apr_time_t issue_instant;
    const char *acs_url, *protocol_binding;
    int acs_index; /* -1 without one */
    bool force_authn, is_passive;
    const char *name_id_format, *sp_name_qualifier;
    bool has_subject;
    const char *subject; /* the text of its NameID; NULL also where it is to be confirmed not by bearer */
    const char *subject_format, *name_qualifier, *subject_sp_name_qualifier; /* and its attributes */
    const apr_array_header_t
        *contexts;          /* of const char *: AuthnContextClassRef; NULL without RequestedAuthnContext */
    const char *comparison; /* exact, minimum, better, maximum */
    const char *not_before, *not_on_or_after; /* of Conditions */
    const apr_array_header_t *idps; /* of const char *: ProviderID of Scoping's IDPList; NULL without it */
} rcidp_authn_request;

/* Does this build have Lasso? */
bool rcidp_lasso_is_there(void);

/* Initialise Lasso, if it is not up yet, before threads start and before rcidp_library_init(). What it logs
 * is listened to until pool ends. Returns NULL, or what failed. */
const char *rcidp_lasso_init(apr_pool_t *pool);

/* Read a parsed AuthnRequest, and take from the tree what Lasso need not see. Returns NULL, or why it is
 * none. */
const char *rcidp_lasso_read(apr_pool_t *pool, xmlNodePtr root, rcidp_authn_request *request);

/* The service provider that Lasso plays. */
typedef struct rcidp_lasso_party {
    const char *entity_id, *acs;
    const char *key; /* the file of the key that assertions are encrypted to; NULL: they are not */
} rcidp_lasso_party;

/* What rcidp_lasso_judge() says of a Response that is as it should be, and no success. */
#define RCIDP_LASSO_AN_ERROR "it is told of an error"

/* The second opinion: does Lasso, as that service provider, which knows our metadata, accept this Response
 * (base64, as posted) as the answer to the request of that ID (NULL: to none)? It knows no ECDSA. Returns
 * NULL, or its reason, in pool. */
const char *rcidp_lasso_judge(apr_pool_t *pool, const char *metadata, const rcidp_lasso_party *party,
                              const char *response, const char *in_response_to);

#endif
