#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""The private key is in none of the places where keys have been found: logs at every level, the core dump of a child, /proc,
system calls, mod_status and mod_info, answers, the environment of CGI and SSI, files that are left. With the key in httpd and with
RcIdpSigningProcess, for RSA and EC; and each search finds the key where it is."""
import os
import re
import resource
import signal
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import idp
import keybytes
from httpd import poll
from idp import Idp
from tap import done_testing, is_, ok, skip_all

if os.geteuid() != 0:
    skip_all("only root can look into httpd's processes")
if not shutil.which("strace"):
    skip_all("there is no strace")

NAMES = {"rsa": {"privateExponent", "prime1", "prime2", "exponent1", "exponent2", "coefficient"}, "ec": {"priv"}}
PAIRS = {"rsa": certs.pair("rsa2048", "hidden"), "ec": certs.pair("ec256", "hidden")}
# All that the log has to say, in two children.
SERVER = """LogLevel trace8
LogFormat "%{RCIDP_RESULT}e %{RCIDP_NAMEID}e %{RCIDP_RESPONSE_ID}e %{Authorization}i %^RJ" everything
CustomLog "${folder}/everything.log" everything
ServerLimit 2
StartServers 2
ThreadsPerChild 4
MaxRequestWorkers 8
MinSpareThreads 1
MaxSpareThreads 8
ExtendedStatus On
"""
VHOST = """
SSLOptions +StdEnvVars +ExportCertData
<Directory "${folder}/docs">
    Options +ExecCGI +Includes
    AddHandler cgi-script .cgi
    AddType text/html .shtml
    AddOutputFilter INCLUDES .shtml
</Directory>
<Location "/ringcentral/test">
    SetHandler rcidp-test
</Location>
<Location "/portal">
    SetHandler rcidp-portal
    %s
</Location>
<Location "/nobody">
    SetHandler rcidp-launch
    RcIdpLaunch us
    RcIdpMail nobody
    ErrorDocument 403 /print.cgi
    %s
</Location>
<Location "/server-status">
    SetHandler server-status
</Location>
<Location "/server-info">
    SetHandler server-info
</Location>
""" % (idp.AUTHENTICATION, idp.AUTHENTICATION)
CGI = "#!/bin/sh\necho Content-Type: text/plain\necho\nenv\ncat /proc/$$/environ\nls -l /proc/self/fd\n"
PAGES = {
    "/ringcentral": 200, "/ringcentral?SAMLRequest=%00": 400, "/ringcentral?sp=none": 400, "/ringcentral/none": 404,
    "/ringcentral/metadata": 200, "/ringcentral/test": 200, "/ringcentral/test?download=response": 200, "/portal": 200, "/nobody": 403,
    "/print.cgi": 200, "/print.shtml": 200, "/server-status": 200, "/server-status?auto": 200, "/server-info": 200}


def nothing(found, what):
    """FOUND: where -> what was found there."""
    ok(found and not any(found.values()), "the key is not in " + what, {where: names for where, names in found.items() if names} or "nothing was searched")


def visit(server, secret):
    found = {}
    for path, status in PAGES.items():
        answer = server.get(path)
        found[path] = keybytes.in_text(repr(answer).encode() + answer.body, secret)
        if answer.status != status:
            found[path].add("status %d" % answer.status)
    return found


def tasks(pids):
    """The threads of these processes: strace tells of each by its own number."""
    return {task for pid in pids for task in os.listdir("/proc/%d/task" % pid)}


def traced(server):
    """What the parent and all that it starts say to the kernel, over a graceful restart and a visit: bytes by thread, and the
    files that each has opened."""
    log, said = server.path("strace"), server.path("strace.said")
    with open(said, "wb") as output:
        strace = subprocess.Popen(["strace", "-f", "-xx", "-s", "1000000", "-o", log, "-p", str(server.process.pid)], stderr=output)
    poll(lambda: os.path.getsize(said), "strace is there")
    before = keybytes.signers(server)
    server.graceful()
    poll(lambda: len(keybytes.signers(server)) == len(before) and keybytes.signers(server) != before or not before, "the next signing process is ready")
    pages = [server.get(path).status for path in ("/ringcentral", "/ringcentral/test", "/print.cgi")]
    is_(pages, [200] * 3, server.name + ": launches are answered under strace")
    strace.terminate()
    strace.wait()
    data, opened = {}, {}
    with open(log, "rb") as file:
        for line in file:
            task, _, call = line.partition(b" ")
            strings = [bytes.fromhex(text.replace(b"\\x", b"").decode()) for text in re.findall(rb'"((?:\\x[0-9a-f]{2})+)"', call)]
            data.setdefault(task.decode(), []).extend(strings)
            if re.match(rb" *open", call):
                opened.setdefault(task.decode(), set()).update(strings)
    os.remove(log)
    return {task: b"\0".join(strings) for task, strings in data.items()}, opened


def proc(pid):
    """All that can be read of a process's own folder in /proc, but for its memory."""
    folder, text = "/proc/%d" % pid, b""
    for name in set(os.listdir(folder)) - {"mem", "pagemap", "clear_refs"}:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            try:
                with open(path, "rb") as file:
                    text += file.read()
            except OSError:  # written to, or of no use here
                pass
    return text


def open_files(pid):
    return {os.readlink("/proc/%d/fd/%s" % (pid, name)) for name in os.listdir("/proc/%d/fd" % pid)}


def files(folder):
    for path, _, names in os.walk(folder):
        for name in names:
            if os.path.isfile(os.path.join(path, name)):
                with open(os.path.join(path, name), "rb") as file:
                    yield name, file.read()


