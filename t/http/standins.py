#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""The service providers that stand in for RingCentral judge: a right Response of foreign make lands, a wrong one is refused."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import form
import sample
import verify
from mellon import Mellon
from shib import Shibboleth
from tap import done_testing, is_, like, ok

pair = certs.pair()
good = sample.response(pair)
email = {"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress": ["alice@example.com"]}

# What is wrong, the Response, its RelayState, and what mod_auth_mellon and Shibboleth say about it.
WRONG = [
    ("an altered name ID", verify.tamper(sample.response(pair), b"alice@", b"mallory@"), None,
     "Failed to verify signature", "signature could not be verified"),
    ("another key", sample.response(certs.pair("rsa2048", "other")), None,
     "Failed to verify signature", "signature could not be verified"),
    ("no signature", sample.response(pair, sign=[]), None, "Signature element not found", "Unable to establish security"),
    ("another issuer", sample.response(pair, issuer="https://elsewhere.example.com/"), None,
     "Lasso error", "Unable to locate metadata|Unable to establish security"),
    ("an old time", sample.response(pair, offset=-1000), None, "in the past", "expired"),
    ("a future time", sample.response(pair, offset=1000), None, "in the future", "not yet valid|not valid yet|future"),
    ("another audience", sample.response(pair, audience="https://ssoeuro.ringcentral.com"), None,
     "Invalid Audience", "unacceptable AudienceRestriction"),
    ("another ACS", sample.response(pair, acs="https://ssoeuro.ringcentral.com/sp/ACS.saml2"), None,
     "Invalid Destination", "incorrect server URL"),
    ("the same one again", good, None, "already been used", "replayed message"),
    ("a strange RelayState", sample.response(pair), "https://evil.example.com/",
     "Untrusted hostname", "unacceptable redirect"),
]

for number, (kind, start) in enumerate((("mod_auth_mellon", Mellon), ("Shibboleth", Shibboleth))):
    with start(sample.metadata(pair.cert)) as sp:
        verdict = sp.accept(form.encode(good), sp.relay_state)
        ok(verdict.accepted, "%s: a right Response lands" % kind, verdict)
        is_(verdict.name_id, "alice@example.com", "%s: the name ID arrives" % kind)
        is_(verdict.attributes, email, "%s: the attribute arrives" % kind)
        is_(verdict.location, sp.relay_state, "%s: RelayState is where the browser goes" % kind)
        for element in verify.BOTH:
            verdict = sp.accept(form.encode(sample.response(pair, sign=[element])))
            ok(verdict.accepted, "%s: one with a signed %s lands" % (kind, element), verdict)
        for what, xml, relay_state, *why in WRONG:
            verdict = sp.accept(form.encode(xml), relay_state)
            ok(not verdict.accepted, "%s: %s is refused" % (kind, what), verdict)
            like(verdict.why, why[number], "%s: for that reason" % kind)

done_testing()
