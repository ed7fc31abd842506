#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""docs/claims.md, run as it stands: every row of the comparison with Entra ID, and every recipe with its rows.

A cell holds code spans, with <br> between them, or one of the words "nothing" and "refused"; anything else fails."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import form
import idp
import verify
from authority import Authority
from httpd import SOURCE
from idp import Idp
from tap import done_testing, is_, ok

# What Entra ID has; a row of the comparison begins with each.
ENTRA = ["Source: attribute", "Source: constant", "ExtractMailPrefix", "Join", "ToLowercase", "ToUppercase", "Contains", "EndWith", "StartWith",
         "Extract, after", "Extract, before", "Extract, between", "ExtractAlpha, prefix", "ExtractAlpha, suffix", "ExtractNumeric, prefix",
         "ExtractNumeric, suffix", "IfEmpty", "IfNotEmpty", "Substring, fixed length", "Substring, EndOfString", "RegexReplace, named groups",
         "RegexReplace, output if no match", "Treat source as multivalued", "Condition by user type", "Conditions by group, the last match wins",
         "Group filter, prefix", "Group filter, suffix", "Group filter, contains", "Group filter and replacement, regular expression",
         "Groups as role", "Limit of 150 groups", "Name ID, default", "Name ID, e-mail address", "Name ID, unspecified", "Name ID, persistent",
         "Name ID, transient", "Name ID, Windows domain qualified name", "Include attribute name format", "Append application ID to issuer",
         "Override audience claim"]
HEADS = {"| Entra ID | mod_rcidp | given | sent |": 4, "| given | sent |": 2}
SERVER_WIDE = ("RcIdpEntityID ", "RcIdpServiceProvider ")
SHORT_NAMES = dict(re.findall(r"^\| `(\w+)` \| `(http[^`]+)` \|$", open(os.path.join(SOURCE, "docs", "directives.md")).read(), re.M))
SUBJECT = {"SSL_CLIENT_S_DN_CN": "CN", "SSL_CLIENT_S_DN_Email": "emailAddress"}


class Row:
    """One row: where it stands, its directives, {variable: value}, and what is sent: spans, "nothing" or "refused"."""

    def __init__(self, place, name, directives, given, sent):
        self.place, self.name, self.directives, self.sent = place, name, directives, sent
        self.given = dict(span.split("=", 1) for span in given)
        self.user = self.given.pop("REMOTE_USER", "alice")
        self.certificate = {key: self.given.pop(key) for key in list(self.given) if key.startswith("SSL_")}
        self.server_wide = directives[0].startswith(SERVER_WIDE)
        found = re.match(r"RcIdpAttribute (\S+) ", directives[0])
        self.attribute = found and SHORT_NAMES.get(found.group(1), found.group(1))


def expand(span):
    """g1,g2,…,g300 in full."""
    return re.sub(r"g1,g2,…,g(\d+)", lambda found: ",".join("g%d" % number for number in range(1, int(found[1]) + 1)), span)


def spans(cell):
    """The code spans of a cell, or its only word."""
    if cell in ("nothing", "refused"):
        return cell
    if not re.fullmatch(r"`[^`\s]([^`]*[^`\s])?`(<br>`[^`\s]([^`]*[^`\s])?`)*", cell):
        raise ValueError("not a list of code spans: " + cell)
    return re.findall(r"`([^`]+)`", cell)


def row(place, line, width, recipe):
    cells = [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)]
    if len(cells) != width + 2 or cells[0] or cells[-1]:
        raise ValueError("not a row of %d cells" % width)
    name, directives = (cells[1], spans(cells[2])) if width == 4 else (place, recipe)
    given, sent = map(spans, cells[-3:-1])
    if not directives or isinstance(directives, str) or not all(line.startswith("RcIdp") for line in directives):
        raise ValueError("no directives")
    if given == "refused" or isinstance(given, list) and not all(re.match(r"\w+=", span) for span in given):
        raise ValueError("not what is given: %s" % given)
    if sent == "nothing" and not directives[0].startswith("RcIdpAttribute "):
        raise ValueError("nothing can be sent of an attribute only")
    if isinstance(sent, list):
        sent = [value for span in sent for value in (expand(span).split(",") if "…" in span else [span])]
    return Row(place, name, directives, [] if given == "nothing" else map(expand, given), sent)


def document(text):
    """(rows, {path: content}, complaints). Each line of a table of this page's kinds is a row or a complaint."""
    rows, files, complaints, recipe, width, block = [], {}, [], None, 0, None
    for number, line in enumerate([*text.splitlines(), ""], 1):
        place = "docs/claims.md:%d" % number
        if block is not None and line == "```":
            if kind == "apache":
                recipe = "\n".join(block).replace("\\\n", "").splitlines()
            elif kind == "text":
                files[block[0].lstrip("# ")] = "\n".join(block[1:]) + "\n"
            block = None
        elif block is not None:
            block.append(line)
        elif line.startswith("```"):
            if recipe:
                complaints.append(place + ": the recipe above has no rows")
            kind, block = line[3:], []
        elif line in HEADS and not width:
            width = HEADS[line]
            if width == 2 and not recipe:
                complaints.append(place + ": no recipe above")
        elif not line.startswith("|"):
            width, recipe = 0, None if width else recipe
        elif width and not line.startswith("| --- "):
            try:
                rows.append(row(place, line, width, recipe))
            except ValueError as error:
                complaints.append("%s: %s" % (place, error))
        elif re.search(r"\bsent\b|RcIdp", line):
            complaints.append(place + ": a head that is not known, or a row without one")
    if recipe or block is not None:
        complaints.append("%s: the last block has no rows, or no end" % place)
    return rows, files, complaints


