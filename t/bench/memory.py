# SPDX-License-Identifier: Apache-2.0
"""How much memory a child takes, over many Responses and beside one of the same httpd that serves a file."""
import measure
import servers
from table import table

STEPS = 10
KINDS = {"Rss": "rss_kib", "Pss": "pss_kib", "Private_Dirty": "private_kib"}


def of_process(pid):
    """KiB of a process now: resident, its share where pages are shared, what it alone has written; the most ever."""
    found = {}
    with open("/proc/%s/smaps_rollup" % pid, encoding="ascii") as file:
        for line in file:
            name, _, value = line.partition(":")
            if name in KINDS:
                found[KINDS[name]] = int(value.split()[0])
    with open("/proc/%s/status" % pid, encoding="utf-8") as file:
        found["peak_rss_kib"] = next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))
    return found


def of_children(server):
    """The largest of the children, in each respect."""
    all_of_them = [of_process(pid) for pid in server.children()]
    return {name: max(one[name] for one in all_of_them) for name in all_of_them[0]}


def course(server, key, path, responses):
    """Memory after each tenth of so many answers; the first is before any."""
    seen = [of_children(server)]
    for _ in range(STEPS):
        measure.load(server.plain_port, path, requests=responses // STEPS, connections=16, headers=server.host(key),
                     expect="SAMLResponse")
        seen.append(of_children(server))
    return seen


def run(options):
    """Of a key that costs little, so many; of RSA a tenth of it. Each in a server of its own."""
    rows = []
    for key, name, times in (("ec256", "P-256", options.responses), ("rsa2048", "RSA 2048", options.responses // 10)):
        with servers.launches(keys=[key]) as server, servers.static() as plain:
            plain.write("docs/file", server.page(key, "both"))
            rows.append({"what": "a file of that size, without the module", "responses": times,
                         "course": course(plain, key, "/file", times)})
            rows.append({"what": "launches, " + name, "responses": times, "course": course(server, key, "/both", times)})
    return rows


def show(rows):
    table("Memory of the largest child, KiB",
          ["what", "answers", "resident: start", "a tenth", "all", "most ever", "than a file's", "written alone: a tenth", "all",
           "than a file's", "share: all"],
          [[row["what"], row["responses"], row["course"][0]["rss_kib"], row["course"][1]["rss_kib"], row["course"][-1]["rss_kib"],
            row["course"][-1]["peak_rss_kib"], row["course"][-1]["peak_rss_kib"] - file["course"][-1]["peak_rss_kib"],
            row["course"][1]["private_kib"], row["course"][-1]["private_kib"],
            row["course"][-1]["private_kib"] - file["course"][-1]["private_kib"], row["course"][-1]["pss_kib"]]
           for file, launches in zip(rows[::2], rows[1::2]) for row in (file, launches)])
