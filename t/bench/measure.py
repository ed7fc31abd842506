# SPDX-License-Identifier: Apache-2.0
"""What a server's answers cost: load on loopback, the CPU time of a process and all its children, medians with spread.

    answer = measure.load(port, "/launch", requests=1000, headers=["Host: a.example"], expect="SAMLResponse")
    cost = measure.cost([pid], port, "/launch", ...)    # that, and what the server's processes took for it
    low, middle, high = measure.spread(values)          # p10, median, p90
"""
import json
import os
import subprocess
import time

from httpd import BUILD, SOURCE

LOAD = os.path.join(BUILD, "t", "bench", "load")
CORE = os.path.join(BUILD, "t", "bench", "core")
TICK = os.sysconf("SC_CLK_TCK")


def _stat(pid):
    """(parent, seconds of the children it has waited for), or None where the process has ended."""
    try:
        with open("/proc/%s/stat" % pid, encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(fields[1]), (int(fields[13]) + int(fields[14])) / TICK


def tree(pid):
    """The process and all below it: pid -> seconds of children that have ended."""
    processes = {int(name): _stat(name) for name in os.listdir("/proc") if name.isdigit()}
    found, ahead = {}, [pid]
    while ahead:
        one = ahead.pop()
        if processes.get(one):
            found[one] = processes[one][1]
            ahead += [child for child, stat in processes.items() if stat and stat[0] == one]
    return found


def cpu(pids):
    """Seconds, user and system, that the processes and all their children have taken so far."""
    total = 0.0
    for process, ended in [one for pid in pids for one in tree(pid).items()]:
        try:
            # Linux: the CPU clock of another process, to the nanosecond.
            total += time.clock_gettime((~process << 3) | 2) + ended
        except OSError:
            pass  # it has ended; its parent tells next time
    return total


def stolen():
    """How often, by the tick, a core of this machine was somebody else's so far, where the machine is a virtual one."""
    with open("/proc/stat", encoding="ascii") as file:
        return int(file.readline().split()[8])


def load(port, path, requests=1000, connections=8, rate=0, headers=(), expect=None, cores=None):
    """What t/bench/load prints; an exception unless each answer was the one expected. CORES: a list for taskset."""
    command = ["taskset", "-c", cores] if cores else []
    command += [LOAD, "requests=%d" % requests, "connections=%d" % connections, "rate=%f" % rate]
    command += ["header=" + header for header in headers]
    command += ["expect=" + expect] if expect else []
    done = subprocess.run(command + [str(port), path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise RuntimeError("%s: %s" % (path, done.stderr.decode(errors="replace")))
    return json.loads(done.stdout)


def cost(pids, port, path, **options):
    """load(), and the CPU microseconds of an answer as "server_us"."""
    before = cpu(pids)
    answer = load(port, path, **options)
    answer["server_us"] = (cpu(pids) - before) / answer["requests"] * 1e6
    answer["per_second"] = answer["requests"] / answer["seconds"]
    return answer


def raw(key, signatures, processes=2):
    """CPU microseconds of OpenSSL's bare signature, while each core makes them."""
    running = [subprocess.Popen([CORE, "--raw", key, str(signatures)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                env={**os.environ, "RCIDP_SRC": SOURCE}) for _ in range(processes)]
    said = [process.communicate()[0] for process in running]
    if any(process.returncode for process in running):
        raise RuntimeError("t/bench/core failed")
    return sum(map(float, said)) / processes


def spread(values):
    """(p10, median, p90)."""
    ordered = sorted(values)
    return tuple(ordered[round((len(ordered) - 1) * part)] for part in (0.1, 0.5, 0.9))
