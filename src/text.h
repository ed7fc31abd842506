/* SPDX-License-Identifier: Apache-2.0 */
/* Text as SAML and XML want it. Everything here is pure: no clock, no randomness, no global state. */
#ifndef RCIDP_TEXT_H
#define RCIDP_TEXT_H

#include <apr_pools.h>
#include <apr_time.h>
#include <stdbool.h>

/* Random bytes in an ID: 160 bits (SAML core 1.3.4 wants 128 to 160). */
#define RCIDP_ID_BYTES 20

/* Is this UTF-8 (RFC 3629: no overlong forms, no surrogates)? */
bool rcidp_text_is_utf8(const char *text);

/* The same, made of characters that XML 1.0 can carry (2.2 Char)? */
bool rcidp_text_is_xml(const char *text);

/* Is this an address as RingCentral needs it: exactly one @, something on both sides, no white space, no
 * control? */
bool rcidp_text_is_mail(const char *text);

/* Is this an xs:Name without a colon, as an attribute name of format "basic" must be (SAML core 8.2.3)? */
bool rcidp_text_is_name(const char *text);

/* An xs:ID from RCIDP_ID_BYTES random bytes: an underscore and lower-case hexadecimal digits. Lives in pool.
 */
const char *rcidp_text_id(apr_pool_t *pool, const unsigned char *random);

/* An xs:dateTime in UTC, whole seconds, ending in Z (SAML core 1.3.3). Lives in pool. */
const char *rcidp_text_time(apr_pool_t *pool, apr_time_t time);

/* The instant of an xs:dateTime in UTC that ends in Z, whose fraction of a second is dropped. False, and
 * *time untouched, if it is none. */
bool rcidp_text_date_time(const char *text, apr_time_t *time);

/* The same for a text that may be seconds since 1970, as a decimal number, too. */
bool rcidp_text_instant(const char *text, apr_time_t *time);

/* Find the parameter `name` in the query string `args` (may be NULL). *value becomes its decoded text in
 * pool, or NULL where it is absent. Names and values are decoded as forms encode them (%XX and +). Returns
 * NULL, or a sentence fit for the user: the parameter stands there twice, or is badly encoded or has a NUL.
 */
const char *rcidp_text_parameter(apr_pool_t *pool, const char *args, const char *name, const char **value);

#endif
