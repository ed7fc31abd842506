#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""The logs: the sample configuration's audit log has our requests, all of them and no others, and says what was sent; levels do
what they are for; and no Response, assertion or key is ever in a log, however much httpd tells."""
import base64
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import form
import idp
import verify
from httpd import SOURCE, Httpd
from idp import Idp
from snippets import file, read
from tap import done_testing, is_, like, ok

AUDIT = re.compile(r'(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}) (?P<address>\S+) (?P<user>\S+) (?P<result>\S+) (?P<status>\d{3}) '
                   r'(?P<host>\S+) (?P<path>\S+) sp=(?P<sp>\S+) nameid="(?P<nameid>(?:\\.|[^"\\])*)" response=(?P<response>\S+) '
                   r'assertion=(?P<assertion>\S+) request=(?P<request>\S+) context=(?P<context>\S+) error="(?P<error>[^"]*)"')
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"


def sample(server):
    """The sample as it is shipped, and the lines of its example, made configuration."""
    with open(os.path.join(SOURCE, "conf", "rcidp.conf.in")) as source:
        text = source.read().replace("@auditlog@", server.path("audit.log")).replace("@confroot@", server.path("conf"))
    example = re.findall(r"^ +#((?:RcIdp|<|    ).*)$", text, re.M)
    return text, "\n".join(line for line in example if not re.match(r" +-", line))


def configuration(server):
    shipped, example = sample(server)
    return """%s
<VirtualHost 127.0.0.1:${port}>
ServerName localhost
${tls}
CustomLog "${folder}/other.log" test
%s
RewriteEngine on
<Location "/ringcentral/two">
    RcIdpLaunch us eu
    SetHandler rcidp-launch
</Location>
<Location "/documented">
    SetHandler rcidp-launch
    RcIdpLaunch us
    RcIdpMail "%%{REMOTE_USER}@example.com"
    ErrorDocument 403 /error.html
    ErrorDocument 404 https://www.example.com/
    %s
</Location>
<Location "/bob">
    SetHandler rcidp-launch
    RcIdpLaunch us
    %s
    Require user bob
    AuthMerging And
    AuthzSendForbiddenOnFailure On
</Location>
<Location "/odd">
    SetHandler rcidp-launch
    RcIdpLaunch us
    RcIdpNameID unspecified "%%{HTTP:X-Name}"
    RcIdpAttribute email none
    %s
</Location>
<Directory "${folder}/docs/rewrite">
    RewriteEngine on
    RewriteRule ^go$ /ringcentral
    RewriteRule ^below$ /ringcentral/below
