/* SPDX-License-Identifier: Apache-2.0 */
/* RcIdpSigningProcess: httpd's parent reads no key, and starts a keeper (keeper.h) that does, for each
 * generation of its children. */
#ifndef RCIDP_SIGNING_PROCESS_H
#define RCIDP_SIGNING_PROCESS_H

#include <httpd.h>
#include <http_config.h>

#include "keeper.h"
#include "process_options.h"

/* One for the whole configuration, in the main server's record; NULL there means off. */
typedef struct rcidp_process rcidp_process;

/* The directive's function. */
const char *rcidp_process_set(cmd_parms *cmd, void *unused, const char *args);

/* The process as the configuration has it, wherever its directive stands; NULL where it is off, or wrong.
 * For the functions of directives, and the check. */
rcidp_process *rcidp_process_find(apr_pool_t *pool);

/* A key that the process shall have: read and judged, by a process that ends, as it will be read later. In
 * the pool of cmd. Returns NULL or a sentence. */
const char *rcidp_process_add_key(rcidp_process *process, cmd_parms *cmd, const char *file,
                                  const rcidp_key **key);

/* What its directive says, and where it stands in the configuration. */
const rcidp_process_options *rcidp_process_options_of(const rcidp_process *process);
const ap_directive_t *rcidp_process_at(const rcidp_process *process);

/* The hooks post_config, which starts it, monitor, which does so again where httpd could not fork, and
 * child_init. */
int rcidp_process_start(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);
int rcidp_process_monitor(apr_pool_t *pool, server_rec *s);
void rcidp_process_leave(apr_pool_t *pool, server_rec *s);

#endif
