/* SPDX-License-Identifier: Apache-2.0 */
/* How the pages of a server look and in which language they speak: the functions behind the RcIdpPage...
 * directives, which return NULL or what is wrong. */
#ifndef RCIDP_BRAND_H
#define RCIDP_BRAND_H

#include "config.h"

const char *rcidp_brand_set_title(cmd_parms *cmd, void *unused, const char *title);
const char *rcidp_brand_set_logo(cmd_parms *cmd, void *unused, const char *file);
const char *rcidp_brand_set_color(cmd_parms *cmd, void *unused, const char *color);
const char *rcidp_brand_set_stylesheet(cmd_parms *cmd, void *unused, const char *file);
const char *rcidp_brand_set_language(cmd_parms *cmd, void *unused, const char *tag);

/* Put the looks of this server together; when all has been read and merged. */
void rcidp_brand_complete(apr_pool_t *pool, rcidp_server_conf *conf);

/* The look for whoever reads the answer to this request: the server's, in the language that is set, or in the
 * one that the browser prefers. */
const rcidp_look *rcidp_brand_look(const request_rec *r);

#endif
