/* SPDX-License-Identifier: Apache-2.0 */
/* What a process gives up before it has private keys. Linux. */
#ifndef RCIDP_CONFINE_H
#define RCIDP_CONFINE_H

#include <apr_tables.h>
#include <stdbool.h>
#include <sys/types.h>

/* Whose process it becomes. */
typedef struct rcidp_confine_user {
    const char *name; /* NULL: it stays what it is, as the rest is not looked at */
    uid_t uid;
    gid_t gid;
} rcidp_confine_user;

/* For a process that was just forked. A name of its own; no core dumps, no tracing, no swap where the system
 * lets us; a process group of its own, the signals of httpd without effect; its end with that of `parent`. Of
 * its files only standard output, error, and those of `keep` (of int) stay open, the last two opened anew
 * where that can be. */
void rcidp_confine(pid_t parent, const apr_array_header_t *keep);

/* Become the user, for good. Only root can: others stay what they are. False if it failed. */
bool rcidp_confine_become(pid_t parent, const rcidp_confine_user *user);

#endif
