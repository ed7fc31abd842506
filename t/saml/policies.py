#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""What an AuthnRequest may ask for, and what it gets: a Response that keeps to it, or a SAML error that says why not."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import asking
import certs
import form
import verify
from asking import ACS, US, Asked, Asks, instant
from tap import done_testing, is_, like, ok

SECOND, THIRD = "https://sso.ringcentral.com/sp/second", "https://sso.ringcentral.com/sp/third"
ENDPOINTS = ((SECOND, 3, False, asking.HTTP_POST), (ACS, 7, True, asking.HTTP_POST),
             ("https://sso.ringcentral.com/sp/artifact", 1, False, "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"),
             (THIRD, 65535, False, asking.HTTP_POST))
WANTING, WANTING_ACS = "https://wanting.example.com/sp", "https://wanting.example.com/acs"
SERVER = """
RcIdpServiceProvider us metadata="${folder}/us.xml"
RcIdpServiceProvider wanting metadata="${folder}/wanting.xml"
RcIdpServiceProvider bare entityid=https://bare.example.com/sp acs=https://bare.example.com/acs
RcIdpPersistentIDSecretFile "${folder}/secret"
"""
LAUNCH = """
<Location "%s">
    SetHandler  rcidp-launch
    RcIdpLaunch us wanting
    RcIdpMail   "%%{REMOTE_USER}@example.com"
    %s
    %s
</Location>
"""
PATHS = {
    "/response": "RcIdpSign response", "/assertion": "RcIdpSign assertion", "/off": "RcIdpAuthnRequests off",
    "/signed": "RcIdpAuthnRequests signed", "/instant": 'RcIdpAuthnInstant "%{req:X-Authn-Instant}"',
    "/kerberos": "RcIdpAuthnContext kerberos", "/own": "RcIdpAuthnContext urn:example:own",
    "/unspecified": "RcIdpNameID unspecified %{REMOTE_USER}", "/persistent": "RcIdpNameID persistent", "/no-skew": "RcIdpClockSkew 0",
}
ONLY_NAME = """
<Location "/only-name">
    SetHandler    rcidp-launch
    RcIdpLaunch   us
    RcIdpNameID   unspecified "of %%{REMOTE_USER}"
    RcIdpAttribute email none
    %s
</Location>
""" % asking.idp.AUTHENTICATION
AC = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
PASSWORD, PPT, KERBEROS, X509, UNSPECIFIED = AC + "Password", AC + "PasswordProtectedTransport", AC + "Kerberos", AC + "X509", AC + "unspecified"
MFA = "https://refeds.org/profile/mfa"
FORMATS = {name: "urn:oasis:names:tc:SAML:%s:nameid-format:%s" % (version, name) for name, version in (
    ("emailAddress", "1.1"), ("unspecified", "1.1"), ("X509SubjectName", "1.1"), ("persistent", "2.0"), ("transient", "2.0"),
    ("kerberos", "2.0"), ("entity", "2.0"), ("encrypted", "2.0"))}
EMAIL = FORMATS["emailAddress"]

RESPONDER, REQUESTER = "Responder", "Requester"
table = Asks()


def policy(format=None, attributes=""):
    return "<samlp:NameIDPolicy%s %s/>" % (' Format="%s"' % format if format else "", attributes)


def context(*classes, comparison=None, element="AuthnContextClassRef"):
    return "<samlp:RequestedAuthnContext%s>%s</samlp:RequestedAuthnContext>" % (
        ' Comparison="%s"' % comparison if comparison else "", "".join("<saml:%s>%s</saml:%s>" % (element, one, element) for one in classes))


def subject(text, format=EMAIL):
    return '<saml:Subject><saml:NameID Format="%s">%s</saml:NameID></saml:Subject>' % (format, text)


