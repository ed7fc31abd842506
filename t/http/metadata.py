#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""The metadata: what it says, that it is valid, under which addresses the launch is published, and how it may be cached."""
import email.utils
import os
import re
import sys
import time
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import idp
import pages
import verify
from httpd import Httpd
from idp import EMAIL, Idp
from snippets import LAUNCH, host, identity, section
from tap import done_testing, is_, like, ok

CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
ROLE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
URI, BASIC = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri", "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
FORMAT, FORMAT2 = "urn:oasis:names:tc:SAML:1.1:nameid-format:", "urn:oasis:names:tc:SAML:2.0:nameid-format:"
BINDINGS = ["urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST", "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"]
METADATA = section("SetHandler rcidp-metadata\nRequire all granted", path='"/metadata"')


class Metadata:
    """What a metadata document says."""

    def __init__(self, xml):
        self.xml = xml
        self.root = root = ElementTree.fromstring(xml)
        self.idp = root.find("md:IDPSSODescriptor", verify.NAMESPACES)
        self.certificates = [element.text for element in root.iter("{%s}X509Certificate" % verify.DS)]
        self.formats = [element.text for element in root.iter("{%s}NameIDFormat" % verify.MD)]
        self.attributes = [(element.get("Name"), element.get("NameFormat")) for element in root.iter("{%s}Attribute" % verify.SAML)]
        self.endpoints = {}
        for element in root.iter("{%s}SingleSignOnService" % verify.MD):
            # The letters of an encoded byte may be of either case.
            place = re.sub("%..", lambda code: code.group().upper(), element.get("Location"))
            self.endpoints.setdefault(place, []).append(element.get("Binding"))

    def check(self, what):
        problem = verify.schema(self.xml)
        ok(not problem, what + ": valid by the schema", problem)
        ok(b"<!DOCTYPE" not in self.xml, what + ": without a DTD")
        is_([sorted(bindings) for bindings in self.endpoints.values()], [BINDINGS] * len(self.endpoints), what + ": both bindings")


def get(server, name=None, path="/metadata"):
    return Metadata(server.client(host=name).get(path).body)


# What it says, little and much being configured.
for kind in ("rsa2048", "rsa4096", "ec256", "ec384", "ec521"):
    with Idp(key=kind, name=kind) as server:
        metadata = Metadata(server.metadata())
        metadata.check(kind)
        is_(metadata.certificates, [certs.base64(server.pair.cert)], kind + ": the certificate")
        is_(metadata.root.get("entityID"), idp.ENTITY_ID, kind + ": the entity ID")
        is_(metadata.root.get("cacheDuration"), "P1D", kind + ": for how long")
        is_(metadata.idp.attrib, {"protocolSupportEnumeration": verify.SAMLP, "WantAuthnRequestsSigned": "false"}, kind + ": the role")
        is_(list(metadata.endpoints), [server.url("/ringcentral")], kind + ": the endpoint")
        is_(metadata.formats, [FORMAT + "emailAddress"], kind + ": the name ID's format")
        is_(metadata.attributes, [(EMAIL, URI)], kind + ": the attribute")
        is_(metadata.root.find("md:ContactPerson", verify.NAMESPACES), None, kind + ": no contact")

OTHERS = [certs.pair("rsa2048", "next"), certs.pair("ec256", "after")]
MUCH = """RcIdpContact a&b+<c>@example.com
%s
RcIdpAttribute name "of the server"
<VirtualHost 127.0.0.1:${port}>
ServerName idp.example.com
${tls}
RcIdpAttribute x-other "of another host"
%s%s</VirtualHost>
""" % ("\n".join('RcIdpPublishCertificateFile "%s"' % pair.cert for pair in OTHERS), section(LAUNCH, path='"/other"'), METADATA)
PATHS = {"/ring central": "/ring%20central", "/rüng": "/r%C3%BCng", "/a&b": "/a&b", "/last": "/last", "/ringcentral/deep": "/ringcentral/deep"}
VHOST = ("RcIdpAttribute givenname x\nRcIdpAttribute role none\n"
         + "".join(section(LAUNCH + text, path='"%s"' % path) for path, text in zip(PATHS, (
             "RcIdpNameID unspecified x\nRcIdpAttribute number 1", "RcIdpNameID transient\nRcIdpAttribute number 2",
             "<If \"false\">\nRcIdpAttribute urn:x:if x\n</If>", "RcIdpAttribute email none\nRcIdpAttribute givenname none",
             "RcIdpNameID urn:x:y x\nRcIdpAttribute upn x if=false")))
         + '<Directory "/">\nRcIdpAttribute department x\n</Directory>\n'
         + section("SetHandler rcidp-metadata\nRequire all granted", path='"/ringcentral/metadata"') + METADATA)
