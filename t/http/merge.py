#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Every directive of the command table at every level: a deeper one overrides, one that is unset inherits, and none gets lost.

A directive without a row here fails the test.
"""
import base64
import calendar
import hashlib
import hmac
import os
import re
import sys
import time
import urllib.parse
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import form
import idp
import verify
from httpd import SOURCE, Httpd
from snippets import file
from tap import done_testing, is_, like, ok

ROLE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
AC = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:"
# Level -> host, path, query; in the order in which httpd merges them.
LEVELS = {
    "server": ("localhost", "/launch", ""),
    "host": ("sso.example.com", "/launch", ""),
    "directory": ("sso.example.com", "/deep/launch", ""),
    "location": ("sso.example.com", "/location", ""),
    "nested": ("sso.example.com", "/location/nested", ""),
    "if in location": ("sso.example.com", "/location", "in-location"),
    "if in host": ("sso.example.com", "/location", "in-host"),
}
# Places where nothing is set, and the level whose settings hold there.
INHERITING = {
    "a directory that sets nothing": (("sso.example.com", "/plain/launch", ""), "host"),
    "a location below": (("sso.example.com", "/location/below", ""), "location"),
    "another location": (("sso.example.com", "/launch", "in-location"), "host"),
    "an if that does not hold": (("sso.example.com", "/location/nested", "none"), "nested"),
    "a location in the main server": (("sso.example.com", "/main", ""), "host"),
    "another host": (("localhost", "/main", ""), "server"),
}
UNSET = ("idp.example.com", "/launch", "")  # of a server that sets nothing at all
ON = {"server": "off", "host": "on", "directory": "off", "location": "off", "nested": "on", "if in location": "on", "if in host": "on"}
SIGN = dict(zip(LEVELS, ("response", "assertion", "response", "both", "response", "assertion", "response")))
NUMBER = {level: number for number, level in enumerate(LEVELS, 1)}


def seconds(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def minus(later, earlier):
    return seconds(later) - seconds(earlier) if later else None


class Launch:
    """A launch at a place, with all that can be observed of it."""

    def __init__(self, server, place, age=0):
        self.server, (self.host, self.path, self.query) = server, place
        now = int(time.time())
        # A different time of sign-in for each level: 10, 20, ... seconds ago, and more.
        self.headers = [("X-Instant-%d" % number, str(now - 10 * number - age)) for number in NUMBER.values()]
        self.now = now - age

    def get(self, scheme="https", **parameters):
        query = "&".join(filter(None, [self.query, urllib.parse.urlencode(parameters)]))
        return self.server.client(scheme=scheme, host=self.host).get(
            self.path + "?" + query, user="alice@example.com", headers=self.headers)

    def fields(self, name="us"):
        post = form.auto_post(self.get(sp=name).text)
        fields = verify.fields(post.xml)
        fields.signed, fields.relay_state = verify.signatures(post.xml), post.relay_state
        return fields


def instant(fields, launch):
    return round((launch.now - seconds(fields.statement.get("AuthnInstant"))) / 10)


def again(server, place):
    return Launch(server, place, age=100).get(sp="us").header("Location")


def allowed(server, place):
    launch = Launch(server, place)
    return [level for level in LEVELS if launch.get(sp="us", RelayState="https://%d.example.com/" % NUMBER[level]).status == 200]


def at_plain(server, place):
    return "on" if Launch(server, place).get(scheme="http", sp="us").status == 403 else "off"


def at_request(server, place):
    return "off" if "not from RingCentral" in Launch(server, place).get(SAMLRequest="fZA").text else "on"


# Directive -> its arguments at a level, what is observed, what that is at a level, what it is where nothing is set.  What is
# observed is a function of the fields of a Response and the launch, or, in WHOLE, of the server and the place.
SECTIONS = {
    "RcIdpMail": (lambda level: "mail-%d@example.com" % NUMBER[level], lambda fields, _: fields.attributes[idp.EMAIL],
                  lambda level: ["mail-%d@example.com" % NUMBER[level]], ["alice@example.com"]),
    "RcIdpNameID": (lambda level: "unspecified name-%d" % NUMBER[level], lambda fields, _: (fields.name_id_format, fields.name_id),
                    lambda level: (FORMAT + "unspecified", "name-%d" % NUMBER[level]), (FORMAT + "emailAddress", "alice@example.com")),
    "RcIdpAttribute": (lambda level: "role role-%d" % NUMBER[level], lambda fields, _: fields.attributes.get(ROLE),
                       lambda level: ["role-%d" % NUMBER[level]], None),
    "RcIdpAuthnContext": (lambda level: "urn:x:%d" % NUMBER[level], lambda fields, _: fields.authn_context,
                          lambda level: "urn:x:%d" % NUMBER[level], AC + "PasswordProtectedTransport"),
    "RcIdpAuthnInstant": (lambda level: "%%{HTTP:X-Instant-%d}" % NUMBER[level], instant, lambda level: NUMBER[level], 0),
    "RcIdpRelayState": (lambda level: "https://relay-%d.example.com/" % NUMBER[level], lambda fields, _: fields.relay_state,
                        lambda level: "https://relay-%d.example.com/" % NUMBER[level], idp.PROVIDERS["us"][2]),
    "RcIdpSign": (lambda level: SIGN[level], lambda fields, _: fields.signed, lambda level: verify.SIGN[SIGN[level]], verify.BOTH),
    "RcIdpAssertionLifetime": (lambda level: 100 + NUMBER[level], lambda fields, _: {
        minus(fields.conditions.get("NotOnOrAfter"), fields.issue_instant),
        minus(fields.confirmation_data["NotOnOrAfter"], fields.issue_instant)}, lambda level: {100 + NUMBER[level]}, {300}),
    "RcIdpClockSkew": (lambda level: 10 + NUMBER[level], lambda fields, _: minus(fields.issue_instant, fields.conditions.get("NotBefore")),
                       lambda level: 10 + NUMBER[level], 60),
    "RcIdpSessionLifetime": (lambda level: 1000 + NUMBER[level], lambda fields, _: minus(
        fields.statement.get("SessionNotOnOrAfter"), fields.statement.get("AuthnInstant")), lambda level: 1000 + NUMBER[level], None),
}
WHOLE = {
    "RcIdpAuthnMaxAge": (lambda level: "90 /again-%d" % NUMBER[level], again, lambda level: "/again-%d" % NUMBER[level], None),
    "RcIdpRelayStateAllow": (lambda level: "https://%d.example.com/" % NUMBER[level], allowed, lambda level: [level], []),
    "RcIdpRequireTLS": (lambda level: ON[level], at_plain, lambda level: ON[level], "on"),
    "RcIdpAuthnRequests": (lambda level: ON[level], at_request, lambda level: ON[level], "on"),
    "RcIdpPortalLink": (None, None, None, None),  # it belongs to one section, too: t/http/portal.py
    "RcIdpLaunch": (None, None, None, None),  # it belongs to one section: LAUNCHES
    "RcIdpLaunchLimit": (None, None, None, None),  # what is counted would not be the same twice: limit.py
    "RcIdpLaunchLimitCache": (None, None, None, None),  # there is but one
    "RcIdpSigningProcess": (None, None, None, None),  # it is for the whole of httpd: keyholder.py
}
# Directive -> its arguments in the main server and in a virtual host; below is what is observed.
PAIRS = [certs.pair("rsa2048", "main"), certs.pair("rsa2048", "host")]
PUBLISHED = [certs.pair("ec256", name) for name in ("one", "two", "three")]
SECRETS = [b"main" * 8, b"host" * 8]
SERVERS = {
    "RcIdpEntityID": (["urn:x:main"], ["urn:x:host"]),
    "RcIdpSigningCertificateFile": ([PAIRS[0].cert], [PAIRS[1].cert]),
    "RcIdpSigningKeyFile": ([PAIRS[0].key], [PAIRS[1].key]),
    "RcIdpPublishCertificateFile": ([PUBLISHED[0].cert, PUBLISHED[1].cert], [PUBLISHED[2].cert]),
    "RcIdpBaseURL": (["https://main.example.com/"], ["https://host.example.com:444/base"]),
    "RcIdpServiceProvider": (["one entityid=urn:x:one acs=https://one.example.com/", "two entityid=urn:x:two acs=https://two.example.com/"],
                             ["two entityid=urn:x:other acs=https://other.example.com/",
                              "three entityid=urn:x:three acs=https://three.example.com/"]),
    "RcIdpSignatureAlgorithm": (["rsa-sha384"], ["rsa-sha512"]),
    "RcIdpPersistentIDSecretFile": ([file("main.secret", SECRETS[0])], [file("host.secret", SECRETS[1])]),
    "RcIdpContact": (["main@example.com"], ["host@example.com"]),
    "RcIdpPageTitle": (["Main"], ["Host"]),
    "RcIdpPageLogo": ([file("main.gif", b"GIF89amain")], [file("host.gif", b"GIF89ahost")]),
    "RcIdpPageColor": (['"#111111"'], ['"#222222"']),
    "RcIdpPageStylesheet": ([file("main.css", b"main{order:1}")], [file("host.css", b"main{order:2}")]),
    "RcIdpPageLanguage": (["en"], ["de"]),
    "RcIdpExpiryCommand": (["/bin/true main"], ["/bin/false host"]),
    "RcIdpExpiryNotice": (["90 20"], ["80 10 5"]),
}


# Host, path, and what may be launched there.
LAUNCHES = [
    ("localhost", "/main", ["us", "eu"]),
    ("idp.example.com", "/main", ["us", "au"]),
    ("sso.example.com", "/location", ["us", "eu"]),
    ("sso.example.com", "/location/nested", ["us", "uk"]),
    ("sso.example.com", "/location/nested/deeper", []),
    ("idp.example.com", "/checked", ["us", "one", "two", "three"]),
]


def settings(level):
    return "".join("%s %s\n" % (directive, row[0](level)) for directive, row in {**SECTIONS, **WHOLE}.items() if row[0])


def section(path, text="", names="us eu"):
    return '<Location "%s">\nSetHandler rcidp-launch\nRcIdpLaunch %s\n%s\n%s\n</Location>\n' % (path, names, text, idp.AUTHENTICATION)


def condition(name, text):
    return "<If \"%%{QUERY_STRING} =~ /%s/\">\n%s</If>\n" % (name, text)


def server_settings(index):
    return "".join('%s %s\n' % (name, value) for name, row in SERVERS.items() for value in row[index])


def hosts(texts):
    """Each virtual host twice: with TLS and without."""
    return "".join("<VirtualHost 127.0.0.1:${%s}>\nServerName %s\n%s\n%s</VirtualHost>\n" % (port, name, tls, text)
                   for port, tls in (("port", "${tls}"), ("plain_port", "")) for name, text in texts.items())


CHECKED = (section("/checked", "RcIdpMail %{REMOTE_USER}\nRcIdpSign both\nRcIdpNameID persistent", "us one two")
           + '<Location "/metadata">\nSetHandler rcidp-metadata\nRequire all granted\n</Location>\n')
MERGED = server_settings(0) + settings("server") + section("/main") + hosts({
    "localhost": section("/launch") + CHECKED,
    "sso.example.com": settings("host") + section("/launch") + section("/plain/launch") + section("/deep/launch")
    + '<Directory "${folder}/docs/plain">\nOptions None\n</Directory>\n<Directory "${folder}/docs/deep">\n%s</Directory>\n' % settings("directory")
    + section("/location", settings("location") + condition("in-location", settings("if in location")))
    + section("/location/nested", settings("nested"), "us uk") + section("/location/below") + condition("in-host", settings("if in host")),
    "idp.example.com": server_settings(1) + CHECKED.replace("us one two", "us one two three") + section("/main", names="us au"),
})
NOTHING = ('RcIdpEntityID urn:x:nothing\nRcIdpBaseURL https://sso.example.com\nRcIdpSigningCertificateFile "%s"\nRcIdpSigningKeyFile "%s"\n'
           % (PAIRS[0].cert, PAIRS[0].key) + hosts({"idp.example.com": section("/launch")}))


def observe(server, place, name, expected):
    """Every directive at one place; EXPECTED gives what is right for the row of one."""
    launch = Launch(server, place)
    fields = launch.fields()
    for directive, row in SECTIONS.items():
        is_(row[1](fields, launch), expected(row), "%s: %s" % (name, directive))
    for directive, row in WHOLE.items():
        if row[1]:
            is_(row[1](server, place), expected(row), "%s: %s" % (name, directive))


def names_of(server, host, path):
    """The service providers that a path launches."""
    names = [*idp.PROVIDERS, "one", "two", "three"]
    return [name for name in names if Launch(server, (host, path, "")).get(sp=name).status == 200]


def observe_server(server, host, index, names):
    """The directives of a server, as they hold for a virtual host that inherits all (0) or sets all (1)."""
    root = ElementTree.fromstring(server.client(host=host).get("/metadata").body)
    values = {name: row[index] for name, row in SERVERS.items()}
    found = [element.text for element in root.iter("{%s}X509Certificate" % verify.DS)]
    is_(root.get("entityID"), values["RcIdpEntityID"][0], host + ": RcIdpEntityID")
    is_(found[0], certs.base64(PAIRS[index].cert), host + ": RcIdpSigningCertificateFile")
    is_(found[1:], [certs.base64(path) for path in values["RcIdpPublishCertificateFile"]], host + ": RcIdpPublishCertificateFile")
    base = values["RcIdpBaseURL"][0].rstrip("/")
    locations = {element.get("Location") for element in root.iter("{%s}SingleSignOnService" % verify.MD)}
    ok(base + "/checked" in locations and all(place.startswith(base) for place in locations), host + ": RcIdpBaseURL", locations)
    is_([element.text for element in root.iter("{%s}EmailAddress" % verify.MD)], ["mailto:" + values["RcIdpContact"][0]],
        host + ": RcIdpContact")
    page = Launch(server, (host, "/checked", "")).get(sp="us").text
    for directive, pattern, wanted in (
            ("RcIdpPageTitle", r"<title>.* - (\w+)</title>", values["RcIdpPageTitle"][0]),
            ("RcIdpPageLogo", r'<img src="data:image/gif;base64,([^"]*)"', base64.b64encode([b"GIF89amain", b"GIF89ahost"][index]).decode()),
            ("RcIdpPageColor", r"<style>:root{--main:(#\w{6})", values["RcIdpPageColor"][0].strip('"')),
            ("RcIdpPageStylesheet", r"main{order:(\d)}", str(index + 1)),
            ("RcIdpPageLanguage", r'<html lang="(\w+)"', values["RcIdpPageLanguage"][0])):
        is_(re.findall(pattern, page), [wanted], "%s: %s" % (host, directive))
    notices = "    notices      %s days before, by %s" % (values["RcIdpExpiryNotice"][0].replace(" ", ", "), values["RcIdpExpiryCommand"][0])
    like(server.configtest("-D", "DUMP_RCIDP")[1], "^%s \\(.*\\n(    .*\\n)*?%s$" % (host, notices),
         host + ": RcIdpExpiryCommand, RcIdpExpiryNotice")
    for name, (entity_id, acs) in names.items():
        post = form.auto_post(Launch(server, (host, "/checked", "")).get(sp=name).text)
        fields = verify.fields(post.xml)
        is_((fields.audiences, fields.destination, post.action), ([entity_id], acs, acs), "%s: RcIdpServiceProvider %s" % (host, name))
        wanted = hmac.new(SECRETS[index], (entity_id + "\0alice@example.com").encode(), hashlib.sha256).hexdigest()
        is_(fields.name_id, wanted, "%s, %s: RcIdpPersistentIDSecretFile" % (host, name))
    for element in verify.BOTH:
        problem = verify.signature(post.xml, element, PAIRS[index].cert)
        ok(not problem, "%s: RcIdpSigningKeyFile: the %s" % (host, element), problem)
    like(post.xml.decode(), 'SignatureMethod Algorithm="[^"]*#%s"' % values["RcIdpSignatureAlgorithm"][0],
         host + ": RcIdpSignatureAlgorithm")


with open(os.path.join(SOURCE, "src", "directives.c")) as source:
    directives = re.findall(r'AP_INIT_\w+\("(RcIdp\w+)"', source.read())
is_(sorted(directives), sorted([*SECTIONS, *WHOLE, *SERVERS]), "each directive has its row here")

server = Httpd(MERGED, name="merged")
server.published = {"urn:x:main": ("/metadata", "localhost"), "urn:x:host": ("/metadata", "idp.example.com")}
server.write("users", idp.password_file(["alice@example.com"]))
for path in ("docs/deep/index.html", "docs/plain/index.html"):
    server.write(path, "")
for refusal in ("RCIDP21", "RCIDP24", "RCIDP28", "RCIDP29", "RCIDP43"):
    server.expect(r"\[rcidp:info\] .* %s: " % refusal)
server.expect("RCIDP12: ")
server.expect("RCIDP87: .* this virtual host has no SSLEngine on")
with server:
    for level, place in LEVELS.items():
        observe(server, place, level, lambda row: row[2](level))
    for name, (place, level) in INHERITING.items():
        observe(server, place, name, lambda row: row[2](level))
    for host, path, names in LAUNCHES:
        is_(names_of(server, host, path), names, "%s%s: RcIdpLaunch" % (host, path))
    observe_server(server, "localhost", 0, {"us": idp.PROVIDERS["us"][:2], "one": ("urn:x:one", "https://one.example.com/"),
                                            "two": ("urn:x:two", "https://two.example.com/")})
    observe_server(server, "idp.example.com", 1, {"us": idp.PROVIDERS["us"][:2], "one": ("urn:x:one", "https://one.example.com/"),
                                                  "two": ("urn:x:other", "https://other.example.com/"),
                                                  "three": ("urn:x:three", "https://three.example.com/")})

server = Httpd(NOTHING, name="nothing")
server.unjudged = "it publishes no metadata"
server.write("users", idp.password_file(["alice@example.com"]))
with server:
    server.expect("RCIDP87: .* this virtual host has no SSLEngine on")
    server.expect("RCIDP21: ")
    server.expect("RCIDP29: ")
    server.expect("RCIDP43: ")
    observe(server, UNSET, "nothing set", lambda row: row[3])
done_testing()
