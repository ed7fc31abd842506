#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Another build of the module in place of the one that runs, then a graceful restart: the new code answers, no launch gets lost
meanwhile, and the old code has left every process.  Then the module is taken out in the same way."""
import glob
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import asking
import certs
import verify
from httpd import RCIDP, poll
from idp import Idp
from load import Load
from tap import done_testing, is_, like, ok

CLIENTS = 4
# What tells the builds apart: a word of the page. The text keeps its length, and with it the file its layout.
WORDS = [b"Sign in to $1", b"Walk in to $1", b"Jump in to $1", b"Step in to $1"]


def build(number):
    """Another build of the module."""
    with open(RCIDP, "rb") as file:
        code = file.read()
    if code.count(WORDS[0]) != 1:
        raise AssertionError("the word is in the module %d times" % code.count(WORDS[0]))
    return code.replace(WORDS[0], WORDS[number])


def install(server, number):
    """As install(1), make install and dpkg do: a new file takes the name; the old one stays for those who have it."""
    server.write("new.so", build(number))
    os.replace(server.path("new.so"), server.module)


def mapped(pid):
    """The inodes of the module's files that are mapped in a process."""
    try:
        with open("/proc/%d/maps" % pid) as file:
            return set(re.findall(r"^\S+ \S+ \S+ \S+ (\d+) +\S*/(?:mod_rcidp|new)\.so(?: \(deleted\))?$", file.read(), re.M))
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return set()  # it has just ended


def processes(server):
    """The parent and its children."""
    parent = server.process.pid
    children = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as file:
                pid, _, rest = file.read().partition(" ")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(rest.rpartition(")")[2].split()[1]) == parent:
            children.append(int(pid))
    return [parent, *children]


def has_xmlsec(server):
    """Older versions of xmlsec1 leave their texts with OpenSSL, which stays: so must it."""
    with open("/proc/%d/maps" % server.process.pid) as file:
        return "/libxmlsec1-openssl.so" in file.read()


def inodes(server):
    return [found for found in map(mapped, processes(server)) if found] or [set()]


if __name__ == "__main__":
    federation = certs.pair("rsa2048", "federation")
    # The signed metadata has the parent start xmlsec1, each time it reads its configuration.
    server = Idp(server="RcIdpServiceProvider us metadata=sp.xml metadata-signer=%s" % federation.cert)
    metadata = asking.metadata().replace("<EntityDescriptor", '<EntityDescriptor ID="_federation"').encode()
    server.write("sp.xml", asking.sign(metadata, federation, where=b'entityID="%s">' % asking.US.encode(),
                                       ids=[verify.MD + ":EntityDescriptor"]))
    server.module = server.path("mod_rcidp.so")
    shutil.copy(RCIDP, server.module)
    with server:
        # Half of it by one question of RingCentral's, so that Lasso runs in the children; no request is good once only.
        question = asking.redirect(asking.xml(destination=server.url("/ringcentral"), acs=asking.ACS))
        with Load([server.launch, lambda: server.launch("/ringcentral?" + question)] * (CLIENTS // 2)) as load:
            for number in (1, 2, 3):
                old = str(os.stat(server.module).st_ino)
                is_(set.union(*inodes(server)), {old}, "before upgrade %d one build is loaded" % number)
                install(server, number)
                server.graceful()
                word = WORDS[number].decode().partition(" ")[0]
                like(server.get().text, "<title>%s in to " % word, "upgrade %d: the new build answers" % number)
                new = {str(os.stat(server.module).st_ino)}
                poll(lambda: all(found == new for found in inodes(server)), "every process has let go of the old build")
                load.more()
        ok(not load.failures, "no launch of %d got lost" % len(load.answers), *load.failures[:3])
        verify.accepted(load.answers[-1].xml, server.pair.cert, name="after three upgrades")
        server.rcidp, server.config, server.log_level = False, "", "warn"
        server.graceful()
        poll(lambda: inodes(server) == [set()], "the module has left every process")
        is_(server.client(scheme="http").get("/ringcentral").status, 404, "without the module, httpd goes on")
        ok(has_xmlsec(server), "but xmlsec1 has not left the process that started it")
    done_testing()
