/* SPDX-License-Identifier: Apache-2.0 */
/* The directives that say who we are, with what we sign, and who relies on us: the functions behind the
 * server's part of the command table. Each judges its arguments as far as they stand alone, stores them in
 * the server's record, and returns NULL or a sentence that says what is wrong. */
#ifndef RCIDP_IDENTITY_H
#define RCIDP_IDENTITY_H

#include <httpd.h>
#include <http_config.h>

const char *rcidp_identity_set_entity_id(cmd_parms *cmd, void *unused, const char *uri);
const char *rcidp_identity_set_certificate(cmd_parms *cmd, void *unused, const char *file);
const char *rcidp_identity_set_key(cmd_parms *cmd, void *unused, const char *file);
const char *rcidp_identity_add_published(cmd_parms *cmd, void *unused, const char *file);
const char *rcidp_identity_set_base_url(cmd_parms *cmd, void *unused, const char *url);
const char *rcidp_identity_add_provider(cmd_parms *cmd, void *unused, const char *args);
const char *rcidp_identity_set_algorithm(cmd_parms *cmd, void *unused, const char *name);
const char *rcidp_identity_set_secret(cmd_parms *cmd, void *unused, const char *file);
const char *rcidp_identity_set_contact(cmd_parms *cmd, void *unused, const char *mail);

#endif
