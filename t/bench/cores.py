# SPDX-License-Identifier: Apache-2.0
"""What a second core brings: the same server, held on one core and then on both.

The generator of load runs beside it, on one core and then on both, as it would on a machine that has no more. What other
programs take cannot be seen: so the same is also told by the CPU time of a Response, which would grow if the cores stood
in each other's way."""
import os

import measure
import servers
from table import between, table

CASES = [("rsa3072", "both"), ("rsa2048", "both"), ("ec256", "both")]
RESPONSES = {"rsa3072": 150, "rsa2048": 600, "ec256": 4000}


def one_round(server, key, path, cores):
    options = {"requests": RESPONSES[key], "headers": server.host(key), "expect": "SAMLResponse", "connections": 16}
    server.hold(cores[:1])
    one = measure.cost(server.pids, server.plain_port, "/" + path, cores=str(cores[0]), **options)
    server.hold(cores)
    two = measure.cost(server.pids, server.plain_port, "/" + path, cores=",".join(map(str, cores)), **options)
    return {"one": one["per_second"], "two": two["per_second"], "grows": two["per_second"] / one["per_second"],
            "cpu": 2 * one["server_us"] / two["server_us"], "load": two["cpu_us"] / two["server_us"]}


def run(options):
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        return []
    seen = {case: [] for case in CASES}
    with servers.launches() as server:
        for _ in range(options.rounds):
            for case in CASES:
                seen[case].append(one_round(server, *case, cores))
    return [{"key": key, "path": path, **{name: measure.spread([one[name] for one in seen[key, path]])
                                          for name in seen[key, path][0]}} for key, path in CASES]


def show(rows):
    table("From one core to two",
          ["key", "signed", "one: Responses/s", "two: Responses/s", "grows", "by CPU time", "generator / server"],
          [[row["key"], row["path"], "%.0f" % row["one"][1], "%.0f" % row["two"][1], between(row["grows"], 2),
            between(row["cpu"], 2), "%.3f" % row["load"][1]] for row in rows])
