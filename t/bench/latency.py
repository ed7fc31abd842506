# SPDX-License-Identifier: Apache-2.0
"""How long an answer takes while the server has half of what it can do: requests come by the clock, evenly, whether
answers have come or not, and each time is counted from when its request was due.

Once the server has all cores, and the generator disturbs it there; once each has a core of its own."""
import os

import measure
import servers
from table import table

SECONDS = 1.5
CASES = [("rsa2048", "assertion"), ("rsa2048", "both"), ("ec256", "both"), ("ec256", "file")]
FULL = {"rsa2048": 1500, "ec256": 5000}
FIGURES = ("p50", "p99", "p999")


def one_round(server, key, path, cores):
    """CORES: the server's, and the generator's."""
    options = {"headers": server.host(key), "expect": "SAMLResponse", "connections": 16, "cores": ",".join(map(str, cores[1]))}
    server.hold(cores[0])
    full = measure.cost(server.pids, server.plain_port, "/" + path, requests=FULL[key], **options)["per_second"]
    half = measure.load(server.plain_port, "/" + path, requests=int(full / 2 * SECONDS), rate=full / 2, **options)
    return {"rate": full / 2, **{name: half[name] for name in FIGURES}, "ratio": half["p99"] / half["p50"]}


def run(options):
    both = sorted(os.sched_getaffinity(0))[:2]
    places = {"all": (both, both), **({"one of its own": (both[:1], both[1:])} if len(both) > 1 else {})}
    cases = [(*case, place) for place in places for case in CASES]
    seen = {case: [] for case in cases}
    with servers.launches() as server:
        server.write("docs/file", server.page("ec256", "both"))
        for _ in range(options.rounds):
            for key, path, place in cases:
                seen[key, path, place].append(one_round(server, key, path, places[place]))
    return [{"key": key, "path": path, "cores": place, **{name: measure.spread([one[name] for one in seen[key, path, place]])
                                                          for name in ("rate", "ratio") + FIGURES}}
            for key, path, place in cases]


def show(rows):
    table("Latency at half of what the server can do, microseconds, as medians of the rounds",
          ["the server's cores", "key", "what", "a second", "p50", "p99", "p99.9", "p99 / p50 (p10 to p90)"],
          [[row["cores"], row["key"], row["path"], "%.0f" % row["rate"][1]] + ["%.0f" % row[name][1] for name in FIGURES] +
           ["%.1f (%.1f to %.1f)" % (row["ratio"][1], row["ratio"][0], row["ratio"][2])] for row in rows])
