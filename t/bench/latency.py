# SPDX-License-Identifier: Apache-2.0
"""How long an answer takes while the server has half of what it can do: requests come by the clock, evenly, whether
answers have come or not, and each time is counted from when its request was due.

Once the server has all cores, and the generator disturbs it there; once each has a core of its own. A virtual machine's
cores are somebody else's now and then, for some milliseconds: the rounds without that are told apart."""
import os

import measure
import servers
from table import between, table

SECONDS = 1.5
CASES = [("rsa2048", "assertion"), ("rsa2048", "both"), ("ec256", "both"), ("ec256", "file")]
FULL = {"rsa2048": 1500, "ec256": 5000}
FIGURES = ("p50", "p99", "p999")


def one_round(server, key, path, cores):
    """CORES: the server's, and the generator's."""
    options = {"headers": server.host(key), "expect": "SAMLResponse", "connections": 16, "cores": ",".join(map(str, cores[1]))}
    server.hold(cores[0])
    full = measure.cost(server.pids, server.plain_port, "/" + path, requests=FULL[key], **options)["per_second"]
    before = measure.stolen()
    half = measure.load(server.plain_port, "/" + path, requests=int(full / 2 * SECONDS), rate=full / 2, **options)
    return {"rate": full / 2, **{name: half[name] for name in FIGURES}, "ratio": half["p99"] / half["p50"],
            "stolen": measure.stolen() - before}


def summary(rounds):
    """The spread of each figure, and of the ratio in those rounds in which the cores were ours; None if there was none."""
    ours = [one["ratio"] for one in rounds if not one["stolen"]]
    return {**{name: measure.spread([one[name] for one in rounds]) for name in ("rate", "ratio") + FIGURES},
            "undisturbed": len(ours), "undisturbed_ratio": measure.spread(ours) if ours else None}


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
    return [{"key": key, "path": path, "cores": place, **summary(seen[key, path, place])} for key, path, place in cases]


def show(rows):
    table("Latency at half of what the server can do, microseconds, as medians of the rounds",
          ["the server's cores", "key", "what", "a second", "p50", "p99", "p99.9", "p99 / p50", "undisturbed rounds", "p99 / p50"],
          [[row["cores"], row["key"], row["path"], "%.0f" % row["rate"][1]] + ["%.0f" % row[name][1] for name in FIGURES] +
           [between(row["ratio"], 1), row["undisturbed"], between(row["undisturbed_ratio"], 1) if row["undisturbed"] else ""]
           for row in rows])
