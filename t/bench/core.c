/* SPDX-License-Identifier: Apache-2.0 */
/* What a Response costs in the core, against the signatures in it, which are the physical limit.
 *
 *     t/bench/core            a table: medians of interleaved rounds, in CPU time of this process
 *     t/bench/core --json     the same as JSON
 *     t/bench/core --count KEY ATTRIBUTES RESPONSES
 *                             makes so many, for callgrind to count
 *     t/bench/core --raw KEY SIGNATURES
 *                             CPU microseconds of a bare signature, the mean of so many
 */
#include "fixture.h"
#include "response.h"

#include <openssl/evp.h>
#include <time.h>

#define ROUNDS 41
#define RAW (-1)
#define RAW_BYTES 640 /* about a SignedInfo */

static const struct {
    const char *key;
    int sign;
    int batch; /* made at a time */
    const char *name;
} cases[] = {
    {"rsa2048", RAW, 20, "the signature alone"},      {"rsa2048", RCIDP_SIGN_ASSERTION, 20, "assertion"},
    {"rsa2048", RCIDP_SIGN_RESPONSE, 20, "response"}, {"rsa2048", RCIDP_SIGN_BOTH, 10, "both"},
    {"rsa3072", RAW, 8, "the signature alone"},       {"rsa3072", RCIDP_SIGN_ASSERTION, 8, "assertion"},
    {"rsa3072", RCIDP_SIGN_RESPONSE, 8, "response"},  {"rsa3072", RCIDP_SIGN_BOTH, 4, "both"},
    {"ec256", RAW, 200, "the signature alone"},       {"ec256", RCIDP_SIGN_ASSERTION, 100, "assertion"},
    {"ec256", RCIDP_SIGN_RESPONSE, 100, "response"},  {"ec256", RCIDP_SIGN_BOTH, 60, "both"},
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

static const rcidp_attribute *attribute(int number)
{
    rcidp_attribute *made = apr_palloc(pool, sizeof(*made));
    const char *value = apr_psprintf(pool, "value %d of somebody & co", number);

    made->name = apr_psprintf(pool, "http://schemas.example.com/identity/claims/number-%d", number);
    made->name_format = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri";
    made->values = list(1, (const void *const *)&value);
    return made;
}

/* The claims of a usual launch. */
static rcidp_claims claims_of(int sign, int attributes)
{
    apr_array_header_t *all = apr_array_make(pool, attributes + 1, sizeof(const rcidp_attribute *));
    rcidp_claims claims = {
        .response_id = "_000102030405060708090a0b0c0d0e0f10111213",
        .assertion_id = "_f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff00112233",
        .issuer = "https://sso.example.com/ringcentral/metadata",
        .audience = "https://sso.ringcentral.com",
        .acs = "https://sso.ringcentral.com/sp/ACS.saml2",
        .name_id = "alice@example.com",
        .name_id_format = RCIDP_NAMEID_EMAIL,
        .authn_context = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
        .attributes = all,
        .now = apr_time_from_sec(1719835200),
        .authn_instant = apr_time_from_sec(1719835000),
        .clock_skew = 60,
        .lifetime = 300,
        .sign = (rcidp_sign_what)sign,
    };

    for (int i = 0; i < attributes; i++)
        APR_ARRAY_PUSH(all, const rcidp_attribute *) = attribute(i);
    return claims;
}

static void make(const rcidp_claims *claims, const rcidp_signer *signer, apr_pool_t *request)
{
    const char *xml, *error = rcidp_response_make(request, claims, signer, &xml);

    if (error)
        bail_out("no Response", error);
    apr_pool_clear(request);
}

static void sign_raw(const rcidp_signer *signer)
{
    static const unsigned char text[RAW_BYTES];
    unsigned char signature[512];
    size_t length = sizeof(signature);
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    if (!context || EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, signer->key->pkey) != 1 ||
        EVP_DigestSign(context, signature, &length, text, sizeof(text)) != 1)
        bail_out("no signature", "OpenSSL failed");
    EVP_MD_CTX_free(context);
}

