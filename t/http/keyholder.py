#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""RcIdpSigningProcess: the key's numbers are in the memory of no process of httpd but one, under each MPM, for RSA and EC, after
many launches and after a graceful restart with another key; and what becomes of launches when that process dies, hangs, or is asked
for too much."""
import ctypes
import fcntl
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import idp
import form
import keybytes
import verify
from httpd import HTTPD, Httpd, poll
from idp import Idp
from tap import done_testing, is_, like, ok, skip_all

ROOT = os.geteuid() == 0
USER = "daemon"  # not the one of httpd's children
# No child ends by itself while the test looks at it: as many spare ones as there may be.
LIMITS = {
    "event": "ServerLimit 3\nStartServers 2\nThreadsPerChild 10\nMaxRequestWorkers 30\nMinSpareThreads 1\nMaxSpareThreads 30",
    "worker": "ServerLimit 3\nStartServers 2\nThreadsPerChild 10\nMaxRequestWorkers 30\nMinSpareThreads 1\nMaxSpareThreads 30",
    "prefork": "ServerLimit 12\nStartServers 3\nMaxRequestWorkers 12\nMinSpareServers 1\nMaxSpareServers 12",
}
CLIENTS, EACH = 6, 5
NUMBERS = {"rsa": {"privateExponent", "prime1", "prime2", "exponent1", "exponent2", "coefficient"}, "ec": {"priv"}}

PIDFD_GETFD = 438


def launches(server):
    """Launches of several clients at once: the Responses."""
    found, failures = [], []

    def client():
        try:
            found.extend([server.launch().xml for _ in range(EACH)])
        except Exception as error:  # shown below
            failures.append(error)

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ok(not failures and len(found) == CLIENTS * EACH, server.name + ": many launches at once", *failures)
    return found


def are_signed(server, responses, pair, what):
    problems = [verify.signature(xml, element, pair.cert) for xml in responses[:3] for element in verify.BOTH]
    ok(not any(problems), "%s: %s" % (server.name, what), *problems)


def others(server):
    return [pid for pid in keybytes.family(server) if pid not in keybytes.signers(server)]


def search(server, secret, what):
    """In the memory of every process: nothing, but in the one that signs."""
    found = {pid: keybytes.in_memory(pid, secret) for pid in others(server)}
    ok(len(found) > 1 and not any(found.values()), "%s: %s is in the memory of none of httpd's processes" % (server.name, what), found)
    return {name for pid in keybytes.signers(server) for name in keybytes.in_memory(pid, secret)}


def renew(server, pair):
    """Another key, in the configuration that the next restart reads."""
    for old, new in zip(server.pair, pair):
        server.config = server.config.replace(old, new)
    server.pair = pair


def one_signer(server):
    poll(lambda: len(keybytes.signers(server)) == 1, "there is one signing process")
    return keybytes.signers(server)[0]


def sockets(pid):
    names = (os.readlink(path.path) for path in os.scandir("/proc/%d/fd" % pid))
    return {name for name in names if name.startswith("socket:")}


def begin(server):
    server.expect(r"\[rcidp:notice\] \[pid \d+:tid \d+\] RCIDP56: signed for process \d+ by the key in .*\.key: digest [0-9a-f]{64}$")
    return server


if not ROOT:
    skip_all("only root can read the memory of httpd's processes")

rsa, ec = certs.pair("rsa2048", "kept"), certs.pair("ec256", "kept")
for mpm, limits in LIMITS.items():
    with begin(Idp(key=rsa, mpm=mpm, name=mpm, server="RcIdpSigningProcess on user=%s\n%s" % (USER, limits))) as server:
        secret = keybytes.of(rsa.key)
        are_signed(server, launches(server), rsa, "each Response is signed by the RSA key")
        is_(search(server, secret, "the RSA key") & NUMBERS["rsa"], NUMBERS["rsa"], mpm + ": the signing process has it")
        askers = set(re.findall(r"RCIDP56: signed for process (\d+)", server.log()))
        ok(askers and askers <= {str(pid) for pid in others(server)}, mpm + ": the audit says which process asked", askers)
        is_(len(re.findall("RCIDP56: ", server.log())), 2 * CLIENTS * EACH, mpm + ": a line for each signature")
        renew(server, ec)
        server.graceful()
        poll(lambda: len(keybytes.signers(server)) == 1, "the earlier signing process has ended with its children")
        are_signed(server, launches(server), ec, "after a graceful restart by the EC key")
        is_(search(server, keybytes.of(ec.key), "the EC key") & NUMBERS["ec"], NUMBERS["ec"], mpm + ": the new signing process has it")
        is_(search(server, secret, "the key before"), set(), mpm + ": and not the one before")

# Does the search find what is there?
for pair, names in ((rsa, NUMBERS["rsa"]), (ec, NUMBERS["ec"])):
    with Idp(key=pair, name="without") as server:
        server.launch()
        is_(keybytes.signers(server), [], "without the directive there is no signing process")
        found = [keybytes.in_memory(pid, keybytes.of(pair.key)) & names for pid in keybytes.family(server)]
        ok(len(found) > 1 and all(one == names for one in found), "and the search finds all numbers in each process of httpd", found)

# The process: whose it is, what it has, what it ends with.
with begin(Idp(key=ec, name="process", server="RcIdpSigningProcess on user=%s\n%s" % (USER, LIMITS["event"]))) as server:
    signer = one_signer(server)
    with open("/proc/%d/status" % signer) as file:
        status = file.read()
    user = pwd.getpwnam(USER)
    like(status, r"^Uid:(\t%d){4}$" % user.pw_uid, "it belongs to its user")
    like(status, r"^Gid:(\t%d){4}$" % user.pw_gid, "to its group")
    like(status, r"^Groups:\t%s *$" % " ".join(map(str, sorted(os.getgrouplist(USER, user.pw_gid)))), "and to no groups but its user's")
    like(status, r"^NoNewPrivs:\t1$", "and cannot become another")
    is_(os.stat("/proc/%d/mem" % signer).st_uid, 0, "its own user cannot trace it")
    with open("/proc/%d/limits" % signer) as file:
        like(file.read(), r"^Max core file size +0 +0 ", "it leaves no core dump")
    files = [os.readlink("/proc/%d/fd/%s" % (signer, name)) for name in os.listdir("/proc/%d/fd" % signer)]
    is_(sorted({re.sub(r":.*|^.*/(?=error\.log|output)", "", name) for name in files}), ["/dev/null", "error.log", "output", "pipe", "socket"],
        "it has its socket, the log, and a pipe of its own")
    pipes = {os.readlink(path.path) for path in os.scandir("/proc/%d/fd" % signer) if "pipe:" in os.readlink(path.path)}
    is_([pid for pid in others(server) if pipes & {os.readlink(path.path) for path in os.scandir("/proc/%d/fd" % pid)}], [], "which nobody else has")

    def logs(pid):
        return [int(path.name) for path in os.scandir("/proc/%d/fd" % pid) if os.readlink(path.path) == server.path("error.log")]

    def flags(pid):
        found = []
        for number in logs(pid):
            with open("/proc/%d/fdinfo/%d" % (pid, number)) as file:
                found.append(int(re.search(r"^flags:\s*(\d+)$", file.read(), re.MULTILINE).group(1), 8) & (os.O_NONBLOCK | os.O_APPEND))
        return found
    # What a child that was taken over does to lose lines: PIDFD_GETFD gives what it has itself.
    child = os.pidfd_open(server.process.pid)
    for number in logs(server.process.pid):
        theirs = ctypes.CDLL(None, use_errno=True).syscall(PIDFD_GETFD, child, number, 0)
        fcntl.fcntl(theirs, fcntl.F_SETFL, os.O_NONBLOCK | os.O_APPEND)
        os.close(theirs)
    os.close(child)
    is_((set(flags(server.process.pid)), set(flags(signer))), ({os.O_NONBLOCK | os.O_APPEND}, {os.O_APPEND}), "how it writes to the log, no child decides")

    def children():
        return [pid for pid in others(server) if pid != server.process.pid]
    poll(lambda: len(children()) > 1 and not any(sockets(pid) & sockets(signer) for pid in children()), "each child has closed its end of the socket")
    is_(len(sockets(signer)), 1, "no child has its end of the socket, and can take what another asks")

    # A launch that began before a graceful restart is signed by the key of its time.
    at_restart, restarted = threading.Event(), threading.Event()
    answers = []

    def late():
        answers.append(server.get(pause=lambda: (at_restart.set(), restarted.wait())))

    thread = threading.Thread(target=late)
    thread.start()
    at_restart.wait()
    renew(server, rsa)
    server.graceful(drain=False)
    poll(lambda: len(keybytes.signers(server)) == 2, "with a launch under way, the signing process stays over a restart")
    restarted.set()
    thread.join()
    are_signed(server, [form.auto_post(answers[0].text).xml], ec, "it signs that launch with its key")
    are_signed(server, [server.launch().xml], rsa, "the next launch is signed by the new key")
    signer = one_signer(server)

    # It dies: httpd starts another, and no launch is lost.
    server.expect(r"\[core:notice\] .* AH0005[12]: child pid \d+ exit signal Segmentation fault \(11\)")
    server.expect(r"\[rcidp:error\] .* RCIDP57: the signing process %d has ended \(11\); another one starts$" % signer, count=1)
    os.kill(signer, signal.SIGSEGV)
    are_signed(server, [server.launch().xml], rsa, "after a crash of the signing process, launches are signed by the next one")
    ok(one_signer(server) != signer, "which is another")

    # It hangs: a launch is refused in time.
    signer = one_signer(server)
    os.kill(signer, signal.SIGSTOP)
    server.expect(r"\[rcidp:error\] .* RCIDP36: no Response could be made: the signing process gave no answer in time$", count=1)
    is_(server.get().status, 500, "while the signing process hangs, a launch is refused")
    os.kill(signer, signal.SIGCONT)
    poll(lambda: any("result=signing" in line for line in server.requests()), "the refusal is in the access log, with its result")
    are_signed(server, [server.launch().xml], rsa, "once it goes on, launches do")

    # The key is gone when it has to start again: nothing is signed, httpd stays, and all is well once the key is back.
    os.rename(rsa.key, rsa.key + ".away")
    server.expect(r"\[rcidp:crit\] .* RCIDP58: the signing process cannot start: cannot read .*kept\.key: No such file or directory$")
    server.expect(r"\[rcidp:error\] .* RCIDP57: the signing process \d+ has ended \(")
    os.kill(signer, signal.SIGKILL)
    poll(lambda: "RCIDP58" in server.log(), "the next one cannot read the key")
    # Nor is anything signed by another key that stands there.
    server.expect(r"\[rcidp:crit\] .* RCIDP58: the signing process cannot start: .*kept\.key has another key than when httpd was started$")
    shutil.copy(ec.key, rsa.key)
    poll(lambda: "has another key" in server.log(), "the next one refuses another key")
    os.rename(rsa.key + ".away", rsa.key)
    poll(lambda: server.get().status == 200, "launches are signed again")
    server.expect("RCIDP36: no Response could be made: the signing process ")

    # It ends with httpd's parent, however that ends.
    signer, orphans = one_signer(server), children()
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    poll(lambda: not os.path.exists("/proc/%d" % signer), "it ends with httpd's parent")
    ok(True, "the signing process ends with httpd's parent")
    for pid in orphans:
        os.kill(pid, signal.SIGKILL)
    server.process = None
    is_(server.problems(), [], "the log of all this holds what was announced")

# httpd cannot fork when it should start another: it does so later.
NO_FORK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <unistd.h>
pid_t fork(void)
{
    pid_t (*real)(void);

    if (access("%s", F_OK) == 0) {
        errno = EAGAIN;
        return -1;
    }
    *(void **)&real = dlsym(RTLD_NEXT, "fork");
    return real();
}
"""


