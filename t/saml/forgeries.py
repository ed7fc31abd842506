#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Signatures of AuthnRequests that are not what they should be: each is refused by a page of ours with 400, and nothing is posted anywhere.

And what is no forgery: each of several certificates, an expired one, ECDSA, SHA-1 where it is allowed.
"""
import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import asking
import certs
import form
import verify
from asking import ACS, Asked, Asks, EXCLUSIVE, ENVELOPED, b64, id_of, sign, signature_of, sign_query
from tap import done_testing, is_

SECOND = "https://sso.ringcentral.com/sp/second"
BOTH_ACS = ((ACS, 0, True, asking.HTTP_POST), (SECOND, 1, False, asking.HTTP_POST))
OLD = "https://old.example.com/sp"
MUST = "https://must.example.com/sp"
BARE = "https://bare.example.com/sp"
HERS, NEXT, EXPIRED, EC = certs.pair(name="hers"), certs.pair(name="next"), certs.pair(name="expired", days=-30), certs.pair("ec256")
OTHERS, STRANGER = certs.pair(name="others"), certs.pair(name="stranger")
ECDSA = "ecdsa-sha256"

LAUNCH = """
<Location "/signed">
    SetHandler  rcidp-launch
    RcIdpLaunch us
    RcIdpMail   "%%{REMOTE_USER}@example.com"
    RcIdpAuthnRequests signed
    %s
