#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Every transformation, alone and in company, with its quoting; the lines that decide by if=; and all that Entra ID offers."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import form
import idp
import verify
from idp import Idp
from rows import Rows
from tap import done_testing, is_

ROLE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
A, B = "%{HTTP:X-A}", "%{HTTP:X-B}"
FAILS = "%{file:/nowhere/at/all}"
# What the log has beside RCIDP34, by what cannot be done.
FAILURES = {"expression": "RCIDP40: ", "condition": "RCIDP41: ", "evaluation": "RCIDP42: "}


def one(transforms, given, wanted):
    """A row: what becomes of the header X-A."""
    return ("%s: %r" % (transforms, given[:40]), ["role %s %s" % (A, transforms)], {"X-A": given}, wanted)


# Name, lines of RcIdpAttribute, headers, the values that are sent: a list, None for no attribute, or a word of a refusal.
TABLE = [
    ("nothing to do", ["role " + A], {"X-A": "Some Value"}, ["Some Value"]),
    ("nothing there", ["role " + A], {}, None),
    ("a constant", ["role constant"], {}, ["constant"]),
    ("text around", ['role "<%s|%s>"' % (A, B)], {"X-A": "a", "X-B": "b"}, ["<a|b>"]),
    # Letters and addresses.
    one("lower", "MiXeD 12 ÄÖ", ["mixed 12 ÄÖ"]),
    one("upper", "MiXeD 12 äö", ["MIXED 12 äö"]),
    one("local-part", "alice@example.com", ["alice"]),
    one("local-part", "alice", ["alice"]),
    one("local-part", "a@b@c", ["a"]),
    one("local-part", "@example.com", None),
    one("domain", "alice@example.com", ["example.com"]),
    one("domain", "alice", None),
    one("domain", "alice@", None),
    one("domain", "a@b@c", ["b@c"]),
    # Substitution.
    one("s/a/b/", "banana", ["bbnana"]),
    one("s/a/b/g", "banana", ["bbnbnb"]),
    one("s/A/b/", "banana", ["banana"]),
    one("s/A/b/i", "banana", ["bbnana"]),
    one("s/A/b/gi", "bAnana", ["bbnbnb"]),
    one("s/A/b/ig", "bAnana", ["bbnbnb"]),
    one("s/a//g", "banana", ["bnn"]),
    one("s/.*//", "banana", None),
    one("s/x/y/", "banana", ["banana"]),
    one("s|/|-|g", "a/b/c", ["a-b-c"]),
    one("s,a,b,", "a", ["b"]),
    one("s#a#b#", "a", ["b"]),
    one("s!a!b!", "a", ["b"]),
    one(r"s/\//-/g", "a/b/c", ["a-b-c"]),
    one(r"s/a/\//", "a", ["/"]),
    one(r"s|a\|b|x|", "a|b", ["x|b"]),  # the delimiter loses its backslash, and is an alternative to the expression
    one(r"s/(.)(.)(.)(.)(.)(.)(.)(.)(.)/$9$8$7$6$5$4$3$2$1/", "123456789", ["987654321"]),
    one("s/^.*$/[$0]/", "abc", ["[abc]"]),
    one("s/(a)(x)?/$1-$2-/", "ab", ["a--b"]),
    one("s/(a)/$10/", "a", ["a0"]),
    one(r"s/a/\$1/", "a", ["$1"]),
    one(r"s/a/$/", "a", ["$"]),
    one(r"s/a/&/", "a", ["&"]),
    one("s/^/>/g", "abc", [">abc"]),
    one("s/$/!/g", "abc", ["abc!"]),
    one("s/^a/b/g", "aaa", ["baa"]),
    one("s/x*/-/g", "abc", ["-a-b-c-"]),
    one("s/x*/-/g", "axb", ["-a--b-"]),
    one("s/x*/-/", "abc", ["-abc"]),
    one("s/[0-9]*//g", "a1b22c333", ["abc"]),
    one("s/()/./g", "ab", [".a.b."]),
    one("s/./x/g", "äöü", ["xxx"]),
    one("s/x*/-/g", "äö", ["-ä-ö-"]),
    one("s/ö/oe/g", "schöön", ["schoeoen"]),
    one("s/Ä/a/i", "ä", ["a"]),
    one("s/^(.{2}).*$/$1/", "日本語", ["日本"]),
    one(r"s/\d+/#/g", "a1b22", ["a#b#"]),
    one(r"s/(?<first>a)/[$1]/", "a", ["[a]"]),
    one(r"s/\./_/g", "a.b.c", ["a_b_c"]),
    one("s/a/b/ s/b/c/g", "ab", ["cc"]),
    one("s/.*/%s/" % ("x" * 3000), "a", ["x" * 3000]),
    one("s/./0123456789/g", "y" * 6500, ["0123456789" * 6500]),
    one("s/./0123456789/g", "y" * 6600, "evaluation"),
    one("s/a*a*a*a*a*a*a*a*b/x/", "a" * 3000, ["a" * 3000]),
    # Several values.
    one("split=;", "a;b;c", ["a", "b", "c"]),
    one("split=;", ";a;;b;", ["a", "b"]),
    one("split=;", ";;", None),
    one("split=;", "a", ["a"]),
    one("split=;", "a; b", ["a", " b"]),
    one('"split=; "', "a; b", ["a", "b"]),
    one('split="; "', "a; b", ["a", "b"]),
    one('split=" "', "a b", ["a", "b"]),
    one("split=::", "a::b:c", ["a", "b:c"]),
    one("split=→", "ä→ö", ["ä", "ö"]),
    one("split=; split=,", "a,b;c", ["a", "b", "c"]),
    one("split=; upper", "a;b", ["A", "B"]),
    one("split=; s/^a$//", "a;b", ["b"]),
    one("split=; local-part", "a@x;b@y", ["a", "b"]),
    one("split=,", ",".join(map(str, range(4096))), [str(number) for number in range(4096)]),
    one("split=,", "," * 4096, "evaluation"),
    one("match=^a", "abc", ["abc"]),
    one("match=^b", "abc", None),
    one("match=B", "abc", None),
    one("match=(?i)B", "abc", ["abc"]),
    one("match=^.$", "ä", ["ä"]),
    one("split=; match=^a", "ab;b;ac", ["ab", "ac"]),
    one("split=; match=^x", "ab;b", None),
    # Where nothing is left.
    one("default=x", "", ["x"]),
    one("default=x", "a", ["a"]),
    one('default="a b"', "", ["a b"]),
    one('"default=a b"', "", ["a b"]),
    one(r'default="a \"b\" c"', "", ['a "b" c']),
    one("default='a \"b\"'", "", ['a "b"']),
    one("default=", "", None),
    one("default=X lower", "", ["x"]),
    one("lower default=X", "", ["X"]),
    one("default=a;b split=;", "", ["a", "b"]),
    one("split=; match=^x default=none", "a;b", ["none"]),
    one("s/a// default=x", "a", ["x"]),
    one("default=x default=y", "", ["x"]),
    # Quotation marks and backslashes.
    one('"s/ +/-/g"', "a  b c", ["a-b-c"]),
    one("'s/ +/-/g'", "a  b c", ["a-b-c"]),
    one(r'"s/\"/-/g"', 'a"b', ["a-b"]),
    one(r'"s/^.*\\\\//"', "EXAMPLE\\alice", ["alice"]),
    one(r"s/^.*\\\\//", "EXAMPLE\\alice", ["alice"]),
    one(r'"s/\d/#/"', "a1", ["a#"]),
    # Conditions.
    one('"if=-n %s"' % B, "a", None),
    one("if=true", "a", ["a"]),
    one("if=false default=x", "a", None),
    one("default=x if=true", "", ["x"]),
    ("a condition holds", ["role a \"if=%s == 'b'\"" % B], {"X-B": "b"}, ["a"]),
    ("a condition in quotation marks", ["role a if=\"%s == 'b'\"" % B], {"X-B": "b"}, ["a"]),
    ("a condition with a user", ["role a \"if=%{REMOTE_USER} in { 'alice', 'bob' }\""], {}, ["a"]),
    ("a condition with another user", ["role a \"if=%{REMOTE_USER} == 'bob'\""], {}, None),
    ("two conditions", ["role a \"if=-n %s\" \"if=-n %s\"" % (A, B)], {"X-A": "1"}, None),
    ("the last that holds", ["role a", "role b \"if=-n %s\"" % A, "role c \"if=-n %s\"" % B], {"X-A": "1", "X-B": "1"}, ["c"]),
    ("the last that holds is in the middle", ["role a", "role b \"if=-n %s\"" % A, "role c \"if=-n %s\"" % B], {"X-A": "1"}, ["b"]),
    ("the last that holds is the first", ["role a", "role b \"if=-n %s\"" % A], {}, ["a"]),
    ("none holds", ["role a \"if=-n %s\"" % A, "role b \"if=-n %s\"" % B], {}, None),
    ("the last line", ["role a", "role b"], {}, ["b"]),
    ("the last that holds has nothing", ["role a", "role " + A], {}, None),
    ("none at the end", ["role a", "role none"], {}, None),
    ("none at the beginning", ["role none", "role a"], {}, ["a"]),
    ("none, and a condition that does not hold", ["role none", "role a \"if=-n %s\"" % A], {}, None),
    ("none in quotation marks is a text", ['role "none"'], {}, ["none"]),
    ("short and full name are one", ["role a", ROLE + " b"], {}, ["b"]),
    # What Entra ID can do to a claim.
    ("ExtractMailPrefix", ["role %s local-part" % A], {"X-A": "joe_smith@example.com"}, ["joe_smith"]),
    ("Join", ['role "%s.%s@example.com"' % (A, B)], {"X-A": "joe", "X-B": "smith"}, ["joe.smith@example.com"]),
    ("Join with a verified domain", ["role %s local-part s/$/@example.org/" % A], {"X-A": "joe@example.com"}, ["joe@example.org"]),
    ("ToLowercase", ["role %s lower" % A], {"X-A": "Joe"}, ["joe"]),
    ("ToUppercase", ["role %s upper" % A], {"X-A": "Joe"}, ["JOE"]),
    *[row for name, condition, yes, no in (("Contains", "/b/", "abc", "ac"), ("EndWith", "/000$/", "1000", "0001"),
                                           ("StartWith", "/^US/", "USA", "AUS")) for row in (
        (name, ["role otherwise", 'role %s "if=%s =~ %s"' % (B, A, condition)], {"X-A": yes, "X-B": "then"}, ["then"]),
        (name + ", not", ["role otherwise", 'role %s "if=%s =~ %s"' % (B, A, condition)], {"X-A": no, "X-B": "then"}, ["otherwise"]))],
    ("Extract, after", ["role %s s/^.*?_//" % A], {"X-A": "Finance_BSimon"}, ["BSimon"]),
    ("Extract, after, no match", ["role %s match=_ s/^.*?_//" % A], {"X-A": "BSimon"}, None),
    ("Extract, before", ["role %s s/_.*$//" % A], {"X-A": "BSimon_US"}, ["BSimon"]),
    ("Extract, between", ["role %s s/^.*?Finance_(.*?)_US.*$/$1/" % A], {"X-A": "Finance_BSimon_US"}, ["BSimon"]),
    ("ExtractAlpha, prefix", ["role %s s/^([A-Za-z]*).*$/$1/" % A], {"X-A": "BSimon_123"}, ["BSimon"]),
    ("ExtractAlpha, suffix", ["role %s s/^.*?([A-Za-z]*)$/$1/" % A], {"X-A": "123_BSimon"}, ["BSimon"]),
    ("ExtractNumeric, prefix", ["role %s s/^([0-9]*).*$/$1/" % A], {"X-A": "123_BSimon"}, ["123"]),
    ("ExtractNumeric, suffix", ["role %s s/^.*?([0-9]*)$/$1/" % A], {"X-A": "BSimon_123"}, ["123"]),
    ("IfEmpty", ["role %s" % A, 'role %s "if=-z %s"' % (B, A)], {"X-B": "b"}, ["b"]),
    ("IfEmpty, not empty", ["role %s" % A, 'role %s "if=-z %s"' % (B, A)], {"X-A": "a", "X-B": "b"}, ["a"]),
    ("IfEmpty, in one line", ['role "%s|%s" s/^[|]// s/[|].*//' % (A, B)], {"X-B": "b"}, ["b"]),
    ("IfNotEmpty", ['role %s "if=-n %s"' % (B, A)], {"X-A": "a", "X-B": "b"}, ["b"]),
    ("IfNotEmpty, empty", ['role %s "if=-n %s"' % (B, A)], {"X-B": "b"}, None),
    ("Substring, fixed length", ["role %s s/^.{2}(.{0,3}).*$/$1/" % A], {"X-A": "0123456"}, ["234"]),
    ("Substring, to the end", ["role %s s/^.{0,2}//" % A], {"X-A": "0123456"}, ["23456"]),
    ("RegexReplace", [r"role %s s/^(?<domain>\w+)\\\\(?<user>\w+)$/$2.$1/" % A], {"X-A": "NA\\joe"}, ["joe.NA"]),
    ("RegexReplace, with a second parameter", [r'role "%s|%s" s/^(\w+)@.*[|](.*)$/$1.$2/' % (A, B)], {"X-A": "joe@x", "X-B": "US"},
     ["joe.US"]),
    ("RegexReplace, otherwise", ["role otherwise", 'role %s s/^x(.*)/$1/ "if=%s =~ /^x/"' % (A, A)], {"X-A": "joe"}, ["otherwise"]),
    ("a multivalued source", ["role %s split=; s/@.*// upper" % A], {"X-A": "a@x;b@y"}, ["A", "B"]),
    ("groups by prefix", ["role %s split=; match=^rc-" % A], {"X-A": "rc-a;b;rc-c"}, ["rc-a", "rc-c"]),
    ("groups by suffix", ["role %s split=; match=-rc$" % A], {"X-A": "a-rc;b"}, ["a-rc"]),
    ("groups by pattern, and another name", ["role %s split=; match=^cn=rc- s/^cn=rc-([^,]*).*$/$1/" % A],
     {"X-A": "cn=rc-a,ou=x;cn=b,ou=x"}, ["a"]),
    ("a condition by group, the last match", ["role user", 'role admin "if=%s =~ /(^|;)admins(;|$)/"' % A,
                                              'role owner "if=%s =~ /(^|;)owners(;|$)/"' % A], {"X-A": "owners;admins"}, ["owner"]),
]

