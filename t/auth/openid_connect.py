#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""conf/examples/openid-connect.conf: mod_auth_openidc against a certified OpenID provider, without and in a browser."""
import os
import re
import sys
import time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import example
import oidc
import pages
import posting
from agent import Agent
from browser import Browser
from example import CLASSES, Example
from mellon import Mellon
from tap import done_testing, is_, like, ok, skip_all

MFA = "https://refeds.org/profile/mfa"
STATE = "https://service.ringcentral.com/a+b&c%20d"
LAUNCH = "/ringcentral?sp=us&RelayState=https%3A%2F%2Fservice.ringcentral.com%2Fa%2Bb%26c%2520d&more=1+1"

USERS = {
    "alice": oidc.user(amr=["mfa2", "xmfa", "pwd"], email="alice@example.com", email_verified=True, given_name="Alice", family_name="Smith",
                       name="Alice Smith", groups=["sales", "ringcentral"]),
    "zoe": oidc.user(amr=["pwd", "otp", "mfa"], email="zoe@example.com", given_name="Zoë", family_name="Łódź å", name="Zoë Łódź å",
                     groups=["Büro Süd", "ringcentral"]),
    "smart": oidc.user(amr=["pwd"], acr=CLASSES + "SmartcardPKI", email="smart@example.com", groups=["ringcentral"]),
    "plain": oidc.user(acr="1", email="plain@example.com", groups="ringcentral"),
    "mallory": oidc.user(email="mallory@example.com", groups=["ringcentral2", "sales"]),
    "eve": oidc.user(email="alice@example.com", email_verified=False, groups=["ringcentral"]),
    "ghost": oidc.user(groups=["ringcentral"]),
}

# How this machine differs from one that lives at https://sso.example.com: the authority, and the port.
HERE = """
OIDCCABundlePath "${folder}/ca.crt"
OIDCXForwardedHeaders X-Forwarded-Port
RequestHeader set X-Forwarded-Port 443 early
RcIdpRelayStateAllow https://service.ringcentral.com/
"""
oidc.prepare()
example.needs("mod_auth_openidc (Debian: libapache2-mod-auth-openidc)", example.module("auth_openidc"))


def make_server(provider, client, **defines):
    server = Example("openid-connect", ["auth_openidc"], {"OIDC_ISSUER": provider.issuer, "OIDC_SECRETS": "${folder}/secrets.conf", **defines},
                     server=HERE + posting.SERVER, vhost=posting.SIGNED)
    posting.prepare(server)
    with open(certs.tls().ca) as file:
        server.write("ca.crt", file.read())
    server.write("secrets.conf", "OIDCClientSecret %s\nOIDCCryptoPassphrase %s\n" % (client["client_secret"], "0123456789" * 4), 0o600)
    return server


def sign_in(server, user, path="/ringcentral", **fields):
    """Open the launch, sign in at the provider; returns the agent and the answer."""
    agent = Agent({"sso.example.com": server.port})
    answer = agent.open(server.url(path))
    return agent, agent.send(answer, username=user, password="secret", **fields)


def check_numbers(provider, client):
    """mod_auth_openidc 2.4.20.3 keeps the address of a number, and not the number: with it nobody gets in."""
    probe = make_server(provider, client).start()
    provider.start()
    answer = sign_in(probe, "alice")[1]
    probe.stop(check=False)
    provider.stop()
    if answer.status == 403 and re.search(r"RCIDP33: .*: RcIdpAuthnInstant$", probe.log(), re.M):
        skip_all("mod_auth_openidc here hands over numbers that are none, such as auth_time: see docs/authentication.md")


def check_users(server):
    began = int(time.time())
    agent, answer = sign_in(server, "alice", LAUNCH)
    fields = server.launched(answer, "alice", relay_state=STATE)
    is_(answer.url, server.url(LAUNCH), "alice: comes back to the very address")
    is_(agent.attributes("sso.example.com"), [["httponly", "path=/", "samesite=lax", "secure"]], "alice: every cookie is for TLS, no script and this site")
    is_(fields.name_id, "alice@example.com", "alice: the name ID is the claim email")
    is_(fields.claims, {"email": ["alice@example.com"], "givenname": ["Alice"], "surname": ["Smith"], "name": ["Alice Smith"],
                        "groups": ["sales", "ringcentral"]}, "alice: claims")
    is_(fields.authn_context, CLASSES + "PasswordProtectedTransport", "alice: signed in by a password")
    ok(began <= example.authn_instant(fields) <= time.time(), "alice: signed in just now")
    agent.trail.clear()
    server.launched(agent.open(server.url("/ringcentral")), "alice again")
    is_(agent.trail, [server.url("/ringcentral")], "alice again: nobody is asked")

    # The provider's session is older than ours: what counts is when the user really signed in.
    _, answer = sign_in(server, "zoe", ago="1000")
    fields = server.launched(answer, "zoe")
    is_(fields.claims, {"email": ["zoe@example.com"], "givenname": ["Zoë"], "surname": ["Łódź å"], "name": ["Zoë Łódź å"],
                        "groups": ["Büro Süd", "ringcentral"]}, "zoe: claims that are not ASCII")
    is_(fields.authn_context, MFA, "zoe: signed in by several factors")
    ok(began - 1000 <= example.authn_instant(fields) <= time.time() - 1000, "zoe: signed in a while ago")

    for user, context in (("smart", CLASSES + "SmartcardPKI"), ("plain", CLASSES + "unspecified")):
        fields = server.launched(sign_in(server, user)[1], user)
        is_(fields.authn_context, context, user + ": how the provider says it")


