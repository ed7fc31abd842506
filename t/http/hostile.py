#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Values that mean no good, or just no ASCII: each arrives as it is, down to the byte, or nothing is issued; and a log line stays one."""
import base64
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import form
import idp
import verify
from idp import Idp
from rows import Rows
from tap import done_testing, is_, ok

ROLE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
LAUNCH = """
<Location "%s">
    SetHandler  rcidp-launch
    RcIdpLaunch us
    %s
    %s
</Location>
"""
VALUE = "%{unbase64:%{HTTP:X-Value}}"
PATHS = {
    "/name": 'RcIdpNameID unspecified "%s"\nRcIdpAttribute role "%s" default=none\nRcIdpAttribute email none' % (VALUE, VALUE),
    "/attribute": 'RcIdpMail "a@example.com"\nRcIdpAttribute role "%s" default=none' % VALUE,
    "/mail": 'RcIdpMail "%s"' % VALUE,
    "/raw": 'RcIdpNameID unspecified "%{HTTP:X-Raw}"\nRcIdpAttribute email none',
    "/escaped": 'RcIdpNameID unspecified "%{unescape:%{HTTP:X-Raw}}"\nRcIdpAttribute email none',
    "/user": 'RcIdpNameID unspecified "%{REMOTE_USER}"\nRcIdpAttribute email none',
    "/user-mail": 'RcIdpMail "%{REMOTE_USER}@example.com"',
    "/context": 'RcIdpMail a@example.com\nRcIdpAuthnContext "%s"' % VALUE,
}

# Text that XML can carry.
GOOD = [
    "alice", "O'Brien", 'the "one"', "<b>bold</b>", "a<b", "a>b", "&", "&amp;", "&#65;", "&lt;script&gt;", "]]>", "]]", "<![CDATA[x]]>",
    "<!-- x -->", "<!DOCTYPE x>", "<?xml version='1.0'?>", "<saml:NameID>bob</saml:NameID>", "</saml:NameID>", "%{REMOTE_USER}", "$0$1\\1",
    "%s%n%d%x", "a\\b", "a\\nb", "a;b,c|d", "'; DROP TABLE users; --", "{{7*7}}", "${jndi:ldap://x}", "../../etc/passwd",
    " leading", "trailing ", "  ", "a  b", "a\tb", "a\nb", "a\r\nb", "a\rb", "\r", "\n\n", "\t",
    "Zoë Müller", "日本語", "Ελληνικά", "עברית", "\U0001f600", "e\u0301", "\u202eevil", "\u2028", "\u0085", "\u00a0", "\u00ad", "\ufeffbom",
    "\ufffd", "\ufdd0", "\U0010ffff", "\U0001ffff", "\x7f", "\x80", "\x9f", "x" * 300, "ü" * 300, "y" * 10000, "<&>\"'" * 2000, "日" * 3000,
]
# Bytes that it cannot: not UTF-8, or none of its characters.
BAD = [
    *[b"a%cb" % code for code in range(1, 32) if code not in (9, 10, 13)],
    b"\xff", b"\xfe\xff", b"caf\xe9", b"\x80", b"\xbf", b"a\xc3", b"\xc3(", b"\xe2\x82", b"\xe2(\xa1", b"\xf0\x9f\x98", b"\xf0\x28\x8c\x28",
    b"\xc0\x80", b"\xc0\xaf", b"\xc1\xbf", b"\xe0\x80\xaf", b"\xe0\x9f\xbf", b"\xf0\x80\x80\xaf", b"\xf0\x8f\xbf\xbf",
    b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\xbd\xed\xb8\x80", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80\x80",
    b"\xfc\x84\x80\x80\x80\x80", b"\xef\xbf\xbe", b"\xef\xbf\xbf", b"\x1b[31mred", b"x" * 9999 + b"\xff",
]
# Addresses, and what is none: exactly one @, something on both sides, no white space.
MAILS = [
    ("a@b", True), ("o'brien+tag@example.com", True), ("<a>&]]>@example.com", True), ("ü@exämple.com", True), ("a" * 300 + "@example.com", True),
    ("\"a.b\"@example.com", True), ("日本@例え.jp", True),
    ("a", False), ("@", False), ("@example.com", False), ("a@", False), ("a@@b", False), ("a@b@c", False), ("a b@c", False), (" a@b", False),
    ("a@b ", False), ("a@b\n", False), ("a@b\r\nBcc: c@d", False), ("a\t@b", False), ("a@b\x0b", None), ("a@b\x7f", False), ("a@b\x00", True),
    ("ü\xa0", False), (b"\xff@b", None), (b"a@\xc0\xaf", None),
]
# User names of Basic authentication: no colon; the password file knows no line ends, and no white space at either end.
USERS = [value for value in GOOD if not re.search(r"[:\r\n]|^\s|\s$|^#|\\$", value) and len(value) < 400]
BAD_USERS = [value for value in BAD if len(value) < 400]
INJECTED = "%0d%0a[rcidp:info]%20RCIDP01:%20issued%20to%20us"


