#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Encrypted assertions: when they are, that service providers can read them, and nobody else.

The judges: mod_auth_mellon, Shibboleth SP, the xmlsec1 command, the schemas of OASIS.
"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import idp
import provider
import verify
from idp import PROVIDERS, Idp
from mellon import Mellon
from shib import Shibboleth
from tap import done_testing, is_, like, ok

ENTITY, ACS, STATE = PROVIDERS["us"]
GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
CBC = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
OAEP = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
# What an assertion has and a Response has not.
INSIDE = ["alice@example.com", "NameID", "SubjectConfirmation", "Audience", "AuthnStatement", idp.EMAIL]

reader, other = certs.pair("rsa2048", "reader"), certs.pair("rsa2048", "other")


def metadata(pair=reader, methods=(), use="encryption"):
    """A service provider's metadata with that key, and the algorithms that it says it can do with it."""
    key = provider.KEY % (certs.base64(pair.cert), "".join('<EncryptionMethod Algorithm="%s"/>' % uri for uri in methods)) if pair else ""
    return provider.METADATA % (ENTITY, key.replace('use="encryption"', use and 'use="%s"' % use), ACS)


def serve(text, encryption, location="", key=None, **options):
    server = Idp(server='RcIdpServiceProvider us metadata=sp.xml encryption=' + encryption, location=location, **options)
    server.write("sp.xml", text)
    server.reader = (key or reader).key
    server.expect("RCIDP67: .* the metadata of us has no validUntil")
    return server


def decrypt(xml, pair):
    """The Response with its assertion readable again, by the xmlsec1 command; None where the key does not fit."""
    done = subprocess.run(verify.xmlsec1("--decrypt", "--privkey-pem", pair.key, "/dev/stdin"), input=xml, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL)
    return done.stdout if done.returncode == 0 else None


def opened(xml, pair):
    """The same as one document with the plain assertion in the place of the encrypted one, as Fields want it."""
    return re.sub(rb"</?saml:EncryptedAssertion[^>]*>", b"", decrypt(xml, pair))


def is_closed(xml, name):
    """Nothing of the assertion can be read."""
    text = xml.decode()
    found = [word for word in INSIDE if word in text]
    ok("<saml:EncryptedAssertion" in text and not found, name + ": the assertion is encrypted, and nothing of it readable", found)
    problem = verify.schema(xml)
    ok(not problem, name + ": valid by the schema", problem)
    is_(sorted(re.findall(r'EncryptionMethod Algorithm="([^"]+)"', text)), sorted([GCM, OAEP]), name + ": AES-256-GCM and RSA-OAEP")


# -- when -----------------------------------------------------------------------------------------------------------------

for encryption, what, text, encrypted in [
    ("off", "with a certificate", metadata(), False),
    ("auto", "with a certificate", metadata(), True),
    ("auto", "with a certificate for both uses", metadata(use=""), True),
    ("auto", "with one for signing alone", metadata(use="signing"), False),
    ("auto", "without a certificate", metadata(None), False),
    ("auto", "with an EC key", metadata(certs.pair("ec256")), False),
    ("auto", "with algorithms that fit", metadata(methods=[CBC, GCM, OAEP]), True),
    ("auto", "without AES-256-GCM", metadata(methods=[CBC, OAEP]), False),
    ("auto", "without RSA-OAEP", metadata(methods=[GCM]), False),
    ("on", "with a certificate", metadata(), True),
    ("on", "with algorithms that do not fit", metadata(methods=[CBC]), True),
]:
    name = "encryption=%s, %s" % (encryption, what)
    with serve(text, encryption) as server:
        xml = server.launch().xml
    if encrypted:
        is_closed(xml, name)
        is_(verify.fields(opened(xml, reader)).name_id, "alice@example.com", name + ": the provider can read it")
    else:
        is_(verify.fields(xml).name_id, "alice@example.com", name + ": the assertion is readable")

for what, options, text in [("without a certificate", "metadata=sp.xml encryption=on", metadata(None)),
                            ("with one for signing alone", "metadata=sp.xml encryption=on", metadata(use="signing")),
                            ("with an EC key", "encryption=on metadata=sp.xml", metadata(certs.pair("ec256"))),
                            ("without metadata", "encryption=on", "")]:
    server = Idp(server="RcIdpServiceProvider us " + options)
    server.write("sp.xml", text)
    status, output = server.configtest()
    ok(status > 0, "encryption=on, %s: httpd -t fails" % what, output)
    like(output, r"RcIdpServiceProvider: encryption=on needs metadata=FILE with an RSA certificate for encryption", "encryption=on, %s: and says why" % what)


# -- what is signed -------------------------------------------------------------------------------------------------------

for sign, signed in verify.SIGN.items():
    name = "signed: %s" % sign
    with serve(metadata(), "on", "RcIdpSign " + sign) as server:
        xml, certificate = server.launch().xml, server.pair.cert
    is_(verify.signatures(xml), [one for one in signed if one == "Response"], name + ": what is signed outside")
    if "Response" in signed:
        ok(not verify.signature(xml, "Response", certificate), name + ": the Response's signature is right as it was sent")
        value = re.search(rb"<(?:xenc:)?CipherValue>([^<\s]{6})", xml).group(1)
        ok(verify.signature(verify.tamper(xml, value, value[::-1]), "Response", certificate),
           name + ": and is over what is encrypted")
    ok(decrypt(xml, other) is None, name + ": another key does not open it")
    plain = opened(xml, reader)
    is_("Assertion" in verify.signatures(plain), "Assertion" in signed, name + ": what is signed inside")
    if "Assertion" in signed:
        problem = verify.signature(plain, "Assertion", certificate)
        ok(not problem, name + ": the assertion's signature is right after it was opened", problem)
        ok(verify.signature(verify.tamper(plain, b">alice@", b">alicf@"), "Assertion", certificate), name + ": and is over the name ID")


# -- by whom it is accepted -----------------------------------------------------------------------------------------------

for start in (Mellon, Shibboleth):
    for sign in verify.SIGN:
        # Each side wants the other's metadata first: ours does not depend on theirs.
        with Idp() as plain:
            ours = plain.metadata()
        with start(ours, "us", encryption=reader) as sp:
            name = "%s, signed: %s" % (sp.name, sign)
            with serve(sp.metadata, "auto", "RcIdpSign " + sign) as server:
                post = server.launch()
                is_closed(post.xml, name)
                verdict = sp.accept(post.encoded, post.relay_state)
                ok(verdict.accepted, name + ": accepted", verdict)
                is_(verdict.name_id, "alice@example.com", name + ": name ID")
                is_(verdict.attributes, {idp.EMAIL: ["alice@example.com"]}, name + ": attributes")
                is_(verdict.location, STATE, name + ": sent on")
            with serve(metadata(other), "on", "RcIdpSign " + sign, other) as server:
                verdict = sp.accept(server.launch().encoded)
                ok(not verdict.accepted, name + ": encrypted to somebody else, it is refused", verdict)

done_testing()
