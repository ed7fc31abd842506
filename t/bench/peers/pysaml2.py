# SPDX-License-Identifier: Apache-2.0
"""The smallest identity provider on pysaml2, for gunicorn: pysaml2:application. It has no sessions, which real ones have;
pysaml2 starts the xmlsec1 command for each signature. PEER_KEY and PEER_CERTIFICATE name the files."""
import base64
import hashlib
import os

from saml2 import BINDING_HTTP_POST, saml
from saml2.authn_context import PASSWORDPROTECTEDTRANSPORT
from saml2.config import IdPConfig
from saml2.server import Server

ACS = "https://sso.ringcentral.com/sp/ACS.saml2"
AUDIENCE = "https://sso.ringcentral.com"
PASSWORD = hashlib.sha1(b"secret").digest()
METADATA = """<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="%s">
<md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<md:AssertionConsumerService Binding="%s" Location="%s" index="0" isDefault="true"/></md:SPSSODescriptor>
</md:EntityDescriptor>""" % (AUDIENCE, BINDING_HTTP_POST, ACS)

server = Server(config=IdPConfig().load({
    "entityid": "https://sso.example.com/metadata",
    "service": {"idp": {
        "endpoints": {"single_sign_on_service": [("https://sso.example.com/sso", BINDING_HTTP_POST)]},
        "policy": {"default": {"lifetime": {"minutes": 5}, "attribute_restrictions": None,
                               "name_form": "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"}},
        "sign_assertion": True, "sign_response": False,
    }},
    "key_file": os.environ["PEER_KEY"], "cert_file": os.environ["PEER_CERTIFICATE"],
    "metadata": {"inline": [METADATA]}, "xmlsec_binary": os.environ.get("XMLSEC1") or "/usr/bin/xmlsec1",
}))


def user_of(environment):
    """As httpd does it for ours: the user and a SHA-1 of the password."""
    scheme, _, credentials = environment.get("HTTP_AUTHORIZATION", "").partition(" ")
    user, _, password = base64.b64decode(credentials).decode().partition(":")
    return user if scheme == "Basic" and user == "alice" and hashlib.sha1(password.encode()).digest() == PASSWORD else None


def application(environment, start):
    user = user_of(environment)
    if not user:
        start("401 Unauthorized", [("Content-Length", "0")])
        return [b""]
    mail = user + "@example.com"
    response = server.create_authn_response(
        identity={"mail": [mail], "givenName": ["Alice"], "sn": ["Example"], "eduPersonAffiliation": ["staff"]},
        in_response_to=None, destination=ACS, sp_entity_id=AUDIENCE, userid=mail,
        name_id=saml.NameID(format=saml.NAMEID_FORMAT_EMAILADDRESS, text=mail),
        authn={"class_ref": PASSWORDPROTECTEDTRANSPORT}, sign_assertion=True, sign_response=False)
    page = server.apply_binding(BINDING_HTTP_POST, str(response), ACS, response=True)["data"].encode()
    start("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(page)))])
    return [page]
