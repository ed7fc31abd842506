#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Names and formats of attributes and name IDs, what is sent where little is said, when the mail is needed, and how the lines of
sections add up."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import form
import idp
import verify
from idp import EMAIL, Idp
from rows import Rows
from snippets import file
from tap import done_testing, is_, like, ok

CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
MICROSOFT = "http://schemas.microsoft.com/ws/2008/06/identity/claims/"
URI, BASIC = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri", "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
FORMAT, FORMAT2 = "urn:oasis:names:tc:SAML:1.1:nameid-format:", "urn:oasis:names:tc:SAML:2.0:nameid-format:"
ROLE = MICROSOFT + "role"

# As configured, as sent, with which format.
NAMES = [
    ("givenname", CLAIMS + "givenname", URI),
    ("surname", CLAIMS + "surname", URI),
    ("name", CLAIMS + "name", URI),
    ("upn", CLAIMS + "upn", URI),
    ("groups", MICROSOFT + "groups", URI),
    ("role", MICROSOFT + "role", URI),
    ("number", "number", BASIC),
    ("department", "department", BASIC),
    ("Role", "Role", BASIC),
    ("_x.y-z", "_x.y-z", BASIC),
    ("Straße", "Straße", BASIC),
    ("urn:oid:0.9.2342.19200300.100.1.3", "urn:oid:0.9.2342.19200300.100.1.3", URI),
    ("https://example.com/claims/x?y&z", "https://example.com/claims/x?y&z", URI),
    ("x:y", "x:y", URI),
]
NONE = "RcIdpAttribute email none"
MISSING = "RcIdpMail %{reqenv:NOTHING}"
# Lines, the name ID, the attributes; or the word of a refusal.
CASES = [
    ([], "alice@example.com", {EMAIL: ["alice@example.com"]}),
    (["RcIdpAttribute role x"], "alice@example.com", {EMAIL: ["alice@example.com"], ROLE: ["x"]}),
    ([NONE], "alice@example.com", {}),
    ([NONE, "RcIdpAttribute role x"], "alice@example.com", {ROLE: ["x"]}),
    (["RcIdpAttribute email x@y"], "alice@example.com", {EMAIL: ["x@y"]}),
    (["RcIdpAttribute email %s" % MISSING.split()[1]], "alice@example.com", {}),
    (["RcIdpAttribute email x@y if=false"], "alice@example.com", {}),
    (['RcIdpAttribute role "a;b;c" split=;'], "alice@example.com", {EMAIL: ["alice@example.com"], ROLE: ["a", "b", "c"]}),
    # The mail is needed where it is sent, and only there.
    ([MISSING], None, "no-mail"),
    ([MISSING, NONE], None, "no-mail"),
    ([MISSING, "RcIdpNameID unspecified x"], None, "no-mail"),
    ([MISSING, "RcIdpNameID transient"], None, "no-mail"),
    ([MISSING, "RcIdpNameID persistent x"], None, "no-mail"),
    ([MISSING, "RcIdpNameID persistent", NONE], None, "no-mail"),
    ([MISSING, "RcIdpNameID unspecified", NONE], None, "no-mail"),
    ([MISSING, "RcIdpNameID unspecified x", NONE], "x", {}),
    ([MISSING, "RcIdpNameID unspecified x", "RcIdpAttribute email y@z"], "x", {EMAIL: ["y@z"]}),
    ([MISSING, "RcIdpNameID email x@y", NONE], "x@y", {}),
    (["RcIdpMail x", "RcIdpNameID unspecified", NONE], None, "bad-mail"),
    (["RcIdpMail x", "RcIdpNameID unspecified x", NONE], "x", {}),
    (["RcIdpMail x", "RcIdpNameID unspecified y"], None, "bad-mail"),
    # An attribute of that name of one's own may be anything.
    (["RcIdpAttribute email x"], "alice@example.com", {EMAIL: ["x"]}),
]
FORMATS = [
    ("", FORMAT + "emailAddress"),
    ("RcIdpNameID email", FORMAT + "emailAddress"),
    ("RcIdpNameID unspecified x", FORMAT + "unspecified"),
    ("RcIdpNameID transient", FORMAT2 + "transient"),
    ("RcIdpNameID persistent x", FORMAT2 + "persistent"),
    ("RcIdpNameID urn:x:y x", "urn:x:y"),
    ("RcIdpNameID %sWindowsDomainQualifiedName EXAMPLE\\alice" % FORMAT, FORMAT + "WindowsDomainQualifiedName"),
]

