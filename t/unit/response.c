/* SPDX-License-Identifier: Apache-2.0 */
/* The Response: golden files, then its properties as libxml2 reads them again. Other software judges the
 * golden files in golden.py. */
#include "response.h"
#include "fixture.h"
#include "xml.h"

#include <apr_escape.h>
#include <apr_thread_proc.h>
#include <xmlsec/errors.h>

#define RESPONSE_ID "_000102030405060708090a0b0c0d0e0f10111213"
#define ASSERTION_ID "_f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff00112233"
#define ISSUER "https://sso.example.com/ringcentral/metadata"
#define AUDIENCE "https://sso.ringcentral.com"
#define ACS "https://sso.ringcentral.com/sp/ACS.saml2"
#define PASSWORD "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
#define FORMAT_URI "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
#define FORMAT_BASIC "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
#define CLAIM "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
#define LETTERS "J\xC3\xBCrgen \xE2\x82\xAC \xF0\x9F\x93\x9E \xC2\x85 \xE2\x80\xA8 \xEF\xBF\xBD"
#define THREADS 4
#define EACH_THREAD 10

/* What escaping, normalization of line ends or of white space, or a careless parser could alter. */
static const char *const hostile[] = {
    "Sales & Marketing <EMEA>",
    "\"quoted\" and 'quoted'",
    "</saml:AttributeValue><saml:AttributeValue>admin",
    "<!-- comment -->alice<!-- -->",
    "<![CDATA[x]]> ]]>",
    "&amp; &lt; &#65; &#x42; &unknown;",
    "<?target instruction?>",
    "  spaces  before,  inside,  behind  ",
    "a tab:\t, a line feed:\n, both:\r\n, a return:\r",
    "\r",
    "\n",
    "\t",
    " ",
    "",
    "\x7F",
    LETTERS,
    "%s %n ${x} $1 \\",
};
#define HOSTILE (sizeof(hostile) / sizeof(hostile[0]))

static const rcidp_signer *rsa;

static const rcidp_attribute *attribute(const char *name, const char *format, size_t count,
                                        const char *const *values)
{
    rcidp_attribute *made = apr_palloc(pool, sizeof(*made));

    made->name = name;
    made->name_format = format;
    made->values = list(count, (const void *const *)values);
    return made;
}

/* The claims of a usual launch, without attributes. */
static rcidp_claims minimal(void)
{
    rcidp_claims claims = {
        .response_id = RESPONSE_ID,
        .assertion_id = ASSERTION_ID,
        .issuer = ISSUER,
        .audience = AUDIENCE,
        .acs = ACS,
        .name_id = "alice@example.com",
        .name_id_format = RCIDP_NAMEID_EMAIL,
        .authn_context = PASSWORD,
        .attributes = list(0, NULL),
        .now = apr_time_from_sec(1719835200) + 999999,
        .authn_instant = apr_time_from_sec(1719835000) + 1,
        .clock_skew = 60,
        .lifetime = 300,
        .sign = RCIDP_SIGN_BOTH,
    };

    return claims;
}

/* The claims with everything that may vary. */
static rcidp_claims rich(rcidp_sign_what sign)
{
    static const char *const mail[] = {"o'brien&co@example.com"}, *const number[] = {"+1 (555) 0100"};
    const rcidp_attribute *attributes[] = {
        attribute(CLAIM "emailaddress", FORMAT_URI, 1, mail),
        attribute("http://schemas.microsoft.com/ws/2008/06/identity/claims/groups", FORMAT_URI, HOSTILE,
                  hostile),
        attribute("https://example.com/?a='1'&b=<2>", FORMAT_URI, 1, mail),
        attribute("number", FORMAT_BASIC, 1, number),
    };
    rcidp_claims claims = minimal();

    claims.name_id = mail[0];
    claims.name_id_format = RCIDP_NAMEID_UNSPECIFIED;
    claims.audience = "saml2:ringcentral:prod?a=1&b=2";
    claims.acs = "https://sp.example.com:8443/acs?a=1&b='2'";
    claims.attributes = list(4, (const void *const *)attributes);
    claims.session_lifetime = 36000;
    claims.clock_skew = 0;
    claims.lifetime = 3600;
    claims.sign = sign;
    return claims;
}

static const char *make(const rcidp_claims *claims, const rcidp_signer *signer)
{
    const char *xml = "not set", *error = rcidp_response_make(pool, claims, signer, &xml);

    if (error)
        bail_out("no Response", error);
    return xml;
}

static xmlNodePtr make_root(const rcidp_claims *claims, const rcidp_signer *signer)
{
    return xmlDocGetRootElement(parse(make(claims, signer)));
}

