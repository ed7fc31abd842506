#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""The test page: each check passed and not, where each claim comes from, and that nothing that it gives away is of use to anybody.

The judges of what is given away: xmlsec1, the schemas of OASIS, mod_auth_mellon, which accepts the launch beside it.
"""
import base64
import hashlib
import html
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import curl
import idp
import pages
import verify
from httpd import poll
from idp import Idp
from mellon import Mellon
from rows import Rows
from tap import done_testing, is_, like, ok, unlike

ROLE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
LAUNCH = """
<Location "%(path)s">
    SetHandler  rcidp-launch
    RcIdpLaunch %(sp)s
    RcIdpMail   "%%{REMOTE_USER}@example.com"
    %(launch)s
</Location>
<Location "%(path)s/test">
    SetHandler  rcidp-test
    %(test)s
</Location>
"""
TITLES = {
    "claims": "Name and attributes", "lasso": "Second opinion by Lasso", "require": "Sign-in at the launch", "certificate": "Certificate",
    "case": "E-mail address in lower case", "wanted": "Attributes that are asked for", "relay": "RelayState", "clock": "Clock of this server",
    "lifetime": "Lifetimes", "entity": "Entity ID", "address": "Address of this server", "metadata": "Metadata", "tls": "TLS demanded",
    "key": "Private key", "sha1": "No SHA-1"}
# Kernel and Lasso are asked by these functions alone, so each can be made to say what a test needs.
PRELOAD = """
#include <sys/timex.h>
int adjtimex(struct timex *clock) { clock->status = %(status)s; return %(state)s; }
%(lasso)s
"""
REFUSAL = "int lasso_login_accept_sso(void *login) { (void)login; return -1; }"


class Preloaded(Idp):
    """An identity provider whose kernel says STATE (of adjtimex) and STATUS, and whose Lasso says no if it is told to."""

    def __init__(self, state="TIME_OK", status="0", lasso="", **options):
        super().__init__(**options)
        self.write("preload.c", PRELOAD % {"state": state, "status": status, "lasso": lasso})
        subprocess.run(["cc", "-shared", "-fPIC", "-o", self.path("preload.so"), self.path("preload.c")], check=True)
        os.chmod(self.path("preload.so"), 0o755)

    def _environment(self):
        environment = super()._environment()
        environment["LD_PRELOAD"] = " ".join(filter(None, [environment.get("LD_PRELOAD"), self.path("preload.so")]))
        return environment


def pair(path, sp="us", launch="", test="", protected=True):
    return LAUNCH % {"path": path, "sp": sp, "launch": launch + "\n" + (idp.AUTHENTICATION if protected else ""), "test": test}


def checks(text):
    """title -> (verdict, sentence)"""
    found = {}
    for verdict, title, rest in re.findall(r'<li class="\w+"><b>([^<]*)</b> <strong>([^<]*)</strong>(.*?)</li>', text):
        found[html.unescape(title)] = (verdict, html.unescape(re.sub("<[^>]*>", "", rest)))
    return found


def shown(text):
    """The Response on a page."""
    return html.unescape(re.search(r"<pre [^>]*>(.*?)</pre>", text, re.S).group(1))


def line(text, label):
    """What a line of that label says, without markup."""
    found = re.search(r"<dt>%s</dt>\n<dd>(.*?)</dd>" % re.escape(html.escape(label)), text, re.S)
    return [html.unescape(re.sub("<[^>]*>", "", part)) for part in re.findall(r"<(?:code|time|small|i)\b[^>]*>.*?</(?:code|time|small|i)>", found.group(1))] \
        if found else None


def judge(server, path, what, **wanted):
    """Every check of a page: those in WANTED as (verdict, pattern of the sentence), the others passed."""
    answer = server.get(path)
    found = pages.problems(answer)
    is_((answer.status, found), (200, []), what + ": a page of ours")
    verdicts = checks(answer.text)
    is_(sorted(verdicts), sorted(TITLES.values()), what + ": has every check")
    for key, title in TITLES.items():
        verdict, pattern = wanted.get(key, ("Passed", "^$"))
        is_(verdicts.get(title, ("", ""))[0], verdict, "%s: %s" % (what, title))
        like(verdicts.get(title, ("", ""))[1], pattern, "%s: %s: its sentence" % (what, title))
    return answer


def of_no_use(server, xml, real, what):
    """Nobody can use the document, as a whole or in parts, and it is none of the real ones."""
    fields = verify.Fields(xml)
    is_((fields.audiences, fields.destination, fields.confirmation_data["Recipient"]),
        (["urn:rcidp:test:nobody"], "https://nobody.invalid/", "https://nobody.invalid/"), what + ": for nobody, nowhere")
    for element in verify.signatures(xml):
        ok(verify.signature(xml, element, server.pair.cert), "%s: xmlsec1 refuses the signature of the %s" % (what, element))
    is_(set(re.findall(rb"<ds:SignatureValue>([^<]*)</ds:SignatureValue>", xml)), {b"removed+by+the+test+page"}, what + ": no signature is left")
    unlike(xml.decode(), "|".join(re.escape(value) for value in real), what + ": nothing of a real Response")


def what_is_given_away(server, sp):
    """The real launch is accepted, and what the page gives away is not."""
    post = server.launch("/ringcentral?sp=us")
    ok(sp.accept(post.encoded, post.relay_state).accepted, "the launch is accepted")
    real = [sp.acs] + re.findall(r"<ds:SignatureValue>\s*(\S+)", post.xml.decode())
    file = server.get("/ringcentral/test?download=response")
    is_((file.status, file.header("Content-Type"), file.header("Content-Disposition"), file.header("Cache-Control")),
        (200, "application/xml", 'attachment; filename="test-response.xml"', "no-store"), "the Response is a file")
    problem = verify.schema(file.body)
    ok(not problem, "the Response keeps to the schema", problem)
    is_(verify.signatures(file.body), ["Response", "Assertion"], "its signatures have their form")
    of_no_use(server, file.body, real, "the file")
    ok(not sp.accept(base64.b64encode(file.body).decode(), post.relay_state).accepted, "mod_auth_mellon refuses the file")
    patched = file.body.replace(b"https://nobody.invalid/", post.action.encode()).replace(b"urn:rcidp:test:nobody", b"https://sso.ringcentral.com")
    ok(not sp.accept(base64.b64encode(patched).decode(), post.relay_state).accepted, "and with its addresses put right, too")
    page = server.get("/ringcentral/test")
    of_no_use(server, shown(page.text).encode(), real, "the page")
    unlike(page.text, "SAMLResponse|<form", "the page has no form that posts one")
    ids = re.findall(r'ID="(_\w+)"', shown(page.text))
    ok(len(ids) == 2 and not set(ids) & {verify.Fields(post.xml).id, verify.Fields(file.body).id}, "each document has IDs of its own")
    for text in re.findall(r"[A-Za-z0-9+/]{200,}", page.text):
        ok(False, "no long base64 is in the page", text)
    metadata = server.get("/ringcentral/test?download=metadata")
    is_((metadata.status, metadata.body), (200, server.metadata()), "the metadata is the one that is published")
    is_(metadata.header("Content-Disposition"), 'attachment; filename="idp-metadata.xml"', "as a file")


def sources(server):
    """What each claim is, and where it comes from."""
    path = server.path("httpd.conf")
    with open(path) as file:
        lines = file.read().splitlines()
    text = server.get("/claims/test?sp=us").text

    def place(what):
        return "%s:%d" % (path, next(i for i, found in enumerate(lines, 1) if what in found and "X-Claims" not in found))
    is_(line(text, "Signed in as"), ["alice"], "who")
    is_(line(text, "Recognized by"), ["Basic"], "by what")
    is_(line(text, "NameID")[0], "alice@example.com", "the name ID")
    like(line(text, "NameID")[2], r'^RcIdpMail "%\{REMOTE_USER\}@example\.com" .*/httpd\.conf:\d+$', "comes from RcIdpMail")
    groups = line(text, "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups")
    is_(groups, ["<b>a&b</b>", "\"c'", 'RcIdpAttribute "<b>a&b</b>;\\"c\'" "split=;" ' + place("RcIdpAttribute groups")],
        "an attribute has its values, its expression and its place")
    is_(line(text, ROLE)[0], "nothing", "an attribute without a value")
    is_(line(text, "number"), None, "one that is none is not there")
    is_(line(text, "AuthnContext"), ["urn:x:context", "RcIdpAuthnContext " + place("RcIdpAuthnContext")], "the context by its directive")
    is_(line(text, "AuthnInstant")[:1] + [line(text, "AuthnInstant")[1].split(" /")[0]],
        ["2026-01-02T03:04:05Z", "RcIdpAuthnInstant 2026-01-02T03:04:05Z"], "the time of the sign-in")
    is_(line(text, "Session ends"), ["2026-12-28T03:04:05Z"], "the end of the session")
    is_((line(text, "ACS"), line(text, "Audience"), line(text, "RelayState")), tuple([value] for value in (idp.PROVIDERS["us"][1],
        idp.PROVIDERS["us"][0], idp.PROVIDERS["us"][2])), "the addresses")
    is_(line(text, "Signed"), ["Assertion"], "what is signed")
    is_(line(text, "Algorithm")[0], "rsa-sha256", "by what")
    fingerprint = certs.openssl("x509", "-in", server.pair.cert, "-noout", "-fingerprint", "-sha256")
    is_(line(text, "Certificate (SHA-256)"), [fingerprint.strip().rpartition("=")[2].replace(":", "").lower()], "with which certificate")
    like(line(text, "Certificate valid until")[1], r"^days left: \d+$", "for how long")
    text = server.get("/claims/test?sp=eu").text
    is_(line(text, "RelayState"), [idp.PROVIDERS["eu"][2]], "?sp= picks another")
    like(text, r'<a class="button" href="/claims\?sp=eu">', "whose launch the button opens")
    like(text, r'<a href="\?sp=us">RingCentral \(United', "with a link to the first")
    text = server.get("/context/test").text
    like(line(text, "AuthnContext")[0], "PasswordProtectedTransport$", "a context that is automatic")
    is_(line(text, "AuthnContext")[1:], ["by how you signed in", "RcIdpAuthnContext auto"], "says so")
    is_(line(text, "AuthnInstant")[1:], ["the time of the launch, since nothing tells when you signed in"], "so does the time of the sign-in")
    text = server.get("/random/test").text
    is_(line(text, "NameID")[2], "random, another one each time", "a transient name ID")
    for tag, word in (("de", "Prüfungen"), ("fr", "Vérifications"), ("es", "Comprobaciones"), ("ja", "確認項目")):
        answer = server.get("/claims/test", headers=[("Accept-Language", tag)])
        ok(word in html.unescape(answer.text) and not pages.problems(answer), "in " + tag, answer.text[-500:])
        ok(len(answer.body) < 30720, "%s: under 30 KiB (%d)" % (tag, len(answer.body)))


CLAIMS = r"""
    RcIdpSign assertion
    RcIdpAttribute groups "<b>a&b</b>;\"c'" "split=;"
    RcIdpAttribute role %{reqenv:NOTHING}
    RcIdpAttribute number none
    RcIdpAuthnContext urn:x:context
    RcIdpAuthnInstant 2026-01-02T03:04:05Z
    RcIdpSessionLifetime 31104000
