# SPDX-License-Identifier: Apache-2.0
"""AuthnRequests that are posted, and meet a sign-in page: whichever module shows it, they must not get lost.

    server = Example(..., server=posting.SERVER, vhost=posting.SIGNED)
    posting.prepare(server)
    agent = posting.over_page(server, sign_in, "alice")     # sign_in(agent, page): the answer that the sign-in leads to
    posting.passive(server, agent)                          # IsPassive: nobody is asked; AGENT is signed in
    posting.refused(server)
    posting.kept(server)
"""
import bisect
import os

import agent as agents
import asking
import certs
import form
import pages
import verify
from asking import ACS
from client import path_of
from example import ENTITY_ID
from tap import is_, like, ok

SIGNER = certs.pair(name="sp")
ORIGIN = "https://sso.ringcentral.com"
STATE = "https://service.ringcentral.com/mobile/ssoLogin?a b+c%20d&e=f;g<\"ü€😀>"
SERVER = 'RcIdpServiceProvider us metadata="${folder}/us.xml"\n'
# A signature that got lost on the way would be missed.
SIGNED = '<Location "/ringcentral">\nRcIdpAuthnRequests signed\n</Location>\n'
PASSIVE = {"attributes": 'IsPassive="true"'}


def prepare(server):
    """What SERVER needs."""
    server.write("us.xml", asking.metadata([SIGNER.cert]))


def request(server, **options):
    """A signed AuthnRequest, of the size that they have: with the certificate."""
    message = asking.sign(asking.xml(server.url("/ringcentral"), **options), SIGNER)
    return message.replace(b"</ds:SignatureValue>", b"</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>%s"
                           b"</ds:X509Certificate></ds:X509Data></ds:KeyInfo>" % certs.base64(SIGNER.cert).encode())


def send(server, agent, message):
    """Post it, as a page of the service provider does."""
    return agent.open(server.url("/ringcentral"), "POST", asking.post(message, STATE), ORIGIN)


def answers(server, answer, who, message):
    """Checks: this is the answer to that request."""
    fields = server.launched(answer, who, relay_state=STATE)
    is_([fields.in_response_to, fields.confirmation_data["InResponseTo"]], [asking.id_of(message)] * 2, who + ": as the answer to the request")


def over_page(server, sign_in, who):
    """From the post to the Response, first by way of the page, and then with the session. Returns the agent."""
    agent, message = agents.Agent({"sso.example.com": server.port}), request(server)
    page = send(server, agent, message)
    ok(not pages.issued(page), who + ", who posts: nothing is issued yet", page)
    answers(server, sign_in(agent, page), who + ", who posted and signed in", message)
    agent.trail.clear()
    message = request(server)
    answers(server, send(server, agent, message), who + ", who posts again", message)
    is_([url.partition("?")[0] for url in agent.trail], [server.url("/ringcentral")] * 2, who + ", who posts again: is not asked")
    like(agent.trail[-1], r"\?SAMLEncoding=rcidp:posted&SAMLRequest=", who + ", who posts again: brings it in the address")
    return agent


def is_passive_error(answer, certificate, who, message):
    """Checks: NoPassive, and no trace of the question that was not asked."""
    post = form.auto_post(answer.text) if answer.status == 200 else None
    if not ok(post, who + ": is answered", answer):
        return
    said = verify.fields(post.xml)
    is_(said.status, [asking.STATUS + "Responder", asking.STATUS + "NoPassive"], who + ": NoPassive")
    is_([post.action, post.relay_state, said.in_response_to, said.issuer], [ACS, STATE, asking.id_of(message), ENTITY_ID], who + ": to whom it belongs")
    is_([verify.signature(post.xml, "Response", certificate), pages.problems(answer)], [None, []], who + ": signed, by a page of ours")
    is_([answer.header(name) for name in ("Set-Cookie", "Location", "WWW-Authenticate")], [None] * 3, who + ": nobody is asked")


def passive(server, agent):
    """IsPassive: for somebody without a session, and for AGENT, who has one; by both bindings."""
    server.expect("RCIDP02: a request of us cannot be met: no-passive", count=2)
    for who, visitor in (("passive, nobody", agents.Agent({"sso.example.com": server.port})), ("passive, signed in", agent)):
        for binding in ("POST", "Redirect"):
            message, name = request(server, **PASSIVE), "%s, %s" % (who, binding)
            if binding == "POST":
                answer = send(server, visitor, message)
            else:
                message = asking.xml(server.url("/ringcentral"), **PASSIVE)
                answer = visitor.open(server.url("/ringcentral") + "?" + asking.redirect(message, STATE, SIGNER))
            if visitor is agent:
                answers(server, answer, name, message)
            else:
                is_passive_error(answer, server.pair.cert, name, message)


def refused(server):
    """What cannot be trusted is refused before anybody signs in."""
    visitor = agents.Agent({"sso.example.com": server.port})
    for name, message, tag, sentence in (
            ("unsigned", asking.xml(server.url("/ringcentral")), "RCIDP47", "cannot be trusted"),
            ("no XML", b"a" * 15000, "RCIDP43", "cannot be trusted")):
        server.expect(tag + ": ", count=1)
        server.refused(send(server, visitor, message), "a posted request that is " + name, 400, sentence)


def kept(server):
    """The form is led to as an address: no cache keeps it, and the longest is one that httpd takes; what is longer is refused."""
    noise = '<samlp:Extensions><x xmlns="">%s</x></samlp:Extensions>' % os.urandom(3800).hex()
    message, client = request(server, inside=noise), server.client()

    def led(length):
        return client.request("POST", "/ringcentral", body=asking.post(message, "x" * length))

    server.expect("RCIDP17: ")
    longest = bisect.bisect_left(range(1000), True, key=lambda length: led(length).status != 303) - 1
    answer = led(longest)
    is_(answer.status, 303, "the longest form that can be an address: led to")
    like(answer.header("Cache-Control"), r"^no-store(,|$)", "by no cache")
    server.refused(led(longest + 1), "a byte more", 400, "too long to be kept")
    address = answer.header("Location")
    ok(7900 < len(address) < 8190, "its address has the length that httpd takes at most, nearly", len(address))
    asked = client.get(path_of(address))
    ok(asked.status in (200, 302, 401), "and httpd takes it, and asks who it is", asked)
