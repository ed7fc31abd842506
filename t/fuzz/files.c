/* SPDX-License-Identifier: Apache-2.0 */
/* Files that an administrator was given: metadata, keys, certificates. */
#include "fuzz.h"

#include <apr_strings.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <string.h>

#include "foreign.h"
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

/* Metadata that was taken for its signature says what was signed. */
static void must_be_signed(const fuzz_input *in, const rcidp_partner *partner)
{
    xmlDocPtr doc;

    must(!rcidp_foreign_parse(in->at, (apr_size_t)(in->end - in->at), &doc));
    fuzz_must_say(xmlDocGetRootElement(doc), "t/fuzz/signed-metadata.xml");
    must(strcmp(partner->entity_id, "https://sp.example.com") == 0);
    must(strcmp(partner->acs, "https://sp.example.com/acs") == 0 && partner->endpoints->nelts == 1);
    xmlFreeDoc(doc);
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
    if (!error && signer)
        must_be_signed(in, partner);
}

/* RSA of 2048 bits, or one of the three curves. */
static void must_be_strong(const EVP_PKEY *pkey)
{
    char curve[40] = "";
    int nid;

    if (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA) {
        must(EVP_PKEY_get_bits(pkey) >= 2048);
        return;
    }
    must(EVP_PKEY_get_base_id(pkey) == EVP_PKEY_EC);
    must(EVP_PKEY_get_group_name(pkey, curve, sizeof(curve), NULL) == 1);
    nid = OBJ_sn2nid(curve);
    must(nid == NID_X9_62_prime256v1 || nid == NID_secp384r1 || nid == NID_secp521r1);
}

static void must_be_judged(const char *error, const rcidp_certificate *certificate)
{
    if (error) {
        must(*error);
        return;
    }
    must(certificate->x509 && *certificate->base64 && strlen(certificate->fingerprint) == 64);
    must_be_strong(X509_get0_pubkey(certificate->x509));
}

/* Not by MD5 or SHA-1, since it may be our own; a service provider's may be signed as it likes. */
static void must_be_well_signed(const rcidp_certificate *certificate)
{
    int hash = NID_undef;

    OBJ_find_sigid_algs(X509_get_signature_nid(certificate->x509), &hash, NULL);
    must(hash != NID_md5 && hash != NID_sha1);
}

void fuzz_pem(fuzz_input *in)
{
    const char *file = fuzz_file(in);
    const rcidp_certificate *certificate = NULL;
    const rcidp_secret *secret = NULL;
    const rcidp_key *key = NULL;
    const char *error = rcidp_key_read(fuzz_pool, file, &key);

    if (!error)
        must(key->pkey && key->bits == EVP_PKEY_get_bits(key->pkey) && rcidp_algorithm_for(key));
    if (key)
        must_be_strong(key->pkey);
    error = rcidp_certificate_read(fuzz_pool, file, &certificate);
    must_be_judged(error, certificate);
    if (certificate)
        must_be_well_signed(certificate);
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
