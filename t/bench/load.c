/* SPDX-License-Identifier: Apache-2.0 */
/* Asks a server on loopback the same again and again, over connections that are kept.
 *
 *     t/bench/load [NAME=VALUE ...] PORT PATH
 *
 *     requests=1000     so many in all
 *     connections=8     each with one request at a time
 *     rate=0            so many a second, by the clock; 0: the next one as soon as an answer is there
 *     header=TEXT       a line more of the request; may be given again
 *     expect=TEXT       what every body must hold
 *
 * It prints one line of JSON. A time is counted from when the request was due, not from when a connection was
 * free for it. Any answer but 200, or without what was expected, ends the program with 1.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS 256
#define ROOM (512 * 1024) /* for an answer */

typedef struct connection {
    bool busy;
    int64_t due;   /* when its request was */
    size_t filled; /* of the answer */
    size_t whole;  /* how long the answer is, 0 while that is not known */
    bool chunked;
    char *answer;
} connection;

static connection connections[CONNECTIONS];
static struct pollfd sockets[CONNECTIONS];
static char request[64 * 1024];
static size_t request_length;
static long total = 1000, width = 8;
static double rate;
static const char *expected;

static long started, answered;
static int64_t *times; /* of the answers, in nanoseconds */
static size_t body_length;

static _Noreturn void fail(const char *what, const char *detail)
{
    fprintf(stderr, "load: %s%s%.2000s\n", what, detail ? ": " : "", detail ? detail : "");
    exit(1);
}

static int64_t clock_now(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        fail("cannot connect", NULL);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

static void append(const char *text)
{
    size_t length = strlen(text);

    if (request_length + length >= sizeof(request))
        fail("the request is too long", NULL);
    memcpy(request + request_length, text, length + 1);
    request_length += length;
}

/* The answer's length, once its head is there. */
static void read_head(connection *c)
{
    char *end = strstr(c->answer, "\r\n\r\n");
    const char *length;

    if (!end)
        return;
    if (strncmp(c->answer, "HTTP/1.1 200", 12) != 0)
        fail("not the answer that was asked for", c->answer);
    *end = '\0';
    length = strcasestr(c->answer, "\r\nContent-Length:");
    c->chunked = strcasestr(c->answer, "\r\nTransfer-Encoding: chunked") != NULL;
    if (!length && !c->chunked)
        fail("an answer without its length", c->answer);
    *end = '\r';
    c->whole = (size_t)(end + 4 - c->answer);
    body_length = length ? strtoul(length + 17, NULL, 10) : 0;
    c->whole += body_length;
}

static bool is_whole(connection *c)
{
    if (!c->whole)
        read_head(c);
    if (!c->whole)
        return false;
    return c->chunked ? c->filled > c->whole && memcmp(c->answer + c->filled - 5, "0\r\n\r\n", 5) == 0
                      : c->filled >= c->whole;
}

static void ask(long i, int64_t due)
{
    connection *c = &connections[i];

    c->busy = true;
    c->due = due;
    c->filled = c->whole = 0;
    if (write(sockets[i].fd, request, request_length) != (ssize_t)request_length)
        fail("a request was not taken", NULL);
    started++;
}

static void hear(long i)
{
    connection *c = &connections[i];
    ssize_t more = read(sockets[i].fd, c->answer + c->filled, ROOM - 1 - c->filled);

    if (more <= 0)
        fail(c->filled == ROOM - 1 ? "an answer is too long" : "the connection was closed", c->answer);
    c->filled += (size_t)more;
    c->answer[c->filled] = '\0';
    if (!is_whole(c))
        return;
    if (expected && !memmem(c->answer, c->filled, expected, strlen(expected)))
        fail("an answer without what was expected", c->answer);
    c->busy = false;
    times[answered++] = clock_now(CLOCK_MONOTONIC) - c->due;
}

/* When the next request is due: at a rate, that depends on the clock alone. */
static int64_t next_due(int64_t start)
{
    return rate > 0 ? start + (int64_t)((double)started * 1e9 / rate) : clock_now(CLOCK_MONOTONIC);
}

/* Gives what is due to connections that are free; returns how long nothing will be due, or -1 where only an
 * answer can go on. */
static int64_t ask_what_is_due(int64_t start)
{
    for (long i = 0; i < width && started < total; i++) {
        int64_t due, now;

        if (connections[i].busy)
            continue;
        due = next_due(start);
        now = clock_now(CLOCK_MONOTONIC);
        if (due > now)
            return due - now;
        ask(i, due);
    }
    return -1;
}

static void run(void)
{
    int64_t start = clock_now(CLOCK_MONOTONIC);

    while (answered < total) {
        int64_t wait = ask_what_is_due(start);
        struct timespec timeout = {.tv_sec = wait / 1000000000, .tv_nsec = wait % 1000000000};

        if (wait < 0)
            timeout.tv_sec = 60, timeout.tv_nsec = 0;
        if (ppoll(sockets, (nfds_t)width, &timeout, NULL) == 0 && wait < 0)
            fail("no answer within a minute", NULL);
        for (long i = 0; i < width; i++) {
            if (connections[i].busy && sockets[i].revents)
                hear(i);
        }
    }
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static double percentile(double part)
{
    return (double)times[(long)((double)(total - 1) * part)] / 1e3;
}

static void option(const char *text, const char *value)
{
    size_t name = (size_t)(value - text);

    if (strncmp(text, "requests=", name) == 0)
        total = atol(value);
    else if (strncmp(text, "connections=", name) == 0)
        width = atol(value);
    else if (strncmp(text, "rate=", name) == 0)
        rate = atof(value);
    else if (strncmp(text, "expect=", name) == 0)
        expected = value;
    else if (strncmp(text, "header=", name) == 0) {
        append(value);
        append("\r\n");
    } else {
        fail("no such option", text);
    }
}

static void prepare(int argc, char **argv)
{
    if (argc < 3)
        fail("usage: load [NAME=VALUE ...] PORT PATH", NULL);
    append("GET ");
    append(argv[argc - 1]);
    append(" HTTP/1.1\r\n");
    for (int i = 1; i < argc - 2; i++) {
        const char *equals = strchr(argv[i], '=');

        if (!equals)
            fail("no value", argv[i]);
        option(argv[i], equals + 1);
    }
    append("\r\n");
    if (total < 1 || width < 1 || width > CONNECTIONS)
        fail("so many are not possible", NULL);
}

int main(int argc, char **argv)
{
    int64_t start;
    double seconds;

    prepare(argc, argv);
    times = calloc((size_t)total, sizeof(*times));
    for (long i = 0; i < width; i++) {
        connections[i].answer = malloc(ROOM);
        if (!connections[i].answer || !times)
            fail("no memory", NULL);
        sockets[i].fd = connect_to(atoi(argv[argc - 2]));
        sockets[i].events = POLLIN;
    }
    prctl(PR_SET_TIMERSLACK, 1UL);
    start = clock_now(CLOCK_MONOTONIC);
    run();
    seconds = (double)(clock_now(CLOCK_MONOTONIC) - start) / 1e9;
    qsort(times, (size_t)total, sizeof(*times), compare);
    printf("{\"requests\": %ld, \"seconds\": %.6f, \"cpu_us\": %.3f, \"body\": %zu, "
           "\"p50\": %.1f, \"p99\": %.1f, \"p999\": %.1f, \"max\": %.1f}\n",
           total, seconds, (double)clock_now(CLOCK_PROCESS_CPUTIME_ID) / 1e3 / (double)total, body_length,
           percentile(0.5), percentile(0.99), percentile(0.999), percentile(1));
    return 0;
}
