#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""conf/examples/basic-file.conf: users, groups and people in files, passwords as bcrypt."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import example
import people
from example import Example
from people import ALICE, GHOST, MALLORY, ZOE
from tap import done_testing, is_, like

MODULES = ["authz_groupfile", "rewrite"]
example.needs("htpasswd (Debian: apache2-utils)", example.program("htpasswd"))
example.needs("mod_authz_groupfile and mod_rewrite", *map(example.module, MODULES))

# A site that has taken symbolic links away, which mod_rewrite does not like.
STRICT = '<Directory "${folder}/docs">\nOptions None\nAllowOverride None\n</Directory>'


def get(person, password=None):
    return server.client().get("/ringcentral", user=person.name, password=password or person.password)


server = Example("basic-file", MODULES, people.FILES, vhost=STRICT)
people.write_files(server)
with server:
    for person in (ALICE, ZOE):
        people.launched(server, get(person), person)

    server.expect("AH01631: user mallory: authorization failure", count=1)
    server.refused(get(MALLORY), "mallory, who is in no group")
    server.expect("RCIDP30: ", count=1)
    server.refused(get(GHOST), "ghost, who is not in the file of people", sentence="^Your account has no e-mail address")
    server.expect("AH01617: user zo.*: authentication failure .*: Password Mismatch", count=1)
    people.unknown(server, get(ZOE, "passwort"), "a wrong password")
    server.expect("AH01618: user nobody not found", count=1)
    people.unknown(server, server.client().get("/ringcentral", user="nobody"), "an unknown user")
    answer = server.client().get("/ringcentral")
    people.unknown(server, answer, "nobody")
    like(answer.header("WWW-Authenticate"), '^Basic realm="Example Inc."', "nobody: the browser is to ask for a password")

    server.write("people", people.line(ALICE._replace(mail="alice.jones@example.com")))
    is_(server.launched(get(ALICE), "alice, whose line has changed").name_id, "alice.jones@example.com",
        "a change in the file of people counts at once")
    is_(server.client().get("/ringcentral/metadata").status, 200, "the metadata needs no password")

done_testing()
