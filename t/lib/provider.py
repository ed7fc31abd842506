# SPDX-License-Identifier: Apache-2.0
"""What the stand-ins for RingCentral have in common; the real ones are in mellon.py and shib.py.

    with Mellon(idp_metadata, region="us") as sp:           # or Shibboleth(...)
        verdict = sp.accept(post.encoded, post.relay_state) # what a browser would post
        verdict.accepted, verdict.name_id, verdict.attributes, verdict.location, verdict.why

With encryption=PAIR (of certs) it has a key that assertions can be encrypted to; sp.metadata says so.

A stand-in bears RingCentral's own names: it believes to live at https://sso.ringcentral.com (or ssoeuro) on
port 443, while it listens on a free port of loopback.  sp.port is that port; sp.host the name.  /landing.shtml on it
is a page for those who are signed in: it lists what the service provider knows about the user.  On the same port
answers the host of the RelayState, service.ringcentral.com or its sibling, and sends a browser to that page.
"""
import html
import re
import urllib.parse

import certs
from httpd import Httpd
from idp import PROVIDERS

# The service behind the service provider: RelayState leads to it, and from there one arrives at a protected page.
SERVICE = """
<VirtualHost 127.0.0.1:${{port}}>
ServerName https://{service}:443
${{tls}}
Redirect {path} https://{host}/landing.shtml
</VirtualHost>
"""

METADATA = """<?xml version="1.0"?>
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="%s">
  <SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">%s
    <AssertionConsumerService index="0" isDefault="true" Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
                              Location="%s"/>
  </SPSSODescriptor>
</EntityDescriptor>
"""

KEY = """
    <KeyDescriptor use="encryption">
      <ds:KeyInfo><ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data></ds:KeyInfo>%s
    </KeyDescriptor>"""

LANDING = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Landed</title></head>
<body><h1>Landed</h1><pre id="environment">
<!--#printenv -->
</pre></body></html>
"""


class Verdict:
    """What a service provider made of a Response."""

    def __init__(self, accepted, why="", name_id=None, attributes=None, location=None):
        self.accepted = accepted
        self.why = why
        self.name_id = name_id
        self.attributes = attributes or {}
        self.location = location

    def __repr__(self):
        if not self.accepted:
            return "refused: " + self.why
        return "accepted: name ID %s, attributes %r, sent on to %s" % (self.name_id, self.attributes, self.location)


class ServiceProvider(Httpd):
    """A virtual host under RingCentral's name; subclasses add the module that speaks SAML."""

    def __init__(self, region, encryption=None, **options):
        self.entity_id, self.acs, self.relay_state = PROVIDERS[region]
        parts = urllib.parse.urlsplit(self.acs)
        self.host, self.acs_path = parts.hostname, parts.path
        service = urllib.parse.urlsplit(self.relay_state)
        self.service = SERVICE.format(service=service.hostname, path=service.path, host=self.host)
        self.encryption = encryption
        self.metadata = METADATA % (self.entity_id, KEY % (certs.base64(encryption.cert), "") if encryption else "", self.acs)
        super().__init__(rcidp=False, **options)
        self.write("docs/landing.shtml", LANDING)

    def accept(self, encoded, relay_state=None, cookies=()):
        """Post a Response as a browser would, then look at the landing page with the session it gave.

        COOKIES are those that the browser has from asking, as the header has them."""
        fields = [("SAMLResponse", encoded)]
        if relay_state is not None:
            fields.append(("RelayState", relay_state))
        mark = self.mark()
        answer = self.client(host=self.host).post(self.acs_path, fields, headers=[("Cookie", "; ".join(cookies))] if cookies else [])
        if answer.status in (302, 303):
            cookies = "; ".join(cookie.partition(";")[0] for cookie in answer.all("Set-Cookie"))
            landing = self.client(host=self.host).get("/landing.shtml", headers=[("Cookie", cookies)])
            if landing.status == 200:
                name_id, attributes = self.user(environment(landing.text))
                return Verdict(True, name_id=name_id, attributes=attributes, location=answer.header("Location"))
        # What a refusal leaves in the log is the explanation, and as such no surprise.
        lines = self.log(mark).splitlines()
        for line in lines:
            self.expect(re.escape(line))
        return Verdict(False, why="%d\n%s" % (answer.status, "\n".join(lines + self.explanation(answer))))

    def user(self, variables):
        """(name ID, {attribute: values}) from the environment of a request with a session."""
        raise NotImplementedError

    def explanation(self, answer):
        """Further lines that say why a Response was refused."""
        return []


def environment(page):
    """The variables that mod_include printed into a page."""
    block = re.search(r'<pre id="environment">\n(.*?)</pre>', page, re.S).group(1)
    return dict(line.split("=", 1) for line in html.unescape(block).splitlines() if "=" in line)
