#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""conf/examples/client-certificate.conf: mod_ssl with two authorities, one of them foreign, and a list of revoked certificates."""
import os
import socket
import ssl
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import example
from authority import Authority
from example import CLASSES, Example
from tap import done_testing, is_, like, ok

VERSIONS = {"TLS 1.2": ssl.TLSVersion.TLSv1_2, "TLS 1.3": ssl.TLSVersion.TLSv1_3}
NOBODY = r"^RingCentral cannot be opened from here\."

company, others = Authority("company"), Authority("others")
ALICE = company.issue("/OU=Sales/CN=Alice Smith/givenName=Alice/surname=Smith", "alice@example.com")
ZOE = company.issue("/OU=Büro Süd/CN=Zoë van Dåm à Łódź/givenName=Zoë/surname=van Dåm à Łódź", "zoe@example.com")
MALLORY = company.issue("/OU=Sales Partners/CN=Mallory", "mallory@example.com")
GHOST = company.issue("/OU=Sales/CN=Ghost")
OLD = company.issue("/OU=Sales/CN=Alice Smith", "alice@example.com", days=-1)
GONE = company.issue("/OU=Sales/CN=Alice Smith", "alice@example.com")
FOREIGN = others.issue("/OU=Sales/CN=Alice Smith", "alice@example.com")
company.revoke(GONE)


def idp(vhost=""):
    server = Example("client-certificate", defines={
        "CLIENT_CA": "${folder}/ca.pem", "CLIENT_CRL": "${folder}/crl.pem", "CLIENT_UNITS": "Sales|Büro Süd"}, vhost=vhost)
    copy(server, "ca.pem", company.cert)
    copy(server, "crl.pem", company.crl())
    return server


def copy(server, name, path):
    with open(path) as file:
        server.write(name, file.read())


def get(server, pair=None, version="TLS 1.3", path="/ringcentral"):
    client = server.client()
    client.context.minimum_version = client.context.maximum_version = VERSIONS[version]
    if pair:
        client.context.load_cert_chain(pair.cert, pair.key)
    return client.get(path)


def cannot_connect(server, pair, version, who):
    """Check: the TLS handshake fails, so that there is no answer at all."""
    try:
        answer = get(server, pair, version)
    except (ssl.SSLError, ConnectionError) as error:
        ok(True, "%s, %s: cannot connect" % (who, version), error)
    else:
        ok(False, "%s, %s: cannot connect" % (who, version), repr(answer))


def signs_in(server, version):
    for who, pair, claims in (
            ("alice", ALICE, {"email": ["alice@example.com"], "givenname": ["Alice"], "surname": ["Smith"], "name": ["Alice Smith"],
                              "groups": ["Sales"]}),
            ("zoe", ZOE, {"email": ["zoe@example.com"], "givenname": ["Zoë"], "surname": ["van Dåm à Łódź"],
                          "name": ["Zoë van Dåm à Łódź"], "groups": ["Büro Süd"]})):
        fields = server.launched(get(server, pair, version), "%s, %s" % (who, version))
        is_(fields.name_id, who + "@example.com", who + ": the name ID is the mail address")
        is_(fields.claims, claims, who + ": the claims")
        is_(fields.authn_context, CLASSES + "TLSClient", who + ": signed in by a certificate")
        example.is_now(fields, who)


def refusals(server, version):
    server.refused(get(server, MALLORY, version), "mallory, of another unit, " + version)
    server.refused(get(server, GHOST, version), "ghost, without a mail address, " + version,
                   sentence="^Your account has no e-mail address")
    server.refused(get(server, None, version), "nobody, " + version, sentence=NOBODY)
    for who, pair in (("an old certificate", OLD), ("a revoked one", GONE), ("one of another authority", FOREIGN)):
        cannot_connect(server, pair, version, who)


def resume(server, context, session=None):
    """A launch over a connection that continues SESSION, if the server agrees. Returns (session, agreed, status line)."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as plain, \
            context.wrap_socket(plain, server_hostname=example.HOST, session=session) as connection:
        connection.sendall(b"GET /ringcentral HTTP/1.0\r\nHost: %s\r\n\r\n" % example.HOST.encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
        return connection.session, connection.session_reused, answer.partition(b"\r\n")[0]


def revoked_in_mid_run(server):
    """A graceful restart makes a revoked certificate useless, even to a browser that the server has seen before."""
    context = server.client().context
    context.load_cert_chain(ALICE.cert, ALICE.key)
    session, _, status = resume(server, context)
    like(status.decode(), " 200 ", "alice, once more")
    _, agreed, status = resume(server, context, session)
    ok(agreed and b" 200 " in status, "alice, who continues her TLS session", status)
    company.revoke(ALICE)
    copy(server, "crl.pem", company.crl())
    server.graceful()
    try:
        answer = resume(server, context, session)
    except (ssl.SSLError, ConnectionError) as error:
        ok(True, "alice, revoked: cannot continue it", error)
    else:
        ok(False, "alice, revoked: cannot continue it", answer)


def unverified(pair, vhost, check):
    """A site that lets TLS take any certificate."""
    with idp("SSLVerifyClient optional_no_ca\nSSLCARevocationCheck none\n" + vhost) as server:
        server.expect(r"AH01902: .* CRL checking \(SSLCARevocationCheck\) is not enabled")
        check(server, get(server, pair))


def still_refused(server, answer):
    server.expect("AH01630: client denied by server configuration: .*/ringcentral$", count=1)
    server.refused(answer, "a foreign certificate that TLS lets pass", sentence=NOBODY)


def not_even_then(server, answer):
    server.expect("RCIDP10: nobody is signed in", count=1)
    server.refused(answer, "a foreign certificate where Require is forgotten, too", 500, "^This is not your fault")


with idp() as server:
    server.expect("AH02227: Failed to set r->user to 'SSL_CLIENT_S_DN'")
    server.expect("AH01630: client denied by server configuration: .*/ringcentral$", count=2 * len(VERSIONS))
    server.expect("RCIDP30: ", count=len(VERSIONS))
    server.expect(r"AH02039: Certificate Verification: Error \(10\): certificate has expired", count=len(VERSIONS))
    server.expect(r"AH02039: Certificate Verification: Error \(23\): certificate revoked")
    server.expect(r"AH02039: Certificate Verification: Error \(20\): unable to get local issuer certificate", count=len(VERSIONS))
    for version in VERSIONS:
        signs_in(server, version)
        refusals(server, version)
    is_(get(server, path="/ringcentral/metadata").status, 200, "the metadata needs no certificate")
    revoked_in_mid_run(server)
unverified(FOREIGN, "", still_refused)
unverified(FOREIGN, '<Location "/ringcentral">\nRequire all granted\n</Location>', not_even_then)
with idp('<Location "/ringcentral">\nErrorDocument 403 "result: %{reqenv:RCIDP_RESULT}"\n</Location>') as server:
    server.expect("AH01630: client denied by server configuration: .*/ringcentral$", count=1)
    is_(get(server, MALLORY).text, "result: denied", "an ErrorDocument of the site can tell that mallory was denied")

done_testing()
