/* SPDX-License-Identifier: Apache-2.0 */
/* The launch: a signed-in user is sent to a service provider with a signed Response. */
#ifndef RCIDP_LAUNCH_H
#define RCIDP_LAUNCH_H

#include <httpd.h>
#include <http_config.h>

/* The handler "rcidp-launch": one straight line of steps, the first failure leaving. */
int rcidp_launch_handler(request_rec *r);

#endif
