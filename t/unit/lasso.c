/* SPDX-License-Identifier: Apache-2.0 */
/* Lasso: what it reads of an AuthnRequest. */
#include "lasso.h"
#include "fixture.h"
#include "foreign.h"
#include "xml.h"

#define SP "https://sso.ringcentral.com"
#define XSI "http://www.w3.org/2001/XMLSchema-instance"

#define REQUEST(attributes, inside)                                                                          \
    "<samlp:AuthnRequest xmlns:samlp=\"" NS_SAMLP "\" xmlns:saml=\"" NS_SAML "\" xmlns:xsi=\"" XSI "\" "     \
    "ID=\"_a\" Version=\"2.0\" IssueInstant=\"2024-07-01T12:00:00Z\" " attributes ">" inside                 \
    "</samlp:AuthnRequest>"
#define ISSUER "<saml:Issuer>" SP "</saml:Issuer>"

/* Why the request is refused; NULL if it is read. */
static const char *read_request(const char *text, rcidp_authn_request *request)
{
    xmlDocPtr doc;
    const char *error = rcidp_foreign_parse(text, strlen(text), &doc);

    if (error)
        bail_out(text, error);
    error = rcidp_lasso_read(pool, xmlDocGetRootElement(doc), request);
    xmlFreeDoc(doc);
    return error;
}

static rcidp_authn_request request_of(const char *text)
{
    rcidp_authn_request request;
    const char *error = read_request(text, &request);

    if (error)
        bail_out(text, error);
    return request;
}

static const char *item(const apr_array_header_t *all, int i)
{
    return all && i < all->nelts ? APR_ARRAY_IDX(all, i, const char *) : NULL;
}

static void test_least(void)
{
    rcidp_authn_request request = request_of(REQUEST("", ISSUER));

    is_str(request.id, "_a", "its ID");
    is_str(request.version, "2.0", "its version");
    is_str(request.issuer, SP, "who asks");
    ok(request.issue_instant == apr_time_from_sec(1719835200), "when it was made");
    ok(!request.destination && !request.acs_url && !request.protocol_binding && request.acs_index == -1,
       "no address, no ACS");
    ok(!request.force_authn && !request.is_passive, "no flags");
    ok(!request.name_id_format && !request.sp_name_qualifier && !request.has_subject && !request.subject,
       "no name ID");
    ok(!request.contexts && !request.idps && !request.not_on_or_after, "no further wishes");
}

static void test_everything(void)
{
    rcidp_authn_request request = request_of(REQUEST(
        "Destination=\"https://a/\" AssertionConsumerServiceURL=\"https://b/\" ForceAuthn=\"true\" "
        "IsPassive=\"1\" "
        "ProtocolBinding=\"urn:p\"",
        ISSUER "<samlp:Extensions><x xmlns=\"urn:x\"><y/></x></samlp:Extensions>"
               "<saml:Subject><saml:NameID Format=\"urn:g\" NameQualifier=\"urn:n\" "
               "SPNameQualifier=\"urn:s\">alice</saml:NameID></saml:Subject>"
               "<samlp:NameIDPolicy Format=\"urn:f\" SPNameQualifier=\"urn:q\" AllowCreate=\"true\"/>"
               "<saml:Conditions NotOnOrAfter=\"2024-07-01T13:00:00Z\"/>"
               "<samlp:RequestedAuthnContext Comparison=\"minimum\"><saml:AuthnContextClassRef>urn:c1"
               "</saml:AuthnContextClassRef><saml:AuthnContextClassRef>urn:c2</saml:AuthnContextClassRef>"
               "</samlp:RequestedAuthnContext>"
               "<samlp:Scoping ProxyCount=\"1\"><samlp:IDPList><samlp:IDPEntry ProviderID=\"urn:i1\"/>"
               "<samlp:IDPEntry ProviderID=\"urn:i2\"/></samlp:IDPList></samlp:Scoping>"));

    is_str(request.destination, "https://a/", "where it was meant to go");
    is_str(request.acs_url, "https://b/", "the ACS by URL");
    is_str(request.protocol_binding, "urn:p", "the binding of the answer");
    ok(request.force_authn && request.is_passive, "both flags");
    is_str(request.name_id_format, "urn:f", "the format of the name ID");
    is_str(request.sp_name_qualifier, "urn:q", "its qualifier");
    is_str(request.subject, "alice", "the subject");
    is_str(request.subject_format, "urn:g", "its format");
    is_str(request.name_qualifier, "urn:n", "who named it so");
    is_str(request.subject_sp_name_qualifier, "urn:s", "and for whom");
    is_str(request.not_on_or_after, "2024-07-01T13:00:00Z", "the end of its conditions");
    is_str(request.comparison, "minimum", "how contexts are compared");
    is_str(item(request.contexts, 0), "urn:c1", "the first context");
    is_str(item(request.contexts, 1), "urn:c2", "the second");
    is_str(item(request.idps, 0), "urn:i1", "the first identity provider");
    is_str(item(request.idps, 1), "urn:i2", "the second");
}

