#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""conf/examples/kerberos.conf: mod_auth_gssapi against a KDC with two realms, with curl and in Chromium."""
import os
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import asking
import example
import kdc
import posting
from browser import Browser
from example import CLASSES, Example
from mellon import Mellon
from tap import done_testing, is_, like

NEGOTIATE = ["--negotiate", "-u", ":"]

# mod_auth_gssapi merges nothing.
SESSION = """
<Location "/ringcentral">
    GssapiCredStore keytab:${KERBEROS_KEYTAB}
    GssapiAllowedMech krb5
    GssapiSSLonly On
    GssapiUseSessions On
    Session On
    SessionCookieName ringcentral-ticket path=/ringcentral;Secure;HttpOnly
</Location>
"""

example.needs(kdc.PACKAGES, kdc.is_installed())
example.needs("mod_auth_gssapi (Debian: libapache2-mod-auth-gssapi)", example.module("auth_gssapi"))


def check_user(server, tickets):
    """What Kerberos knows: the principal."""
    answer = server.curl("/ringcentral?sp=us", *NEGOTIATE, env=tickets)
    fields = server.launched(answer, "alice")
    is_(fields.name_id, "alice@example.com", "alice: the name ID is made of the principal")
    is_(fields.claims, {"email": ["alice@example.com"], "name": ["Alice"], "upn": ["Alice@EXAMPLE.COM"]}, "alice: claims")
    is_(fields.authn_context, CLASSES + "Kerberos", "alice: signed in by Kerberos")
    example.is_now(fields, "alice")


def check_strangers(server, realms):
    """Those with a valid ticket who are no people of this realm."""
    for principal in ("mallory@OTHER.TEST", "alice/admin", "HTTP/other.example.com", "mallory\\@example.com@EXAMPLE.COM"):
        realms.user(principal)
        server.expect(r"AH01631: user %s\S* authorization failure for \"/ringcentral\"" % principal.replace("\\", ".+"))
        server.refused(server.curl("/ringcentral", *NEGOTIATE, env=realms.sign_in(principal)), principal)


def check_nobody(server, tickets):
    """Those without a ticket: a page that says so, and never a prompt for a password."""
    not_signed_in = r"^You have not signed in"
    for who, arguments in (("nobody", []), ("a password", ["--basic", "-u", "Alice:secret"])):
        answer = server.curl("/ringcentral", *arguments)
        server.refused(answer, who, 401, not_signed_in)
        is_(answer.all("WWW-Authenticate"), ["Negotiate"], who + ": only a ticket helps")
    server.expect(r"GSS ERROR In Negotiate Auth: gss_accept_sec_context\(\) failed: .*(Token header is malformed|Invalid token was supplied)", count=1)
    server.refused(server.curl("/ringcentral", "-H", "Authorization: Negotiate YIIBAAYGKwYBBQUC"), "no ticket at all", 401, not_signed_in)
    # The realm's other services have keys of their own.
    server.expect(r"GSS ERROR In Negotiate Auth: gss_accept_sec_context\(\) failed: .*IMAP/\S+ not found in keytab", count=1)
    answer = server.curl("/ringcentral", *NEGOTIATE, "--service-name", "IMAP", env=tickets)
    server.refused(answer, "a ticket for another service", 401, not_signed_in)


def check_passive(server, tickets):
    """IsPassive, with a session and without, though nothing but the cookie tells them apart."""
    jar = server.path("cookies")
    visitors = {"nobody": [], "a session": ["-b", jar]}
    server.launched(server.curl("/ringcentral", *NEGOTIATE, "-c", jar, env=tickets), "alice, who gets a session")
    server.expect("RCIDP02: a request of us cannot be met: no-passive", count=2)
    for who, arguments in visitors.items():
        for binding in ("Redirect", "POST"):
            message = asking.xml(server.url("/ringcentral"), **posting.PASSIVE)
            path = "?" + asking.redirect(message, posting.STATE) if binding == "Redirect" else ""
            body = ["-d", asking.post(message, posting.STATE)] if binding == "POST" else []
            answer = server.curl("/ringcentral" + path, *arguments, *body)
            if arguments:
                posting.answers(server, answer, "passive, %s, %s" % (who, binding), message)
            else:
                posting.is_passive_error(answer, server.pair.cert, "passive, %s, %s" % (who, binding), message)


def chromium(server, ringcentral, tickets, name):
    """Chromium as a company sets it up, by these policies: who gets tickets, and what the server is called in them."""
    hosts = {"sso.example.com": server.port, "sso.ringcentral.com": ringcentral.port, "service.ringcentral.com": ringcentral.port}
    return Browser(hosts, name=name, environment=tickets, arguments=["--auth-server-allowlist=sso.example.com"], settings={
        # Here every name leads to an address, which is not what the server is called.
        "auth.disable_negotiate_cname_lookup": True,
        # It loads Kerberos' library from the start, as in every run but the first.
        "net.received_http_auth_negotiate_headers": True})


def check_browser(server, realms, tickets):
    """From the launch to RingCentral without a word typed."""
    text = "document.body.innerText"
    with Mellon(server.curl("/ringcentral/metadata").body) as ringcentral:
        ringcentral.write("docs/favicon.ico", b"")
        with chromium(server, ringcentral, tickets, "Chromium") as browser:
            browser.open(server.url("/ringcentral"))
            browser.until_at("https://sso.ringcentral.com/landing.shtml")
            like(browser.evaluate(text), r"^MELLON_NAME_ID=alice@example\.com$", "Chromium: is signed in at RingCentral")
        server.expect("AH01631: user bob/admin@EXAMPLE.COM")
        with chromium(server, ringcentral, realms.sign_in(realms.user("bob/admin")), "Chromium of another") as browser:
            browser.expect(r"status of 403")
            browser.open(server.url("/ringcentral"))
            like(browser.evaluate(text), r"Your account is not assigned to RingCentral\.", "Chromium of another: shows the refusal")


def main():
    with kdc.Kdc("EXAMPLE.COM", "OTHER.TEST") as realms:
        realms.trust("OTHER.TEST", "EXAMPLE.COM")
        realms.user("Alice")
        keytab = realms.keytab("HTTP/sso.example.com")
        realms.keytab("IMAP/sso.example.com")
        tickets = realms.sign_in("Alice")
        with Example("kerberos", ["auth_gssapi", "session", "session_cookie"], {"KERBEROS_KEYTAB": keytab}, vhost=SESSION,
                     environment=realms.environment) as server:
            check_user(server, tickets)
            check_strangers(server, realms)
            check_nobody(server, tickets)
            check_passive(server, tickets)
            check_browser(server, realms, tickets)
    done_testing()


main()
