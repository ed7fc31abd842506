#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Who may launch, said by Require in each of its forms: one Location a row, asked by those who may and those who may not.

The one gets a Response in that user's name. The other gets a page that says why and names RcIdpContact, and nothing else.
Basic authentication alone, Satisfy and client certificates are in t/http/who.py, detours in t/auth/bypass.py.
"""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import form
import pages
import verify
from idp import Idp
from rows import Rows
from tap import done_testing, is_, like

MODULES = ["authz_groupfile", "authz_host", "include"]
GROUPS = "staff: alice bob\nit: alice\n"
NAMES = ["alice", "bob", "mallory", None]
SECTION = """
<Location "%s">
    SetHandler rcidp-launch
    RcIdpLaunch us
    %s
</Location>
"""
# Inherited by all, so that a row is what it requires and no more.
ALL = """
RcIdpMail "%{REMOTE_USER}@example.com"
SetEnvIf X-Network "^office$" office
<Location "/">
    AuthType Basic
    AuthName "Example Inc."
    AuthBasicProvider file
    AuthUserFile  "${folder}/users"
    AuthGroupFile "${folder}/groups"
    AuthzSendForbiddenOnFailure On
</Location>
<Location "/own">
    Require all granted
</Location>
<Directory "${folder}/docs/own">
    Options +Includes
    SetOutputFilter INCLUDES
</Directory>
"""
ALIASES = """
<AuthzProviderAlias group of-it "it">
</AuthzProviderAlias>
<AuthzProviderAlias group of-other-file "staff">
    AuthGroupFile "${folder}/other-groups"
