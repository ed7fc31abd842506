/* SPDX-License-Identifier: Apache-2.0 */
/* The steps that the handlers for signed-in users share. Each returns OK to go on, or refuses
 * (rcidp_answer_refuse) and returns what that returned. */
#ifndef RCIDP_STEPS_H
#define RCIDP_STEPS_H

#include <httpd.h>
#include <http_config.h>

#include "config.h"

/* The request is one of its own: no subrequest, and not the document of an error. */
int rcidp_steps_itself(request_rec *r);

/* It came over TLS where that is demanded, and was neither loaded ahead of time nor into another page. */
int rcidp_steps_transport(request_rec *r, const rcidp_dir_conf *conf);

/* Refuses, since this server has no identity. */
int rcidp_steps_no_identity(request_rec *r);

/* The server has an identity, and somebody is signed in. */
int rcidp_steps_user(request_rec *r, const rcidp_dir_conf *conf, const rcidp_server_conf *server);

/* It is for that very path, not for one below. */
int rcidp_steps_path(request_rec *r, const char *path);

/* Is there a <Location> of exactly this path, with a handler of its own? */
bool rcidp_steps_is_exact(const request_rec *r);

/* One parameter of the query string, NULL where it is not there. */
int rcidp_steps_parameter(request_rec *r, const char *name, const char **value);

/* A post_perdir_config hook, for the handlers that take these steps: what has to be refused before httpd asks
 * for credentials. */
int rcidp_steps_before_authentication(request_rec *r);

/* A translate_name hook: a launch path, or another of ours, is no file, and nobody need ask the disk for one.
 */
int rcidp_steps_translate(request_rec *r);

/* An open_htaccess hook, and a map_to_storage hook before the core's: whoever can write below the document
 * root, as a web application can, has no say in who signs in where, nor in what is said of them. */
apr_status_t rcidp_steps_htaccess(request_rec *r, const char *folder, const char *name,
                                  ap_configfile_t **file, const char **path);
int rcidp_steps_map(request_rec *r);

/* A type_checker and a fixup: a real directory or file of the path's name, or of one like it, under the
 * document root changes nothing. */
int rcidp_steps_type(request_rec *r);
int rcidp_steps_fixup(request_rec *r);

#endif
