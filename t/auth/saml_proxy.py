#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""conf/examples/saml-proxy.conf: mod_auth_mellon asks another identity provider, whom RingCentral never sees."""
import os
import sys
import time
import urllib.parse
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import example
import posting
import saml
from agent import Agent
from browser import Browser
from example import CLAIMS, CLASSES, Example
from idp import Idp
from mellon import METADATA, Mellon
from tap import done_testing, is_, like, ok

SP, ACS = "https://sso.example.com/mellon/metadata", "https://sso.example.com/mellon/postResponse"
STATE = "https://service.ringcentral.com/a+b&c%20d"
LAUNCH = "/ringcentral?sp=us&RelayState=https%3A%2F%2Fservice.ringcentral.com%2Fa%2Bb%26c%2520d"
AGO = 1000


def claims(mail, groups, **names):
    known = {"email": [mail] if mail else [], "groups": groups, **{name: [value] for name, value in names.items()}}
    return {CLAIMS[name]: values for name, values in known.items()}


USERS = {
    "alice": saml.user("alice-7", claims("alice@example.com", ["sales", "ringcentral", "R&D"], givenname="Alice", surname="Smith"),
                       instant=-AGO, context=CLASSES + "SmartcardPKI"),
    # A name that looks like the answer to other questions, and is not.
    "zoe": saml.user("zoe-8", claims("zoe@example.com", ["ringcentral"], givenname="Zoë <B> & \"C\"",
                                     surname='<AuthnStatement AuthnInstant="2001-01-01T00:00:00Z"><AuthnContextClassRef>urn:x</AuthnContextClassRef>')),
    "mallory": saml.user("mallory-9", claims("mallory@example.com", ["ringcentral2", "xringcentral"])),
    "ghost": saml.user("ghost-1", claims(None, ["ringcentral"])),
}

example.needs("mod_auth_mellon (Debian: libapache2-mod-auth-mellon)", example.module("auth_mellon"))


def make_server(idp_metadata):
    files = {"SAML_IDP_METADATA": "idp.xml", "SAML_SP_METADATA": "sp.xml", "SAML_SP_KEY": "sp.key", "SAML_SP_CERT": "sp.cert"}
    server = Example("saml-proxy", ["auth_mellon"], {name: "${folder}/" + file for name, file in files.items()},
                     server='MellonLockFile "${folder}/mellon.lock"\nRcIdpRelayStateAllow https://service.ringcentral.com/\n' + posting.SERVER,
                     vhost=posting.SIGNED)
    posting.prepare(server)
    pair = certs.pair("rsa2048", "sp")
    for name, file in (("sp.key", pair.key), ("sp.cert", pair.cert)):
        with open(file) as source:
            server.write(name, source.read())
    server.write("idp.xml", idp_metadata)
    server.write("sp.xml", METADATA % (SP, ACS))
    return server


def sign_in(server, name, path="/ringcentral"):
    """Open the launch, sign in at the other provider; returns the agent and the answer."""
    agent = Agent({"sso.example.com": server.port})
    answer = agent.send(agent.open(server.url(path)), username=name)
    return agent, agent.send(answer)


def check_users(server):
    # mod_auth_mellon's library sees no further than RelayState's old limit, and sends it whole.
    server.expect(r"Lasso-WARNING \*\*: .*Encoded a RelayState of more than 80 bytes")
    began = int(time.time())
    agent, answer = sign_in(server, "alice", LAUNCH)
    fields = server.launched(answer, "alice", relay_state=STATE)
    is_(answer.url, server.url(LAUNCH), "alice: comes back to the very address")
    is_(agent.attributes("sso.example.com"), [["domain=sso.example.com", "httponly", "path=/", "samesite=none", "secure"]], "alice: every cookie is for TLS and no script")
    is_(fields.name_id, "alice@example.com", "alice: the name ID is the other provider's attribute")
    is_(fields.claims, {"email": ["alice@example.com"], "givenname": ["Alice"], "surname": ["Smith"],
                        "groups": ["sales", "ringcentral", "R&D"]}, "alice: claims")
    is_(fields.authn_context, CLASSES + "SmartcardPKI", "alice: signed in as the other provider says")
    ok(began - AGO <= example.authn_instant(fields) <= time.time() - AGO, "alice: and when it says")
    agent.trail.clear()
    fields = server.launched(agent.open(server.url("/ringcentral")), "alice again")
    is_(agent.trail, [server.url("/ringcentral")], "alice again: nobody is asked")
    ok(example.authn_instant(fields) <= time.time() - AGO, "alice again: signed in when she did")

    fields = server.launched(sign_in(server, "zoe")[1], "zoe")
    is_((fields.claims["givenname"], fields.claims["surname"]), (
        [USERS["zoe"]["attributes"][CLAIMS["givenname"]][0]], [USERS["zoe"]["attributes"][CLAIMS["surname"]][0]]), "zoe: odd names come whole")
    is_(fields.authn_context, CLASSES + "PasswordProtectedTransport", "zoe: how she signed in is not in her name")
    example.is_now(fields, "zoe")


