#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""conf/examples/kerberos-ldap.conf: Kerberos signs in, a directory says who that is and whether RingCentral is for him."""
import os
import shutil
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import example
import kdc
import slapd
from example import CLASSES, Example
from tap import done_testing, is_

NEGOTIATE = ["--negotiate", "-u", ":"]
PEOPLE, GROUPS = "ou=people," + slapd.BASE, "ou=groups," + slapd.BASE

example.needs(kdc.PACKAGES, kdc.is_installed())
example.needs(slapd.PACKAGE, slapd.is_installed())
example.needs("mod_auth_gssapi (Debian: libapache2-mod-auth-gssapi)", example.module("auth_gssapi"))
example.needs("mod_authnz_ldap", example.module("authnz_ldap"))


def person(name, **attributes):
    return ("uid=%s,%s" % (name, PEOPLE), {"objectClass": "inetOrgPerson", "cn": name, "sn": name.title(),
                                           "uid": [name, name + "@EXAMPLE.COM"], **attributes})


def group(name, *members):
    return ("cn=%s,%s" % (name, GROUPS), {"objectClass": "groupOfNames", "cn": name, "member": list(members)})


ENTRIES = [
    (PEOPLE, {"objectClass": "organizationalUnit", "ou": "people"}), (GROUPS, {"objectClass": "organizationalUnit", "ou": "groups"}),
    person("alice", sn="Smith", givenName="Alice", mail=["alice.smith@example.com", "asmith@example.com"], telephoneNumber="+15550100"),
    person("zoe", sn="Łódź", givenName="Zoë", mail="zoe@example.com"),
    person("mallory", mail="mallory@example.com"),
    person("ghost"),
    person("carol", mail="carol@example.com"),
    group("büro süd", "uid=zoe," + PEOPLE),
    group("ringcentral", "uid=alice," + PEOPLE, "uid=ghost," + PEOPLE, "uid=carol," + PEOPLE, "cn=büro süd," + GROUPS),
]


def check_users(server, realms):
    answer = server.curl("/ringcentral", *NEGOTIATE, env=realms.sign_in("alice"))
    fields = server.launched(answer, "alice")
    is_(fields.name_id, "alice.smith@example.com", "alice: the name ID is what the directory has for an address")
    is_(fields.claims, {"email": ["alice.smith@example.com"], "givenname": ["Alice"], "surname": ["Smith"], "number": ["+15550100"],
                        "groups": ["ringcentral"]}, "alice: claims")
    is_(fields.authn_context, CLASSES + "Kerberos", "alice: signed in by Kerberos")
    example.is_now(fields, "alice")
    answer = server.curl("/ringcentral", *NEGOTIATE, env=realms.sign_in("zoe"))
    is_(server.launched(answer, "zoe").claims, {"email": ["zoe@example.com"], "givenname": ["Zoë"], "surname": ["Łódź"],
                                                "groups": ["büro süd"]}, "zoe, in a group of the group: claims")


def check_refusals(server, realms):
    for principal, why in (("mallory", "not in the group"), ("nobody", "not in the directory"),
                           ("alice@OTHER.TEST", "another alice"), ("*", "not a pattern")):
        realms.user(principal)
        server.expect(r"AH01631: user %s\S* authorization failure" % principal.replace("*", r"\*@"))
        answer = server.curl("/ringcentral", *NEGOTIATE, env=realms.sign_in(principal))
        server.refused(answer, "%s, %s" % (principal, why))
    server.expect(r"\[rcidp:error\].* RCIDP30: ", count=1)
    answer = server.curl("/ringcentral", *NEGOTIATE, env=realms.sign_in("ghost"))
    server.refused(answer, "ghost, without an address", 403, r"^Your account has no e-mail address")


def check_outage(server, realms, directory):
    """mod_authnz_ldap takes a user whom it cannot look up for nobody's: nothing is issued until the directory is back."""
    tickets = realms.sign_in("carol")
    directory.kill()
    server.expect(r"AH01631: user carol@EXAMPLE\.COM: authorization failure", count=1)
    server.refused(server.curl("/ringcentral", *NEGOTIATE, env=tickets), "carol, without the directory")
    directory.start()
    fields = server.launched(server.curl("/ringcentral", *NEGOTIATE, env=tickets), "carol, the directory is back")
    is_(fields.name_id, "carol@example.com", "carol, the directory is back: the name ID")


def main():
    with kdc.Kdc("EXAMPLE.COM", "OTHER.TEST") as realms, slapd.Slapd(ENTRIES).start() as directory:
        realms.trust("OTHER.TEST", "EXAMPLE.COM")
        for name in ("alice", "zoe", "ghost", "carol"):
            realms.user(name)
        defines = {"KERBEROS_KEYTAB": realms.keytab("HTTP/sso.example.com"), "LDAP_URL": directory.url, "LDAP_PRINCIPAL": "uid",
                   "LDAP_READER_PASSWORD_FILE": "${folder}/password"}
        server = Example("kerberos-ldap", ["auth_gssapi", "ldap", "authnz_ldap"], defines, environment=realms.environment,
                         server='Define LDAP_CA "${folder}/ca.crt"\nInclude "%s"' % example.path("ldap-server"))
        # The keys' own folder is shut to httpd's children.
        shutil.copy(certs.tls().ca, server.path("ca.crt"))
        server.write("password", "secret", 0o600)
        with server:
            check_users(server, realms)
            check_refusals(server, realms)
            check_outage(server, realms, directory)
    done_testing()


main()
