# SPDX-License-Identifier: Apache-2.0
"""AuthnRequests as service providers make them, and as attackers do.

    text = asking.xml(here, acs=ACS, inside=...)                # an AuthnRequest for the address HERE, bytes
    asking.redirect(text, "state", pair)                        # its query string, signed if there is a certs.Pair
    asking.post(text, "state")                                  # its form
    asking.sign(text, pair)                                     # with an enveloped signature
    asking.metadata(certificates, endpoints=...)                # a service provider's metadata

    with Asked(server=..., location=...) as server:             # an Idp; its requests keep their connection
        server.here                                             # where AuthnRequests are meant to go
        server.redirect(acs=ACS, relay_state="x", pair=pair)    # path and query of a request for it
        server.post(acs=ACS, pair=pair)                         # a dict of options for Rows.ask(): body, headers

    Asks                                                        # Rows that know what AuthnRequests are refused for,
                                                                # and judge error Responses
"""
import base64
import http.client
import itertools
import os
import re
import ssl
import subprocess
import time
import urllib.parse
import zlib
from xml.sax.saxutils import escape, quoteattr

import certs
import client
import form
import idp
import judge
import rows
import verify
from tap import is_, ok

US, ACS, _ = idp.PROVIDERS["us"]
HTTP_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
HTTP_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = verify.DS + "enveloped-signature"
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"

DIGESTS = {"sha1": verify.DS + "sha1", "sha256": "http://www.w3.org/2001/04/xmlenc#sha256", "sha384": MORE + "sha384",
           "sha512": "http://www.w3.org/2001/04/xmlenc#sha512"}

_ids = itertools.count(1)


def instant(seconds=0):
    """Now, or that many seconds later, as SAML writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def new_id():
    """The ID of a request; no two are the same."""
    return "_request%d" % next(_ids)


def xml(destination=None, issuer=US, acs=None, index=None, binding=None, version="2.0", issued=None, id=None,
        attributes="", issuer_xml=None, inside="", prolog=""):
    """An AuthnRequest, bytes. None leaves an attribute out; ATTRIBUTES and INSIDE (after the Issuer) are XML as they stand."""
    values = [("ID", new_id() if id is None else id), ("Version", version), ("IssueInstant", issued or instant()),
              ("Destination", destination), ("AssertionConsumerServiceURL", acs), ("AssertionConsumerServiceIndex", index),
              ("ProtocolBinding", binding)]
    if issuer_xml is None:
        issuer_xml = "<saml:Issuer>%s</saml:Issuer>" % escape(issuer)
    return ('%s<samlp:AuthnRequest xmlns:samlp="%s" xmlns:saml="%s"%s %s>%s%s</samlp:AuthnRequest>' % (
        prolog, verify.SAMLP, verify.SAML,
        "".join(" %s=%s" % (name, quoteattr(str(value))) for name, value in values if value is not None and value is not False),
        attributes, issuer_xml, inside)).encode()


# -- bindings -------------------------------------------------------------------------------------------------------------

def deflate(data, bits=-15):
    """Raw DEFLATE; with other BITS as zlib (15) or gzip (31) wrap it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, bits)
    return packer.compress(data) + packer.flush()


def b64(data):
    return base64.b64encode(data).decode()


def pairs(*parts):
    """A query string of (name, value), encoded."""
    return "&".join("%s=%s" % (name, urllib.parse.quote(value, safe="")) for name, value in parts if value is not None)


def algorithm_uri(algorithm):
    return (verify.DS if algorithm == "rsa-sha1" else MORE) + algorithm


def sign_text(text, pair, algorithm="rsa-sha256"):
    """The signature of a query string, as the openssl command makes it."""
    done = subprocess.run(["openssl", "dgst", "-" + algorithm.split("-")[1], "-sign", pair.key],
                          input=text.encode(), stdout=subprocess.PIPE, check=True)
    return b64(done.stdout)


def sign_query(text, pair, algorithm="rsa-sha256", named=None):
    """A query string with SigAlg (NAMED otherwise than it is, if asked for) and Signature behind it."""
    text += "&" + pairs(("SigAlg", named or algorithm_uri(algorithm)))
    return text + "&" + pairs(("Signature", sign_text(text, pair, algorithm)))


def redirect(message, relay_state=None, pair=None, algorithm="rsa-sha256"):
    """The query string of HTTP-Redirect."""
    text = pairs(("SAMLRequest", b64(deflate(message))), ("RelayState", relay_state))
    return sign_query(text, pair, algorithm) if pair else text


def post(message, relay_state=None):
    """The body of HTTP-POST."""
    return pairs(("SAMLRequest", b64(message)), ("RelayState", relay_state))


