/* SPDX-License-Identifier: Apache-2.0 */
/* The foreign libraries' start, and the randomness that comes from them. */
#ifndef RCIDP_LIBRARY_H
#define RCIDP_LIBRARY_H

#include <apr_pools.h>
#include <stdbool.h>

/* Initialise libxml2 and xmlsec1, if they are not up yet, before threads start. Nothing is ever shut down or
 * unloaded: the libraries are shared with other modules of the process. Returns NULL, or what failed. */
const char *rcidp_library_init(void);

/* Keep the library of this function loaded, and what it needs, as if it had been linked with -z nodelete. */
bool rcidp_library_keep(const void *function);

/* A fresh xs:ID of 160 random bits, in pool; NULL if the random generator failed. Never call it before the
 * fork. */
const char *rcidp_library_id(apr_pool_t *pool);

/* Two of them at once, in one draw, which costs what one costs; both NULL if it failed. */
void rcidp_library_two_ids(apr_pool_t *pool, const char **one, const char **other);

#endif
