/* SPDX-License-Identifier: Apache-2.0 */
/* XML of others: what is not even parsed, and how the rest is read. */
#include "foreign.h"
#include "fixture.h"
#include "xml.h"

#include <apr_time.h>

#define DTD "it has a DTD"
#define NAMES "its namespaces are not well-formed"
#define NOT_XML "it is not well-formed XML in UTF-8"
#define NOT_TEXT "it is empty, or not text"
#define LONG "it has a name of more than 128 bytes"
#define CROWDED "it has too many attributes in one place"

static const char *parse_bytes(const char *text, apr_size_t length)
{
    xmlDocPtr doc = (xmlDocPtr)pool; /* anything but what it must become */
    const char *error = rcidp_foreign_parse(text, length, &doc);

    if (error && doc)
        return "it left a document behind";
    xmlFreeDoc(doc);
    return error;
}

/* The bytes of a string literal, its NULs included. */
#define PARSE(literal) parse_bytes(literal, sizeof(literal) - 1)

/* The document element of a text that must be taken. */
static xmlNodePtr root_of(const char *text)
{
    xmlDocPtr doc;
    const char *error = rcidp_foreign_parse(text, strlen(text), &doc);

    if (error)
        bail_out(text, error);
    return xmlDocGetRootElement(keep_doc(doc));
}

static void test_taken(void)
{
    is_str(PARSE("<a/>"), NULL, "an element");
    is_str(PARSE("<?xml version=\"1.0\"?><a/>"), NULL, "with a declaration");
    is_str(PARSE("<?xml version='1.0' encoding='utf-8'?>\n<a/>\n"), NULL, "of UTF-8");
    is_str(PARSE("\xEF\xBB\xBF<a/>"), NULL, "with a byte order mark");
    is_str(PARSE("<a b='&lt;&gt;&amp;&apos;&quot;&#65;&#x42;'/>"), NULL, "with XML's own entities");
    is_str(PARSE("<a><!DOC/></a>"), NOT_XML, "what only begins like a DTD is no XML");
}

/* What libxml2 alone lets pass. */
static void test_namespaces(void)
{
    is_str(PARSE("<b:a xmlns:b='urn:b' b:c=''/>"), NULL, "a prefix that is declared");
    is_str(PARSE("<b:a/>"), NAMES, "an element with a prefix that nobody declared");
    is_str(PARSE("<a b:c=''/>"), NAMES, "an attribute with one");
    is_str(PARSE("<a xmlns:b='urn:b' xmlns:c='urn:b' b:d='' c:d=''/>"), NAMES,
           "an attribute that stands twice");
    is_str(PARSE("<a xmlns:b=''/>"), NAMES, "a prefix for nothing");
    is_str(PARSE("<a xmlns:xml='urn:b'/>"), NAMES, "another meaning of xml");
}

/* With the entities that would read a file, call home, or grow. */
static void test_dtd(void)
{
    is_str(PARSE("<!DOCTYPE a><a/>"), DTD, "a DTD");
    is_str(PARSE("<?xml version=\"1.0\"?>\n<!-- -->\n<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/x.dtd\"><a/>"),
           DTD, "an external DTD");
    is_str(PARSE("<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a>&e;</a>"), DTD,
           "an external entity");
    is_str(PARSE("<!DOCTYPE a [<!ENTITY % p SYSTEM \"http://127.0.0.1:1/\">%p;]><a/>"), DTD,
           "a parameter entity");
    is_str(
        PARSE("<!DOCTYPE a [<!ENTITY b \"xxxxxxxxxx\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]><a>&c;</a>"),
        DTD, "entities in entities");
    is_str(PARSE("<!DOCTYPE\ta\r\n[\n]><a/>"), DTD, "with other white space");
    is_str(PARSE("\xEF\xBB\xBF<!DOCTYPE a><a/>"), DTD, "behind a byte order mark");
    is_str(PARSE("<a><!-- <!DOCTYPE --></a>"), DTD, "one in a comment is refused as well");
    is_str(PARSE("<a><![CDATA[<!DOCTYPE]]></a>"), DTD, "and one in CDATA");
    is_str(PARSE("<!doctype a><a/>"), NOT_XML, "in small letters it is no XML");
    is_str(PARSE("<a>&unknown;</a>"), NOT_XML, "an entity that nobody declared");
    is_str(PARSE("<a b='&unknown;'/>"), NOT_XML, "the same in an attribute");
}

