/* SPDX-License-Identifier: Apache-2.0 */
/* XML of others, read without memory: each allocation of libxml2 is refused in turn. What comes is an error
 * or the whole document, never a part of it. libxml2's parser may also end the process, as APR does that has
 * no memory, so that each is tried in a process of its own. */
#include "foreign.h"
#include "xml.h"

#include <libxml/c14n.h>
#include <unistd.h>

#define MOST 2000 /* allocations, if they should not end */

static const char request[] =
    "<samlp:AuthnRequest xmlns:samlp=\"" NS_SAMLP
    "\" ID=\"_a\" Version=\"2.0\" Destination=\"https://a/?b&amp;c\">"
    "<saml:Issuer xmlns:saml=\"" NS_SAML "\">https://sp.example.com</saml:Issuer><!-- a comment -->"
    "<ds:Signature xmlns:ds=\"" NS_DS "\"><ds:SignedInfo x:y=\"z\" xmlns:x=\"urn:x\"/></ds:Signature>"
    "<samlp:NameIDPolicy Format=\"f\"/><![CDATA[text]]><a xmlns=\"urn:a\"><b>J\xC3\xBCrgen</b> &lt;&#65;</a>"
    "</samlp:AuthnRequest>";

static int countdown = -1;

static bool refuses(void)
{
    return countdown >= 0 && countdown-- == 0;
}

static void *take(size_t size)
{
    return refuses() ? NULL : malloc(size);
}

static void *take_again(void *old, size_t size)
{
    return refuses() ? NULL : realloc(old, size);
}

static char *take_copy(const char *text)
{
    return refuses() ? NULL : strdup(text);
}

static void say_nothing(void *context, const char *format, ...)
{
    (void)context, (void)format;
}

enum { FAILED, WHOLE, PART, NOT_REFUSED };

/* Read it as the n-th allocation is refused. */
static int read_without(int n, const char *whole)
{
    xmlDocPtr doc;
    xmlChar *text = NULL;
    const char *error;
    bool reached;

    countdown = n;
    error = rcidp_foreign_parse(request, sizeof(request) - 1, &doc);
    reached = countdown < 0;
    countdown = -1;
    if (!reached)
        return NOT_REFUSED;
    if (error)
        return doc ? PART : FAILED;
    return xmlC14NDocDumpMemory(doc, NULL, XML_C14N_1_0, NULL, 1, &text) > 0 &&
                   strcmp((const char *)text, whole) == 0
               ? WHOLE
               : PART;
}

static int apart(int n, const char *whole)
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(read_without(n, whole));
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(int argc, char **argv)
{
    int counts[4] = {0}, ended = 0, outcome = FAILED;
    xmlChar *whole = NULL;

    (void)argc;
    if (xmlMemSetup(free, take, take_again, take_copy) != 0)
        bail_out("memory", "libxml2 does not let us in");
    fixture_begin(argv[0]);
    xmlSetGenericErrorFunc(NULL, say_nothing); /* it tells of each refusal */
    xmlC14NDocDumpMemory(parse(request), NULL, XML_C14N_1_0, NULL, 1, &whole);
    for (int n = 0; n < MOST && outcome != NOT_REFUSED; n++) {
        outcome = apart(n, (const char *)whole);
        if (outcome < 0)
            ended++;
        else
            counts[outcome]++;
        if (outcome == PART)
            diag("allocation %d refused: a part of the document", n);
    }
    is_int(counts[PART], 0,
           "never a part: an error %d times, the whole %d times, libxml2 ended the process %d times",
           counts[FAILED], counts[WHOLE], ended);
    ok(counts[FAILED] > 50 && counts[NOT_REFUSED] == 1, "each allocation was refused once");
    xmlFree(whole);
    return done();
}
