# SPDX-License-Identifier: Apache-2.0
"""What valgrind counts, the same each time: instructions, and allocations from the heap.

    counting.own_cost(profile, objects)             # of the lines of a callgrind profile: what these objects spent themselves
    counting.of_program(command, function, objects) # a program's instructions in that function, and what it calls
    counting.of_requests(server, ask, objects)      # a server's, while it has the connections of ASK() on its hands
    counting.heap_of_program(command)               # (allocations, bytes) from its start to its end
    counting.heap_of_requests(server, ask)

OBJECTS is a regular expression, or a list of these for a list of counts; the server has not been started before."""
import glob
import os
import re
import shutil
import subprocess
import tempfile

HEAP = re.compile(r"total heap usage: ([\d,]+) allocs, [\d,]+ frees, ([\d,]+) bytes allocated")
# What is the same whatever OpenSSL, C library and processor there are.
PORTABLE = r"^(?!.*/(libc|libm|libcrypto|libssl|ld-linux)[-.])"


def is_there():
    return bool(shutil.which("valgrind"))


def own_cost(profile, objects):
    """The sum over the objects, whose paths OBJECTS finds, of what they spend themselves."""
    names, total, counted, called = {}, 0, False, False
    for line in profile:
        match = re.match(r"ob=\((\d+)\)(?: (.*))?$", line)
        if match:
            names.setdefault(match.group(1), match.group(2))
            counted = bool(re.search(objects, names[match.group(1)] or ""))
        elif match := re.match(r"cob=\((\d+)\)(?: (.*))?$", line):
            names.setdefault(match.group(1), match.group(2))
        elif line.startswith("calls="):
            called = True  # the next line is what the callee spent
        elif re.match(r"[+*\d-]", line):
            if counted and not called:
                total += int(line.split()[1])
            called = False
    return total


def _costs(paths, objects):
    profiles = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            profiles.append(file.read().splitlines())
    costs = [sum(own_cost(profile, one) for profile in profiles)
             for one in ([objects] if isinstance(objects, str) else objects)]
    return costs[0] if isinstance(objects, str) else costs


def _heap(paths):
    allocations = size = 0
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as file:
            match = HEAP.search(file.read())
        if match:
            allocations, size = (old + int(new.replace(",", "")) for old, new in zip((allocations, size), match.groups()))
    return allocations, size


def _callgrind(function, folder):
    return ["valgrind", "-q", "--tool=callgrind", "--toggle-collect=" + function, "--callgrind-out-file=%s/%%p" % folder]


def _memcheck(folder):
    return ["valgrind", "--undef-value-errors=no", "--leak-check=no", "--log-file=%s/%%p" % folder]


def _program(tool, command, read):
    with tempfile.TemporaryDirectory(prefix="rcidp-") as folder:
        subprocess.run(tool(folder) + command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        return read(glob.glob(folder + "/*"))


def _requests(tool, server, ask):
    folder = server.path("counts")
    os.mkdir(folder)
    os.chmod(folder, 0o777)  # the children of a root server are somebody else
    server.wrapper = tool(folder)
    with server:
        ask()
    return glob.glob(folder + "/*")


def of_program(command, function, objects=""):
    return _program(lambda folder: _callgrind(function, folder), command, lambda paths: _costs(paths, objects))


def heap_of_program(command):
    return _program(_memcheck, command, _heap)


def of_requests(server, ask, objects=""):
    return _costs(_requests(lambda folder: _callgrind("ap_run_process_connection", folder), server, ask), objects)


def heap_of_requests(server, ask):
    return _heap(_requests(_memcheck, server, ask))
