#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""What is odd but right passes httpd -t in silence, starts, and launches; what will become a problem is a warning; nothing is
taken from .htaccess."""
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import asking
import certs
import form
import httpd
import idp
import verify
from httpd import SOURCE
from snippets import LAUNCH, Configuration, file, host, identity, launch, read, section
from tap import done_testing, is_, like, ok

CERT, KEY = "RcIdpSigningCertificateFile", "RcIdpSigningKeyFile"
MARKED = LAUNCH.replace("RcIdpL", "=>RcIdpL")
OFF = "\nRcIdpRequireTLS off\n"
METADATA = section("SetHandler rcidp-metadata\nRequire all granted", path='"/ringcentral/metadata"')
ACS = "entityid=urn:x:y acs=https://sp.example.com/acs"
URL = "https://app.example.com/"
RSA = certs.pair("rsa2048")
RINGCENTRAL = file("ringcentral.xml", asking.metadata().encode())

KEYLESS = file("keyless.xml", asking.metadata(attributes='AuthnRequestsSigned="true"').encode())


def not_yet_valid():
    return certs.pair("rsa2048", days=400, begins=35).cert


def copy(pair, mode):
    return file("key-%o" % mode, read(pair.key), mode)


def owned(pair, user):
    """Another copy of the key, of that user."""
    path = file("key-of-" + user, read(pair.key), 0o600)
    shutil.chown(path, user)
    return path


def trail(name, owner=None, mode=0o640):
    """The path of a file, in a folder, both or one of them not root's alone."""
    folder = os.path.join(certs.folder(), "trail-" + name)
    os.mkdir(folder, 0o755)
    path = os.path.join(folder, "audit.log")
    if owner == "folder":
        shutil.chown(folder, httpd.children().pw_name)
    else:
        with open(path, "w"):
            os.chmod(path, mode)
        if owner:
            shutil.chown(path, **{owner: httpd.children()[2 if owner == "user" else 3]})
    return path


def marked(text, directive):
    return text.replace(directive, "=>" + directive)


def plain(text, server=""):
    """A launch path in a virtual host without TLS."""
    return identity() + server + host(section(text), tls="")


