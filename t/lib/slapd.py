# SPDX-License-Identifier: Apache-2.0
"""A private OpenLDAP server on loopback, with TLS, run as the calling user; it can be stopped in mid-run and come back.

    with Slapd(entries) as directory:           # ENTRIES: (DN, {attribute: value or list of values}), below slapd.BASE
        directory.url                           # ldap://127.0.0.1:PORT, where nothing is said without StartTLS
        directory.secure_url                    # ldaps://127.0.0.1:OTHER
        directory.freeze(), directory.thaw()    # it answers nobody, and answers again
        directory.kill(), directory.start()     # it is gone, and comes back with its entries

READER may search everything and has the password "secret"; nobody else may read anything. Users may sign in. An entry
of objectClass groupOfNames gives its members the attribute memberOf. The certificate is that of certs.tls().
"""
import atexit
import base64
import os
import shutil
import signal
import socket
import subprocess
import tempfile

import certs
import example
from httpd import DEADLINE, detach, free_port, poll

PACKAGE = "OpenLDAP's server (Debian: slapd)"
BASE = "dc=example,dc=com"
READER = "cn=httpd," + BASE
# Debian's and Fedora's places.
SCHEMAS = next((path for path in ("/etc/ldap/schema", "/etc/openldap/schema") if os.path.isdir(path)), None)
MODULES = next((path for path in ("/usr/lib/ldap", "/usr/lib64/openldap") if os.path.isdir(path)), None)
PROGRAM = example.program("slapd")
IMPORT = example.program("slapadd")

CONFIGURATION = """\
include {schemas}/core.schema
include {schemas}/cosine.schema
include {schemas}/inetorgperson.schema
include {schemas}/dyngroup.schema
modulepath {modules}
{loads}
pidfile {folder}/pid
TLSCertificateFile {tls.cert}
TLSCertificateKeyFile {tls.key}
# Not a word without TLS, least of all a password.
security tls=128
loglevel none
sizelimit unlimited
database mdb
suffix {base}
directory {folder}/data
dbnosync
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact={reader} read by * none
overlay dynlist
dynlist-attrset groupOfURLs memberURL member+memberOf@groupOfNames
"""

TOP = [
    (BASE, {"objectClass": ["dcObject", "organization"], "o": "Example Inc."}),
    (READER, {"objectClass": ["organizationalRole", "simpleSecurityObject"], "userPassword": "secret"}),
]


def is_installed():
    """Does this machine have the program and what comes with it?"""
    return bool(PROGRAM and IMPORT and SCHEMAS and MODULES)


def ldif(entries):
    """Entries as LDIF; every value in base64, whatever is in it."""
    def pair(name, value):
        return "%s:: %s\n" % (name, base64.b64encode(value.encode()).decode())
    return "\n".join(
        pair("dn", dn) + "".join(pair(name, value) for name, values in attributes.items()
                                 for value in ([values] if isinstance(values, str) else values))
        for dn, attributes in entries)


class Slapd:
    """See the top of this file."""

    def __init__(self, entries):
        self.port, self.secure_port = free_port(), free_port()
        self.url, self.secure_url = "ldap://127.0.0.1:%d" % self.port, "ldaps://127.0.0.1:%d" % self.secure_port
        self.process = None
        self.folder = tempfile.mkdtemp(prefix="rcidp-slapd.")
        if not os.environ.get("RCIDP_KEEP"):
            atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        atexit.register(self.kill)
        self._configure()
        subprocess.run([IMPORT, "-q", "-f", self.path("slapd.conf")], input=ldif(TOP + entries).encode(), check=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def _configure(self):
        # A distribution may build these in.
        loads = ["moduleload " + name for name in ("back_mdb", "dynlist") if os.path.exists("%s/%s.so" % (MODULES, name))]
        os.mkdir(self.path("data"))
        with open(self.path("slapd.conf"), "w") as file:
            file.write(CONFIGURATION.format(folder=self.folder, schemas=SCHEMAS, modules=MODULES, tls=certs.tls(), base=BASE,
                                            reader=READER, loads="\n".join(loads)))

    def start(self):
        """Start it, and return once it listens."""
        with open(self.path("output"), "wb") as output:
            # It detaches itself unless it is to debug: even nothing.
            self.process = subprocess.Popen(
                [PROGRAM, "-d", "0", "-f", self.path("slapd.conf"),
                 "-h", "ldap://127.0.0.1:%d/ ldaps://127.0.0.1:%d/" % (self.port, self.secure_port)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, preexec_fn=detach)
        poll(self._serves, "slapd listens")
        return self

    def _serves(self):
        if self.process.poll() is not None:
            raise RuntimeError("slapd ended with %d: %s" % (self.process.returncode, open(self.path("output")).read()))
        with socket.socket() as first, socket.socket() as second:
            return not first.connect_ex(("127.0.0.1", self.port)) and not second.connect_ex(("127.0.0.1", self.secure_port))

    def __enter__(self):
        return self if self.process else self.start()

    def __exit__(self, *_exception):
        self.kill()

    def kill(self):
        """As a power cut does it."""
        if self.process:
            process, self.process = self.process, None
            process.kill()
            process.wait(DEADLINE)

    def freeze(self):
        """It keeps its connections, and says nothing more."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)
