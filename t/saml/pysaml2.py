#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""A service provider of another make starts the login: pysaml2, by Redirect and by POST, signed and not, its answer encrypted and not."""
import logging
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import asking
import certs
import form
import idp
import verify
from asking import ACS, US, Asked
from tap import done_testing, is_, ok, skip_all

# This program has the name of the package's project; the package's own is saml2.
try:
    from saml2.client import Saml2Client
    from saml2.config import SPConfig
except ImportError:
    skip_all("no pysaml2 (Debian: python3-pysaml2)")

logging.getLogger("saml2").addHandler(logging.NullHandler())  # what it refuses, it raises too
STATE = "https://service.ringcentral.com/mobile/ssoLogin?a b&c"
KEY = certs.pair(name="sp")


def service_provider(metadata, signs):
    """pysaml2, which wants everything that can be signed signed."""
    path = os.path.join(certs.folder(), "pysaml2-idp.xml")
    with open(path, "wb") as file:
        file.write(metadata)
    settings = SPConfig()
    settings.load({
        "entityid": US, "xmlsec_binary": shutil.which(verify.XMLSEC1), "key_file": KEY.key, "cert_file": KEY.cert, "metadata": {"local": [path]},
        "encryption_keypairs": [{"key_file": KEY.key, "cert_file": KEY.cert}], "allow_unknown_attributes": True,
        "service": {"sp": {
            "endpoints": {"assertion_consumer_service": [(ACS, asking.HTTP_POST)]}, "authn_requests_signed": signs,
            "signing_algorithm": asking.algorithm_uri("rsa-sha256"), "digest_algorithm": asking.DIGESTS["sha256"],
            "want_response_signed": True, "want_assertions_signed": True, "allow_unsolicited": False}}})
    return Saml2Client(settings)


def start(server, sp, binding, signs):
    """(the ID of a request, what we answer to it)"""
    id, asked = sp.prepare_for_authenticate(entityid=idp.ENTITY_ID, relay_state=STATE, binding=binding, sign=signs)
    if binding == asking.HTTP_REDIRECT:
        return id, server.request("GET", server.PATH + "?" + dict(asked["headers"])["Location"].partition("?")[2])
    page = form.forms(asked["data"])[0]
    return id, server.request("POST", server.PATH, body=asking.pairs(*((name, page.value(name)) for name in ("SAMLRequest", "RelayState"))))


def accepts(sp, id, encoded):
    """Whom pysaml2 takes it for, if it is the answer to that request; or why it refuses."""
    try:
        said = sp.parse_authn_request_response(encoded, asking.HTTP_POST, outstanding={id: "/"})
        return said.get_subject().text, said.ava
    except Exception as error:  # it has many
        return repr(error)


for encryption, use in (("off", 'use="signing"'), ("auto", "")):
    server = Asked(server='RcIdpServiceProvider us metadata="${folder}/us.xml" encryption=%s\nRcIdpSign both\n' % encryption)
    server.write("us.xml", asking.metadata([KEY.cert]).replace('use="signing"', use))
    server.reader = KEY.key
    with server:
        metadata = server.metadata()
        for signs in (False, True):
            for binding in (asking.HTTP_REDIRECT, asking.HTTP_POST):
                name = "pysaml2, encryption=%s, %s, %s" % (encryption, binding.rpartition("-")[2], "signed" if signs else "unsigned")
                sp = service_provider(metadata, signs)
                id, answer = start(server, sp, binding, signs)
                post = form.auto_post(answer.text)
                if not ok(post, name + ": answered", answer, server.log()[-600:]):
                    continue
                is_((post.action, post.relay_state), (ACS, STATE), name + ": at the ACS, with its RelayState")
                is_(b"EncryptedAssertion" in post.xml, encryption == "auto", name + ": encrypted or not")
                is_(accepts(sp, id, post.encoded), ("alice@example.com", {idp.EMAIL: ["alice@example.com"]}), name + ": accepted, as whom")
        ok(isinstance(accepts(sp, "_other", post.encoded), str), "pysaml2, encryption=%s: the answer to another request is refused" % encryption)
done_testing()
