/* SPDX-License-Identifier: Apache-2.0 */
/* What ends on a day that is known: our certificates, and the metadata of service providers. */
#ifndef RCIDP_EXPIRY_H
#define RCIDP_EXPIRY_H

#include <httpd.h>
#include <http_config.h>
#include <stdbool.h>

/* rcidp_expiry_stage() of what is over. */
#define RCIDP_EXPIRED 0
#define RCIDP_NOT_DUE (-1)

typedef struct rcidp_expiring {
    const char *kind;  /* "signing", "published" or "metadata" */
    const char *title; /* "the signing certificate in FILE", "the metadata of NAME" */
    const char *file;  /* "" for metadata */
    const char *id;    /* its own on every server: a fingerprint, or a name */
    apr_time_t not_after;
    const server_rec *s; /* the first that has it, and an RcIdpExpiryCommand if one of them has */
} rcidp_expiring;

/* The directives: store their arguments in the server's record; NULL, or a sentence that says what is wrong.
 */
const char *rcidp_expiry_set_command(cmd_parms *cmd, void *unused, int argc, char *const argv[]);
const char *rcidp_expiry_set_notice(cmd_parms *cmd, void *unused, int argc, char *const argv[]);

/* Whole days from `now` on; what is over has less than 0. */
int rcidp_expiry_days(apr_time_t not_after, apr_time_t now);

/* How urgent this is on that server: the least number of RcIdpExpiryNotice that is more than the days left;
 * RCIDP_EXPIRED; or RCIDP_NOT_DUE. */
int rcidp_expiry_stage(const server_rec *s, apr_time_t not_after, apr_time_t now);

/* Is it the last of the stages, or worse? */
bool rcidp_expiry_is_urgent(const server_rec *s, int stage);

/* When and by what that server's notices go out, for people. */
const char *rcidp_expiry_describe(apr_pool_t *pool, const server_rec *s);

/* All that expires on the main server and its virtual hosts (of const rcidp_expiring *), each once, in pool.
 */
const apr_array_header_t *rcidp_expiry_list(apr_pool_t *pool, const server_rec *main);

#endif
