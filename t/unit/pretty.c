/* SPDX-License-Identifier: Apache-2.0 */
/* A Response for people's eyes: no signature is left in it, and its layout says what the document says. */
#include "pretty.h"
#include "fixture.h"
#include "xml.h"

static const char *const goldens[] = {"minimal-both", "rich-both", "rich-response", "rich-assertion"};

static const char *golden(const char *name)
{
    const char *text = read_text(data_path(apr_pstrcat(pool, "golden/response-", name, ".xml", NULL)));

    if (!text)
        bail_out(name, "no such golden file");
    return text;
}

static int count(const char *text, const char *word)
{
    int found = 0;

    while ((text = strstr(text, word))) {
        text += strlen(word);
        found++;
    }
    return found;
}

static void test_void(const char *name)
{
    const rcidp_certificate *certificate = read_certificate("rsa2048");
    const char *signed_xml = golden(name), *xml = rcidp_pretty_void(pool, signed_xml);
    xmlNodePtr before = xmlDocGetRootElement(parse(signed_xml)), after = xmlDocGetRootElement(parse(xml));
    int signatures = count(signed_xml, "<ds:SignatureValue>");

    is_int(verifies(before, certificate) + verifies(child(before, "Assertion", 0), certificate), signatures,
           "%s: %d signatures are right before", name, signatures);
    is_int(verifies(after, certificate) + verifies(child(after, "Assertion", 0), certificate), 0,
           "%s: and none after", name);
    is_int(count(xml, "<ds:SignatureValue>" RCIDP_PRETTY_VOID "</ds:SignatureValue>"), signatures,
           "%s: each value was replaced", name);
    is_str(text_of(find(after, "Assertion/Subject/NameID")),
           text_of(find(before, "Assertion/Subject/NameID")), "%s: the name ID stays", name);
    is_int(count(xml, "<ds:"), count(signed_xml, "<ds:"), "%s: so does the form of the signatures", name);
}

/* The same elements, attributes and texts, but for what is folded. */
static bool says_the_same(xmlNodePtr one, xmlNodePtr two)
{
    xmlNodePtr a = xmlFirstElementChild(one), b = xmlFirstElementChild(two);
    bool same = strcmp((const char *)one->name, (const char *)two->name) == 0 &&
                strcmp(attributes_of(one), attributes_of(two)) == 0;

    if (!a && !b && strcmp((const char *)one->name, "X509Certificate") != 0)
        same = same && strcmp(text_of(one), text_of(two)) == 0;
    while (same && a && b) {
        same = says_the_same(a, b);
        a = xmlNextElementSibling(a);
        b = xmlNextElementSibling(b);
    }
    if (!same)
        diag("%s: %s", (const char *)one->name, text_of(two));
    return same && !a && !b;
}

static void test_pretty(const char *name)
{
    const char *xml = rcidp_pretty_void(pool, golden(name)), *text = rcidp_pretty(pool, xml);
    const char *certificate = read_certificate("rsa2048")->base64;

    ok(says_the_same(xmlDocGetRootElement(parse(xml)), xmlDocGetRootElement(parse(text))),
       "%s: the layout says the same", name);
    ok(strstr(text, "\n  <saml:Issuer") && strstr(text, "\n      <saml:NameID "), "%s: it is indented", name);
    ok(!strstr(text, certificate) && strstr(text, apr_pstrmemdup(pool, certificate, 24)) &&
           strstr(text, certificate + strlen(certificate) - 8),
       "%s: a certificate has its beginning and its end", name);
    ok(strstr(text, apr_psprintf(pool, "(%d)", (int)strlen(certificate))) != NULL, "%s: and its length",
       name);
}

static void test_small(void)
{
    is_str(rcidp_pretty(pool, "<a/>"), "<a/>", "an empty element");
    is_str(rcidp_pretty(pool, "<a x='1'>\n<b>&lt;&amp;&quot;</b><c/>\n</a>"),
           "<a x=\"1\">\n  <b>&lt;&amp;&quot;</b>\n  <c/>\n</a>", "text stays escaped");
    is_str(rcidp_pretty(pool, "<p:a xmlns:p='urn:p' p:x='&lt;\"'/>"),
           "<p:a xmlns:p=\"urn:p\" p:x=\"&lt;&quot;\"/>", "namespaces and attributes, too");
    is_str(rcidp_pretty(pool, "no XML"), NULL, "what is no XML is not laid out");
    is_str(rcidp_pretty(pool, ""), NULL, "nor is nothing");
    is_str(rcidp_pretty_void(pool, "<a"), NULL, "nor made void");
}

int main(int argc, char **argv)
{
    (void)argc;
    fixture_begin(argv[0]);
    for (size_t i = 0; i < sizeof(goldens) / sizeof(goldens[0]); i++) {
        test_void(goldens[i]);
        test_pretty(goldens[i]);
    }
    test_small();
    return done();
}
