# SPDX-License-Identifier: Apache-2.0
"""What a second core brings: the same server, held on each core alone and then on both.

The generator of load runs beside it, on one core and then on both, as it would on a machine that has no more. What other
programs take cannot be seen: so the same is also told by the CPU time of a Response, which would grow if the cores stood
in each other's way. A file tells what becomes of httpd itself; and both processes, each held on a core of its own, what
is lost as httpd's threads wake each other across cores."""
import os

import measure
import servers
from table import between, table

# Kind of key, path, and whether each process has a core of its own once there are two.
CASES = [("rsa3072", "both", False), ("rsa2048", "both", False), ("rsa2048", "both", True), ("ec256", "both", False),
         ("ec256", "file", False)]
ANSWERS = {"rsa3072": 300, "rsa2048": 1500, "ec256": 6000}


def one_round(server, key, path, apart, cores):
    """A virtual machine's cores are not equally fast, since each has other neighbours: one core is the mean of both."""
    options = {"requests": ANSWERS[key], "headers": server.host(key), "expect": "SAMLResponse", "connections": 24}
    seen = []
    for held in [cores[:1], cores[1:], cores]:
        server.hold(held, apart)
        seen.append(measure.cost(server.pids, server.plain_port, "/" + path, cores=",".join(map(str, held)), **options))
    one, two = (seen[0]["per_second"] + seen[1]["per_second"]) / 2, seen[2]["per_second"]
    alone = (seen[0]["server_us"] + seen[1]["server_us"]) / 2
    return {"one": one, "two": two, "grows": two / one, "cpu": 2 * alone / seen[2]["server_us"],
            "load": seen[2]["cpu_us"] / seen[2]["server_us"]}


def run(options):
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        return []
    seen = {case: [] for case in CASES}
    with servers.launches() as server:
        server.write("docs/file", server.page("ec256", "both"))
        for _ in range(options.rounds):
            for case in CASES:
                seen[case].append(one_round(server, *case, cores))
    return [{"key": case[0], "path": case[1], "apart": case[2],
             **{name: measure.spread([one[name] for one in seen[case]]) for name in seen[case][0]}} for case in CASES]


def show(rows):
    table("From one core to two",
          ["key", "what", "one: a second", "two: a second", "grows", "by CPU time", "generator / server"],
          [[row["key"], row["path"] + ", a core for each process" * row["apart"], "%.0f" % row["one"][1], "%.0f" % row["two"][1], between(row["grows"], 2),
            between(row["cpu"], 2), "%.3f" % row["load"][1]] for row in rows])
