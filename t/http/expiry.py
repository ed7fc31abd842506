#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""What expires is told of in time: over a simulated month, once a day, at the right level, in the log and by the command, on every MPM."""
import collections
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import asking
import certs
import idp
from clock import Clock
from httpd import SOURCE, poll
from idp import Idp
from snippets import file
from tap import done_testing, is_, like, ok

DAYS = 31
GRACEFUL, AGAIN = 4, 9  # the days with a restart of either kind
clock = Clock()
# The servers' day begins when it is far from midnight, and from the hour in which the certificates expire.
HOURS = max((6, 9, 12, 15, 18), key=lambda hours: -abs((time.time() / 3600 + hours) % 24 - 12))
NOTICE = re.compile(r"^\[\w+ (\w+ \d+) [\d:.]+ (\d+)\] \[rcidp:(\w+)\] \[pid \d+(?::tid \d+)?\] (RCIDP5[234]): the (.+?) (?:expires|has) (.*)$", re.M)
LINE = re.compile(r"^(\S+) (\S+) (\S+) (\S*) (\S+) (\S+) (\S+) (\S+) \[(.*)\]$", re.M)
COMMAND = """#!/bin/sh
echo "$RCIDP_NOTICE $RCIDP_DAYS $RCIDP_KIND $RCIDP_FILE $RCIDP_ID $RCIDP_SERVER $RCIDP_ENTITY_ID $RCIDP_EXPIRES [$*]" >>"$1/told"
[ -e "$1/text" ] && exit
cat >"$1/text"; env >"$1/environment"; ls -l /proc/$$/fd >"$1/files"; id -un >"$1/user"; grep Sig /proc/self/status >"$1/signals"
"""


class Timed(Idp):
    """An identity provider that lives by the test's clock."""

    def _environment(self):
        environment = super()._environment()
        return {**environment, **clock.environment(environment.get("LD_PRELOAD"))}

    def told(self):
        return LINE.findall(self.read("spool/told"))

    def read(self, name):
        try:
            with open(self.path(name)) as text:
                return text.read()
        except FileNotFoundError:
            return ""

    def prepare(self, command=COMMAND):
        os.mkdir(self.path("spool"))
        os.chmod(self.path("spool"), 0o777)
        self.write("command", command, 0o755)
        return self


def not_after(path):
    end = certs.openssl("x509", "-in", path, "-noout", "-enddate").strip().partition("=")[2]
    return time.mktime(time.strptime(end, "%b %d %H:%M:%S %Y %Z")) - time.timezone


# Of each thing that expires: how many days it is good from now on, where it stands, how it is called.
PAIRS = {days: certs.pair("ec256", "good%d" % days, days=days) for days in (61, 31, 8, 1, 120)}
ENDS = {days: not_after(pair.cert) for days, pair in PAIRS.items()}
ENDS[20] = float(int(time.time()) + 20 * 86400)
SP = file("sp.xml", re.sub('validUntil="[^"]*"', 'validUntil="%s"' % time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ENDS[20])),
                           asking.metadata([PAIRS[120].cert])).encode(), 0o644)
TITLES = {61: "signing certificate in " + PAIRS[61].cert, 31: "published certificate in " + PAIRS[31].cert,
          8: "signing certificate in " + PAIRS[8].cert, 1: "published certificate in " + PAIRS[1].cert}
SERVER = ('RcIdpExpiryCommand "${folder}/command" "${folder}/spool" "two words" $HOME;id\nRcIdpPublishCertificateFile "%s"\n'
          'RcIdpServiceProvider us metadata="%s"\n' % (PAIRS[31].cert, SP))
OTHER = ('<VirtualHost 127.0.0.1:${plain_port}>\nServerName other.example.com\nRcIdpEntityID urn:x:other\nRcIdpSigningCertificateFile "%s"\n'
         'RcIdpSigningKeyFile "%s"\nRcIdpPublishCertificateFile "%s"\nRcIdpPublishCertificateFile "%s"\n</VirtualHost>\n'
         % (PAIRS[8].cert, PAIRS[8].key, PAIRS[1].cert, PAIRS[31].cert))