static void test_golden(void)
{
    rcidp_claims plain = minimal(), all = rich(RCIDP_SIGN_BOTH);

    is_golden(make(&plain, rsa), "response-minimal-both");
    is_golden(make(&all, rsa), "response-rich-both");
    all.sign = RCIDP_SIGN_RESPONSE;
    is_golden(make(&all, rsa), "response-rich-response");
    all.sign = RCIDP_SIGN_ASSERTION;
    is_golden(make(&all, rsa), "response-rich-assertion");
}

static void test_order(const rcidp_claims *claims, const char *what)
{
    const char *one = claims->sign & RCIDP_SIGN_RESPONSE ? "ds:Signature " : "";
    const char *other = claims->sign & RCIDP_SIGN_ASSERTION ? "ds:Signature " : "";
    xmlNodePtr root = make_root(claims, rsa), assertion = child(root, "Assertion", 0);
    const char *statement = claims->attributes->nelts ? " saml:AttributeStatement" : "";

    ok(root->ns && !strcmp((const char *)root->ns->href, NS_SAMLP) &&
           !strcmp((const char *)root->name, "Response"),
       "%s: the root is samlp:Response", what);
    is_str(children_of(root), apr_pstrcat(pool, "saml:Issuer ", one, "samlp:Status saml:Assertion", NULL),
           "%s: the parts of the Response, in the schema's order", what);
    is_str(children_of(assertion),
           apr_pstrcat(pool, "saml:Issuer ", other, "saml:Subject saml:Conditions saml:AuthnStatement",
                       statement, NULL),
           "%s: the parts of the assertion, in the schema's order", what);
    is_int(count_attribute(root, "InResponseTo"), 0, "%s: InResponseTo stands nowhere", what);
    is_int(count_attribute(root, "ID"), 2, "%s: two elements have an ID", what);
    ok(!child(root, "Assertion", 1) && !child(assertion, "AuthnStatement", 1),
       "%s: one assertion, one statement", what);
}

static void test_response(xmlNodePtr root)
{
    is_str(attributes_of(root),
           "Destination=" ACS " ID=" RESPONSE_ID " IssueInstant=2024-07-01T12:00:00Z Version=2.0",
           "the Response's attributes");
    is_str(text_of(child(root, "Issuer", 0)), ISSUER, "its Issuer");
    is_str(attributes_of(child(root, "Issuer", 0)), "", "which says no format");
    is_str(attributes_of(find(root, "Status/StatusCode")), "Value=urn:oasis:names:tc:SAML:2.0:status:Success",
           "its status");
    is_str(children_of(find(root, "Status")), "samlp:StatusCode", "and nothing else about it");
}

static void test_subject(xmlNodePtr assertion)
{
    xmlNodePtr subject = child(assertion, "Subject", 0);

    is_str(attributes_of(assertion), "ID=" ASSERTION_ID " IssueInstant=2024-07-01T12:00:00Z Version=2.0",
           "the assertion's attributes");
    is_str(text_of(child(assertion, "Issuer", 0)), ISSUER, "its Issuer");
    is_str(children_of(subject), "saml:NameID saml:SubjectConfirmation", "the subject's parts");
    is_str(text_of(child(subject, "NameID", 0)), "alice@example.com", "the name ID");
    is_str(attributes_of(child(subject, "NameID", 0)), "Format=" RCIDP_NAMEID_EMAIL,
           "its format, no qualifier");
    is_str(attributes_of(find(subject, "SubjectConfirmation")),
           "Method=urn:oasis:names:tc:SAML:2.0:cm:bearer", "the bearer confirms it");
    is_str(attributes_of(find(subject, "SubjectConfirmation/SubjectConfirmationData")),
           "NotOnOrAfter=2024-07-01T12:05:00Z Recipient=" ACS, "until then, there, with no NotBefore");
}

static void test_conditions(xmlNodePtr assertion)
{
    xmlNodePtr conditions = child(assertion, "Conditions", 0),
               statement = child(assertion, "AuthnStatement", 0);

    is_str(attributes_of(conditions), "NotBefore=2024-07-01T11:59:00Z NotOnOrAfter=2024-07-01T12:05:00Z",
           "the assertion's time, a minute of skew before");
    is_str(children_of(conditions), "saml:AudienceRestriction", "its conditions");
    is_str(children_of(child(conditions, "AudienceRestriction", 0)), "saml:Audience", "one audience");
    is_str(text_of(find(conditions, "AudienceRestriction/Audience")), AUDIENCE, "the service provider");
    is_str(attributes_of(statement), "AuthnInstant=2024-07-01T11:56:40Z SessionIndex=" ASSERTION_ID,
           "the statement: the assertion's ID as session, without an end");
    is_str(text_of(find(statement, "AuthnContext/AuthnContextClassRef")), PASSWORD,
           "the authentication context");
}

