# SPDX-License-Identifier: Apache-2.0
"""What valgrind counts of an answer: instructions, allocations, bytes. The same on each run, whatever else the machine does.

Of OpenSSL the instructions under valgrind are not those of the processor, which has better ones: hence also the count
without OpenSSL and the C library."""
import os

import certs
import counting
import measure
import servers
from httpd import SOURCE
from table import table

FEW, MANY = 5, 25


def _core(key):
    """A Response with both signatures, in the core alone."""
    os.environ["RCIDP_SRC"] = SOURCE
    command = [measure.CORE, "--count", key, "4"]
    every, own = (cost / MANY for cost in
                  counting.of_program(command + [str(MANY)], "rcidp_response_make", ["", counting.PORTABLE]))
    few, many = (counting.heap_of_program(command + [str(times)]) for times in (FEW, MANY))
    return {"instructions": every, "without": own, "allocations": (many[0] - few[0]) / (MANY - FEW),
            "bytes": (many[1] - few[1]) / (MANY - FEW)}


def _server(make, key, path):
    """An answer of httpd: all that a worker does with it, and what all of httpd takes from the heap."""
    def ask(server, times):
        measure.load(server.plain_port, path, requests=times, connections=1, headers=server.host(key), expect="SAMLResponse")

    def one():
        server = make(processes=1)
        server.write("docs/file", "SAMLResponse".ljust(12000, "."))
        return server

    server = one()
    every, own = (cost / MANY for cost in
                  counting.of_requests(server, lambda: ask(server, MANY), ["", counting.PORTABLE]))
    few, many = one(), one()
    heaps = [counting.heap_of_requests(server, lambda s=server, t=times: ask(s, t)) for server, times in ((few, FEW), (many, MANY))]
    return {"instructions": every, "without": own, "allocations": (heaps[1][0] - heaps[0][0]) / (MANY - FEW),
            "bytes": (heaps[1][1] - heaps[0][1]) / (MANY - FEW)}


def run(_options):
    if not counting.is_there():
        return []
    rows = []
    for key in servers.KEYS:
        certs.pair(key)
        rows.append({"what": "core", "key": key, **_core(key)})
    for key in ("rsa2048", "ec256"):
        rows.append({"what": "httpd, a launch", "key": key, **_server(servers.launches, key, "/both")})
    rows.append({"what": "httpd, a file", "key": "", **_server(servers.launches, "ec256", "/file")})
    rows.append({"what": "httpd without the module, a file", "key": "", **_server(servers.static, "ec256", "/file")})
    return rows


def show(rows):
    if not rows:
        print("\nInstructions and allocations: there is no valgrind.")
        return
    table("What valgrind counts of a Response with both signatures",
          ["what", "key", "instructions", "without OpenSSL and libc", "allocations", "bytes"],
          [[row["what"], row["key"]] + ["%.0f" % row[name] for name in ("instructions", "without", "allocations", "bytes")]
           for row in rows])
