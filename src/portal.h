/* SPDX-License-Identifier: Apache-2.0 */
/* The portal: the user's start page, with a tile for each launch that httpd would let this user have. */
#ifndef RCIDP_PORTAL_H
#define RCIDP_PORTAL_H

#include <httpd.h>
#include <http_config.h>

/* The handler "rcidp-portal": GET and HEAD of the exact path of its <Location>. */
int rcidp_portal_handler(request_rec *r);

#endif