def check_refusals(server):
    server.expect(r"AH01630: client denied by server configuration: \S*/ringcentral", count=1)
    server.refused(sign_in(server, "mallory")[1], "mallory")
    server.expect(r"\[rcidp:error\].* RCIDP30: ", count=1)
    server.refused(sign_in(server, "ghost")[1], "ghost, without an address", 403, r"^Your account has no e-mail address")
    is_(server.client().get("/ringcentral/metadata").status, 200, "the metadata is everybody's")


def over_page(server, who):
    return posting.over_page(server, lambda agent, page: agent.send(agent.send(page, username="alice")), who)


def check_requests(server):
    """RingCentral asks by a form, which is not lost at the other provider's sign-in page."""
    posting.passive(server, over_page(server, "alice"))
    posting.refused(server)


def check_restarts(server):
    """Both modules need Lasso, which must live on while httpd's parent loads them anew."""
    for _ in range(3):
        server.graceful(drain=True)
    over_page(server, "alice, after three restarts")


def check_browser(server, provider):
    """A real browser's view of cookies and of posts between sites."""
    with Mellon(server.client().get("/ringcentral/metadata").body) as ringcentral:
        ringcentral.write("docs/favicon.ico", b"")
        hosts = {"sso.example.com": server.port, "sso.ringcentral.com": ringcentral.port, "service.ringcentral.com": ringcentral.port}
        with Browser(hosts, name="Chromium") as browser:
            browser.open(server.url("/ringcentral"))
            here = "https://127.0.0.1:%d/" % provider.port
            browser.until(lambda driver: driver.current_url.startswith(here) and browser.is_whole(), "the sign-in page")
            browser.evaluate("document.forms[0].username.value = 'alice'")
            browser.evaluate("document.querySelector('button').click()")
            browser.until(lambda driver: driver.title == "Go on" and browser.is_whole(), "the page that posts")
            browser.evaluate("document.querySelector('button').click()")
            browser.until_at("https://sso.ringcentral.com/landing.shtml")
            like(browser.evaluate("document.body.innerText"), r"^MELLON_NAME_ID=alice@example\.com$", "Chromium: is signed in at RingCentral")


def check_unasked():
    """Two of us in a row: the upstream one, a mod_rcidp too, sends its users without having been asked."""
    upstream = Idp(server='RcIdpServiceProvider next entityid=%s acs=%s relaystate=https://sso.example.com/ringcentral' % (SP, ACS),
                   location='RcIdpAttribute groups ringcentral\nRcIdpAttribute surname Example', launch="next",
                   entity_id="https://localhost/upstream", name="upstream")
    with upstream, make_server(upstream.metadata()) as server:
        post = upstream.launch()
        agent = Agent({"sso.example.com": server.port})
        answer = agent.open(post.action, "POST", urllib.parse.urlencode({"SAMLResponse": post.encoded, "RelayState": post.relay_state}))
        fields = server.launched(answer, "alice of upstream")
        is_(fields.name_id, "alice@example.com", "alice of upstream: the name ID")
        is_(fields.claims, {"email": ["alice@example.com"], "surname": ["Example"], "groups": ["ringcentral"]}, "alice of upstream: claims")
        is_(fields.authn_context, CLASSES + "PasswordProtectedTransport", "alice of upstream: signed in as upstream says")
        example.is_now(fields, "alice of upstream")


def main():
    with saml.Provider(USERS, {SP: ACS}) as provider, make_server(provider.metadata) as server:
        check_users(server)
        check_refusals(server)
        check_requests(server)
        check_restarts(server)
        check_browser(server, provider)
    check_unasked()
    done_testing()


main()