static void test_details(void)
{
    rcidp_authn_request request = request_of(REQUEST("AssertionConsumerServiceIndex=\"0\"", ISSUER));

    is_int(request.acs_index, 0, "an ACS of index 0");
    request = request_of(REQUEST("AssertionConsumerServiceIndex=\"17\"", ISSUER));
    is_int(request.acs_index, 17, "of index 17");
    request = request_of(REQUEST("", ISSUER "<samlp:RequestedAuthnContext><saml:AuthnContextClassRef>urn:c"
                                            "</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>"));
    is_str(request.comparison, "exact", "contexts are compared exactly unless it says otherwise");
    request = request_of(REQUEST("", ISSUER "<samlp:RequestedAuthnContext><saml:AuthnContextDeclRef>urn:d"
                                            "</saml:AuthnContextDeclRef></samlp:RequestedAuthnContext>"));
    ok(request.contexts && !request.contexts->nelts, "declarations are contexts that no list of ours has");
    request = request_of(REQUEST("", ISSUER "<samlp:RequestedAuthnContext><saml:AuthnContextClassRef/>"
                                            "</samlp:RequestedAuthnContext>"));
    ok(request.contexts && request.contexts->nelts == 1 && item(request.contexts, 0),
       "an empty context is text");
    request = request_of(REQUEST("", ISSUER "<saml:Subject><saml:EncryptedID/></saml:Subject>"));
    ok(request.has_subject && !request.subject, "an encrypted subject is there, and not known");
    request = request_of(REQUEST("", ISSUER "<samlp:Scoping><samlp:IDPList><samlp:IDPEntry/></samlp:IDPList>"
                                            "</samlp:Scoping>"));
    ok(request.idps && request.idps->nelts == 1, "an identity provider without a name is one");
    request = request_of(REQUEST("ForceAuthn=\" true\" IsPassive=\"1 \"", ISSUER));
    ok(request.force_authn && request.is_passive, "white space around a flag does not count");
}

#define X "<x xmlns=\"urn:x\"/>"
#define BEARER "urn:oasis:names:tc:SAML:2.0:cm:bearer"
#define NAME "<saml:NameID>alice</saml:NameID>"
#define CLASS "<saml:AuthnContextClassRef>urn:c</saml:AuthnContextClassRef>"
#define IDPS(id) "<samlp:IDPList><samlp:IDPEntry ProviderID=\"" id "\"/></samlp:IDPList>"
#define OLD "<saml:Conditions NotOnOrAfter=\"2001-07-01T13:00:00Z\">"

