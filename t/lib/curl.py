# SPDX-License-Identifier: Apache-2.0
"""Debian's curl, for what it can and client.py cannot: SPNEGO.

    answer = curl.get("https://sso.example.com/ringcentral", server.port, "--negotiate", "-u", ":", env=tickets)
    answer.status, answer.header("Location"), answer.text           # as in client.py

Port 443 of every name is that port of loopback.
"""
import email.parser
import os
import re
import subprocess
import tempfile

import certs
import client
import judge

SECONDS = "30"


class Answer(client.Answer):
    """The last answer of those that curl was given."""

    def __init__(self, head, body):  # pylint: disable=super-init-not-called
        first, _, rest = re.split(r"(?:\r?\n){2,}", head.strip())[-1].partition("\n")
        self.status = int(first.split()[1])
        self.reason = first.strip().partition(" ")[2].partition(" ")[2]
        self.headers = email.parser.HeaderParser().parsestr(rest.replace("\r", "")).items()
        self.body = body


def get(url, port, *arguments, env=None):
    """One GET, with what curl makes of the answer; an exception if there is none. ENV is its whole environment."""
    begun, body = judge.begin(port), arguments[arguments.index("-d") + 1] if "-d" in arguments else None
    with tempfile.TemporaryDirectory(prefix="rcidp-curl.") as folder:
        head = os.path.join(folder, "head")
        done = subprocess.run(
            ["curl", "-q", "-s", "-S", "--max-time", SECONDS, "--cacert", certs.tls().ca, "--connect-to", "::127.0.0.1:%d" % port,
             "-D", head, *arguments, url],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": folder, **(env or {})})
        if done.returncode:
            raise RuntimeError("curl %s: %s" % (url, done.stderr.decode(errors="replace")))
        with open(head, errors="replace", newline="") as file:
            answer = Answer(file.read(), done.stdout)
    judge.look(begun, url, body, answer)
    return answer