class Forkless(Idp):
    def _environment(self):
        self.write("no-fork.c", NO_FORK % self.path("shortage"))
        subprocess.run(["cc", "-shared", "-fPIC", "-o", self.path("no-fork.so"), self.path("no-fork.c")], check=True)
        environment = super()._environment()
        environment["LD_PRELOAD"] = " ".join(filter(None, [environment.get("LD_PRELOAD"), self.path("no-fork.so")]))
        return environment


with begin(Forkless(key=ec, name="no-fork", server="RcIdpSigningProcess on user=%s\n%s" % (USER, LIMITS["event"]))) as server:
    server.expect(r"\[rcidp:error\] .* RCIDP57: the signing process \d+ has ended \(9\)", count=1)
    server.expect(r"\[rcidp:crit\] .* RCIDP58: the signing process cannot start: httpd cannot fork$")
    server.expect("RCIDP36: no Response could be made: the signing process ")
    server.write("shortage", "")
    os.kill(one_signer(server), signal.SIGKILL)
    poll(lambda: "RCIDP58" in server.log(), "httpd cannot fork")
    os.unlink(server.path("shortage"))
    poll(lambda: server.get().status == 200, "launches are signed again")
    are_signed(server, [server.launch().xml], ec, "once httpd can fork again, launches are signed")

