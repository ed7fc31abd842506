#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""The configurations of earlier versions keep their meaning: each file of t/data/configurations, written when its version was
new and never changed since, is accepted without a remark, and launches as it did."""
import glob
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import form
import idp
import verify
from httpd import SOURCE, Httpd
from tap import done_testing, is_, ok

DATA = os.path.join(SOURCE, "t", "data", "configurations")
ROLE = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
# A launch, and what is in its Response: audience, name ID, attributes, what is signed.
EXPECTED = {
    "/smallest": ("https://sso.ringcentral.com", "alice@example.com", {idp.EMAIL: ["alice@example.com"]}, verify.BOTH),
    "/every?sp=own": ("urn:x:own", "Alice", {ROLE: ["user", "admin"], "number": ["555"]}, ["Assertion"]),
}


def server_of(path):
    with open(path) as file:
        text = file.read()
    server = Httpd(text, name=os.path.basename(path))
    server.published = {idp.ENTITY_ID: "/smallest/metadata"}
    pair = certs.pair("rsa2048")
    for name, source in (("rcidp.crt", pair.cert), ("rcidp.key", pair.key), ("next.crt", certs.pair("ec256").cert)):
        with open(source, "rb") as file:
            server.write(name, file.read(), mode=0o600)
    server.write("rcidp.secret", b"secret" * 8, mode=0o600)
    server.write("users", idp.password_file(["alice"]))
    return server, pair


def judge(server, pair, name, path, expected):
    audience, name_id, attributes, signed = expected
    post = form.auto_post(server.client().get(path, user="alice").text)
    if not ok(post, "%s: %s launches" % (name, path), server.log()):
        return
    fields = verify.fields(post.xml)
    is_((fields.audiences, fields.name_id), ([audience], name_id), "%s: %s: for whom, and who" % (name, path))
    is_(fields.attributes, attributes, "%s: %s: the attributes" % (name, path))
    is_(verify.signatures(post.xml), signed, "%s: %s: what is signed" % (name, path))
    for element in signed:
        problem = verify.signature(post.xml, element, pair.cert)
        ok(not problem, "%s: %s: the signature of the %s" % (name, path, element), problem)


files = sorted(glob.glob(os.path.join(DATA, "*.conf")))
with open(os.path.join(SOURCE, "CHANGES.md")) as file:
    released = re.findall(r"^## (\d+\.\d+\.\d+)$", file.read(), re.M)
is_([os.path.basename(path)[:-len(".conf")] for path in files], sorted(released), "each version of CHANGES.md has its configuration")
for path in files:
    name = os.path.basename(path)
    server, pair = server_of(path)
    status, output = server.configtest()
    is_((status, output.strip()), (0, "Syntax OK"), name + ": is accepted without a remark")
    with server:
        for where, expected in EXPECTED.items():
            judge(server, pair, name, where, expected)
        is_(server.client().get("/smallest/metadata").status, 200, name + ": the metadata is served")
done_testing()
