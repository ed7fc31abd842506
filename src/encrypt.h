/* SPDX-License-Identifier: Apache-2.0 */
/* Encryption to a service provider (W3C xmlenc-core1), by OpenSSL, as text: a tree of libxml2 that had no
 * memory for a part of it is none the less a tree. */
#ifndef RCIDP_ENCRYPT_H
#define RCIDP_ENCRYPT_H

#include "key.h"
#include "markup.h"

/* Replace a signed saml:Assertion, the text from `start` to the end, by a saml:EncryptedAssertion:
 * AES-256-GCM under a fresh key, which goes along under RSA-OAEP to the certificate's key (SAML core 6.2). It
 * is in its canonical form, too. Returns NULL, or what failed; then the text is not fit to be sent. */
const char *rcidp_encrypt(rcidp_markup *markup, apr_size_t start, const rcidp_certificate *certificate);

#endif