def expected(now):
    """(tag, level, title, threshold, days) of each notice that is due at that time."""
    for days, end in ENDS.items():
        left = int((end - now) // 86400)
        stage = "expired" if left < 0 else next((stage for stage in (7, 30, 60) if left < stage), None)
        if stage and (days != 20 or stage in (7, "expired")):
            tag, level = {"expired": ("RCIDP54", "error"), 7: ("RCIDP53", "error")}.get(stage, ("RCIDP52", "warn"))
            yield tag, level, TITLES.get(days, "metadata of us"), str(stage), left


def date(seconds):
    return time.strftime("%b %d %Y", time.gmtime(seconds))


def notices(server):
    """What the log says: (date, tag, level, title, days) of each notice."""
    for day, year, level, tag, title, rest in NOTICE.findall(server.log()):
        days = re.search(r"in (\d+) days", rest) or re.search(r", in (\d+), on", rest)
        days = re.search(r", in (\d+), on", rest) or days
        yield "%s %s" % (day, year), tag, level, title, int(days.group(1)) if days and tag != "RCIDP54" else None


def children(server):
    """The processes below the server's parent: (state, user, command) of each."""
    found = subprocess.run(["ps", "-o", "stat=,user=,args=", "--ppid", str(server.process.pid)], stdout=subprocess.PIPE).stdout.decode()
    return [line.split(None, 2) for line in found.splitlines()]


def zombies(server):
    """Processes of this test's that have ended, and nobody has noticed."""
    found = subprocess.run(["ps", "-e", "-o", "stat=,pgid=,ppid=,args="], stdout=subprocess.PIPE).stdout.decode()
    pids = subprocess.run(["pgrep", "-P", str(server.process.pid)], stdout=subprocess.PIPE).stdout.decode().split()
    return [line for line in found.splitlines() if line.startswith("Z") and line.split()[2] in pids]


# A month on each MPM, at the same time.
servers = [Timed(server=SERVER + OTHER, key=PAIRS[61], mpm=mpm, name=mpm, log_level="warn watchdog:debug").prepare()
           for mpm in ("event", "worker", "prefork")]
clock.set(hours=HOURS)
for server in servers:
    server.start()
wanted = []
for day in range(DAYS):
    clock.set(days=day, hours=HOURS)
    now = clock.time()
    today = [(date(now), *notice) for notice in expected(now)]
    wanted += today
    for server in servers:
        poll(lambda: len(server.told()) >= len(wanted), "%s: the notices of day %d" % (server.name, day))
    if day == GRACEFUL:
        for server in servers:
            server.graceful()
            server.launch()
    elif day == AGAIN:
        for server in servers:
            server.stop(check=False)
            generation = server._generation() + 1
            server.start()
            server._until_generation(generation)  # its log goes on
            server.launch()
counts = collections.Counter((notice[0], notice[3]) for notice in wanted)
ok(set(counts.values()) == {1} and len(wanted) > 3 * DAYS, "a month has its notices", counts)
for left, stage in ((59, "60"), (30, "60"), (29, "30"), (7, "30"), (6, "7"), (0, "7"), (-1, "expired")):
    is_({notice[4] for notice in wanted if notice[5] == left}, {stage}, "%d days before the end the stage is %s" % (left, stage))
for server in servers:
    found = list(notices(server))
    is_(sorted(found, key=str), sorted(((day, tag, level, title, left if tag != "RCIDP54" else None)
                                        for day, tag, level, title, _, left in wanted), key=str), server.name + ": the log has each once a day")
    told = server.told()
    is_(sorted((line[0], int(line[1])) for line in told), sorted(notice[4:] for notice in wanted), server.name + ": the command was run for each")
    kinds = {(line[2], line[3], line[5], line[6]) for line in told}
    is_(kinds, {("signing", PAIRS[61].cert, "localhost", idp.ENTITY_ID), ("published", PAIRS[31].cert, "localhost", idp.ENTITY_ID),
                ("metadata", "", "localhost", idp.ENTITY_ID), ("signing", PAIRS[8].cert, "other.example.com", "urn:x:other"),
                ("published", PAIRS[1].cert, "other.example.com", "urn:x:other")}, server.name + ": what, and of whom")
    fingerprints = {PAIRS[days].cert: certs.fingerprint(PAIRS[days].cert).replace(":", "").lower() for days in TITLES}
    ok(all(line[4] == fingerprints.get(line[3], "us") for line in told), server.name + ": the fingerprints", told[:2])
    is_({line[7] for line in told}, {time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ENDS[days])) for days in (*TITLES, 20)},
        server.name + ": the end")
    is_({line[8] for line in told}, {server.path("spool") + " two words $HOME;id"}, server.name + ": its arguments, without a shell")
    text = server.read("spool/text")
    like(text, r"^On localhost, the published certificate in .* expires in 30 days, on 20\S+Z\.\n\nentityID: https://\S+\nID:       [0-9a-f]{64}\n$",
         server.name + ": what it reads")
    names = {line.partition("=")[0] for line in server.read("spool/environment").splitlines()}
    is_(names - {"PWD", "SHLVL", "_", "OLDPWD"}, {"PATH", *("RCIDP_" + name for name in (
        "NOTICE", "DAYS", "EXPIRES", "KIND", "FILE", "ID", "SERVER", "ENTITY_ID"))}, server.name + ": its environment")
    is_(server.read("spool/user").strip(), children(server)[0][1], server.name + ": it runs as httpd's children do")
    files = re.findall(r" (\d+) -> (.*)", server.read("spool/files"))
    files = [(number, path) for number, path in files if number not in ("1", "10", "11")]  # the shell's own
    ok([number for number, _ in files] == ["0", "2"] and files[1][1] == server.path("error.log"),
       server.name + ": it has its input, the error log, and no other file of httpd's", files)
    like(server.read("spool/signals"), r"SigBlk:\s0+\n", server.name + ": no signal is blocked")
    is_(zombies(server), [], server.name + ": nothing is left over")
    for pattern in ("RCIDP5[234]: ", r"AH0\d+: .*[Ww]atchdog", "RCIDP68: "):
        server.expect(pattern)
    server.stop()