# The tag, what is said, the configuration with the line that is meant.
WARNINGS = [
    ("RCIDP60", "RcIdpRelayState: .* 81 bytes", launch("=>RcIdpRelayState " + URL.ljust(81, "x"))),
    ("RCIDP60", "RcIdpRelayState: .* 100 bytes", identity() + "=>RcIdpRelayState %s\n" % URL.ljust(100, "x") + host(section(LAUNCH))),
    ("RCIDP60", "RcIdpServiceProvider: .* 81 bytes",
     identity() + host("=>RcIdpServiceProvider us relaystate=%s\n" % URL.ljust(81, "x") + section(LAUNCH))),
    ("RCIDP61", CERT + ": .* has expired on 20", launch(server=marked(identity(days=-1), CERT))),
    ("RCIDP61", "RcIdpPublishCertificateFile: .* has expired on 20",
     launch(server=identity() + '=>RcIdpPublishCertificateFile "%s"\n' % certs.pair(name="old", days=-30).cert)),
    ("RCIDP61", CERT + ": ", host(marked(identity(days=-1), CERT) + section(LAUNCH))),
    ("RCIDP62", CERT + ": .* expires in 9 days, on 20", launch(server=marked(identity(days=10), CERT))),
    ("RCIDP62", CERT + ": .* expires in 59 days", launch(server=marked(identity(days=60), CERT))),
    ("RCIDP62", CERT + ": .* expires in 99 days", launch(server="RcIdpExpiryNotice 100\n" + marked(identity(days=100), CERT))),
    ("RCIDP62", "RcIdpPublishCertificateFile: .* expires in 0 days",
     launch(server=identity() + '=>RcIdpPublishCertificateFile "%s"\n' % certs.pair(name="old", days=1).cert)),
    ("RCIDP63", CERT + ": .* is not valid before 20", launch(server='RcIdpEntityID urn:x:y\n=>%s "%s"\n%s "%s"\n'
                                                            % (CERT, not_yet_valid(), KEY, RSA.key))),
    *[("RCIDP64", KEY + ": .* is open to group or others; chmod 600 it", launch(server=marked(identity(key=copy(RSA, mode)), KEY)))
      for mode in (0o640, 0o620, 0o604, 0o602, 0o644, 0o777)],
    ("RCIDP64", KEY + ": ", launch(server="RcIdpSigningProcess on\n" + marked(identity(key=copy(RSA, 0o640)), KEY))),
    # As whoever is not root, all is the same user's.
    *[("RCIDP92", KEY + ": .* belongs to the User of httpd's children; chown root it", launch(server=marked(identity(key=owned(RSA, httpd.children().pw_name)), KEY)))
      for _ in range(os.geteuid() == 0)],
    *[("RCIDP97", "RcIdpSigningProcess: children can change audit=.*/trail-%s/audit.log, or its folder" % how[0],
       launch(server=identity() + '=>RcIdpSigningProcess on audit="%s"\n' % trail(*how)))
      for how in (("user", "user"), ("group", "group", 0o620), ("all", None, 0o602), ("folder", "folder")) if os.geteuid() == 0],
    ("RCIDP83", "RcIdpServiceProvider: no RcIdpLaunch names eu", launch(server=identity() + "=>RcIdpServiceProvider eu title=x\n")),
    ("RCIDP64", CERT + ": .* is open to group or others", launch(server='RcIdpEntityID urn:x:y\n=>%s "%s"\n'
                                                                 % (CERT, file("open.pem", read(RSA.cert) + read(RSA.key), 0o644)))),
    *[("RCIDP91", "RcIdpPersistentIDSecretFile: .* is open to group or others; chmod 600 it", launch(
        server=identity() + '=>RcIdpPersistentIDSecretFile "%s"\n' % file("open-%o.secret" % mode, bytes(32), mode))) for mode in (0o640, 0o602)],
    ("RCIDP65", "RcIdpLaunch: .* https://localhost:[0-9]+, .* no SSLEngine on; set RcIdpBaseURL", plain(MARKED + OFF)),
    ("RCIDP65", "RcIdpLaunch: ", identity() + host(section(MARKED + OFF), tls="SSLEngine off")),
    ("RCIDP87", "RcIdpLaunch: this virtual host has no SSLEngine on, and launches without TLS are refused; if a proxy does TLS",
     plain(MARKED, "RcIdpBaseURL https://sso.example.com\n")),
    ("RCIDP66", "RcIdpLaunch: <Location /ringcentral/metadata> stands before <Location /ringcentral>",
     identity() + host(METADATA + section(MARKED))),
    ("RCIDP66", "RcIdpLaunch: <Location /ringcentral/eu> stands before <Location /ringcentral>",
     identity() + host(section(LAUNCH, path='"/ringcentral/eu"') + section(MARKED))),
    *[("RCIDP84", "RcIdpLaunch: %s stands behind <Location /ringcentral>, and its Require, SetHandler or RcIdp directives count there" % re.escape(which),
       identity() + host(section(LAUNCH) + "=>%s\n%s\n</%s>\n" % (which, text, which[1:].split()[0])))
      for which, text in (("<Location />", "Require all granted"), ('<Location "/">', "<RequireAny>\nRequire valid-user\n</RequireAny>"),
                          ("<Location />", "SetHandler none"), ('<Location "/">', "RcIdpRequireTLS off"), ('<Location "/*">', "Require valid-user"),
                          ('<LocationMatch "^/ring">', "Require valid-user"), ('<Location ~ "^/(a|ring)">', "SetHandler none"))],
    ("RCIDP84", 'RcIdpLaunch: <Location "/"> stands behind <Location /ringcentral>',
     section(LAUNCH) + host(identity() + '=><Location "/">\nRequire valid-user\n</Location>\n')),
    *[("RCIDP86", "%s: %s is the same for every user; write %%{REMOTE_USER} where" % (directive, re.escape(value)), launch("=>%s %s" % (directive, value)))
      for directive, value in (("RcIdpMail", "alice@example.com"), ("RcIdpMail", "REMOTE_USER lower"))],
    ("RCIDP86", "RcIdpNameID: REMOTE_USER is the same for every user", launch("=>RcIdpNameID unspecified REMOTE_USER")),
    ("RCIDP85", "RcIdpLaunch: the metadata of us says AuthnRequestsSigned, and has no certificate", launch(
        server=identity() + 'RcIdpServiceProvider us metadata="%s"\n' % KEYLESS, before=MARKED)),
    ("RCIDP03", "RcIdpLaunch: what us asks is taken for a request of au, which has the same entityID and no metadata; name us first",
     launch(server=identity() + 'RcIdpServiceProvider us metadata="%s"\n' % RINGCENTRAL, before="SetHandler rcidp-launch\n=>RcIdpLaunch uk au us\n")),
    ("RCIDP66", "RcIdpLaunch: <Location /ringcentral/metadata> stands before <Location />",
     identity() + host(METADATA + section(MARKED, path='"/"'))),
]

