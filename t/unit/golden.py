#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""The golden files, judged by software that is not ours: xmlsec1, the schemas of OASIS, Python's XML parser."""
import glob
import os
import sys

SRC = os.environ.get("RCIDP_SRC") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(SRC, "t", "lib"))
import verify
from tap import done_testing, is_, ok

DATA = os.path.join(SRC, "t", "data")
CERTIFICATE = os.path.join(DATA, "rsa2048.crt")
OTHER_CERTIFICATE = os.path.join(DATA, "rsa3072.crt")

# Each edit alters one thing that a signature has to cover.
EDITS = [
    ("the name ID", b"@example.com</saml:NameID>", b"@example.org</saml:NameID>"),
    ("the issuer", b"sso.example.com/ringcentral/metadata</saml:Issuer>", b"sso.example.org/x</saml:Issuer>"),
    ("a time", b'NotOnOrAfter="2024', b'NotOnOrAfter="2034'),
    ("the recipient", b'Recipient="https://s', b'Recipient="https://t'),
    ("the session", b"SessionIndex=", b"Sessionindex="),
]
RESPONSE_EDITS = [
    ("the destination", b'Destination="https://s', b'Destination="https://t'),
    ("the status", b"status:Success", b"status:Requester"),
]

# What t/unit/response.c put in, written down once more.
GROUPS = [
    "Sales & Marketing <EMEA>", "\"quoted\" and 'quoted'", "</saml:AttributeValue><saml:AttributeValue>admin",
    "<!-- comment -->alice<!-- -->", "<![CDATA[x]]> ]]>", "&amp; &lt; &#65; &#x42; &unknown;", "<?target instruction?>",
    "  spaces  before,  inside,  behind  ", "a tab:\t, a line feed:\n, both:\r\n, a return:\r", "\r", "\n", "\t", " ", "",
    "\x7f", "J\u00fcrgen \u20ac \U0001f4de \u0085 \u2028 \ufffd", "%s %n ${x} $1 \\"]
ATTRIBUTES = {
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress": ["o'brien&co@example.com"],
    "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups": GROUPS,
    "https://example.com/?a='1'&b=<2>": ["o'brien&co@example.com"],
    "number": ["+1 (555) 0100"],
}


def golden(pattern):
    """Name and bytes of each golden file of that pattern."""
    for path in sorted(glob.glob(os.path.join(DATA, "golden", pattern))):
        with open(path, "rb") as file:
            yield os.path.basename(path), file.read()


def judge_signature(name, xml, element):
    what = "%s: the signature of the %s" % (name, element)
    problem = verify.signature(xml, element, CERTIFICATE)
    ok(not problem, what + " is accepted", problem)
    ok(verify.signature(xml, element, OTHER_CERTIFICATE), what + " is refused under another key")
    for edit, old, new in EDITS + (RESPONSE_EDITS if element == "Response" else []):
        altered = verify.tamper(xml, old, new)
        ok(verify.signature(altered, element, CERTIFICATE), "%s is refused with %s altered" % (what, edit))


def judge_response(name, xml):
    problem = verify.schema(xml)
    ok(not problem, name + ": valid by the schema", problem)
    signed = verify.SIGN[name[:-len(".xml")].rpartition("-")[2]]
    is_(verify.signatures(xml), signed, "%s: signed: %s" % (name, ", ".join(signed)))
    for element in signed:
        judge_signature(name, xml, element)
    is_(b"InResponseTo" in xml, False, name + ": nothing was asked for")


def judge_values(name, xml):
    fields = verify.fields(xml)
    rich = "-rich-" in name
    is_(fields.name_id, "o'brien&co@example.com" if rich else "alice@example.com", name + ": the name ID")
    is_(fields.attributes, ATTRIBUTES if rich else {}, name + ": the attributes")
    is_(fields.destination, fields.confirmation_data["Recipient"], name + ": the destination is the recipient")
    is_(fields.issuer, fields.assertion_issuer, name + ": both issuers are one")


responses = list(golden("response-*.xml"))
metadata = list(golden("metadata-*.xml"))
ok(len(responses) == 4 and len(metadata) == 2, "the golden files are there")
for name, xml in responses:
    judge_response(name, xml)
    judge_values(name, xml)
for name, xml in metadata:
    problem = verify.schema(xml)
    ok(not problem, name + ": valid by the schema", problem)
    ok(verify.schema(verify.tamper(xml, b"SingleSignOnService Binding=", b"SingleSignOnService binding=")), name + ": invalid when altered")
done_testing()
