# SPDX-License-Identifier: Apache-2.0
"""A plain HTTP client that sends exactly what it is told, hostile bytes included.

    client = Client(port)                                  # https://localhost:PORT on loopback, judged by certs.tls().ca
    client = Client(port, scheme="http")
    client = Client(port, host="sso.ringcentral.com")      # Host and SNI name of port 443, connected to loopback
    answer = client.get("/ringcentral?sp=us", user="alice", password="secret")
    answer = client.request("POST", b"/x\\xff", headers=[("Sec-Purpose", "prefetch")], body=b"a=b")
    answer.status, answer.reason, answer.header("Location"), answer.all("Set-Cookie"), answer.body, answer.text

Each request has a connection of its own; no redirect is followed and no cookie kept.
"""
import base64
import http.client
import socket
import ssl
import urllib.parse

import certs
import judge

TIMEOUT = 30


class Answer:
    """What came back: status, reason, headers (a list of pairs), body (bytes), text (body as UTF-8)."""

    def __init__(self, response):
        self.status = response.status
        self.reason = response.reason
        self.headers = response.getheaders()
        self.body = response.read()

    def all(self, name):
        """Every value of that header."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name):
        """The header's value, several joined by a comma; None without any."""
        values = self.all(name)
        return ", ".join(values) if values else None

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def __repr__(self):
        return "%s %s\n%s\n\n%s" % (self.status, self.reason,
                                    "\n".join("%s: %s" % pair for pair in self.headers), self.text)


class Client:
    """See the top of this file."""

    def __init__(self, port, scheme="https", host=None):
        self.port = port
        self.scheme = scheme
        self.name = host or "localhost"
        self.host = host or "localhost:%d" % port
        self.context = ssl.create_default_context(cafile=certs.tls().ca) if scheme == "https" else None

    def connect(self):
        """A connected socket, for tests that speak by themselves."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT)
        if self.context:
            connection = self.context.wrap_socket(connection, server_hostname=self.name)
        return connection

    def request(self, method, path, headers=(), body=None, user=None, password="secret", host=None, pause=None):
        """One request. Text becomes UTF-8, bytes go as they are; HEADERS are pairs.

        PAUSE is called with all but the last byte sent: with a barrier, many requests are under way at once."""
        lines = [b"%s %s HTTP/1.1" % (_bytes(method), _bytes(path)), b"Host: " + _bytes(host or self.host)]
        if user is not None:
            lines.append(b"Authorization: Basic " + base64.b64encode(_bytes(user) + b":" + _bytes(password)))
        if body is not None:
            body = _bytes(body)
            lines.append(b"Content-Length: %d" % len(body))
            if not any(_bytes(key).lower() == b"content-type" for key, _ in headers):
                lines.append(b"Content-Type: application/x-www-form-urlencoded")
        lines += [_bytes(key) + b": " + _bytes(value) for key, value in headers]
        lines += [b"Connection: close", b"", b""]
        message = b"\r\n".join(lines) + (body or b"")
        begun = judge.begin(self.port)
        with self.connect() as connection:
            connection.sendall(message[:-1])
            if pause:
                pause()
            connection.sendall(message[-1:])
            response = http.client.HTTPResponse(connection, method=method)
            response.begin()
            answer = Answer(response)
        judge.look(begun, path, body, answer)
        return answer

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def head(self, path, **options):
        return self.request("HEAD", path, **options)

    def post(self, path, fields, **options):
        """Post FIELDS, a dict or pairs, as a browser's form does."""
        return self.request("POST", path, body=urllib.parse.urlencode(fields), **options)


def _bytes(value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8")


def path_of(url):
    """What follows scheme, host and port in a URL."""
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
