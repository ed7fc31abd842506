#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""The demonstration does what it prints: sign in, land at the stand-in, show the Response; Ctrl-C ends all of it."""
import atexit
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import form
import verify
from client import Client, path_of
from httpd import BUILD, DEADLINE, SOURCE, free_port, poll
from tap import done_testing, is_, like, ok, unlike

DEMO = os.path.join(SOURCE, "t", "demo", "demo")

# A build folder of its own, so that keys are made as on a first start and another demo may run meanwhile.
build = tempfile.mkdtemp(prefix="rcidp-demo.")
atexit.register(shutil.rmtree, build, ignore_errors=True)
os.symlink(os.path.join(BUILD, ".libs"), os.path.join(build, ".libs"))
output = os.path.join(build, "output")
ports = [free_port(), free_port()]


def run(**environment):
    """Start the demo as "make demo" does; in a group of its own, which is what a terminal's Ctrl-C reaches."""
    return subprocess.Popen([DEMO], stdin=subprocess.DEVNULL, stdout=open(output, "wb"), stderr=subprocess.STDOUT,
                            start_new_session=True, env={
                                "ASAN_OPTIONS": "detect_leaks=0", **os.environ, "RCIDP_BUILD": build, "RCIDP_DEMO_PORT": str(ports[0]),
                                "RCIDP_DEMO_SP_PORT": str(ports[1]), **environment})


def said():
    with open(output, errors="replace") as file:
        return file.read()


def interrupt(process):
    """Ctrl-C; returns what the demo ended with."""
    os.killpg(process.pid, signal.SIGINT)
    return process.wait(DEADLINE)


def is_ready(process):
    if process.poll() is not None:
        raise RuntimeError("the demo ended with %d\n%s" % (process.returncode, said()))
    return "Ctrl-C ends the demo" in said()


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def lives(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


class Browser(Client):
    """A client that trusts the demo's certificate."""

    def __init__(self, port):
        super().__init__(port)
        self.context = ssl.create_default_context(cafile=os.path.join(build, "demo", "keys", "tls.crt"))


def sign_in(user, password):
    """From the address that the demo prints to the page where one lands."""
    url = re.search(r"Open +(https://\S+)", said()).group(1)
    is_(url, "https://localhost:%d/ringcentral" % ports[0], "%s: the address is printed" % user)
    is_(Browser(ports[0]).get(path_of(url)).status, 401, "%s: a password is asked for" % user)
    answer = Browser(ports[0]).get(path_of(url), user=user, password=password)
    is_(answer.status, 200, "%s: the printed password is taken" % user)
    post = form.auto_post(answer.text)
    is_(post.action, "https://localhost:%d/sp/ACS.saml2" % ports[1], "%s: the Response goes to the stand-in" % user)
    is_(verify.fields(post.xml).audiences, ["https://sso.ringcentral.com"], "%s: under RingCentral's entity ID" % user)
    answer = Browser(ports[1]).post(path_of(post.action), {"SAMLResponse": post.encoded, "RelayState": post.relay_state})
    is_(answer.status // 100, 3, "%s: the stand-in accepts it" % user)
    location = answer.header("Location")
    is_(urllib.parse.urlsplit(location).netloc, "localhost:%d" % ports[1], "%s: the browser stays on this machine" % user)
    cookies = "; ".join(cookie.partition(";")[0] for cookie in answer.all("Set-Cookie"))
    page = Browser(ports[1]).get(path_of(location), headers=[("Cookie", cookies)]).text
    for name, value in (("name-id", user + "@example.com"), ("mail", user + "@example.com"), ("name", user),
                        ("groups", "staff, demo"), ("relay-state", "https://service.ringcentral.com/mobile/ssoLogin")):
        like(page, 'id="%s">%s<' % (name, re.escape(value)), "%s: the page shows the %s" % (user, name))
    unlike(page, r"\(none\)", "%s: and leaves nothing out" % user)


demo = run()
atexit.register(lambda: demo.poll() is None and os.killpg(demo.pid, signal.SIGTERM))
poll(lambda: is_ready(demo), "the demo is ready")
like(said(), "Making signing key", "keys are made on the first start")

accounts = re.findall(r"as (\w+), password (\w+)", said())
accounts += re.findall(r"or as (\w+), password (\w+)", said())
accounts = sorted(set(accounts))
is_(len(accounts), 2, "two accounts are printed")
for account in accounts:
    sign_in(*account)
is_(Browser(ports[0]).get("/ringcentral", user=accounts[0][0], password="wrong").status, 401, "a wrong password is refused")
like(Browser(ports[1]).get("/").text, "Nobody is signed in", "who did not sign in is not signed in at the stand-in")
poll(lambda: len(re.findall(r": 200, issued$", said(), re.M)) >= 2, "each launch is reported on the terminal")

curl = re.search(r"^ +(curl .*)$", said(), re.M).group(1)
shown = subprocess.run(["sh", "-c", curl], stdout=subprocess.PIPE).stdout
is_(verify.signature(shown, "Response", os.path.join(build, "demo", "keys", "signing.crt")), None,
    "the printed curl line shows a Response with a valid signature")

log = os.path.join(build, "demo", "logs", "error.log")
with open(log) as file:
    strange = [line for line in file if not re.search(
        r" AH(00489|00094|00493|01882): |RCIDP01: issued to us|AH01617: user \w+: authentication failure", line)]
is_(strange, [], "its log holds nothing unexpected")

second = subprocess.run([DEMO], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={
    **os.environ, "RCIDP_BUILD": build, "RCIDP_DEMO_PORT": str(ports[0])})
is_(second.returncode, 1, "a busy port keeps it from starting")
like(second.stdout.decode(), "port %d is in use; .*RCIDP_DEMO_PORT=" % ports[0], "and the message says how to take another")
ok(demo.poll() is None and listens(ports[0]), "the demo that runs goes on")

with open(os.path.join(build, "demo", "httpd.pid")) as file:
    httpd = int(file.read())
is_(interrupt(demo), 130, "Ctrl-C ends it")
like(said(), "The demo has ended", "it says so")
ok(not listens(ports[0]) and not listens(ports[1]), "both ports are free")
ok(not lives(-demo.pid), "no process of the demo is left")
ok(not lives(httpd), "nor its httpd")

key = os.path.join(build, "demo", "keys", "signing.key")
with open(key) as file:
    before = file.read()
demo = run()
poll(lambda: is_ready(demo), "the demo is ready again")
unlike(said(), "Making", "a second start makes no keys")
with open(key) as file:
    is_(file.read(), before, "and keeps the old ones")
is_(os.stat(key).st_mode & 0o777, 0o600, "which only their owner reads")
interrupt(demo)

done_testing()