# Whoever reads a key has a name of its own before, so that nobody takes it for a child of httpd's.
if shutil.which("strace") and not os.environ.get("RCIDP_PRELOAD"):  # it would be preloaded there, too
    server = Idp(key=ec, name="named", server="RcIdpSigningProcess on", plain=
                 'RcIdpEntityID https://plain.example.com/\nRcIdpSigningCertificateFile "%s"\nRcIdpSigningKeyFile "%s"\n' % (ec.cert, ec.key))
    subprocess.run(["strace", "-f", "-e", "trace=openat,prctl", "-o", server.path("strace"), HTTPD, "-t", "-f", server.write_configuration()],
                   check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(server.path("strace"), encoding="utf-8", errors="replace") as file:
        calls = [line.split(None, 1) for line in file]
    readers = [(pid, number) for number, (pid, call) in enumerate(calls) if '"%s"' % ec.key in call]
    is_(len(readers), 1, "a key that two virtual hosts name is read once")
    is_([sum('PR_SET_NAME, "rcidp_reader"' in call for one, call in calls[:number] if one == pid) for pid, number in readers],
        [1] * (len(readers) or 1), "who reads the key has taken a name of its own before")

# Each signature is told of in the log of the host that made it, also where two have the same key.
OWN = """RcIdpEntityID https://own.example.com/
RcIdpSigningCertificateFile "%s"
RcIdpSigningKeyFile "%s"
RcIdpRequireTLS off
ErrorLog "${folder}/own.log"
LogLevel warn rcidp:info
<Location "/own">
    SetHandler  rcidp-launch
    RcIdpLaunch us
    RcIdpMail   "%%{REMOTE_USER}@example.com"
    %s
</Location>
""" % (ec.cert, ec.key, idp.AUTHENTICATION)
with Idp(key=ec, name="own", server="RcIdpSigningProcess on\nLogLevel warn", plain=OWN) as server:
    server.expect("RCIDP65: ")
    is_(server.request("GET", "/own", scheme="http").status, 200, "two hosts have one key: a launch at the second")
    with open(server.path("own.log")) as file:
        is_(file.read().count("RCIDP56: signed for process "), 2, "is told of in its own log")

# An audit trail of its own: whoever takes over a child has nothing by which to cut it.
with Idp(key=ec, name="audit", server="RcIdpSigningProcess on user=%s audit=audit.log" % USER) as server:
    trail, line = server.path("audit.log"), r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ RCIDP56: signed for process (\d+) by the key in %s: digest [0-9a-f]{64}" % re.escape(ec.key)

    def lines():
        with open(trail) as file:
            return [re.fullmatch(line, each.rstrip("\n")) for each in file]
    one_signer(server)
    are_signed(server, [server.launch().xml], ec, "with audit=")
    ok(len(lines()) == 2 and all(each and int(each.group(1)) in others(server) for each in lines()), "audit= has a line for each signature", lines())
    is_(server.log().count("RCIDP56"), 0, "which the error log has not")
    state = os.stat(trail)
    is_((state.st_uid, state.st_mode & 0o777), (0, 0o640), "it is root's")
    is_([pid for pid in others(server) if trail in (os.readlink(path.path) for path in os.scandir("/proc/%d/fd" % pid))], [], "no other process of httpd has it open")
    os.rename(trail, trail + ".1")
    server.graceful()
    server.launch()
    is_(len(lines()), 2, "after it was moved and a graceful restart, there is a new one")

# A file that has no room for a whole line.
long = Idp(key=ec, name="cut-off", server="RcIdpSigningProcess on audit=audit.log")
long.write("audit.log", "before\n" * 100000)  # longer than any other file that the process writes
with long as server:
    server.expect(r"\[rcidp:crit\] .* \(27\)File too large: RCIDP93: nothing is signed, since audit=.* cannot be written$", count=1)
    server.expect(r"\[rcidp:error\] .* RCIDP36: .* the signing process could not write down that it signed$", count=1)
    trail, signer = server.path("audit.log"), one_signer(server)

    def limit(size):
        subprocess.run(["prlimit", "--pid", str(signer), "--fsize=%s:" % size], check=True)
    server.launch()
    limit(os.path.getsize(trail) + 30)
    is_(server.get().status, 500, "a line that finds no room is no line")
    limit("unlimited")
    are_signed(server, [server.launch().xml], ec, "with room again")
    is_(one_signer(server), signer, "it is the same process")
    found = [each is not None for each in lines()[100000:]]
    is_(found, [True, True, False, True, True], "what is left of it stands alone")
    with open(trail, "r+b") as file:
        file.truncate(os.path.getsize(trail) - 9)
    server.graceful()
    server.launch()
    is_([each is not None for each in lines()[100000:]], found[:-1] + [False, True, True], "nor does a new process go on in a line that was cut off")
with Idp(key=ec, name="full", server="RcIdpSigningProcess on audit=/dev/full") as server:
    server.expect(r"\[rcidp:crit\] .* \(28\)No space left on device: RCIDP93: nothing is signed, since audit=/dev/full cannot be written$", count=1)
    server.expect(r"\[rcidp:error\] .* RCIDP36: .* the signing process could not write down that it signed$", count=1)
    is_(server.get().status, 500, "where the trail cannot be written, nothing is signed")

# What the processes share, nobody has who runs for others and is not told that he is a child.
with Idp(key=ec, name="pages", modules=["cgid"], server="RcIdpSigningProcess on rate=1000") as server:
    def shared(pid):
        with open("/proc/%d/maps" % pid) as file:
            return {line.split()[4] for line in file if re.search(r" /dev/zero \(deleted\)$", line)}
    one_signer(server)
    server.graceful()
    signer = one_signer(server)
    theirs = {pid: shared(pid) for pid in others(server) if pid != server.process.pid}
    kept = (shared(signer) & shared(server.process.pid)) - set.union(*theirs.values())
    ok(len(theirs) > 2 and len(kept) == 2, "no child has the two pages that the signing processes share, mod_cgid's daemon neither", theirs)

# Where there is no key, nothing is to be closed.
with Httpd("RcIdpSigningProcess on\nRcIdpPublishCertificateFile %s\n" % ec.cert, name="no-key") as server:
    server.client(scheme="http").get("/")
    is_({os.readlink("/proc/%d/fd/0" % pid) for pid in keybytes.family(server)}, {"/dev/null"}, "without a key the children keep what they have")

# A CGI program, which prefork's children start themselves, has nothing by which it could ask for signatures.
CGI = "#!/bin/sh\necho Content-Type: text/plain\necho\nls -l /proc/$$/fd\n"
with Idp(key=ec, name="cgi", mpm="prefork", modules=["cgi"], server="RcIdpSigningProcess on",
         vhost='<Directory "${folder}/docs">\nOptions +ExecCGI\nAddHandler cgi-script .cgi\n</Directory>') as server:
    server.write("docs/files.cgi", CGI, mode=0o755)
    one_signer(server)
    text = server.get("/files.cgi").text
    is_(["pipe:" in text, re.findall(r"socket:\S+", text)], [True, []], "a CGI program inherits no socket")

# More signatures than the rate allows.
with begin(Idp(key=ec, name="rate", server="RcIdpSigningProcess on rate=2")) as server:
    server.expect(r"\[rcidp:warn\] .* RCIDP59: more than 2 signatures were asked for within a second; the rest is refused$")
    server.expect(r"\[rcidp:error\] .* RCIDP36: .* the signing process has made as many signatures in this second as rate= allows$")
    threads = [threading.Thread(target=server.get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results = [re.search(r"result=(\S+)", line)[1] for line in server.requests(8)]
    ok({"issued", "signing"} >= set(results) and "signing" in results, "what is over the rate is refused", results)
    poll(lambda: server.get().status == 200, "a second later launches are signed again")
    is_(keybytes.family(server)[one_signer(server)], keybytes.SIGNER, "without user= it is root's")
done_testing()