AUTH = "\nRcIdpMail \"%{REMOTE_USER}@example.com\"\n" + idp.AUTHENTICATION
BOTH = file("both.pem", read(RSA.key) + b"\n# a remark\n" + read(RSA.cert))
CHAIN = file("chain.pem", read(RSA.cert) + read(certs.pair("ec256").cert))
PKCS1 = os.path.join(certs.folder(), "pkcs1.key")
certs.openssl("rsa", "-traditional", "-in", RSA.key, "-out", PKCS1)
os.chmod(PKCS1, 0o400)
MACRO = "<Macro Launch $path $name>\n%s</Macro>\nUse Launch /ringcentral us\n" % section(
    "SetHandler rcidp-launch\nRcIdpLaunch $name" + AUTH, path='"$path"')


def cert(path):
    return 'RcIdpEntityID urn:x:y\n%s "%s"\n' % (CERT, path)


def good(more="", server=None, before=LAUNCH):
    return launch(more + AUTH, server, before)


# What it is, the configuration, where to launch.
RIGHT = [
    *[("a trail that is root's, " + what, good(server=identity() + 'RcIdpSigningProcess on audit="%s"\n' % trail(name, owner, mode)), "/ringcentral")
      for what, name, owner, mode in (("open to nobody", "root", None, 0o600), ("read by httpd's group", "read", "group", 0o640))
      if os.geteuid() == 0],
    ("the smallest one", good(), "/ringcentral"),
    ("no key file, since the certificate's file has the key", good(server=cert(BOTH)), "/ringcentral"),
    ("a certificate with others behind it", good(server=cert(CHAIN) + '%s "%s"\n' % (KEY, RSA.key)), "/ringcentral"),
    ("a key in the older form", good(server=cert(RSA.cert) + '%s "%s"\n' % (KEY, PKCS1)), "/ringcentral"),
    ("a certificate for 61 days", good(server=identity(days=61)), "/ringcentral"),
    ("a certificate that is told of later", good(server="RcIdpExpiryNotice 10\n" + identity(days=20)), "/ringcentral"),
    ("expiry told of in one's own way", good(server=identity() + "RcIdpExpiryNotice 300 1\nRcIdpExpiryCommand /bin/sh -c 'exit 0'\n"),
     "/ringcentral"),
    ("expiry not told of", good(server=identity() + "RcIdpExpiryNotice none\nRcIdpExpiryCommand none\n"), "/ringcentral"),
    ("file names below ServerRoot", lambda server: good(server=cert("rel.crt") + KEY + " rel.key\n"), "/ringcentral"),
    *[("%s with %s" % (kind, algorithm), good(server=identity(kind) + "RcIdpSignatureAlgorithm %s\n" % algorithm), "/ringcentral")
      for kind, algorithm in (("rsa2048", "rsa-sha512"), ("rsa2048", "auto"), ("ec384", "ecdsa-sha256"), ("ec256", "ecdsa-sha512"))],
    ("the longest entity ID", good(server=identity().replace("https://sso.example.com/", "urn:" + "x" * 252)), "/ringcentral"),
    ("names in other cases", good(before="sethandler RCIDP-LAUNCH\nrcidplaunch us\nRCIDPREQUIRETLS On\n"), "/ringcentral"),
    ("handler and names in two sections", identity() + host(section("SetHandler rcidp-launch" + AUTH)
                                                            + section("RcIdpLaunch us", path="/ringcentral")), "/ringcentral"),
    ("the handler in an If", good(before="<If \"true\">\nSetHandler rcidp-launch\n</If>\nRcIdpLaunch us\n"), "/ringcentral"),
    ("a line that is continued", good(before="SetHandler rcidp-launch\nRcIdpLaunch \\\n  us \\\n  eu\n"), "/ringcentral?sp=eu"),
    ("within IfModule and IfDefine", identity() + "<IfModule rcidp_module>\n<IfDefine !NONE>\n%s</IfDefine>\n</IfModule>\n"
     % host(section(LAUNCH + AUTH)), "/ringcentral"),
    ("in a macro", identity() + host(MACRO), "/ringcentral"),
    ("a section for the whole site before it, and one behind it that says nothing of users", identity() + host(
        section("Require all denied", path='"/"') + section(LAUNCH + AUTH) + section("Header set X-A b", path='"/"')), "/ringcentral"),
    ("sections that hold for other paths", identity() + host(
        section(LAUNCH + AUTH) + section("Require all denied", path='"/ring"') + section("Require all denied", path='"/ringcentral/b"')
        + section("Require all denied", "LocationMatch", path='"^/ring$"') + section("Require all denied", path='~ "^/b"')
        + section("Require all denied", path='"/b*"')), "/ringcentral"),
    ("the last word", identity() + host(
        section(LAUNCH) + section("Require all denied", path='"/"') + section(AUTH)), "/ringcentral"),
    ("in another file", lambda server: identity() + host('Include "%s"' % server.write("more.conf", section(LAUNCH + AUTH).replace("${folder}", server.folder))),
     "/ringcentral"),
    ("at the root", identity() + host(section(LAUNCH + AUTH, path='"/"')), "/"),
    ("at a path with a slash at the end", identity() + host(section(LAUNCH + AUTH, path='"/ringcentral/"')), "/ringcentral/"),
    ("at a path with a space", identity() + host(section(LAUNCH + AUTH, path='"/ring central"')), "/ring%20central"),
    ("at a path with letters", identity() + host(section(LAUNCH + AUTH, path='"/rüng"')), "/r%C3%BCng"),
    ("behind a general section", identity() + host(section("Require all granted", path='"/"') + section("Require all denied", "LocationMatch")
                                                   + section("Require all denied", path='"/ring*"') + section(LAUNCH + AUTH)
                                                   + METADATA), "/ringcentral"),
    ("two paths, one below the other", identity() + host(section(LAUNCH + AUTH) + section(
        LAUNCH.replace("us", "eu"), path='"/ringcentral/eu"')), "/ringcentral/eu"),
    ("an identity in the virtual host", host(identity() + section(LAUNCH + AUTH)), "/ringcentral"),
    ("a path in the main server, identities in the virtual hosts",
     section(LAUNCH + AUTH) + host(identity()) + host("", name="idp.example.com"), "/ringcentral"),
    ("requests that are signed by nobody knows whom, and not taken", good("RcIdpAuthnRequests off", server=identity()
                                                                         + 'RcIdpServiceProvider us metadata="%s"\n' % KEYLESS), "/ringcentral"),
    ("a path in the main server, its provider in the virtual host that has an identity",
     section(LAUNCH.replace("us", "own") + AUTH) + host("", name="idp.example.com")
     + host(identity() + "RcIdpServiceProvider own %s\n" % ACS), "/ringcentral"),
    ("a key in the main server, a name in the virtual host",
     identity().partition("\n")[2] + host("RcIdpEntityID urn:x:y\n" + section(LAUNCH + AUTH)), "/ringcentral"),
    ("a host without TLS and without a launch path", good() + host("", tls="", name="idp.example.com"), "/ringcentral"),
    ("TLS for all hosts", "${tls}\n" + identity() + host(section(LAUNCH + AUTH), tls=""), "/ringcentral"),
    ("a RelayState of 80 bytes", good("RcIdpRelayState " + URL.ljust(80, "x")), "/ringcentral"),
    ("the least numbers", good("RcIdpAssertionLifetime 30\nRcIdpClockSkew 0\nRcIdpSessionLifetime 1\nRcIdpAuthnMaxAge 1"), "/ringcentral"),
    ("the greatest numbers", good("RcIdpAssertionLifetime 3600\nRcIdpClockSkew 600\nRcIdpSessionLifetime 31622400"), "/ringcentral"),
    ("a service provider that is defined twice", identity()
     + host("RcIdpServiceProvider a.b-c_1 %s\nRcIdpServiceProvider us entityid=saml2:ringcentral:prod\n"
            "RcIdpServiceProvider a.b-c_1 title='A \"b\"'\n" % ACS
            + section(LAUNCH.replace("us", "us a.b-c_1") + AUTH)), "/ringcentral?sp=a.b-c_1"),
    ("names of one entityID, the one with metadata first", good(server=identity() + 'RcIdpServiceProvider us metadata="%s"\n' % RINGCENTRAL,
                                                                before=LAUNCH.replace("us", "us au")), "/ringcentral?sp=us"),
    ("an account that all share", good('<If "true">\nRcIdpMail alice@example.com\n</If>'), "/ringcentral"),
    ("another name by another address", good('<If "%{HTTP_HOST} == \'bob\'">\nRcIdpMail robert@example.com\n</If>'), "/ringcentral"),
    ("a persistent name ID in an If, with the secret", good('<If "true">\nRcIdpNameID persistent\n</If>\n', server=identity()
                                                            + 'RcIdpPersistentIDSecretFile "%s"\n' % file("if.secret", bytes(32))), None),
    ("a persistent name ID in an If, and hosts with a secret", '<If "true">\nRcIdpNameID persistent\n</If>\n'
     + host(identity() + 'RcIdpPersistentIDSecretFile "%s"\n' % file("if.secret", bytes(32)) + section(LAUNCH + AUTH)), None),
    ("the metadata by AddHandler", good("AddHandler rcidp-metadata .x"), "/ringcentral"),
    ("a path that is not protected yet", launch(), None),
]

