# SPDX-License-Identifier: Apache-2.0
"""What a launch over httpd costs beside a file of the same size behind the same password, and beside its signatures."""
import measure
import servers
from table import between, table

# So many Responses at a time, so that each turn takes about the same; and so many files.
RESPONSES = {"rsa2048": 600, "rsa3072": 120, "ec256": 2000}
FILES = 2500
SIGNATURES = {"rsa2048": 400, "rsa3072": 60, "ec256": 4000}


def signatures(sign):
    return 2 if sign == "both" else 1


def one_round(server, key, sign):
    """A launch, the file, and OpenSSL's signature, one after the other."""
    pids, port, headers = server.pids, server.plain_port, server.host(key)
    times = RESPONSES[key] // signatures(sign)
    launch = measure.cost(pids, port, "/" + sign, requests=times, headers=headers, expect="SAMLResponse")
    file = measure.cost(pids, port, "/%s-%s" % (key, sign), requests=FILES, headers=headers, expect="SAMLResponse")
    raw = measure.raw(key, SIGNATURES[key])
    return {"launch_us": launch["server_us"], "file_us": file["server_us"], "raw_us": raw,
            "per_second": launch["per_second"], "file_per_second": file["per_second"], "bytes": launch["body"],
            "load_us": launch["cpu_us"],
            "of_signatures": (launch["server_us"] - file["server_us"]) / (signatures(sign) * raw),
            "of_file": launch["server_us"] / file["server_us"]}


def run(options):
    """One row for each kind of key and each RcIdpSign; of each figure (p10, median, p90)."""
    cases = [(key, sign) for key in servers.KEYS for sign in servers.SIGNED]
    seen = {case: [] for case in cases}
    with servers.launches() as server:
        for key, sign in cases:
            server.write("docs/%s-%s" % (key, sign), server.page(key, sign))
            one_round(server, key, sign)  # the first one warms up
        for _ in range(options.rounds):
            for case in cases:
                seen[case].append(one_round(server, *case))
    return [{"key": key, "signed": sign,
             **{name: measure.spread([one[name] for one in seen[key, sign]]) for name in seen[key, sign][0]}}
            for key, sign in cases]


def show(rows):
    table("A launch over httpd: CPU of the whole server, as medians (p10 to p90)",
          ["key", "signed", "Responses/s", "CPU us", "file: CPU us", "signature: us", "/s", "(launch - file) / signatures",
           "launch / file"],
          [[row["key"], row["signed"], "%.0f" % row["per_second"][1], between(row["launch_us"]), between(row["file_us"]),
            between(row["raw_us"]), "%.0f" % (1e6 / row["raw_us"][1]), between(row["of_signatures"], 2), between(row["of_file"], 2)]
           for row in rows])