"""
ADMIN = 'Require user alice'
PATHS = (
    pair("/claims", "us eu", CLAIMS)
    + pair("/context") + pair("/random", launch="RcIdpNameID transient")
    + pair("/nomail", launch="RcIdpMail %{reqenv:NOTHING}") + pair("/notmail", launch="RcIdpMail %{REMOTE_USER}")
    + pair("/noname", launch="RcIdpNameID unspecified %{reqenv:NOTHING}") + pair("/badname", launch="RcIdpNameID email <&>")
    + pair("/context-not", launch="RcIdpAuthnContext %{REMOTE_USER}") + pair("/instant-not", launch="RcIdpAuthnInstant %{req:X-Nothing}tomorrow")
    + pair("/old", launch="RcIdpAuthnInstant 2026-01-02T03:04:05Z\nRcIdpAuthnMaxAge 60")
    + pair("/text", launch="RcIdpAttribute role %{HTTP:X-Role}")
    + pair("/long", launch="RcIdpAssertionLifetime 601") + pair("/short", launch="RcIdpAssertionLifetime 59")
    + pair("/skew", launch="RcIdpClockSkew 9") + pair("/no-state", launch="RcIdpRelayState none")
    + pair("/no-tls", launch="RcIdpRequireTLS off") + pair("/capitals", launch="RcIdpMail Alice@example.com")
    + pair("/capital-name", launch="RcIdpNameID email Alice@example.com") + pair("/weak", "weak")
    + pair("/open", test=idp.AUTHENTICATION, protected=False) + pair("/granted", launch="Require all granted", test=idp.AUTHENTICATION, protected=False)
    + pair("/denied", launch=idp.AUTHENTICATION.replace("valid-user", "user bob"), test=ADMIN, protected=False)
    + pair("/wanting", "wanting"))
GOOD = {"claims": ("Passed", "^$")}
NO_OPINION = ("Not known", "There is no Response to judge")


def refused(pattern):
    return {"claims": ("Problem", pattern), "lasso": NO_OPINION}


ROWS = [
    ("/ringcentral", {}), ("/claims", {}),
    ("/nomail", refused("RcIdpMail is empty")), ("/notmail", refused('"alice" is no e-mail address. Correct RcIdpMail;')),
    ("/noname", refused("name ID is empty")), ("/badname", refused('"<&>" is no e-mail address. Correct RcIdpNameID;')),
    ("/context-not", refused("RcIdpAuthnContext does not give a URI")), ("/instant-not", refused('gives "tomorrow"')),
    ("/old", refused("Sign in again")),
    ("/long", {"lifetime": ("Warning", "601 seconds")}), ("/short", {"lifetime": ("Warning", "59 seconds")}),
    ("/skew", {"lifetime": ("Warning", "RcIdpClockSkew is 9")}), ("/no-state", {"relay": ("Warning", "RcIdpRelayState")}),
    ("/no-tls", {"tls": ("Warning", "RcIdpRequireTLS")}), ("/capitals", {"case": ("Warning", '"Alice@example.com".* lower to RcIdpMail')}),
    ("/capital-name", {"case": ("Warning", "lower to RcIdpNameID")}), ("/weak", {"sha1": ("Warning", "allow-sha1")}),
    ("/open", {"require": ("Problem", "^/open lets everybody in")}), ("/granted", {"require": ("Problem", "^/granted lets everybody in")}),
    ("/denied", {"require": ("Problem", "The Require of /denied does not let you in")}),
    ("/wanting", {"wanted": ("Warning", "demands urn:oid:2.5.4.4,")}),
]
WANTING = """<EntityDescriptor xmlns="%s" entityID="urn:sp" validUntil="2999-01-01T00:00:00Z"><SPSSODescriptor
 protocolSupportEnumeration="%s"><AssertionConsumerService index="0" Location="https://sp.example.com/acs"
 Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"/><AttributeConsumingService index="0"><ServiceName xml:lang="en">x</ServiceName>
 <RequestedAttribute Name="%s" isRequired="true"/><RequestedAttribute Name="urn:oid:2.5.4.4" isRequired="true"/></AttributeConsumingService>
 </SPSSODescriptor></EntityDescriptor>""" % (verify.MD, verify.SAMLP, idp.EMAIL)
RINGCENTRAL = '<Location "/ringcentral/test">\nSetHandler rcidp-test\n%s\n</Location>\n'
SERVER = ("RcIdpServiceProvider weak entityid=urn:weak acs=https://weak.example.com/acs relaystate=https://weak.example.com/ allow-sha1=on\n"
          "RcIdpServiceProvider wanting metadata=${folder}/wanting.xml relaystate=https://sp.example.com/\n")

rows = Rows()
server = Preloaded(server=rows.CONFIGURATION + SERVER, vhost=RINGCENTRAL % "" + PATHS, launch="us eu",
                   plain="RcIdpBaseURL https://localhost\n" + pair("/ringcentral"))
server.write("wanting.xml", WANTING)
with server, Mellon(server.metadata()) as sp:
    server.expect("RCIDP87: .* this virtual host has no SSLEngine on")
    server.expect(r"\[rcidp:info\] .* RCIDP05: \S+( page)? of a test of \w+ was given to alice$")
    for path, wanted in ROWS:
        judge(server, path + "/test", path, **wanted)
    answer = server.request("GET", "/text/test", headers=[("X-Role", b"\xff")])
    like(checks(answer.text)[TITLES["claims"]][1], "/claims/role is not UTF-8", "a value that is not UTF-8")
    is_(answer.status, 200, "is shown all the same")
    like(html.unescape(server.request("GET", "/text/test", headers=[("X-Role", "<script>alert(1)</script>")]).text),
         r"<saml:AttributeValue>&lt;script&gt;alert", "a hostile value is in the XML")
    unlike(server.request("GET", "/text/test", headers=[("X-Role", "<script>alert(1)</script>")]).text, "<script>alert", "and no markup")
    answer = server.get("/nomail/test")
    unlike(answer.text, "<pre|download=response", "where nothing would be issued, nothing is shown")
    sources(server)
    what_is_given_away(server, sp)

    # What the requests are answered; each with its HEAD.
    rows.serve(server)
    for name, method, path, result, options in [
            ("a test", "GET", "/ringcentral/test", "tested", {"log": "was given to alice"}),
            ("by name", "GET", "/ringcentral/test?sp=eu", "tested", {"log": "a test of eu"}),
            ("another name", "GET", "/ringcentral/test?sp=uk", "provider", {}),
            ("sp twice", "GET", "/ringcentral/test?sp=us&sp=eu", "parameter", {}),
            ("another download", "GET", "/ringcentral/test?download=key", "parameter", {"log": "download= is neither"}),
            ("no Response to download", "GET", "/nomail/test?download=response", "no-mail", {}),
            ("nobody", "GET", "/ringcentral/test", 401, {"user": None}),
            ("plain HTTP", "GET", "/ringcentral/test", "plain-http", {"scheme": "http", "user": None}),
            ("a prefetch", "GET", "/ringcentral/test", "prefetch", {"headers": [("Sec-Purpose", "prefetch")], "user": None}),
            ("a frame", "GET", "/ringcentral/test", "frame", {"headers": [("Sec-Fetch-Dest", "iframe")], "user": None}),
            ("below", "GET", "/ringcentral/test/below", "not-found", {}), ("a slash", "GET", "/ringcentral/test/", "not-found", {}),
            ("a POST", "POST", "/ringcentral/test", "method", {"body": "SAMLRequest=x"}), ("a PUT", "PUT", "/ringcentral/test", "method", {})]:
        answer = rows.ask(name, method, path, result, **options)
        if result == "method":
            is_(answer.all("Allow"), ["GET, HEAD"], name + ": Allow")
    for what in ("response", "metadata"):
        get, head = (server.request(method, "/ringcentral/test?download=" + what) for method in ("GET", "HEAD"))
        is_((head.body, pages.headers(head)), (b"", pages.headers(get)), "HEAD of a download: " + what)
    os.mkdir(server.path("docs/ringcentral"))
    os.mkdir(server.path("docs/ringcentral/test"))
    is_(server.get("/ringcentral/test").status, 200, "a folder of that name changes nothing")
rows.judge()

# Nothing is signed that nobody sees.
with Idp(server="RcIdpSigningProcess on\n", vhost=RINGCENTRAL % "", name="signed") as server:
    server.expect("RCIDP(05|56): ")
    unseen = [("HEAD", ""), ("HEAD", "?download=response"), ("HEAD", "?download=metadata"), ("GET", "?download=metadata")]
    is_([server.request(method, "/ringcentral/test" + query).status for method, query in unseen], [200] * len(unseen), "what shows no Response is answered")
    is_(server.log().count("RCIDP56: "), 0, "and nothing is signed for it")
    is_(server.get("/ringcentral/test").status, 200, "the page is shown")
    ok(server.log().count("RCIDP56: ") > 0, "and what it shows is signed")

# The other states of what the server is.
for what, options, wanted in [
        ("no NTP, a name that is no URL, another host, Lasso says no",
         {"state": "TIME_ERROR", "status": "STA_UNSYNC", "lasso": REFUSAL, "entity_id": "urn:x:y", "server": "RcIdpBaseURL https://sso.example.com"},
         {"clock": ("Warning", "not synchronized"), "entity": ("Warning", '"urn:x:y" is no https URL'),
          "address": ("Warning", "came to localhost.* https://sso.example.com"), "lasso": ("Problem", "Lasso refuses the Response: .")}),
        ("a kernel that does not tell, an EC key", {"state": "-1", "key": "ec256"},
         {"clock": ("Not known", "does not tell"), "lasso": ("Not known", "EC keys")})]:
    with Preloaded(vhost=RINGCENTRAL % "", **options) as server:
        server.expect("RCIDP05")
        judge(server, "/ringcentral/test", what, **wanted)

# No path publishes the metadata; one does, but asks for a sign-in; and the key is open to others.
METADATA = '<Location "/ringcentral/metadata">\n%s\n</Location>\n'
OPEN = certs.pair(name="-open")
os.chmod(OPEN.key, 0o644)
for what, options, wanted in [
        ("metadata nowhere", {"vhost": METADATA % "SetHandler none"}, {"metadata": ("Warning", "no path with SetHandler rcidp-metadata")}),
        ("metadata behind a sign-in", {"vhost": METADATA % idp.AUTHENTICATION}, {"metadata": ("Warning", "^/ringcentral/metadata asks for a sign-in")}),
        ("a key that is open to others", {"key": OPEN}, {"key": ("Warning", "chmod 600")})]:
    with Preloaded(**{**options, "vhost": RINGCENTRAL % "" + options.get("vhost", "")}) as server:
        server.expect("RCIDP05")
        if "key" in options:
            server.expect("RCIDP64")
        judge(server, "/ringcentral/test", what, **wanted)

for what, days, warned, wanted in [
        ("an expired certificate", -10, "RCIDP54", ("Problem", "has expired on 20")),
        ("one that expires soon", 20, "RCIDP52", ("Warning", "expires on 20")),
        ("one that begins tomorrow", 365, "RCIDP63", ("Problem", "not valid before 20"))]:
    with Preloaded(key=certs.pair(days=days, begins=int(warned == "RCIDP63")), vhost=RINGCENTRAL % "") as server:
        server.expect(warned)
        poll(lambda: warned in server.log(), "the notice of " + what)  # it comes after the start
        server.expect("RCIDP05")
        judge(server, "/ringcentral/test", what, certificate=wanted)
# Digest, whose credentials are good for one address alone: the other paths are looked up without a word.
DIGEST = 'AuthType Digest\nAuthName "Example Inc."\nAuthDigestProvider file\nAuthUserFile "${folder}/digest"\nRequire valid-user\n'
with Preloaded(vhost=RINGCENTRAL % "", authentication=DIGEST, modules=["auth_digest"]) as server:
    secret = hashlib.md5(b"alice:Example Inc.:secret").hexdigest()
    server.write("digest", "alice:Example Inc.:%s\n" % secret)
    server.expect("RCIDP05", count=1)
    answer = curl.get("https://localhost/ringcentral/test", server.port, "--digest", "-u", "alice:secret")
    is_({verdict for verdict, _ in checks(answer.text).values()}, {"Passed"}, "Digest: every check has passed")
    is_(line(answer.text, "Recognized by"), ["Digest"], "Digest: by what")

# A test page belongs below a launch path, and behind it.
SECTION = '<Location "/ringcentral/test">\nSetHandler rcidp-test\n</Location>\n'
status, output = Idp(server=SECTION, vhost="").configtest()
is_(status, 1, "a test page of the main server is not below a launch path of a virtual host")
status, output = Idp(vhost=SECTION + '<Location "/late">\nSetHandler rcidp-launch\nRcIdpLaunch us\n</Location>\n').configtest()
is_((status, output), (0, "Syntax OK\n"), "a test page behind its launch path")
status, output = Idp(vhost='<Location "/late/test">\nSetHandler rcidp-test\n</Location>\n'
                     '<Location "/late">\nSetHandler rcidp-launch\nRcIdpLaunch us\n</Location>\n').configtest()
is_(status, 0, "one before it is no mistake")
like(output, "RCIDP66: RcIdpLaunch: <Location /late/test> stands before <Location /late>", "and there is a warning")
done_testing()
