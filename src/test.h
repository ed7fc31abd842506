/* SPDX-License-Identifier: Apache-2.0 */
/* The test page: what a launch would send for the signed-in user, explained and checked, and not posted. */
#ifndef RCIDP_TEST_H
#define RCIDP_TEST_H

#include <httpd.h>
#include <http_config.h>

/* The handler "rcidp-test". What it shows and gives away can never sign anybody in: it is for nobody, and
 * nothing in it is signed. */
int rcidp_test_handler(request_rec *r);

#endif
