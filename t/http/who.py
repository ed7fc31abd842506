#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Who may launch, and as whom: only a user whom httpd has authenticated; and only where the server has an identity."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import asking
import certs
import form
import idp
import pages
import verify
from httpd import Httpd
from idp import Idp
from rows import Rows
from tap import done_testing, is_, like, ok

AC = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
CN = "cn@example.com"
LAUNCH = """
<Location "%s">
    SetHandler  rcidp-launch
    RcIdpLaunch us
    %s
</Location>
"""
BASIC = """AuthType Basic
    AuthName "Example Inc."
    AuthBasicProvider file
    AuthUserFile "${folder}/users"
"""
SECTIONS = "".join(LAUNCH % (path, 'RcIdpMail "%{REMOTE_USER}@example.com"\n' + text) for path, text in {
    "/valid": BASIC + "Require valid-user",
    "/bob": BASIC + "Require user bob",
    "/bob-forbidden": BASIC + "Require user bob\nAuthzSendForbiddenOnFailure On",
    "/granted": BASIC + "Require all granted",
    "/denied": BASIC + "Require all denied",
    "/ip": "Require ip 127.0.0.1",
    "/ip-or-user": BASIC + "<RequireAny>\nRequire ip 127.0.0.1\nRequire valid-user\n</RequireAny>",
    "/other-ip-or-user": BASIC + "<RequireAny>\nRequire ip 192.0.2.1\nRequire valid-user\n</RequireAny>",
    "/any": BASIC + "Require valid-user\nSatisfy Any\nOrder allow,deny\nAllow from all",
    "/any-but-denied": BASIC + "Require valid-user\nSatisfy Any\nOrder allow,deny\nDeny from all",
    "/all": BASIC + "Require valid-user\nSatisfy All\nOrder allow,deny\nAllow from all",
    "/none": "AuthType None\nRequire all granted",
    "/header": 'RequestHeader set X-Remote-User "alice"\nSetEnv REMOTE_USER alice\nRequire all granted',
}.items())
# A user's name from a client certificate, on a virtual host that takes any, and on one that takes only its own.
CERTIFICATES = "".join("""
<VirtualHost 127.0.0.1:${port}>
ServerName %s
${tls}
SSLUserName SSL_CLIENT_S_DN_CN
SSLVerifyClient %s
SSLCACertificateFile "%s"
RcIdpMail %%{REMOTE_USER} s/^alice$/alice@example.com/
%s
</VirtualHost>
""" % (name, how, certs.pair(name="friend", subject="/CN=" + CN).cert, "".join(LAUNCH % (path, text) for path, text in {
    "/granted": "Require all granted",
    "/verified": "Require ssl-verify-client",
    "/basic": BASIC + "Require valid-user",
    "/context": 'RcIdpAuthnContext x509\nRequire all granted',
}.items())) for name, how in (("sso.example.com", "optional_no_ca"), ("idp.example.com", "optional")))
FRIEND = certs.pair(name="friend", subject="/CN=" + CN)
STRANGER = certs.pair(name="stranger", subject="/CN=" + CN)


class Server(Httpd):
    """Requests to one of several virtual hosts, perhaps with a client certificate."""

    def request(self, method, path, user="alice", scheme="https", host=None, pair=None, **options):
        client = self.client(scheme=scheme, host=host)
        if pair:
            client.context.load_cert_chain(pair.cert, pair.key)
        return client.request(method, path, user=user, **options)


class Provider(Idp, Server):
    request = Server.request


