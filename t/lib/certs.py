# SPDX-License-Identifier: Apache-2.0
"""Keys and certificates, made by the openssl command on first use and kept until the program ends.

    pair = certs.pair("rsa2048")        # pair.key, pair.cert: paths of PEM files
    pair = certs.pair("ec256", days=10) # another one: each set of arguments is made once
    certs.pair("rsa2048", name="next")  # a second, different one of that kind
    tls = certs.tls()                   # tls.ca, tls.key, tls.cert: for mod_ssl and its clients

Kinds: rsa1024 rsa2048 rsa3072 rsa4096 ec224 ec256 ec384 ec521 ed25519.  A negative number of days
makes a certificate that has expired.  The files lie in certs.folder(), readable by their owner alone.
"""
import atexit
import collections
import os
import shutil
import subprocess
import tempfile
import time

Pair = collections.namedtuple("Pair", "key cert")
Tls = collections.namedtuple("Tls", "ca key cert")

_ALGORITHMS = {
    "rsa1024": ["RSA", "rsa_keygen_bits:1024"],
    "rsa2048": ["RSA", "rsa_keygen_bits:2048"],
    "rsa3072": ["RSA", "rsa_keygen_bits:3072"],
    "rsa4096": ["RSA", "rsa_keygen_bits:4096"],
    "ec224": ["EC", "ec_paramgen_curve:P-224"],
    "ec256": ["EC", "ec_paramgen_curve:P-256"],
    "ec384": ["EC", "ec_paramgen_curve:P-384"],
    "ec521": ["EC", "ec_paramgen_curve:P-521"],
    "ed25519": ["ED25519"],
}

# Every name that a test server stands in for, all of them on loopback.
NAMES = ["localhost", "sso.example.com", "idp.example.com", "sso.ringcentral.com", "ssoeuro.ringcentral.com",
         "service.ringcentral.com", "service.ringcentral.eu"]

_folder = None
_made = {}


def folder():
    """The folder of all keys, removed at the end of the program unless RCIDP_KEEP is set."""
    global _folder
    if _folder is None:
        _folder = tempfile.mkdtemp(prefix="rcidp-keys.")
        if not os.environ.get("RCIDP_KEEP"):
            atexit.register(shutil.rmtree, _folder, ignore_errors=True)
    return _folder


def openssl(*arguments, **options):
    """Run the openssl command; what it says is shown only if it fails. Returns its output."""
    done = subprocess.run(["openssl", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **options)
    if done.returncode:
        raise RuntimeError("openssl %s: %s" % (" ".join(arguments), done.stdout.decode(errors="replace")))
    return done.stdout.decode()


def _path(stem, suffix):
    return os.path.join(folder(), stem + suffix)


def key(kind, name=""):
    """A private key of that kind: the path of its PEM file."""
    path = _path(kind + name, ".key")
    if path not in _made:
        algorithm = _ALGORITHMS[kind]
        options = ["-pkeyopt", algorithm[1]] if len(algorithm) > 1 else []
        openssl("genpkey", "-algorithm", algorithm[0], *options, "-out", path)
        os.chmod(path, 0o600)
        _made[path] = path
    return path


def pair(kind="rsa2048", name="", days=365, digest="sha256", subject="/CN=mod_rcidp test signing", begins=0):
    """A key and a self-signed certificate for it, which ends in so many days (negative: it has ended) and begins in so many."""
    stem = "%s%s-%d-%d-%s" % (kind, name, begins, days, digest)
    if stem not in _made:
        private = key(kind, name)
        certificate = _path(stem, ".crt")
        request = _path(stem, ".csr")
        openssl("req", "-new", "-key", private, "-subj", subject, "-out", request)
        if days < 0 or begins:
            _sign_between(private, request, certificate, begins or days - 365, days, digest)
        else:
            openssl("x509", "-req", "-in", request, "-signkey", private, "-days", str(days), "-" + digest,
                    "-out", certificate)
        _made[stem] = Pair(private, certificate)
    return _made[stem]


def _sign_between(private, request, certificate, begins, days, digest):
    # Of openssl's commands only "ca" takes dates, and that wants a configuration and a database.
    configuration = certificate + ".cnf"
    with open(configuration, "w") as file:
        file.write("[ca]\ndefault_ca=any\n[any]\ndatabase=%s.db\nnew_certs_dir=%s\nrand_serial=yes\n"
                   "policy=all\n[all]\ncommonName=supplied\n" % (certificate, folder()))
    open(certificate + ".db", "w").close()
    openssl("ca", "-batch", "-notext", "-selfsign", "-config", configuration, "-keyfile", private, "-in", request,
            "-startdate", _date(begins), "-enddate", _date(days), "-md", digest, "-out", certificate)


def _date(days):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + days * 86400))


def encrypted(kind="rsa2048", password="secret"):
    """A pair whose key asks for a password."""
    plain = pair(kind)
    path = _path(kind, ".encrypted.key")
    if path not in _made:
        openssl("pkey", "-in", plain.key, "-aes256", "-passout", "pass:" + password, "-out", path)
        _made[path] = path
    return Pair(path, plain.cert)


def mismatching(kind="rsa2048"):
    """A key and the certificate of another key."""
    return Pair(key(kind, "other"), pair(kind).cert)


def tls():
    """A throwaway authority and a server certificate for NAMES and 127.0.0.1."""
    if "tls" not in _made:
        ca, request = _path("tls-ca", ".crt"), _path("tls", ".csr")
        authority, server = key("ec256", "tls-ca"), key("ec256", "tls")
        certificate, extensions = _path("tls", ".crt"), _path("tls", ".ext")
        with open(extensions, "w") as file:
            file.write("basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName=IP:127.0.0.1,%s\n"
                       % ",".join("DNS:" + name for name in NAMES))
        openssl("req", "-x509", "-new", "-key", authority, "-days", "2", "-subj", "/CN=mod_rcidp test authority",
                "-addext", "keyUsage=critical,keyCertSign", "-out", ca)
        openssl("req", "-new", "-key", server, "-subj", "/CN=localhost", "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey", authority, "-CAcreateserial", "-days", "2",
                "-extfile", extensions, "-out", certificate)
        _made["tls"] = Tls(ca, server, certificate)
    return _made["tls"]


def fingerprint(certificate):
    """SHA-256 of a PEM certificate, as openssl prints it."""
    return openssl("x509", "-in", certificate, "-noout", "-fingerprint", "-sha256").strip().partition("=")[2]


def base64(certificate):
    """The certificate's base64 text in one line, as X509Certificate holds it."""
    lines = openssl("x509", "-in", certificate).split("-----BEGIN CERTIFICATE-----")[1]
    return "".join(lines.split("-----END")[0].split())
