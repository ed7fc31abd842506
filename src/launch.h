/* SPDX-License-Identifier: Apache-2.0 */
/* The launch: a signed-in user is sent to a service provider with a signed Response. */
#ifndef RCIDP_LAUNCH_H
#define RCIDP_LAUNCH_H

#include <httpd.h>
#include <http_config.h>

/* The handler "rcidp-launch": one straight line of steps, the first failure leaving. */
int rcidp_launch_handler(request_rec *r);

/* A post_perdir_config hook: what has to be refused before httpd asks for credentials. */
int rcidp_launch_before_authentication(request_rec *r);

/* A fixup: a real directory or file of the launch path's name under the document root changes nothing. */
int rcidp_launch_fixup(request_rec *r);

#endif
