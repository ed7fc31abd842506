/* SPDX-License-Identifier: Apache-2.0 */
/* The wrapping of a SAML message: base64, DEFLATE, and the query string that a signature is over. */
#ifndef RCIDP_MESSAGE_H
#define RCIDP_MESSAGE_H

#include <apr_pools.h>

/* No message is larger than this, however small it came. */
#define RCIDP_MESSAGE_LIMIT (128 * 1024)

/* The XML of a SAMLRequest that came by HTTP-POST (SAML bindings 3.5.4): base64, which may be broken into
 * lines. *xml is in pool, of *length bytes. Returns NULL, or why it is refused. */
const char *rcidp_message_decode(apr_pool_t *pool, const char *base64, const char **xml, apr_size_t *length);

/* The XML of one that came by HTTP-Redirect (3.4.4.1): base64 of raw DEFLATE. As above; never holds more than
 * the limit. */
const char *rcidp_message_inflate(apr_pool_t *pool, const char *base64, const char **xml, apr_size_t *length);

/* The reverse of that, in pool. Returns NULL, or why it cannot be done. */
const char *rcidp_message_deflate(apr_pool_t *pool, const char *xml, apr_size_t length, const char **base64);

/* Does it have so much markup that to read it would cost more than to answer it? Returns NULL, or that it is
 * refused. */
const char *rcidp_message_check(const char *xml, apr_size_t length);

/* What a signature of HTTP-Redirect is over: SAMLRequest, RelayState if it is there, and SigAlg, in this
 * order, as the bytes stand in the query string. In pool; NULL if SAMLRequest or SigAlg does not stand there
 * under its plain name, or RelayState under another one, or twice. */
const char *rcidp_message_signed_text(apr_pool_t *pool, const char *query);

#endif
