# SPDX-License-Identifier: Apache-2.0
"""A thousand virtual hosts: how long httpd takes to start with a launch path in each, and what a launch then costs."""
import time

import certs
import measure
import servers
from table import between, table

HOSTS = 1000


def _many(module):
    """(one of the kinds of server, its name)"""
    pair = certs.pair("ec256")
    if not module:
        return servers.Bench("".join(servers.vhost("h%d" % i) for i in range(HOSTS)), name="hosts", rcidp=False)
    hosts = []
    for i in range(HOSTS):
        content = 'RcIdpBaseURL "https://h%d.example.com"\nRcIdpEntityID "https://h%d.example.com/metadata"\n' % (i, i)
        if module == "own":
            content += 'RcIdpSigningCertificateFile "%s"\nRcIdpSigningKeyFile "%s"\n' % (pair.cert, pair.key)
        hosts.append(servers.vhost("h%d" % i, content + servers.launch("both")))
    common = servers.IDENTITY.format(name="all", pair=pair)
    return servers.Bench(common + "".join(hosts), name="hosts")


KINDS = {"without the module": None, "one key for all": "inherited", "directives of its own in each": "own"}


def _start(module):
    server = _many(module)
    start = time.monotonic()
    server.start()
    seconds = time.monotonic() - start
    return server, {"start_s": seconds, "start_cpu_s": measure.cpu(server.pids)}


def _costs(server, one, requests=1500):
    """A launch and a file, of the first of many hosts, and of a server that has few."""
    def us(server, host, path):
        return measure.cost(server.pids, server.plain_port, path, requests=requests, headers=server.host(host),
                            expect="SAMLResponse")["server_us"]
    return {"launch_us": us(server, "h0", "/both"), "few_launch_us": us(one, "ec256", "/both"),
            "file_us": us(server, "h0", "/file"), "few_file_us": us(one, "ec256", "/file")}


def run(options):
    starts = {name: [] for name in KINDS}
    costs = []
    with servers.launches() as one:
        one.write("docs/file", one.page("ec256", "both"))
        for _ in range(max(options.rounds // 3, 1)):
            for name, module in KINDS.items():
                server, seen = _start(module)
                starts[name].append(seen)
                with server:
                    if module == "inherited":
                        server.write("docs/file", one.page("ec256", "both"))
                        costs += [_costs(server, one) for _ in range(3)]
    spread = {name: {figure: measure.spread([one[figure] for one in seen]) for figure in seen[0]}
              for name, seen in starts.items()}
    return {"hosts": HOSTS, "starts": spread,
            "costs": {figure: measure.spread([one[figure] for one in costs]) for figure in costs[0]}}


def show(result):
    bare = result["starts"]["without the module"]
    table("httpd with %d virtual hosts starts" % result["hosts"], ["launch paths", "seconds", "CPU seconds", "more than without"],
          [[name, between(row["start_s"], 2), between(row["start_cpu_s"], 2), "%.2f" % (row["start_s"][1] - bare["start_s"][1])]
           for name, row in result["starts"].items()])
    costs = result["costs"]
    table("and answers", ["what", "CPU us", "with few hosts"],
          [["a launch, P-256, both", between(costs["launch_us"]), between(costs["few_launch_us"])],
           ["a file", between(costs["file_us"]), between(costs["few_file_us"])]])
