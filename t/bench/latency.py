# SPDX-License-Identifier: Apache-2.0
"""How long an answer takes while the server has half of what it can do: requests come by the clock, evenly, whether
answers have come or not, and each time is counted from when its request was due."""
import measure
import servers
from table import table

SECONDS = 1.5
CASES = [("rsa2048", "assertion"), ("rsa2048", "both"), ("ec256", "both"), ("ec256", "file")]
FULL = {"rsa2048": 1500, "ec256": 5000}
FIGURES = ("p50", "p99", "p999")


def one_round(server, key, path):
    options = {"headers": server.host(key), "expect": "SAMLResponse", "connections": 16}
    full = measure.cost(server.pids, server.plain_port, "/" + path, requests=FULL[key], **options)["per_second"]
    half = measure.load(server.plain_port, "/" + path, requests=int(full / 2 * SECONDS), rate=full / 2, **options)
    return {"rate": full / 2, **{name: half[name] for name in FIGURES}, "ratio": half["p99"] / half["p50"]}


def run(options):
    seen = {case: [] for case in CASES}
    with servers.launches() as server:
        server.write("docs/file", server.page("ec256", "both"))
        for _ in range(options.rounds):
            for case in CASES:
                seen[case].append(one_round(server, *case))
    return [{"key": key, "path": path, **{name: measure.spread([one[name] for one in seen[key, path]])
                                          for name in ("rate", "ratio") + FIGURES}} for key, path in CASES]


def show(rows):
    table("Latency at half of what the server can do, microseconds, as medians of the rounds",
          ["key", "what", "a second", "p50", "p99", "p99.9", "p99 / p50 (p10 to p90)"],
          [[row["key"], row["path"], "%.0f" % row["rate"][1]] + ["%.0f" % row[name][1] for name in FIGURES] +
           ["%.1f (%.1f to %.1f)" % (row["ratio"][1], row["ratio"][0], row["ratio"][2])] for row in rows])
