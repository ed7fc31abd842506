#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""What a Response costs beside its signatures, in instructions, which callgrind counts the same each time.

Counted are those of the core, APR, libxml2 and xmlsec1, while rcidp_response_make runs. OpenSSL's and the C library's
are not: they depend on their version and on the processor. The bounds leave about a sixth for what is added on purpose;
who passes them should know why, and then move them."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

SRC = os.environ.get("RCIDP_SRC") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BUILD = os.environ.get("RCIDP_BUILD") or SRC
sys.path.insert(0, os.path.join(SRC, "t", "lib"))
from tap import done_testing, note, ok, skip_all

PROGRAM = os.path.join(BUILD, "t", "bench", "core")
COUNTED = re.compile(r"/(t/bench/core|lib(apr|xml2|xmlsec)[^/]*)$")
RESPONSES = 10
USUAL, EACH_ATTRIBUTE = 42000, 1250  # measured: 36,000 and 1,040


def own_cost(profile):
    """The sum over the counted objects of what they spend themselves."""
    names, total, counted, called = {}, 0, False, False
    for line in profile:
        match = re.match(r"ob=\((\d+)\)(?: (.*))?$", line)
        if match:
            names.setdefault(match.group(1), match.group(2))
            counted = bool(COUNTED.search(names[match.group(1)] or ""))
        elif match := re.match(r"cob=\((\d+)\)(?: (.*))?$", line):
            names.setdefault(match.group(1), match.group(2))
        elif line.startswith("calls="):
            called = True  # the next line is what the callee spent
        elif re.match(r"[+*\d-]", line):
            if counted and not called:
                total += int(line.split()[1])
            called = False
    return total


def count(attributes):
    """Instructions for a Response with both signatures."""
    with tempfile.TemporaryDirectory(prefix="rcidp-") as folder:
        out = os.path.join(folder, "callgrind.out")
        subprocess.run(["valgrind", "-q", "--tool=callgrind", "--toggle-collect=rcidp_response_make",
                        "--callgrind-out-file=" + out, PROGRAM, "--count", "ec256", str(attributes), str(RESPONSES)],
                       check=True, stdout=subprocess.DEVNULL, env={**os.environ, "RCIDP_SRC": SRC})
        with open(out, encoding="utf-8") as profile:
            return own_cost(profile) / RESPONSES


if os.environ.get("RCIDP_PRELOAD"):
    skip_all("a sanitizer counts along")
if not shutil.which("valgrind"):
    skip_all("there is no valgrind")
usual, hundred, twohundred = count(4), count(100), count(200)
note("instructions: %d for 4 attributes, %d for 100, %d for 200" % (usual, hundred, twohundred))
ok(0 < usual <= USUAL, "a usual Response costs at most %d instructions" % USUAL)
ok((hundred - usual) / 96 <= EACH_ATTRIBUTE, "an attribute more costs at most %d" % EACH_ATTRIBUTE)
ok((twohundred - hundred) / 100 <= EACH_ATTRIBUTE, "also the two hundredth")
done_testing()
