#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""What goes wrong around a launch: restarts and a killed child under load, no descriptors, full disks, a clock that jumps,
clients that do not read, crowds that do nothing, and a signing process that neither answers nor ends. make faults does more of each. A directory that is down: t/auth/ldap.py."""
import atexit
import base64
import calendar
import contextlib
import os
import resource
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import httpd
import keybytes
import verify
from clock import Clock
from httpd import poll
from idp import Idp
from load import Load
from tap import done_testing, is_, note, ok, skip

LONG = os.environ.get("RCIDP_FAULTS") == "long"
RESTARTS = 20 if LONG else 3
KILLS = 10 if LONG else 2
CROWD = 10000 if LONG else 300
CLIENTS = 4
DEAF = 20
TIMEOUT = 60
DAY = 86400


def signed_by(pair):
    return certs.base64(pair.cert).encode()


def in_part(load):
    """What was answered, and is not whole."""
    return [post.xml for post in load.answers if verify.signatures(post.xml) != verify.BOTH]


# -- a signing process that neither answers nor ends: what becomes of it takes a minute, and is seen at the end -----------

begun = contextlib.ExitStack()
atexit.register(begun.close)
hung = begun.enter_context(Idp(name="hung", server="RcIdpSigningProcess on"))
poll(lambda: len(keybytes.signers(hung)) == 1, "there is a signing process")
signer = keybytes.signers(hung)[0]
hung.expect("RCIDP56: ")
hung.expect(r"\[rcidp:error\] .* RCIDP89: the signing process %d has not answered for a minute; another one starts$" % signer, count=1)
verify.accepted(hung.launch().xml, hung.pair.cert, name="while the signing process answers")
os.kill(signer, signal.SIGSTOP)

# -- graceful restarts under load, each with another key; and one that must not happen ------------------------------------

pairs = [certs.pair("rsa2048"), certs.pair("rsa2048", "next")]
with Idp(name="restarts") as server:
    with Load([server.launch] * CLIENTS) as load:
        for number in range(RESTARTS):
            old, new = pairs[number % 2], pairs[(number + 1) % 2]
            server.config = server.config.replace(old.cert, new.cert).replace(old.key, new.key)
            server.graceful()
            load.more()
            # Children of the generation before answer what they had begun; what begins now is signed by the new key.
            verify.accepted(server.launch().xml, new.cert, name="after restart %d" % (number + 1))
        mark = server.mark()
        kept, server.config = server.config, server.config + "\nRcIdpAssertionLifetime 5\n"
        try:
            server.graceful()
            ok(False, "a broken configuration is no reason to restart")
        except RuntimeError as error:
            ok("RcIdpAssertionLifetime" in str(error), "a broken configuration is no reason to restart: -t names it", error)
        load.more()
        ok("SIGUSR1" not in server.log(mark), "and the running server goes on")
        server.config = kept
    is_(load.failures, [], "no launch was lost in %d restarts" % RESTARTS)
    is_(in_part(load), [], "each of them has two signatures")
    known = [signed_by(pair) for pair in pairs]
    ok(all(any(key in post.xml.replace(b"\n", b"") for key in known) for post in load.answers), "by one key or the other")

# -- a child killed under load --------------------------------------------------------------------------------------------

LIMITS = "ServerLimit 4\nStartServers 2\nThreadsPerChild 2\nMaxRequestWorkers 8\nMinSpareThreads 2\nMaxSpareThreads 8"
with Idp(server=LIMITS, name="killed") as server:
    with Load([server.launch] * CLIENTS) as load:
        for number in range(KILLS):
            victim = min(server.children())
            os.kill(victim, signal.SIGKILL)
            poll(lambda: victim not in server.children(), "the child is gone")
            load.more()
    ok(len(load.failures) <= KILLS * CLIENTS, "a killed child takes along what it had begun, and no more", *load.failures)
    is_(in_part(load), [], "what was answered is whole")
    verify.accepted(server.launch().xml, server.pair.cert, name="after %d killed children" % KILLS)

# -- no file descriptors left: httpd cannot open the password file --------------------------------------------------------


class Limited(Idp):
    """With no descriptor from number LIMIT on."""

    def start(self, *arguments):
        program = self.write("limited", '#!/bin/sh\nulimit -n %d\nexec "%s" "$@"\n' % (self.limit, httpd.HTTPD), mode=0o755)
        httpd.HTTPD, kept = program, httpd.HTTPD
        try:
            return super().start(*arguments)
        finally:
            httpd.HTTPD = kept


# Without .htaccess the password file is the first that httpd opens.
ALONE = 'StartServers 1\nMinSpareServers 1\nMaxSpareServers 2\n<Directory "/">\nAllowOverride None\n</Directory>'
server = Limited(server=ALONE, mpm="prefork", name="descriptors")
with Idp(server=ALONE, mpm="prefork", name="counted") as counted:
    with counted.client().connect():  # as many as a connection takes, and no more
        counted.requests()
        server.limit = 1 + max(int(name) for name in os.listdir("/proc/%d/fd" % min(counted.children())))
if "libtsan" in os.environ.get("RCIDP_PRELOAD", ""):
    note("the thread sanitizer needs descriptors itself: left out")
else:
    with server:  # there is one left, for the connection
        answer = server.get()
        is_(answer.status, 500, "no descriptor left: refused")
        ok("SAMLResponse" not in answer.text, "and nothing issued")
        is_(server.get("/ringcentral/metadata", user=None).status, 200, "what needs no file is answered")
        server.expect(r"\(24\)Too many open files: .*AH01620: Could not open password file")

# -- logs on a full disk --------------------------------------------------------------------------------------------------

with Idp(server="CustomLog /dev/full test", vhost="ErrorLog /dev/full\nCustomLog /dev/full test", name="full") as server:
    verify.accepted(server.launch().xml, server.pair.cert, name="no room for logs")
    is_(server.get("/ringcentral?sp=none").status, 400, "no room for the line of a refusal")

# -- a clock that jumps ---------------------------------------------------------------------------------------------------


clock = Clock()


class Jumping(Idp):
    """It lives by the test's clock."""

    def _environment(self):
        environment = super()._environment()
        return {**environment, **clock.environment(environment.get("LD_PRELOAD"))}


