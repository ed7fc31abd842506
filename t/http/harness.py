#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""The tests' own tools can say no: an unannounced log line, a forged signature, a broken message are all noticed."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import form
import judge
import provider
import sample
import verify
from httpd import Httpd
from idp import PROVIDERS, Idp
from tap import done_testing, is_, like, ok, unlike

US, ACS, _ = PROVIDERS["us"]

# -- httpd: starts under each MPM, restarts, and its log is judged line by line ---------------------------------------

CONFIG = """
<VirtualHost 127.0.0.1:${port}>
ServerName localhost
${tls}
Header always set X-Seen "%{SSL_PROTOCOL}s"
</VirtualHost>
"""

for mpm in ("event", "worker", "prefork"):
    server = Httpd(CONFIG, mpm=mpm, rcidp=False, name=mpm).start()
    answer = server.client().get("/none")
    is_(answer.status, 404, "%s: answers over TLS" % mpm)
    like(answer.header("X-Seen"), "^TLSv1", "%s: and the connection is encrypted" % mpm)
    is_(server.client(scheme="http").get("/none").status, 404, "%s: answers over plain HTTP" % mpm)
    server.graceful()
    is_(server.client().get("/none").status, 404, "%s: answers after a graceful restart" % mpm)
    is_(len(server.requests(at_least=3)), 3, "%s: the access log has each request" % mpm)
    server.stop()

server = Httpd('<Location "/denied">\nRequire all denied\n</Location>', rcidp=False).start()
server.client(scheme="http").get("/denied")
is_(len(server.problems()), 1, "a line nobody announced is a problem")
like("\n".join(server.problems()), "unannounced: .*AH01630: client denied", "and is named")
server.expect("AH01630: client denied")
is_(server.problems(), [], "an announced line is none")
server.expect("AH01630", count=2)
like("\n".join(server.problems()), "came 1 times instead of 2", "a line that came once and not twice is a problem")
server.announced.pop()
server.expect("never said")
like("\n".join(server.problems()), "came 0 times: never said", "a line that was announced and did not come is a problem")
server.announced.pop()
with open(server.path("error.log"), "a") as log:
    log.write("[core:notice] [pid 1] AH00052: child pid 2 exit signal Segmentation fault (11)\n")
like("\n".join(server.problems()), "exit signal", "a crash of a child is a problem")
server.expect("exit signal Segmentation")
server.stop()

server = Httpd("NoSuchDirective on", rcidp=False)
status, output = server.configtest()
is_(status, 1, "a wrong configuration fails the test of it")
like(output, "Invalid command 'NoSuchDirective'", "in httpd's words")
try:
    server.start()
    ok(False, "and does not start")
except RuntimeError as error:
    like(str(error), "NoSuchDirective", "and does not start")

# -- a test program: its end says what its checks said --------------------------------------------------------------------

PROGRAM = """
import sys
sys.path.insert(0, %r)
import tap
from httpd import Httpd
%%s
"""
SURPRISE = 'server.client(scheme="http").get("/denied")'
SKIP = "import os\nos.environ['CI'] = '%s'\ntap.skip('x', 'why')\ntap.done_testing()"
SERVER = "with Httpd('<Location /denied>\\nRequire all denied\\n</Location>', rcidp=False) as server:\n    %s\ntap.done_testing()"


def program(text):
    """(exit status, standard output) of a test program; what it says to stderr is as it should be."""
    done = subprocess.run([sys.executable, "-B", "-c", PROGRAM % os.path.dirname(certs.__file__) % text],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, "TMPDIR": certs.folder()})
    return done.returncode, done.stdout.decode()


for what, text, status, pattern in (
        ("one good check", "tap.ok(True, 'x')\ntap.done_testing()", 0, r"\Aok 1 - x\n1\.\.1\n\Z"),
        ("one bad check", "tap.ok(False, 'x')\ntap.done_testing()", 1, r"\Anot ok 1 - x\n1\.\.1\n\Z"),
        ("a skipped check", SKIP % "false", 0, r"\Aok 1 - x # SKIP why\n1\.\.1\n\Z"),
        ("a skipped check where all must run", SKIP % "true", 1, r"\Anot ok 1 - x\n1\.\.1\n\Z"),
        ("no check", "tap.done_testing()", 1, r"\A1\.\.0\n\Z"),
        ("an exception", "tap.ok(True, 'x')\nraise KeyError", 1, r"\Aok 1 - x\n\Z"),
        ("a quiet server", SERVER % "pass", 0, r"\Aok 1 - .*\n1\.\.1\n\Z"),
        ("a surprise in the log", SERVER % SURPRISE, 1, r"\Anot ok 1 - .*\n1\.\.1\n\Z"),
        ("an exception beside a server", SERVER % "raise KeyError", 1, r"\A\Z")):
    got, output = program(text)
    is_(got, status, "a program with %s ends with %d" % (what, status))
    like(output, pattern, "and says so")
is_([name for name in os.listdir(certs.folder()) if name.startswith("rcidp-")], [], "none of them leaves a folder behind")

# -- the client: sends what it is told ------------------------------------------------------------------------------------

