/* SPDX-License-Identifier: Apache-2.0 */
/* What httpd would say at another path of this server: it is asked, by a lookup that serves nothing. */
#ifndef RCIDP_ACCESS_H
#define RCIDP_ACCESS_H

#include <httpd.h>
#include <http_config.h>
#include <stdbool.h>

typedef struct rcidp_access {
    const char *handler; /* of SetHandler, "" for none and where httpd refuses */
    bool asks;           /* does Require want to know who comes, by an AuthType or a client certificate? */
    bool admits;         /* would it let in the user of this request, signed in the same way? */
    bool another;        /* it wants another sign-in than this request's: nobody can tell yet */
} rcidp_access;

/* Look a path up for the user of this request. A lookup is no attempt to get in: of what httpd logs for it,
 * only what is critical is kept. */
void rcidp_access_look(request_rec *r, const char *path, rcidp_access *access);

/* A post_perdir_config hook: such a lookup is quiet. Always DECLINED. */
int rcidp_access_quieten(request_rec *r);

/* A check_user_id hook for such a lookup, DECLINED for every other request. Where AuthType and AuthName are
 * those of the request itself, its user is taken over if its credentials are good for one request alone
 * (Digest, Negotiate); else the authenticating module judges the same credentials again. Where they differ,
 * nobody is signed in. */
int rcidp_access_adopt_user(request_rec *r);

#endif
