/* SPDX-License-Identifier: Apache-2.0 */
/* A keeper: a process that alone has the private keys and makes signatures with them for others. Here is what
 * is said between it and those who ask, over a socket pair whose one end all of them share. Each question is
 * one message of fixed size, with a socket for the answer: nobody can read another's, and the keeper
 * remembers nothing from one to the next. Who asks may be hostile. */
#ifndef RCIDP_KEEPER_H
#define RCIDP_KEEPER_H

#include <apr_tables.h>
#include <stdint.h>
#include <sys/types.h>

#include "key.h"

#define RCIDP_KEEPER_PATIENCE 5000 /* milliseconds that an answer may take */

/* The socket pair; both ends are -1 where there is none. */
typedef struct rcidp_keeper {
    int asking, serving;
    int patience; /* milliseconds */
} rcidp_keeper;

/* A signature that was made, or was not since there were too many. */
typedef struct rcidp_keeper_deed {
    int key;     /* its place among the keeper's */
    pid_t asker; /* the process that asked, as the kernel says */
    const unsigned char *digest;
    apr_size_t length; /* of the digest */
    bool too_many;     /* the first that this keeper refused within this second */
} rcidp_keeper_deed;

/* Of signatures within a second, and which second that is. Aligned so that a machine that can counts in one
 * step; on one that cannot, each process counts for itself. */
typedef uint64_t rcidp_keeper_count __attribute__((aligned(8)));

/* What a keeper works with. */
typedef struct rcidp_keeper_desk {
    int serving;
    const apr_array_header_t *keys; /* of const rcidp_key *; NULL for one that could not be had */
    int rate;                       /* signatures in a second, 0 for any number */
    rcidp_keeper_count *count;      /* of them, in memory that keepers share; NULL: its own */
    int threads;
    /* Told of each signature before anybody has it, from any of the threads; with a pool for the time of the
     * call. Where it returns false, nobody gets it. */
    bool (*tell)(void *baton, apr_pool_t *pool, const rcidp_keeper_deed *deed);
    /* Where a key did not sign: may another process have better luck? Then this one ends, and whoever has
     * asked asks that. NULL: never. */
    bool (*renews)(void *baton, int key);
    void *baton;
} rcidp_keeper_desk;

/* The time by a clock that nobody sets. */
int64_t rcidp_keeper_milliseconds(void);

/* Make the socket pair. Children inherit it, programs that they start do not. Returns NULL, or what failed.
 */
const char *rcidp_keeper_open(rcidp_keeper *keeper);

/* Close one end or the other, if it is open. */
void rcidp_keeper_close(int *end);

/* A key that a keeper has: `known` has the public half, `place` is where it stands among the keeper's. In
 * pool; signs through rcidp_key_sign() from any thread and any child, within the keeper's patience. */
const rcidp_key *rcidp_keeper_lend(apr_pool_t *pool, const rcidp_keeper *keeper, const rcidp_key *known,
                                   int place);

/* Is anybody there? Asks for nothing, and waits for nothing. *reply becomes the socket by which the answer
 * comes; -1 where the keeper takes no more questions. False, and -1, where it is this process that lacks what
 * a question needs. */
bool rcidp_keeper_ping(const rcidp_keeper *keeper, int *reply);

/* What came by that socket: an answer; nothing so far; nothing, nor will it. */
typedef enum rcidp_keeper_word {
    RCIDP_KEEPER_ANSWERS,
    RCIDP_KEEPER_WAITS,
    RCIDP_KEEPER_SILENT
} rcidp_keeper_word;
rcidp_keeper_word rcidp_keeper_heard(int reply);

/* Answer until nobody is left who could ask: the other end is closed in all processes. False where this could
 * not begin. Ends the process where what others have sent cannot be closed. */
bool rcidp_keeper_serve(const rcidp_keeper_desk *desk);

#endif