static void test_refused(void)
{
    static const char lacks[] = "it lacks an ID, a Version or an Issuer",
                      none[] = "it is not an AuthnRequest",
                      part[] = "it has a part that cannot be understood",
                      prefix[] = "it has an attribute with a prefix of SAML's",
                      lists[] = "it has two lists of identity providers",
                      flag[] = "its ForceAuthn, IsPassive or AllowCreate is neither true nor false",
                      format[] = "its Issuer has a Format that is not entity";
    static const char *const rows[][3] = {
        {"<a/>", none, "another document"},
        {"<AuthnRequest ID=\"_a\"/>", none, "one of no namespace"},
        {"<samlp:LogoutRequest xmlns:samlp=\"" NS_SAMLP "\" ID=\"_a\" Version=\"2.0\"/>", none, "a logout"},
        {"<samlp:Response xmlns:samlp=\"" NS_SAMLP "\" ID=\"_a\" Version=\"2.0\"/>", none, "a Response"},
        {REQUEST("xsi:type=\"samlp:LogoutRequestType\"", ISSUER), NULL, "another type, given by xsi:type"},
        {REQUEST("", ""), lacks, "no Issuer"},
        /* What Lasso leaves out. */
        {REQUEST("", ISSUER "<saml:Subject>" NAME X "</saml:Subject>"), part, "a Subject with more in it"},
        {REQUEST("", ISSUER "<saml:Subject>" NAME NAME "</saml:Subject>"), part, "a Subject of two names"},
        {REQUEST("", ISSUER "<saml:Subject><saml:BaseID/>" NAME "</saml:Subject>"), part,
         "a Subject of two identifiers"},
        {REQUEST("", ISSUER "<saml:Subject>" NAME "<saml:SubjectConfirmation Method=\"" BEARER "\"/>"
                            "<saml:SubjectConfirmation Method=\"urn:m\"/></saml:Subject>"),
         part, "a Subject with two confirmations"},
        {REQUEST("", ISSUER "<saml:Subject>" X "</saml:Subject>"), part, "a Subject of another kind"},
        {REQUEST("", ISSUER "<samlp:NameIDPolicy Format=\"urn:f\">" X "</samlp:NameIDPolicy>"), part,
         "a NameIDPolicy with something in it"},
        {REQUEST("", ISSUER OLD X "</saml:Conditions>"), part, "Conditions with more in them"},
        {REQUEST("", ISSUER "<samlp:RequestedAuthnContext>" CLASS X "</samlp:RequestedAuthnContext>"), part,
         "a RequestedAuthnContext with more in it"},
        {REQUEST("", ISSUER "<samlp:RequestedAuthnContext><saml:AuthnContextDeclRef>urn:d"
                            "</saml:AuthnContextDeclRef>" CLASS "</samlp:RequestedAuthnContext>"),
         part, "one by class and by declaration"},
        {REQUEST("", ISSUER "<saml:Subject>" NAME "</saml:Subject><saml:Subject>" NAME "</saml:Subject>"),
         none, "two Subjects"},
        {REQUEST("", ISSUER "<samlp:Scoping>" IDPS("urn:a") "</samlp:Scoping><samlp:Scoping>" IDPS(
                         "urn:b") "</samlp:Scoping>"),
         lists, "two Scopings"},
        {REQUEST("", ISSUER "<samlp:Scoping>" IDPS("urn:a") IDPS("urn:b") "</samlp:Scoping>"), lists,
         "two lists in one"},
        {REQUEST("samlp:ID=\"_b\"", ISSUER), prefix, "an ID with a prefix"},
        {REQUEST("", ISSUER "<samlp:NameIDPolicy samlp:Format=\"urn:f\"/>"), prefix,
         "a Format with a prefix"},
        {REQUEST("xsi:schemaLocation=\"urn:x x\" xml:lang=\"en\"", ISSUER), NULL,
         "attributes of other namespaces"},
        {REQUEST("ForceAuthn=\"TRUE\"", ISSUER), flag, "ForceAuthn in capitals"},
        {REQUEST("ForceAuthn=\"yes\"", ISSUER), flag, "ForceAuthn in words"},
        {REQUEST("IsPassive=\"2\"", ISSUER), flag, "IsPassive of another number"},
        {REQUEST("IsPassive=\"\"", ISSUER), flag, "IsPassive of nothing"},
        {REQUEST("", ISSUER "<samlp:NameIDPolicy AllowCreate=\"x\"/>"), flag, "AllowCreate of a letter"},
        {REQUEST("", "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:entity\">" SP
                     "</saml:Issuer>"),
         NULL, "an Issuer that is an entity"},
        {REQUEST("", "<saml:Issuer Format=\"urn:f\">" SP "</saml:Issuer>"), format,
         "an Issuer of another Format"},
        {REQUEST("", "<saml:Issuer Format=\"\">" SP "</saml:Issuer>"), format, "an Issuer of an empty one"},
    };
    rcidp_authn_request request;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        is_str(read_request(rows[i][0], &request), rows[i][1], "%s", rows[i][2]);
}

/* Lasso copies each value several times. */
static void test_long(void)
{
    static const struct {
        const char *form, *what;
    } rows[] = {
        {REQUEST("ProviderName=\"%s\"", ISSUER), "an attribute"},
        {REQUEST("", ISSUER "<saml:Subject><saml:NameID>%s</saml:NameID></saml:Subject>"), "a text"},
    };
    rcidp_authn_request request;
    const char *value = apr_psprintf(pool, "%0*d", 4096, 1), *longer = apr_psprintf(pool, "%0*d", 4097, 1);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *before = strstr(rows[i].form, "%s");
        const char *begin = apr_pstrmemdup(pool, rows[i].form, (apr_size_t)(before - rows[i].form));

        is_str(read_request(apr_pstrcat(pool, begin, value, before + 2, NULL), &request), NULL,
               "4096 bytes: %s", rows[i].what);
        is_str(read_request(apr_pstrcat(pool, begin, longer, before + 2, NULL), &request),
               "it has a value of more than 4096 bytes", "4097 bytes: %s", rows[i].what);
    }
}

