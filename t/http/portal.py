#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""The portal: which tiles which user gets, signed in by Basic, Digest, Kerberos or a form; what it refuses; and that
looking a launch up for a user lets nobody in."""
import hashlib
import html
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import curl
import example
import idp
import kdc
import pages
from idp import Idp
from rows import Rows
from snippets import file
from tap import done_testing, is_, like, ok

MODULES = ["auth_digest", "auth_gssapi", "auth_form", "session", "session_cookie", "session_crypto", "request", "rewrite",
           "include", "filter"]
example.needs("mod_auth_gssapi, mod_auth_digest, mod_auth_form and their kin", *map(example.module, MODULES))
example.needs(kdc.PACKAGES, kdc.is_installed())

HOSTILE = "\"><script>alert(1)</script> ü&#65; '$1 %s"
REALM = "Digest & Co."
BASIC = idp.AUTHENTICATION.replace("Require valid-user", "")
# How one signs in, by the name of the first part of a path.
WAYS = {
    "basic": BASIC,
    "digest": 'AuthType Digest\nAuthName "%s"\nAuthDigestProvider file\nAuthUserFile "${folder}/digest"\n' % REALM,
    "kerberos": "AuthType GSSAPI\nAuthName Kerberos\nGssapiCredStore keytab:${folder}/http.keytab\nGssapiLocalName On\n",
    "form": ('AuthType form\nAuthName Form\nAuthFormProvider file\nAuthUserFile "${folder}/users"\nSession On\n'
             "SessionCookieName session path=/form\nSessionCryptoPassphrase secret\nAuthFormLoginSuccessLocation /form/portal\n"),
}
LAUNCH = '<Location "%s">\nSetHandler rcidp-launch\nRcIdpLaunch %s\nRcIdpMail "%%{REMOTE_USER}@example.com"\n%s\n</Location>\n'
PORTAL = '<Location "%s">\nSetHandler rcidp-portal\n%s\n</Location>\n'


def way(name, sections):
    """A portal and two launches of one way to sign in: alice may use both, bob the second alone."""
    return (PORTAL % ("/%s/portal" % name, WAYS[name] + "Require valid-user")
            + LAUNCH % ("/%s/one" % name, "us", WAYS[name] + "Require user alice")
            + LAUNCH % ("/%s/two" % name, "au", WAYS[name] + "Require valid-user") + sections)


LINKS = """
RcIdpPortalLink "My phone" /many sp=us relaystate=https://app.example.com/phone?a=1&b=2 icon="${folder}/icon.gif"
RcIdpPortalLink %s /alone relaystate=https://app.example.com/alone
""" % ('"%s"' % HOSTILE.replace('"', '\\"'))
VHOST = (
    LAUNCH % ("/many", "us eu bad", BASIC + "RcIdpRelayStateAllow https://app.example.com/phone\nRequire valid-user")
    + LAUNCH % ("/alone", "us", BASIC + "RcIdpRelayStateAllow https://app.example.com\nRequire user bob")
    + LAUNCH % ("/same", "eu", BASIC + "Require expr %{REMOTE_USER} == 'alice'")
    + LAUNCH % ("/realm", "uk", BASIC.replace("Example Inc.", "Another") + "Require valid-user")
    + PORTAL % ("/portal", BASIC + LINKS + "Require valid-user")
    + PORTAL % ("/portal/open", "AuthMerging Off\nRequire all granted")
    + PORTAL % ("/closed", BASIC + "AuthzSendForbiddenOnFailure On\nRequire user nobody")
    + "".join(way(name, "") for name in WAYS)
    + '<Location "/error">\nErrorDocument 403 /portal\nRequire all denied\n</Location>\n'
    + '<Location "/include.shtml">\n%s\nRequire valid-user\nOptions +Includes\nSetOutputFilter INCLUDES\n</Location>\n' % BASIC)
SERVER = """
RcIdpServiceProvider bad entityid=urn:x:bad acs=https://bad.example.com/ title="%s" icon="%s"
RcIdpServiceProvider au title="Down under"
RcIdpContact help@example.com
""" % (HOSTILE.replace('"', '\\"'), file("icon.gif", b"GIF89aicon"))
EMPTY = PORTAL % ("/portal", BASIC + "Require valid-user") + LAUNCH % ("/one", "us", BASIC + "Require user alice")
PLAIN = "RcIdpBaseURL https://localhost\n" + EMPTY + PORTAL % ("/off", BASIC + "RcIdpRequireTLS off\nRequire valid-user")
US, EU = "RingCentral (United States, Canada)", "RingCentral (Europe)"
ASKS = "Asks you to sign in"


class Portal(Idp):
    """An identity provider whose libraries see the KDC."""

    environment = {}

    def _environment(self):
        return {**super()._environment(), **self.environment}


def tiles(answer):
    """What a portal offers: (title, href, notes)."""
    found = []
    for href, inside in re.findall(r'<li><a href="([^"]*)">(.*?)</a></li>', answer.text):
        title, *notes = re.findall(r"<span>([^<]*)|<small>([^<]*)</small>", inside)
        found.append((html.unescape(title[0]).strip(), html.unescape(href), [html.unescape(note[1]) for note in notes]))
    return found


def about(found, *paths):
    """Of these tiles, those of paths that begin so: their hrefs."""
    return [href for _, href, _ in found if href.startswith(paths)]


def asked(found):
    """The paths of the tiles that ask for another sign-in."""
    return {href.partition("?")[0] for _, href, notes in found if ASKS in notes}


def check_basic(server):
    found = [tile for tile in tiles(rows.ask("alice's portal", "GET", "/portal", "portal")) if tile[1] != "/ringcentral"]
    is_([tile for tile in found if ASKS not in tile[2]], [
        (US, "/many?sp=us", ["/many?sp=us"]), (EU, "/many?sp=eu", ["/many?sp=eu"]),
        (HOSTILE, "/many?sp=bad", []),
        ("My phone", "/many?sp=us&RelayState=https%3a%2f%2fapp.example.com%2fphone%3fa%3d1%26b%3d2", []),
        (EU, "/same", ["/same"]), (US, "/basic/one", ["/basic/one"]), ("Down under", "/basic/two", ["/basic/two"])], "alice: her tiles, in the order of the configuration")
    found_by_bob = tiles(rows.ask("bob's portal", "GET", "/portal", "portal", user="bob"))
    is_(about(found_by_bob, "/alone", "/same"), ["/alone", "/alone?RelayState=https%3a%2f%2fapp.example.com%2falone"],
        "bob: another launch, and its link")
    is_(asked(found), {"/realm", *["/%s/%s" % (name, n) for name in WAYS if name != "basic" for n in ("one", "two")]},
        "alice: launches of another realm or another kind of sign-in say so")
    for title, href, notes in found:
        if ASKS not in notes and "bad" not in href:
            post = server.launch(href)
            ok(post, "%s: the tile %s launches" % (title, href))
            if "phone" in href:
                is_(post.relay_state, 'https://app.example.com/phone?a=1&b=2', "the link leads where it says")
    answer = server.get("/portal", headers=[("Accept-Language", "ja")])
    like(answer.text, '<html lang="ja">', "a Japanese browser gets Japanese")
    is_(answer.header("Content-Language"), "ja", "and is told so")
    answer = server.get("/portal")
    is_((answer.text.count("<script"), answer.text.count("GIF"), answer.text.count("data:image/gif;base64,")), (0, 0, 2),
        "titles add no script, icons stand in the page")
    ok(len(answer.body) < 30 * 1024, "it has less than 30 KiB: %d" % len(answer.body))
    like(answer.text, "Signed in as alice", "it says who is signed in")


def check_way(server, name, answers):
    """ANSWERS: user -> what the portal answered."""
    own = "/%s/" % name
    for user, wanted in (("alice", ["one", "two"]), ("bob", ["two"])):
        answer = answers[user]
        is_(answer.status, 200, "%s, %s: the portal opens" % (name, user))
        ok(not pages.problems(answer), "%s, %s: as a page of ours" % (name, user), *pages.problems(answer))
        found = tiles(answer)
        is_(about(found, own), [own + path for path in wanted], "%s, %s: the tiles" % (name, user))
        ok(not any(path.startswith(own) for path in asked(found)), "%s, %s: which ask for no other sign-in" % (name, user))
        ok({"/realm", "/many"} - ({"/many"} if name == "basic" else set()) <= asked(found), "%s, %s: others do" % (name, user), found)


def check_form(server):
    """The cookie is the credential."""
    answers = {}
    for user in ("alice", "bob"):
        signed_in = server.client().post("/form/portal", {"httpd_username": user, "httpd_password": "secret"})
        cookie = signed_in.header("Set-Cookie").partition(";")[0]
        answers[user] = server.get("/form/portal", user=None, headers=[("Cookie", cookie)])
    check_way(server, "form", answers)


def check_curl(server, name, arguments):
    check_way(server, name, {user: curl.get("https://localhost/%s/portal" % name, server.port, *extra, env=env)
                             for user, (extra, env) in arguments.items()})


def check_launches(server):
    """What was looked up lets nobody in: the launches ask for themselves."""
    server.expect('AH01631: user bob: authorization failure for "/basic/one"', count=1)
    server.expect(r"AH01629: authorization failure \(no authenticated user\): /same", count=1)
    for path, user, status in (("/basic/one", "bob", 401), ("/same", "bob", 401), ("/digest/one", None, 401), ("/kerberos/one", None, 401)):
        answer = server.get(path, user=user)
        is_((answer.status, pages.issued(answer)), (status, False), "%s as %s: refused" % (path, user))


def check_refusals(server):
    ask = rows.ask
    ask("nobody", "GET", "/portal", 401, user=None, ours=True)
    ask("a path that is open to all", "GET", "/portal/open", "not-protected", user=None, log="the portal /portal/open lacks a Require")
    ask("who may not", "GET", "/closed", "denied", also="AH01631: user alice")
    ask("plain HTTP", "GET", "/portal", "plain-http", scheme="http")
    ask("plain HTTP before credentials", "GET", "/portal", "plain-http", scheme="http", user=None)
    ask("plain HTTP that is allowed", "GET", "/off", "portal", scheme="http")
    ask("a prefetch", "GET", "/portal", "prefetch", headers=[("Sec-Purpose", "prefetch")], user=None)
    ask("a frame", "GET", "/portal", "frame", headers=[("Sec-Fetch-Dest", "iframe")], user=None)
    ask("a slash at the end", "GET", "/portal/", "not-found")
    ask("a path below", "GET", "/portal/below", "not-found")
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        answer = ask(method, method, "/portal", "method")
        is_(answer.all("Allow"), ["GET, HEAD"], method + ": what is allowed")
    server.expect("AH01630: client denied by server configuration")
    server.expect("RCIDP20: ")
    answer = server.get("/error", user=None)
    is_((answer.status, pages.is_ours(answer)), (403, False), "as the document of an error: not shown")
    server.expect('unable to include "/portal" in parsed file')
    is_(server.get("/include.shtml").text.strip(), "[]", "by a subrequest: not shown")
    ask("parameters change nothing", "GET", "/portal?sp=us&sp=eu&RelayState=x&SAMLRequest=y", "portal")


rows = Rows()
with kdc.Kdc("EXAMPLE.COM") as realms:
    server = Portal(server=rows.CONFIGURATION + SERVER, vhost=VHOST, plain=PLAIN, modules=MODULES)
    server.environment = realms.environment
    with open(realms.keytab("HTTP/localhost"), "rb") as keytab:
        server.write("http.keytab", keytab.read())
    server.write("icon.gif", b"GIF89alink")
    server.write("docs/include.shtml", '[<!--#config errmsg="" --><!--#include virtual="/portal" -->]\n')
    server.write("digest", "".join("%s:%s:%s\n" % (user, REALM, hashlib.md5(("%s:%s:secret" % (user, REALM)).encode()).hexdigest())
                                   for user in ("alice", "bob")))
    tickets = {user: realms.sign_in(realms.user(user)) for user in ("alice", "bob")}
    with server:
        rows.serve(server)
        server.expect("RCIDP87: .* this virtual host has no SSLEngine on")
        check_basic(server)
        check_way(server, "basic", {user: server.get("/basic/portal", user=user) for user in ("alice", "bob")})
        check_curl(server, "digest", {user: (["--digest", "--user", user + ":secret"], None) for user in tickets})
        check_curl(server, "kerberos", {user: (["--negotiate", "-u", ":"], env) for user, env in tickets.items()})
        check_form(server)
        check_refusals(server)
        check_launches(server)
        server.expect("RCIDP21: ")
        is_(tiles(server.get("/off", user="bob", scheme="http")), [], "bob, on a server with nothing for him: no tiles")
        like(pages.sentence(server.get("/off", user="bob", scheme="http")), r"No service is assigned to your account\.", "and a word about it")
rows.judge()
done_testing()
