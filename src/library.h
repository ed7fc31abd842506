/* SPDX-License-Identifier: Apache-2.0 */
/* The foreign libraries' start, and the randomness that comes from them. */
#ifndef RCIDP_LIBRARY_H
#define RCIDP_LIBRARY_H

#include <apr_pools.h>

/* Initialise libxml2 and xmlsec1: in each child before its threads start, and in the parent where it reads
 * signed metadata. Nothing is ever shut down or unloaded: the libraries are shared with other modules of the
 * process. Returns NULL, or what failed. */
const char *rcidp_library_init(void);

/* A fresh xs:ID of 160 random bits, in pool; NULL if the random generator failed. Never call it before the
 * fork. */
const char *rcidp_library_id(apr_pool_t *pool);

#endif
