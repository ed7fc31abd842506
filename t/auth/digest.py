#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""conf/examples/digest.conf: Digest authentication against a file, as browsers do it."""
import hashlib
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import example
import people
from example import Example
from people import ALICE, GHOST, MALLORY, ZOE
from tap import done_testing, is_, like

MODULES = ["auth_digest", "authz_groupfile", "rewrite"]
REALM = "Straße & Co."
example.needs("mod_auth_digest, mod_authz_groupfile and mod_rewrite", *map(example.module, MODULES))


def md5(*parts):
    return hashlib.md5(":".join(parts).encode()).hexdigest()


def digest(person):
    """A line of the file, as htdigest writes it."""
    return "%s:%s:%s\n" % (person.name, REALM, md5(person.name, REALM, person.password))


def get(person, password=None, query=""):
    """Names and realm in UTF-8 as they are, as RFC 7616 has them; curl 8.22 percent-encodes what is not ASCII."""
    path = "/ringcentral" + query
    nonce = re.search('nonce="([^"]+)"', server.client().get(path).header("WWW-Authenticate")).group(1)
    count, own = "00000001", md5(nonce)
    proof = md5(md5(person.name, REALM, password or person.password), nonce, count, own, "auth", md5("GET", path))
    return server.client().get(path, headers=[("Authorization", (
        'Digest username="%s", realm="%s", nonce="%s", uri="%s", algorithm=MD5, qop=auth, nc=%s, cnonce="%s", response="%s"')
        % (person.name, REALM, nonce, path, count, own, proof))])


server = Example("digest", MODULES, {"DIGEST_REALM": REALM, **people.FILES})
people.write_files(server, digest)
with server:
    for person in (ALICE, ZOE):
        people.launched(server, get(person, query="?sp=us"), person)

    server.expect("AH01631: user mallory: authorization failure", count=1)
    server.refused(get(MALLORY), "mallory, who is in no group")
    server.expect("RCIDP30: ", count=1)
    server.refused(get(GHOST), "ghost, who is not in the file of people", sentence="^Your account has no e-mail address")
    server.expect("AH01794: user zo.*: password mismatch", count=1)
    people.unknown(server, get(ZOE, "passwort"), "a wrong password")
    server.expect("AH01790: user `nobody' in realm `Stra.*' not found", count=1)
    people.unknown(server, get(ALICE._replace(name="nobody")), "an unknown user")
    answer = server.client().get("/ringcentral")
    people.unknown(server, answer, "nobody")
    like(answer.header("WWW-Authenticate"), '^Digest realm=".*, qop="auth"', "nobody: the browser is to ask for a password")
    server.expect("AH01781: client used wrong authentication scheme `Basic'", count=1)
    people.unknown(server, server.client().get("/ringcentral", user="alice"), "alice with Basic authentication")
    is_(server.client().get("/ringcentral/metadata").status, 200, "the metadata needs no password")

done_testing()