class At:
    """The same server, asked at another path."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        server.PATH = self.path

    def __exit__(self, *_):
        del server.PATH


def endpoints():
    for name, options, acs in (("nothing", {}, ACS), ("the default by URL", {"acs": ACS}, ACS), ("another by URL", {"acs": SECOND}, SECOND),
                               ("the last by URL", {"acs": THIRD}, THIRD), ("the default by index", {"index": 7}, ACS),
                               ("another by index", {"index": 3}, SECOND), ("the last by index", {"index": 65535}, THIRD),
                               ("POST", {"binding": asking.HTTP_POST}, ACS), ("URL and POST", {"acs": SECOND, "binding": asking.HTTP_POST}, SECOND),
                               ("an AttributeConsumingServiceIndex", {"attributes": 'AttributeConsumingServiceIndex="4"'}, ACS)):
        for post in (False, True):
            table.meets("endpoint: %s, %s" % (name, "POST" if post else "Redirect"), options, "x", post, acs)
    for index in (0, 1, 2, 65534):
        table.ask("endpoint: index %d, which is not there" % index, "GET", server.redirect(index=index), "acs")
    for binding in (asking.HTTP_REDIRECT, "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact", "urn:oasis:names:tc:SAML:2.0:bindings:PAOS", "x"):
        table.fails("binding %s" % binding, {"binding": binding}, "binding", (REQUESTER, "UnsupportedBinding"))
    table.fails("an error goes to the endpoint that is asked for", {"binding": "x", "acs": SECOND}, "binding", (REQUESTER, "UnsupportedBinding"), acs=SECOND)
    table.fails("an error goes to the endpoint that is asked for by index, POST", {"version": "3.0", "index": 65535}, "version",
                ("VersionMismatch",), acs=THIRD, post=True)
    bare = {"issuer": "https://bare.example.com/sp"}
    table.meets("without metadata: nothing", bare, acs="https://bare.example.com/acs")
    table.meets("without metadata: its URL", {**bare, "acs": "https://bare.example.com/acs"}, acs="https://bare.example.com/acs")
    table.ask("without metadata: an index", "GET", server.redirect(index=0, **bare), "acs")


def name_ids():
    for name, inside, format, value in (
            ("nothing", "", EMAIL, "alice@example.com"), ("a policy without a format", policy(), EMAIL, "alice@example.com"),
            ("e-mail", policy(EMAIL), EMAIL, "alice@example.com"), ("unspecified", policy(FORMATS["unspecified"]), EMAIL, "alice@example.com"),
            ("AllowCreate", policy(EMAIL, 'AllowCreate="true"'), EMAIL, "alice@example.com"),
            ("AllowCreate false", policy(EMAIL, 'AllowCreate="false"'), EMAIL, "alice@example.com"),
            ("its own SPNameQualifier", policy(EMAIL, 'SPNameQualifier="%s"' % US), EMAIL, "alice@example.com")):
        said = table.meets("name ID: " + name, {"inside": inside})
        is_((said.name_id_format, said.name_id), (format, value), "name ID: %s: as expected" % name)
    for name in ("X509SubjectName", "kerberos", "entity", "encrypted"):
        table.fails("name ID: %s" % name, {"inside": policy(FORMATS[name])}, "name-id-policy", (REQUESTER, "InvalidNameIDPolicy"))
    for name, inside in (("an unknown format", policy("urn:example:format")), ("an empty format", policy(EMAIL + " ")),
                         ("e-mail in the name of others", policy(EMAIL, 'SPNameQualifier="https://affiliation.example.com"')),
                         ("nothing in the name of others", policy(None, 'SPNameQualifier="%s"' % WANTING))):
        table.fails("name ID: %s" % name, {"inside": inside}, "name-id-policy", (REQUESTER, "InvalidNameIDPolicy"))
    for path, format, value in (("/unspecified", FORMATS["unspecified"], "alice"), ("/persistent", FORMATS["persistent"], PERSISTENT["us", "alice"])):
        with At(path):
            for inside in ("", policy(format), policy(FORMATS["unspecified"])):
                said = table.meets("name ID: configured at %s, asked for %s" % (path, inside), {"inside": inside})
                is_((said.name_id_format, said.name_id), (format, value), "name ID: configured at %s: as configured" % path)
            said = table.meets("name ID: e-mail at %s" % path, {"inside": policy(EMAIL)})
            is_((said.name_id_format, said.name_id), (EMAIL, "alice@example.com"), "name ID: e-mail at %s, as asked for" % path)
    # What the administrator has not called a mail address is not given out as one.
    with At("/only-name"):
        table.fails("name ID: e-mail where the name ID alone is configured", {"inside": policy(EMAIL)}, "name-id-policy", (REQUESTER, "InvalidNameIDPolicy"))
        said = table.meets("name ID: nothing where the name ID alone is configured", {"inside": ""})
        is_((said.name_id_format, said.name_id), (FORMATS["unspecified"], "of alice"), "name ID: as configured")
    said = [table.meets("name ID: transient", {"inside": policy(FORMATS["transient"])}) for _ in range(2)]
    is_([one.name_id_format for one in said], [FORMATS["transient"]] * 2, "name ID: transient, as asked for")
    ok(said[0].name_id != said[1].name_id, "name ID: transient: another each time")
    ok("alice" not in said[0].name_id and len(said[0].name_id) >= 32, "name ID: transient: says nothing", said[0].name_id)


def persistent():
    """Whom each provider knows each user as."""
    found = {}
    for name, issuer, acs in (("us", US, ACS), ("wanting", WANTING, WANTING_ACS)):
        for user in ("alice", "bob"):
            said = table.meets("persistent: %s, %s" % (user, name), {"inside": policy(FORMATS["persistent"]), "issuer": issuer}, acs=acs, user=user)
            is_(said.name_id_format, FORMATS["persistent"], "persistent: %s, %s: as asked for" % (user, name))
            ok(user not in said.name_id and 32 <= len(said.name_id) <= 256, "persistent: %s, %s: says nothing" % (user, name), said.name_id)
            is_(said.name_id, said.name_id.lower(), "persistent: %s, %s: no two differ by case alone" % (user, name))
            found[name, user] = said.name_id
    is_(len(set(found.values())), 4, "persistent: one for each user and provider")
    return found


def contexts():
    """Basic over TLS is PasswordProtectedTransport."""
    met = (("exact", (PPT,)), (None, (PPT,)), ("exact", (KERBEROS, PPT)), ("exact", ("urn:example:other", PPT)), ("minimum", (PASSWORD,)),
           ("minimum", (UNSPECIFIED,)), ("minimum", (PPT,)), ("minimum", (MFA, PASSWORD)), ("minimum", ("urn:example:other", PPT)),
           ("better", (PASSWORD,)), ("better", (UNSPECIFIED, PASSWORD)), ("maximum", (PPT,)), ("maximum", (KERBEROS,)), ("maximum", (PASSWORD, X509)))
    unmet = (("exact", (PASSWORD,)), (None, (KERBEROS,)), ("exact", (MFA, X509)), ("exact", ("urn:example:other",)), ("exact", (PPT.lower(),)),
             ("minimum", (KERBEROS,)), ("minimum", (MFA,)), ("minimum", ("urn:example:other",)), ("better", (PPT,)), ("better", (PASSWORD, PPT)),
             ("better", (PASSWORD, KERBEROS)), ("better", (PASSWORD, "urn:example:other")), ("maximum", (PASSWORD,)), ("maximum", (UNSPECIFIED,)),
             ("maximum", ("urn:example:other",)), ("nonsense", (PPT,)), ("exact", ()))
    for comparison, classes in met:
        said = table.meets("context %s %s" % (comparison, " ".join(classes)), {"inside": context(*classes, comparison=comparison)})
        is_(said.authn_context, PPT, "context %s %s: what happened is said" % (comparison, " ".join(classes)))
    for comparison, classes in unmet:
        table.fails("context %s %s" % (comparison, " ".join(classes)), {"inside": context(*classes, comparison=comparison)}, "no-authn-context",
                    (RESPONDER, "NoAuthnContext"))
    table.fails("context by declaration", {"inside": context("urn:example:declaration", element="AuthnContextDeclRef")}, "no-authn-context",
                (RESPONDER, "NoAuthnContext"))
    with At("/kerberos"):
        table.meets("context: at least a password, Kerberos", {"inside": context(PASSWORD, comparison="minimum")})
        table.fails("context: exactly a password, Kerberos", {"inside": context(PPT)}, "no-authn-context", (RESPONDER, "NoAuthnContext"))
    with At("/own"):
        table.meets("context: one of the administrator's own, exact", {"inside": context("urn:example:own")})
        for comparison in ("minimum", "better", "maximum"):
            table.fails("context: one of the administrator's own, %s" % comparison, {"inside": context(UNSPECIFIED, comparison=comparison)},
                        "no-authn-context", (RESPONDER, "NoAuthnContext"))


def flags():
    passive = {"attributes": 'IsPassive="true"'}
    table.meets("passive, signed in", passive)
    table.meets("passive, signed in, POST", passive, post=True)
    table.meets("passive, as 1, signed in", {"attributes": 'IsPassive="1"'})
    for name, attributes in (("true", 'IsPassive="true"'), ("1", 'IsPassive="1"'), ("with ForceAuthn", 'IsPassive="true" ForceAuthn="true"')):
        table.fails("passive %s, not signed in" % name, {"attributes": attributes}, "no-passive", (RESPONDER, "NoPassive"), user=None)
    table.fails("passive, not signed in, POST", passive, "no-passive", (RESPONDER, "NoPassive"), user=None, post=True)
    for name, attributes in (("false", 'IsPassive="false"'), ("0", 'IsPassive="0"'), ("absent", "")):
        for post in (False, True):
            message = server.message(attributes=attributes)
            answer = (server.request("POST", server.PATH, user=None, **server.post(message)) if post
                      else server.request("GET", server.redirect(message), user=None))
            is_((answer.status, bool(answer.header("WWW-Authenticate"))), (401, True),
                "passive %s, not signed in, %s: asked to" % (name, "POST" if post else "Redirect"))
    table.fails("passive, a wrong password", passive, "no-passive", (RESPONDER, "NoPassive"), password="wrong")
    server.expect("AH01617: user alice: authentication failure")
    force = {"attributes": 'ForceAuthn="true"'}
    for name, attributes in (("true", 'ForceAuthn="true"'), ("1", 'ForceAuthn="1"'), ("with spaces", 'ForceAuthn=" true "')):
        for post in (False, True):
            table.fails("ForceAuthn %s, POST %s" % (name, post), {"attributes": attributes}, "no-fresh-sign-in", (RESPONDER, "AuthnFailed"), post=post)
    table.meets("ForceAuthn false", {"attributes": 'ForceAuthn="false"'})
    with At("/instant"):
        for name, seconds in (("now", 0), ("a second ago, within the skew", -1), ("", None)):
            headers = [("X-Authn-Instant", instant(seconds))] if seconds is not None else []
            said = table.meets("ForceAuthn, signed in %s" % name, {**force, "issued": instant()}, headers=headers) if seconds is not None else None
            if said:
                is_(said.statement.get("AuthnInstant"), headers[0][1], "ForceAuthn, signed in %s: AuthnInstant" % name)
        for seconds in (-100, -86400):
            table.fails("ForceAuthn, signed in %d seconds ago" % -seconds, force, "no-fresh-sign-in", (RESPONDER, "AuthnFailed"),
                        headers=[("X-Authn-Instant", instant(seconds))])
        table.meets("ForceAuthn, signed in since the request", {**force, "issued": instant(-300)}, headers=[("X-Authn-Instant", instant(-200))])
        table.fails("ForceAuthn, signed in before the request", {**force, "issued": instant(-200)}, "no-fresh-sign-in", (RESPONDER, "AuthnFailed"),
                    headers=[("X-Authn-Instant", instant(-300))])
        table.fails("ForceAuthn, nobody knows when", force, "no-fresh-sign-in", (RESPONDER, "AuthnFailed"))
        table.meets("no ForceAuthn, signed in long ago", {}, headers=[("X-Authn-Instant", instant(-86400))])


BEARER = '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/>'


def subjects():
    def qualified(attributes):
        return {"inside": subject("alice@example.com").replace("<saml:NameID ", "<saml:NameID %s " % attributes)}

    def confirmed(method):
        return subject("alice@example.com").replace("</saml:Subject>", BEARER.replace("bearer", method) + "</saml:Subject>")

    table.meets("subject: the same", {"inside": subject("alice@example.com")})
    table.meets("subject: the same, confirmed by bearer", {"inside": confirmed("bearer")})
    table.meets("subject: the same, in whatever format", {"inside": subject("alice@example.com", FORMATS["unspecified"])})
    table.meets("subject: the same, without a format", {"inside": subject("alice@example.com").replace(' Format="%s"' % EMAIL, "")})
    table.meets("subject: the same, qualified", qualified('NameQualifier="%s" SPNameQualifier="%s"' % (asking.idp.ENTITY_ID, US)))
    table.meets("subject: the same, persistent", {"inside": subject(PERSISTENT["us", "alice"], FORMATS["persistent"]) + policy(FORMATS["persistent"])})
    for name, options in (("in another format", {"inside": subject("alice@example.com", FORMATS["transient"])}),
                          ("in a format that is none", {"inside": subject("alice@example.com", "")}),
                          ("of others", qualified('NameQualifier="https://idp.example.com"')),
                          ("for others", qualified('SPNameQualifier="%s"' % WANTING))):
        table.fails("subject: the same text, " + name, options, "other-subject", (RESPONDER, "UnknownPrincipal"))
    for name, inside in (("another", subject("bob@example.com")), ("by case", subject("Alice@example.com")), ("a part", subject("alice")),
                         ("empty", subject("")),
                         ("encrypted", '<saml:Subject><saml:EncryptedID><x xmlns=""/></saml:EncryptedID></saml:Subject>'),
                         ("confirmed by a key", confirmed("holder-of-key")), ("confirmed by no method", confirmed("bearer").replace(" Method=", " x=")),
                         ("confirmed by bearer and in a name", confirmed("bearer").replace(BEARER, BEARER[:-2] + "><saml:NameID>a</saml:NameID></saml:SubjectConfirmation>")),
                         ("by confirmation alone", '<saml:Subject><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/></saml:Subject>')):
        table.fails("subject: " + name, {"inside": inside}, "other-subject", (RESPONDER, "UnknownPrincipal"))


def scopes():
    def scoping(*ids, attributes=""):
        return "<samlp:Scoping %s><samlp:IDPList>%s</samlp:IDPList></samlp:Scoping>" % (
            attributes, "".join('<samlp:IDPEntry ProviderID="%s"/>' % one for one in ids))

    ours = asking.idp.ENTITY_ID
    table.meets("scoping: us", {"inside": scoping(ours)})
    table.meets("scoping: us among others", {"inside": scoping("https://a.example.com", ours, "https://b.example.com")})
    table.meets("scoping: nobody named", {"inside": "<samlp:Scoping><samlp:RequesterID>https://a.example.com</samlp:RequesterID></samlp:Scoping>"})
    table.meets("scoping: no proxy", {"inside": '<samlp:Scoping ProxyCount="0"/>'})
    for name, ids in (("another", ["https://a.example.com"]), ("us with a slash", [ours + "/"]), ("us by case", [ours.upper()])):
        table.fails("scoping: " + name, {"inside": scoping(*ids)}, "other-idp", (RESPONDER, "NoAvailableIDP"))


def times():
    def until(text):
        return '<saml:Conditions NotOnOrAfter="%s"/>' % text

    for name, seconds in (("now", 0), ("half an hour ago", -1800), ("59 minutes ago", -3540), ("30 seconds ahead, within the skew", 30)):
        table.meets("made %s" % name, {"issued": instant(seconds)})
    table.meets("made now, with a fraction", {"issued": instant().replace("Z", ".123456789Z")})
    denied = ("request-time", (REQUESTER, "RequestDenied"))
    for name, seconds in (("two hours ago", -7200), ("in 2 minutes", 120), ("tomorrow", 86400), ("a year ago", -31536000)):
        table.fails("made %s" % name, {"issued": instant(seconds)}, *denied)
    table.fails("made two hours ago, POST", {"issued": instant(-7200)}, *denied, post=True)
    with At("/no-skew"):
        table.fails("made 30 seconds ahead, without skew", {"issued": instant(30)}, *denied)
    table.meets("valid until later", {"inside": until(instant(60))})
    table.meets("valid until just now, within the skew", {"inside": until(instant(-30))})
    table.meets("conditions without an end", {"inside": "<saml:Conditions/>"})
    for name, seconds in (("since a minute ago", -60), ("in 30 seconds, within the skew", 30)):
        table.meets("valid " + name, {"inside": until(instant(seconds)).replace("NotOnOrAfter", "NotBefore")})
    for text in (instant(120), "now", ""):
        table.fails("valid from %s" % ("in 2 minutes" if text[-1:] == "Z" else repr(text)), {"inside": until(text).replace("NotOnOrAfter", "NotBefore")}, *denied)
    for text in (instant(-120), "soon", "2099-01-01T00:00:00"):
        table.fails("valid until %s" % ("2 minutes ago" if text[-1] == "Z" else text), {"inside": until(text)}, *denied)
    for version in ("1.1", "3.0", "2", "2.00", "2.1", "x"):
        table.fails("version %s" % version, {"version": version}, "version", ("VersionMismatch",))


def extensions():
    for name, inside in (("unknown", '<x:y xmlns:x="urn:x" a="b">text<x:z/></x:y>'), ("of eIDAS", '<e:SPType xmlns:e="http://eidas.europa.eu/saml-extensions">public</e:SPType>'),
                         ("a request inside", asking.xml(acs="https://evil.example.com").decode())):
        table.meets("extensions: " + name, {"inside": "<samlp:Extensions>%s</samlp:Extensions>" % inside})
    table.meets("ProviderName, Consent", {"attributes": 'ProviderName="A &lt;b&gt;" Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified"'})


def signing():
    """Each error is signed, whatever RcIdpSign says; WantAssertionsSigned adds a signature."""
    for path, result, wanted in (("/ringcentral", ["Response", "Assertion"], None), ("/response", ["Response"], None), ("/assertion", ["Assertion"], None)):
        with At(path):
            answer = table.ask("met at " + path, "GET", server.redirect(), "issued")
            is_(verify.signatures(form.auto_post(answer.text).xml), result, "met at %s: signed" % path)
            table.fails("not met at " + path, {"inside": subject("x")}, "other-subject", (RESPONDER, "UnknownPrincipal"))
            answer = table.ask("WantAssertionsSigned at " + path, "GET", server.redirect(issuer=WANTING), "issued")
            xml = form.auto_post(answer.text).xml
            verify.accepted(xml, server.pair.cert, [one for one in ("Response", "Assertion") if one in result or one == "Assertion"],
                            "WantAssertionsSigned at " + path)
    for state in (None, "", "x" * 1024, "<b>&\"'\r\n", "ü€😀"):
        table.fails("RelayState %.20r of an error" % state, {"version": "3.0"}, "version", ("VersionMismatch",), relay_state=state)


def modes():
    """RcIdpAuthnRequests, and what is logged of a request."""
    with At("/off"):
        table.ask("off, Redirect", "GET", server.redirect(), "authn-request")
        table.ask("off, POST", "POST", server.PATH, "authn-request", **server.post())
        table.ask("off, IdP-initiated", "GET", server.PATH + "?sp=us", "issued")
    with At("/signed"):
        table.ask("signed, IdP-initiated", "GET", server.PATH + "?sp=us", "issued")
        table.meets("signed, Redirect", {}, pair=HERS)
        table.meets("signed, POST", {}, pair=HERS, post=True)
        table.fails("signed, not met", {"inside": subject("x")}, "other-subject", (RESPONDER, "UnknownPrincipal"), pair=HERS)
        table.ask("signed, unsigned", "GET", server.redirect(), "unsigned")
    table.ask("?sp= beside SAMLRequest", "GET", server.redirect() + "&sp=us", "issued")
    ids = []
    for name, query in (("met", {}), ("not met", {"version": "3.0"})):
        message = server.message(**query)
        ids.append((asking.id_of(message), name))
        server.request("GET", server.redirect(message), headers=[("X-Row", name)])
        server.request("HEAD", server.redirect(message), headers=[("X-Row", name + ", HEAD")])
    return ids


def logged(ids):
    """The access log knows which request it was."""
    with open(server.path("rows.log"), errors="replace") as file:
        lines = dict(line.rstrip("\n").split("\t", 1) for line in file)
    for id, name in ids:
        for row in (name, name + ", HEAD"):
            values = lines[row].split("\t")
            is_((values[1], values[5]), ("us", id), "RCIDP_SP and RCIDP_IN_RESPONSE_TO, %s" % row)


HERS = certs.pair(name="hers")
server = Asked(server=table.CONFIGURATION + SERVER, launch="us wanting bare",
               vhost="".join(LAUNCH % (path, text, asking.idp.AUTHENTICATION) for path, text in PATHS.items()) + ONLY_NAME)
server.write("us.xml", asking.metadata([HERS.cert], ENDPOINTS))
server.write("wanting.xml", asking.metadata([HERS.cert], ((WANTING_ACS, 0, True, asking.HTTP_POST),), WANTING, 'WantAssertionsSigned="true"'))
server.write("secret", os.urandom(32), mode=0o600)
with server:
    table.serve(server)
    PERSISTENT = persistent()
    for step in (endpoints, name_ids, contexts, flags, subjects, scopes, times, extensions, signing):
        step()
    requests = modes()
    server.graceful()
    is_(persistent(), PERSISTENT, "persistent: the same after a restart")
logged(requests)
table.judge()
done_testing()
