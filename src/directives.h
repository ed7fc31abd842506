/* SPDX-License-Identifier: Apache-2.0 */
/* The directives: their table, for the module record. Each is parsed, and as far as it stands alone judged,
 * at once. */
#ifndef RCIDP_DIRECTIVES_H
#define RCIDP_DIRECTIVES_H

#include <httpd.h>
#include <http_config.h>

extern const command_rec rcidp_directives[];

#endif