/* A parser that believed the encoding would see a DTD, or another text than was looked at. */
static void test_encodings(void)
{
    static const char utf16[] = "\xFF\xFE<\0a\0/\0>\0", utf16_big[] = "\xFE\xFF\0<\0a\0/\0>";
    static const char utf7[] = "<?xml version=\"1.0\" encoding=\"UTF-7\"?>+ADwAIQ-DOCTYPE a []><a/>";
    static const char utf7_inside[] = "<?xml version=\"1.0\" encoding=\"UTF-7\"?><a>+AGE-</a>";
    static const char ebcdic[] =
        "\x4C\x6F\xA7\x94\x93\x40\xA5\x85\x99\xA2\x89\x96\x95\x7E\x7F\xF1\x4B\xF0\x7F\x6F\x6E"
        "\x4C\x81\x61\x6E";
    static const char unknown[] = "<?xml version=\"1.0\" encoding=\"x-unknown\"?><a>\xC3\xBC</a>";
    const char *error;

    is_str(parse_bytes(utf16, sizeof(utf16) - 1), NOT_TEXT, "UTF-16");
    is_str(parse_bytes(utf16_big, sizeof(utf16_big) - 1), NOT_TEXT, "UTF-16, the other way round");
    is_str(PARSE("<\0\0\0a\0\0\0/\0\0\0>\0\0\0"), NOT_TEXT, "UTF-32");
    is_str(parse_bytes(utf7, sizeof(utf7) - 1), NOT_XML, "a DTD in UTF-7");
    is_str(rcidp_foreign_text(pool, root_of(utf7_inside)), "+AGE-",
           "no UTF-7 is read, whatever the declaration says");
    is_str(parse_bytes(ebcdic, sizeof(ebcdic) - 1), NOT_XML, "EBCDIC");
    is_str(PARSE("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xFC</a>"), NOT_XML, "Latin-1");
    /* libxml2 2.14 and later go by what they were told, as with UTF-7 above. */
    error = parse_bytes(unknown, sizeof(unknown) - 1);
    ok(error ? strcmp(error, NOT_XML) == 0
             : strcmp(rcidp_foreign_text(pool, root_of(unknown)), "\xC3\xBC") == 0,
       "an encoding that nobody knows: is refused, or is UTF-8");
    is_str(PARSE("<a>\xFC</a>"), NOT_XML, "Latin-1 without saying so");
    is_str(PARSE("<a>\xC0\xAF</a>"), NOT_XML, "an overlong slash");
    is_str(PARSE("<a>\xED\xA0\x80</a>"), NOT_XML, "a surrogate");
}

static void test_refused(void)
{
    is_str(PARSE(""), NOT_TEXT, "nothing");
    is_str(PARSE("\0"), NOT_TEXT, "a NUL");
    is_str(PARSE("<a>\0</a>"), NOT_TEXT, "a NUL inside");
    is_str(PARSE("<a/>\0<!DOCTYPE a>"), NOT_TEXT, "a NUL, and a DTD behind it");
    is_str(PARSE("<a>&#0;</a>"), NOT_XML, "a NUL by reference");
    is_str(PARSE("<a>&#1;</a>"), NOT_XML, "a control by reference");
    is_str(PARSE(" "), NOT_XML, "a space");
    is_str(PARSE("text"), NOT_XML, "text");
    is_str(PARSE("<a>"), NOT_XML, "what is not closed");
    is_str(PARSE("<a></b>"), NOT_XML, "what is closed by another name");
    is_str(PARSE("<a/><b/>"), NOT_XML, "two documents in one");
    is_str(PARSE("<a b='1' b='2'/>"), NOT_XML, "an attribute twice");
    is_str(PARSE("<!-- only a comment -->"), NOT_XML, "a comment alone");
}

static const char *repeat(const char *text, int times)
{
    apr_size_t size = strlen(text);
    char *all = apr_palloc(pool, size * (apr_size_t)times + 1);

    for (int i = 0; i < times; i++)
        memcpy(all + (apr_size_t)i * size, text, size);
    all[size * (apr_size_t)times] = '\0';
    return all;
}