/* The times that the claims move. */
static void test_times(void)
{
    rcidp_claims claims = rich(RCIDP_SIGN_BOTH);
    xmlNodePtr assertion = child(make_root(&claims, rsa), "Assertion", 0);

    is_str(attributes_of(child(assertion, "Conditions", 0)),
           "NotBefore=2024-07-01T12:00:00Z NotOnOrAfter=2024-07-01T13:00:00Z",
           "no skew, an hour of lifetime");
    is_str(
        attribute_of(find(assertion, "Subject/SubjectConfirmation/SubjectConfirmationData"), "NotOnOrAfter"),
        "2024-07-01T13:00:00Z", "the confirmation lasts as long");
    is_str(attribute_of(find(assertion, "AuthnStatement"), "SessionNotOnOrAfter"), "2024-07-01T21:56:40Z",
           "the session is counted from the sign-in");
}

/* Each Signature refers to the element that it stands in, and xmlsec1 accepts it. */
static void test_signature(xmlNodePtr element, const rcidp_signer *signer, bool is_signed, const char *what)
{
    xmlNodePtr signature = child(element, "Signature", 0);

    if (!is_signed) {
        ok(!signature, "%s: no signature", what);
        return;
    }
    ok(verifies(element, signer->certificate), "%s: xmlsec1 accepts the signature", what);
    ok(!child(element, "Signature", 1), "%s: there is one", what);
    is_str(attribute_of(find(signature, "SignedInfo/Reference"), "URI"),
           apr_pstrcat(pool, "#", attribute_of(element, "ID"), NULL), "%s: it refers to that element", what);
    is_str(text_of(find(signature, "KeyInfo/X509Data/X509Certificate")), signer->certificate->base64,
           "%s: it brings the certificate", what);
}

static void test_signatures(const char *key)
{
    const rcidp_signer *signer = read_signer(key, NULL);

    for (int sign = RCIDP_SIGN_RESPONSE; sign <= RCIDP_SIGN_BOTH; sign++) {
        rcidp_claims claims = rich((rcidp_sign_what)sign);
        xmlNodePtr root = make_root(&claims, signer), assertion = child(root, "Assertion", 0);
        const char *what = apr_psprintf(pool, "%s, sign %d", key, sign);

        test_signature(root, signer, (sign & RCIDP_SIGN_RESPONSE) != 0,
                       apr_pstrcat(pool, what, ", Response", NULL));
        test_signature(assertion, signer, (sign & RCIDP_SIGN_ASSERTION) != 0,
                       apr_pstrcat(pool, what, ", assertion", NULL));
        xmlNodeSetContent(find(assertion, "Subject/NameID"), BAD_CAST "mallory@example.com");
        ok(!verifies(root, signer->certificate) && !verifies(assertion, signer->certificate),
           "%s: xmlsec1 refuses another name ID", what);
    }
}

/* Every value comes back as it was: as text and as the value of an XML attribute. */
static void test_round_trip(const char *value, const char *what)
{
    const char *name = apr_pstrcat(pool, "urn:x:", value, NULL);
    const rcidp_attribute *attributes[] = {attribute(name, name, 1, &value)};
    rcidp_claims claims = minimal();
    xmlNodePtr root, assertion, node;

    claims.name_id = claims.audience = claims.authn_context = value;
    claims.issuer = claims.acs = claims.name_id_format = name;
    claims.attributes = list(1, (const void *const *)attributes);
    root = make_root(&claims, rsa);
    assertion = child(root, "Assertion", 0);
    node = find(assertion, "AttributeStatement/Attribute");
    is_str(text_of(find(assertion, "Subject/NameID")), value, "%s comes back as name ID", what);
    is_str(text_of(find(node, "AttributeValue")), value, "as value");
    is_str(attribute_of(node, "Name"), name, "as attribute's name");
    is_str(attribute_of(root, "Destination"), name, "as ACS");
    is_str(text_of(find(root, "Issuer")), name, "as issuer");
    is_str(text_of(find(assertion, "Conditions/AudienceRestriction/Audience")), value, "as audience");
    is_str(text_of(find(assertion, "AuthnStatement/AuthnContext")), value, "as context");
    ok(verifies(root, rsa->certificate) && verifies(assertion, rsa->certificate), "signed as it is read");
}

static void test_long_value(void)
{
    char *value = apr_palloc(pool, 100001);

    memset(value, '&', 100000);
    value[100000] = '\0';
    test_round_trip(value, "a long value");
}

