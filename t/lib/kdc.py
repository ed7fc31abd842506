# SPDX-License-Identifier: Apache-2.0
"""A private MIT KDC on loopback: realms with their own databases, users, tickets, and trust between realms.

    with Kdc("EXAMPLE.COM", "OTHER.TEST") as kdc:       # the first one is the default realm
        kdc.user("alice")                               # alice@EXAMPLE.COM; the password is "secret"
        kdc.user("mallory@OTHER.TEST")
        keytab = kdc.keytab("HTTP/localhost", "HTTP/sso.example.com")
        kdc.trust("OTHER.TEST", "EXAMPLE.COM")          # the first one's users may use the second one's services
        tickets = kdc.sign_in("alice")                  # environment for a client that has alice's tickets
    kdc.environment                                     # and for a server

DNS is asked for nothing, in neither direction. Everything lies in a folder of its own; where this is root, who else
wants to read the configuration and a keytab (the children of httpd) can.
"""
import atexit
import os
import shutil
import socket
import subprocess
import tempfile

from httpd import detach, free_port, poll

PATH = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin:/usr/lib/mit/sbin"

CONFIGURATION = """\
[libdefaults]
    default_realm = {default}
    dns_lookup_realm = false
    dns_lookup_kdc = false
    dns_canonicalize_hostname = false
    rdns = false
    udp_preference_limit = 1
    default_ccache_name = FILE:{folder}/nobody.cc
[realms]
{realms}
[domain_realm]
    localhost = {default}
    .example.com = {default}
[capaths]
{trusts}
[logging]
    kdc = FILE:{folder}/kdc.log
    admin_server = FILE:{folder}/admin.log
"""

KDC = """\
[kdcdefaults]
    kdc_listen = 127.0.0.1:{port}
    kdc_tcp_listen = 127.0.0.1:{port}
[realms]
{realms}
"""

REALM = """\
    {realm} = {{
        kdc = 127.0.0.1:{port}
    }}
"""

DATABASE = """\
    {realm} = {{
        database_name = {folder}/{realm}.db
        key_stash_file = {folder}/{realm}.stash
        acl_file = {folder}/none
        master_key_type = aes256-cts
        supported_enctypes = aes256-cts:normal
    }}
"""


def is_installed():
    """Does this machine have the programs?"""
    return all(shutil.which(name, path=PATH) for name in ("krb5kdc", "kdb5_util", "kadmin.local", "kinit"))


PACKAGES = "MIT Kerberos (Debian: krb5-kdc, krb5-admin-server, krb5-user)"


class Kdc:
    """See the top of this file."""

    def __init__(self, *realms):
        self.realms = realms
        self.port = free_port()
        self.process = None
        self.trusts = []
        self.folder = tempfile.mkdtemp(prefix="rcidp-kdc.")
        os.chmod(self.folder, 0o711)
        if not os.environ.get("RCIDP_KEEP"):
            atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        atexit.register(self.stop)
        # Every service notes the tickets it has seen: in a folder that httpd's children, too, may write.
        os.mkdir(self.path("seen"))
        os.chmod(self.path("seen"), 0o1777)
        self.environment = {"KRB5_CONFIG": self.path("krb5.conf"), "KRB5_KDC_PROFILE": self.path("kdc.conf"),
                            "KRB5RCACHEDIR": self.path("seen"), "PATH": PATH}

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self):
        """Make the databases, start it, and return once it listens."""
        self._configure()
        for realm in self.realms:
            self._run("kdb5_util", "-r", realm, "-P", "master", "create", "-s", "-W")
        realms = [argument for realm in self.realms for argument in ("-r", realm)]
        with open(self.path("output"), "wb") as output:
            self.process = subprocess.Popen(["krb5kdc", "-n", *realms], stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=subprocess.STDOUT, env=self.environment, preexec_fn=detach)
        poll(self._serves, "the KDC listens")
        return self

    def stop(self):
        if self.process:
            process, self.process = self.process, None
            process.terminate()
            process.wait(10)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_exception):
        self.stop()

    def _configure(self):
        def write(name, text):
            with open(self.path(name), "w") as file:
                file.write(text)

        def sections(template):
            return "".join(template.format(realm=realm, port=self.port, folder=self.folder) for realm in self.realms)
        trusts = "".join("    %s = {\n        %s = .\n    }\n" % trust for trust in self.trusts)
        write("krb5.conf", CONFIGURATION.format(default=self.realms[0], folder=self.folder, realms=sections(REALM), trusts=trusts))
        write("kdc.conf", KDC.format(port=self.port, realms=sections(DATABASE)))

    def _serves(self):
        if self.process.poll() is not None:
            raise RuntimeError("krb5kdc ended with %d: %s" % (self.process.returncode, open(self.path("output")).read()))
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _run(self, *command, **environment):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**self.environment, **environment})
        if done.returncode:
            raise RuntimeError("%s: %s" % (" ".join(command), done.stdout.decode(errors="replace")))
        return done.stdout.decode()

    def _admin(self, realm, *command):
        # kadmin.local reports most errors by words alone.
        said = self._run("kadmin.local", "-r", realm, *command)
        if "kadmin.local:" in said:
            raise RuntimeError("%s: %s" % (" ".join(command), said))

    def _whole(self, principal):
        return principal if "@" in principal else "%s@%s" % (principal, self.realms[0])

    # -- use --------------------------------------------------------------------------------------------------

    def user(self, name, password="secret"):
        """A user; returns the whole principal."""
        principal = self._whole(name)
        self._admin(principal.rpartition("@")[2], "addprinc", "-pw", password, principal)
        return principal

    def keytab(self, *services, realm=None):
        """Services with random keys; returns the path of the keytab."""
        realm = realm or self.realms[0]
        path = self.path("%s-%d.keytab" % (realm, len(os.listdir(self.folder))))
        for service in services:
            self._admin(realm, "addprinc", "-randkey", "%s@%s" % (service, realm))
            self._admin(realm, "ktadd", "-q", "-k", path, "%s@%s" % (service, realm))
        os.chmod(path, 0o644)
        return path

    def trust(self, client_realm, service_realm):
        """Cross-realm trust, one way: both databases have the same key."""
        for realm in (client_realm, service_realm):
            self._admin(realm, "addprinc", "-pw", "trust", "krbtgt/%s@%s" % (service_realm, client_realm))
        self.trusts.append((client_realm, service_realm))
        self._configure()

    def sign_in(self, name, password="secret"):
        """What kinit does at sign-in; returns the environment of a program that is to have these tickets."""
        principal = self._whole(name)
        cache = {"KRB5CCNAME": "FILE:" + self.path(principal.replace("/", "_") + ".cc")}
        done = subprocess.run(["kinit", principal], input=password.encode() + b"\n", stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env={**self.environment, **cache})
        if done.returncode:
            raise RuntimeError("kinit %s: %s" % (principal, done.stdout.decode(errors="replace")))
        return {**self.environment, **cache}