def crash(server, pid):
    """The core dump that the child leaves in CoreDumpDirectory, without its holes."""
    os.kill(pid, signal.SIGSEGV)
    poll(lambda: re.search(r"child pid %d exit signal" % pid, server.log()), "the child is gone")
    core, end = b"", 0
    for name in os.listdir(server.path("dumps")):
        with open(server.path("dumps/" + name), "rb", buffering=0) as file:
            while end < os.fstat(file.fileno()).st_size:
                try:
                    start = os.lseek(file.fileno(), end, os.SEEK_DATA)
                except OSError:  # no more
                    break
                end = os.lseek(file.fileno(), start, os.SEEK_HOLE)
                core += os.pread(file.fileno(), end - start, start)
    return core


def search(kind, process, dumps):
    name, pair = "%s-%s" % (kind, "process" if process else "httpd"), PAIRS[kind]
    server = Idp(name=name, key=pair, vhost=VHOST, modules=["cgid", "include", "info", "status"],
                 server=SERVER + ("RcIdpSigningProcess on user=daemon\n" if process else "")
                 + ('CoreDumpDirectory "${folder}/dumps"\n' if dumps else ""))
    os.mkdir(server.path("dumps"))
    os.chmod(server.path("dumps"), 0o777)
    server.write("docs/print.cgi", CGI, mode=0o755)
    server.write("docs/print.shtml", "<pre><!--#printenv --></pre>")
    secret, names = keybytes.of(pair.key), NAMES[kind]
    server.expect(r"\[\w+:(trace\d|debug|info)\] ")
    server.expect(r"\[rcidp:error\] .* RCIDP\d\d: ")  # the refusals
    # Of the two the second says that there was a dump.
    server.expect(r"\[core:notice\] .* %s: child pid \d+ exit signal Segmentation fault \(11\)" % ("AH00051" if dumps else "AH00052"), count=1)
    if process:
        server.expect(r"\[rcidp:notice\] .* RCIDP56: ")
    if dumps and not process:
        server.expect(r"\[rcidp:warn\] .* RCIDP82: ")
    with server:
        nothing(visit(server, secret), name + ": any answer, nor in what CGI and SSI are told")
        data, opened = traced(server)
        signers = keybytes.signers(server)
        family = [pid for pid in keybytes.family(server) if pid not in signers]
        children = [pid for pid in family if pid != server.process.pid]
        # Who reads it: httpd's parent, or the signing process and those that look at the key and end at once.
        readers = tasks(signers) if process else {str(server.process.pid)}
        found = {task: keybytes.in_text(data.get(task, b""), secret) for task in tasks(family) - readers}
        nothing(found, name + ": what any of httpd's threads says to the kernel")
        is_([task for task in found if pair.key.encode() in opened.get(task, ())], [], name + ": nor does any of them open its file")
        ok(any("text" in keybytes.in_text(data.get(task, b""), secret) for task in readers)
           and any(pair.key.encode() in opened.get(task, ()) for task in readers), name + ": the search finds it where it is read")
        nothing({pid: keybytes.in_text(proc(pid), secret) for pid in family}, name + ": /proc, of parent and children")
        is_([pid for pid in family + signers if pair.key in open_files(pid)], [], name + ": none keeps its file open")
        victim = next(pid for pid in children if len(tasks([pid])) > 2)  # and not the daemon of mod_cgid
        core = crash(server, victim)
        if not dumps:
            is_(core, b"", name + ": as httpd comes, a child that crashes leaves no core dump")
        elif not process:
            is_(keybytes.in_bytes(core, secret) & names, names, name + ": a core dump has the key: the search finds it, and httpd -t warns")
        else:
            ok(len(core) > 1000000 and not keybytes.in_bytes(core, secret), name + ": a core dump of a child has it not")
        server.launch()
    shutil.rmtree(server.path("dumps"))
    nothing({file: keybytes.in_text(text, secret) for file, text in files(server.folder)}, name + ": any log or file that is left")


resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
with open("/proc/sys/kernel/core_pattern") as file:
    # Else the system takes dumps elsewhere, or a sanitizer allows none.
    here = file.read()[0] not in "/|" and not os.environ.get("RCIDP_PRELOAD")
search("rsa", process=False, dumps=here)
search("rsa", process=True, dumps=here)
search("ec", process=True, dumps=False)

# Do the searches find what is there?
for kind, pair in PAIRS.items():
    secret, names = keybytes.of(pair.key), NAMES[kind]
    with open(pair.key, "rb") as file:
        pem = file.read()
    der = subprocess.run(["openssl", "pkey", "-in", pair.key, "-outform", "DER"], stdout=subprocess.PIPE, check=True).stdout
    is_(keybytes.in_bytes(der, secret) & names, names, kind + ": the search finds the numbers in DER")
    is_(keybytes.in_text(pem, secret), names | {"text"}, kind + ": in base64, and the text")
    is_(keybytes.in_text(certs.openssl("pkey", "-in", pair.key, "-text", "-noout").encode(), secret) & names, names, kind + ": in hexadecimal")
    with subprocess.Popen(["sleep", "60"], env={"KEY": pem.decode()}, stdin=open(pair.key)) as holder:
        poll(lambda holder=holder, secret=secret: "text" in keybytes.in_text(proc(holder.pid), secret), "the environment is there")
        ok("text" in keybytes.in_text(proc(holder.pid), secret) and pair.key in open_files(holder.pid), kind + ": in an environment, and an open file")
        holder.kill()
done_testing()
