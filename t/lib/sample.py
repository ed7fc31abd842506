# SPDX-License-Identifier: Apache-2.0
"""A Response and metadata that mod_rcidp has no part in: made from a template, signed by the xmlsec1 command.

They prove that the judges of the tests (verify.py and the two service providers) accept what is right and
refuse what is not, so that their verdict on mod_rcidp means something.

    xml = sample.response(pair, acs=..., audience=...)          # any of FIELDS, and sign=["Response", "Assertion"]
    metadata = sample.metadata(pair.cert)

saml.py makes a whole identity provider of it.
"""
import datetime
import html
import os
import secrets
import subprocess
import tempfile

import certs
import verify

EMAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
ISSUER = "https://sso.example.com/ringcentral/metadata"

_SIGNATURE = """<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>\
<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>\
<ds:SignatureMethod Algorithm="{algorithm}"/><ds:Reference URI="#{id}"><ds:Transforms>\
<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>\
<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>\
<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/></ds:Reference></ds:SignedInfo>\
<ds:SignatureValue/><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data>\
</ds:KeyInfo></ds:Signature>"""

_RESPONSE = """<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" \
ID="{id}" Version="2.0" IssueInstant="{now}" Destination="{acs}"{answers}><saml:Issuer>{issuer}</saml:Issuer>{signature}\
<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>\
<saml:Assertion ID="{assertion_id}" Version="2.0" IssueInstant="{now}"><saml:Issuer>{issuer}</saml:Issuer>{assertion_signature}\
<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">{mail}</saml:NameID>\
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">\
<saml:SubjectConfirmationData NotOnOrAfter="{later}" Recipient="{acs}"{answers}/></saml:SubjectConfirmation></saml:Subject>\
<saml:Conditions NotBefore="{earlier}" NotOnOrAfter="{later}"><saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience>\
</saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{instant}" SessionIndex="{assertion_id}"><saml:AuthnContext>\
<saml:AuthnContextClassRef>{context}</saml:AuthnContextClassRef>\
</saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion></samlp:Response>"""

_ATTRIBUTE = """<saml:Attribute Name="{name}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri">{values}</saml:Attribute>"""
_VALUE = "<saml:AttributeValue>{value}</saml:AttributeValue>"

_METADATA = """<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{issuer}" cacheDuration="PT1H">\
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing">\
<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate>\
</ds:X509Data></ds:KeyInfo></KeyDescriptor><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" \
Location="{sso}"/></IDPSSODescriptor></EntityDescriptor>"""


def _time(seconds):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _sign(xml, element, pair):
    with tempfile.TemporaryDirectory(prefix="rcidp-sample.") as folder:
        path, signed = os.path.join(folder, "plain.xml"), os.path.join(folder, "signed.xml")
        with open(path, "w") as file:
            file.write(xml)
        # A good run warns too: nobody vouches for a self-signed certificate.
        subprocess.run(verify.xmlsec1("--sign", "--id-attr:ID", verify.SAMLP + ":Response",
                                      "--id-attr:ID", verify.SAML + ":Assertion", "--node-xpath", verify.SIGNATURE_PATHS[element],
                                      "--privkey-pem", pair.key, "--output", signed, path),
                       check=True, stderr=subprocess.DEVNULL)
        with open(signed) as file:
            return file.read()


def _attribute(name, values):
    return _ATTRIBUTE.format(name=name, values="".join(_VALUE.format(value=html.escape(value, False)) for value in values))


def response(pair, sign=("Response", "Assertion"), offset=0, acs="https://sso.ringcentral.com/sp/ACS.saml2",
             audience="https://sso.ringcentral.com", issuer=ISSUER, mail="alice@example.com",
             algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
             request=None, instant=0, context=PASSWORD, attributes=None):
    """The bytes of a signed Response; OFFSET seconds from now, of somebody who signed in INSTANT seconds from then.

    REQUEST is the ID of the AuthnRequest that it answers; ATTRIBUTES has lists of values, default: the mail address."""
    ids = {"id": "_" + secrets.token_hex(20), "assertion_id": "_" + secrets.token_hex(20)}
    certificate = certs.base64(pair.cert)
    signatures = {name: _SIGNATURE.format(id=ids[key], algorithm=algorithm, certificate=certificate) if name in sign else ""
                  for name, key in (("Response", "id"), ("Assertion", "assertion_id"))}
    attributes = {EMAIL: [mail]} if attributes is None else attributes
    xml = _RESPONSE.format(now=_time(offset), earlier=_time(offset - 60), later=_time(offset + 300), instant=_time(offset + instant),
                           acs=acs, audience=audience, issuer=issuer, mail=mail, context=context, signature=signatures["Response"],
                           assertion_signature=signatures["Assertion"], answers=' InResponseTo="%s"' % request if request else "",
                           attributes="".join(_attribute(*item) for item in attributes.items()), **ids)
    for element in ("Assertion", "Response"):
        if element in sign:
            xml = _sign(xml, element, pair)
    return xml.encode()


def metadata(certificate, issuer=ISSUER, sso="https://sso.example.com/ringcentral"):
    """The bytes of an identity provider's metadata with that signing certificate."""
    return _METADATA.format(issuer=issuer, sso=sso, certificate=certs.base64(certificate)).encode()