static void test_attributes(void)
{
    rcidp_claims claims = rich(RCIDP_SIGN_BOTH);
    xmlNodePtr statement = find(make_root(&claims, rsa), "Assertion/AttributeStatement"), groups;
    size_t same = 0;

    is_str(children_of(statement), "saml:Attribute saml:Attribute saml:Attribute saml:Attribute",
           "four attributes");
    is_str(attributes_of(child(statement, "Attribute", 0)),
           "Name=" CLAIM "emailaddress NameFormat=" FORMAT_URI, "the first one's name");
    is_str(attributes_of(child(statement, "Attribute", 3)), "Name=number NameFormat=" FORMAT_BASIC,
           "the last one's name");
    groups = child(statement, "Attribute", 1);
    is_int((long)xmlChildElementCount(groups), HOSTILE, "an element for each value");
    for (int i = 0; i < (int)HOSTILE; i++) {
        const char *value = text_of(child(groups, "AttributeValue", i));

        same += value && !strcmp(value, hostile[i]);
    }
    is_int((long)same, HOSTILE, "the values in their order");
}

static void refuse(rcidp_claims *claims, const rcidp_signer *signer, const char *what)
{
    const char *xml = "not set", *error = rcidp_response_make(pool, claims, signer, &xml);

    ok(error && *error, "%s is refused", what);
    is_str(xml, NULL, "%s: no text is given out", what);
}

/* xmlsec1 says on stderr what it refuses; here that is wanted. */
static void be_silent(const char *file, int line, const char *function, const char *object,
                      const char *subject, int reason, const char *message)
{
    (void)file, (void)line, (void)function, (void)object, (void)subject, (void)reason, (void)message;
}

static void test_refusals(void)
{
    rcidp_claims claims = minimal();

    for (int sign = RCIDP_SIGN_RESPONSE; sign <= RCIDP_SIGN_BOTH; sign++) {
        claims = rich((rcidp_sign_what)sign);
        refuse(&claims, read_signer("rsa2048", "ecdsa-sha256"), "an RSA key with ecdsa-sha256");
        refuse(&claims, read_signer("ec384", "rsa-sha256"), "an EC key with rsa-sha256");
    }
    claims.sign = (rcidp_sign_what)0;
    refuse(&claims, rsa, "a Response without a signature");
    claims.sign = (rcidp_sign_what)4;
    refuse(&claims, rsa, "a signature of nothing that we know");
    claims.sign = (rcidp_sign_what)7;
    refuse(&claims, rsa, "a signature too many");
    claims = minimal();
    claims.assertion_id = claims.response_id;
    refuse(&claims, rsa, "an ID for both");
}

/* What the threads share, and how often each found the text that it should. */
static rcidp_claims shared;
static const char *expected;

static void *APR_THREAD_FUNC work(apr_thread_t *thread, void *same)
{
    apr_pool_t *own;

    (void)thread;
    apr_pool_create_unmanaged(&own);
    for (int i = 0; i < EACH_THREAD; i++) {
        const char *xml = NULL;

        rcidp_response_make(own, &shared, rsa, &xml);
        *(int *)same += xml && strcmp(xml, expected) == 0;
    }
    apr_pool_destroy(own);
    return NULL;
}

static void test_threads(void)
{
    apr_thread_t *threads[THREADS];
    apr_status_t status;
    int same[THREADS] = {0}, all = 0;

    shared = rich(RCIDP_SIGN_BOTH);
    expected = make(&shared, rsa);
    for (int i = 0; i < THREADS; i++) {
        if (apr_thread_create(&threads[i], NULL, work, &same[i], pool) != APR_SUCCESS)
            bail_out("threads", "cannot be created");
    }
    for (int i = 0; i < THREADS; i++) {
        apr_thread_join(&status, threads[i]);
        all += same[i];
    }
    is_int(all, THREADS * EACH_THREAD, "many threads at once make the same, byte for byte");
}

int main(int argc, char **argv)
{
    static const char *const keys[] = {"rsa2048", "ec256", "ec384", "ec521"};
    rcidp_claims claims;
    xmlNodePtr root;

    (void)argc;
    fixture_begin(argv[0]);
    xmlSecErrorsSetCallback(be_silent);
    rsa = read_signer("rsa2048", NULL);
    test_golden();
    claims = minimal();
    test_order(&claims, "minimal");
    root = make_root(&claims, rsa);
    test_response(root);
    test_subject(child(root, "Assertion", 0));
    test_conditions(child(root, "Assertion", 0));
    for (int sign = RCIDP_SIGN_RESPONSE; sign <= RCIDP_SIGN_BOTH; sign++) {
        claims = rich((rcidp_sign_what)sign);
        test_order(&claims, apr_psprintf(pool, "sign %d", sign));
    }
    test_times();
    test_attributes();
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        test_signatures(keys[i]);
    for (size_t i = 0; i < HOSTILE; i++)
        test_round_trip(hostile[i], apr_pescape_echo(pool, hostile[i], 0));
    test_long_value();
    test_refusals();
    test_threads();
    return done();
}
