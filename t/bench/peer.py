# SPDX-License-Identifier: Apache-2.0
"""A program that is no httpd of ours, in a folder of its own, for as long as it is compared.

    class Example(Peer):
        name = "example"
        needs = [("example (Debian: example)", "/usr/bin/example")]
        def begin(self): self.run(["/usr/bin/example", "--port", str(self.port)])
        def path(self): return "/sso", []           # what is asked, and with which headers

    with Example() as peer: measure.cost(peer.pids, peer.port, *peer.path(), ...)
"""
import glob
import http.client
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.parse

import certs
from httpd import MODULES, detach, free_port, poll
from servers import EVERYWHERE

PROCESSES = 2  # as many as this machine has cores
BASIC = "Authorization: Basic YWxpY2U6c2VjcmV0"

FRONT = EVERYWHERE + """
ServerRoot "{folder}"
DefaultRuntimeDir "{folder}"
PidFile "{folder}/httpd.pid"
ErrorLog "{folder}/error.log"
ServerName localhost
Listen 127.0.0.1:{port}
TypesConfig /dev/null
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 60
"""


def user():
    """Who children of root are."""
    return next(entry for entry in pwd.getpwall() if entry.pw_name in ("www-data", "apache", "nobody"))


def front(peer, text):
    """The configuration of an httpd before a peer that speaks FastCGI; {folder} in TEXT is the peer's."""
    modules = [(name, os.path.join(MODULES, "mod_%s.so" % name)) for name in
               ("mpm_event", "unixd", "authz_core", "mime", "alias", "proxy", "proxy_fcgi")]
    lines = ["LoadModule %s_module %s" % pair for pair in modules if os.path.exists(pair[1])]
    if os.geteuid() == 0:
        lines += ["User %s" % user().pw_name, "Group #%d" % user().pw_gid]
    return peer.put("httpd.conf", "\n".join(lines + [""]) + (FRONT + text).format(folder=peer.folder, port=peer.port))


class Peer:
    """See the top of this file."""
    name = None
    needs = ()  # (what is missing without it, a path, or a pattern of paths)

    def __init__(self):
        self.port = free_port()
        self.processes = []
        self.folder = tempfile.mkdtemp(prefix="rcidp-peer.")
        os.chmod(self.folder, 0o711)
        self.pair = certs.pair("rsa2048")
        self.key, self.certificate = (self.put(name, open(path, "rb").read()) for name, path in
                                      (("signing.key", self.pair.key), ("signing.crt", self.pair.cert)))

    @classmethod
    def missing(cls):
        """What is not installed."""
        return [what for what, pattern in cls.needs if not glob.glob(pattern)]

    def put(self, name, content):
        """A file in the folder that the peer can read; its path."""
        path = os.path.join(self.folder, name)
        self.give(os.path.dirname(path))
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        self.give(path)
        return path

    def give(self, path):
        """A file or folder to the user of the peer; made if it is not there."""
        if not os.path.exists(path):
            os.makedirs(path)
        if os.geteuid() == 0:
            os.chown(path, user().pw_uid, user().pw_gid)
        return path

    def run(self, command, environment=None, **options):
        """One more process, with all that it starts; ended with the peer."""
        passed = {name: value for name, value in os.environ.items() if name in ("PATH", "OPENSSL_ia32cap")}
        with open(os.path.join(self.folder, "output"), "ab") as output:
            self.processes.append(subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, preexec_fn=detach, cwd=self.folder,
                env={**passed, "LANG": "C", "TMPDIR": self.folder, **(environment or {})}, **options))

    def as_user(self):
        """What makes run() do it as somebody else where this is root."""
        return {"user": user().pw_uid, "group": user().pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}

    @property
    def pids(self):
        return [process.pid for process in self.processes]

    def said(self):
        with open(os.path.join(self.folder, "output"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def listens(self, port=None):
        """Return once somebody takes connections there."""
        def connects():
            if any(process.poll() is not None for process in self.processes):
                raise RuntimeError("%s has ended: %s" % (self.name, self.said()))
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port or self.port)) == 0
        poll(connects, "%s listens: %s" % (self.name, self.said()))

    def ask(self, method, path, headers=(), body=None):
        """(status, dict of the last header of each name, cookies, text); no redirection is followed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body=body, headers=dict(header.split(": ", 1) for header in headers))
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        cookies = [value.partition(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie"]
        connection.close()
        return answer.status, answer.headers, cookies, text

    def follow(self, path, headers, times=10):
        """A session: asks, and goes where the peer leads, with the cookies that it gives. Returns the cookies."""
        kept = {}
        for _ in range(times):
            cookie = ["Cookie: " + "; ".join("%s=%s" % pair for pair in kept.items())] if kept else []
            status, head, cookies, _text = self.ask("GET", path, list(headers) + cookie)
            kept.update(cookie.split("=", 1) for cookie in cookies)
            if status not in (302, 303, 307):
                return kept
            parts = urllib.parse.urlsplit(head["Location"])
            path = urllib.parse.urlunsplit(("", "", parts.path, parts.query, ""))
        raise RuntimeError("%s leads on and on" % self.name)

    def begin(self):
        raise NotImplementedError

    def path(self):
        raise NotImplementedError

    def __enter__(self):
        try:
            self.begin()
        except BaseException:
            self.end()
            raise
        return self

    def end(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if not os.environ.get("RCIDP_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def __exit__(self, *_):
        self.end()
