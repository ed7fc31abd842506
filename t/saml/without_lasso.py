#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""A module that was configured --without-lasso: it launches, and says in one sentence what it cannot do.

It is built here, in a folder of its own.
"""
import html
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import httpd
import verify
from idp import PROVIDERS, Idp
from tap import bail, done_testing, is_, like, ok, skip_all, unlike

# What a build in the source folder leaves there: configure refuses to build elsewhere from such a folder.
SOURCES = ["configure", "configure.ac", "Makefile.am", "Makefile.in", "aclocal.m4", "mod_rcidp.c", "bootstrap", "LICENSE",
           "README.md", "m4", "build-aux", "src", "conf", "debian", "docs", "rpm", "tools"]
ENTITY, ACS, STATE = PROVIDERS["us"]


def run(folder, *command):
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        bail("%s: %s" % (" ".join(command), done.stdout.decode(errors="replace")[-2000:]))
    return done.stdout.decode()


def build(top):
    """The module, built outside of its source, with the compiler and the options of the build that is tested."""
    source, folder = os.path.join(top, "source"), os.path.join(top, "build")
    os.mkdir(source)
    os.mkdir(folder)
    for name in SOURCES:
        path = os.path.join(httpd.SOURCE, name)
        if os.path.isdir(path):
            shutil.copytree(path, os.path.join(source, name), symlinks=True,
                            ignore=shutil.ignore_patterns("*.o", "*.lo", "*.la", ".libs", ".deps", ".dirstamp", "rcidp.conf", "rcidp.load"))
        else:
            shutil.copy2(path, source)
    run(top, "chmod", "-R", "u+w", source)
    with open(os.path.join(httpd.BUILD, "config.log")) as file:
        asked = re.search(r"^  \$ (.*)$", file.read(), re.M).group(1)
    options = [word for word in shlex.split(asked)[1:] if re.match(r"--(with-apxs|with-httpd|enable-werror|enable-sanitize)\b", word)]
    run(folder, "../source/configure", "--without-lasso", "-q", *options)
    run(folder, "make", "-s", "-j%d" % os.cpu_count(), "mod_rcidp.la")
    return os.path.join(folder, ".libs", "mod_rcidp.so")


if not os.path.exists(os.path.join(httpd.SOURCE, "configure")):
    skip_all("no configure in " + httpd.SOURCE)
with tempfile.TemporaryDirectory(prefix="rcidp-without.") as top:
    os.chmod(top, 0o755)
    built, with_lasso = build(top), httpd.RCIDP
    libraries = run(top, "ldd", built)
    unlike(libraries, r"lasso|glib|gobject", "the module is not linked with Lasso, nor with its libraries")
    like(libraries, r"libxmlsec1", "but with xmlsec1")
    httpd.RCIDP = built

    # It launches.
    server = Idp()
    status, output = server.configtest()
    is_((status, output), (0, "Syntax OK\n"), "httpd -t has nothing to say of a configuration that says nothing of AuthnRequests")
    with server:
        post = server.launch()
        is_((post.action, post.relay_state), (ACS, STATE), "a launch leads to RingCentral")
        verify.accepted(post.xml, server.pair.cert)
        problem = verify.schema(server.metadata())
        ok(not problem, "the metadata is valid by the schema", problem)

        # Whoever asks is told no.
        server.expect(r"\[rcidp:error\] .* RCIDP12: a SAMLRequest, which is not taken here", count=2)
        for name, answer in (("Redirect", server.get("/ringcentral?SAMLRequest=fVA%3D")),
                             ("POST", server.request("POST", "/ringcentral", body="SAMLRequest=PGEvPg%3D%3D"))):
            is_(answer.status, 400, "a SAMLRequest by %s gets 400" % name)
            unlike(answer.text, "SAMLResponse", "and nothing is posted")
            like(answer.text, "Start from your company(&#39;|.)s own link", "the page says where to start")

    # The test page has every check but Lasso's.
    with Idp(vhost='<Location "/ringcentral/test">\nSetHandler rcidp-test\n</Location>') as server:
        server.expect("RCIDP05", count=1)
        answer = server.get("/ringcentral/test")
        is_(answer.status, 200, "the test page is there")
        like(answer.text, "<b>Not known</b> <strong>Second opinion by Lasso</strong>.*This module was built without Lasso\\.", "and says that Lasso is not")
        like(html.unescape(answer.text), "<saml:Assertion ", "it shows the Response")

    # What needs Lasso is refused at httpd -t, in one sentence.
    for what in ("on", "signed", "On"):
        server = Idp(location="RcIdpAuthnRequests " + what)
        status, output = server.configtest()
        ok(status > 0, "RcIdpAuthnRequests %s: httpd -t fails" % what)
        lines = output.strip().splitlines()
        like(lines[0], r"^(\S+ .*)?Syntax error on line \d+ of .*/httpd\.conf:$", "RcIdpAuthnRequests %s: file and line" % what)
        is_(lines[1:], ["RcIdpAuthnRequests: this build of the module has no Lasso, which reads AuthnRequests; only off is possible"],
            "RcIdpAuthnRequests %s: one sentence" % what)
    with Idp(location="RcIdpAuthnRequests off") as server:
        server.launch()
        server.expect(r"RCIDP12: ", count=1)
        is_(server.get("/ringcentral?SAMLRequest=fVA%3D").status, 400, "RcIdpAuthnRequests off is possible")

    # Metadata and encryption do without.
    server = Idp(server="RcIdpServiceProvider us metadata=sp.xml")
    server.write("sp.xml", '<EntityDescriptor xmlns="%s" entityID="urn:sp" validUntil="2999-01-01T00:00:00Z"><SPSSODescriptor '
                 'protocolSupportEnumeration="%s"><AssertionConsumerService index="0" Location="https://sp.example.com/acs" '
                 'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"/></SPSSODescriptor></EntityDescriptor>' % (verify.MD, verify.SAMLP))
    with server:
        is_(server.launch().action, "https://sp.example.com/acs", "a metadata file is read")

    # And the build that is tested otherwise has it, so that all this is a difference.
    httpd.RCIDP = with_lasso
    if re.search(r"liblasso", run(top, "ldd", with_lasso)):
        is_(Idp(location="RcIdpAuthnRequests on").configtest()[0], 0, "with Lasso, RcIdpAuthnRequests on is possible")

done_testing()
