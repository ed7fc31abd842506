# SPDX-License-Identifier: Apache-2.0
"""The smallest identity providers on libraries that are there for making one."""
import os

import npm
from httpd import SOURCE
from peer import BASIC, PROCESSES, Peer

HERE = os.path.join(SOURCE, "t", "bench", "peers")


class Node(Peer):
    needs = [("node and npm (Debian: nodejs, npm)", "/usr/bin/node"), ("npm (Debian: npm)", "/usr/bin/npm")]

    @classmethod
    def missing(cls):
        missing = super().missing()
        if not missing:
            cls.packages, problem = npm.get("peers", "t/bench/peers", ["package.json", "package-lock.json", "node.js"])
            missing = [problem] if problem else []
        return missing

    def begin(self):
        self.run(["node", os.path.join(self.packages, "node.js"), str(self.port), self.key, self.certificate, str(PROCESSES)])
        self.listens()

    def path(self):
        return "/" + self.name, ["Host: localhost", BASIC]


class Samlp(Node):
    name = "samlp"


class Samlify(Node):
    name = "samlify"


class Pysaml2(Peer):
    name = "pysaml2"
    needs = [("pysaml2 (Debian: python3-pysaml2)", "/usr/lib/python3/dist-packages/saml2"),
             ("gunicorn (Debian: gunicorn)", "/usr/bin/gunicorn"), ("xmlsec1 (Debian: xmlsec1)", "/usr/bin/xmlsec1")]

    def begin(self):
        self.run(["/usr/bin/gunicorn", "--bind", "127.0.0.1:%d" % self.port, "--workers", str(PROCESSES), "--worker-class",
                  "gthread", "--threads", "4", "--keep-alive", "60", "--chdir", HERE, "pysaml2:application"],
                 {"PEER_KEY": self.key, "PEER_CERTIFICATE": self.certificate, "PYTHONDONTWRITEBYTECODE": "1"})
        self.listens()

    def path(self):
        return "/", ["Host: localhost", BASIC]
