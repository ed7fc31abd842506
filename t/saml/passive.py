#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""IsPassive where nothing in the request tells that the user is signed in, a certificate that counts as Basic; and with Digest,
where a browser that has signed in says so with each request."""
import hashlib
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import asking
import form
import posting
import verify
from authority import Authority
from idp import Idp
from tap import done_testing, is_, like, ok

PASSIVE = {"attributes": 'IsPassive="true"'}
# What httpd calls the password of a certificate.
PASSWORD = "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="
CERTIFICATE = """\
SSLOptions +FakeBasicAuth
    AuthType Basic
    AuthName "Example Inc."
    AuthBasicProvider file
    AuthUserFile "${folder}/people"
    Require valid-user
"""
SERVED = 'SSLCACertificateFile "${folder}/ca.pem"\nSSLVerifyClient optional\n'

company = Authority("company")
ALICE, MALLORY = company.issue("/CN=alice"), company.issue("/CN=mallory")


def request(pair, binding, **options):
    """(the answer, the message): a request with that certificate."""
    client = server.client()
    if pair:
        client.context.load_cert_chain(pair.cert, pair.key)
    message = asking.xml(server.url("/ringcentral"), **options)
    if binding == "Redirect":
        return client.get("/ringcentral?" + asking.redirect(message, posting.STATE)), message
    return client.request("POST", "/ringcentral", body=asking.post(message, posting.STATE)), message


server = Idp(mail="alice@example.com", authentication=CERTIFICATE, vhost=SERVED)
with open(company.cert) as file:
    server.write("ca.pem", file.read())
server.write("people", "/CN=alice:%s\n" % PASSWORD)
with server:
    server.expect("RCIDP02: a request of us cannot be met: no-passive", count=4)
    server.expect("AH01618: user /CN=mallory not found")
    for binding in ("Redirect", "POST"):
        answer, message = request(ALICE, binding, **PASSIVE)
        post = form.auto_post(answer.text)
        if ok(post, "alice's certificate, %s: a Response" % binding, answer, server.log()[-400:]):
            is_([verify.fields(post.xml).in_response_to, post.relay_state, verify.fields(post.xml).name_id],
                [asking.id_of(message), posting.STATE, "alice@example.com"], "alice's certificate, %s: the answer to the request" % binding)
        for who, pair in (("no certificate", None), ("mallory's certificate", MALLORY)):
            answer, message = request(pair, binding, **PASSIVE)
            posting.is_passive_error(answer, server.pair.cert, "%s, %s" % (who, binding), message)
            is_(request(pair, binding)[0].status, 401, "%s, %s, not passive: is asked" % (who, binding))

# -- Digest ---------------------------------------------------------------------------------------------------------------

REALM = "Example Inc."
DIGEST = """\
AuthType Digest
    AuthName "%s"
    AuthDigestProvider file
    AuthUserFile "${folder}/digests"
    Require valid-user
""" % REALM


def md5(*parts):
    return hashlib.md5(":".join(parts).encode()).hexdigest()


def digest(method, path, password):
    """The header by which a browser that was asked before answers unasked (RFC 7616)."""
    nonce = re.search('nonce="([^"]*)"', server.client().get("/ringcentral").header("WWW-Authenticate")).group(1)
    response = md5(md5("alice", REALM, password), nonce, "00000001", "cnonce", "auth", md5(method, path))
    return [("Authorization", 'Digest username="alice", realm="%s", nonce="%s", uri="%s", qop=auth, nc=00000001, cnonce="cnonce", response="%s"'
             % (REALM, nonce, path, response))]


def ask(binding, password, **options):
    """(the answer, the message): a request of alice's with that password, or of nobody's."""
    message = asking.xml(server.url("/ringcentral"), **options)
    query = asking.redirect(message, posting.STATE)
    method, path, body = ("GET", "/ringcentral?" + query, None) if binding == "Redirect" else ("POST", "/ringcentral", asking.post(message, posting.STATE))
    return server.client().request(method, path, body=body, headers=digest(method, path, password) if password else []), message


server = Idp(authentication=DIGEST, modules=["auth_digest"], name="digest")
server.write("digests", "alice:%s:%s\n" % (REALM, md5("alice", REALM, "secret")))
with server:
    server.expect("RCIDP02: a request of us cannot be met: no-passive", count=4)
    server.expect("AH01794: user alice: password mismatch", count=2)
    for binding in ("Redirect", "POST"):
        for what, options in (("passive", PASSIVE), ("not passive", {})):
            answer, message = ask(binding, "secret", **options)
            post = form.auto_post(answer.text)
            if ok(post, "Digest, %s, %s: a Response" % (what, binding), answer, server.log()[-400:]):
                is_([verify.fields(post.xml).in_response_to, post.relay_state, verify.fields(post.xml).name_id],
                    [asking.id_of(message), posting.STATE, "alice@example.com"], "Digest, %s, %s: the answer to the request" % (what, binding))
        for who, password in (("nobody", None), ("a wrong password", "wrong")):
            answer, message = ask(binding, password, **PASSIVE)
            posting.is_passive_error(answer, server.pair.cert, "Digest, %s, %s" % (who, binding), message)
        like(ask(binding, None)[0].header("WWW-Authenticate"), "^Digest ", "Digest, nobody, not passive, %s: is asked" % binding)

# Where either the host or the user is enough, there are two places to answer at; one does.
server = Idp(modules=["access_compat"], name="any", location="Satisfy Any\nOrder deny,allow\nDeny from all")
with server:
    server.expect("AH01797: client denied by server configuration")
    foreign = asking.xml(server.url("/ringcentral"), acs="https://evil.example/")
    server.expect("RCIDP45: ", count=4)
    for user in ("alice", None):
        for binding, (method, query, body) in (("Redirect", ("GET", "?" + asking.redirect(foreign, posting.STATE), None)),
                                               ("POST", ("POST", "", asking.post(foreign, posting.STATE)))):
            answer = server.client().request(method, "/ringcentral" + query, user=user, body=body)
            is_((answer.status, answer.text.count("<!DOCTYPE html>")), (400, 1), "Satisfy Any, %s, %s: is refused once" % (binding, user or "nobody"))
    post = form.auto_post(server.get("/ringcentral?" + asking.redirect(asking.xml(server.url("/ringcentral")), posting.STATE)).text)
    is_(post and verify.fields(post.xml).name_id, "alice@example.com", "Satisfy Any: a user is let in")
done_testing()
