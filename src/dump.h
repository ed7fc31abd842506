/* SPDX-License-Identifier: Apache-2.0 */
/* `apachectl -t -D DUMP_RCIDP`: what the configuration came to, for people. */
#ifndef RCIDP_DUMP_H
#define RCIDP_DUMP_H

#include <httpd.h>
#include <http_config.h>

/* A test_config hook: prints each server with an entity ID to standard output, if the define is set. */
void rcidp_dump_config(apr_pool_t *pool, server_rec *s);

#endif
