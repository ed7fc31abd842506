/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz targets: each is a function over bytes that somebody else chose, and says by must() what holds
 * whatever they are. One program holds them all. Under libFuzzer (make fuzz) it runs the one that RCIDP_FUZZ
 * names; with replay.c (make check) it runs every target over its corpus. */
#ifndef FUZZ_H
#define FUZZ_H

#include <apr_tables.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sign.h"

/* What is left of an input. A NUL parts its texts. */
typedef struct fuzz_input {
    const char *at, *end;
} fuzz_input;

typedef struct fuzz_target {
    const char *name;
    void (*run)(fuzz_input *in);
} fuzz_target;

/* All targets, ended by one without a name. */
extern const fuzz_target fuzz_targets[];

/* Where an input's memory comes from; cleared after each. */
extern apr_pool_t *fuzz_pool;

/* Start the libraries. To be called once. */
void fuzz_begin(void);

/* Run one input through a target. */
void fuzz_run(const fuzz_target *target, const uint8_t *data, size_t size);

/* End the program unless it holds. */
#define must(holds) ((holds) ? (void)0 : fuzz_fail(#holds, __FILE__, __LINE__))
__attribute__((noreturn)) void fuzz_fail(const char *what, const char *file, int line);

/* The next text, without its NUL; "" at the end. */
const char *fuzz_text(fuzz_input *in);

/* The same, made fit for XML: an unfit one becomes "x". */
const char *fuzz_xml_text(fuzz_input *in);

/* The next byte; 0 at the end. */
unsigned char fuzz_byte(fuzz_input *in);

/* What is left, as a file: its path. Closed with the pool. */
const char *fuzz_file(fuzz_input *in);

/* A file of the source tree. */
const char *fuzz_source(const char *name);

/* What signs with t/data/NAME.key and NAME.crt: read once, kept. */
const rcidp_signer *fuzz_signer(const char *name);

/* The certificates of both, in fuzz_pool. */
const apr_array_header_t *fuzz_certificates(void);

/* Does every ds:Signature in this element verify, by xmlsec1 and the signer's certificate? How many there
 * are. */
int fuzz_signatures(xmlNodePtr element, const rcidp_signer *signer);

/* A document that verifies says what the signed file of that name says, which our keys have signed: whoever
 * wrote an input has them not. */
void fuzz_must_say(xmlNodePtr root, const char *original);

void fuzz_answer_page(fuzz_input *in);
void fuzz_asset(fuzz_input *in);
void fuzz_certificate(fuzz_input *in);
void fuzz_keeper(fuzz_input *in);
void fuzz_metadata(fuzz_input *in);
void fuzz_message(fuzz_input *in);
void fuzz_own_metadata(fuzz_input *in);
void fuzz_parameter(fuzz_input *in);
void fuzz_pem(fuzz_input *in);
void fuzz_request(fuzz_input *in);
void fuzz_response(fuzz_input *in);
void fuzz_signature(fuzz_input *in);
void fuzz_signed_query(fuzz_input *in);
void fuzz_text_checks(fuzz_input *in);
void fuzz_transform(fuzz_input *in);
void fuzz_url(fuzz_input *in);
void fuzz_words(fuzz_input *in);

#endif