</Location>
""" % asking.idp.AUTHENTICATION
SERVER = """
RcIdpServiceProvider us   metadata="${folder}/us.xml"
RcIdpServiceProvider old  metadata="${folder}/old.xml" allow-sha1=on
RcIdpServiceProvider must metadata="${folder}/must.xml"
RcIdpServiceProvider bare entityid=%s acs=https://bare.example.com/acs
""" % BARE
XPATH = '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath xmlns:ds="%s">%%s</ds:XPath></ds:Transform>' % verify.DS
XSLT = ('<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"><xsl:stylesheet version="1.0" '
        'xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><x/></xsl:template></xsl:stylesheet></ds:Transform>')
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"

table = Asks()


def redirect(name, query, result="signature"):
    table.ask(name, "GET", server.PATH + "?" + query, result)


def post(name, message, result="signature", acs=None):
    answer = table.ask(name, "POST", server.PATH, result, body=asking.post(message))
    if acs:
        is_(form.auto_post(answer.text).action, acs, name + ": posted to that ACS")


def xml(**options):
    return server.message(**options)


def genuine():
    """What must be accepted, by both bindings; the rest of this file would pass if nothing was."""
    for name, pair, algorithm in (("the first certificate", HERS, "rsa-sha256"), ("the next certificate", NEXT, "rsa-sha256"),
                                  ("an expired certificate", EXPIRED, "rsa-sha256"), ("ECDSA", EC, ECDSA), ("ECDSA with SHA-384", EC, "ecdsa-sha384"),
                                  ("RSA with SHA-384", HERS, "rsa-sha384"), ("RSA with SHA-512", HERS, "rsa-sha512")):
        redirect("by %s, Redirect" % name, asking.redirect(xml(), "state", pair, algorithm), "issued")
        post("by %s, POST" % name, sign(xml(index=1), pair, algorithm), "issued", SECOND)
    for c14n in (EXCLUSIVE, EXCLUSIVE + "WithComments"):
        post("transforms with %s" % c14n, sign(xml(), HERS, transforms=(ENVELOPED, c14n), c14n=c14n), "issued")
    for path in (server.PATH, "/signed"):
        here = server.url(path)
        table.ask("signed at %s, Redirect" % path, "GET", server.redirect(destination=here, pair=HERS, path=path), "issued")
        table.ask("signed at %s, POST" % path, "POST", path, "issued", **server.post(destination=here, pair=HERS))
    # Only the text that a signature is over has an order; the query string has none.
    parts = asking.redirect(xml(), "state", HERS).split("&")
    redirect("the same query in another order", "&".join(reversed(parts)), "issued")
    redirect("with a parameter that is not SAML's", "&".join(parts) + "&x=y", "issued")
    text = asking.pairs(("SAMLRequest", b64(asking.deflate(xml()))), ("RelayState", "a/b c"))
    lower = text.replace("%2F", "%2f").replace("%2B", "%2b").replace("%3D", "%3d").replace("%20", "+")
    redirect("signed over another way to encode", sign_query(lower, HERS), "issued")
    redirect("encoded another way than signed", sign_query(text, HERS).replace(text, lower))


def missing():
    """No signature where one is demanded, and none that can be checked."""
    here = server.url("/signed")
    table.ask("RcIdpAuthnRequests signed, Redirect", "GET", server.redirect(destination=here, path="/signed"), "unsigned")
    table.ask("RcIdpAuthnRequests signed, POST", "POST", "/signed", "unsigned", **server.post(destination=here))
    table.ask("RcIdpAuthnRequests signed, Redirect, with a signature inside alone", "GET",
              server.redirect(sign(xml(destination=here), HERS), path="/signed"), "unsigned")
    redirect("AuthnRequestsSigned, Redirect", asking.redirect(xml(issuer=MUST)), "unsigned")
    post("AuthnRequestsSigned, POST", xml(issuer=MUST), "unsigned")
    redirect("AuthnRequestsSigned, Redirect, signed", asking.redirect(xml(issuer=MUST), None, HERS), "issued")
    post("AuthnRequestsSigned, POST, signed", sign(xml(issuer=MUST), HERS), "issued")
    redirect("unsigned, where nothing is demanded", asking.redirect(xml()), "issued")
    redirect("signed by a provider without a certificate, Redirect", asking.redirect(xml(issuer=BARE), None, HERS), "no-certificate")
    post("signed by a provider without a certificate, POST", sign(xml(issuer=BARE), HERS), "no-certificate")
    redirect("signed without Destination, Redirect", asking.redirect(xml(destination=False), None, HERS), "destination")
    post("signed without Destination, POST", sign(xml(destination=False), HERS), "destination")
    redirect("unsigned without Destination", asking.redirect(xml(destination=False)), "issued")
    parts = asking.redirect(xml(), "state", HERS).split("&")
    redirect("SigAlg without Signature", "&".join(parts[:3]))
    redirect("Signature without SigAlg", "&".join(parts[:2] + parts[3:]))
    redirect("Signature is empty", "&".join(parts[:3]) + "&Signature=")
    redirect("SigAlg is empty", "&".join(parts[:2]) + "&SigAlg=&" + parts[3])


def altered():
    """Redirect: a right signature, over other bytes."""
    message = xml()
    request, state, algorithm, signature = asking.redirect(message, "state", HERS).split("&")
    other = asking.redirect(xml(index=1), "state", HERS).split("&")
    whole = "&".join((request, state, algorithm, signature))
    redirect("as it was signed", whole, "issued")
    redirect("another request", "&".join((other[0], state, algorithm, signature)))
    redirect("the same request, deflated another way", whole.replace(
        request, asking.pairs(("SAMLRequest", b64(b"\x01" + len(message).to_bytes(2, "little") + (len(message) ^ 0xFFFF).to_bytes(2, "little") + message)))))
    redirect("another RelayState", whole.replace(state, "RelayState=other"))
    redirect("RelayState taken away", "&".join((request, algorithm, signature)))
    redirect("RelayState empty", whole.replace(state, "RelayState="))
    redirect("RelayState under another spelling", whole.replace("RelayState", "Relay%53tate"))
    bare = asking.redirect(message, None, HERS)
    redirect("without RelayState, as it was signed", bare, "issued")
    for added in ("RelayState=x", "RelayState=", "RelayState", "Relay%53tate=x", "%52elayState"):
        redirect("%s added" % added, bare + "&" + added)
        redirect("%s added in front" % added, added + "&" + bare)
    for name in ("SAMLRequest", "SigAlg", "Signature"):
        spelled = "%%%02x%s" % (ord(name[0]), name[1:])
        if name != "Signature":  # whose own name is not signed
            redirect("%s under another spelling" % name, bare.replace(name + "=", spelled + "="))
        part = next(one for one in bare.split("&") if one.startswith(name + "="))
        redirect("%s twice" % name, bare + "&" + part, "parameter")
        redirect("%s twice, once by another spelling" % name, bare + "&" + part.replace(name, spelled), "parameter")
    # Signed over the right parts in a wrong order, or over less than there is.
    text = asking.pairs(("RelayState", "state"), ("SAMLRequest", b64(asking.deflate(message))))
    redirect("signed in another order", sign_query(text, HERS))
    redirect("signed without RelayState", "%s&RelayState=x&%s" % tuple(sign_query(request, HERS).split("&", 1)))
    redirect("signed with SigAlg in front", request + "&" + algorithm + "&" + asking.pairs(
        ("Signature", asking.sign_text(algorithm + "&" + request, HERS))))
    redirect("signed without SigAlg", request + "&" + algorithm + "&" + asking.pairs(("Signature", asking.sign_text(request, HERS))))
    shorter = asking.pairs(("Signature", urllib.parse.unquote(signature.partition("=")[2])[:-4]))
    for name, value in (("cut short", shorter), ("another", "Signature=" + "A" * 342 + "%3D%3D"), ("not base64", "Signature=%21"),
                        ("of a byte", "Signature=AA%3D%3D")):
        redirect("signature %s" % name, "&".join((request, state, algorithm, value)))


def strangers():
    """Keys and algorithms that are not the provider's."""
    for name, pair in (("another provider's", OTHERS), ("nobody's", STRANGER), ("our own", server.pair)):
        redirect("by %s key, Redirect" % name, asking.redirect(xml(), "state", pair))
        post("by %s key, POST" % name, sign(xml(), pair))
    inside = "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>" % certs.base64(STRANGER.cert)
    post("by nobody's key, with its certificate", sign(xml(), STRANGER).replace(b"</ds:Signature>", inside.encode()))
    redirect("SHA-1, Redirect", asking.redirect(xml(), "state", HERS, "rsa-sha1"))
    post("SHA-1, POST", sign(xml(), HERS, "rsa-sha1"))
    post("SHA-1 as the digest alone, POST", sign(xml(), HERS, "rsa-sha256", digest="sha1"))
    redirect("SHA-1 allowed, Redirect", asking.redirect(xml(issuer=OLD), "state", OTHERS, "rsa-sha1"), "issued")
    post("SHA-1 allowed, POST", sign(xml(issuer=OLD), OTHERS, "rsa-sha1"), "issued")
    redirect("SHA-1 allowed, by another provider's key", asking.redirect(xml(issuer=OLD), "state", HERS, "rsa-sha1"))
    text = asking.redirect(xml(), "state")
    for named in (asking.algorithm_uri(ECDSA), asking.algorithm_uri("rsa-sha512"), asking.MORE + "hmac-sha256", asking.MORE + "rsa-md5", asking.MORE,
                  asking.MORE + "rsa-sha256 ", "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", "rsa-sha256", "sha256"):
        redirect("RSA named %s" % named, sign_query(text, HERS, named=named))
    redirect("ECDSA named RSA", sign_query(text, EC, ECDSA, named=asking.algorithm_uri("rsa-sha256")))
    signed = sign(xml(), HERS)
    for named in (ECDSA, "hmac-sha256", "rsa-md5"):
        post("RSA named %s, POST" % named, signed.replace(asking.algorithm_uri("rsa-sha256").encode(), asking.algorithm_uri(named).encode()))