# A command that fails, and one that hangs: people sign in meanwhile, and httpd stops as always.
clock.set(days=1, hours=HOURS)
with Timed(server=SERVER, key=PAIRS[61], name="fails").prepare("#!/bin/sh\nexit 7\n") as server:
    for pattern in ("RCIDP52: ", "RCIDP68: "):
        server.expect(pattern)
    server.expect(r"RCIDP55: RcIdpExpiryCommand: \S+/command exited with 7$")
    poll(lambda: "RCIDP55" in server.log(), "the failure is told")
with Timed(server=SERVER, key=PAIRS[61], name="hangs").prepare("#!/bin/sh\ntrap '' TERM\necho $$ >\"$1/told\"\nsleep 1000\n") as server:
    poll(lambda: server.read("spool/told"), "the command hangs")
    pid = int(server.read("spool/told"))
    for _ in range(5):
        server.launch()
    for pattern in ("RCIDP52: ", "RCIDP68: "):
        server.expect(pattern)
os.killpg(pid, signal.SIGKILL)  # it is left to itself

# Without mod_watchdog: at start, and once a day all the same, however many children there are.
MODULE = os.path.join(certs.folder(), "no_watchdog.so")
built = subprocess.run("cc -shared -fPIC -o %s $(apxs -q CFLAGS) -I$(apxs -q INCLUDEDIR) $(apr-1-config --includes --cppflags) %s"
                       % (MODULE, os.path.join(SOURCE, "t", "lib", "no_watchdog.c")), shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
ok(built.returncode == 0, "the module for the test is built", built.stdout.decode())
clock.set(days=1, hours=HOURS)
with Timed(server=SERVER.replace('RcIdp', 'LoadModule no_watchdog_module "%s"\nRcIdp' % MODULE, 1), key=PAIRS[61],
           name="unwatched").prepare() as server:
    for pattern in ("RCIDP52: ", "RCIDP68: "):
        server.expect(pattern)
    wanted = []
    for day in (1, 1, 2):
        clock.set(days=day, hours=HOURS)
        if wanted:
            server.graceful()
        if day not in wanted:
            wanted.append(day)
        poll(lambda: len(server.told()) >= 2 * len(wanted), "the notices of a start")
        server.launch()
    is_([(line[0], line[1]) for line in server.told()], [("60", "59"), ("30", "29"), ("60", "58"), ("30", "28")],
        "unwatched: at each start, once a day")
done_testing()