static const char *parse_text(const char *text)
{
    return parse_bytes(text, strlen(text));
}

/* As many as `count`, each with a name of its own. */
static const char *attributes(int count, const char *format)
{
    apr_array_header_t *all = apr_array_make(pool, count, sizeof(const char *));

    for (int i = 0; i < count; i++)
        APR_ARRAY_PUSH(all, const char *) = apr_psprintf(pool, " a%d%s", i, format);
    return apr_array_pstrcat(pool, all, 0);
}

static void test_sizes(void)
{
    const char *crowd = apr_pstrcat(pool, "<a", attributes(12000, "=''"), "/>", NULL);
    apr_time_t start;

    is_str(parse_text(apr_pstrcat(pool, repeat("<a>", 200), repeat("</a>", 200), NULL)), NULL,
           "200 elements deep");
    is_str(parse_text(apr_pstrcat(pool, repeat("<a>", 20000), repeat("</a>", 20000), NULL)), NOT_XML,
           "20,000 elements deep");
    is_str(parse_text(repeat("<a>", 40000)), NOT_XML, "40,000 deep and not closed");
    is_str(parse_text(apr_pstrcat(pool, "<a>", repeat("<b/>", 20000), "</a>", NULL)), NULL,
           "20,000 side by side");
    is_str(parse_text(apr_pstrcat(pool, "<a", attributes(50, "=\"x='1'\""), "/>", NULL)), CROWDED,
           "50 attributes with quotes in them");
    is_str(parse_text(apr_pstrcat(pool, "<a", attributes(50, " = ''"), "/>", NULL)), NULL, "50 attributes");
    is_str(parse_text(apr_pstrcat(pool, "<a", attributes(100, " = ''"), "/>", NULL)), CROWDED,
           "100 attributes");
    is_str(parse_text(apr_pstrcat(pool, "<a xmlns", attributes(100, "=''"), "/>", NULL)), CROWDED,
           "100 namespaces");
    start = apr_time_now();
    is_str(parse_text(crowd), CROWDED, "12,000 attributes");
    ok(apr_time_now() - start < apr_time_from_msec(50), "are refused at once, before they are compared");
}

static void test_names(void)
{
    static const char *const forms[] = {"<%s/>", "<a><b %s=''/></a>", "<a xmlns:%s='urn:a'/>",
                                        "<a><b/><b xmlns='%s'/></a>"};

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        const char *gap = strstr(forms[i], "%s");
        const char *before = apr_pstrmemdup(pool, forms[i], (apr_size_t)(gap - forms[i]));

        is_str(parse_text(apr_pstrcat(pool, before, repeat("n", 128), gap + 2, NULL)), NULL,
               "a name of 128 bytes in %s", forms[i]);
        is_str(parse_text(apr_pstrcat(pool, before, repeat("n", 129), gap + 2, NULL)), LONG,
               "one of 129 bytes");
    }
}

static void test_elements(void)
{
    xmlNodePtr root =
        root_of("<a xmlns='urn:a' xmlns:b='urn:b'>text<b:c n='1'/><c n='2'/><!-- <c/> --><d><c n='x'/>"
                "</d><c n='3'/></a>");
    xmlNodePtr first = rcidp_foreign_child(root, "urn:a", "c");

    ok(rcidp_foreign_is(root, "urn:a", "a"), "an element is known by namespace and name");
    ok(!rcidp_foreign_is(root, "urn:b", "a") && !rcidp_foreign_is(root, "urn:a", "A"), "and by no other");
    ok(!rcidp_foreign_is(NULL, "urn:a", "a") && !rcidp_foreign_is(root->children, "urn:a", "a") &&
           !rcidp_foreign_is(root_of("<a/>"), "urn:a", "a") &&
           !rcidp_foreign_is(root_of("<b:a xmlns:b=\"urn:b\"/>"), "b", "a"),
       "nothing, a text, what has no namespace, and what has its prefix for one, are not");
    is_str(rcidp_foreign_attribute(pool, first, "n"), "2", "the first child of a name");
    is_str(rcidp_foreign_attribute(pool, rcidp_foreign_next(first, "urn:a", "c"), "n"), "3",
           "the next, not below");
    ok(!rcidp_foreign_next(rcidp_foreign_next(first, "urn:a", "c"), "urn:a", "c"), "and no further one");
    ok(!rcidp_foreign_child(root, "urn:a", "e") && !rcidp_foreign_child(NULL, "urn:a", "c") &&
           !rcidp_foreign_next(NULL, "urn:a", "c"),
       "there is none");
}

