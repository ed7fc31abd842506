# SPDX-License-Identifier: Apache-2.0
"""Pieces of configuration to put together, and one whose faulty line is marked.

    text = launch("=>RcIdpSign none")           # an identity, a virtual host with TLS, a launch path and this in its section
    wrong = Configuration(text)
    status, output = wrong.configtest()
    wrong.line                                  # the number of the line that was marked by =>
"""
import os
import re

import certs
from httpd import Httpd

MARK = "=>"  # in front of the line at fault; taken away before httpd reads it


class Configuration(Httpd):
    """A configuration with one marked line; its number is self.line."""

    def configuration(self):
        text = super().configuration()
        self.line = next((number for number, line in enumerate(text.splitlines(), 1) if MARK in line), None)
        return text.replace(MARK, "")

    def write(self, name, content, mode=0o644):
        return super().write(name, content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"), mode)


def identity(kind="rsa2048", key=None, **options):
    pair = certs.pair(kind, **options)
    return ('RcIdpEntityID https://sso.example.com/\nRcIdpSigningCertificateFile "%s"\nRcIdpSigningKeyFile "%s"\n'
            % (pair.cert, key or pair.key))


def section(text, kind="Location", path='"/ringcentral"'):
    return "<%s %s>\n%s\n</%s>\n" % (kind, path, text, kind.split()[0])


LAUNCH = "SetHandler rcidp-launch\nRcIdpLaunch us\n"


def host(text, tls="${tls}", name="localhost"):
    return "<VirtualHost 127.0.0.1:${port}>\nServerName %s\n%s\n%s\n</VirtualHost>\n" % (name, tls, text)


def launch(more="", server=None, before=LAUNCH):
    """An identity and a launch path, with MORE in its section."""
    return (identity() if server is None else server) + host(section(before + more))


def server(more):
    """An identity with MORE in the main server, and a launch path."""
    return launch(server=identity() + more + "\n")


def without(directive, text):
    return re.sub(r"(?m)^%s\b.*\n" % directive, "", text)


def file(name, content, mode=0o600):
    path = os.path.join(certs.folder(), name)
    with open(path, "wb") as out:
        out.write(content)
    os.chmod(path, mode)
    return path


def read(path):
    with open(path, "rb") as content:
        return content.read()
