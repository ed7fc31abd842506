#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""conf/examples/two-ways.conf: Kerberos in the office, a sign-in page elsewhere, and for who has no ticket in the office."""
import os
import shutil
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import example
import form
import kdc
import pages
import slapd
from agent import Agent
from browser import Browser
from example import CLASSES, Example
from mellon import Mellon
from tap import done_testing, is_, like, ok

MODULES = ["auth_gssapi", "ldap", "authnz_ldap", "auth_form", "session", "session_cookie", "session_crypto", "request"]
NEGOTIATE = ["--negotiate", "-u", ":"]
# Every address of 127.0.0.0/8 is this machine's: one of them is the office, and all others are the world.
OFFICE = "127.0.0.2"
PEOPLE, GROUPS = "ou=people," + slapd.BASE, "ou=groups," + slapd.BASE
STATE = "https://service.ringcentral.com/a+b&c%20d"
LAUNCH = "/ringcentral?sp=us&RelayState=https%3A%2F%2Fservice.ringcentral.com%2Fa%2Bb%26c%2520d"
ALICE = {"email": ["alice.smith@example.com"], "givenname": ["Alice"], "surname": ["Smith"], "number": ["+15550100"],
         "groups": ["ringcentral"]}

example.needs(kdc.PACKAGES, kdc.is_installed())
example.needs(slapd.PACKAGE, slapd.is_installed())
example.needs("modules of httpd: " + ", ".join(MODULES), *(example.module(name) for name in MODULES))


def person(name, **attributes):
    return ("uid=%s,%s" % (name, PEOPLE), {"objectClass": "inetOrgPerson", "cn": name, "sn": name.title(), "userPassword": "secret",
                                           "uid": name, "employeeType": name + "@EXAMPLE.COM", **attributes})


ENTRIES = [
    (PEOPLE, {"objectClass": "organizationalUnit", "ou": "people"}), (GROUPS, {"objectClass": "organizationalUnit", "ou": "groups"}),
    person("alice", sn="Smith", givenName="Alice", mail="alice.smith@example.com", telephoneNumber="+15550100"),
    person("mallory", mail="mallory@example.com"),
    ("cn=ringcentral," + GROUPS, {"objectClass": "groupOfNames", "cn": "ringcentral", "member": "uid=alice," + PEOPLE}),
]


def make_server(realms, directory, keytab, office):
    # employeeType stands in for krbPrincipalName, which the schemas of OpenLDAP do not have.
    defines = {"OFFICE_NETWORK": office, "KERBEROS_KEYTAB": keytab, "LDAP_URL": directory.url, "LDAP_PRINCIPAL": "employeeType",
               "LDAP_READER_PASSWORD_FILE": "${folder}/password", "SESSION_KEY_FILE": "${folder}/session-key",
               "LOGIN_PAGES": os.path.join(os.path.dirname(example.path("form")), "form")}
    server = Example("two-ways", MODULES, defines, environment=realms.environment, server=(
        'RcIdpRelayStateAllow https://service.ringcentral.com/\nDefine LDAP_CA "${folder}/ca.crt"\nInclude "%s"' % example.path("ldap-server")))
    server.write("password", "secret", 0o600)
    server.write("session-key", "0123456789" * 4, 0o600)
    shutil.copy(certs.tls().ca, server.path("ca.crt"))
    return server


def judge(server, answer, who, context):
    """Checks: alice, with all that the directory knows, signed in that way."""
    fields = server.launched(answer, who, relay_state=STATE)
    is_(fields.name_id, "alice.smith@example.com", who + ": the name ID")
    is_(fields.claims, ALICE, who + ": claims")
    is_(fields.authn_context, CLASSES + context, who + ": how she signed in")
    example.is_now(fields, who)


def is_login(answer, who, kerberos):
    """Checks: the sign-in page, and whether Kerberos is offered beside it."""
    is_(answer.status, 401, who + ": may not come in yet")
    is_(answer.all("WWW-Authenticate"), ["Negotiate"] if kerberos else [], "%s: Kerberos is %soffered" % (who, "" if kerberos else "not "))
    is_([found.method for found in form.forms(answer.text)], ["post"], who + ": a sign-in page")
    ok(not pages.issued(answer), who + ": nothing is issued")