with Httpd(CONFIG, rcidp=False) as server:
    server.write("docs/a b", "file with a space")
    is_(server.client().get("/a%20b").text, "file with a space", "a body arrives")
    is_(server.client().get(b"/\xff%ff").status, 404, "bytes beyond ASCII are sent")
    is_(server.client().get("/", headers=[("Host", "twice")]).status, 400, "and wrong headers")

# -- forms --------------------------------------------------------------------------------------------------------------

page = ('<form action="/a"><input name="q"></form>'
        '<form method="POST" action="https://sp/acs?a=1&amp;b=2"><input type="hidden" name="SAMLResponse" value="PGEv&#10;Pg==">'
        '<input type="hidden" name="RelayState" value="&quot;&lt;&#39;&amp;"><button>Go</button></form>')
post = form.auto_post(page)
is_((post.action, post.method), ("https://sp/acs?a=1&b=2", "post"), "action and method of a form")
is_(post.relay_state, "\"<'&", "a value with markup")
is_(post.xml, b"<a/>", "base64 in two lines")
is_(form.auto_post("<form></form>"), None, "no SAMLResponse, no form")

# -- xmlsec1 and the schemas --------------------------------------------------------------------------------------------

RSA = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ECDSA = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
for kind, algorithm in (("rsa2048", RSA), ("ec256", ECDSA)):
    pair = certs.pair(kind)
    xml = sample.response(pair, algorithm=algorithm)
    verify.accepted(xml, pair.cert, name=kind)
    for element in verify.BOTH:
        ok(verify.signature(xml, element, certs.pair(kind, "other").cert), "%s: %s: another key is refused" % (kind, element))

pair = certs.pair()
for element in verify.BOTH:
    xml = sample.response(pair, sign=[element])
    is_(verify.signatures(xml), [element], "only the %s is signed" % element)
    for other in verify.BOTH:
        is_(verify.signature(xml, other, pair.cert) is None, other == element, "%s signed: is the %s?" % (element, other))

xml = sample.response(pair)
fields = verify.fields(xml)
is_(fields.name_id, "alice@example.com", "the name ID is found")
is_(list(fields.attributes.values()), [["alice@example.com"]], "and the attribute")
like(verify.schema(verify.tamper(xml, b'Version="2.0"', b'Version="2.0" Bad="1"')), "Bad", "the schema knows the attributes")
like(verify.schema(verify.tamper(xml, b"saml:Conditions", b"saml:Condition5")), "Condition5", "and the elements")
is_(verify.schema(sample.metadata(pair.cert)), None, "metadata is valid")
ok(verify.schema(verify.tamper(sample.metadata(pair.cert), b"IDPSSODescriptor", b"IDPDescriptor")), "other metadata is not")
# -- Lasso, which judges all that the tests' servers issue --------------------------------------------------------------

reader, stranger = certs.pair(name="reader"), certs.pair(name="stranger")
server = Idp(server='RcIdpServiceProvider us metadata=sp.xml encryption=auto\nRcIdpServiceProvider other entityid=urn:x:other acs=https://other.example.com/acs',
             launch="us other", name="issues")
server.expect("RCIDP67: ")
server.reader = reader.key
server.write("sp.xml", provider.METADATA % (US, provider.KEY % (certs.base64(reader.cert), ""), ACS))
with server:
    page, secret, metadata = server.get("/ringcentral?sp=other"), server.launch("/ringcentral?sp=us"), server.metadata()
    plain, body = form.auto_post(page.text), page.body
    is_((server.opinions.seen, server.opinions.refused), (2, []), "each Response of a server is shown to Lasso")
    server.published = {judge.ANY: sample.metadata(stranger.cert)}
    server.opinions.settle()
    for what, acs in [("an ACS that nobody has", "https://nobody.example.com/acs")] + [("another key", plain.action)] * judge.has_lasso():
        server.opinions.refused, page.body = [], body.replace(plain.action.encode(), acs.encode())
        server.opinions.look({}, "/", None, page)
        is_(len(server.opinions.refused), 1, "what is refused is noted: " + what)
    server.opinions.refused = []
if judge.has_lasso():
    RIGHT = {"metadata": metadata, "entity_id": "urn:x:other", "acs": plain.action, "encoded": plain.encoded}
    is_(judge.opinion(**RIGHT), "", "Lasso accepts a right Response")
    altered = form.encode(verify.tamper(plain.xml, b"alice@", b"mallory@"))
    for what, wrong in (("by another key", {"metadata": sample.metadata(stranger.cert)}), ("for another audience", {"entity_id": US}),
                        ("for another ACS", {"acs": ACS}), ("to a request that was made", {"request": "_a"}), ("altered", {"encoded": altered})):
        ok(judge.opinion(**{**RIGHT, **wrong}), "Lasso refuses one %s" % what)
    RIGHT = {"metadata": metadata, "entity_id": US, "acs": ACS, "encoded": secret.encoded}
    is_(judge.opinion(**RIGHT, key=reader.key), "", "Lasso accepts an encrypted one")
    ok(judge.opinion(**RIGHT), "Lasso refuses it without the key")
    ok(judge.opinion(**RIGHT, key=stranger.key), "and with another")

try:
    verify.tamper(xml, b"nobody", b"x")
    ok(False, "tampering with nothing is an error")
except ValueError:
    ok(True, "tampering with nothing is an error")

done_testing()
