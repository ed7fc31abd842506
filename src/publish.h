/* SPDX-License-Identifier: Apache-2.0 */
/* The handler that publishes our metadata. */
#ifndef RCIDP_PUBLISH_H
#define RCIDP_PUBLISH_H

#include <httpd.h>
#include <http_config.h>

#define RCIDP_METADATA_TYPE "application/samlmetadata+xml"

/* The metadata of this request's server, as text in r->pool. Returns NULL, or why there is none. */
const char *rcidp_publish_make(request_rec *r, const char **xml);

/* The handler "rcidp-metadata". */
int rcidp_publish_handler(request_rec *r);

#endif
