#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""What a Response costs beside its signatures, in instructions, which callgrind counts the same each time.

Counted are those of the core, APR, libxml2 and xmlsec1, while rcidp_response_make runs. OpenSSL's and the C library's
are not: they depend on their version and on the processor. The bounds leave about a tenth, for other compilers; who passes
them should know why, and then move them."""
import os
import sys

SRC = os.environ.get("RCIDP_SRC") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BUILD = os.environ.get("RCIDP_BUILD") or SRC
sys.path.insert(0, os.path.join(SRC, "t", "lib"))
import counting
from tap import done_testing, note, ok, skip_all

os.environ["RCIDP_SRC"] = SRC
PROGRAM = os.path.join(BUILD, "t", "bench", "core")
COUNTED = r"/(t/bench/core|lib(apr|xml2|xmlsec)[^/]*)$"
RESPONSES = 10
USUAL, EACH_ATTRIBUTE = 31000, 800  # measured: 28,400 and 730


def count(attributes):
    """Instructions for a Response with both signatures."""
    return counting.of_program([PROGRAM, "--count", "ec256", str(attributes), str(RESPONSES)], "rcidp_response_make",
                               COUNTED) / RESPONSES


if os.environ.get("RCIDP_PRELOAD"):
    skip_all("a sanitizer counts along")
if not counting.is_there():
    skip_all("there is no valgrind")
usual, hundred, twohundred = count(4), count(100), count(200)
note("instructions: %d for 4 attributes, %d for 100, %d for 200" % (usual, hundred, twohundred))
ok(0 < usual <= USUAL, "a usual Response costs at most %d instructions" % USUAL)
ok((hundred - usual) / 96 <= EACH_ATTRIBUTE, "an attribute more costs at most %d" % EACH_ATTRIBUTE)
ok((twohundred - hundred) / 100 <= EACH_ATTRIBUTE, "also the two hundredth")
done_testing()