static void test_attributes(void)
{
    xmlNodePtr root =
        root_of("<a xmlns:x='urn:x' x:n='other' n=' 1 &amp; 2 ' e='' t='true' o='1' f='false' z='0' T='TRUE' "
                "w=' &#10;true&#9; ' v=' 0 ' y='true true' p='tru' q='trues' r='11' x:u='true'/>");
    static const char *const wrong[] = {"T", "e", "n", "y", "p", "q", "r"};

    is_str(rcidp_foreign_attribute(pool, root, "n"), " 1 & 2 ", "an attribute, not that of a namespace");
    is_str(rcidp_foreign_attribute(pool, root, "e"), "", "an empty one");
    is_str(rcidp_foreign_attribute(pool, root, "u"), NULL, "one of a namespace alone");
    is_str(rcidp_foreign_attribute(pool, NULL, "n"), NULL, "of nothing");
    ok(rcidp_foreign_flag(root, "t") && rcidp_foreign_flag(root, "o"), "true and 1 are set");
    ok(!rcidp_foreign_flag(root, "f") && !rcidp_foreign_flag(root, "T") && !rcidp_foreign_flag(root, "e") &&
           !rcidp_foreign_flag(root, "u") && !rcidp_foreign_flag(root, "none") &&
           !rcidp_foreign_flag(NULL, "t"),
       "nothing else is");
    ok(rcidp_foreign_flag(root, "w") && rcidp_foreign_boolean(root, "v") == 0,
       "but for white space around it");
    ok(rcidp_foreign_boolean(root, "f") == 0 && rcidp_foreign_boolean(root, "z") == 0 &&
           rcidp_foreign_boolean(root, "none") == 0 && rcidp_foreign_boolean(NULL, "t") == 0,
       "false, 0 and nothing are false");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        is_int(rcidp_foreign_boolean(root, wrong[i]), -1, "%s is no boolean", wrong[i]);
}

static void test_text(void)
{
    is_str(rcidp_foreign_text(pool, root_of("<a>text</a>")), "text", "text");
    is_str(rcidp_foreign_text(pool, root_of("<a>\r\n\t text  here \n</a>")), "text  here",
           "without white space around");
    is_str(rcidp_foreign_text(pool, root_of("<a/>")), "", "no text");
    is_str(rcidp_foreign_text(pool, root_of("<a> \n </a>")), "", "white space alone");
    is_str(rcidp_foreign_text(pool, root_of("<a>a&amp;b&#99;</a>")), "a&bc", "with references");
    is_str(rcidp_foreign_text(pool, root_of("<a>a<![CDATA[<b>]]>c</a>")), "a<b>c", "with CDATA");
    is_str(rcidp_foreign_text(pool, root_of("<a>sp.example.com<!-- -->.evil.example</a>")), NULL,
           "a comment inside is no text");
    is_str(rcidp_foreign_text(pool, root_of("<a><!-- -->sp</a>")), NULL, "nor is one before");
    is_str(rcidp_foreign_text(pool, root_of("<a>sp<!-- --></a>")), NULL, "nor one behind");
    is_str(rcidp_foreign_text(pool, root_of("<a>s<?p?>p</a>")), NULL, "an instruction inside");
    is_str(rcidp_foreign_text(pool, root_of("<a>s<b/>p</a>")), NULL, "an element inside");
    is_str(rcidp_foreign_text(pool, NULL), NULL, "of nothing");
}

int main(int argc, char **argv)
{
    (void)argc;
    fixture_begin(argv[0]);
    test_taken();
    test_namespaces();
    test_dtd();
    test_encodings();
    test_refused();
    test_sizes();
    test_names();
    test_elements();
    test_attributes();
    test_text();
    return done();
}
