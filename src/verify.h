/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures that others made: xmlsec1 judges those in XML, OpenSSL those in a query string. */
#ifndef RCIDP_VERIFY_H
#define RCIDP_VERIFY_H

#include <apr_tables.h>
#include <libxml/tree.h>

#include "key.h"

typedef enum { RCIDP_UNSIGNED, RCIDP_VERIFIED, RCIDP_REFUSED } rcidp_verdict;

/* Judge the enveloped signature of a document element: one ds:Signature, its child, whose one Reference is to
 * that element's ID, with no transform but enveloped-signature and exclusive canonicalisation (SAML
 * core 5.4), made by the key of one of the certificates (of const rcidp_certificate *, may be empty). A
 * ds:Signature anywhere else in the document is refused. SHA-1 only where allowed. xmlsec1 must be
 * initialised. */
rcidp_verdict rcidp_verify_element(xmlNodePtr root, const apr_array_header_t *certificates, bool allow_sha1);

/* A message that has been read, without what its signature says about keys (KeyInfo): that is not signed, not
 * looked at, and often as long as the rest. In pool, *length set; NULL without memory. */
const char *rcidp_verify_trim(apr_pool_t *pool, const char *xml, apr_size_t *length);

/* Judge a signature over the bytes of a query string as they came (SAML bindings 3.4.4.1). `algorithm` is the
 * URI of SigAlg. */
rcidp_verdict rcidp_verify_text(const char *text, apr_size_t length, const char *algorithm,
                                const unsigned char *signature, apr_size_t signature_length,
                                const apr_array_header_t *certificates, bool allow_sha1);

#endif