# -- XML signatures -------------------------------------------------------------------------------------------------------

def template(id, algorithm="rsa-sha256", transforms=(ENVELOPED, EXCLUSIVE), c14n=EXCLUSIVE, digest=None, uri=None):
    """An empty signature, for sign(). A transform may be XML as it stands."""
    digest = DIGESTS[digest or algorithm.split("-")[1]]
    chain = "".join(one if one.startswith("<") else '<ds:Transform Algorithm="%s"/>' % one for one in transforms)
    return ('<ds:Signature xmlns:ds="%s"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="%s"/>'
            '<ds:SignatureMethod Algorithm="%s"/><ds:Reference URI="%s"><ds:Transforms>%s</ds:Transforms>'
            '<ds:DigestMethod Algorithm="%s"/><ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/>'
            "</ds:Signature>" % (verify.DS, c14n, algorithm_uri(algorithm), "#" + id if uri is None else uri, chain, digest))


def id_of(message):
    return message.split(b' ID="')[1].split(b'"')[0].decode()


def sign(message, pair, algorithm="rsa-sha256", where=b"</saml:Issuer>", ids=(), **options):
    """The message with a signature by xmlsec1 after the first WHERE; OPTIONS are template's, IDS further elements with an ID."""
    if where not in message:
        raise ValueError("no %r to put a signature behind" % where)
    empty = template(id_of(message), algorithm, **options).encode()
    path = os.path.join(certs.folder(), "to-sign.xml")
    with open(path, "wb") as file:
        file.write(message.replace(where, where + empty, 1))
    done = subprocess.run(verify.xmlsec1("--sign", "--privkey-pem", pair.key, "--id-attr:ID", verify.SAMLP + ":AuthnRequest",
                                         *(word for name in ids for word in ("--id-attr:ID", name)), path),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace"))
    return done.stdout.partition(b"?>\n")[2].rstrip()


def signature_of(message):
    """(the message without its signature, the signature)"""
    start, end = message.index(b"<ds:Signature "), message.index(b"</ds:Signature>") + len(b"</ds:Signature>")
    return message[:start] + message[end:], message[start:end]


# -- metadata -------------------------------------------------------------------------------------------------------------

def metadata(certificates=(), endpoints=((ACS, 0, True, HTTP_POST),), entity_id=US, attributes="", formats=()):
    """A service provider's metadata. ENDPOINTS: (URL, index, is it the default?, binding)."""
    keys = "".join('<KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data>'
                   "</ds:KeyInfo></KeyDescriptor>" % certs.base64(path) for path in certificates)
    services = "".join('<AssertionConsumerService index="%s" isDefault="%s" Binding="%s" Location="%s"/>'
                       % (index, "true" if default else "false", binding, url) for url, index, default, binding in endpoints)
    return ('<EntityDescriptor xmlns="%s" xmlns:ds="%s" validUntil="%s" entityID="%s">'
            '<SPSSODescriptor protocolSupportEnumeration="%s" %s>%s%s%s</SPSSODescriptor></EntityDescriptor>\n'
            % (verify.MD, verify.DS, instant(90 * 86400), entity_id, verify.SAMLP, attributes, keys,
               "".join("<NameIDFormat>%s</NameIDFormat>" % one for one in formats), services))


def only(idp_metadata, binding):
    """An identity provider's metadata with the endpoint of one BINDING, so that the service provider takes that."""
    text = re.sub(r"<md:SingleSignOnService [^>]*></md:SingleSignOnService>", lambda found: found.group() if binding in found.group() else "", idp_metadata.decode())
    assert text.count("<md:SingleSignOnService") == 1
    return text.encode()


# -- the identity provider that is asked ----------------------------------------------------------------------------------

class Asked(idp.Idp):
    """An Idp whose requests travel on one connection, until an answer ends it, as httpd has it with 400."""

    PATH = "/ringcentral"

    def __init__(self, **options):
        options["server"] = "KeepAliveTimeout 600\nMaxKeepAliveRequests 0\n" + options.get("server", "")
        self.kept = None
        super().__init__(**options)

    @property
    def here(self):
        return self.url(self.PATH)

    def request(self, method, path, user="alice", headers=(), body=None, password="secret", chunked=False):
        if self.kept is None:
            self.kept = self.client().connect()
        lines = [b"%s %s HTTP/1.1" % (method.encode(), client._bytes(path)), b"Host: localhost:%d" % self.port]
        if user is not None:
            lines.append(b"Authorization: Basic " + base64.b64encode(("%s:%s" % (user, password)).encode()))
        if body is not None:
            body = client._bytes(body)
            lines.append(b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % len(body))
            if not any(name.lower() == "content-type" for name, _ in headers):
                lines.append(b"Content-Type: application/x-www-form-urlencoded")
        lines += [client._bytes(name) + b": " + client._bytes(value) for name, value in headers] + [b"", b""]
        begun = judge.begin(self.port)
        try:
            self.kept.sendall(b"\r\n".join(lines) + (b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body or b""))
        except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            pass  # the server has answered before it had read everything; the answer is there
        response = http.client.HTTPResponse(self.kept, method=method)
        response.begin()
        answer = client.Answer(response)
        if response.will_close:
            self.hang_up()
        judge.look(begun, path, body, answer)
        return answer

    def hang_up(self):
        """The next request takes a connection of its own."""
        if self.kept:
            self.kept.close()
            self.kept = None

    def graceful(self, drain=True):
        self.hang_up()
        super().graceful(drain)

    def _end(self):
        self.hang_up()
        return super()._end()

    def message(self, **options):
        """An AuthnRequest for this server."""
        options.setdefault("destination", self.here)
        return xml(**options)

    def redirect(self, message=None, relay_state=None, pair=None, algorithm="rsa-sha256", path=None, **options):
        """Path and query of an AuthnRequest by HTTP-Redirect."""
        return (path or self.PATH) + "?" + redirect(self.message(**options) if message is None else message, relay_state, pair, algorithm)

    def post(self, message=None, relay_state=None, pair=None, algorithm="rsa-sha256", **options):
        """What Rows.ask() needs for one by HTTP-POST."""
        message = self.message(**options) if message is None else message
        return {"body": post(sign(message, pair, algorithm) if pair else message, relay_state)}


# -- tables ---------------------------------------------------------------------------------------------------------------

class Asks(rows.Rows):
    """Rows of AuthnRequests."""

    def fails(self, name, options, result, codes, relay_state="state & <b>", post=False, acs=ACS, pair=None, issuer=idp.ENTITY_ID,
              **more):
        """A request that is trusted and cannot be met: an error Response, judged. OPTIONS: of asking.xml()."""
        message = self.server.message(**options)
        if post:
            answer = self.ask(name, "POST", self.server.PATH, result, **self.server.post(message, relay_state, pair), **more)
        else:
            answer = self.ask(name, "GET", self.server.redirect(message, relay_state, pair), result, **more)
        self.judge_error(name, answer, id_of(message), codes, relay_state, acs, issuer)

    def judge_error(self, name, answer, id, codes, relay_state, acs=ACS, issuer=idp.ENTITY_ID):
        """A SAML error: at the provider's own ACS, signed, with those status codes, for that request."""
        sent = form.auto_post(answer.text)
        if not ok(sent, name + ": a Response is posted", answer):
            return
        said = verify.fields(sent.xml)
        is_((sent.action, sent.method, sent.relay_state), (acs, "post", relay_state), name + ": posted to the ACS, with RelayState")
        is_([said.destination, said.in_response_to, said.issuer], [acs, id, issuer], name + ": Destination, InResponseTo, Issuer")
        is_(said.status, [STATUS + code for code in codes], name + ": status")
        is_(said.assertions, [], name + ": no assertion")
        is_(verify.signatures(sent.xml), ["Response"], name + ": signed")
        problems = [verify.schema(sent.xml), verify.signature(sent.xml, "Response", self.server.pair.cert)]
        ok(problems == [None, None], name + ": xmllint and xmlsec1 accept it", *problems)

    def meets(self, name, options, relay_state=None, post=False, acs=ACS, pair=None, **more):
        """A request that is met: the Fields of its Response, which goes to that ACS and is an answer to it."""
        message = self.server.message(**options)
        if post:
            answer = self.ask(name, "POST", self.server.PATH, "issued", **self.server.post(message, relay_state, pair), **more)
        else:
            answer = self.ask(name, "GET", self.server.redirect(message, relay_state, pair), "issued", **more)
        return self.judge_met(name, answer, id_of(message), relay_state, acs)

    def judge_met(self, name, answer, id, relay_state, acs=ACS):
        sent = form.auto_post(answer.text)
        if not ok(sent, name + ": a Response is posted", answer):
            raise AssertionError("nothing further to judge")
        said = verify.fields(sent.xml)
        data = said.confirmation_data
        is_((sent.action, sent.relay_state), (acs, relay_state), name + ": posted to the ACS, with RelayState")
        is_([said.destination, data["Recipient"], said.in_response_to, data["InResponseTo"]], [acs, acs, id, id],
            name + ": Destination, Recipient, InResponseTo")
        is_(said.status, [STATUS + "Success"], name + ": status")
        return said