def quote(text):
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"')


def section(number, row):
    lines = [] if row.server_wide else row.directives
    variables = ["SetEnv %s %s" % (name, quote(value)) for name, value in row.given.items() if value]
    return ('<Location "/row/%d">\nSetHandler rcidp-launch\nRcIdpLaunch us\nRcIdpMail nobody@example.com\n%s\n%s</Location>\n'
            % (number, "\n".join(variables + lines), idp.AUTHENTICATION))


def run(rows, files, authority):
    """The rows of one server."""
    text = "".join("\n".join(row.directives) + "\n" for row in rows if row.server_wide)
    text += "".join(section(number, row) for number, row in enumerate(rows))
    for path in files:
        text = text.replace(path, "${folder}/files" + path)
    server = Idp(server='RcIdpPersistentIDSecretFile "${folder}/secret"\nSSLCACertificateFile "%s"' % authority.cert,
                 vhost="SSLVerifyClient optional\n" + text, users=sorted({row.user.partition(":")[0] for row in rows}))
    server.write("secret", os.urandom(32).hex(), mode=0o600)
    for path, content in files.items():
        server.write("files" + path, content)
    with server:
        refused = [row for row in rows if row.sent == "refused"]
        if refused:
            server.expect(r"\[rcidp:error\] .* RCIDP3[02]: ", count=len(refused))
        for number, row in enumerate(rows):
            judge(row, launch(server, number, row, authority))


def launch(server, number, row, authority):
    client = server.client()
    if row.certificate:
        subject = {**{"SSL_CLIENT_S_DN_CN": "Somebody"}, **{key: value for key, value in row.certificate.items() if key in SUBJECT}}
        unknown = row.certificate.keys() - SUBJECT.keys() - {"SSL_CLIENT_SAN_Email_0"}
        ok(not unknown, row.place + ": variables of a certificate that are known here", unknown)
        pair = authority.issue("".join("/%s=%s" % (SUBJECT[key], value) for key, value in subject.items()),
                               row.certificate.get("SSL_CLIENT_SAN_Email_0"))
        client.context.load_cert_chain(pair.cert, pair.key)
    return client.get("/row/%d" % number, user=row.user)


def judge(row, answer):
    name = "%s: %s" % (row.place, row.name) if row.name != row.place else "%s: %s" % (row.place, ", ".join([row.user, *row.given.values()])[:60])
    post = form.auto_post(answer.text)
    if row.sent == "refused":
        is_((answer.status, post), (403, None), name + ": refused")
        return
    if not ok(answer.status == 200 and post, name + ": issued", repr(answer)[:600]):
        return
    fields = verify.fields(post.xml)
    elements = {element.get("Name"): element for element in fields.attribute_elements}
    element = elements.get(row.attribute)
    sent = {"NameID": fields.name_id, "Format": fields.name_id_format, "Issuer": fields.issuer, "Audience": "; ".join(fields.audiences),
            "Name": element is not None and element.get("Name"), "NameFormat": element is not None and element.get("NameFormat")}
    values = []
    for span in [] if row.sent == "nothing" else row.sent:
        found = re.match(r"(\w+)=(~?)(.*)$", span)
        if not found or found[1] not in sent:
            values.append(span)
        elif found[2]:
            ok(re.fullmatch(found[3], sent[found[1]]), "%s: %s" % (name, span), sent[found[1]])
        else:
            is_(sent[found[1]], found[3], "%s: %s" % (name, found[1]))
    if row.attribute:
        is_(fields.attributes.get(row.attribute), values or None, name + ": what is sent")
    else:
        is_(values, [], name + ": values of an attribute that the row does not have")


with open(os.path.join(SOURCE, "docs", "claims.md")) as file:
    page = file.read()
rows, files, complaints = document(page)
ok(not complaints, "every table can be read", *complaints)
names = [row.name for row in rows]
is_([wanted for wanted in ENTRA if not any(name.startswith(wanted) for name in names)], [], "all that Entra ID has is there")
for wrong, count in (("| Entra ID | mod_rcidp | given | sent |\n| --- | --- | --- | --- |\n| A | `RcIdpMail x` | x | `x` |\n", 1),
                     ("| given | sent |\n| --- | --- |\n| `A=b` | `b` |\n", 2), ("```apache\nRcIdpMail x\n```\n", 1)):
    is_(len(document(wrong)[2]), count, "what cannot be read would be seen: " + wrong[-30:].strip())
authority = Authority("company")
run([row for row in rows if not row.server_wide], files, authority)
for row in rows:
    if row.server_wide:
        run([row], files, authority)
done_testing()
