#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""A service provider's metadata file: what httpd -t says of wrong ones, what a launch takes from right ones."""
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import verify
from idp import PROVIDERS, Idp
from tap import done_testing, is_, like, ok, unlike

POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
PRESET, PRESET_ACS, PRESET_STATE = PROVIDERS["us"]
ENTITY = "saml2:ringcentral:prod"
ACS = "https://sp.example.com/acs"


def date(days):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + days * 86400))


def entity(entity_id=ENTITY, acs=ACS, attributes='validUntil="%s"' % date(365), keys="", signature=""):
    """An EntityDescriptor; ATTRIBUTES are further ones of it."""
    return ('<EntityDescriptor xmlns="%s" xmlns:ds="%s" ID="_entity" entityID="%s" %s>%s'
            '<SPSSODescriptor protocolSupportEnumeration="%s">%s<AssertionConsumerService index="0" Binding="%s" Location="%s"/>'
            "</SPSSODescriptor></EntityDescriptor>\n"
            % (verify.MD, verify.DS, entity_id, attributes, signature, verify.SAMLP, keys, POST, acs))


def group(*entities):
    return '<EntitiesDescriptor xmlns="%s">\n%s</EntitiesDescriptor>\n' % (verify.MD, "".join(entities))


def key(text):
    return "<KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>" % text


# -- refused by httpd -t ------------------------------------------------------------------------------------------------

def refused(what, content, reason, options="metadata=sp.xml"):
    """httpd -t refuses the directive, by its own name, file and line, and says what is wrong."""
    server = Idp(server="RcIdpServiceProvider us " + options, name="refused")
    if content is not None:
        server.write("sp.xml", content)
    status, output = server.configtest()
    ok(status > 0, "%s: httpd -t fails" % what, output)
    number = 1 + server.configuration().splitlines().index(("RcIdpServiceProvider us " + options).splitlines()[-1])
    like(output, r"Syntax error on line %d of %s/httpd\.conf:" % (number, re.escape(server.folder)), "%s: file and line" % what)
    like(output, r"RcIdpServiceProvider: .*" + reason, "%s: the reason" % what)
    is_(len(output.strip().splitlines()), 2, "%s: and nothing else" % what)


FILE = r"/sp\.xml: "
SIGNATURE = ('<ds:Signature><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'
             '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><ds:Reference URI="#_entity">'
             '<ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>'
             '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>'
             '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/></ds:Reference></ds:SignedInfo>'
             '<ds:SignatureValue/></ds:Signature>')


