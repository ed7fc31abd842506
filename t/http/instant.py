#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""The time of the sign-in: where it comes from, how old it may be, and where users are led who signed in too long ago."""
import calendar
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import form
import idp
import verify
from idp import Idp
from rows import Rows
from tap import done_testing, is_, ok

SECTION = """
<Location "%s">
    SetHandler  rcidp-launch
    RcIdpLaunch us %s
    RcIdpMail   "%%{REMOTE_USER}@example.com"
    RcIdpAuthnInstant %%{HTTP:X-Instant}
    %s
    %s
</Location>
"""
PATHS = {
    "/instant": "",
    "/skew": "RcIdpClockSkew 600",
    "/age": "RcIdpAuthnMaxAge 100",
    "/again": "RcIdpAuthnMaxAge 100 /sign-in?a=b&c",
    "/away": "RcIdpAuthnMaxAge 100 https://login.example.com/?a=%{HTTP:X-Again}",
    "/asked": 'RcIdpAuthnMaxAge 100 "%{unescape:%{HTTP:X-Again}}" s/^none$//',
    "/session": "RcIdpSessionLifetime 100",
    "/both": "RcIdpSessionLifetime 100\nRcIdpAuthnMaxAge 50",
    "/chooser": "RcIdpAuthnMaxAge 100",
    "/nomail": "RcIdpAuthnMaxAge 100\nRcIdpMail %{reqenv:NOTHING}",
}
NOW = int(time.time())
DAY = 86400


def iso(seconds, form="%Y-%m-%dT%H:%M:%SZ"):
    return time.strftime(form, time.gmtime(seconds))


def seconds(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


# Path, what is said of the sign-in, the result, and the seconds that lie between sign-in and launch; None: not looked at.
TABLE = [
    ("/instant", None, "issued", 0),
    ("/instant", str(NOW - 50), "issued", 50),
    ("/instant", iso(NOW - 50), "issued", 50),
    ("/instant", iso(NOW - 50, "%Y-%m-%dT%H:%M:%S.987654Z"), "issued", 50),
    ("/instant", str(NOW - 30 * DAY), "issued", 30 * DAY),
    ("/instant", "0", "issued", NOW),
    # A clock that is a little ahead is none that has been.
    ("/instant", str(NOW + 30), "issued", 0),
    ("/instant", str(NOW + 300), "authn-instant", None),
    ("/instant", iso(NOW + 300), "authn-instant", None),
    ("/skew", str(NOW + 300), "issued", 0),
    *[("/instant", text, "authn-instant", None) for text in (
        "yesterday", "-5", "+5", "1e9", "0x10", "1.5", "123456789012", "99999999999999999999", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00+01:00", "2026-01-01 00:00:00Z", "2026-01-01", "1969-12-31T23:59:59Z",
        "2026-1-1T00:00:00Z", "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00.Z")],
    # How old it may be.
    ("/age", None, "issued", 0),
    ("/age", str(NOW - 50), "issued", 50),
    ("/age", str(NOW - 200), "too-old", None),
    ("/age", iso(NOW - 200), "too-old", None),
    ("/again", str(NOW - 50), "issued", 50),
    ("/session", str(NOW - 50), "issued", 50),
    ("/session", str(NOW - 200), "too-old", None),
    ("/both", str(NOW - 20), "issued", 20),
    ("/both", str(NOW - 80), "too-old", None),
    ("/chooser", str(NOW - 200), "choose", None),
    ("/nomail", str(NOW - 200), "too-old", None),
    ("/nomail", str(NOW - 50), "no-mail", None),
]
# Path, what X-Again says, where that leads; or the word of a refusal.
AGAIN = [
    ("/again", "", "/sign-in?a=b&c"),
    ("/away", "x", "https://login.example.com/?a=x"),
    ("/asked", "/sign-in", "/sign-in"),
    ("/asked", "https://login.example.com/", "https://login.example.com/"),
    ("/asked", "none", "too-old"),
    ("/asked", "", "too-old"),
    *[("/asked", url, "evaluation") for url in (
        "sign-in", "//evil.example.com/", "/\\evil.example.com/", "\\\\evil.example.com", "http://login.example.com/", "javascript:alert(1)",
        "https://user@login.example.com/", "https:///x", "/a b", "/a\"b", "/<b>", "/é", "/a`b", "/{a}", "/a%0d%0aSet-Cookie:%20a=b", "/a%09b", "?a", "#a")],
    ("/asked", "/a%01b", "bad-text"),
]

rows = Rows()
with Idp(server=rows.CONFIGURATION, vhost="".join(SECTION % (path, "eu" if path == "/chooser" else "", text, idp.AUTHENTICATION)
                                                 for path, text in PATHS.items())) as server:
    rows.serve(server)
    for path, text, result, age in TABLE:
        name = "%s, signed in %s" % (path, text)
        answer = rows.ask(name, "GET", path, result, headers=[("X-Instant", text)] if text is not None else [])
        if age is not None:
            fields = verify.fields(form.auto_post(answer.text).xml)
            instant, issue = seconds(fields.statement.get("AuthnInstant")), seconds(fields.issue_instant)
            # The launch is some seconds later than NOW.
            ok(instant == (issue if age == 0 else NOW - age), name + ": AuthnInstant", fields.statement.attrib, fields.issue_instant)
            ending = fields.statement.get("SessionNotOnOrAfter")
            is_(ending and seconds(ending) - instant, 100 if path in ("/session", "/both") else None, name + ": SessionNotOnOrAfter")
    for path, url, wanted in AGAIN:
        led = wanted not in ("too-old", "evaluation", "bad-text")
        answer = rows.ask("%s, again at %r" % (path, url), "GET", path, "sign-in-again" if led else wanted, ours=not led,
                          headers=[("X-Instant", str(NOW - 200)), ("X-Again", url)])
        is_(answer.header("Location"), wanted if led else None, "%s, again at %r: Location" % (path, url))
        if led:
            is_(answer.header("Cache-Control"), "no-store", "%s, again at %r: is not kept" % (path, url))
rows.judge()
done_testing()