</Directory>
</VirtualHost>
""" % (shipped, example, idp.AUTHENTICATION, idp.AUTHENTICATION.replace("Require valid-user", ""), idp.AUTHENTICATION)


# Method, path, options; the result and what else the audit log says; None if it says nothing.
REQUESTS = [
    ("GET", "/ringcentral", {}, "issued", {"sp": "us", "nameid": "alice@example.com", "context": PASSWORD, "status": "200"}),
    ("HEAD", "/ringcentral", {}, "head", {"sp": "us", "nameid": "alice@example.com"}),
    ("GET", "/ringcentral/two", {}, "choose", {"sp": "-", "nameid": "-", "status": "200"}),
    ("GET", "/ringcentral/two?sp=eu", {}, "issued", {"sp": "eu", "path": "/ringcentral/two"}),
    ("GET", "/rewrite/go", {}, "issued", {"sp": "us", "path": "/rewrite/go"}),
    ("GET", "/rewrite/below", {}, "not-found", {"error": "There is nothing here. Check the address."}),
    ("GET", "/odd", {"headers": [("X-Name", 'a"b\\c ü')]}, "issued", {"nameid": r'a\"b\\c \xc3\xbc'}),
    ("PUT", "/ringcentral", {}, "method", {"status": "405"}),
    ("GET", "/ringcentral/below", {}, "not-found", {"status": "404"}),
    ("GET", "/ringcentral", {"user": None, "headers": [("Sec-Purpose", "prefetch")]}, "prefetch", {"user": "-", "status": "403"}),
    ("GET", "/documented", {"headers": [("Sec-Fetch-Dest", "iframe")]}, "frame", {"status": "403", "user": "-", "path": "/documented"}),
    ("GET", "/documented/below", {}, "not-found", {}),
    ("GET", "/bob", {}, "denied", {"status": "403", "error": "Your account is not assigned to RingCentral."}),
    ("GET", "/ringcentral", {"user": None}, None, {}),
    ("GET", "/ringcentral", {"password": "wrong"}, None, {}),
    ("GET", "/ringcentral/metadata", {"user": None}, None, {}),
    ("GET", "/nothing", {"user": None}, None, {}),
    ("GET", "/error.html", {"user": None}, None, {}),
    ("GET", "/ringcentralx", {"user": None}, None, {}),
]


def audit(server):
    with open(server.path("audit.log")) as log:
        lines = log.read().splitlines()
    return [AUDIT.fullmatch(line).groupdict() if AUDIT.fullmatch(line) else line for line in lines]


server = Httpd(configuration, name="sample", modules=["rewrite"])
for name, content, mode in (("conf/rcidp.crt", read(certs.pair().cert), 0o644), ("conf/rcidp.key", read(certs.pair().key), 0o600),
                            ("conf/ringcentral.users", idp.password_file(["alice"]), 0o644), ("docs/error.html", "an error", 0o644),
                            ("users", idp.password_file(["alice"]), 0o644), ("docs/rewrite/x", "", 0o644)):
    server.write(name, content, mode)
os.chmod(server.path("conf"), 0o711)
is_(server.configtest(), (0, "Syntax OK\n"), "the sample is right")
issued = {}
with server:
    for number, (method, path, options, _, _) in enumerate(REQUESTS):
        answer = server.client().request(method, path, **{"user": "alice", **options})
        if b"SAMLResponse" in answer.body:
            issued[number] = verify.fields(form.auto_post(answer.text).xml)
    for tag in ("RCIDP2[2345]: ", "AH01617: ", "AH01631: "):
        server.expect(tag)
is_(len(re.findall(r"\[rcidp:info\] .*RCIDP01: ", server.log())), len(issued), "one line for each Response, by the sample's LogLevel")
found = audit(server)
wanted = [(number, row) for number, row in enumerate(REQUESTS) if row[3]]
is_([line["result"] for line in found], [row[3] for _, row in wanted], "the audit log has our requests and no others")
for (number, (method, path, _, result, more)), line in zip(wanted, found):
    what = "%s %s (%s)" % (method, path, result)
    is_({name: line[name] for name in more}, more, what + ": what the audit log says")
    is_((line["address"], line["host"], line["request"]), ("127.0.0.1", "localhost", "-"), what + ": who, where, unasked")
    is_(line["error"] == "-", result in ("issued", "head", "choose"), what + ": the error")
    fields = issued.get(number)
    is_((line["response"], line["assertion"]), (fields.id, fields.assertion_id) if fields else ("-", "-"), what + ": the IDs")
    if fields:
        like(server.log(), r"RCIDP01: issued to %s: Response %s, assertion %s, name ID .*, AuthnContext %s$"
             % (line["sp"], fields.id, fields.assertion_id, fields.authn_context), what + ": the error log says the same")
with open(server.path("other.log")) as log:
    is_(len(log.read().splitlines()), len(REQUESTS) + 1, "the virtual host's own log has all requests, and the judge's for metadata")

# Without LogLevel rcidp:info only what an administrator must act on is told.
with Idp(vhost='<Location "/open">\nSetHandler rcidp-launch\nRcIdpLaunch us\n</Location>\n', name="quiet") as server:
    server.log_level = "warn"  # read when the configuration is written anew
    server.graceful()
    server.launch()
    is_(server.get("/ringcentral/below").status, 404, "a slip is answered")
    is_(server.get("/open", user=None).status, 500, "a mistake is answered")
    server.expect(r"\[rcidp:error\] .*RCIDP10: ", count=1)
like(server.log(), "RCIDP10", "LogLevel warn tells a mistake")
ok(not re.search("RCIDP01|RCIDP24", server.log()), "and no slip, and no Response", server.log())


def pieces(secret):
    """Parts of a text that cannot be in a log by chance, from all over it."""
    return {secret[start:start + 24] for start in range(0, len(secret) - 24, 24)}


# However much httpd tells.
SECRET = file("secret", b"0123456789abcdef0123456789ABCDEF")
for kind in ("rsa2048", "ec256"):
    server = Idp(key=kind, name="trace-" + kind, server='RcIdpPersistentIDSecretFile "%s"\nLogLevel trace8\n' % SECRET,
                 location="RcIdpNameID persistent", vhost="LogLevel trace8 rcidp:trace8",
                 plain='LogLevel trace8\nRcIdpBaseURL https://localhost\n<Location "/plain">\nSetHandler rcidp-launch\nRcIdpLaunch us\n'
                 'RcIdpRequireTLS off\nRcIdpMail a@example.com\n%s</Location>' % idp.AUTHENTICATION)
    status, output = server.configtest()
    is_(status, 0, kind + ": the configuration is right")
    server.start()
    posts = [server.launch(), form.auto_post(server.client(scheme="http").get("/plain", user="alice").text)]
    server.graceful()
    posts.append(server.launch())
    server.stop(check=False)
    told = output + server.log() + "\n".join(server.requests())
    ok(len(told) > 100000 and "rcidp" in told, kind + ": httpd tells a lot")
    key = "".join(line for line in open(server.pair.key).read().splitlines() if "-----" not in line)
    secrets = {"the key": pieces(key) | pieces(base64.b64decode(key).hex()), "the secret": {"0123456789abcdef0123456789", "Njc4OWFiY2RlZjAx"}}
    for number, post in enumerate(posts, 1):
        secrets["Response %d, encoded" % number] = pieces(post.encoded)
        secrets["signatures of Response %d" % number] = {
            element.text.strip()[:24] for element in verify.fields(post.xml).root.iter() if element.tag.endswith(("SignatureValue", "DigestValue"))}
    secrets["markup"] = {"<saml", "</saml", "samlp:Response", "SignatureValue", "SAMLResponse", "BEGIN PRIVATE KEY", "PRIVATE KEY"}
    for what, texts in secrets.items():
        there = sorted(text for text in texts if text in told)
        ok(texts and not there, "%s: not in the logs: %s" % (kind, what), *there[:3])
done_testing()