server = Jumping(mpm="worker", name="clock")
server.unjudged = "its clock is not the judge's"
with server:
    seen = []
    for days in (0, 1, 0, -1, 0):
        clock.set(days=days)
        seen.append(verify.fields(server.launch().xml))
    times = [field.issue_instant for field in seen]
    seconds = [calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")) for text in times]
    ok(all(abs(abs(later - earlier) - DAY) < DAY / 2 for earlier, later in zip(seconds, seconds[1:])),
       "the times follow the clock, a day on and back, a day back and on", times)
    is_(len({field.id for field in seen} | {field.assertion_id for field in seen}), 2 * len(seen), "no ID comes twice")

# -- clients that do not read ---------------------------------------------------------------------------------------------

# A page of some 11 KB fits neither into this buffer nor into a client's smallest: whoever writes it has to wait.
SMALL = "SendBufferSize 512\nTimeout 600\n"


class Deaf:
    """DEAF clients that ask as bob, and read nothing of what comes."""

    def __init__(self, server):
        self.server, self.before = server, (0, 0)
        self.before = self.pages()
        self.connections = [self._ask() for _ in range(DEAF)]
        poll(lambda: self.pages()[0] == DEAF, "a page for each client that does not read")

    def _ask(self):
        connection = socket.socket()
        connection.settimeout(TIMEOUT)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        connection.connect(("127.0.0.1", self.server.port))
        connection = self.server.client().context.wrap_socket(connection, server_hostname="localhost")
        connection.sendall(b"GET /ringcentral HTTP/1.1\r\nHost: localhost:%d\r\nAuthorization: Basic %s\r\n\r\n"
                           % (self.server.port, base64.b64encode(b"bob:secret")))
        return connection

    def pages(self):
        """How many pages they were made, and how many requests are done with: httpd logs one when its last byte was written."""
        counts = self.server.log().count("name ID bob@"), sum(" bob " in line for line in self.server.requests())
        return tuple(count - before for count, before in zip(counts, self.before))

    def leave(self):
        for connection in self.connections:
            connection.close()
        poll(lambda: self.pages() == (DEAF, DEAF), "the end of the requests of those that have left")


# The worker MPM has a thread wait for each. The second lot finds threads only if those of the first have come back.
FEW = "ServerLimit 1\nStartServers 1\nThreadsPerChild 25\nMaxRequestWorkers 25\nMinSpareThreads 1\nMaxSpareThreads 25"
with Idp(server=SMALL + FEW, mpm="worker", name="deaf") as server:
    for name in ("%d clients that do not read" % DEAF, "%d more, after those have left" % DEAF):
        deaf = Deaf(server)
        is_(deaf.pages(), (DEAF, 0), "%s: httpd is stuck in its answer to each" % name)
        server.launch()
        is_(deaf.pages(), (DEAF, 0), "%s: a launch beside them is answered, and none has moved" % name)
        deaf.leave()
    verify.accepted(server.launch().xml, server.pair.cert, name="after clients that do not read")

# -- and beside them a crowd that does nothing ------------------------------------------------------------------------------


def answered(connection):
    """Is another request on that connection answered? Its answer is read to the end."""
    text = b""
    try:
        connection.sendall(b"HEAD /none HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while not text.endswith(b"\r\n\r\n"):
            part = connection.recv(4096)
            if not part:
                return False
            text += part
    except OSError:
        return False
    return text.startswith(b"HTTP/1.1 404 ")


def is_idle(connection):
    """Has httpd neither closed that connection nor written to it?"""
    connection.settimeout(0)
    try:
        connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        pass
    finally:
        connection.settimeout(TIMEOUT)
    return False


# The event MPM closes idle connections when a child has no thread left, or when it ends since there are too many: neither
# happens here, with threads to spare for those that do not read, and one request at a time beside them.
IDLE = ("ServerLimit 2\nStartServers 2\nThreadsPerChild 64\nMaxRequestWorkers 128\nMinSpareThreads 1\nMaxSpareThreads 128\n"
        "AsyncRequestWorkerFactor 1000\nKeepAliveTimeout 3600\nMaxKeepAliveRequests 0\n")
FILES = CROWD + 500  # of this program, and of a child that is given them all
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
if hard < FILES:
    skip("%d idle connections" % CROWD, "a process may have no more than %d files open, and %d are needed" % (hard, FILES))
else:
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, FILES), hard))
    with Idp(server=SMALL + IDLE, mpm="event", name="crowd") as server:
        deaf = Deaf(server)
        crowd, answers = [], 0
        for _ in range(CROWD):
            crowd.append(socket.create_connection(("127.0.0.1", server.plain_port), timeout=TIMEOUT))
            answers += answered(crowd[-1])
        is_((answers, sum(map(is_idle, crowd))), (CROWD, CROWD), "%d connections are answered, and all are open and idle" % CROWD)
        is_(deaf.pages(), (DEAF, 0), "beside them httpd is stuck in its answers to %d clients that do not read" % DEAF)
        verify.accepted(server.launch().xml, server.pair.cert, name="beside %d that are idle and %d that do not read" % (CROWD, DEAF))
        is_(sum(map(is_idle, crowd)), CROWD, "after it %d are open and idle" % CROWD)
        is_(deaf.pages(), (DEAF, 0), "and none that does not read has moved")
        deaf.leave()
        is_(sum(map(answered, crowd)), CROWD, "once those have left, each of %d is answered again" % CROWD)
        for connection in crowd:
            connection.close()

# -- the signing process of the beginning ----------------------------------------------------------------------------------

poll(lambda: "RCIDP89" in hung.log(), "one that does not answer is replaced", 150)
poll(lambda: keybytes.signers(hung) not in ([], [signer]), "another one is there")
verify.accepted(hung.launch().xml, hung.pair.cert, name="once it has not answered for a minute")
ok(signer not in keybytes.signers(hung), "and the first has ended")
begun.close()

done_testing()
