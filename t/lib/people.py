# SPDX-License-Identifier: Apache-2.0
"""The people whom the tests of conf/examples sign in, and what RingCentral must be told about them.

    people.ALICE, people.ZOE            # may use RingCentral; ZOE's name, password and claims are not ASCII
    people.MALLORY                      # is known, and may not
    people.GHOST                        # may, but has no mail address
    people.write_files(server)          # user, group and people files of the examples, which people.FILES Defines
    people.launched(server, answer, people.ZOE)             # checks everything that is said about her
    people.unknown(server, answer, "who")                   # and that a wrong password leads to nothing
"""
import collections
import subprocess

import example
from tap import is_

Person = collections.namedtuple("Person", "name password mail givenname surname number groups")

ALICE = Person("alice", "secret", "alice.smith@example.com", "Alice", "Smith", "+15550100", ["sales", "support"])
# The second bytes of "à" and "Å" are white space in some character sets.
ZOE = Person("zoë", "pässwörd à Å", "zoe@example.com", "Zoë", "van Dåm à Łódź Å", "+493055501", ["büro-süd"])
MALLORY = Person("mallory", "secret", "mallory@example.com", "Mallory", "Jones", "+15550199", ["sales"])
GHOST = Person("ghost", "secret", None, None, None, None, [])
PEOPLE = [ALICE, ZOE, MALLORY, GHOST]

FILES = {"USER_FILE": "${folder}/users", "GROUP_FILE": "${folder}/groups", "PEOPLE_FILE": "${folder}/people"}
PASSWORD = example.CLASSES + "PasswordProtectedTransport"


def bcrypt(person):
    """A line of an AuthUserFile; the cheapest bcrypt is strong enough here."""
    return subprocess.run(["htpasswd", "-niB", "-C", "4", person.name], input=person.password.encode(), check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode().strip() + "\n"


def line(person):
    """A line of the file of people."""
    fields = [person.mail, person.givenname, person.surname, person.number, ",".join(person.groups)]
    return "%s %s\n" % (person.name, ";".join(fields).replace(" ", "_"))


def write_files(server, users=bcrypt):
    """Write the files that FILES names into the server's folder."""
    server.write("users", "".join(users(person) for person in PEOPLE))
    server.write("groups", "ringcentral: alice zoë ghost\n")
    server.write("people", "".join(line(person) for person in PEOPLE if person.mail))


def launched(server, answer, person, context=PASSWORD, **options):
    """Checks: a launch of that person, who has just signed in. Returns the Fields."""
    fields = server.launched(answer, person.name, **options)
    is_(fields.name_id, person.mail, "%s: the name ID is the mail address" % person.name)
    # A directory has no order of groups.
    fields.claims["groups"] = sorted(fields.claims.get("groups", []))
    is_(fields.claims, {"email": [person.mail], "givenname": [person.givenname], "surname": [person.surname],
                        "number": [person.number], "groups": sorted(person.groups)},
        "%s: the claims" % person.name)
    is_(fields.authn_context, context, "%s: the authentication context" % person.name)
    example.is_now(fields, person.name)
    return fields


def unknown(server, answer, who):
    """Checks: nothing is issued to one who did not say who he is, or could not prove it."""
    server.refused(answer, who, status=401, sentence="^You have not signed in")
