#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""All that a server of ours is asked, by several clients at once: with a sanitizer that sees races (make check-tsan), and under
valgrind (make check-valgrind), where no byte may be lost for good. RCIDP_LAUNCHES says how many launches there are at least."""
import glob
import http.client
import os
import re
import signal
import ssl
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import asking
import certs
import httpd
import idp
import keybytes
from idp import Idp
from tap import done_testing, is_, note, ok

LAUNCHES = int(os.environ.get("RCIDP_LAUNCHES") or 1000)
VALGRIND = os.environ.get("RCIDP_VALGRIND")
SUPPRESSIONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "valgrind.supp")
CLIENTS = 4
if VALGRIND:  # it takes its time
    httpd.DEADLINE = 900
    httpd.poll = lambda done, what, seconds=900, poll=httpd.poll: poll(done, what, seconds)
SP = certs.pair(name="sp")
SERVER = """RcIdpServiceProvider us metadata="${folder}/sp.xml" encryption=on
ServerLimit %d
StartServers %d
ThreadsPerChild %d
MaxRequestWorkers %d
MinSpareThreads 1
MaxSpareThreads 8
KeepAliveTimeout 600
MaxKeepAliveRequests 0
""" % ((1, 1, 8, 8) if VALGRIND else (2, 2, 4, 8))
VHOST = """
<Location "/ringcentral/test">
    SetHandler rcidp-test
</Location>
<Location "/portal">
    SetHandler rcidp-portal
    {0}
</Location>
<Location "/nobody">
    SetHandler rcidp-launch
    RcIdpLaunch us
    RcIdpMail nobody
    {0}
</Location>
<Location "/limited">
    SetHandler rcidp-launch
    RcIdpLaunch eu
    RcIdpMail a@example.com
    RcIdpLaunchLimit 1
    {0}
</Location>
<Location "/server-status">
    SetHandler server-status
</Location>
""".format(idp.AUTHENTICATION)


class Examined(Idp):
    """Under valgrind, if that is asked for. Of uninitialized memory it says nothing: it takes for that what OpenSSL's generator makes of
    the processor's random numbers, and what is made of those."""

    def start(self, *arguments):
        if not VALGRIND:
            return super().start(*arguments)
        program = self.write("examined", '#!/bin/sh\nexec valgrind --undef-value-errors=no --leak-check=full --show-leak-kinds=definite '
                             '--errors-for-leak-kinds=definite --keep-debuginfo=yes --suppressions="%s" --log-file="%s" "%s" "$@"\n'
                             % (SUPPRESSIONS, self.path("valgrind.%p"), httpd.HTTPD), mode=0o755)
        httpd.HTTPD, kept = program, httpd.HTTPD
        try:
            return super().start(*arguments)
        finally:
            httpd.HTTPD = kept

    def _end(self):
        if not VALGRIND or not self.process:
            return super()._end()
        # A child that is slow to end would be killed, and valgrind with it, before it has looked for what is lost.
        self.signers = [str(pid) for pid in keybytes.signers(self)]  # killed where httpd's parent is gone before they have seen it
        process, self.process = self.process, None
        process.send_signal(signal.SIGWINCH)
        return [] if process.wait() == 0 else ["it ended with status %d" % process.returncode]

    def found(self):
        """What valgrind has to say: of how many processes, and of which more than that all is well."""
        logs = [open(path, errors="replace").read() for path in glob.glob(self.path("valgrind.*"))]
        done = [log for log in logs if "SUMMARY" in log or not any(log.startswith("==%s==" % pid) for pid in self.signers)]
        return len(logs), [log for log in done if "ERROR SUMMARY: 0 errors" not in log]