with Idp(server=MUCH, vhost=VHOST, plain=METADATA + "RcIdpBaseURL https://sso.example.com\n" + section(LAUNCH)) as server:
    server.expect("RCIDP87: .* this virtual host has no SSLEngine on")
    metadata = get(server)
    metadata.check("much")
    is_(metadata.certificates, [certs.base64(pair.cert) for pair in (server.pair, *OTHERS)], "much: the certificates in order")
    is_(sorted(metadata.endpoints), sorted(server.url(path) for path in ("/ringcentral", *PATHS.values())), "much: each launch path")
    is_(sorted(metadata.formats), sorted([FORMAT + "emailAddress", FORMAT + "unspecified", FORMAT2 + "transient", "urn:x:y"]),
        "much: the formats of all paths, once")
    is_(sorted(metadata.attributes), sorted([
        (EMAIL, URI), (CLAIMS + "name", URI), (CLAIMS + "givenname", URI), (CLAIMS + "upn", URI), ("number", BASIC), ("urn:x:if", URI),
        ("department", BASIC)]), "much: every attribute that any section sends, once")
    is_([element.text for element in metadata.root.iter("{%s}EmailAddress" % verify.MD)], ["mailto:a&b+<c>@example.com"], "much: the contact")
    is_(metadata.root.find("md:ContactPerson", verify.NAMESPACES).get("contactType"), "technical", "much: for what")
    is_(server.metadata(), metadata.xml, "much: the same at another path")
    other = get(server, "idp.example.com")
    other.check("another host")
    is_(list(other.endpoints), [server.url("/other").replace("localhost", "idp.example.com")], "another host: its own endpoint")
    is_(sorted(other.attributes), sorted([(EMAIL, URI), (CLAIMS + "name", URI), ("x-other", BASIC)]), "another host: its own attributes")
    is_(server.client(scheme="http").get("/metadata").status, 200, "over plain HTTP")

# The address under which browsers reach the launch, where RcIdpBaseURL does not say it.
BASES = [
    ("sso.example.com", "sso.example.com", "127.0.0.1:${port}", "", "https://sso.example.com:${port}"),
    ("idp.example.com:443", "idp.example.com", "127.0.0.1:${port}", "", "https://idp.example.com"),
    ("sso.ringcentral.com:8443", "sso.ringcentral.com", "127.0.0.1:${port}", "", "https://sso.ringcentral.com:8443"),
    ("https://ssoeuro.ringcentral.com:444", "ssoeuro.ringcentral.com", "127.0.0.1:${port}", "", "https://ssoeuro.ringcentral.com:444"),
    ("service.ringcentral.com", "service.ringcentral.com", "127.0.0.1:${port} 127.0.0.1:443", "", "https://service.ringcentral.com"),
    ("service.ringcentral.eu", "service.ringcentral.eu", "127.0.0.1:${port}", "RcIdpBaseURL https://www.example.com:8443/base/\n",
     "https://www.example.com:8443/base"),
    ("localhost", "localhost", "127.0.0.1:${port}", "RcIdpBaseURL https://www.example.com//\n", "https://www.example.com"),
]
text = identity() + "".join("<VirtualHost %s>\nServerName %s\n${tls}\n%s\n</VirtualHost>\n" % (address, name, more + section(LAUNCH) + METADATA)
                            for name, _, address, more, _ in BASES)