def wrapping():
    """XML signature wrapping: a right signature over one request, and another one for us to read."""
    original = sign(xml(), HERS)
    bare, signature = signature_of(original)
    post("as it was signed", original, "issued", ACS)
    post("unsigned, for the second ACS", xml(index=1), "issued", SECOND)

    def evil(inside=b"", id=None, after=b""):
        text = xml(index=1, id=id, inside="@").replace(b"@", inside)
        return text.replace(b"</samlp:AuthnRequest>", after + b"</samlp:AuthnRequest>") if after else text

    def within(part):
        return b"<samlp:Extensions>" + part + b"</samlp:Extensions>"

    object_ = signature.replace(b"</ds:Signature>", b"<ds:Object>" + bare + b"</ds:Object></ds:Signature>")
    same = id_of(original)
    post("text altered", original.replace(b"</samlp:AuthnRequest>", b"<samlp:Extensions/></samlp:AuthnRequest>"))
    post("attribute added", original.replace(b"<samlp:AuthnRequest ", b'<samlp:AuthnRequest AssertionConsumerServiceIndex="1" '))
    post("ID altered", original.replace(b' ID="', b' ID="x'))
    for name, message in (
            ("the original beside its signature", evil(signature + within(bare))),
            ("the original with its signature, in Extensions", evil(within(original))),
            ("the original with its signature, as a child", evil(original)),
            ("the original in the signature's Object", evil(object_)),
            ("the signature in Extensions, the original behind", evil(within(signature) + bare)),
            ("the signature at the end", evil(within(bare) + signature)),
            ("the original's ID on both", evil(signature + within(bare), same)),
            ("the original's ID on both, Object", evil(object_, same)),
            ("the original's ID on both, original first", evil(within(bare) + signature, same)),
            ("the original's ID on both, signature inside the original", evil(within(original), same)),
            ("the original around", original.replace(b"</samlp:AuthnRequest>", evil() + b"</samlp:AuthnRequest>")),
            ("the signature in Extensions", evil(within(signature))),
            ("the signature alone", evil(signature)),
            ("the signature alone, with the ID", evil(signature, same)),
            ("xml:id for the original", evil(signature + within(bare.replace(b' ID="', b' xml:id="')), same)),
            ("another namespace's ID", evil(signature + within(bare)).replace(
                b"<samlp:AuthnRequest ", b'<samlp:AuthnRequest xmlns:x="x" x:ID="%s" ' % same.encode(), 1)),
            ("two signatures", original.replace(signature, signature + signature)),
            ("two signatures, one in Extensions", original.replace(b"</samlp:AuthnRequest>", within(signature) + b"</samlp:AuthnRequest>"))):
        post("wrapped: %s" % name, message)
    redirect("wrapped, Redirect", asking.redirect(evil(signature + within(bare))))
    post("comment in the signed issuer", original.replace(b"</saml:Issuer>", b"<!-- --></saml:Issuer>"), "message")