NOBODY = {"user": None}
PLAINLY = {"user": None, "scheme": "http"}
REFUSED = {"user": None, "ours": True}
NO_NAME = "AH02227: Failed to set r->user"
DENIED = "AH01631: user alice: authorization failure"
TABLE = [
    ("a valid user", "/valid", "issued", {}, "PasswordProtectedTransport"),
    ("another user", "/bob", "denied", {"status": 401, "also": DENIED}, None),
    ("another user, forbidden", "/bob-forbidden", "denied", {"also": DENIED}, None),
    ("this user", "/bob-forbidden", "issued", {"user": "bob"}, "PasswordProtectedTransport"),
    ("everybody", "/granted", "not-protected", {}, None),
    ("nobody", "/denied", 403, {"ours": True, "also": "AH01630: client denied"}, None),
    ("an address", "/ip", "not-protected", {}, None),
    ("an address or a user", "/ip-or-user", "not-protected", {}, None),
    ("a foreign address or a user", "/other-ip-or-user", "issued", {}, "PasswordProtectedTransport"),
    ("a foreign address or a user, none given", "/other-ip-or-user", 401, REFUSED, None),
    ("Satisfy Any", "/any", "not-protected", {}, None),
    ("Satisfy Any, nobody", "/any", "not-protected", NOBODY, None),
    ("Satisfy Any, over plain HTTP", "/any", "plain-http", PLAINLY, None),
    ("Satisfy Any, denied", "/any-but-denied", "issued", {"also": "AH01797: "}, "PasswordProtectedTransport"),
    ("Satisfy Any, denied, nobody", "/any-but-denied", 401, {**REFUSED, "also": "AH01797: "}, None),
    ("Satisfy All", "/all", "issued", {}, "PasswordProtectedTransport"),
    ("AuthType None", "/none", "not-protected", {}, None),
    ("a name in a header or variable", "/header", "not-protected", {"headers": [("X-Remote-User", "alice")]}, None),
    ("Basic over plain HTTP", "/plainly", "issued", {"scheme": "http"}, "Password"),
    *[(how + ", " + what, path, result, {"host": host, "pair": pair, **NOBODY, **more}, context)
      for how, host in (("any certificate", "sso.example.com"), ("its own certificates", "idp.example.com"))
      for what, path, result, pair, more, context in (
          ("verified", "/granted", "issued", FRIEND, {"log": "name ID " + CN}, "TLSClient"),
          ("verified, and demanded", "/verified", "issued", FRIEND, {}, "TLSClient"),
          ("none", "/granted", "not-protected", None, {"also": NO_NAME}, None),
          ("none, and demanded", "/verified", 403, None, {"ours": True, "also": ["AH01630: ", NO_NAME]}, None),
          # httpd has a user by then, and does not ask for a password.
          ("verified, instead of a password", "/basic", "issued", FRIEND, {}, "TLSClient"),
          ("none, but a password", "/basic", "issued", None, {"user": "alice", "also": NO_NAME}, "PasswordProtectedTransport"),
          ("verified, called otherwise", "/context", "issued", FRIEND, {}, "X509"),
      )],
    # A certificate that anybody can make: the name in it is not to be believed.
    ("any certificate, a stranger's", "/granted", "not-protected", {"host": "sso.example.com", "pair": STRANGER, **NOBODY}, None),
    ("any certificate, a stranger's, instead of a password", "/basic", "not-protected",
     {"host": "sso.example.com", "pair": STRANGER, **NOBODY}, None),
    ("any certificate, a stranger's, and demanded", "/verified", 403,
     {"host": "sso.example.com", "pair": STRANGER, "ours": True, "also": "AH01630: ", **NOBODY}, None),
]


def judge(rows, table):
    for name, path, result, options, context in table:
        answer = rows.ask(name, "GET", path, result, **options)
        if context:
            is_(verify.fields(form.auto_post(answer.text).xml).authn_context, AC + context, name + ": the context")
        if result == "denied":
            like(pages.sentence(answer), "Your account is not assigned to RingCentral", name + ": and is told so")


rows = Rows()
with Provider(server=rows.CONFIGURATION + CERTIFICATES, vhost=SECTIONS,
              plain="RcIdpBaseURL https://localhost\n" + SECTIONS
              + LAUNCH % ("/plainly", "RcIdpRequireTLS off\nRcIdpMail alice@example.com\n" + BASIC + "Require valid-user"),
              modules=["access_compat", "authz_host"]) as server:
    rows.serve(server)
    server.expect("RCIDP87: .* this virtual host has no SSLEngine on")
    judge(rows, TABLE)
rows.judge()

# A launch path of the main server serves the virtual hosts that have an identity.
IDENTITY = """
RcIdpEntityID               https://%s/
RcIdpSigningCertificateFile "%s"
RcIdpSigningKeyFile         "%s"
"""
SHARED = "RcIdpMail alice@example.com\n" + LAUNCH % ("/shared", BASIC + "Require valid-user") + """
<Location "/metadata">
    SetHandler rcidp-metadata
    Require all granted
</Location>
"""
HOST = "<VirtualHost 127.0.0.1:${port}>\nServerName %s\n${tls}\n%s\n</VirtualHost>\n"


