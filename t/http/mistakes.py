#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Wrong configurations: httpd -t refuses each, names the directive, the file and the very line, and never crashes."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import asking
import certs
from snippets import LAUNCH, Configuration, file, host, identity, launch, read, section, server, without
from tap import done_testing, is_, like, ok

RSA, EC = certs.pair("rsa2048"), certs.pair("ec256")
OTHER = certs.pair("rsa2048", "other")
GARBAGE = file("garbage.pem", b"-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\nAAAA\n"
               b"-----END PRIVATE KEY-----\n")
EMPTY = file("empty.pem", b"")
LARGE = file("large.pem", read(RSA.cert) + b"\n" * 1100000)
CHAIN = file("chain.pem", read(RSA.cert) + read(EC.cert))
BOTH = file("both.pem", read(RSA.cert) + read(RSA.key))
KEY_FIRST = file("key-first.pem", read(RSA.key) + read(RSA.cert))
ENCRYPTED = certs.encrypted().key
BOTH_ENCRYPTED = file("both-encrypted.pem", read(RSA.cert) + read(ENCRYPTED))
KOBLITZ = os.path.join(certs.folder(), "koblitz.key")
certs.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1", "-out", KOBLITZ)
TRADITIONAL = os.path.join(certs.folder(), "traditional.key")
certs.openssl("rsa", "-traditional", "-in", RSA.key, "-aes128", "-passout", "pass:x", "-out", TRADITIONAL)
DER = os.path.join(certs.folder(), "key.der")
certs.openssl("pkey", "-in", RSA.key, "-outform", "DER", "-out", DER)
PKCS1 = os.path.join(certs.folder(), "pkcs1.key")
certs.openssl("rsa", "-traditional", "-in", RSA.key, "-out", PKCS1)
os.chmod(PKCS1, 0o600)
FIFO = os.path.join(certs.folder(), "fifo")
os.mkfifo(FIFO)
BARE = file("bare.xml", asking.metadata([]).encode())
SECRET, SHORT = file("secret", b"s" * 32), file("short", b"s" * 31)
ACS = "entityid=urn:x:y acs=https://sp.example.com/acs"
CERT, KEY = "RcIdpSigningCertificateFile", "RcIdpSigningKeyFile"


def certificate(path):
    return launch(server='=>%s "%s"\n' % (CERT, path))


def key(path, cert=RSA.cert):
    return launch(server='RcIdpEntityID urn:x:y\n%s "%s"\n=>%s "%s"\n' % (CERT, cert, KEY, path))


def in_location(directive, *arguments):
    """Rows: that directive with each of these arguments is refused by the directive itself."""
    return [(directive, wanted, launch("=>%s %s" % (directive, argument))) for argument, wanted in arguments]


def in_server(directive, *arguments):
    return [(directive, wanted, server("=>%s %s" % (directive, argument))) for argument, wanted in arguments]


def in_portal(*arguments):
    """Rows: RcIdpPortalLink with each of these arguments, beside a launch path of one service provider and one of two."""
    return [("RcIdpPortalLink", wanted, identity() + host(
        section(LAUNCH + "RcIdpRelayStateAllow https://app.example.com/") + section(LAUNCH.replace(" us", " us eu"), path='"/two"')
        + section("SetHandler rcidp-portal\n=>RcIdpPortalLink %s" % argument, path='"/portal"')))
            for argument, wanted in arguments]


