# SPDX-License-Identifier: Apache-2.0
"""Another identity provider, on loopback: it answers AuthnRequests with what sample.py makes, after a sign-in page.

    with Provider({"alice": saml.user("alice@example.com", {"http://...": ["value"]})}, {SP_ENTITY_ID: SP_ACS}) as provider:
        provider.metadata                       # bytes; its address is https://127.0.0.1:PORT/sso

A user signed in INSTANT seconds from now, in that CONTEXT; the sign-in page takes the name and asks for no password.
It speaks the redirect binding, and posts. ForceAuthn is noted in provider.requests, with all else that was asked for.
"""
import base64
import html
import http.server
import ssl
import threading
import urllib.parse
import xml.etree.ElementTree as ElementTree
import zlib

import certs
import form
import sample
import verify
from httpd import free_port

SIGN_IN = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>Sign in</title></head>
<body><form method="post"><input name="username"><button>Sign in</button></form></body></html>"""
POST = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>Go on</title></head>
<body><form method="post" action="%s"><input type="hidden" name="SAMLResponse" value="%s"><input type="hidden" name="RelayState" value="%s">
<button>Go on</button></form></body></html>"""


def user(mail, attributes, instant=0, context=sample.PASSWORD):
    """What is said about a user."""
    return {"mail": mail, "attributes": attributes, "instant": instant, "context": context}


class Handler(http.server.BaseHTTPRequestHandler):
    """Its provider is provider.Provider below."""

    def do_GET(self):  # pylint: disable=invalid-name
        self._page(SIGN_IN)

    def do_POST(self):  # pylint: disable=invalid-name
        fields = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        request = ElementTree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -zlib.MAX_WBITS))
        self.server.provider.requests.append(request)
        acs, xml = self.server.provider.answer(request, fields["username"][0])
        self._page(POST % tuple(html.escape(value) for value in (acs, form.encode(xml), query.get("RelayState", [""])[0])))

    def _page(self, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):  # pylint: disable=arguments-differ
        pass


class Provider:
    """See the top of this file."""

    def __init__(self, users, parties):
        self.users = users
        self.parties = parties
        self.requests = []
        self.pair = certs.pair("rsa2048", "upstream")
        self.port = free_port()
        self.entity_id = "https://127.0.0.1:%d/metadata" % self.port
        self.metadata = sample.metadata(self.pair.cert, self.entity_id, "https://127.0.0.1:%d/sso" % self.port)
        self.server = None

    def answer(self, request, name):
        """(ACS, Response) for that AuthnRequest and user."""
        party = request.findtext("saml:Issuer", None, verify.NAMESPACES)
        acs = self.parties[party]
        return acs, sample.response(self.pair, acs=acs, audience=party, issuer=self.entity_id, request=request.get("ID"), **self.users[name])

    def __enter__(self):
        tls = certs.tls()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls.cert, tls.key)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        self.server.provider = self
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_exception):
        self.server.shutdown()
        self.server.server_close()
