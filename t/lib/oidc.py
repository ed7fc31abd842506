# SPDX-License-Identifier: Apache-2.0
"""An OpenID provider on loopback (t/auth/oidc: the npm package oidc-provider, certified), with a sign-in page.

    oidc.prepare()                              # once in a program: fetches the package if this build folder lacks it
    client = oidc.client("https://sso.example.com/oidc/callback", after_logout=["https://sso.example.com/"])
    with Provider({"alice": oidc.user(email="alice@example.com", amr=["pwd"])}, [client]) as provider:
        provider.issuer                         # https://127.0.0.1:PORT; its certificate is that of certs.tls()
        client["client_id"], client["client_secret"]
"""
import atexit
import json
import os
import shutil
import socket
import subprocess
import tempfile

import certs
import example
import npm
from httpd import BUILD, detach, free_port, poll

FOLDER = os.path.join(BUILD, "openid-provider")


def prepare():
    """Fetch the package into the build folder, in exactly the versions of the lock file."""
    npm.fetch("openid-provider", "t/auth/oidc", ["package.json", "package-lock.json", "provider.js"])


def _read(path):
    with open(path, "rb") as file:
        return file.read()


def client(redirect_uri, after_logout=(), name="ringcentral"):
    """What the provider has to know of a relying party."""
    return {"client_id": name, "client_secret": "secret-of-" + name, "redirect_uris": [redirect_uri],
            "post_logout_redirect_uris": list(after_logout), "grant_types": ["authorization_code"], "response_types": ["code"]}


def user(password="secret", acr=None, amr=None, **claims):
    """A user: the password, how he is taken to have signed in, and his claims."""
    login = {name: value for name, value in (("acr", acr), ("amr", amr)) if value}
    return {"password": password, "login": login, "claims": claims}


class Provider:
    """See the top of this file."""

    def __init__(self, users, clients):
        self.port = free_port()
        self.issuer = "https://127.0.0.1:%d" % self.port
        self.process = None
        self.folder = tempfile.mkdtemp(prefix="rcidp-oidc.")
        if not os.environ.get("RCIDP_KEEP"):
            atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        atexit.register(self.stop)
        tls = certs.tls()
        self.settings = {"issuer": self.issuer, "port": self.port, "key": tls.key, "cert": tls.cert, "clients": clients, "users": users}

    def start(self):
        """Start it and return once it listens."""
        settings, said = os.path.join(self.folder, "settings.json"), os.path.join(self.folder, "output")
        with open(settings, "w") as file:
            json.dump(self.settings, file)
        with open(said, "wb") as output:
            self.process = subprocess.Popen(
                [example.program("node", "nodejs"), os.path.join(FOLDER, "provider.js"), settings], stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT, preexec_fn=detach,
                env={"PATH": os.environ.get("PATH", os.defpath), "HOME": self.folder, "NODE_ENV": "production"})

        def serves():
            if self.process.poll() is not None:
                raise RuntimeError("the OpenID provider ended with %d: %s" % (self.process.returncode, _read(said).decode()))
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0
        poll(serves, "the OpenID provider listens")
        return self

    def log(self):
        """What it said: nothing, if all is well."""
        return _read(os.path.join(self.folder, "output")).decode(errors="replace")

    def stop(self):
        if self.process:
            process, self.process = self.process, None
            process.terminate()
            process.wait(10)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_exception):
        self.stop()
