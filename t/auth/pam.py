#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""conf/examples/pam.conf: mod_authnz_pam with services of the test's own, which pam_wrapper puts in the place of /etc/pam.d."""
import glob
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import example
import people
from example import Example
from people import ALICE, GHOST, MALLORY, PEOPLE, ZOE
from tap import done_testing, is_, like

MODULES = ["authnz_pam", "rewrite"]
WRAPPER = next(iter(glob.glob("/usr/lib*/libpam_wrapper.so") + glob.glob("/usr/lib/*/libpam_wrapper.so")), None)
MATRIX = next(iter(glob.glob("/usr/lib*/pam_wrapper/pam_matrix.so") + glob.glob("/usr/lib/*/pam_wrapper/pam_matrix.so")), None)
example.needs("mod_authnz_pam (Debian: libapache2-mod-authnz-pam)", example.module("authnz_pam"))
example.needs("pam_wrapper (Debian: libpam-wrapper)", WRAPPER, MATRIX)
example.needs("mod_rewrite", example.module("rewrite"))

# Passwords from a file, in place of SSSD's; who may use RingCentral by a module that every system has.
SIGN_IN = "auth required %s passdb=%s\naccount required pam_permit.so\n"
ACCESS = "account required pam_listfile.so item=user sense=allow onerr=fail file=%s\n"


def get(person, password=None):
    return server.client().get("/ringcentral", user=person.name, password=password or person.password)


server = Example("pam", MODULES, {"PEOPLE_FILE": people.FILES["PEOPLE_FILE"]}, environment={"PAM_WRAPPER": "1"})
people.write_files(server)
passwords = server.write("passwords", "".join("%s:%s:any\n" % (person.name, person.password) for person in PEOPLE))
allowed = server.write("allowed", "alice\nzoë\nghost\n")
server.write("pam.d/ringcentral-sign-in", SIGN_IN % (MATRIX, passwords))
server.write("pam.d/ringcentral", ACCESS % allowed)
server.write("pam.d/other", "auth required pam_deny.so\naccount required pam_deny.so\n")
server.environment["PAM_WRAPPER_SERVICE_DIR"] = server.path("pam.d")
server.environment["LD_PRELOAD"] = " ".join(filter(None, [os.environ.get("RCIDP_PRELOAD"), WRAPPER]))
with server:
    for person in (ALICE, ZOE):
        people.launched(server, get(person), person)

    server.expect("PAM account validation failed for user mallory: Authentication failure", count=1)
    server.expect("AH01631: user mallory: authorization failure", count=1)
    server.refused(get(MALLORY), "mallory, whom the second service does not know")
    server.expect("RCIDP30: ", count=1)
    server.refused(get(GHOST), "ghost, who is not in the file of people", sentence="^Your account has no e-mail address")
    server.expect("PAM authentication failed for user zo.*: Authentication failure", count=1)
    server.expect("AH01617: user zo.*: authentication failure .*: Password Mismatch", count=1)
    people.unknown(server, get(ZOE, "passwort"), "a wrong password")
    server.expect("user nobody", count=2)
    people.unknown(server, get(ALICE._replace(name="nobody")), "an unknown user")
    answer = server.client().get("/ringcentral")
    people.unknown(server, answer, "nobody")
    like(answer.header("WWW-Authenticate"), '^Basic realm="Example Inc."', "nobody: the browser is to ask for a password")
    is_(server.client().get("/ringcentral/metadata").status, 200, "the metadata needs no password")

done_testing()
