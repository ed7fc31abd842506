# SPDX-License-Identifier: Apache-2.0
"""A certificate authority for people, with the openssl command: it issues, and revokes.

    authority = Authority("company")
    alice = authority.issue("/OU=Sales/CN=Alice", mail="alice@example.com")    # alice.key, alice.cert
    old = authority.issue("/OU=Sales/CN=Old", days=-1)                         # has expired
    authority.revoke(alice)
    authority.cert, authority.crl()             # paths: its certificate, and the list as it is by now
"""
import os
import time

import certs

CONFIGURATION = """\
[ca]
default_ca = any
[any]
database = {folder}/index
new_certs_dir = {folder}
certificate = {folder}/ca.crt
private_key = {folder}/ca.key
rand_serial = yes
default_md = sha256
default_crl_days = 2
unique_subject = no
policy = all
[all]
organizationalUnitName = optional
commonName = supplied
givenName = optional
surname = optional
emailAddress = optional
[client]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = clientAuth
"""


class Authority:
    """See the top of this file."""

    def __init__(self, name):
        self.folder = os.path.join(certs.folder(), "authority-" + name)
        os.mkdir(self.folder)
        self.count = 0
        self.cert = self.path("ca.crt")
        open(self.path("index"), "w").close()
        certs.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                      "/CN=People of " + name, "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", self.path("ca.key"),
                      "-out", self.cert)

    def path(self, name):
        return os.path.join(self.folder, name)

    def _ca(self, *arguments, extensions=""):
        with open(self.path("ca.cnf"), "w") as file:
            file.write(CONFIGURATION.format(folder=self.folder) + extensions)
        certs.openssl("ca", "-batch", "-config", self.path("ca.cnf"), *arguments)

    def issue(self, subject, mail=None, days=1):
        """A key and a certificate; SUBJECT in UTF-8, MAIL for subjectAltName. With DAYS negative it ended that long ago."""
        self.count += 1
        pair = certs.Pair(self.path("%d.key" % self.count), self.path("%d.crt" % self.count))
        certs.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-utf8", "-subj", subject,
                      "-keyout", pair.key, "-out", self.path("csr"))
        now = time.time()
        start, end = (time.strftime("%Y%m%d%H%M%SZ", time.gmtime(at)) for at in (min(now, now + days * 86400) - 3600, now + days * 86400))
        self._ca("-notext", "-preserveDN", "-in", self.path("csr"), "-startdate", start, "-enddate", end, "-extensions", "client",
                 "-out", pair.cert, extensions="subjectAltName = email:%s\n" % mail if mail else "")
        return pair

    def revoke(self, pair):
        self._ca("-revoke", pair.cert)

    def crl(self):
        self._ca("-gencrl", "-out", self.path("crl"))
        return self.path("crl")
