#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""rcidp-keygen: what it makes is what httpd takes, only its owner can read the key, nothing is overwritten, and a mistake leaves nothing."""
import os
import re
import socket
import stat
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
from httpd import SOURCE
from snippets import Configuration, launch
from tap import done_testing, is_, like, ok

COMMAND = os.path.join(SOURCE, "tools", "rcidp-keygen")
HERE = os.path.join(certs.folder(), "key gen")
os.mkdir(HERE)


def keygen(*arguments, **options):
    os.umask(0)  # what the caller allows others is none of the key's business
    done = subprocess.run([COMMAND, *arguments], cwd=HERE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=120, **options)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def said(certificate, *what):
    return certs.openssl("x509", "-in", certificate, "-noout", "-nameopt", "utf8", *what)


def mode(name):
    return oct(stat.S_IMODE(os.stat(os.path.join(HERE, name)).st_mode))


# Arguments, prefix, what the certificate says of the key, its days, its subject.
MADE = [
    ([], "rcidp", r"Public-Key: \(3072 bit\)", 1095, None),
    (["-t", "p256", "-d", "365", "-s", "sso.example.com", "-o", "next"], "next", "NIST CURVE: P-256", 365, "CN=sso.example.com"),
    (["-t", "p384", "-s", 'Zoë /+\\ "x" = y', "-o", "a.b"], "a.b", "NIST CURVE: P-384", 1095, 'CN=Zoë /+\\ "x" = y'),
    (["-t", "rsa2048", "-s", "/O=Example Inc./CN=sso", "-o", os.path.join(HERE, "-x")], "-x", r"Public-Key: \(2048 bit\)", 1095,
     "O=Example Inc., CN=sso"),
]
for arguments, prefix, key, days, subject in MADE:
    what = " ".join(["rcidp-keygen", *arguments]).replace(HERE, "...")
    status, output, errors = keygen(*arguments)
    is_((status, errors), (0, ""), what + ": works")
    certificate = os.path.join(HERE, prefix + ".crt")
    is_((mode(prefix + ".key"), mode(prefix + ".crt")), ("0o600", "0o644"), what + ": the permissions")
    text = said(certificate, "-text")
    like(text, key, what + ": the key")
    like(text, r"CA:FALSE[\s\S]*Digital Signature\n", what + ": what it is for")
    for distance, good in ((days - 1, True), (days + 1, False)):
        done = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-checkend", str(distance * 86400)], stdout=subprocess.DEVNULL)
        is_(done.returncode == 0, good, what + ": is good in %d days: %s" % (distance, good))
    name = said(certificate, "-subject").strip().replace("subject=", "", 1)
    if subject is None:
        ok(name in ("CN=" + socket.getfqdn(), "CN=" + socket.gethostname()) or re.match(r"CN=[^ ,]+$", name), what + ": this host's name", name)
    else:
        is_(name, subject, what + ": the subject")
    # What it says can be put into httpd.conf as it is; httpd agrees about the fingerprint, and has nothing to remark.
    fingerprint = certs.fingerprint(certificate).replace(":", "").lower()
    like(output, r"^key +%s$" % re.escape(certificate[:-3] + "key"), what + ": names the key")
    like(output, "^SHA-256 +" + fingerprint + "$", what + ": shows the fingerprint")
    like(output, "^expires +" + re.escape(said(certificate, "-enddate").strip().partition("=")[2]) + "$", what + ": shows the end")
    directives = "\n".join(line for line in output.splitlines() if "RcIdp" in line)
    server = Configuration(launch(server="RcIdpEntityID urn:x:y\n" + directives + "\n"))
    status, dump = server.configtest("-D", "DUMP_RCIDP")
    is_(status, 0, what + ": httpd takes it")
    like(dump, "signs with +SHA-256 " + fingerprint, what + ": httpd has that certificate")
    ok("RCIDP6" not in dump, what + ": and nothing to remark", dump)

before = {name: open(os.path.join(HERE, name), "rb").read() for name in os.listdir(HERE)}
is_(len(before), 2 * len(MADE), "nothing else is left")
os.symlink("/nowhere", os.path.join(HERE, "link.crt"))
os.mkdir(os.path.join(HERE, "only.key"))
WRONG = [
    (["-o", "next"], 1, "next.key is there already; nothing was made. For a second pair, name it by -o"),
    (["-o", "link"], 1, "link.crt is there already"),
    (["-o", "only"], 1, "only.key is there already"),
    (["-o", "nowhere/x"], 1, "there is no folder nowhere"),
    (["-o", "x/"], 2, 'lacks a name for the two files, such as x/rcidp'),
    (["-o", "x.key"], 2, "leave .key and .crt away"),
    (["-t", "rsa1024"], 2, '"rsa1024" is none of rsa2048'),
    (["-d", "0"], 2, '"0" is not a number of days from 1 to 3650'),
    (["-d", "3651"], 2, "is not a number of days"),
    (["-d", "1 095"], 2, "is not a number of days"),
    (["-s", "x" * 65, "-o", "y"], 2, "is longer than the 64 characters"),
    (["-s", "/x", "-o", "y"], 1, "openssl req failed: "),
    (["-q"], 2, "option"),
    (["x"], 2, '"x" is no option'),
]
for arguments, wanted, sentence in WRONG:
    status, output, errors = keygen(*arguments)
    what = "rcidp-keygen " + " ".join(arguments)
    is_((status, output), (wanted, ""), what + ": fails")
    ok(sentence in errors, what + ": says why", errors)
status, output, _ = keygen("-h")
ok(status == 0 and output.startswith("usage: "), "-h shows how it is used")
os.remove(os.path.join(HERE, "link.crt"))
os.rmdir(os.path.join(HERE, "only.key"))
is_({name: open(os.path.join(HERE, name), "rb").read() for name in os.listdir(HERE)}, before, "a failure changes nothing and leaves nothing")

# Never on a command line, where others could read it: what the commands were given, by a shell that shows them.
traced = subprocess.run(["sh", "-x", COMMAND, "-o", "traced"], cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.PIPE).stderr.decode()
with open(os.path.join(HERE, "traced.key")) as file:
    body = [line for line in file.read().splitlines() if "-----" not in line]
ok("genpkey" in traced and not any(line in traced for line in body), "the key is on no command line")
done_testing()