</AuthzProviderAlias>
<AuthzProviderAlias ip elsewhere "192.0.2.0/24 2001:db8::/32">
</AuthzProviderAlias>
"""
# What httpd says of who may not, with and without a user.
REFUSAL = "AH01631: user %s: authorization failure"
NO_USER = "AH01629: authorization failure"
FAILURE = "AH02320: Error evaluating expression in 'Require expr'"
AWAY = "AH01630: client denied by server configuration"
UNASSIGNED = "Your account is not assigned to RingCentral."
SENTENCES = {
    "denied": UNASSIGNED,
    401: "You have not signed in, or your name or password is wrong.",
    403: "RingCentral cannot be opened from here.",
    500: "You cannot be signed in at the moment. Try again soon.",
    "not-protected": "This is not your fault: the sign-in service is not set up right.",
}


def of(kind, *lines):
    """A container of Require lines, which nests."""
    return "<Require%s>\n    %s\n    </Require%s>" % (kind, "\n    ".join(lines), kind)


def hours(first, last):
    """An expression: is it between these hours, which are counted from now?"""
    first, last = [(time.localtime().tm_hour + hour) % 24 for hour in (first, last)]
    return 'Require expr "%%{TIME_HOUR} -ge %02d %s %%{TIME_HOUR} -lt %02d"' % (first, "&&" if first < last else "||", last)


VALID = "Require valid-user"
STAFF, IT, ALICE, BOB = "Require group staff", "Require group it", "Require user alice", "Require user bob"
HERE, NOT_HERE = "Require ip 127.0.0.1", "Require ip 192.0.2.0/24"
OFFICE, HOME = [("X-Network", "office")], [("X-Network", "home")]
BY_NETWORK = """<If "%%{HTTP:X-Network} == 'office'">
    %s
    </If>
    <ElseIf "%%{HTTP:X-Network} == 'home'">
    %s
    </ElseIf>
    <Else>
    %s
    </Else>""" % (STAFF, ALICE, "Require all denied")
# Whoever is not named is denied, and nobody is asked for a password; unless there is one word for all.
EVERYBODY, STAFFERS, ALONE = "alice bob mallory", "alice bob", "alice"
AT_ALL, HIDDEN, BROKEN, BROKEN_LATE, OPEN = "", 403, 500, None, "not-protected"
# name, what the Location says, who may launch, headers
TABLE = [
    ("users", "Require user alice bob", STAFFERS, ()),
    ("a group", STAFF, STAFFERS, ()),
    ("a group that there is not", "Require group none", AT_ALL, ()),
    ("a file of groups that there is not", STAFF + '\n    AuthGroupFile "${folder}/none"', AT_ALL, ()),
    ("valid users, and not one", of("All", VALID, "Require not user mallory"), STAFFERS, ()),
    ("valid users, and not a group", of("All", VALID, "Require not group it"), "bob mallory", ()),
    ("an expression of the user", "Require expr \"%{REMOTE_USER} in {'alice', 'carol'}\"", ALONE, ()),
    ("a header", of("All", STAFF, "Require expr \"%{HTTP:X-Network} == 'office'\""), STAFFERS, OFFICE),
    ("a header, other", of("All", STAFF, "Require expr \"%{HTTP:X-Network} == 'office'\""), HIDDEN, HOME),
    ("a variable", of("All", STAFF, "Require env office"), STAFFERS, OFFICE),
    ("a variable, unset", of("All", STAFF, "Require env office"), HIDDEN, HOME),
    ("in these hours", of("All", VALID, hours(0, 2)), EVERYBODY, ()),
    ("in other hours", of("All", VALID, hours(2, 23)), HIDDEN, ()),
    ("an address", of("All", VALID, HERE), EVERYBODY, ()),
    ("another address", of("All", VALID, NOT_HERE), HIDDEN, ()),
    ("not an address", of("All", VALID, "Require not ip 127.0.0.0/8"), HIDDEN, ()),
    ("a local client", of("All", STAFF, "Require local"), STAFFERS, ()),
    ("a name of the network", of("All", STAFF, "Require forward-dns localhost"), STAFFERS, ()),
    ("a method", of("All", STAFF, "Require method GET"), STAFFERS, ()),
    ("another method", of("All", STAFF, "Require method POST"), HIDDEN, ()),
    ("nobody at all", "Require all denied", HIDDEN, ()),
    ("nobody at all, or one", of("Any", "Require all denied", ALICE), ALONE, ()),
    ("nobody at all, and one", of("All", "Require all denied", ALICE), HIDDEN, ()),
    ("everybody, and one", of("All", "Require all granted", ALICE), ALONE, ()),
    ("any of", of("Any", IT, BOB, NOT_HERE), STAFFERS, ()),
    ("several lines are any of", IT + "\n    " + BOB, STAFFERS, ()),
    ("all of", of("All", STAFF, IT), ALONE, ()),
    ("none of", of("All", VALID, of("None", IT, "Require user mallory")), "bob", ()),
    ("any in all in any", of("Any", "Require user mallory", of("All", of("Any", IT, BOB), "Require not user bob", HERE)),
     "alice mallory", ()),
    ("<If>", BY_NETWORK, STAFFERS, OFFICE),
    ("<ElseIf>", BY_NETWORK, ALONE, HOME),
    ("<Else>", BY_NETWORK, HIDDEN, ()),
    ("<If> in place of what is around it", ALICE + '\n    <If "true">\n    %s\n    </If>' % BOB, "bob", ()),
    ("<If> beside what is around it", STAFF + '\n    <If "true">\n    AuthMerging And\n    %s\n    </If>' % IT, ALONE, ()),
    ("<If> that does not hold", ALICE + '\n    <If "false">\n    Require all granted\n    </If>', ALONE, ()),
    ("a named group", "Require of-it", ALONE, ()),
    ("a named group in a file of its own", "Require of-other-file", "mallory", ()),
    ("a named network", of("All", VALID, "Require elsewhere"), HIDDEN, ()),
    ("an expression that fails with a user", "Require expr \"-n %{REMOTE_USER} && file('${folder}/none') == 'x'\"", BROKEN_LATE, ()),
    ("an expression that fails", "Require expr \"file('${folder}/none') == %{REMOTE_USER}\"", BROKEN, ()),
    # The network lets them in, so nobody is asked who it is.
    ("local clients alone", "Require local", OPEN, ()),
    ("an expression alone", "Require expr \"%{HTTP:X-Network} == 'office'\"", OPEN, OFFICE),
    ("a variable alone", "Require env office", OPEN, OFFICE),
    ("a method alone", "Require method GET", OPEN, ()),
    ("the user or the network", of("Any", ALICE, of("All", HERE, "Require not ip 192.0.2.1")), OPEN, ()),
    ("<If> that opens", ALICE + '\n    <If "%{HTTP:X-Network} == \'office\'">\n    Require all granted\n    </If>', OPEN, OFFICE),
]
TABLE = [("/row%d" % number, *row) for number, row in enumerate(TABLE)]
# A launch path in another: /staff requires a group, what is below something else.
NESTED = [
    ("/staff", "the outer path", STAFF, STAFFERS, ()),
    ("/staff/inherited", "an inner path that says nothing", "", STAFFERS, ()),
    ("/staff/plain", "an inner path that says otherwise", "Require user mallory", "mallory", ()),
    ("/staff/off", "AuthMerging Off", "AuthMerging Off\n    Require user mallory", "mallory", ()),
    ("/staff/and", "AuthMerging And", "AuthMerging And\n    Require user alice mallory", ALONE, ()),
    ("/staff/and/not", "AuthMerging And in And", "AuthMerging And\n    " + of("All", VALID, "Require not user alice"), AT_ALL, ()),
    ("/staff/or", "AuthMerging Or", "AuthMerging Or\n    Require user mallory", EVERYBODY, ()),
    ("/staff/or/and", "AuthMerging And in Or", "AuthMerging And\n    Require user mallory bob", "bob mallory", ()),
    ("/staff/and-network", "AuthMerging And with a network", "AuthMerging And\n    " + HERE, STAFFERS, ()),
    ("/staff/or-network", "AuthMerging Or with a network", "AuthMerging Or\n    " + HERE, OPEN, ()),
]
OWN = [
    ("/document", "a document of the site", "/own/error.shtml", {},
     "[403|/document|denied|%s]" % UNASSIGNED),
    ("/text", "a text of the site", '"the text of the site"', {}, "the text of the site"),
    ("/elsewhere", "a page elsewhere", "https://www.example.com/error", {"status": 302}, None),
    ("/default", "the default document", "default", {"ours": True}, None),
]
DOCUMENT = "[%s]" % "|".join('<!--#echo var="REDIRECT_%s" -->' % name for name in ("STATUS", "URL", "RCIDP_RESULT", "RCIDP_ERROR"))


def expected(lines, may, who):
    """What this user is to get, and what else rows.ask() must know of it."""
    if may in (HIDDEN, BROKEN, OPEN):
        return may, {"also": {HIDDEN: AWAY, BROKEN: FAILURE, OPEN: []}[may]}
    if who is None:
        return 401, {}
    if may is BROKEN_LATE:
        return 500, {"also": FAILURE}
    if who in may.split():
        return "issued", {}
    # After an expression of the user httpd believes that there is none, and lets the browser ask again come what may.
    return "denied", {"status": 401, "also": NO_USER} if "%{REMOTE_USER}" in lines else {"also": REFUSAL % who}


def judge(path, name, lines, may, headers):
    for who in NAMES:
        result, options = expected(lines, may, who)
        title = "%s, %s" % (name, who or "nobody")
        answer = rows.ask(title, "GET", path, result, user=who, headers=headers, ours=True, head=who == "alice", **options)
        if result == "issued":
            is_(verify.fields(form.auto_post(answer.text).xml).name_id, who + "@example.com", title + ": whose Response it is")
        else:
            like(pages.sentence(answer), "^" + SENTENCES[result].replace(".", r"\."), title + ": is told why")
            like(answer.text, r'<a href="mailto:helpdesk@example\.com">', title + ": and whom to ask")


rows = Rows()
ERRORS = "".join(SECTION % (path, "%s\n    ErrorDocument 403 %s" % (ALICE, document)) for path, _, document, _, _ in OWN)
ASKED_AGAIN = SECTION % ("/asked-again", ALICE + "\n    AuthzSendForbiddenOnFailure Off")
with Idp(server=rows.CONFIGURATION + ALIASES + "RcIdpContact helpdesk@example.com\n", modules=MODULES, users=("alice", "bob", "mallory"),
         vhost=ALL + "".join(SECTION % (path, lines) for path, _, lines, _, _ in TABLE + NESTED) + ERRORS + ASKED_AGAIN) as server:
    server.write("groups", GROUPS)
    server.write("other-groups", "staff: mallory\n")
    server.write("docs/own/error.shtml", DOCUMENT)
    rows.serve(server)
    server.expect("AH01665: Could not open group file: .*/none$")
    server.expect("Evaluation of expression from .* failed: Cannot open file .*/none$")
    for row in TABLE + NESTED:
        judge(*row)

    for path, name, document, options, text in OWN:
        # HEAD of a document that is parsed differs from GET by httpd's doing.
        answer = rows.ask(name, "GET", path, "denied", user="mallory", also=REFUSAL % "mallory", head=not document.startswith("/"),
                          **{"ours": False, **options})
        if text:
            is_(answer.text, text, name + ": wins, and may say why")
        is_(answer.header("Location"), document if "status" in options else None, name + ": where it leads")
        rows.ask(name + ", for who may", "GET", path, "issued", user="alice")

    answer = rows.ask("asked again", "GET", "/asked-again", "denied", user="mallory", status=401, also=REFUSAL % "mallory")
    like(answer.header("WWW-Authenticate"), "^Basic ", "asked again: by the browser")
    like(pages.sentence(answer), "^" + UNASSIGNED, "asked again: and told why")
    rows.ask("asked again, who may", "GET", "/asked-again", "issued", user="alice")
rows.judge()
done_testing()
