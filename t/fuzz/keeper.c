/* SPDX-License-Identifier: Apache-2.0 */
/* What a child that was taken over may say to the process that has the keys. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "keeper.h"
#include "fuzz.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUESTIONS 4
#define SOCKETS 3

/* As keeper.c has them. */
typedef struct question {
    uint32_t magic, key, length;
    unsigned char digest[64];
} question;

typedef struct answer {
    uint32_t verdict, length;
    unsigned char signature[2048];
} answer;

static int deeds;

static bool count(void *baton, apr_pool_t *pool, const rcidp_keeper_deed *deed)
{
    (void)baton, (void)pool;
    deeds += deed->too_many ? 0 : 1;
    return true;
}

/* A message with so many descriptors in it. */
static bool put(int socket, const char *text, size_t size, int descriptor, int copies)
{
    struct iovec data = {.iov_base = (void *)(uintptr_t)text, .iov_len = size};
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(SOCKETS * sizeof(int))] = {0};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    struct cmsghdr *header;

    if (copies) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE((size_t)copies * sizeof(int));
        header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN((size_t)copies * sizeof(int));
        for (int i = 0; i < copies; i++)
            memcpy(CMSG_DATA(header) + (size_t)i * sizeof(int), &descriptor, sizeof(int));
    }
    return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)size;
}

/* The numbers side by side, in OpenSSL's form, verify. */
static bool is_signed(const question *asked, const answer *got)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(fuzz_signer("ec256")->key->pkey, NULL);
    ECDSA_SIG *pair = ECDSA_SIG_new();
    unsigned char *der = NULL;
    int half = (int)got->length / 2, size;
    bool right;

    must(context && pair && half == 32);
    must(ECDSA_SIG_set0(pair, BN_bin2bn(got->signature, half, NULL),
                        BN_bin2bn(got->signature + half, half, NULL)) == 1);
    size = i2d_ECDSA_SIG(pair, &der);
    right = size > 0 && EVP_PKEY_verify_init(context) == 1 &&
            EVP_PKEY_verify(context, der, (size_t)size, asked->digest, asked->length) == 1;
    OPENSSL_free(der);
    ECDSA_SIG_free(pair);
    EVP_PKEY_CTX_free(context);
    return right;
}

/* The answer, if there is one, is whole, and a signature is over what was asked. Returns how many there are.
 */
static int check_answer(int socket, const char *text, size_t size)
{
    question asked;
    answer got;
    ssize_t length = recv(socket, &got, sizeof(got), MSG_DONTWAIT);

    if (length <= 0)
        return 0;
    must(size == sizeof(asked) && length >= 8 && (size_t)length == 8 + got.length && got.verdict <= 3);
    memcpy(&asked, text, size);
    must(got.verdict == 0 ? is_signed(&asked, &got) : got.length == 0);
    return got.verdict == 0 ? 1 : 0;
}

/* Each question is a byte that says how many descriptors it has, one with its length, and that many more. */
void fuzz_keeper(fuzz_input *in)
{
    const rcidp_key *key = fuzz_signer("ec256")->key;
    apr_array_header_t *keys = apr_array_make(fuzz_pool, 1, sizeof(const rcidp_key *));
    rcidp_keeper keeper;
    rcidp_keeper_desk desk = {.keys = keys, .threads = 1, .rate = fuzz_byte(in) % 4, .tell = count};
    const char *texts[QUESTIONS];
    size_t sizes[QUESTIONS];
    int replies[QUESTIONS][2], asked = 0, made = 0;

    APR_ARRAY_PUSH(keys, const rcidp_key *) = key;
    must(!rcidp_keeper_open(&keeper));
    desk.serving = keeper.serving;
    deeds = 0;
    for (; asked < QUESTIONS && in->at < in->end; asked++) {
        int copies = fuzz_byte(in) % (SOCKETS + 1);
        size_t size = fuzz_byte(in), left = (size_t)(in->end - in->at);

        must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, replies[asked]) == 0);
        texts[asked] = in->at;
        sizes[asked] = size < left ? size : left;
        in->at += sizes[asked];
        must(put(keeper.asking, texts[asked], sizes[asked], replies[asked][1], copies));
        rcidp_keeper_close(&replies[asked][1]);
    }
    rcidp_keeper_close(&keeper.asking);
    must(rcidp_keeper_serve(&desk));
    rcidp_keeper_close(&keeper.serving);
    for (int i = 0; i < asked; i++) {
        made += check_answer(replies[i][0], texts[i], sizes[i]);
        rcidp_keeper_close(&replies[i][0]);
    }
    must(made == deeds && (!desk.rate || made <= 2 * desk.rate)); /* a new second may begin in between */
}