def references():
    """Signatures by the right key, over something else than the request as it stands."""
    part = '<samlp:Extensions><x xmlns="urn:x" ID="part"/></samlp:Extensions>'

    def made(name, **options):
        post("reference: " + name, sign(xml(), HERS, **options))

    made("the whole document", uri="")
    made("an XPointer to the root", uri="#xpointer(/)")
    made("without a transform for the signature's own sake", transforms=(ENVELOPED,), c14n=C14N)
    made("canonical XML that is not exclusive", c14n=C14N, transforms=(ENVELOPED, C14N))
    made("XPath that leaves out", transforms=(ENVELOPED, XPATH % "not(ancestor-or-self::*[local-name()='Issuer'])", EXCLUSIVE))
    made("XPath alone", transforms=(ENVELOPED, XPATH % "false()"))
    made("three transforms", transforms=(ENVELOPED, EXCLUSIVE, EXCLUSIVE))
    message = sign(xml(), HERS)
    post("reference: XSLT", message.replace(b"<ds:Transforms>", b"<ds:Transforms>" + XSLT.encode()))
    for uri in ("http://localhost:%d/x" % server.plain_port, "file:///etc/passwd", server.url("/x"), "#", "part", "#part"):
        post("reference: URI %s" % uri, message.replace(b'URI="#' + id_of(message).encode(), b'URI="' + uri.encode()))
    post("reference: no URI", message.replace(b' URI="#' + id_of(message).encode() + b'"', b""))
    reference = message[message.index(b"<ds:Reference"):message.index(b"</ds:Reference>") + len(b"</ds:Reference>")]
    post("reference: two", message.replace(reference, reference + reference))
    post("reference: none", message.replace(reference, b""))
    post("reference: to another element", sign(xml(inside=part), HERS, uri="#part", ids=["x"]))
    for name in (b"ds:SignatureValue", b"ds:SignedInfo", b"ds:DigestValue"):
        text = message[message.index(b"<" + name):message.index(b"</" + name) + len(name) + 3]
        post("no %s" % name.decode(), message.replace(text, b""))
        post("two %s" % name.decode(), message.replace(text, text + text))
    post("an empty signature", xml().replace(b"</saml:Issuer>", b'</saml:Issuer><ds:Signature xmlns:ds="%s"/>' % verify.DS.encode()))


server = Asked(server=table.CONFIGURATION + SERVER, launch="us old must bare", vhost=LAUNCH)
server.write("us.xml", asking.metadata([certs.pair(name="unused").cert, EC.cert, EXPIRED.cert, HERS.cert, NEXT.cert], BOTH_ACS))
server.write("old.xml", asking.metadata([OTHERS.cert], (("https://old.example.com/acs", 0, True, asking.HTTP_POST),), OLD))
server.write("must.xml", asking.metadata([HERS.cert], (("https://must.example.com/acs", 0, True, asking.HTTP_POST),), MUST,
                                         'AuthnRequestsSigned="true"'))
with server:
    table.serve(server)
    for step in (genuine, missing, altered, strangers, wrapping, references):
        step()
table.judge()
done_testing()