# A match that is given up tells nothing; the value is not sent as it came.
TABLE += [
    one('"s/(x+x+)+[yz]/z/"', "x" * 1000, "evaluation"),
    one('"s/(x+x+)+[yz]/z/g"', "xxy" + "x" * 1000, "evaluation"),
    one('"match=(x+x+)+[yz]"', "x" * 1000, "evaluation"),
    one("s/a/b/", b"a\xff", "bad-text"),
    one("match=a", b"a\xff", "bad-text"),
    # Nor does a later transformation take away what an earlier one has not looked at.
    one("s/a/b/ local-part", b"a@x\xff", "bad-text"),
    one("s/a/b/ domain", b"\xff@a", "bad-text"),
    one("s/a/b/ split=; match=^a", b"a;\xff", "bad-text"),
    one("split=; match=^a s/a/b/", b"a;\xff", "bad-text"),
    one("lower default=x", b"\xc0\x80", "bad-text"),
    one("if=false", b"a\xff", None),
    ("another's condition holds", ["role a", "role %s local-part \"if=-n %s\"" % (A, B)], {"X-A": b"a@\xff", "X-B": "b"}, "bad-text"),
    # What cannot be evaluated is not taken for nothing, nor a condition for one that holds, or does not.
    ("an expression that fails", ["role %s default=x" % FAILS], {}, "expression"),
    ("an expression that fails behind a text", ["role a" + FAILS], {}, "expression"),
    ("a condition that fails", ["role a \"if=%s != 'x'\"" % FAILS], {}, "condition"),
    ("a condition that fails, of the second", ["role a", "role b \"if=-n %s || true\"" % FAILS], {}, "condition"),
    # What XML cannot carry is text, and may be taken away.
    one("s/a/b/", "a\ufffe", "bad-text"),
    one("split=;", "a;b\ufffe", "bad-text"),
    one(r'"s/\x{FFFE}//"', "a\ufffe", ["a"]),
]