with Httpd(text, name="bases") as server:
    for name, sni, address, more, wanted in BASES:
        is_(list(get(server, sni).endpoints), [wanted.replace("${port}", str(server.port)) + "/ringcentral"],
            "ServerName %s on %s %s: the base" % (name, address, more.strip()))
with Httpd("${tls}\n" + identity() + section(LAUNCH) + METADATA, name="main") as server:
    is_(list(get(server).endpoints), [server.url("/ringcentral")], "a main server: the base")

# Caching.
with Idp() as server:
    client = server.client()

    def ask(method="GET", **headers):
        return client.request(method, "/ringcentral/metadata", headers=[(name.replace("_", "-"), value) for name, value in headers.items()])

    answer = ask()
    tag, modified = answer.header("ETag"), answer.header("Last-Modified")
    is_(answer.header("Content-Type"), "application/samlmetadata+xml", "the type")
    is_(answer.header("X-Content-Type-Options"), "nosniff", "is what it is")
    is_(int(answer.header("Content-Length")), len(answer.body), "the length")
    like(answer.header("Cache-Control"), r"^max-age=\d+$", "may be kept")
    is_([answer.header(name) for name in ("Pragma", "Set-Cookie", "Vary", "WWW-Authenticate")], [None] * 4, "by everybody")
    like(tag, '^"[0-9a-f]{40}"$', "has a tag, a strong one")
    past = time.time() - email.utils.parsedate_to_datetime(modified).timestamp()
    ok(-2 < past < 3600, "modified when httpd started", modified)
    is_(client.get("/ringcentral/metadata?a=b").body, answer.body, "the same whatever the query")
    head = ask("HEAD")
    is_((head.status, head.body, pages.headers(head)), (200, b"", pages.headers(answer)), "HEAD: the headers of GET")
    is_(head.header("Content-Length"), answer.header("Content-Length"), "HEAD: the length of GET")
    for what, status, headers in (
            ("the same tag", 304, {"If_None_Match": tag}),
            ("the same tag, weak", 304, {"If_None_Match": "W/" + tag}),
            ("one of several tags", 304, {"If_None_Match": '"a", %s, "b"' % tag}),
            ("any tag", 304, {"If_None_Match": "*"}),
            ("another tag", 200, {"If_None_Match": '"a"'}),
            ("another tag and the same time", 200, {"If_None_Match": '"a"', "If_Modified_Since": modified}),
            ("the same time", 304, {"If_Modified_Since": modified}),
            ("an earlier time", 200, {"If_Modified_Since": "Sat, 29 Oct 1994 19:43:31 GMT"}),
            ("the wrong tag", 412, {"If_Match": '"a"'})):
        for method in ("GET", "HEAD"):
            answer = ask(method, **headers)
            is_(answer.status, status, "%s, if %s: status" % (method, what))
            if status == 304:
                is_((answer.header("ETag"), answer.body), (tag, b""), "%s, if %s: the tag and no body" % (method, what))
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "FOO"):
        answer = ask(method)
        is_(answer.status, 405, method + ": status")
        like(answer.header("Allow"), r"GET, ?HEAD|HEAD, ?GET", method + ": Allow")
        ok("POST" not in answer.header("Allow") and "PUT" not in answer.header("Allow"), method + ": Allow has no more", answer)
    first = ask()
    server.graceful()
    again = ask()
    is_((again.body, again.header("ETag")), (first.body, tag), "the same after a graceful restart")
    is_(ask(If_None_Match=tag).status, 304, "and still known by its tag")
    server.config = server.config.replace("RcIdpEntityID", "RcIdpContact a@b\nRcIdpEntityID", 1)
    server.graceful()
    changed = ask(If_None_Match=tag)
    ok(changed.status == 200 and changed.header("ETag") != tag, "another tag for another text", changed)

# Nothing to publish.
with Idp(vhost="", location="", plain=METADATA + "RcIdpBaseURL https://sso.example.com\n") as server:
    answer = server.client(scheme="http").get("/metadata")
    is_(answer.status, 500, "a server without a launch path: status")
    server.expect(r"\[rcidp:error\] .* RCIDP37: no metadata can be made: there is no RcIdpLaunch", count=1)
done_testing()