def identity(kind, name):
    pair = certs.pair(kind)
    return IDENTITY % (name, pair.cert, pair.key)


def shared(main, hosts, published):
    text = main + SHARED + "".join(HOST % pair for pair in hosts.items())
    rows = Rows()
    server = Server(rows.CONFIGURATION + text, name="shared")
    server.published = published
    server.write("users", idp.password_file(["alice"]))
    return rows, server


rows, server = shared("", {"sso.example.com": identity("rsa2048", "sso.example.com"), "idp.example.com": "",
                           "service.ringcentral.com": identity("ec256", "service.ringcentral.com")},
                      {"https://sso.example.com/": ("/metadata", "sso.example.com")})
with server:
    rows.serve(server)
    for host, kind in (("sso.example.com", "rsa2048"), ("service.ringcentral.com", "ec256")):
        answer = rows.ask("the main server's path on " + host, "GET", "/shared", "issued", host=host)
        xml = form.auto_post(answer.text).xml
        is_(verify.fields(xml).issuer, "https://%s/" % host, host + ": speaks for itself")
        problem = verify.signature(xml, "Assertion", certs.pair(kind).cert)
        ok(not problem, host + ": and signs with its own key", problem)
        like(server.request("GET", "/metadata", user=None, host=host).text, 'entityID="https://%s/"' % host, host + ": metadata")
    rows.ask("a virtual host without identity", "GET", "/shared", "no-identity", host="idp.example.com",
             log="idp.example.com")
    rows.ask("and below the path", "GET", "/shared/below", "no-identity", host="idp.example.com")
    rows.ask("and its metadata", "GET", "/metadata", "no-identity", host="idp.example.com", user=None)
    rows.ask("and over plain HTTP", "GET", "/shared", "plain-http", scheme="http", user=None)
rows.judge()

# One that inherits the key alone: an AuthnRequest is not looked at there, whoever's it is.
CRM = "https://crm.example.com"
rows, server = shared(identity("rsa2048", "main").replace("RcIdpEntityID ", "# ")
                      + LAUNCH.replace(" us", " us crm") % ("/crm", "RcIdpMail alice@example.com\n" + BASIC + "Require valid-user"),
                      {"sso.example.com": "RcIdpEntityID https://sso.example.com/\nRcIdpServiceProvider crm entityid=%s acs=%s/acs" % (CRM, CRM),
                       "idp.example.com": ""}, {"https://sso.example.com/": ("/metadata", "sso.example.com")})
with server:
    rows.serve(server)
    for path, issuer in (("/shared", asking.US), ("/crm", asking.US), ("/crm", CRM), ("/crm", "https://unknown.example.com")):
        for what, wish in (("", ""), (", passive", 'IsPassive="true"')):
            message = asking.xml(issuer=issuer, attributes=wish)
            for method, query, body in (("GET", "?" + asking.redirect(message), None), ("POST", "", asking.post(message))):
                for user, result, more in ((None, 401, {"ours": True}), ("alice", "no-identity", {"log": "idp.example.com"})):
                    rows.ask("%s asks at %s by %s%s, %s, where there is only a key" % (issuer, path, method, what, user), method, path + query, result,
                             host="idp.example.com", user=user, body=body, **more)
    rows.ask("and where there is an identity", "GET", "/crm?" + asking.redirect(asking.xml(issuer=CRM)), "issued", host="sso.example.com")
rows.judge()

rows, server = shared(identity("rsa2048", "main"), {"sso.example.com": "", "idp.example.com": identity("ec256", "own")},
                      {"https://main/": ("/metadata", "sso.example.com")})
server.expect("RCIDP65: .* but this virtual host has no SSLEngine on")
server.expect("RCIDP87: .* this virtual host has no SSLEngine on")
with server:
    rows.serve(server)
    for host, issuer in (("sso.example.com", "https://main/"), ("idp.example.com", "https://own/")):
        answer = rows.ask("the main server's path and identity on " + host, "GET", "/shared", "issued", host=host)
        is_(verify.fields(form.auto_post(answer.text).xml).issuer, issuer, host + ": whose name it bears")
rows.judge()

done_testing()
