#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Two identity providers with one key and one secret behind HAProxy, as docs/scaling.md has it: each answers any launch, both say
the same of a person, and either may restart or be killed under load without a launch getting lost."""
import atexit
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import client
import form
import idp
import judge
import verify
from httpd import SOURCE, detach, free_port, poll
from load import Load
from tap import done_testing, is_, ok, skip_all

PAIR = certs.pair("rsa2048")
SECRET = b"one secret for all machines" * 2


def settings(heading):
    """What docs/scaling.md says below that heading, in its block of code."""
    with open(os.path.join(SOURCE, "docs", "scaling.md")) as file:
        text = file.read()
    return re.search(r"\n## %s\n.*?```\w*\n(.*?)```" % heading, text, re.S).group(1)


def balance(machines):
    """The port of an HAProxy with the document's configuration, for these machines."""
    tls, port, folder = certs.tls(), free_port(), tempfile.mkdtemp(prefix="rcidp-haproxy.")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with open(os.path.join(folder, "tls.pem"), "w") as pem:
        for path in (tls.cert, tls.key):
            with open(path) as file:
                pem.write(file.read())
    text = settings("HAProxy")
    for old, new in [(":443 ", "127.0.0.1:%d " % port), ("/etc/haproxy/sso.pem", os.path.join(folder, "tls.pem")),
                     ("/etc/haproxy/machines.crt", tls.ca), ("sso.example.com", "localhost"),
                     *zip(("sso1.example.com:443", "sso2.example.com:443"), ("127.0.0.1:%d" % one.port for one in machines))]:
        if old not in text:
            raise AssertionError("docs/scaling.md has no %r any more" % old)
        text = text.replace(old, new)
    path = os.path.join(folder, "haproxy.cfg")
    with open(path, "w") as file:
        file.write(text)
    process = subprocess.Popen([HAPROXY, "-db", "-f", path], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=detach)
    atexit.register(process.kill)
    poll(lambda: listens(port), "HAProxy serves")
    return port


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def machine(name):
    server = idp.Idp(server=settings("The machines"), location="RcIdpNameID persistent", key=PAIR, users=["alice"], name=name)
    server.write("conf/rcidp.secret", SECRET, mode=0o600)
    return server


def launch(balancer):
    answer = balancer.get("/ringcentral", user="alice")
    post = form.auto_post(answer.text)
    if answer.status != 200 or post is None:
        raise AssertionError(repr(answer))
    return post


def kill(server):
    """End all its processes at once, whatever they are at."""
    os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()
    server.process = None


def issued(server):
    return server.log().count("RCIDP01: issued")


HAPROXY = shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin")
if not HAPROXY:
    skip_all("no haproxy")
one, two = machine("one"), machine("two")
two.expect("AH00098: pid file .* overwritten -- Unclean shutdown", count=1)
one.start(), two.start()
balancer = client.Client(balance([one, two]))

fields = [verify.fields(launch(balancer).xml) for _ in range(4)]
ok(issued(one) and issued(two), "each of the two answers")
is_(len({field.name_id for field in fields}), 1, "one person has one persistent name ID")
is_(len({field.id for field in fields}), 4, "each Response has its own ID")
metadata = [server.metadata() for server in (one, two)]
ok(metadata[0] == metadata[1], "their metadata is one, byte for byte", *metadata)
verify.accepted(launch(balancer).xml, PAIR.cert, name="by whichever machine")

with Load([lambda: launch(balancer)] * 4) as load:
    for server in (one, two):
        server.graceful()
        load.more()
    is_(load.failures, [], "nothing gets lost while one machine after the other restarts gracefully")
    kill(two)
    load.more()
    is_(load.failures, [], "nothing gets lost when a machine is killed")
    two.start()
    seen = issued(two)
    poll(lambda: issued(two) > seen, "the machine that has come back answers again")
    load.more()
ok(not load.failures, "nor when it comes back: %d launches" % len(load.answers), *load.failures[:3])
# The balancer is no server of httpd.py's, so nobody has asked Lasso yet.
opinions = {judge.opinion(metadata[0], *idp.PROVIDERS["us"][:2], post.encoded) for post in load.answers}
is_(opinions - {None}, {""} if judge.has_lasso() else set(), "Lasso, by the metadata of either, takes each of them")
one.stop()
two.stop()
done_testing()