def check_office(server, realms):
    here = [*NEGOTIATE, "--interface", OFFICE]
    judge(server, server.curl(LAUNCH, *here, env=realms.sign_in("alice")), "alice in the office", "Kerberos")
    for principal in ("mallory", "alice@OTHER.TEST"):
        server.expect(r"AH01631: user %s@\S+: authorization failure" % principal.partition("@")[0])
        server.refused(server.curl("/ringcentral", *here, env=realms.sign_in(principal)), principal + " in the office")
    is_login(server.curl("/ringcentral", "--interface", OFFICE), "nobody in the office", True)


def check_world(server, realms):
    answer = server.curl("/ringcentral", *NEGOTIATE, env=realms.sign_in("alice"))
    is_login(answer, "a ticket elsewhere", False)
    check_form(server, "alice elsewhere", False)
    agent = Agent({"sso.example.com": server.port})
    server.expect(r"AH01631: user mallory: authorization failure", count=1)
    answer = agent.send(agent.open(server.url("/ringcentral")), httpd_username="mallory", httpd_password="secret")
    server.refused(answer, "mallory elsewhere")
    is_(server.client().get("/ringcentral/metadata").status, 200, "the metadata is everybody's")


def check_form(server, who, kerberos):
    """Sign-in page, a wrong password, the right one, once more without a page, and out again."""
    agent = Agent({"sso.example.com": server.port})
    answer = agent.open(server.url(LAUNCH))
    is_login(answer, who, kerberos)
    server.expect(r"AH01807: user 'alice': authentication failure for \"/ringcentral\": password Mismatch")
    wrong = agent.send(answer, httpd_username="alice", httpd_password="guess")
    is_login(wrong, who + ", a wrong password", False)
    like(wrong.text, r"password is wrong", who + ", a wrong password: is told so")
    answer = agent.send(wrong, httpd_username="alice", httpd_password="secret")
    is_(answer.url, server.url(LAUNCH), who + ": comes back to the very address")
    judge(server, answer, who, "PasswordProtectedTransport")
    judge(server, agent.open(server.url(LAUNCH)), who + ", again", "PasswordProtectedTransport")
    agent.open(server.url("/ringcentral/logout"))
    is_login(agent.open(server.url("/ringcentral")), who + ", signed out", kerberos)


def check_browser(server, tickets):
    """Chromium in the office: straight through with a ticket, and by the sign-in page without one."""
    with Mellon(server.client().get("/ringcentral/metadata").body) as ringcentral:
        ringcentral.write("docs/favicon.ico", b"")
        server.write("docs/favicon.ico", b"")
        hosts = {"sso.example.com": server.port, "sso.ringcentral.com": ringcentral.port, "service.ringcentral.com": ringcentral.port}
        options = {"arguments": ["--auth-server-allowlist=sso.example.com"], "settings": {
            "auth.disable_negotiate_cname_lookup": True, "net.received_http_auth_negotiate_headers": True}}
        for name, environment, types in (("Chromium with a ticket", tickets, False),
                                         ("Chromium without", {**tickets, "KRB5CCNAME": "FILE:/nonexistent"}, True)):
            with Browser(hosts, name=name, environment=environment, **options) as browser:
                if types:
                    browser.expect("status of 401")
                browser.open(server.url("/ringcentral"))
                if types:
                    browser.evaluate("document.forms[0].httpd_username.value = 'alice'; document.forms[0].httpd_password.value = 'secret'")
                    browser.evaluate("document.querySelector('button').click()")
                browser.until_at("https://sso.ringcentral.com/landing.shtml")
                like(browser.evaluate("document.body.innerText"), r"^MELLON_NAME_ID=alice\.smith@example\.com$",
                     name + ": is signed in at RingCentral")


def main():
    with kdc.Kdc("EXAMPLE.COM", "OTHER.TEST") as realms, slapd.Slapd(ENTRIES).start() as directory:
        realms.trust("OTHER.TEST", "EXAMPLE.COM")
        for principal in ("alice", "mallory", "alice@OTHER.TEST"):
            realms.user(principal)
        keytab = realms.keytab("HTTP/sso.example.com")
        with make_server(realms, directory, keytab, OFFICE + "/32") as server:
            check_office(server, realms)
            check_world(server, realms)
        with make_server(realms, directory, keytab, "127.0.0.0/8") as server:
            check_form(server, "alice in the office without a ticket", True)
            check_browser(server, realms.sign_in("alice"))
    done_testing()


main()
