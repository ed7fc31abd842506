#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Keys on a PKCS #11 token (SoftHSM): launches are signed with them, across a graceful restart and by several threads; the PIN is in
no message and in no memory of httpd's; and what is said of a token, a key or a PIN that is not right."""
import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import atexit
import certs
import idp
import keybytes
import verify
from clock import Clock
from httpd import poll
from idp import Idp
from tap import done_testing, is_, like, ok, skip_all

PIN = "8246913570"
USER = "daemon" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
LIBRARIES = glob.glob("/usr/lib*/softhsm/libsofthsm2.so") + glob.glob("/usr/lib*/pkcs11/libsofthsm2.so")
ENGINES = glob.glob("/usr/lib*/*/engines-3/pkcs11.so") + glob.glob("/usr/lib*/engines-3/pkcs11.so")

if not LIBRARIES or not ENGINES or not shutil.which("softhsm2-util"):
    skip_all("there is no SoftHSM, or OpenSSL has no engine pkcs11")

# The token belongs to the process's user, as the library is used by it.
folder = tempfile.mkdtemp(prefix="rcidp-token.")
atexit.register(shutil.rmtree, folder, ignore_errors=True)
os.mkdir(os.path.join(folder, "tokens"))
with open(os.path.join(folder, "softhsm2.conf"), "w") as file:
    file.write("directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n" % folder)
os.environ["SOFTHSM2_CONF"] = os.path.join(folder, "softhsm2.conf")


