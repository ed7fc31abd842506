#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Real service providers start the login: mod_auth_mellon, Shibboleth SP and Lasso, signed and unsigned, by Redirect and by POST.

Each is known once by its metadata, and once by entityid= and acs= alone; each must accept the Response to its request.
"""
import ctypes
import os
import re
import sys
import urllib.parse
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import asking
import certs
import form
import idp
import provider
import verify
from asking import ACS, US, Asked, id_of
from mellon import Mellon
from shib import Shibboleth
from tap import done_testing, is_, like, ok

try:
    import lasso
except ImportError:  # of a distribution that has no Python binding for it
    lasso = None

SP, EC = certs.pair(name="sp"), certs.pair("ec256", "sp")
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
BINDINGS = {"Redirect": asking.HTTP_REDIRECT, "POST": asking.HTTP_POST}
TARGET = "https://sso.ringcentral.com/landing.shtml"


def sp_metadata(pair=None):
    """What a service provider says of itself."""
    return asking.metadata([pair.cert] if pair else [], attributes='AuthnRequestsSigned="%s"' % ("true" if pair else "false"),
                           formats=[EMAIL])


def read(message):
    """The AuthnRequest in a query string or form, and what comes with it: (document, RelayState, is it signed?)."""
    fields = dict(urllib.parse.parse_qsl(message, keep_blank_values=True))
    document = form.decode(fields["SAMLRequest"])
    if not document.startswith(b"<"):
        document = zlib.decompress(document, -15)
    return document, fields.get("RelayState"), "Signature" in fields or b"SignatureValue" in document


def started(answer):
    """What a browser would send us: ("GET", query) or ("POST", form), and to where."""
    location = answer.header("Location")
    if location:
        return "GET", location.partition("?")[2], location.partition("?")[0]
    page = next(one for one in form.forms(answer.text) if one.values("SAMLRequest"))
    fields = [(name, page.value(name)) for name in ("SAMLRequest", "RelayState") if page.value(name) is not None]
    return "POST", urllib.parse.urlencode(fields), page.action


def answered(name, method, message, where, binding, signed):
    """The form that answers a service provider's own request; what it asks is judged too, so that nothing is tested in vain."""
    document, relay_state, is_signed = read(message)
    id = re.search(rb'\bID="([^"]+)"', document).group(1).decode()
    is_((method, where, is_signed), ("GET" if binding == "Redirect" else "POST", server.here, signed), name + ": asks as it should")
    answer = (server.request("GET", server.PATH + "?" + message) if method == "GET"
              else server.request("POST", server.PATH, body=message))
    post = form.auto_post(answer.text)
    if not ok(answer.status == 200 and post, name + ": answered", answer, document.decode(), server.log()[-600:]):
        return None
    said = verify.fields(post.xml)
    is_(said.in_response_to, id, name + ": InResponseTo")
    is_(said.confirmation_data.get("InResponseTo") if said.assertions else None, id, name + ": InResponseTo of the confirmation")
    is_((post.action, post.relay_state), (ACS, relay_state), name + ": at the ACS, with its RelayState")
    return post


def refused(name, method, message):
    """A signature that nobody can check."""
    answer = server.request(method, server.PATH + "?" + message) if method == "GET" else server.request("POST", server.PATH, body=message)
    is_((answer.status, form.auto_post(answer.text)), (400, None), name + ": refused, since nobody knows its certificate")
    like(answer.text, "metadata", name + ": and the page says what is missing")


def log_in(sp, start, name, binding, signed):
    """A browser's way through a service provider that runs in httpd."""
    browser = sp.client(host=sp.host)
    answer = browser.get(start)
    cookies = {one.partition("=")[0]: one.partition(";")[0] for one in answer.all("Set-Cookie")}
    method, message, where = started(answer)
    if signed and not server.knows:
        return refused(name, method, message)
    post = answered(name, method, message, where, binding, signed)
    if post is None:
        return None
    fields = [("SAMLResponse", post.encoded)] + ([("RelayState", post.relay_state)] if post.relay_state is not None else [])
    mark = sp.mark()
    answer = browser.post(sp.acs_path, fields, headers=[("Cookie", "; ".join(cookies.values()))])
    cookies.update({one.partition("=")[0]: one.partition(";")[0] for one in answer.all("Set-Cookie")})
    if not ok(answer.status in (302, 303), name + ": accepted", answer, sp.log(mark)):
        return None
    is_(answer.header("Location"), TARGET, name + ": sent on to where the login began")
    landing = browser.get("/landing.shtml", headers=[("Cookie", "; ".join(cookies.values()))])
    is_(landing.status, 200, name + ": signed in")
    is_(sp.user(provider.environment(landing.text))[0], "alice@example.com", name + ": as whom")
    return None


def mellon(metadata, binding, pair):
    # worker, since event complains (AH03092) when a connection ends just as it is told to stop.
    sp = Mellon(asking.only(metadata, BINDINGS[binding]), mpm="worker")
    sp.ask(sp_metadata(pair), SP)
    return sp, "/sp/login?ReturnTo=" + urllib.parse.quote(TARGET, safe="")