def check_refusals(server):
    server.expect(r"AH01631: user mallory@\S+: authorization failure for \"/ringcentral\"", count=1)
    server.refused(sign_in(server, "mallory")[1], "mallory")
    no_mail = r"^Your account has no e-mail address"
    server.expect(r"\[rcidp:error\].* RCIDP30: ", count=2)
    server.refused(sign_in(server, "ghost")[1], "ghost, without an address", 403, no_mail)
    server.refused(sign_in(server, "eve")[1], "eve, whose address is not verified", 403, no_mail)
    # A script is not sent to a page that it can not show.
    answer = server.client().get("/ringcentral", headers=[("Accept", "application/json")])
    server.refused(answer, "a script", 401, r"^You have not signed in")
    for said in (r"no \"mod_auth_openidc_state_forged\" state cookie found", r"unable to restore state",
                 r"invalid authorization response state; a default SSO URL is set"):
        server.expect(r"\[auth_openidc:\w+\] .* \w+: " + said, count=1)
    answer = Agent({"sso.example.com": server.port}).open(server.url("/oidc/callback?code=forged&state=forged"))
    like(answer.text, "login: no_session", "a forged answer of the provider: leads to its sign-in page")


def check_age(server):
    """A sign-in older than 900 seconds: once more, please, and then on to where one wanted to go."""
    agent, answer = sign_in(server, "alice", LAUNCH, ago="1000")
    ok(not pages.issued(answer), "signed in long ago: nothing is issued")
    like(server.requests()[-1], r"GET /oidc/callback\?iss=", "signed in long ago: mod_auth_openidc is told so")
    like(answer.text, "login_prompt", "signed in long ago: the provider asks again")
    again = agent.send(answer, username="alice", password="secret")
    example.is_now(server.launched(again, "signed in again", relay_state=STATE), "signed in again")
    is_(again.url, server.url(LAUNCH), "signed in again: comes back to the very address")

    # Where it is the provider's session that is that old, it sees that by itself.
    agent, _ = sign_in(server, "alice", ago="1000")
    agent.forget("sso.example.com")
    answer = agent.open(server.url("/ringcentral"))
    like(answer.text, ": max_age<", "a session of long ago at the provider: it asks again")
    example.is_now(server.launched(agent.send(answer, username="alice", password="secret"), "asked again"), "asked again")


def check_requests(server):
    """RingCentral asks by a form, which is not lost at the provider's sign-in page."""
    posting.passive(server, posting.over_page(server, lambda agent, page: agent.send(page, username="alice", password="secret"), "alice"))
    posting.refused(server)
    posting.kept(server)


def check_outage(server, provider):
    """The provider does not answer when the first user comes, and then it does."""
    # Since 2.4.15 it tries again before it gives up, and counts: (1/2).
    server.expect(r"\[auth_openidc:error\] .* \w+: curl_easy_perform\((\d/\d)?\) failed ")
    server.expect(r"\[auth_openidc:error\] .* \w+: could not retrieve metadata", count=1)
    answer = Agent({"sso.example.com": server.port}).open(server.url("/ringcentral"))
    server.refused(answer, "no provider", 500, r"^You cannot be signed in at the moment")
    provider.start()
    server.launched(sign_in(server, "alice")[1], "the provider is back")


def check_browser(server, provider):
    metadata = server.client().get("/ringcentral/metadata").body
    with Mellon(metadata) as ringcentral:
        ringcentral.write("docs/favicon.ico", b"")
        hosts = {"sso.example.com": server.port, "sso.ringcentral.com": ringcentral.port, "service.ringcentral.com": ringcentral.port}
        with Browser(hosts, name="Chromium") as browser:
            browser.open(server.url("/ringcentral"))
            browser.until(lambda driver: driver.current_url.startswith(provider.issuer) and browser.is_whole(), "the sign-in page")
            browser.evaluate("document.forms[0].username.value = 'alice'; document.forms[0].password.value = 'secret'")
            browser.evaluate("document.querySelector('button').click()")
            browser.until_at("https://sso.ringcentral.com/landing.shtml")
            like(browser.evaluate("document.body.innerText"), r"^MELLON_NAME_ID=alice@example\.com$", "Chromium: is signed in at RingCentral")


def main():
    client = oidc.client("https://sso.example.com/oidc/callback")
    provider = oidc.Provider(USERS, [client])
    check_numbers(provider, client)
    with make_server(provider, client) as server:
        check_outage(server, provider)
        check_users(server)
        check_refusals(server)
        check_requests(server)
        check_browser(server, provider)
    with make_server(provider, client, OIDC_MAX_AGE="900") as server:
        check_age(server)
    ok("Error" not in provider.log(), "the provider found nothing wrong", provider.log())
    provider.stop()
    done_testing()


main()