def softhsm(*arguments):
    done = subprocess.run(["softhsm2-util", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise RuntimeError("softhsm2-util %s: %s" % (" ".join(arguments), done.stdout.decode()))


def put(name, content):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(content)
    os.chmod(path, 0o600)
    return path


rsa, ec, weak = certs.pair("rsa2048", "token"), certs.pair("ec256", "token"), certs.pair("rsa1024", "token")
softhsm("--init-token", "--free", "--label", "idp", "--so-pin", "12345678", "--pin", PIN)
for number, (name, pair) in enumerate((("rsa", rsa), ("ec", ec), ("weak", weak)), 1):
    softhsm("--import", pair.key, "--token", "idp", "--label", name, "--id", "0%d" % number, "--pin", PIN)
pin, wrong_pin = put("pin", PIN + "\n"), put("wrong", "1111111111\n")
longest_pin, too_long_pin = put("longest", "1" * 255), put("too-long", "1" * 256)
if os.geteuid() == 0:
    entry = pwd.getpwnam(USER)
    for path, folders, files in os.walk(folder):
        for name in [path] + [os.path.join(path, file) for file in files]:
            os.chown(name, entry.pw_uid, entry.pw_gid)
PROCESS = "RcIdpSigningProcess on user=%s\nServerLimit 2\nStartServers 1\nThreadsPerChild 8\nMaxRequestWorkers 16\nMinSpareThreads 1\nMaxSpareThreads 16\n" % USER


def uri(name, pin=pin, token="idp", module=LIBRARIES[0]):
    return "pkcs11:token=%s;object=%s?pin-source=file:%s&module-path=%s" % (token, name, pin, module)


class Server(Idp):
    def _environment(self):
        return {**super()._environment(), "SOFTHSM2_CONF": os.environ["SOFTHSM2_CONF"]}


for name, pair in (("rsa", rsa), ("ec", ec)):
    with Server(key=certs.Pair(uri(name), pair.cert), name="token-" + name, server=PROCESS) as server:
        server.expect(r"RCIDP56: signed for process \d+ by the key in pkcs11:token=idp;object=%s: " % name)
        responses, failures = [], []

        def launch():
            try:
                responses.extend(server.launch().xml for _ in range(3))
            except Exception as error:  # shown below
                failures.append(error)

        threads = [threading.Thread(target=launch) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        server.graceful()
        launch()
        ok(not failures and len(responses) == 18, name + ": launches, also after a restart", *failures)
        problems = [verify.signature(xml, element, pair.cert) for xml in responses for element in verify.BOTH]
        ok(not any(problems), name + ": each is signed by the key of the token", *problems)
        if os.geteuid() == 0:
            secret = {"the PIN": {PIN.encode()}, **keybytes.of(pair.key)}
            found = {pid: keybytes.in_memory(pid, secret) for pid in keybytes.family(server) if pid not in keybytes.signers(server)}
            ok(len(found) > 1 and not any(found.values()), name + ": neither key nor PIN is in the memory of httpd", found)
        ok(PIN not in server.log(), name + ": the PIN is in no log")

clock = Clock()


class SetBack(Server):
    """Its clock was wrong when it was started: what waits by it waits for an hour."""

    def _environment(self):
        environment = super()._environment()
        return {**environment, **clock.environment(environment.get("LD_PRELOAD"))}


# The token is away for a while; and the PIN is another, which is tried but once, since tokens lock themselves.
changing = put("changing", PIN + "\n")
if os.geteuid() == 0:
    os.chown(changing, entry.pw_uid, entry.pw_gid)
tokens = os.path.join(folder, "tokens")
FILE = certs.pair("ec256", "file")
# A host whose key is in a file.
HOST = """RcIdpEntityID https://file.example.com/
RcIdpSigningCertificateFile "%s"
RcIdpSigningKeyFile "%s"
RcIdpRequireTLS off
<Location "/file">
    SetHandler  rcidp-launch
    RcIdpLaunch us
    RcIdpMail   "%%{REMOTE_USER}@example.com"
    %s
</Location>
""" % (FILE.cert, FILE.key, idp.AUTHENTICATION)
# One with another key of the same token.
OTHER = """
<VirtualHost 127.0.0.1:${port}>
ServerName idp.example.com
${tls}
RcIdpEntityID https://ec.example.com/
RcIdpSigningCertificateFile "%s"
RcIdpSigningKeyFile "%s"
</VirtualHost>
""" % (ec.cert, uri("ec", pin=changing))
clock.set(hours=1)
with SetBack(key=certs.Pair(uri("rsa", pin=changing), rsa.cert), name="away", server=PROCESS + OTHER, plain=HOST) as server:
    server.unjudged = "its clock is not the judge's"
    server.expect("RCIDP65: ")
    server.expect("RCIDP56: signed for process ")
    server.expect("RCIDP36: no Response could be made: the signing process ")
    server.expect(r"RCIDP57: the signing process \d+ has ended \((1|9)\); another one starts")
    server.expect("RCIDP88: the signing process cannot have the key pkcs11:token=idp;object=rsa: no token has ")
    server.expect("RCIDP88: the signing process cannot have the key pkcs11:token=idp;object=ec: no token has ")

    def file_host():
        return server.request("GET", "/file", scheme="http").status
    server.launch()
    clock.set(hours=0)
    os.rename(tokens, tokens + ".away")
    poll(lambda: server.get().status == 500, "launches are refused while the token is away")
    poll(lambda: server.get().status == 500 and "RCIDP88" in server.log(), "another process looks for the token")
    is_([file_host() for _ in range(3)], [200] * 3, "meanwhile another host signs by its key in a file")
    os.rename(tokens + ".away", tokens)
    poll(lambda: server.get().status == 200, "launches are signed again once it is back")
    problem = verify.signature(server.launch().xml, "Assertion", rsa.cert)
    ok(not problem, "by the key of the token", problem)
    if os.geteuid() == 0:
        put("changing", "1111111111\n")
        server.expect("RCIDP88: the signing process cannot have the key pkcs11:token=idp;object=.*: the token refuses the PIN", count=1)
        for _ in range(3):
            before = keybytes.signers(server)
            os.kill(before[0], signal.SIGKILL)
            poll(lambda: set(keybytes.signers(server)) - set(before), "another signing process")
        seen = []
        for _ in range(12):  # longer than a process must have lived to be followed by another
            seen.append((server.get().status, file_host()))
            time.sleep(1)
        is_(set(seen), {(500, 200)}, "nobody tries it again, and the other host goes on")
        put("changing", PIN + "\n")
        server.graceful()
        ok(server.launch().xml, "until httpd is restarted, with the right one")

# What is not right: the key's URI, what httpd -t says.
for key, wanted in (
        (uri("none"), "no token has pkcs11:token=idp;object=none"), (uri("rsa", token="other"), "no token has"),
        (uri("rsa", pin=wrong_pin), "the token refuses the PIN"), (uri("rsa", pin=longest_pin), "the token refuses the PIN"),
        (uri("rsa", pin=too_long_pin), "the PIN in .*too-long is too long"), (uri("rsa", pin="/none"), "cannot read /none"),
        (uri("rsa", module="/none.so"), "cannot read the library of the token, /none.so: No such file"),
        (uri("weak"), "has an RSA key of 1024 bits"), (uri("ec"), "does not belong to the certificate"),
        ("pkcs11:object=rsa?pin-value=" + PIN, "does not belong into the configuration"), ("pkcs11:", "no token has")):
    status, output = Server(key=certs.Pair(key, rsa.cert), name="wrong", server=PROCESS).configtest()
    is_(status, 1, "refused: " + wanted)
    like(output, r"RcIdpSigningKeyFile: .*" + wanted, "by that sentence")
    ok(PIN not in output, "without the PIN", output)
done_testing()