def shibboleth(metadata, binding, pair):
    sp = Shibboleth(asking.only(metadata, BINDINGS[binding]), mpm="worker")
    with open(sp.path("shibboleth2.xml")) as file:
        text = file.read()
    if pair:
        text = text.replace('REMOTE_USER="name-id"', 'REMOTE_USER="name-id" signing="true" signingAlg="%s"' % asking.algorithm_uri(
            "ecdsa-sha256" if pair is EC else "rsa-sha256")).replace(
            "  </ApplicationDefaults>", '    <CredentialResolver type="File" key="%s" certificate="%s"/>\n  </ApplicationDefaults>' % tuple(pair))
    sp.write("shibboleth2.xml", text)
    return sp, "/sp/Login?target=" + urllib.parse.quote(TARGET, safe="")


def in_httpd(kind, make, keys):
    for binding in BINDINGS:
        for how, pair in keys.items():
            sp, start = make(server.metadata(), binding, pair)
            with sp:
                log_in(sp, start, "%s, %s, %s, %s" % (kind, server.how, binding, how), binding, pair is not None)


def forget_errors():
    """Lasso leaves errors in OpenSSL's queue, such as that a key in PEM is no file's name; Python's ssl would take them for its own."""
    ctypes.CDLL(sys.modules["_lasso"].__file__).ERR_clear_error()


# RelayState as some application may have made it.
STATES = [None, "", "https://service.ringcentral.com/mobile/ssoLogin", "a b+c%20d&e=f;g", "ü€😀", "\"'<>&\r\n", "x" * 1024]


def lasso_sp(pair):
    """Lasso by its Python binding: the library that mod_auth_mellon uses, with all that mellon does not ask."""
    def content(path):
        with open(path) as file:
            return file.read()
    sp = lasso.Server.newFromBuffers(sp_metadata(pair), content(SP.key), None, content(SP.cert))
    sp.signatureMethod = lasso.SIGNATURE_METHOD_RSA_SHA256
    sp.addProviderFromBuffer(lasso.PROVIDER_ROLE_IDP, server.metadata().decode())
    return sp


def by_lasso():
    for binding, method in (("Redirect", lasso.HTTP_METHOD_REDIRECT), ("POST", lasso.HTTP_METHOD_POST)):
        for how, pair in (("unsigned", None), ("signed", SP)):
            for state in STATES if pair is None or server.knows else STATES[:1]:
                name = "Lasso, %s, %s, %s, RelayState %.20r" % (server.how, binding, how, state)
                login = lasso.Login(lasso_sp(pair))
                login.initAuthnRequest(idp.ENTITY_ID, method)
                login.request.nameIdPolicy.format = EMAIL
                if state is not None:
                    login.msgRelayState = state
                login.buildAuthnRequestMsg()
                forget_errors()
                if binding == "Redirect":
                    verb, (where, _, message) = "GET", login.msgUrl.partition("?")
                else:
                    verb, where, message = "POST", login.msgUrl, asking.pairs(("SAMLRequest", login.msgBody), ("RelayState", state))
                if pair and not server.knows:
                    refused(name, verb, message)
                    continue
                post = answered(name, verb, message, where, binding, pair is not None)
                if post is None:
                    continue
                if read(message)[1] is not None:
                    is_(post.relay_state, state, name + ": RelayState as it was given to Lasso")
                try:
                    login.processAuthnResponseMsg(post.encoded)
                    login.acceptSso()
                    is_(login.nameIdentifier.content, "alice@example.com", name + ": accepted, as whom")
                except lasso.Error as error:
                    ok(False, name + ": accepted", error)
    # An answer to another request is refused, so those above were looked at.
    other = lasso.Login(lasso_sp(None))
    other.initAuthnRequest(idp.ENTITY_ID, lasso.HTTP_METHOD_REDIRECT)
    other.buildAuthnRequestMsg()
    try:
        other.processAuthnResponseMsg(post.encoded if post else "")
        ok(False, "Lasso, %s: the answer to another request is refused" % server.how)
    except lasso.Error as error:
        ok(True, "Lasso, %s: the answer to another request is refused" % server.how, error)


KEYS = {"unsigned": None, "signed": SP}
KNOWN = {"metadata=": 'RcIdpServiceProvider us metadata="${folder}/us.xml"',
         "entityid= and acs=": "RcIdpServiceProvider us entityid=%s acs=%s" % (US, ACS)}
for how, directive in KNOWN.items():
    server = Asked(server=directive + "\n", name="idp")
    server.how, server.knows = how, how == "metadata="
    server.write("us.xml", asking.metadata([EC.cert, SP.cert]))
    if not server.knows:
        server.expect("RCIDP48: ")
    with server:
        in_httpd("mod_auth_mellon", mellon, KEYS)
        in_httpd("Shibboleth", shibboleth, {**KEYS, "signed with ECDSA": EC} if server.knows else KEYS)
        if lasso:
            by_lasso()
done_testing()
