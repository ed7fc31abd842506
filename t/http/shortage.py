#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""httpd's children run out of memory, and of file descriptors, while people launch: what is answered is whole or a refusal, a child
that ends is replaced, and when there is enough again all is as before. make faults does it more often."""
import http.client
import os
import resource
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import asking
import form
import httpd
import keybytes
import verify
from httpd import poll
from idp import Idp
from load import Load
from tap import done_testing, is_, note, ok

ROUNDS = 40 if os.environ.get("RCIDP_FAULTS") == "long" else 6
CLIENTS = 6
# They keep no memory for later, so that each request has to ask for its own.
SERVER = """ServerLimit 3
StartServers 2
ThreadsPerChild 4
MaxRequestWorkers 12
MinSpareThreads 4
MaxSpareThreads 12
MaxMemFree 1
RcIdpSigningProcess %s
<Directory "/">
AllowOverride None
</Directory>
"""
# A message of nearly the size that is taken, for whatever is large.
PADDING = "<samlp:Extensions><x xmlns='urn:x'>%s</x></samlp:Extensions>" % ("x" * 120000)
# Without memory httpd ends the process, if nobody has crashed before; but not our code.
DIES = r"Memory allocation failed, aborting process|AH0005[12]: child pid \d+ exit signal|AH10393: children are killed|^crash within (?!mod_rcidp)"
REFUSES = r"Too many open files|RCIDP36: .* no socket for the signing process's answer|RCIDP36: .* ended before it answered"


class Watched(Idp):
    """It says where it crashes."""

    def _environment(self):
        environment = super()._environment()
        if os.environ.get("RCIDP_PRELOAD"):  # a sanitizer says that itself
            return environment
        return {**environment, "LD_PRELOAD": self.path("crash.so")}


def parts(xml):
    """What a Response is made of, without what differs from one to the next."""
    fields = verify.fields(xml)
    return ([element.tag for element in fields.root.iter()], fields.name_id, fields.attributes, fields.audiences, fields.destination,
            fields.confirmation_data.get("Recipient"), fields.authn_context)


def memory_of(pid, number, _):
    """A little more than it has at this moment; every fourth time no more than that."""
    with open("/proc/%d/statm" % pid) as file:
        return int(file.read().split()[0]) * resource.getpagesize() + number % 4 * 64 * 1024


def most_files(pid):
    return max(map(int, os.listdir("/proc/%d/fd" % pid)))


def limit(pid, what, value):
    """Its limit from now on; all that there may be where VALUE is None. It may have ended. Only its user may set it: root may not everywhere."""
    try:
        with open("/proc/%d/status" % pid) as file:
            uid, gid = (int(line.split()[1]) for line in file if line.startswith(("Uid:", "Gid:")))
        if os.geteuid() == 0 == uid:  # it is about to become another
            return
        most = resource.getrlimit({"as": resource.RLIMIT_AS, "nofile": resource.RLIMIT_NOFILE}[what])[1]
        soft = most if value is None else value(pid)
    except (FileNotFoundError, ProcessLookupError):
        return
    user = {"user": uid, "group": gid, "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run(["prlimit", "--pid", str(pid), "--%s=%s:" % (what, "unlimited" if soft == resource.RLIM_INFINITY else soft)], **user,
                          env={**os.environ, "LC_ALL": "C"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode and b"No such process" not in done.stdout:
        raise RuntimeError(done.stdout.decode())


def strain(name, what, of_child, of_signer, announced, process, spared=0):
    """WHAT is short for all children but SPARED."""
    server = Watched(server=SERVER % process, mpm="worker", name=name)
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", server.path("crash.so"), os.path.join(httpd.SOURCE, "t", "lib", "crash.c")], check=True)
    server.expect(announced)
    if process != "off":
        server.expect("RCIDP56: ")
    with server:
        poll(lambda: keybytes.signers(server) or process == "off", "the signing process is ready")
        at_rest = max(most_files(pid) for pid in server.children() - set(keybytes.signers(server))) if spared else None
        kinds = [("GET", lambda: None), ("POST", lambda: asking.post(asking.xml(server.url("/ringcentral"), inside=PADDING)))]
        whole = {method: parts(form.auto_post(server.request(method, "/ringcentral", body=body()).text).xml) for method, body in kinds}
        cut = []

        def ask(method, body):
            try:
                return method, server.request(method, "/ringcentral", body=body())
            except (OSError, http.client.HTTPException) as error:
                cut.append(error)
                return method, None

        def squeeze(number):
            signers = set(keybytes.signers(server))
            for signer in signers if of_signer else []:
                limit(signer, what, lambda pid: of_signer(pid, number, None))
            for child in sorted(server.children() - signers)[spared:]:
                limit(child, what, lambda pid: of_child(pid, number, at_rest))

        with Load([lambda kind=kind: ask(*kind) for kind in kinds * (CLIENTS // 2)]) as load:
            for number in range(ROUNDS):
                squeeze(number)
                load.more(4)
            poll(lambda: cut or any(b"SAMLResponse" not in answer.body for _, answer in load.answers if answer) or squeeze(ROUNDS),
                 name + ": the shortage is felt")
            for child in server.children():
                limit(child, what, None)
        given = [(method, answer) for method, answer in load.answers if answer]
        issued = [(method, answer) for method, answer in given if b"SAMLResponse" in answer.body]
        refused = [answer.status for _, answer in given if b"SAMLResponse" not in answer.body]
        note("%s: %d whole, %d refused, %d cut off" % (name, len(issued), len(refused), len(cut)))
        ok(cut or refused, name + ": the shortage is felt")
        is_([answer.status for _, answer in issued if answer.status != 200], [], name + ": a Response comes with 200 alone")
        is_([status for status in refused if status not in (500, 503)], [], name + ": what is not issued is an error")
        is_([answer for method, answer in issued if parts(form.auto_post(answer.text).xml) != whole[method]][:1], [], name + ": no Response lacks a part")
        for number in range(4):
            verify.accepted(server.launch().xml, server.pair.cert, name="%s: launch %d afterwards" % (name, number))


OWN = "on user=daemon" if os.geteuid() == 0 else "on"
if os.environ.get("RCIDP_PRELOAD"):
    note("memory is not limited: a sanitizer reserves more of the address space than there may be")
else:
    strain("memory", "as", memory_of, memory_of, DIES, "off")
    strain("memory-process", "as", memory_of, memory_of, DIES + "|RCIDP36: |RCIDP57: ", OWN)
# For one connection or more, and what it takes to answer on it. Where no child can take a connection, httpd ends; so one can.
if os.geteuid() == 0:
    for name, process in (("files", "off"), ("files-process", OWN)):
        strain(name, "nofile", lambda _, number, at_rest: at_rest + 2 + number % 3, None, REFUSES, process, spared=1)
else:
    note("only root can see how many files httpd's processes have open")
strain("files-of-process", "nofile", lambda *_: 1 << 10, lambda *_: 3, REFUSES, OWN)
done_testing()
