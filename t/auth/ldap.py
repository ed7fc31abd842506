#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""conf/examples/ldap.conf and ldap-server.conf against OpenLDAP: claims, groups, and a directory that stops answering."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import example
import people
import slapd
from example import Example
from httpd import SOURCE
from people import ALICE, GHOST, MALLORY, ZOE
from slapd import BASE, Slapd
from tap import done_testing, is_, ok

MODULES = ["ldap", "authnz_ldap"]
example.needs(slapd.PACKAGE, slapd.is_installed())
example.needs("mod_ldap and mod_authnz_ldap", *map(example.module, MODULES))

# In ldap.conf(5), as docs/authentication.md says, but shorter.
LIBRARY = "TIMEOUT 1\n"
SERVER = 'Define LDAP_CA "${folder}/%s"\nDefine LDAP_SECONDS 1\nInclude "' + SOURCE + '/conf/examples/ldap-server.conf"'
# A user with two of everything; two who are in many groups; and those who are to sign in while the directory is away.
DOUBLE = people.Person("double", "secret", "first@example.com", "Jo", "Doe", "+1", [])
CROWD = people.Person("crowd", "secret", "crowd@example.com", "Crow", "Döe", "+2", ["ringcentral"] + ["team-%d" % n for n in range(300)])
LATE = [people.Person("late%d" % n, "secret", "late%d@example.com" % n, "La", "Té", "+3", ["ringcentral"]) for n in range(6)]
MEMBERS = [ALICE, GHOST, DOUBLE, CROWD, *LATE]


def user_dn(person):
    return "uid=%s,ou=people,%s" % (person.name, BASE)


def group_dn(name):
    return "cn=%s,ou=groups,%s" % (name, BASE)


def user(person, **more):
    attributes = {"objectClass": "inetOrgPerson", "uid": person.name, "cn": person.name, "sn": person.surname or "Nobody",
                  "userPassword": person.password}
    if person.mail:
        attributes.update(mail=person.mail, givenName=person.givenname, telephoneNumber=person.number)
    return user_dn(person), {**attributes, **more}


def group(name, *members):
    return group_dn(name), {"objectClass": "groupOfNames", "cn": name, "member": members}


ENTRIES = [("ou=%s,%s" % (unit, BASE), {"objectClass": "organizationalUnit"}) for unit in ("people", "groups")] + [
    *map(user, (ALICE, ZOE, MALLORY, GHOST, CROWD, *LATE)),
    user(DOUBLE, mail=[DOUBLE.mail, "second@example.com"], givenName=["Jo", "Joe"], sn=["Doe", "Do"], telephoneNumber=["+1", "+11"]),
    # Zoë is in by a group in a group.
    group("ringcentral", group_dn("europe"), *map(user_dn, MEMBERS)),
    group("europe", group_dn("büro-süd")), group("büro-süd", user_dn(ZOE)),
    group("sales", user_dn(ALICE), user_dn(MALLORY)), group("support", user_dn(ALICE)),
    *(group("team-%d" % n, user_dn(CROWD)) for n in range(300))]


def idp(url, tls="STARTTLS", ca="ca.pem"):
    """The example, whose library has the setting that the documentation asks for."""
    server = Example("ldap", MODULES, {"LDAP_URL": url, "LDAP_TLS": tls, "LDAP_READER_PASSWORD_FILE": "${folder}/password"},
                     server=SERVER % ca)
    server.environment["LDAPCONF"] = server.write("ldap.conf", LIBRARY)
    with open(certs.tls().ca) as file:
        server.write("ca.pem", file.read())
    with open(certs.pair("ec256", "other").cert) as file:
        server.write("other.pem", file.read())
    server.write("password", "secret\n", mode=0o600)
    server.get = lambda person, password=None: server.client().get(
        "/ringcentral", user=person.name, password=person.password if password is None else password)
    return server


def claims(server):
    for person in (ALICE._replace(groups=[*ALICE.groups, "ringcentral"]), ZOE, CROWD):
        people.launched(server, server.get(person), person)
    people.launched(server, server.get(DOUBLE), DOUBLE._replace(groups=["ringcentral"]))
    is_(server.client().get("/ringcentral/metadata").status, 200, "the metadata needs no password")


def refusals(server):
    server.expect("AH01631: user mallory: authorization failure", count=1)
    server.refused(server.get(MALLORY), "mallory, who is in another group")
    server.expect("RCIDP30: ", count=1)
    server.refused(server.get(GHOST), "ghost, who has no mail address", sentence="^Your account has no e-mail address")
    server.expect("AH01695: auth_ldap authenticate: user .* authentication failed; .*Invalid credentials")
    server.expect("AH01617: user .* authentication failure .*: Password Mismatch")
    people.unknown(server, server.get(ZOE, "passwort"), "a wrong password")
    # To a directory, a name without a password is nobody, and that is fine.
    people.unknown(server, server.get(ALICE, ""), "an empty password")
    server.expect("AH01695: auth_ldap authenticate: user .* authentication failed; .*User not found")
    server.expect("AH01618: user .* not found")
    for name in ("nobody", "*", "ali*", "alice)(uid=*", "x)(|(uid=alice)", "alice\\2a"):
        people.unknown(server, server.get(ALICE._replace(name=name)), "user " + name)


def unavailable(server, person, what):
    """Checks: a clear answer, in bounded time."""
    start = time.monotonic()
    answer = server.get(person)
    server.refused(answer, "%s, %s" % (person.name, what), 500, "^You cannot be signed in at the moment")
    ok(time.monotonic() - start < 8, "%s, %s: not kept waiting" % (person.name, what), "%.1f s" % (time.monotonic() - start))


def outages(server, directory):
    """A directory that says nothing, then is gone; each time it comes back, and httpd goes on as it is."""
    people.launched(server, server.get(LATE[0]), LATE[0])
    server.expect("AH01695: auth_ldap authenticate: user late1 .*(Timed out|Connect error|Can't contact|start_tls)")
    directory.freeze()
    unavailable(server, LATE[1], "a directory that says nothing")
    people.launched(server, server.get(LATE[0]), LATE[0])  # found a moment ago
    directory.thaw()
    for person in (LATE[1], LATE[2]):
        people.launched(server, server.get(person), person)
    server.expect("AH01695: auth_ldap authenticate: user late3 .*Can't contact LDAP server")
    directory.kill()
    unavailable(server, LATE[3], "a directory that is gone")
    unavailable(server, LATE[3], "a directory that is still gone")
    directory.start()
    for person in (LATE[3], LATE[4]):
        people.launched(server, server.get(person), person)


def encryption(directory):
    """Over the other kind of TLS; and nobody signs in where the directory cannot prove who it is, or in the clear."""
    with idp(directory.secure_url, "SSL") as server:
        people.launched(server, server.get(ZOE), ZOE)
    for what, url, tls, ca in (("a directory of another authority, StartTLS", directory.url, "STARTTLS", "other.pem"),
                               ("a directory of another authority, ldaps", directory.secure_url, "SSL", "other.pem"),
                               ("in the clear", directory.url, "NONE", "ca.pem")):
        with idp(url, tls, ca) as server:
            server.expect("AH01695: auth_ldap authenticate: user alice ")
            unavailable(server, ALICE, what)


with Slapd(ENTRIES) as directory:
    with idp(directory.url) as server:
        claims(server)
        refusals(server)
        outages(server, directory)
    encryption(directory)

done_testing()
