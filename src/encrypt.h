/* SPDX-License-Identifier: Apache-2.0 */
/* Encryption to a service provider (W3C xmlenc-core1), by xmlsec1. */
#ifndef RCIDP_ENCRYPT_H
#define RCIDP_ENCRYPT_H

#include <libxml/tree.h>

#include "key.h"

/* Replace a signed saml:Assertion by a saml:EncryptedAssertion: AES-256-GCM under a fresh key, which goes
 * along under RSA-OAEP to the certificate's key (SAML core 6.2). `saml` is the namespace of the new element.
 * Returns NULL, or what failed; then the document is not fit to be sent. */
const char *rcidp_encrypt(xmlNodePtr assertion, xmlNsPtr saml, const rcidp_certificate *certificate);

#endif
