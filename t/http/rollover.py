#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""docs/rollover.md, step by step as it stands there, while people sign in all the time: not one sign-in fails. The service provider is
mod_auth_mellon, which knows what metadata it was given last."""
import os
import re
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
from httpd import SOURCE, poll
from idp import Idp
from mellon import Mellon
from tap import done_testing, is_, ok

THREADS = 2
EACH = 3  # sign-ins between two steps, at least
FOLDER = "/etc/apache2/"
with open(os.path.join(SOURCE, "docs", "rollover.md")) as text:
    GUIDE = re.findall(r"^## (\d+\. [^\n]*)\n(.*?)(?=^## |\Z)", text.read(), re.S | re.M)
FIRST = [line for line in re.search(r"```apache\n(.*?)```", GUIDE[1][1], re.S).group(1).splitlines() if "Publish" not in line]


class SignIns(threading.Thread):
    """A user who signs in again and again: who signed, and what went wrong."""

    def __init__(self, server, sp, lock):
        super().__init__(daemon=True)
        self.server, self.sp, self.lock = server, sp, lock
        self.signers, self.failures, self.ended = [], [], False

    def run(self):
        while not self.ended:
            try:
                post = self.server.launch()
                with self.lock:  # not while mod_auth_mellon reads metadata: that it forgets its sessions then is no matter of ours
                    verdict = self.sp.accept(post.encoded, post.relay_state)
                if not verdict.accepted:
                    self.failures.append(verdict)
                self.signers.append(re.search(rb"<(?:\w+:)?X509Certificate>([^<]*)<", post.xml).group(1).decode())
            except Exception as error:  # any of them is a failed sign-in
                self.failures.append(error)
                self.signers.append("")


class Rollover:
    """What a step of the guide does, done to this server and this service provider."""

    def __init__(self, server, sp):
        self.server, self.sp, self.lock = server, sp, threading.Lock()
        self.people = [SignIns(server, sp, self.lock) for _ in range(THREADS)]
        self.lines = "\n".join(FIRST)

    def apache(self, text):
        before, self.lines = self.lines, text.rstrip("\n")
        self.server.config = self.server.config.replace(self.here(before), self.here(self.lines))

    def here(self, text):
        return text.replace(FOLDER, self.server.path("conf") + "/")

    def sh(self, text):
        for line in text.splitlines():
            if line == "apachectl graceful":
                self.server.graceful()
            elif line == "apachectl -t -D DUMP_RCIDP":
                status, output = self.server.configtest("-D", "DUMP_RCIDP")
                ok(status == 0 and re.search(r"signs with .*\n    publishes ", output), "the dump shows both certificates", output)
            else:
                done = subprocess.run(["sh", "-euc", self.here(line)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      env={**os.environ, "PATH": os.path.join(SOURCE, "tools") + ":" + os.environ["PATH"]})
                ok(done.returncode == 0, line, done.stdout.decode())

    def upload(self):
        with self.lock:
            self.sp.write("idp.xml", self.server.metadata())
            self.sp.graceful()

    def step(self, title, text):
        for kind, block in re.findall(r"^```(\w+)\n(.*?)^```", text, re.S | re.M):
            getattr(self, kind)(block)
        if "Upload the metadata" in title:
            self.upload()

    def signers(self):
        """Who signs from now on, seen by each of the people."""
        marks = [len(person.signers) for person in self.people]
        for person, mark in zip(self.people, marks):
            poll(lambda: len(person.signers) >= mark + EACH + 1, "people sign in")
        # The first of each may have been under way already.
        return {signer for person, mark in zip(self.people, marks) for signer in person.signers[mark + 1:]}


server = Idp(name="idp")
OLD = certs.pair("rsa2048")
os.mkdir(server.path("conf"))
for name, path in (("rcidp.crt", OLD.cert), ("rcidp.key", OLD.key)):
    with open(path) as file:
        server.write("conf/" + name, file.read(), 0o600)
server.config = re.sub(r'RcIdpSigningCertificateFile .*\nRcIdpSigningKeyFile .*', lambda _: "\n".join(FIRST).replace(FOLDER, server.path("conf") + "/"),
                       server.config)
with server:
    with Mellon(server.metadata()) as sp:
        rollover = Rollover(server, sp)
        for person in rollover.people:
            person.start()
        is_(rollover.signers(), {certs.base64(OLD.cert)}, "people sign in with the old key")
        for title, text in GUIDE:
            rollover.step(title, text)
            new = certs.base64(server.path("conf/rcidp-next.crt"))
            is_(rollover.signers(), {new if int(title[0]) >= 4 else certs.base64(OLD.cert)}, title + ": and people sign in")
        for person in rollover.people:
            person.ended = True
        for person in rollover.people:
            person.join()
        failures = [failure for person in rollover.people for failure in person.failures]
        count = sum(len(person.signers) for person in rollover.people)
        ok(not failures, "not one of the sign-ins failed", "%d of %d" % (len(failures), count), *failures[:3])
        ok(count >= THREADS * EACH * len(GUIDE), "and there were many", count)
        is_(re.findall(r"<(?:\w+:)?X509Certificate>([^<]*)<", server.metadata().decode()), [new], "the metadata has the new certificate alone")
        ok(not os.path.exists(server.path("conf/rcidp.key")), "the old key is gone")

        # The way back of step 4, and what it guards against: a service provider that was never told.
        told = certs.pair("rsa2048", "untold")
        server.config = server.config.replace(server.path("conf/rcidp-next.crt"), told.cert).replace(server.path("conf/rcidp-next.key"), told.key)
        server.graceful()
        post = server.launch()
        verdict = sp.accept(post.encoded, post.relay_state)
        ok(not verdict.accepted, "a key that the service provider was not told of is refused", verdict)
done_testing()