# The same for RcIdpMail and RcIdpNameID: lines, headers, and the name ID or the word of a refusal.
NAMES = [
    ("the first of several values", ["RcIdpMail %s split=;" % A], {"X-A": "a@x;b@y"}, "a@x"),
    ("the first that is not empty", ['RcIdpMail "%s|%s" "split=|"' % (A, B)], {"X-B": "b@y"}, "b@y"),
    ("the first that matches", ["RcIdpMail %s split=; match=@y$" % A], {"X-A": "a@x;b@y;c@y"}, "b@y"),
    ("a Windows name", [r'RcIdpMail %s "s/^.*\\\\//" lower s/$/@example.com/' % A], {"X-A": "EXAMPLE\\Alice"}, "alice@example.com"),
    ("another domain", ["RcIdpMail %s s/@.*$/@example.com/ lower" % A], {"X-A": "Alice@AD.EXAMPLE.COM"}, "alice@example.com"),
    ("a default", ["RcIdpMail %s default=nobody@example.com" % A], {}, "nobody@example.com"),
    ("a transformation that leaves nothing", ["RcIdpMail %s match=@x$" % A], {"X-A": "a@y"}, "no-mail"),
    ("a condition that does not hold", ["RcIdpMail %s if=false" % A], {"X-A": "a@x"}, "no-mail"),
    ("a transformation that leaves no address", ["RcIdpMail %s local-part" % A], {"X-A": "a@y"}, "bad-mail"),
    ("a name ID of its own", ["RcIdpNameID unspecified %s upper" % A], {"X-A": "a"}, "A"),
    ("a name ID that is an address", ["RcIdpNameID email %s" % A], {"X-A": "a@x"}, "a@x"),
    ("a name ID that should be one", ["RcIdpNameID email %s" % A], {"X-A": "a"}, "bad-mail"),
    ("a name ID of no value", ["RcIdpNameID unspecified %s match=b" % A], {"X-A": "a"}, "no-name-id"),
    ("a mail that is too much", ["RcIdpMail %s split=," % A], {"X-A": "," * 4096}, "evaluation"),
]


