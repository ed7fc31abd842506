/* SPDX-License-Identifier: Apache-2.0 */
/* The frame around the targets. Memory of a pool comes from malloc() here, each piece by itself, since a
 * sanitizer does not see where one ends inside of a pool. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "fuzz.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/strings.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmltree.h>

#include "foreign.h"
#include "lasso.h"
#include "library.h"
#include "text.h"

const fuzz_target fuzz_targets[] = {
    {"asset", fuzz_asset},
    {"certificate", fuzz_certificate},
    {"keeper", fuzz_keeper},
    {"message", fuzz_message},
    {"metadata", fuzz_metadata},
    {"own-metadata", fuzz_own_metadata},
    {"page", fuzz_answer_page},
    {"parameter", fuzz_parameter},
    {"pem", fuzz_pem},
    {"request", fuzz_request},
    {"response", fuzz_response},
    {"signature", fuzz_signature},
    {"signed-query", fuzz_signed_query},
    {"text", fuzz_text_checks},
    {"transform", fuzz_transform},
    {"url", fuzz_url},
    {"words", fuzz_words},
    {NULL, NULL},
};

apr_pool_t *fuzz_pool;

/* What APR asks for on behalf of the pools of one input, freed after it. */
typedef struct piece {
    struct piece *next;
    max_align_t bytes[];
} piece;

static piece *pieces, *kept_pieces;
static bool is_running;

__attribute__((visibility("default"))) void *apr_palloc(apr_pool_t *pool, apr_size_t size)
{
    piece *made = malloc(sizeof(*made) + size), **list = is_running ? &pieces : &kept_pieces;

    (void)pool;
    must(made);
    made->next = *list;
    *list = made;
    return made->bytes;
}

static void free_pieces(void)
{
    while (pieces) {
        piece *next = pieces->next;

        free(pieces);
        pieces = next;
    }
}

void fuzz_fail(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

const char *fuzz_source(const char *name)
{
    const char *source = getenv("RCIDP_SRC");

    return apr_pstrcat(fuzz_pool, source ? source : ".", "/", name, NULL);
}

void fuzz_run(const fuzz_target *target, const uint8_t *data, size_t size)
{
    static apr_pool_t *kept;
    fuzz_input in = {(const char *)data, (const char *)data + size};

    kept = fuzz_pool;
    is_running = true;
    must(apr_pool_create(&fuzz_pool, NULL) == APR_SUCCESS);
    target->run(&in);
    must(ERR_peek_error() == 0); /* what is left there, others would take for their own */
    apr_pool_destroy(fuzz_pool);
    free_pieces();
    is_running = false;
    fuzz_pool = kept;
}

const char *fuzz_text(fuzz_input *in)
{
    size_t left = (size_t)(in->end - in->at), length = left ? strnlen(in->at, left) : 0;
    const char *text = apr_pstrmemdup(fuzz_pool, in->at ? in->at : "", length);

    in->at += length < left ? length + 1 : length;
    return text;
}

const char *fuzz_xml_text(fuzz_input *in)
{
    const char *text = fuzz_text(in);

    return rcidp_text_is_xml(text) ? text : "x";
}

unsigned char fuzz_byte(fuzz_input *in)
{
    return in->at < in->end ? (unsigned char)*in->at++ : 0;
}

static apr_status_t close_file(void *file)
{
    close((int)(intptr_t)file);
    return APR_SUCCESS;
}

const char *fuzz_file(fuzz_input *in)
{
    size_t left = (size_t)(in->end - in->at);
    int file = memfd_create("fuzz", MFD_CLOEXEC);

    must(file >= 0 && write(file, in->at, left) == (ssize_t)left);
    apr_pool_cleanup_register(fuzz_pool, (void *)(intptr_t)file, close_file, apr_pool_cleanup_null);
    return apr_psprintf(fuzz_pool, "/proc/self/fd/%d", file);
}

/* Read in a pool of its own, that no input's end clears. */
static const rcidp_signer *read_signer(const char *name)
{
    apr_pool_t *pool;
    rcidp_signer *signer = calloc(1, sizeof(*signer));

    must(signer && apr_pool_create(&pool, NULL) == APR_SUCCESS);
    must(!rcidp_key_read(pool, fuzz_source(apr_pstrcat(fuzz_pool, "t/data/", name, ".key", NULL)),
                         &signer->key));
    must(!rcidp_certificate_read(pool, fuzz_source(apr_pstrcat(fuzz_pool, "t/data/", name, ".crt", NULL)),
                                 &signer->certificate));
    signer->algorithm = rcidp_algorithm_for(signer->key);
    signer->hash = rcidp_algorithm_hash(pool, signer->algorithm);
    return signer;
}

const rcidp_signer *fuzz_signer(const char *name)
{
    static const rcidp_signer *rsa, *ec;
    const rcidp_signer **place = strcmp(name, "rsa2048") == 0 ? &rsa : &ec;

    if (!*place)
        *place = read_signer(name);
    return *place;
}

const apr_array_header_t *fuzz_certificates(void)
{
    apr_array_header_t *all = apr_array_make(fuzz_pool, 2, sizeof(const rcidp_certificate *));

    APR_ARRAY_PUSH(all, const rcidp_certificate *) = fuzz_signer("ec256")->certificate;
    APR_ARRAY_PUSH(all, const rcidp_certificate *) = fuzz_signer("rsa2048")->certificate;
    return all;
}

static void check_signature(xmlNodePtr signature, const rcidp_signer *signer)
{
    xmlSecDSigCtxPtr context = xmlSecDSigCtxCreate(NULL);
    rcidp_key key = {.pkey = X509_get0_pubkey(signer->certificate->x509)};

    must(context && (context->signKey = rcidp_sign_lend_key(&key)));
    must(xmlSecDSigCtxVerify(context, signature) == 0 && context->status == xmlSecDSigStatusSucceeded);
    xmlSecDSigCtxDestroy(context);
}

int fuzz_signatures(xmlNodePtr element, const rcidp_signer *signer)
{
    static const xmlChar *ids[] = {BAD_CAST "ID", NULL};
    int count = 0;

    xmlSecAddIDs(element->doc, element, ids);
    for (xmlNodePtr node = element->children; node; node = node->next) {
        if (rcidp_foreign_is(node, RCIDP_NS_DSIG, "Signature")) {
            check_signature(node, signer);
            count++;
        } else if (node->type == XML_ELEMENT_NODE) {
            count += fuzz_signatures(node, signer);
        }
    }
    return count;
}

/* What the libraries keep for good is not a leak. */
__attribute__((weak)) void __lsan_disable(void);
__attribute__((weak)) void __lsan_enable(void);

void fuzz_begin(void)
{
    if (__lsan_disable)
        __lsan_disable();
    must(apr_initialize() == APR_SUCCESS);
    must(apr_pool_create(&fuzz_pool, NULL) == APR_SUCCESS);
    must(!rcidp_library_init());
    must(!rcidp_lasso_is_there() || !rcidp_lasso_init(fuzz_pool));
    must(fuzz_signer("rsa2048") && fuzz_signer("ec256"));
    if (__lsan_enable)
        __lsan_enable();
}
