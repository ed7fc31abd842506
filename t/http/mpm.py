#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Under each MPM, from many children at once and across graceful restarts: every Response is right, and no ID comes twice. And a
child has loaded no library by itself, which would cost it pages of all others."""
import os
import re
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import verify
from idp import Idp
from tap import done_testing, is_, ok

LAUNCHES = 120  # in each generation, by THREADS clients
THREADS = 8
GENERATIONS = 3
# Room for more than THREADS requests at once, in children that take two of them each, or one under prefork.
THREADED = "ServerLimit 16\nStartServers 4\nThreadsPerChild 2\nMaxRequestWorkers 32\nMinSpareThreads 1\nMaxSpareThreads 32"
LIMITS = {
    "event": (THREADED, THREADS // 2),
    "worker": (THREADED, THREADS // 2),
    "prefork": ("ServerLimit 32\nStartServers 4\nMaxRequestWorkers 32\nMinSpareServers 1\nMaxSpareServers 32", THREADS),
}


def launches(server):
    """The Responses of one generation, launched by several clients; their first requests are all under way at once."""
    found, failures = [], []
    together = threading.Barrier(THREADS, timeout=60)

    def client(user):
        try:
            for pause in [together.wait] + [None] * (LAUNCHES // THREADS - 1):
                found.append((user, server.launch(user=user, pause=pause).xml))
        except Exception as error:  # any of them is a failure of the test, shown below
            failures.append(error)

    threads = [threading.Thread(target=client, args=("user%d" % number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found, failures


def children(server):
    """The children that issued something, by the log."""
    return set(re.findall(r"\[rcidp:info\] \[pid (\d+)", server.log()))


def libraries(pid):
    """What a process has loaded, but for what the C library itself loads where a thread ends."""
    with open("/proc/%d/maps" % pid) as file:
        return {path for path in re.findall(r"/\S+\.so\b\S*", file.read()) if "/libgcc_s.so" not in path}


for mpm, (limits, fewest) in LIMITS.items():
    everything = []
    with Idp(server=limits, mpm=mpm, name=mpm, users=["user%d" % number for number in range(THREADS)]) as server:
        for generation in range(1, GENERATIONS + 1):
            what = "%s, generation %d" % (mpm, generation)
            if generation > 1:
                server.graceful()
            seen = children(server)
            found, failures = launches(server)
            ok(not failures, what + ": every launch is answered", *failures)
            is_(len(found), LAUNCHES, what + ": as many Responses as launches")
            if generation == 1:
                loaded = set().union(*map(libraries, server.children()))
                ok(any("mod_rcidp" in path for path in loaded), what + ": the children have loaded the module")
                is_(loaded - libraries(server.process.pid), set(), what + ": and no library that their parent has not")
            workers = children(server) - seen
            ok(len(workers) >= fewest, what + ": by at least %d children" % fewest, workers)
            fields = [(user, verify.fields(xml)) for user, xml in found]
            ok(all(field.name_id == user + "@example.com" for user, field in fields), what + ": each for its own user")
            everything += [field for _, field in fields]
            # The judges take their time: two Responses of each generation, of different children or not.
            for index in (0, -1):
                verify.accepted(found[index][1], server.pair.cert, name="%s, Response %d" % (what, index))
            wrong = [xml for _, xml in found if verify.signatures(xml) != verify.BOTH]
            ok(not wrong, what + ": two signatures in each", *wrong[:1])
        ids = [field.id for field in everything] + [field.assertion_id for field in everything]
        is_(len(set(ids)), 2 * GENERATIONS * LAUNCHES, mpm + ": no ID comes twice")
        ok(all(re.fullmatch(r"_[0-9a-f]{40}", name) for name in ids), mpm + ": each of 160 bits", *ids[:2])

        # Another key at a graceful restart: the next Response is signed by it.
        new = certs.pair("rsa2048", "next")
        for old, path in ((server.pair.cert, new.cert), (server.pair.key, new.key)):
            server.config = server.config.replace(old, path)
        server.graceful()
        verify.accepted(server.launch(user="user0").xml, new.cert, name=mpm + ", another key at a restart")

done_testing()