for tag, wanted, text in WARNINGS:
    server = Configuration(text, name="warning")
    status, output = server.configtest()
    lines = output.splitlines()
    is_((status, len(lines), lines[-1]), (0, 2, "Syntax OK"), "%s: passes, with one warning" % wanted)
    like(lines[0], r"^\[.*\] \[rcidp:warn\] .*%s: %s.* \(%s:%d\)$" % (tag, wanted, re.escape(server.path("httpd.conf")), server.line),
         "%s: names file and line %d" % (wanted, server.line))
is_(Configuration(plain(LAUNCH + OFF, "RcIdpBaseURL https://sso.example.com\n")).configtest(), (0, "Syntax OK\n"),
    "with RcIdpBaseURL a host without TLS is no problem")

for name, text, path in RIGHT:
    server = Configuration(text, name="right", modules=["macro"])
    server.unjudged = "it publishes no metadata, or at another path"
    for link, target in (("rel.crt", RSA.cert), ("rel.key", RSA.key)):
        server.write(link, read(target), 0o600)
    server.write("users", idp.password_file(["alice"]))
    is_(server.configtest(), (0, "Syntax OK\n"), name + ": passes in silence")
    with server:
        if path:
            post = form.auto_post(server.client().get(path, user="alice").text)
            is_(post and verify.fields(post.xml).name_id, "alice@example.com", name + ": starts and launches")