static double cpu_microseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double measure(size_t i, const rcidp_signer *signer, const rcidp_claims *claims, apr_pool_t *request)
{
    double start = cpu_microseconds();

    for (int n = 0; n < cases[i].batch; n++) {
        if (cases[i].sign == RAW)
            sign_raw(signer);
        else
            make(claims, signer, request);
    }
    return (cpu_microseconds() - start) / cases[i].batch;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Of each case the sorted times; the cases take turns, so that what disturbs one disturbs all. */
static void run(double times[CASES][ROUNDS])
{
    const rcidp_signer *signers[CASES];
    rcidp_claims claims[CASES];
    apr_pool_t *request;

    apr_pool_create(&request, pool);
    for (size_t i = 0; i < CASES; i++) {
        signers[i] = read_signer(cases[i].key, NULL);
        claims[i] = claims_of(cases[i].sign, 4);
        measure(i, signers[i], &claims[i], request);
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < CASES; i++)
            times[i][round] = measure(i, signers[i], &claims[i], request);
    }
    for (size_t i = 0; i < CASES; i++)
        qsort(times[i], ROUNDS, sizeof(double), compare);
}

static void print(double times[CASES][ROUNDS], bool json)
{
    double limit = 0;

    if (!json)
        printf("%-8s  %-20s  %9s  %15s  %9s  %s\n", "key", "signed", "CPU us", "p10 to p90", "a second",
               "of the signatures");
    for (size_t i = 0; i < CASES; i++) {
        double *of = times[i], median = of[ROUNDS / 2], low = of[ROUNDS / 10], high = of[ROUNDS * 9 / 10];
        double ratio;

        if (cases[i].sign == RAW)
            limit = median;
        ratio = median / (cases[i].sign == RCIDP_SIGN_BOTH ? 2 * limit : limit);
        if (json)
            printf("%s{\"key\": \"%s\", \"signed\": \"%s\", \"cpu_us\": %.2f, \"p10\": %.2f, \"p90\": %.2f, "
                   "\"ratio\": %.3f}%s\n",
                   i ? " " : "[", cases[i].key, cases[i].name, median, low, high, ratio,
                   i + 1 < CASES ? "," : "]");
        else
            printf("%-8s  %-20s  %9.1f  %6.1f to %5.1f  %9.0f  %.2f\n", cases[i].key, cases[i].name, median,
                   low, high, 1e6 / median, ratio);
    }
}

static void count(const char *key, int attributes, int responses)
{
    const rcidp_signer *signer = read_signer(key, NULL);
    rcidp_claims claims = claims_of(RCIDP_SIGN_BOTH, attributes);
    apr_pool_t *request;

    apr_pool_create(&request, pool);
    for (int i = 0; i < responses; i++)
        make(&claims, signer, request);
}

static void print_raw(const char *key, int signatures)
{
    const rcidp_signer *signer = read_signer(key, NULL);
    double start;

    sign_raw(signer); /* the first one also prepares the key */
    start = cpu_microseconds();
    for (int i = 0; i < signatures; i++)
        sign_raw(signer);
    printf("%.3f\n", (cpu_microseconds() - start) / signatures);
}

int main(int argc, char **argv)
{
    static double times[CASES][ROUNDS];

    fixture_begin(argv[0]);
    if (argc == 5 && strcmp(argv[1], "--count") == 0) {
        count(argv[2], atoi(argv[3]), atoi(argv[4]));
        return 0;
    }
    if (argc == 4 && strcmp(argv[1], "--raw") == 0) {
        print_raw(argv[2], atoi(argv[3]));
        return 0;
    }
    run(times);
    print(times, argc > 1 && strcmp(argv[1], "--json") == 0);
    return 0;
}
