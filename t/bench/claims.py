# SPDX-License-Identifier: Apache-2.0
"""How the cost of a launch grows with what is said of the user: many attributes, and a long one. Beside each, a file of the
same size as the page."""
import certs
import measure
import servers
from table import between, table

REQUESTS = 400
MANY = [0, 50, 100, 200]
LONG = [0, 15, 30, 60]  # KiB


def _sections():
    text = ['SetEnv KIB%d "%s"\n' % (size, "value & " * (size * 1024 // 8)) for size in LONG if size]
    for number in MANY:
        more = "\n".join('    RcIdpAttribute "https://example.com/claims/number-%d" "value %d of %%{REMOTE_USER}"' % (i, i)
                         for i in range(number))
        text.append(servers.launch("many-%d" % number, more=more))
    for size in LONG:
        more = '    RcIdpAttribute "https://example.com/claims/long" "%%{reqenv:KIB%d}"' % size if size else ""
        text.append(servers.launch("long-%d" % size, more=more))
    return "".join(text)


def _slopes(sizes, costs):
    """What one more costs, over the first part and over the last."""
    return ((costs[-2] - costs[0]) / (sizes[-2] - sizes[0]), (costs[-1] - costs[-2]) / (sizes[-1] - sizes[-2]))


def run(options):
    cases = [("many", n) for n in MANY] + [("long", n) for n in LONG]
    seen = {case: [] for case in cases}
    config = servers.vhost("ec256", servers.IDENTITY.format(name="ec256", pair=certs.pair("ec256")) + _sections())
    with servers.Bench(config, name="claims") as server:
        for kind, size in cases:
            server.write("docs/file-%s-%d" % (kind, size), server.page("ec256", "%s-%d" % (kind, size)))
        for turn in range(options.rounds + 1):
            for kind, size in cases:
                costs = [measure.cost(server.pids, server.plain_port, path % (kind, size), requests=REQUESTS,
                                      headers=server.host("ec256"), expect="SAMLResponse") for path in ("/%s-%d", "/file-%s-%d")]
                if turn:  # the first one warms up
                    seen[kind, size].append(costs)
    rows = [{"kind": kind, "size": size, "bytes": seen[kind, size][0][0]["body"],
             "launch_us": measure.spread([one[0]["server_us"] for one in seen[kind, size]]),
             "file_us": measure.spread([one[1]["server_us"] for one in seen[kind, size]])} for kind, size in cases]
    slopes = {kind: _slopes(sizes, [row["launch_us"][1] for row in rows if row["kind"] == kind])
              for kind, sizes in (("many", MANY), ("long", LONG))}
    return {"rows": rows, "slopes": slopes}


def show(result):
    names = {"many": "%d attributes more", "long": "an attribute of %d KiB more"}
    table("How a launch grows, P-256, both signatures", ["what", "page, bytes", "CPU us", "file: CPU us"],
          [[names[row["kind"]] % row["size"], row["bytes"], between(row["launch_us"]), between(row["file_us"])]
           for row in result["rows"]])
    table("What one more costs", ["of", "up to the half, us", "from there on, us"],
          [[name, "%.2f" % first, "%.2f" % second] for name, (first, second) in
           (("an attribute", result["slopes"]["many"]), ("a KiB", result["slopes"]["long"]))])
