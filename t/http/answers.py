#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""What a launch answers, row by row: status, headers, page, log line and variables; and which decision comes before which."""
import base64
import html
import http.client
import os
import re
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import idp
import pages
from idp import Idp
from rows import RESULTS, Rows
from tap import done_testing, is_, ok

LAUNCH = """
<Location "%s">
    SetHandler  rcidp-launch
    RcIdpLaunch %s
    RcIdpMail   "%%{REMOTE_USER}@example.com"
    %s
    %s
</Location>
"""
VHOST = (
    LAUNCH % ("/many", "us eu", "RcIdpRelayStateAllow https://app.example.com/a", idp.AUTHENTICATION)
    + LAUNCH % ("/open", "us eu", "", "")
    + LAUNCH % ("/alone", "us", "RcIdpAuthnRequests off", idp.AUTHENTICATION)
    + LAUNCH % ("/granted", "us", "Require all granted", "")
    + LAUNCH % ("/nomail", "us eu", "RcIdpMail %{reqenv:NOTHING}", idp.AUTHENTICATION)
    + LAUNCH % ("/notmail", "us", "RcIdpMail %{REMOTE_USER}", idp.AUTHENTICATION)
    + LAUNCH % ("/noname", "us", "RcIdpNameID unspecified %{reqenv:NOTHING}", idp.AUTHENTICATION)
    + LAUNCH % ("/context", "us", "RcIdpAuthnContext %{HTTP:X-Context}", idp.AUTHENTICATION)
    + LAUNCH % ("/toomuch", "us", 'RcIdpAttribute role %{HTTP:X-Role} "split=,"', idp.AUTHENTICATION)
)
PLAIN = ("RcIdpBaseURL https://localhost\n"
         + LAUNCH % ("/ringcentral", "us", "", idp.AUTHENTICATION)
         + LAUNCH % ("/open", "us", "", "")
         + LAUNCH % ("/behind-a-proxy", "us", "RcIdpRequireTLS off", idp.AUTHENTICATION))

CONTACT = "help&desk@example.com"
NOBODY = {"user": None}
REFUSED = {"user": None, "ours": True}
PLAINLY = {"scheme": "http"}
ALLOWED = "RelayState=https%3A%2F%2Fapp.example.com%2Fa%2Fb%3Fc%26d"
FOREIGN = "RelayState=https://evil.example.com/"


def fetch(dest, site=None, mode=None):
    headers = [("Sec-Fetch-Dest", dest), ("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", mode)]
    return {"headers": [(name, value) for name, value in headers if value]}


def purpose(text, name="Sec-Purpose"):
    return {"headers": [(name, text)]}