static bool is_short(const char *text)
{
    return !text || strlen(text) < 100;
}

/* Elements that claim to be of another type than their name says: Lasso makes other objects of them. */
static void test_types(void)
{
    static const char *const types[] = {
        "saml:AssertionType",
        "saml:NameIDType",
        "samlp:AuthnRequestType",
        "samlp:ResponseType",
        "samlp:IDPEntryType",
        "saml:SubjectType",
        "saml:ConditionsType",
        "samlp:StatusType",
        "saml:EncryptedElementType",
        "xs:string",
        "saml:BaseIDAbstractType",
        "samlp:ScopingType",
        "samlp:NameIDPolicyType",
        "x:nothing",
        "",
    };
    static const char *const parts[] = {
        "<saml:Issuer %s>" SP "</saml:Issuer>",
        ISSUER "<saml:Subject %s><saml:NameID>alice</saml:NameID></saml:Subject>",
        ISSUER "<saml:Subject><saml:NameID %s>alice</saml:NameID></saml:Subject>",
        ISSUER "<samlp:NameIDPolicy %s Format=\"urn:f\"/>",
        ISSUER "<saml:Conditions %s NotOnOrAfter=\"2024-07-01T13:00:00Z\"/>",
        ISSUER "<samlp:RequestedAuthnContext %s><saml:AuthnContextClassRef>urn:c</saml:AuthnContextClassRef>"
               "</samlp:RequestedAuthnContext>",
        ISSUER "<samlp:Scoping %s><samlp:IDPList><samlp:IDPEntry "
               "ProviderID=\"urn:i\"/></samlp:IDPList></samlp:Scoping>",
        ISSUER "<samlp:Scoping><samlp:IDPList %s><samlp:IDPEntry "
               "ProviderID=\"urn:i\"/></samlp:IDPList></samlp:Scoping>",
        ISSUER "<samlp:Scoping><samlp:IDPList><samlp:IDPEntry %s "
               "ProviderID=\"urn:i\"/></samlp:IDPList></samlp:Scoping>",
    };
    int survived = 0, all = (int)(sizeof(types) / sizeof(types[0]) * (sizeof(parts) / sizeof(parts[0])));

    for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++) {
        for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
            const char *type = apr_psprintf(pool, "xsi:type=\"%s\"", types[t]), *at = strstr(parts[p], "%s");
            rcidp_authn_request request;

            read_request(apr_pstrcat(pool,
                                     "<samlp:AuthnRequest xmlns:samlp=\"" NS_SAMLP "\" xmlns:saml=\"" NS_SAML
                                     "\" xmlns:xsi=\"" XSI "\" ID=\"_a\" Version=\"2.0\" "
                                     "IssueInstant=\"2024-07-01T12:00:00Z\">",
                                     apr_pstrmemdup(pool, parts[p], (apr_size_t)(at - parts[p])), type,
                                     at + 2, "</samlp:AuthnRequest>", NULL),
                         &request);
            survived += is_short(request.issuer) && is_short(request.subject) &&
                        is_short(request.name_id_format) && is_short(request.not_on_or_after) &&
                        is_short(item(request.contexts, 0)) && is_short(item(request.idps, 0));
        }
    }
    is_int(survived, all, "%d elements of claimed types are read or refused", all);
}

int main(int argc, char **argv)
{
    const char *error = rcidp_lasso_init(pool); /* before xmlsec, as in httpd */

    (void)argc;
    fixture_begin(argv[0]);
    if (!rcidp_lasso_is_there()) {
        is_str(error, RCIDP_NO_LASSO, "without Lasso nothing starts");
        is_str(rcidp_lasso_read(pool, NULL, &(rcidp_authn_request){0}), RCIDP_NO_LASSO, "nothing is read");
        return done();
    }
    if (error)
        bail_out("Lasso", error);
    test_least();
    test_everything();
    test_details();
    test_refused();
    test_long();
    test_types();
    return done();
}