def rows(server):
    """What a round asks: method, path, body; the status, and whether a Response comes."""
    def get(message, **options):
        return "GET", server.path_of + "?" + asking.redirect(message, "state", **options), None

    def posted(message):
        return "POST", server.path_of, asking.post(message, "state")

    server.path_of = "/ringcentral"
    message = asking.xml(server.url("/ringcentral"))
    signed = asking.sign(message, SP)
    return [
        *[("GET", "/ringcentral?sp=eu", None, 200, True)] * 6,
        ("GET", "/ringcentral?sp=us", None, 200, True),
        (*get(message), 200, True),
        (*get(message, pair=SP), 200, True),
        (*posted(signed), 200, True),
        (*get(asking.xml(server.url("/ringcentral"), attributes='ForceAuthn="true"')), 200, True),
        (*get(asking.xml(server.url("/ringcentral"), issuer="https://nobody.example.com"), pair=SP), 400, False),
        (*get(b"<!DOCTYPE a><a/>"), 400, False),
        (*get(b"<a"), 400, False),
        (*posted(signed.replace(b"Version", b" Version")), 200, True),  # the canonical form is the same
        (*posted(signed.replace(b'ID="_', b'ID="_x')), 400, False),
        ("POST", "/ringcentral", "SAMLRequest=%00", 400, False),
        ("GET", "/ringcentral", None, 200, False),
        ("HEAD", "/ringcentral?sp=eu", None, 200, False),
        ("PUT", "/ringcentral", "", 405, False),
        ("GET", "/ringcentral/none", None, 404, False),
        ("GET", "/ringcentral?sp=eu&RelayState=https://elsewhere.example.com/", None, 400, False),
        ("GET", "/ringcentral/metadata", None, 200, False),
        ("GET", "/ringcentral/test?sp=eu", None, 200, False),
        ("GET", "/ringcentral/test?sp=us&download=response", None, 200, False),
        ("GET", "/portal", None, 200, False),
        ("GET", "/nobody", None, 403, False),
        ("GET", "/limited", None, None, False),  # one of each minute is allowed
        ("GET", "/server-status?auto", None, 200, False),
    ]


class Client:
    """One connection, as a browser keeps it."""

    def __init__(self, server):
        context = ssl.create_default_context(cafile=certs.tls().ca)
        self.connection = http.client.HTTPSConnection("localhost", server.port, context=context, timeout=600)
        self.problems, self.responses = [], 0

    def ask(self, method, path, body, status, issued):
        headers = {"Authorization": "Basic YWxpY2U6c2VjcmV0"}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        has = b'name="SAMLResponse"' in answer.read()
        self.responses += has
        if status is None:
            status, issued = (200, True) if has else (429, False)
        if (answer.status, has) != (status, issued):
            self.problems.append("%s %s: %s, %s" % (method, path, answer.status, "a Response" if has else "none"))

    def run(self, asked, rounds):
        try:
            for _ in range(rounds):
                for row in asked:
                    self.ask(*row)
        except Exception as error:  # the test fails of it
            self.problems.append(repr(error))
        self.connection.close()


def examine(name, key, launches, server_text=""):
    server = Examined(name=name, key=key, mpm="worker", launch="us eu", server=SERVER + server_text, vhost=VHOST, modules=["status"])
    server.write("sp.xml", asking.metadata([SP.cert]).replace('use="signing"', ""))
    server.expect(r"\[rcidp:(error|notice|info)\] .* RCIDP\d\d: ")
    if VALGRIND:
        server.expect("caught SIGWINCH, shutting down gracefully", count=1)
    with server:
        httpd.poll(lambda: keybytes.signers(server) or "Process" not in server_text, "the signing process is ready")
        asked = rows(server)
        rounds = -(-launches // (CLIENTS * sum(row[4] for row in asked)))
        clients = [Client(server) for _ in range(CLIENTS)]
        threads = [threading.Thread(target=client.run, args=(asked, rounds)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        made = sum(client.responses for client in clients)
        is_([problem for client in clients for problem in client.problems][:5], [], name + ": all is answered as it should be")
        ok(made >= launches, "%s: %d Responses by %d clients at once" % (name, made, CLIENTS))
        note("%s: %d Responses, %d requests" % (name, made, CLIENTS * rounds * len(asked)))
    if VALGRIND:
        count, said = server.found()
        ok(count > 1 and not said, "%s: %d processes, nothing is lost or wrong" % (name, count), *said)


examine("in-httpd", "ec256", LAUNCHES)
examine("in-process", "rsa2048", LAUNCHES // 5, "RcIdpSigningProcess on%s\n" % (" user=daemon" if os.geteuid() == 0 else ""))
done_testing()
