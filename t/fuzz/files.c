/* SPDX-License-Identifier: Apache-2.0 */
/* Files that an administrator was given: metadata, keys, certificates. */
#include "fuzz.h"

#include <apr_strings.h>
#include <string.h>

#include "partner.h"
#include "pseudonym.h"
#include "text.h"
#include "url.h"

static void must_be_usable(const rcidp_partner *partner)
{
    must(partner->entity_id && rcidp_url_is_uri(partner->entity_id));
    must(partner->endpoints->nelts > 0 && partner->acs);
    must(rcidp_partner_endpoint(partner, partner->acs, -1));
    for (int i = 0; i < partner->endpoints->nelts; i++)
        must(
            rcidp_url_is_https(fuzz_pool, APR_ARRAY_IDX(partner->endpoints, i, const rcidp_endpoint *)->url));
    must(!partner->valid_until || partner->valid_until > 0);
}

void fuzz_metadata(fuzz_input *in)
{
    unsigned char mode = fuzz_byte(in);
    const char *entity_id = mode & 1 ? "https://sp.example.com" : NULL;
    const rcidp_certificate *signer = mode & 2 ? fuzz_signer("rsa2048")->certificate : NULL;
    const rcidp_partner *partner = NULL;
    const char *error = rcidp_partner_read(fuzz_pool, fuzz_file(in), entity_id, signer, &partner);

    if (error)
        must(*error && !partner);
    else
        must_be_usable(partner);
}

static void must_be_judged(const char *error, const rcidp_certificate *certificate)
{
    if (error)
        must(*error);
    else
        must(certificate->x509 && *certificate->base64 && strlen(certificate->fingerprint) == 64);
}

void fuzz_pem(fuzz_input *in)
{
    const char *file = fuzz_file(in);
    const rcidp_certificate *certificate = NULL;
    const rcidp_secret *secret = NULL;
    const rcidp_key *key = NULL;
    const char *error = rcidp_key_read(fuzz_pool, file, &key);

    if (!error)
        must(key->pkey && key->bits >= 256 && rcidp_algorithm_for(key));
    error = rcidp_certificate_read(fuzz_pool, file, &certificate);
    must_be_judged(error, certificate);
    if (key && certificate)
        rcidp_key_matches(key, certificate);
    if (!rcidp_secret_read(fuzz_pool, file, &secret))
        must(strlen(rcidp_pseudonym(fuzz_pool, secret, "https://sp.example.com", "alice")) == 64);
}

void fuzz_certificate(fuzz_input *in)
{
    const rcidp_certificate *certificate = NULL;
    const char *error = rcidp_certificate_parse(fuzz_pool, fuzz_text(in), "a file", &certificate);

    must_be_judged(error, certificate);
}