def sign(text, pair):
    """The metadata with its signature filled in by the xmlsec1 command."""
    done = subprocess.run(verify.xmlsec1("--sign", "--id-attr:ID", verify.MD + ":EntityDescriptor", "--privkey-pem", pair.key, "/dev/stdin"),
                          input=text.encode(), stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()


signer, stranger = certs.pair("rsa2048", "federation"), certs.pair("rsa2048", "stranger")
signed = sign(entity(signature=SIGNATURE), signer)

refused("no file", None, "cannot read .*/sp.xml: No such file")
refused("a folder", None, "is not a file of 1 byte to 1 MiB", "metadata=.")
refused("an empty file", "", "is not a file of 1 byte to 1 MiB")
refused("more than a MiB", entity() + "<!--%s-->" % ("x" * (1 << 20)), "is not a file of 1 byte to 1 MiB")
refused("what has expired", entity(attributes='validUntil="%s"' % date(-1)), FILE + "the metadata has expired on " + date(-1)[:10])
refused("an end that is no time", entity(attributes='validUntil="soon"'), FILE + 'validUntil="soon" is not an xs:dateTime in UTC')
refused("a DTD", '<!DOCTYPE EntityDescriptor [<!ENTITY a "b">]>' + entity(), FILE + "it has a DTD")
refused("no XML", "MIIC", FILE + "it is not well-formed XML in UTF-8")
refused("a page", "<html><head/><body/></html>", FILE + "it is no metadata of a SAML 2.0 service provider")
refused("an identity provider's", entity().replace("SPSSO", "IDPSSO"), FILE + "it is no metadata of a SAML 2.0 service provider")
for protocols in (verify.SAMLP + "X", "x" + verify.SAMLP, verify.SAMLP + "," + verify.SAMLP.replace("2.0", "1.1"), ""):
    refused("protocols %r" % protocols, entity().replace('Enumeration="%s"' % verify.SAMLP, 'Enumeration="%s"' % protocols), FILE + "it is no metadata of a SAML 2.0 service provider")
refused("no endpoint for POST", entity().replace("HTTP-POST", "HTTP-Artifact"), FILE + "there is no AssertionConsumerService with the binding HTTP-POST")
refused("an endpoint without TLS", entity(acs="http://sp.example.com/acs"), FILE + "the AssertionConsumerService http://sp.example.com/acs is not an https URL")
refused("a default that is none", entity().replace("<AssertionConsumerService ", '<AssertionConsumerService isDefault="TRUE" '),
        FILE + "isDefault of the AssertionConsumerService %s is neither true nor false" % ACS)
refused("a broken certificate", entity(keys=key("MIIC")), "/sp.xml has a certificate that cannot be understood")
refused("a weak key", entity(keys=key(certs.base64(certs.pair("rsa1024").cert))), "RSA key of 1024 bits; at least 2048 are needed")
refused("several providers", group(entity("urn:a"), entity("urn:b")), FILE + "it has several service providers; choose one by entityid=")
refused("another provider than is chosen", group(entity("urn:a"), entity("urn:b")), FILE + "there is no SAML 2.0 service provider urn:c in it",
        "metadata=sp.xml entityid=urn:c")
refused("an ACS that is not in it", entity(), "acs=https://sp.example.com/other is not an AssertionConsumerService of the metadata",
        "metadata=sp.xml acs=https://sp.example.com/other")
for contradiction, reason in (("entityid=urn:x", "entityid=urn:x, but the metadata that is given for us above is that of %s; give metadata= too, or another name" % ENTITY),
                              ("acs=https://sp.example.com/x", "acs=https://sp.example.com/x is not an AssertionConsumerService of the metadata"),
                              ("entityid=urn:x acs=https://sp.example.com/x", "entityid=urn:x, but the metadata")):
    refused("%s after a line with metadata" % contradiction, entity(), reason, "metadata=sp.xml\nRcIdpServiceProvider us " + contradiction)
refused("not signed", entity(), FILE + "the metadata is not signed, and metadata-signer= is given",
        'metadata=sp.xml metadata-signer="%s"' % signer.cert)
refused("signed by somebody else", signed, FILE + "the metadata's signature is not by the key of metadata-signer=",
        'metadata=sp.xml metadata-signer="%s"' % stranger.cert)
refused("altered after it was signed", signed.replace("sp.example.com", "sp.example.net"),
        FILE + "the metadata's signature is not by the key of metadata-signer=", 'metadata=sp.xml metadata-signer="%s"' % signer.cert)
refused("signed by the signer, over a digest of SHA-1", sign(entity(signature=SIGNATURE.replace("2001/04/xmlenc#sha256", "2000/09/xmldsig#sha1")), signer),
        FILE + "the metadata's signature is not by the key of metadata-signer=", 'metadata=sp.xml metadata-signer="%s"' % signer.cert)
refused("a signer that is no certificate", signed, "has no certificate in PEM form", 'metadata=sp.xml metadata-signer="%s"' % signer.key)
refused("a signer that is not there", signed, "cannot read .*/none.crt", "metadata=sp.xml metadata-signer=none.crt")
refused("a file whose name is too long", None, "%s is no path" % ("x" * 5000), "metadata=" + "x" * 5000)
refused("a signer whose name is too long", signed, "%s is no path" % ("x" * 5000), "metadata=sp.xml metadata-signer=" + "x" * 5000)
refused("a signer of nothing", None, "metadata-signer= is given without metadata=", 'metadata-signer="%s"' % signer.cert)
refused("encryption that is not known", entity(), "encryption=yes is none of off, auto, on", "metadata=sp.xml encryption=yes")

if os.geteuid() != 0:
    closed = Idp(server="RcIdpServiceProvider us metadata=sp.xml", name="closed")
    closed.write("sp.xml", entity(), mode=0)
    like(closed.configtest()[1], "cannot read .*/sp.xml: Permission denied", "a file that may not be read")


# -- taken --------------------------------------------------------------------------------------------------------------

def sent(server, what, acs, audience, relay_state=PRESET_STATE):
    """Where a launch leads, and for whom it is."""
    post = server.launch()
    fields = verify.fields(post.xml)
    is_((post.action, fields.destination, fields.confirmation_data["Recipient"]), (acs,) * 3, what + ": the ACS")
    is_(fields.audiences, [audience], what + ": the audience")
    is_(post.relay_state, relay_state, what + ": the RelayState")


def taken(what, content, options="metadata=sp.xml", acs=ACS, audience=ENTITY, expect=(), name="us", **more):
    server = Idp(server="RcIdpServiceProvider %s %s" % (name, options), launch=name, name="taken")
    server.write("sp.xml", content)
    status, output = server.configtest()
    ok(status == 0, what + ": httpd -t accepts it", output)
    for pattern in expect:
        like(output, r"\[rcidp:warn\] .*" + pattern + r".* \(%s/httpd\.conf:\d+\)$" % re.escape(server.folder), what + ": it warns")
        server.expect(pattern)
    if not expect:
        unlike(output, "RCIDP", what + ": without a warning")
    with server:
        sent(server, what, acs, audience, **more)


taken("a file", entity())
taken("a byte order mark", "\ufeff" + entity())
taken("signed, and nobody asks by whom", signed)
taken("signed by the signer", signed, 'metadata=sp.xml metadata-signer="%s"' % signer.cert)
taken("another RelayState", entity(), "metadata=sp.xml relaystate=https://sp.example.com/start", relay_state="https://sp.example.com/start")
taken("a name of its own", entity(), name="sandbox", relay_state=None)
taken("one of several", group(entity("urn:a"), entity("urn:b", ACS + "/b")), "metadata=sp.xml entityid=urn:b", ACS + "/b", "urn:b")
taken("entityid= before metadata=", group(entity("urn:a"), entity("urn:b", ACS + "/b")), "entityid=urn:a metadata=sp.xml", ACS, "urn:a")
taken("acs= chooses another endpoint", entity().replace("</SPSSODescriptor>", '<AssertionConsumerService index="1" Binding="%s" Location="%s/2"/></SPSSODescriptor>'
                                                         % (POST, ACS)), "metadata=sp.xml acs=%s/2" % ACS, ACS + "/2")
taken("no end", entity(attributes=""), expect=["RCIDP67: RcIdpServiceProvider: the metadata of us has no validUntil"])
taken("an end that is near", entity(attributes='validUntil="%s"' % date(29)),
      expect=["RCIDP68: RcIdpServiceProvider: the metadata of us ends on " + date(29)[:10]])
taken("an end that is further off", entity(attributes='validUntil="%s"' % date(31)))
taken("an expired certificate of the provider", entity(keys=key(certs.base64(certs.pair("rsa2048", days=-3).cert))))

# The preset keeps its title: the page that asks shows it.
titles = Idp(server="RcIdpServiceProvider us metadata=sp.xml", launch="us eu", name="titles")
titles.write("sp.xml", entity())
with titles:
    like(titles.get().text, r"RingCentral \(United States, Canada\)", "the preset keeps its title")

# A virtual host may have its own.
both = Idp(vhost="RcIdpServiceProvider us metadata=sp.xml", name="vhost")
both.write("sp.xml", entity())
with both:
    sent(both, "in the virtual host", ACS, ENTITY)

# A new file takes effect at a graceful restart, and a wrong one does not end the server that runs.
changing = Idp(server="RcIdpServiceProvider us metadata=sp.xml", name="changing")
changing.write("sp.xml", entity())
with changing:
    sent(changing, "at first", ACS, ENTITY)
    changing.write("sp.xml", entity(PRESET, PRESET_ACS))
    sent(changing, "after the file was changed", ACS, ENTITY)
    changing.graceful()
    sent(changing, "after the restart", PRESET_ACS, PRESET)
    changing.write("sp.xml", "<html/>")
    status, output = changing.configtest()
    ok(status > 0, "a wrong file is seen before the next restart", output)
    sent(changing, "and does not touch the server that runs", PRESET_ACS, PRESET)

done_testing()