def launch(path, text):
    return ('<Location "%s">\nSetHandler rcidp-launch\nRcIdpLaunch us\nRcIdpMail "%%{REMOTE_USER}@example.com"\n%s\n%s</Location>\n'
            % (path, text, idp.AUTHENTICATION))


rows = Rows()
sections = [launch("/table/%d" % number, "".join("RcIdpAttribute %s\n" % line for line in lines))
            for number, (_, lines, _, _) in enumerate(TABLE)]
sections += [launch("/names/%d" % number, "\n".join(lines)) for number, (_, lines, _, _) in enumerate(NAMES)]
with Idp(server=rows.CONFIGURATION + "LimitRequestFieldSize 65536", vhost="".join(sections)) as server:
    rows.serve(server)
    server.expect(r"Evaluation of expression from .* failed: Cannot open file /nowhere/at/all$", count=4)
    for kind, table in (("table", TABLE), ("names", NAMES)):
        for number, (name, lines, headers, wanted) in enumerate(table):
            refused = isinstance(wanted, str) and (kind == "table" or wanted in ("no-mail", "bad-mail", "no-name-id", "evaluation"))
            failed = FAILURES.get(wanted) if refused else None
            answer = rows.ask(name, "GET", "/%s/%d" % (kind, number), "evaluation" if failed else wanted if refused else "issued", head=False,
                              headers=list(headers.items()), also=failed)
            if not refused:
                fields = verify.fields(form.auto_post(answer.text).xml)
                is_(fields.attributes.get(ROLE) if kind == "table" else fields.name_id, wanted, name + ": " + " + ".join(lines)[:120])
rows.judge()
done_testing()