TABLE = [
    # All is well.
    ("a launch", "GET", "/ringcentral", "issued", {"log": "issued to us: .* name ID alice@example.com"}),
    ("the one service provider by name", "GET", "/ringcentral?sp=us", "issued", {}),
    ("one of several by name", "GET", "/many?sp=eu", "issued", {"log": "issued to eu:"}),
    ("a name that is encoded", "GET", "/many?%73%70=%75s", "issued", {"log": "issued to us:"}),
    ("other parameters, even twice", "GET", "/many?a=1&a=2&sp=us&b=%25", "issued", {}),
    ("an empty query", "GET", "/ringcentral?", "issued", {}),
    ("a page of its own", "GET", "/ringcentral", "issued", fetch("document")),
    ("a page of its own, from another site", "GET", "/ringcentral", "issued", fetch("document", "cross-site", "navigate")),
    ("a fetch by a script", "GET", "/ringcentral", "issued", fetch("empty")),
    *[("a fetch by a script, %s" % site, "GET", "/ringcentral", "issued", fetch("empty", site, "cors")) for site in ("same-origin", "same-site")],
    ("a page that a service worker hands on", "GET", "/ringcentral", "issued", fetch("empty", "cross-site", "navigate")),
    ("plain HTTP that is allowed", "GET", "/behind-a-proxy", "issued", PLAINLY),
    # The chooser.
    ("the chooser", "GET", "/many", "choose", {}),
    ("the chooser with a RelayState", "GET", "/many?" + ALLOWED, "choose", {}),
    ("the chooser comes before the claims", "GET", "/nomail", "choose", {}),
    # Nobody is signed in.
    ("a path without Require", "GET", "/open?sp=us", "not-protected", {"log": '<Location "/open"> lacks a Require', **NOBODY}),
    ("a path that is granted to all", "GET", "/granted", "not-protected", {"log": '<Location "/granted"> lacks', **NOBODY}),
    ("credentials that nobody asked for", "GET", "/open?sp=us", "not-protected", {}),
    ("no user before a path below", "GET", "/open/below", "not-protected", NOBODY),
    ("no user before a wrong method", "PUT", "/open", "not-protected", NOBODY),
    ("httpd asks for credentials", "GET", "/ringcentral", 401, REFUSED),
    ("also for a path below", "GET", "/ringcentral/below", 401, REFUSED),
    ("also for a wrong method", "DELETE", "/ringcentral", 401, REFUSED),
    ("a wrong password", "GET", "/ringcentral", 401, {"password": "wrong", "ours": True, "also": "AH01617: .*Password Mismatch"}),
    # Plain HTTP.
    ("plain HTTP", "GET", "/ringcentral", "plain-http", PLAINLY),
    ("plain HTTP before credentials", "GET", "/ringcentral", "plain-http", {**PLAINLY, **NOBODY}),
    ("plain HTTP before prefetch", "GET", "/ringcentral", "plain-http", {**PLAINLY, **purpose("prefetch")}),
    ("plain HTTP before a missing Require", "GET", "/open", "plain-http", {**PLAINLY, **NOBODY}),
    ("plain HTTP before a wrong method", "PUT", "/ringcentral", "plain-http", {**PLAINLY, **NOBODY}),
    ("plain HTTP below the path", "GET", "/ringcentral/below", "plain-http", {**PLAINLY, **NOBODY}),
    # What a browser does by itself, and what others make it do.
    ("a prefetch", "GET", "/ringcentral", "prefetch", purpose("prefetch")),
    ("a prerender", "GET", "/ringcentral", "prefetch", purpose("prefetch;prerender")),
    ("a prerender alone", "GET", "/ringcentral", "prefetch", purpose("prerender")),
    ("a prefetch by a proxy", "GET", "/ringcentral", "prefetch", purpose("prefetch;anonymous-client-ip")),
    ("a prefetch, the older name", "GET", "/ringcentral", "prefetch", purpose("prefetch", "Purpose")),
    ("a prefetch before credentials", "GET", "/ringcentral", "prefetch", {**purpose("prefetch"), **NOBODY}),
    ("a prefetch before a wrong method", "PUT", "/ringcentral", "prefetch", purpose("prefetch")),
    *[("as %s" % dest, "GET", "/ringcentral", "frame", fetch(dest))
      for dest in ("iframe", "frame", "embed", "object", "image", "script", "style", "worker", "fencedframe", "document, iframe")],
    ("a frame before credentials", "GET", "/ringcentral", "frame", {**fetch("iframe"), **NOBODY}),
    *[("a fetch by another site's script, %s" % mode, "GET", "/ringcentral", "frame", fetch("empty", "cross-site", mode))
      for mode in ("no-cors", "cors", "websocket", None)],
    ("a POST by another site's script", "POST", "/ringcentral", "frame", {**fetch("empty", "cross-site", "no-cors"), "body": "SAMLRequest=PGEvPg=="}),
    # A page comes whole, or not at all.
    *[("range %s" % name, "GET", "/ringcentral", "issued", {"headers": [("Range", "bytes=" + text)]})
      for name, text in (("the first byte", "0-0"), ("several", "0-1,4-5,9-"), ("the last bytes", "-10"), ("behind the end", "9999999-"))],
    ("the range of a chooser", "GET", "/many", "choose", {"headers": [("Range", "bytes=0-0")]}),
    ("the range of a refusal", "GET", "/ringcentral?sp=uk", "provider", {"headers": [("Range", "bytes=9999999-")]}),
    # The path.
    ("a path below", "GET", "/ringcentral/below", "not-found", {"log": "/ringcentral/below$"}),
    ("a slash at the end", "GET", "/ringcentral/", "not-found", {}),
    ("a slash at the end of the chooser", "GET", "/many/?sp=us", "not-found", {}),
    ("a slash and a dot", "GET", "/ringcentral/.", "not-found", {}),
    ("the path before the method", "PUT", "/ringcentral/below", "not-found", {}),
    ("a path that only begins like it", "GET", "/ringcentralx", 404, {}),
    ("another case", "GET", "/RingCentral", 404, {}),
    # The method.
    *[(method, method, "/ringcentral", "method", {"log": ": %s$" % method})
      for method in ("PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "LOCK", "FOO", "get")],
    ("a wrong method before the parameters", "PUT", "/many?sp=none", "method", {}),
    ("TRACE is httpd's own", "TRACE", "/ringcentral", 200, {}),
    ("POST without a SAMLRequest", "POST", "/ringcentral", "post", {"body": "a=b"}),
    ("POST without anything", "POST", "/ringcentral", "post", {}),
    ("POST with a SAMLRequest in the body", "POST", "/ringcentral", "message", {"body": "SAMLRequest=PGEvPg=="}),
    ("GET with a SAMLRequest", "GET", "/ringcentral?SAMLRequest=fZA", "message", {}),
    ("GET with an empty SAMLRequest", "GET", "/ringcentral?SAMLRequest", "message", {}),
    ("POST with a SAMLRequest in the query", "POST", "/ringcentral?SAMLRequest=fZA", "parameter", {"body": "a=b"}),
    ("POST with a SAMLRequest where none is taken", "POST", "/alone", "authn-request", {"body": "SAMLRequest=PGEvPg=="}),
    ("GET with a SAMLRequest where none is taken", "GET", "/alone?SAMLRequest=fZA", "authn-request", {}),
    # The parameters.
    ("an unknown service provider", "GET", "/many?sp=uk", "provider", {"log": ": uk$"}),
    ("another case of its name", "GET", "/many?sp=US", "provider", {}),
    ("an empty name", "GET", "/many?sp=", "provider", {}),
    ("a parameter without a value", "GET", "/many?sp", "provider", {}),
    ("a name with markup", "GET", "/many?sp=%3Cscript%3E", "provider", {}),
    ("a name and more", "GET", "/many?sp=us%20", "provider", {}),
    ("sp twice", "GET", "/many?sp=us&sp=eu", "parameter", {"log": "sp stands twice"}),
    ("sp twice, the same", "GET", "/ringcentral?sp=us&sp=us", "parameter", {}),
    ("sp twice, one encoded", "GET", "/many?sp=us&%73p=us", "parameter", {}),
    ("RelayState twice", "GET", "/many?sp=us&%s&%s" % (ALLOWED, ALLOWED), "parameter", {"log": "RelayState stands twice"}),
    ("SAMLRequest twice", "GET", "/many?SAMLRequest=a&SAMLRequest=b", "parameter", {}),
    ("a value that is badly encoded", "GET", "/many?sp=%zz", "parameter", {"log": "badly encoded"}),
    ("a name that is badly encoded", "GET", "/many?%=1", "parameter", {}),
    ("a value with NUL", "GET", "/many?sp=us%00", "parameter", {}),
    ("a RelayState where none is allowed", "GET", "/ringcentral?" + FOREIGN, "relay-state", {}),
    ("a RelayState that is not allowed", "GET", "/many?sp=us&" + FOREIGN, "relay-state", {"log": ": https://evil"}),
    ("a RelayState before an unknown sp", "GET", "/many?sp=uk&" + FOREIGN, "relay-state", {}),
    ("a RelayState before the chooser", "GET", "/many?" + FOREIGN, "relay-state", {}),
    ("an unknown sp before the claims", "GET", "/nomail?sp=uk", "provider", {}),
    # The claims.
    ("no mail", "GET", "/nomail?sp=us", "no-mail", {}),
    ("a mail that is no address", "GET", "/notmail", "bad-mail", {"log": "RcIdpMail"}),
    ("no name ID", "GET", "/noname", "no-name-id", {}),
    ("a context that is no URI", "GET", "/context", "authn-context", {"headers": [("X-Context", "high")]}),
    ("a context that is empty", "GET", "/context", "authn-context", {}),
    ("a context", "GET", "/context", "issued", {"headers": [("X-Context", "urn:x:y")], "log": "AuthnContext urn:x:y$"}),
    ("a claim that is too large", "GET", "/toomuch", "evaluation", {"headers": [("X-Role", ",a" * 5000)], "also": "RCIDP42: .* over 4096 values"}),
]


def links(page):
    """The links of a page: (text, href)."""
    return [(html.unescape(text), html.unescape(href)) for href, text in re.findall(r'<a href="([^"]*)">([^<]*)</a>', page)]


def choose(server):
    """The chooser's links launch what they say, and keep the RelayState."""
    titles = ["RingCentral (United States, Canada)", "RingCentral (Europe)"]
    for query, relay_states in (("", [idp.PROVIDERS[name][2] for name in ("us", "eu")]),
                                ("?" + ALLOWED, ["https://app.example.com/a/b?c&d"] * 2)):
        answer = server.get("/many" + query)
        found = links(answer.text)
        is_([text for text, _ in found if "@" not in text], titles, "/many%s: the chooser offers each" % query)
        for (_, href), relay_state, name in zip(found, relay_states, ("us", "eu")):
            post = server.launch(urllib.parse.urljoin("/many" + query, href))
            is_((post.action, post.relay_state), (idp.PROVIDERS[name][1], relay_state), "/many%s: its link %s launches" % (query, href))


def again(server, name, method, path, headers=(), body=None, user="alice", scheme="https", **_):
    """Two requests on one connection: after the row's own, a launch is answered as if nothing had been, or none is."""
    client = server.client(scheme=scheme)

    def ask(connection, method, path, headers, body=None, user="alice"):
        lines = ["%s %s HTTP/1.1" % (method, path), "Host: localhost", *("%s: %s" % pair for pair in headers)]
        if user:
            lines.append("Authorization: Basic " + base64.b64encode((user + ":secret").encode()).decode())
        if body is not None:
            lines.append("Content-Length: %d" % len(body))
        connection.sendall("\r\n".join([*lines, "", body or ""]).encode())
        response = http.client.HTTPResponse(connection, method=method)
        response.begin()
        return response.status, response.read(), (response.getheader("Connection") or "").lower()

    launch = "/ringcentral" if scheme == "https" else "/behind-a-proxy"
    with client.connect() as connection:
        status, _, said = ask(connection, method, path, headers, body, user)
        if said == "close":
            # What httpd does after these; then nothing may follow.
            is_((status in (400, 500), connection.recv(1)), (True, b""), "%s: after %d the connection ends" % (name, status))
            return
        status, page, _ = ask(connection, "GET", launch, [])
        is_((status, b"SAMLResponse" in page), (200, True), name + ": the next request on the connection")


rows = Rows()
with Idp(server=rows.CONFIGURATION + "LimitRequestFieldSize 65536\nRcIdpContact " + CONTACT, vhost=VHOST,
         plain=PLAIN) as server:
    rows.serve(server)
    server.expect("RCIDP87: .* this virtual host has no SSLEngine on")
    for name, method, path, result, options in TABLE:
        answer = rows.ask(name, method, path, result, **options)
        if answer.status >= 400 and pages.is_ours(answer):
            is_(links(answer.text), [(CONTACT, "mailto:" + CONTACT)], name + ": whom to ask")
        if result == "method":
            is_(answer.all("Allow"), ["GET, HEAD, POST"], name + ": Allow")
        is_(bool(answer.header("WWW-Authenticate")), answer.status == 401, name + ": asked for credentials only by 401")
    choose(server)
    for name, method, path, result, options in TABLE:
        if result in RESULTS and options.get("password") is None:
            again(server, name, method, path, **options)
    again(server, "a POST of 1 MiB", "POST", "/ringcentral", body="a" * 1048576)
    again(server, "a POST of 1 MiB, over plain HTTP", "POST", "/ringcentral", body="a" * 1048576, scheme="http")

rows.judge()
done_testing()
