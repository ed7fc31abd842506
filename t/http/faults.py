#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""What goes wrong around a launch: restarts and a killed child under load, no descriptors, full disks, a clock that jumps,
clients that do not read, and crowds that do nothing. make faults does more of each. A directory that is down: t/auth/ldap.py."""
import calendar
import os
import resource
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import httpd
import verify
from clock import Clock
from httpd import poll
from idp import Idp
from load import Load
from tap import done_testing, is_, note, ok

LONG = os.environ.get("RCIDP_FAULTS") == "long"
RESTARTS = 20 if LONG else 3
KILLS = 10 if LONG else 2
CROWD = 10000 if LONG else 300
CLIENTS = 4
DAY = 86400


def signed_by(pair):
    return certs.base64(pair.cert).encode()


def in_part(load):
    """What was answered, and is not whole."""
    return [post.xml for post in load.answers if verify.signatures(post.xml) != verify.BOTH]


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

# -- clients that do not read, and a crowd that does nothing --------------------------------------------------------------

soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
crowd = min(CROWD, hard - 500)
IDLE = "AsyncRequestWorkerFactor 1000\nKeepAliveTimeout 600\nMaxKeepAliveRequests 0\n"
with Idp(server=IDLE, name="crowd") as server:
    deaf = []
    for _ in range(20):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        connection.connect(("127.0.0.1", server.port))
        connection = server.client().context.wrap_socket(connection, server_hostname="localhost")
        connection.sendall(b"GET /ringcentral HTTP/1.1\r\nHost: localhost:%d\r\nAuthorization: Basic YWxpY2U6c2VjcmV0\r\n\r\n" % server.port)
        deaf.append(connection)
    idle = []
    for _ in range(crowd):
        connection = socket.create_connection(("127.0.0.1", server.plain_port), timeout=60)
        connection.sendall(b"HEAD /none HTTP/1.1\r\nHost: localhost\r\n\r\n")
        idle.append(connection)
    # When its threads are busy, the event MPM closes idle connections; it is not for us to say how many.
    silent = [connection for connection in idle if not connection.recv(4096).startswith(b"HTTP/1.1 404")]
    is_(len(silent), 0, "%d connections are answered, and stay idle" % crowd)
    verify.accepted(server.launch().xml, server.pair.cert, name="beside %d that are idle and 20 that do not read" % crowd)
    for connection in deaf + idle:
        connection.close()

done_testing()