# What the server and the outer section say; then sections within, queries, and what is sent there.
SERVER = "RcIdpAttribute upn host\n"
OUTER = """RcIdpAttribute number 1
RcIdpAttribute number 2 "if=%{QUERY_STRING} =~ /two/"
"""
MERGING = [
    ("/outer", "", "", {"upn": "host", "number": "1", "email": "alice@example.com"}),
    ("/outer", "", "two", {"upn": "host", "number": "2", "email": "alice@example.com"}),
    ("/outer/other", "RcIdpAttribute role x", "two", {"upn": "host", "number": "2", "role": "x", "email": "alice@example.com"}),
    ("/outer/same", "RcIdpAttribute number 3", "two", {"upn": "host", "number": "3", "email": "alice@example.com"}),
    ("/outer/if", 'RcIdpAttribute number 3 "if=%{QUERY_STRING} =~ /three/"', "two", {"upn": "host", "email": "alice@example.com"}),
    ("/outer/none", "RcIdpAttribute upn none\n" + NONE, "", {"number": "1"}),
    ("/outer/none/again", "RcIdpAttribute upn again\nRcIdpAttribute email %{REMOTE_USER}", "", {"upn": "again", "number": "1", "email": "alice"}),
    ("/outer/two", "RcIdpAttribute upn a\nRcIdpAttribute upn b\nRcIdpAttribute number 4 if=false", "", {"upn": "b", "email": "alice@example.com"}),
    ("/outer/apart", 'RcIdpAttribute role a\nRcIdpAttribute upn b\nRcIdpAttribute role c "if=%{QUERY_STRING} =~ /two/"\nRcIdpAttribute upn d', "two",
     {"role": "c", "upn": "d", "number": "2", "email": "alice@example.com"}),
    ("/outer/section", '<If "true">\nRcIdpAttribute upn if\n</If>', "", {"upn": "if", "number": "1", "email": "alice@example.com"}),
    ("/outer/user", '<If "%{REMOTE_USER} == \'alice\'">\nRcIdpAttribute upn if\n</If>', "",  # where nobody is signed in yet
     {"upn": "host", "number": "1", "email": "alice@example.com"}),
]
SHORT = {"upn": CLAIMS + "upn", "number": "number", "role": ROLE, "email": EMAIL}


def launch(path, text, names="us eu au"):
    return ('<Location "%s">\nSetHandler rcidp-launch\nRcIdpLaunch %s\nRcIdpMail "%%{REMOTE_USER}@example.com"\n%s\n%s</Location>\n'
            % (path, names, text, idp.AUTHENTICATION))


def attributes(xml):
    return verify.fields(xml).attributes


sections = [launch("/names", "\n".join('RcIdpAttribute %s "one;two" split=;' % name for name, _, _ in NAMES))]
sections += [launch("/case/%d" % number, "\n".join(lines)) for number, (lines, _, _) in enumerate(CASES)]
sections += [launch("/format/%d" % number, line) for number, (line, _) in enumerate(FORMATS)]
rows = Rows()
with Idp(server=rows.CONFIGURATION + 'RcIdpPersistentIDSecretFile "%s"\n' % file("secret", os.urandom(32)), vhost="".join(sections)) as server:
    rows.serve(server)
    post = server.launch("/names?sp=us")
    problem = verify.schema(post.xml)
    ok(not problem, "the Response with all names is valid", problem)
    found = {element.get("Name"): element for element in verify.fields(post.xml).attribute_elements}
    for name, full, name_format in NAMES:
        element = found.get(full)
        is_(element is not None and element.get("NameFormat"), name_format, name + ": sent, with its format")
        is_(element is not None and [value.text for value in element], ["one", "two"], name + ": one element for each value")
    is_(len(found), len(NAMES) + 1, "and the mail, and nothing else")

    for number, (lines, name_id, wanted) in enumerate(CASES):
        what = ", ".join(lines) or "nothing said"
        answer = rows.ask(what, "GET", "/case/%d?sp=us" % number, wanted if name_id is None else "issued", head=False)
        if name_id is not None:
            xml = form.auto_post(answer.text).xml
            is_((verify.fields(xml).name_id, attributes(xml)), (name_id, wanted), what + ": name ID and attributes")
            problem = verify.schema(xml)
            ok(not problem, what + ": valid", problem)

    for number, (line, wanted) in enumerate(FORMATS):
        ids = {}
        for name in ("us", "us", "eu", "au"):
            fields = verify.fields(server.launch("/format/%d?sp=%s" % (number, name)).xml)
            is_(fields.name_id_format, wanted, "%s, %s: the format" % (line or "nothing said", name))
            ids.setdefault(name, []).append(fields.name_id)
        everything = [name_id for each in ids.values() for name_id in each]
        if "transient" in line:
            is_(len(set(everything)), 4, line + ": another one each time")
            ok(all(re.fullmatch("_[0-9a-f]{40}", name_id) for name_id in everything), line + ": 160 random bits", *everything)
        elif "persistent" in line:
            is_(ids["us"][0], ids["us"][1], line + ": always the same")
            is_(ids["us"][0], ids["au"][0], line + ": by the service provider's entityID")
            ok(ids["us"][0] != ids["eu"][0], line + ": another one elsewhere")
            like(ids["us"][0], "^[0-9a-f]{64}$", line + ": tells nothing")
        else:
            is_(len(set(everything)), 1, (line or "nothing said") + ": always the same")
rows.judge()

with Idp(vhost=SERVER + launch("/outer", OUTER, "us") + "".join(launch(path, text, "us") for path, text, _, _ in MERGING if text),
         name="merging") as server:
    for path, text, query, wanted in MERGING:
        is_(attributes(server.launch(path + "?" + query).xml), {SHORT[name]: [value] for name, value in wanted.items()},
            "%s?%s: %s" % (path, query, text or "nothing further"))
done_testing()
