/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that httpd's parent shares with the processes that it lends it to, and with no other child: some
 * run what is not httpd's, and never hear that they are children (mod_cgid, mod_wsgi). */
#ifndef RCIDP_SHARED_H
#define RCIDP_SHARED_H

#include <httpd.h>
#include <stdbool.h>

/* So many bytes of zeros, until rcidp_shared_free(). NULL where there is no memory. */
void *rcidp_shared_make(apr_size_t size);

/* Before a fork(), and after it: does the new process have the memory? NULL is allowed. */
void rcidp_shared_lend(void *memory, apr_size_t size, bool lent);

/* Free it, in this process; NULL is allowed. */
void rcidp_shared_free(void *memory, apr_size_t size);

#endif
