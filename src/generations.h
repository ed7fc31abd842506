/* SPDX-License-Identifier: Apache-2.0 */
/* Signing processes that outlive a restart, since children of the generation before still ask them. Only in
 * httpd's parent. */
#ifndef RCIDP_GENERATIONS_H
#define RCIDP_GENERATIONS_H

#include <apr_pools.h>
#include <sys/types.h>

/* Put the process `now` in the place of `before`, where 0 stands for none. */
void rcidp_generations_replace(pid_t before, pid_t now);

/* One that is replaced though it has not ended: let httpd know that it is ours, until it ends. For pconf's
 * life. */
void rcidp_generations_follow(apr_pool_t *pconf, pid_t pid);

/* After a restart: let httpd know that those of before are ours, until they end. For pconf's life. */
void rcidp_generations_know(apr_pool_t *pconf);

#endif