# What does not pass, does not end a server that runs.
server = Configuration(identity() + host(section(LAUNCH + AUTH) + METADATA), name="restart")
server.write("users", idp.password_file(["alice"]))
with server:
    server.config = good("RcIdpSign none")
    try:
        server.graceful()
        ok(False, "a wrong configuration stops the restart")
    except RuntimeError as error:
        like(str(error), "RcIdpSign", "a wrong configuration stops the restart")
    ok(form.auto_post(server.client().get("/ringcentral", user="alice").text), "and not the server")

# Nobody who may write a file somewhere below the documents may say who a user is.
with open(os.path.join(SOURCE, "src", "directives.c")) as source:
    directives = re.findall(r'AP_INIT_\w+\("(RcIdp\w+)"', source.read())
ok(len(directives) > 20, "the directives are known")
server = Configuration('%sRcIdpRequireTLS off\n<Directory "${folder}/docs">\nAllowOverride All\n</Directory>' % identity(), name="htaccess")
with server:
    for directive in directives:
        server.write("docs/%s/.htaccess" % directive, directive + " x\n")
        is_(server.client(scheme="http").get("/%s/x" % directive).status, 500, directive + " in .htaccess: is an error")
        server.expect(r"/%s/\.htaccess: %s not allowed here" % (directive, directive), count=1)
    # A handler is allowed there; a launch is more than that.
    server.write("docs/handler/.htaccess", "SetHandler rcidp-launch\nRequire all granted\nAuthType Basic\nAuthName x\n")
    is_(server.client(scheme="http").get("/handler/x?SAMLRequest=x").status, 500, "SetHandler in .htaccess: launches nothing")
    server.expect("RCIDP11: .*no RcIdpLaunch", count=1)

# Nor by this directive, which lets anything in that may stand in a section.
with open(os.path.join(SOURCE, "src", "directives.c")) as source:
    directives = re.findall(r'AP_INIT_\w+\("(RcIdp\w+)", set,', source.read())
ok(len(directives) > 12, "the directives of sections are known")
server = Configuration('%s<Directory "${folder}/docs">\nAllowOverride None\nAllowOverrideList %s\n</Directory>'
                       % (identity(), " ".join(directives)), name="override-list")
with server:
    for directive in directives:
        server.write("docs/%s/.htaccess" % directive, directive + " x\n")
        is_(server.client(scheme="http").get("/%s/x" % directive).status, 500, directive + " by AllowOverrideList: is an error")
        server.expect(r"/%s/\.htaccess: %s: is not allowed in \.htaccess" % (directive, directive), count=1)
done_testing()
