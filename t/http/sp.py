#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""What mod_rcidp sends is accepted by service providers under RingCentral's names, in their default modes, and refused once altered.

The judges: mod_auth_mellon, Shibboleth SP, xmlsec1, the schemas of OASIS.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import form
import idp
import verify
from idp import Idp
from mellon import Mellon
from shib import CLAIMS, Shibboleth
from tap import done_testing, is_, ok

GROUPS = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"
CLAIMS_SENT = """
    RcIdpAttribute givenname "Zoë <&> \\"Z\\""
    RcIdpAttribute groups    "staff;admins;all of us" "split=;"
    RcIdpAttribute number    "+15550100"
"""
ATTRIBUTES = {
    idp.EMAIL: ["alice@example.com"],
    CLAIMS + "givenname": ['Zoë <&> "Z"'],
    GROUPS: ["staff", "admins", "all of us"],
    "number": ["+15550100"],
}
# A launch path for each way to sign: path -> whose signatures there are.
PATHS = {"/ringcentral": "both", "/only-response": "response", "/only-assertion": "assertion"}
LAUNCH = """
<Location "%s">
    SetHandler  rcidp-launch
    RcIdpLaunch us uk eu au
    RcIdpMail   "%%{REMOTE_USER}@example.com"
    RcIdpSign   %s
    %s
    %s
</Location>
"""
VHOST = "".join(LAUNCH % (path, sign, CLAIMS_SENT, idp.AUTHENTICATION)
                for path, sign in PATHS.items() if path != "/ringcentral")


def judge(server, sp, names, kind):
    """All that one service provider is shown: each name of its own, each way to sign, and what is not right."""
    for name in names:
        for path, sign in PATHS.items():
            what = "%s, %s, %s, signed: %s" % (kind, sp.name, name, sign)
            post = server.launch(path + "?sp=" + name)
            verdict = sp.accept(post.encoded, post.relay_state)
            ok(verdict.accepted, what + ": accepted", verdict)
            is_(verdict.name_id, "alice@example.com", what + ": name ID")
            is_(verdict.attributes, ATTRIBUTES, what + ": attributes")
            is_(verdict.location, idp.PROVIDERS[name][2], what + ": RelayState leads to the region's service")
    for path, sign in PATHS.items():
        for field, old, new in (("name ID", b">alice@example.com<", b">mallory@example.com<"),
                                ("group", b">admins<", b">owners<"),
                                ("time", b'NotOnOrAfter="2', b'NotOnOrAfter="3')):
            xml = server.launch(path + "?sp=" + names[0]).xml
            verdict = sp.accept(form.encode(verify.tamper(xml, old, new)))
            ok(not verdict.accepted, "%s, %s, signed: %s: another %s is refused" % (kind, sp.name, sign, field), verdict)
    # With all its text intact: signed by somebody else, and for somebody else.
    other = "us" if names[0] == "eu" else "eu"
    verdict = sp.accept(server.launch("/ringcentral?sp=" + other).encoded)
    ok(not verdict.accepted, "%s, %s: the Response for %s is refused" % (kind, sp.name, other), verdict)
    verdict = sp.accept(stranger.launch("/ringcentral?sp=" + names[0]).encoded)
    ok(not verdict.accepted, "%s, %s: the Response of another key is refused" % (kind, sp.name), verdict)


def provider(key, name="idp"):
    return Idp(key=key, launch="us uk eu au", location=CLAIMS_SENT, vhost=VHOST, name=name)


with provider(certs.pair("rsa2048", "stranger"), "stranger") as stranger:
    # Lasso, the library of mod_auth_mellon, knows no ECDSA.
    for kind, judges in (("rsa2048", (Mellon, Shibboleth)), ("ec256", (Shibboleth,)), ("ec384", ()), ("ec521", ())):
        with provider(kind, kind) as server:
            metadata = server.metadata()
            problem = verify.schema(metadata)
            ok(not problem, "%s: the metadata is valid by the schema" % kind, problem)
            for path, sign in PATHS.items():
                verify.accepted(server.launch(path + "?sp=us").xml, server.pair.cert, verify.SIGN[sign],
                                "%s, signed: %s" % (kind, sign))
            for start in judges:
                for region, names in (("us", ("us", "au")), ("eu", ("eu", "uk"))):
                    with start(metadata, region) as sp:
                        judge(server, sp, names, kind)

done_testing()
