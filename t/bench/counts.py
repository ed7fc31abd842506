# SPDX-License-Identifier: Apache-2.0
"""What valgrind counts of an answer: instructions, allocations, bytes. The same on each run, whatever else the machine does.

Of OpenSSL the instructions under valgrind are not those of the processor, which has better ones: hence also the count
without OpenSSL and the C library."""
import os

import counting
import measure
import servers
from httpd import SOURCE
from table import table

FEW, MANY = 5, 25
OBJECTS = ["", counting.PORTABLE]


def _one(count):
    """Of one, as the difference between many and few, so that what is done once does not count. COUNT(times) is a list."""
    return [(many - few) / (MANY - FEW) for few, many in zip(count(FEW), count(MANY))]


def _row(what, key, instructions, heap):
    every, without = _one(instructions)
    allocations, size = _one(heap)
    return {"what": what, "key": key, "instructions": every, "without": without, "allocations": allocations, "bytes": size}


def _alone(key):
    """OpenSSL's bare signature."""
    def command(times):
        return [measure.CORE, "--raw", key, str(times)]
    return _row("the signature alone", key, lambda times: counting.of_program(command(times), "EVP_DigestSign", OBJECTS),
                lambda times: counting.heap_of_program(command(times)))


def _core(key):
    """A Response with both signatures, in the core alone."""
    def command(times):
        return [measure.CORE, "--count", key, "4", str(times)]
    return _row("core, both", key, lambda times: counting.of_program(command(times), "rcidp_response_make", OBJECTS),
                lambda times: counting.heap_of_program(command(times)))


def _httpd(what, make, key, path):
    """An answer of httpd: what its workers do with it, and what all of it takes from the heap."""
    def ready(times):
        server = make(processes=1)
        server.write("docs/file", "SAMLResponse".ljust(12000, "."))
        return server, lambda: measure.load(server.plain_port, path, requests=times, connections=1, headers=server.host(key),
                                            expect="SAMLResponse")
    return _row(what, key, lambda times: counting.of_requests(*ready(times), OBJECTS),
                lambda times: counting.heap_of_requests(*ready(times)))


def run(_options):
    if not counting.is_there():
        return []
    os.environ["RCIDP_SRC"] = SOURCE
    rows = [row(key) for key in servers.KEYS for row in (_alone, _core)]
    rows += [_httpd("httpd, a launch, both", servers.launches, key, "/both") for key in ("rsa2048", "ec256")]
    rows.append(_httpd("httpd, a file", servers.launches, "ec256", "/file"))
    rows.append(_httpd("httpd without the module, a file", servers.static, "ec256", "/file"))
    return rows


def show(rows):
    if not rows:
        print("\nInstructions and allocations: there is no valgrind.")
        return
    table("What valgrind counts of an answer",
          ["what", "key", "instructions", "without OpenSSL and libc", "allocations", "bytes"],
          [[row["what"], row["key"]] + ["%.0f" % row[name] for name in ("instructions", "without", "allocations", "bytes")]
           for row in rows])