def header(value):
    return [("X-Value", base64.b64encode(value if isinstance(value, bytes) else value.encode()).decode())]


def show(value):
    return ascii(value)[:60]


class Hostile(Rows):
    """Rows that also look at the logs as bytes."""

    def ask(self, name, method, path, result, **options):
        start = os.path.getsize(self.server.path("error.log"))
        answer = super().ask(name, method, path, result, head=False, **options)
        with open(self.server.path("error.log"), "rb") as file:
            file.seek(start)
            said = file.read()
        ok(re.fullmatch(rb"([ -~]+\n)*", said) and said.count(b"\n") <= 1, name + ": at most one line in the log, all printable", said)
        return answer

    def value(self, name, path, wanted, **options):
        """A row that must be issued with that value; returns the fields."""
        answer = self.ask(name, "GET", path, "issued", **options)
        post = form.auto_post(answer.text)
        if not post:
            return
        fields = verify.fields(post.xml)
        if path not in ("/attribute", "/context"):
            is_(fields.name_id, wanted, name + ": the name ID")
        if path in ("/name", "/attribute"):
            is_(fields.attributes[ROLE], [wanted], name + ": the attribute")
        if path in ("/mail", "/user-mail"):
            is_(fields.attributes[idp.EMAIL], [wanted], name + ": the mail")
        if path in ("/name", "/mail"):
            problem = verify.signature(post.xml, "Assertion", server.pair.cert)
            ok(not problem, name + ": the signature", problem)


rows = Hostile()
with Idp(server=rows.CONFIGURATION + "LimitRequestFieldSize 65536", users=USERS,
         vhost="".join(LAUNCH % (path, text, idp.AUTHENTICATION) for path, text in PATHS.items())) as server:
    users = idp.password_file(["alice", *USERS]).encode()
    password = users.splitlines()[0].split(b":")[1]
    server.write("users", users + b"".join(name + b":" + password + b"\n" for name in BAD_USERS))
    rows.serve(server)
    for value in GOOD:
        rows.value("a name, " + show(value), "/name", value, headers=header(value))
    for value in BAD:
        for path in ("/name", "/attribute"):
            rows.ask("%s, %s" % (path, show(value)), "GET", path, "bad-text", headers=header(value),
                     log="RcIdpNameID" if path == "/name" else ROLE)
        rows.ask("a context, " + show(value), "GET", "/context", "bad-text", headers=header(value))
    for value, right in MAILS:
        if right:
            rows.value("a mail, " + show(value), "/mail", value.partition("\0")[0], headers=header(value))
        else:
            rows.ask("a mail, " + show(value), "GET", "/mail", "bad-text" if right is None else "bad-mail", headers=header(value))
    rows.ask("a mail of nothing", "GET", "/mail", "no-mail", headers=header(""))
    rows.ask("a name of nothing", "GET", "/name", "no-name-id", headers=header(""))

    # Names of users, and bytes that a header may hold.
    for value in USERS:
        rows.value("a user, " + show(value), "/user", value, user=value)
        if not re.search(r"[\s@\x7f]|^$", value):
            rows.value("a user's mail, " + show(value), "/user-mail", value + "@example.com", user=value)
    for value in BAD_USERS:
        rows.ask("a user, " + show(value), "GET", "/user", "bad-text", user=value)
    rows.ask("a user with a space", "GET", "/user-mail", "bad-mail", user="Zoë Müller")
    rows.ask("a user with NUL", "GET", "/user", 401, user=b"alice\0evil", ours=True, also="AH01617: ")
    rows.value("a header in UTF-8", "/raw", "Zoë <&>", headers=[("X-Raw", "Zoë <&>")])
    rows.ask("a header in Latin-1", "GET", "/raw", "bad-text", headers=[("X-Raw", b"Zo\xeb")])
    rows.value("an escaped header", "/escaped", "a\r\n\t<b", headers=[("X-Raw", "a%0D%0A%09%3Cb")])
    rows.ask("an escaped header with NUL", "GET", "/escaped", "no-name-id", headers=[("X-Raw", "a%00b")])
    rows.ask("an escaped header with a control character", "GET", "/escaped", "bad-text", headers=[("X-Raw", "a%1Bb")])

    # What goes into the log from the address.
    rows.ask("a path with a line end", "GET", "/name/" + INJECTED, "not-found", log=r"/name/\\r\\n\[rcidp:info\]")
    rows.ask("a service provider with a line end", "GET", "/name?sp=" + INJECTED, "provider", log=r": \\r\\n\[rcidp:info\]")
    rows.ask("a RelayState with a line end", "GET", "/name?RelayState=" + INJECTED, "relay-state", log=r": \\r\\n\[rcidp:info\]")
    rows.ask("a context with a line end", "GET", "/context", "authn-context", headers=header("urn:x\nRCIDP01: issued"))

rows.judge()
done_testing()