# The directive that is named, what is said about it, the configuration.
WRONG = [
    # Arguments.
    *in_server("RcIdpEntityID", ("", "takes one argument"), ("sso.example.com", "absolute URI"), ("/metadata", "absolute URI"),
               ("urn:x:" + "y" * 251, "at most 256"), ('"urn:x y"', "absolute URI"), ("urn:x:ü", "absolute URI"), ("urn:", "absolute URI"),
               ("urn:x:y urn:z", "takes one argument")),
    *in_server("RcIdpBaseURL", ("http://sso.example.com", "https"), ("sso.example.com", "https"), ("https://", "https"),
               ("https://sso.example.com/?a", "query"), ("https://sso.example.com/#a", "fragment"),
               ("https://a@sso.example.com", "https"), ("https://sso.example.com/a/../b", "https")),
    *in_server("RcIdpServiceProvider", ("", "NAME"), ("a/b " + ACS, "NAME"), ("x" * 65 + " " + ACS, "NAME"), ("own", "needs entityid"),
               ("own entityid=urn:x:y", "needs entityid=URI and acs=URL"), ("own acs=https://sp.example.com/", "needs entityid"),
               ("own entityid=urn:x:y acs=http://sp.example.com/", "acs=.* https"), ("own entityid=urn:x:y acs=sp", "acs="),
               ("own entityid=urn:x:y acs=https://u@sp.example.com/", "acs="), ("own entityid=x acs=https://sp.example.com/", "entityid="),
               ("own entityid=urn:%s acs=https://sp.example.com/" % ("x" * 260), "entityid="), ("us acs=ftp://x/", "acs="),
               ("own %s relaystate=sp" % ACS, "relaystate|URL"), ("own %s title=" % ACS, "title="), ("own %s titel=x" % ACS, "titel="),
               ("own %s x" % ACS, "KEY=VALUE"), ('own %s "title"' % ACS, "KEY=VALUE"),
               ("own %s entityid=urn:x" % ACS, "entityid= stands twice"), ("us title=x encryption=off title=x", "title= stands twice")),
    *in_server("RcIdpSignatureAlgorithm", ("rsa-sha1", "SHA-1"), ("ecdsa-sha1", "SHA-1"), ("sha256", "none of"), ("RSA", "none of"),
               ("ecdsa-sha256", "does not fit the key"), ("ecdsa-sha512", "does not fit")),
    ("RcIdpSignatureAlgorithm", "does not fit", launch(server=identity("ec256") + "=>RcIdpSignatureAlgorithm rsa-sha256\n")),
    *in_server("RcIdpContact", ("helpdesk", "e-mail"), ("a@b@c", "e-mail"), ("mailto:a@b", "e-mail")),
    *in_server("RcIdpPageTitle", ("", "takes one argument"), ("x" * 101, "1 to 100 bytes"), ("a\udcfcb", "UTF-8")),
    *in_server("RcIdpPageLogo", ("", "takes one argument"), ("/none", "cannot read /none"), (GARBAGE, "neither PNG, JPEG, GIF, WebP nor SVG"),
               (EMPTY, "1 byte"), (LARGE, "1 MiB"), (file("large.gif", b"GIF89a" + b"x" * 32768), "at most 32768"), (certs.folder(), "not a file")),
    *in_server("RcIdpPageColor", ('""', "#RRGGBB"), ("blue", "#RRGGBB"), ('"#fff"', "#RRGGBB"), ('"#12345g"', "#RRGGBB")),
    *in_server("RcIdpPageStylesheet", ("/none", "cannot read /none"), (EMPTY, "1 byte"), (file("import.css", b"@import 'a';"), "fetch"),
               (file("url.css", b"a{background:url(/a.png)}"), "fetch"), (file("end.css", b"a{}</style>"), "without HTML"),
               (file("latin.css", b"/*\xfc*/"), "UTF-8"), (file("large.css", b" " * 32769), "at most 32768"),
               (RSA.key, "a key or a certificate"), (BOTH, "a key or a certificate"), (FIFO, "is a pipe")),
    *in_server("RcIdpPageLanguage", ("", "takes one argument"), ("it", "none of auto"), ("de-AT", "none of auto"), ("DE", "none of auto")),
    *in_server("RcIdpExpiryCommand", ("", "needs the path of a program"), ("/nowhere/mail", "/nowhere/mail is no program"),
               ("/etc", "no program"), (RSA.cert, "no program that can be run"), ("mail", "no program")),
    *in_server("RcIdpExpiryNotice", ("", "takes none, or days"), ("0", "days from 365 to 1"), ("366", "days from"), ("7 30", "the most first"),
               ("7 7", "the most first"), ("60 none", "days"), ("1.5", "days"), ("-1", "days"), ("60,30", "days")),
    ("RcIdpServiceProvider", "neither PNG", server("=>RcIdpServiceProvider us icon=%s" % GARBAGE)),
    ("RcIdpServiceProvider", "at most 8192", server("=>RcIdpServiceProvider us icon=%s" % file("icon.gif", b"GIF89a" + b"x" * 8192))),
    *in_portal(("", "title .* and the path"), ("Title", "title .* and the path"), ('"" /ringcentral', "title .* and the path"),
               ("Title ringcentral relaystate=https://x/", "title .* and the path"), ("Title /ringcentral", "needs relaystate="),
               ("Title /ringcentral relaystate=x", "URL"), ("Title /ringcentral sp= relaystate=https://x/", "sp= is empty"),
               ("Title /ringcentral state=https://x/", "none of sp=NAME"), ("Title /ringcentral relaystate=https://x/ icon=/none", "cannot read /none"),
               ("Title /nowhere relaystate=https://app.example.com/", 'no RcIdpLaunch in a <Location "/nowhere">'),
               ("Title /ringcentral/below relaystate=https://app.example.com/", "no RcIdpLaunch"),
               ("Title /ringcentral sp=eu relaystate=https://app.example.com/", "sp=eu is not in the RcIdpLaunch of /ringcentral"),
               ("Title /two relaystate=https://app.example.com/", "needs sp=NAME, since /two launches several"),
               ("Title /two sp=us relaystate=https://app.example.com/", "RcIdpRelayStateAllow of /two does not allow"),
               ("Title /ringcentral relaystate=https://other.example.com/", "does not allow https://other"),
               ("Title /ringcentral relaystate=https://app.example.com/%s" % ("x" * 60), "over 80 bytes")),
    ("RcIdpPortalLink", "not allowed", server("=>RcIdpPortalLink a /b relaystate=https://x/")),
    ("RcIdpPortalLink", "needs SetHandler rcidp-portal", launch("=>RcIdpPortalLink a /ringcentral relaystate=https://x/\nRcIdpRelayStateAllow https://x/")),
    *[("SetHandler", "rcidp-portal needs a <Location> with a plain path", identity() + host(section("=>SetHandler rcidp-portal", *where))) for where in (
        ("Directory", '"/portal"'), ("Files", '"x"'), ("LocationMatch", '"/portal"'), ("If", '"true"'), ("Location", '"/port*"'))],
    ("SetHandler", "rcidp-portal needs", identity() + host("=>SetHandler rcidp-portal")),
    *in_server("RcIdpPersistentIDSecretFile", (SHORT, "32"), (EMPTY, "1 byte"), ("/none", "/none"), (certs.folder(), "."), (FIFO, "is a pipe")),
    *in_server("RcIdpPublishCertificateFile", ("/none", "cannot read /none"), (RSA.key, "no certificate"), (GARBAGE, "no certificate"),
               (certs.pair("rsa1024").cert, "1024 bits"), (certs.pair(digest="sha1").cert, "sha1With")),
    *in_location("RcIdpMail", ("", "expression is missing"), ("%{", "cannot be parsed"), ("%{NO_SUCH_VARIABLE}", "cannot be parsed"),
                 ("%{nosuchfunction:x}", "cannot be parsed"), ("%{REMOTE_USER} fish", '"fish" is no transform'),
                 ("%{REMOTE_USER} LOWER", "no transform"),
                 ("%{REMOTE_USER} s/a/b", "s/REGEX/REPLACEMENT"), ("%{REMOTE_USER} s/a", "s/REGEX/REPLACEMENT"),
                 ("%{REMOTE_USER} s/(/b/", "regular expression"), ("%{REMOTE_USER} s/*/b/", "regular expression"),
                 ("%{REMOTE_USER} s/a/b/x", "flag x"), ("%{REMOTE_USER} match=(", "regular expression"),
                 ("%{REMOTE_USER} split=", "no transform"), ("%{REMOTE_USER} default", "no transform"),
                 ('%{REMOTE_USER} "if=%{REMOTE_USER} =="', "condition"), ("%{REMOTE_USER} if=", "condition"),
                 ("%{REMOTE_USER} if=%{NOT_A_NAME}", "condition"), (r"%{REMOTE_USER} s\a\b\ ", "no transform"),
                 ("%{REMOTE_USER} sxaxbx", "no transform")),
    *in_location("RcIdpNameID", ("", "none of email"), ("mail", "none of email"), ("email %{", "cannot be parsed"),
                 ("email %{REMOTE_USER} fish", "no transform"), ("transient %{REMOTE_USER}", "no expression"), ("Email", "none of email")),
    ("RcIdpLaunch", "RcIdpPersistentIDSecretFile", launch("RcIdpNameID persistent", before="SetHandler rcidp-launch\n=>RcIdpLaunch us\n")),
    *[("RcIdpNameID", "RcIdpPersistentIDSecretFile", launch(text % "=>RcIdpNameID persistent")) for text in (
        '<If "true">\n%s\n</If>', '<If "false">\n</If>\n<ElseIf "true">\n%s\n</ElseIf>', '<If "false">\n</If>\n<Else>\n%s\n</Else>',
        '<If "true">\n<If "true">\n%s\n</If>\n</If>')],
    *[("RcIdpNameID", "RcIdpPersistentIDSecretFile", identity() + host(section(LAUNCH) + section("=>RcIdpNameID persistent", kind, path)))
      for kind, path in (("Directory", "/"), ("DirectoryMatch", "/"), ("Files", "x"), ("FilesMatch", "x"), ("LocationMatch", "/"), ("Location", '"/ring*"'),
                         ("Location", '~ "/ring"'))],
    ("RcIdpNameID", "RcIdpPersistentIDSecretFile", '<If "true">\n=>RcIdpNameID persistent\n</If>\n' + launch()),
    ("RcIdpNameID", "RcIdpPersistentIDSecretFile", '<If "true">\n=>RcIdpNameID persistent\n</If>\n' + host(identity() + section(LAUNCH))),
    *in_location("RcIdpAttribute", ("", "neither a short name"), ("role", "expression is missing"), ("1role x", "nor an XML name"),
                 ('"a b" x', "nor an XML name"), ("r\udcf4le x", "nor an XML name"),
                 ("role %{", "cannot be parsed"), ("role x fish", "no transform"), ("<role> x", "nor an XML name"), ('role none "if=true"', "none stands alone")),
    *in_location("RcIdpAuthnContext", ("", "takes one argument"), ("Password", "none of auto"), ("high", "none of auto"),
                 ("%{NO_SUCH_VARIABLE}", "cannot be parsed"), ("%{REMOTE_USER", "cannot be parsed"), ("auto auto", "takes one argument")),
    *in_location("RcIdpAuthnInstant", ("", "expression is missing"), ("%{", "cannot be parsed"), ("x fish", "no transform"), ("tomorrow", "is no time")),
    *in_location("RcIdpAuthnMaxAge", ("60 //example.com/", "neither a path nor an https URL"), ("60 http://example.com/", "neither a path"),
                 ("", "seconds"), ("0", "from 1 to"), ("-1", "seconds"), ("x", "seconds"), ("31622401", "to 31622400"),
                 ("60 %{", "cannot be parsed")),
    *in_location("RcIdpRelayState", ("", "takes one argument"), ("start", "URL"), ("ftp://x/", "http"), ("https://a@x/", "URL"),
                 ("https://x/../", "URL"), ("https:///x", "URL"), ('"https://x/ y"', "URL"), ("nothing", "URL")),
    *in_location("RcIdpRelayStateAllow", ("", "argument"), ("*", "URL"), ("https://*.example.com", "URL"), ("app.example.com", "URL"),
                 ("https://app.example.com/?a", "no query"), ("https://app.example.com/#a", "prefix"),
                 ("https://app.example.com https://a@app.example.com", "URL")),
    *in_location("RcIdpSign", ("", "takes one argument"), ("none", "none of both"), ("Both", "none of both"), ("response assertion", "one")),
    *in_location("RcIdpAssertionLifetime", ("29", "30 to 3600"), ("3601", "30 to 3600"), ("-30", "30 to 3600"), ("300s", "30 to 3600"),
                 ("5m", "30"), ("0x40", "30"), ("1e2", "30"), ("", "one argument"), ("99999999999999999999", "30")),
    *in_location("RcIdpClockSkew", ("601", "0 to 600"), ("-1", "0 to 600"), ("+1", "0 to 600"), ('""', "0 to 600"), ('" 1"', "0 to 600")),
    *in_location("RcIdpSessionLifetime", ("0", "1 to"), ("31622401", "to 31622400"), ("forever", "seconds")),
    *in_location("RcIdpLaunchLimit", ("0", "1 to 100"), ("101", "1 to 100"), ("-1", "1 to 100"), ("5/m", "1 to 100"), ("", "one argument"), ("off", "none")),
    ("RcIdpLaunchLimitCache", "is mod_socache_nosuch loaded", launch(server=identity() + "=>RcIdpLaunchLimitCache nosuch\n")),
    ("RcIdpLaunchLimitCache", "size", launch(server=identity() + "=>RcIdpLaunchLimitCache shmcb:x(1)\n")),
    ("RcIdpLaunchLimitCache", "cannot occur within", identity() + host("=>RcIdpLaunchLimitCache shmcb\n" + section(LAUNCH))),
    *in_location("RcIdpAuthnRequests", ("", "takes one argument"), ("yes", "none of on, signed, off"), ("on signed", "takes one argument")),
    *in_location("RcIdpRequireTLS", ("maybe", "none of on, off"), ("", "takes one argument")),
    ("RcIdpLaunch", "RcIdpPersistentIDSecretFile",
     identity() + "RcIdpNameID persistent\n" + host(section("SetHandler rcidp-launch\n=>RcIdpLaunch us"))),
    # Keys and certificates.
    (CERT, "cannot read /none", certificate("/none")),
    (CERT, "not a file", certificate(certs.folder())),
    (CERT, "1 MiB", certificate(LARGE)),
    (CERT, "1 byte", certificate(EMPTY)),
    (CERT, "no certificate", certificate(GARBAGE)),
    (CERT, "no certificate", certificate(RSA.key)),
    (CERT, "no certificate", certificate(DER)),
    (CERT, "sha1With", certificate(certs.pair(digest="sha1").cert)),
    (CERT, "1024 bits", certificate(certs.pair("rsa1024").cert)),
    (CERT, "curve", certificate(certs.pair("ec224").cert)),
    (CERT, "ED25519", certificate(certs.pair("ed25519").cert)),
    (KEY, "cannot read /none", key("/none")),
    (KEY, "1 byte", key(EMPTY)),
    (KEY, "no private key", key(GARBAGE)),
    (KEY, "no private key", key(RSA.cert)),
    (KEY, "no private key", key(DER)),
    (KEY, "is encrypted", key(ENCRYPTED)),
    (KEY, "is encrypted", key(TRADITIONAL)),
    (KEY, "1024 bits; at least 2048", key(certs.key("rsa1024"))),
    (KEY, "curve", key(certs.key("ec224"))),
    (KEY, "curve", key(KOBLITZ)),
    (KEY, "RSA or EC", key(certs.key("ed25519"))),
    (KEY, "does not belong", key(OTHER.key)),
    (KEY, "does not belong", key(EC.key)),
    (KEY, "does not belong", key(RSA.key, EC.cert)),
    (CERT, "does not belong|no RcIdpSigningKeyFile", launch(server='RcIdpEntityID urn:x:y\n=>%s "%s"\n' % (CERT, RSA.cert))),
    (CERT, "is encrypted", launch(server='RcIdpEntityID urn:x:y\n=>%s "%s"\n' % (CERT, BOTH_ENCRYPTED))),
    (CERT, "does not belong", launch(server='RcIdpEntityID urn:x:y\n=>%s "%s"\n'
                                     % (CERT, file("mixed.pem", read(RSA.cert) + read(OTHER.key))))),
    (KEY, "no RcIdpSigningCertificateFile", '=>%s "%s"\n' % (KEY, RSA.key)),
    (CERT, "no RcIdpSigningKeyFile", '=>%s "%s"\n' % (CERT, RSA.cert)),
    (KEY, "does not belong", identity() + host('=>%s "%s"\n' % (KEY, OTHER.key) + section(LAUNCH))),
    (KEY, "does not belong", identity().replace(KEY, "=>" + KEY) + host('%s "%s"\n' % (CERT, EC.cert) + section(LAUNCH))),
    ("RcIdpSignatureAlgorithm", "does not fit", identity() + "=>RcIdpSignatureAlgorithm rsa-sha512\n" + host(identity("ec384"))),
    # A process for the keys.
    *in_server("RcIdpSigningProcess", ("", "neither on nor off"), ("yes", "neither on nor off"), ("off user=daemon", "takes no more"),
               ("on user=nobody-at-all", "no such user"), ("on rate=1", "from 2 to"), ("on rate=1000001", "to 1000000"), ("on rate=", "rate="),
               ("on rate=9x", "rate="), ("on daemon", "none of user=NAME"), ("on audit=", "not the path of a file"),
               ("on audit=|cat", "not the path of a file"), ("on audit=no/such/file", "there is no such folder"), ("on audit=/", "is not a file"),
               ("on rate=2 user=daemon rate=2", "rate= stands twice"), ('on "" rate=2', "none of user=NAME")),
    ("RcIdpSigningProcess", "user=daemon is the User of httpd's children", server("User daemon\n=>RcIdpSigningProcess on user=daemon")),
    ("RcIdpSigningProcess", "stands twice", server("RcIdpSigningProcess on\n=>RcIdpSigningProcess on rate=9")),
    ("RcIdpSigningProcess", "cannot occur within <VirtualHost", identity() + host("=>RcIdpSigningProcess on\n" + section(LAUNCH))),
    (KEY, "needs RcIdpSigningProcess on", key("pkcs11:object=x")),
    *[(KEY, wanted, key(path) + "RcIdpSigningProcess on\n") for path, wanted in (
        ("/none", "cannot read /none"), (EMPTY, "1 byte"), (GARBAGE, "no private key"), (ENCRYPTED, "is encrypted"),
        (certs.key("rsa1024"), "1024 bits"), (KOBLITZ, "curve"), (OTHER.key, "does not belong"),
        ("pkcs11:object=x?pin-value=1234", "does not belong into the configuration"))],
    (CERT, "wants the key in a file of its own", launch(server='RcIdpSigningProcess on\nRcIdpEntityID urn:x:y\n=>%s "%s"\n' % (CERT, RSA.cert))),
    (CERT, "has a private key too", launch(server='RcIdpEntityID urn:x:y\n=>%s "%s"\n%s "%s"\n' % (CERT, BOTH, KEY, RSA.key))
     + "RcIdpSigningProcess on\n"),
    # No identity.
    ("RcIdpLaunch", "needs RcIdpEntityID", without("RcIdpEntityID", identity()) + host(section(LAUNCH.replace("RcIdpL", "=>RcIdpL")))),
    ("RcIdpLaunch", "needs RcIdpSigningCertificateFile", "RcIdpEntityID urn:x:y\n" + host(section(LAUNCH.replace("RcIdpL", "=>RcIdpL")))),
    ("RcIdpLaunch", "needs RcIdpEntityID", section(LAUNCH.replace("RcIdpL", "=>RcIdpL"))),
    ("RcIdpLaunch", "needs RcIdpEntityID", host(section(LAUNCH.replace("RcIdpL", "=>RcIdpL"))) + host(identity(), name="b.example.com")),
    ("RcIdpLaunch", "needs RcIdpSigningCertificateFile",
     section(LAUNCH.replace("RcIdpL", "=>RcIdpL")) + host("RcIdpEntityID urn:x:y") + host(identity(), name="b.example.com")),
    # Where a launch path may be.
    *[("RcIdpLaunch", "plain path", identity() + host(section(LAUNCH.replace("RcIdpL", "=>RcIdpL"), *where))) for where in (
        ("LocationMatch", '"^/ringcentral$"'), ("Location ~", '"^/ringcentral$"'), ("Location", '"/ring*"'), ("Location", '"/ring?entral"'),
        ("Location", '"/ring[c]entral"'), ("Location", '"ringcentral"'), ("Directory", '"/ringcentral"'), ("DirectoryMatch", '"/r"'),
        ("Files", '"ringcentral"'), ("If", '"true"'))],
    ("RcIdpLaunch", "plain path", identity() + host(section("SetHandler rcidp-launch\n" + section("=>RcIdpLaunch us", "If", '"true"')))),
    *[(directive, "holds for all methods", identity() + host(section("SetHandler rcidp-launch\n" + section("=>%s us" % directive, limit, "GET"))))
      for directive in ("RcIdpLaunch", "RcIdpMail", "RcIdpSign") for limit in ("Limit", "LimitExcept")],
    ("RcIdpLaunch", "not allowed", identity() + host("=>RcIdpLaunch us")),
    ("RcIdpLaunch", "not allowed", identity() + "=>RcIdpLaunch us"),
    ("RcIdpLaunch", "stands twice in this section", launch("=>RcIdpLaunch eu")),
    ("RcIdpLaunch", '"us" stands twice', launch(before="SetHandler rcidp-launch\n=>RcIdpLaunch us eu us\n")),
    ("RcIdpLaunch", "needs the name", launch(before="SetHandler rcidp-launch\n=>RcIdpLaunch\n")),
    ("RcIdpLaunch", 'no service provider "usa"; there are us, uk, eu, au', launch(before="SetHandler rcidp-launch\n=>RcIdpLaunch us usa\n")),
    ("RcIdpLaunch", 'no service provider "US"', launch(before="SetHandler rcidp-launch\n=>RcIdpLaunch US\n")),
    ("RcIdpLaunch", 'no service provider "own"; there are us, uk, eu, au, other',
     identity() + host("RcIdpServiceProvider other " + ACS + "\n" + section("SetHandler rcidp-launch\n=>RcIdpLaunch own"))
     + host("RcIdpServiceProvider own " + ACS, name="b.example.com")),
    *[("RcIdpLaunch", "no request comes to " + re.escape(path.strip('"')), identity() + host(section("SetHandler rcidp-launch\n=>RcIdpLaunch us", path=path)))
      for path in ('"//a"', '"/a//b"', '"/a/./b"', '"/a/.."', '"/a%20b"')],
    ("RcIdpLaunch", "needs SetHandler", launch(before="=>RcIdpLaunch us\n")),
    ("RcIdpLaunch", "needs SetHandler", launch(before="SetHandler rcidp-metadata\n=>RcIdpLaunch us\n")),
    ("RcIdpLaunch", "needs SetHandler", identity() + host(section("=>RcIdpLaunch us") + section("SetHandler rcidp-launch", path='"/b"'))),
    ("SetHandler", "needs an RcIdpLaunch", launch(before="=>SetHandler rcidp-launch\n")),
    ("SetHandler", "needs an RcIdpLaunch", identity() + host(section(LAUNCH) + section("=>SetHandler rcidp-launch", path='"/b"'))),
    *[("SetHandler", "needs an RcIdpLaunch", identity() + host(section(LAUNCH) + section("=>SetHandler rcidp-launch", *where))) for where in (
        ("Directory", '"/ringcentral"'), ("Files", '"x"'), ("LocationMatch", '"/ringcentral"'), ("If", '"true"'), ("Location", '"/ring*"'))],
    ("SetHandler", "needs an RcIdpLaunch", identity() + host("=>SetHandler rcidp-launch")),
    ("SetHandler", "needs an RcIdpLaunch", identity() + "=>SetHandler rcidp-launch\n"),
    ("SetHandler", "needs an RcIdpLaunch", identity() + section("=>SetHandler rcidp-launch") + host(section("RcIdpLaunch us"))),
    *[("AddHandler", handler + " belongs to a path", launch("=>AddHandler %s .x" % handler)) for handler in ("rcidp-launch", "rcidp-portal", "rcidp-test", "RcIdp-Launch")],
    ("AddHandler", "rcidp-launch belongs to a path", identity() + host('=>AddHandler "rcidp-launch" html\n' + section(LAUNCH))),
    ("AddHandler", "rcidp-launch belongs to a path", identity() + section("=>AddHandler rcidp-launch .x", "Directory", '"/x"') + host(section(LAUNCH))),
    *[("RcIdpLaunch", "RcIdpAuthnRequests signed needs metadata= with a certificate for us",
       launch("RcIdpAuthnRequests signed", identity() + provider, "SetHandler rcidp-launch\n=>RcIdpLaunch us\n"))
      for provider in ("", 'RcIdpServiceProvider us metadata="%s"\n' % BARE)],
    # Where a test page may be.
    *[("SetHandler", "rcidp-test needs a <Location> with a plain path below", identity() + host(section(LAUNCH) + section("=>SetHandler rcidp-test", *where)))
      for where in (("Location", '"/test"'), ("Location", '"/ringcentralx"'), ("Location", '"/ringcentral/*"'), ("LocationMatch", '"^/ringcentral/test$"'),
                    ("Location ~", '"/ringcentral/test"'), ("Directory", '"/ringcentral/test"'), ("If", '"true"'))],
    ("SetHandler", "rcidp-test needs", identity() + host(section(LAUNCH)) + section("=>SetHandler rcidp-test", path='"/ringcentral/test"')),
    ("SetHandler", "rcidp-test needs", identity() + host("=>SetHandler rcidp-test\n" + section(LAUNCH))),
]
# Those of a server, in a section.
WRONG += [(name, "not allowed in <Location> context", launch("=>%s x" % name)) for name in (
    "RcIdpEntityID", CERT, KEY, "RcIdpPublishCertificateFile", "RcIdpBaseURL", "RcIdpServiceProvider", "RcIdpSignatureAlgorithm",
    "RcIdpPersistentIDSecretFile", "RcIdpLaunchLimitCache", "RcIdpContact", "RcIdpSigningProcess", "RcIdpPageTitle", "RcIdpPageLogo", "RcIdpPageColor", "RcIdpPageStylesheet", "RcIdpPageLanguage")]

for number, (directive, wanted, text) in enumerate(WRONG, 1):
    wrong = Configuration(text, name="wrong")
    status, output = wrong.configtest()
    path = re.escape(wrong.path("httpd.conf"))
    name = "%s: %s (%d)" % (directive, wanted, number)
    is_((status, wrong.line is not None), (1, True), name + ": is refused")
    said = re.search(r"Syntax error on line %s of %s:\n(.*)" % (wrong.line, path), output)
    said = said or re.search(r"^(?:\[.*\] )?RCIDP(?:04|51|8[01]|[79]\d): (.*) \(%s:%s\)$" % (path, wrong.line), output, re.M)
    ok(said, name + ": names file and line %s" % wrong.line, output)
    like(said.group(1) if said else output, r"^%s\b.*(%s)" % (directive, wanted), name + ": names directive and reason")

# What virtual hosts inherit is judged once.
hosts = "".join(host(section(LAUNCH), name="%s.example.com" % name) for name in "abc")
status, output = Configuration(identity(key=OTHER.key) + hosts, name="wrong").configtest()
is_((status, output.count("RCIDP71")), (1, 1), "a wrong key that three virtual hosts inherit is told once")
done_testing()
