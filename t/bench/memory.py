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
    with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as file:
        for line in file:
            name, _, value = line.partition(":")
            if name in KINDS:
                found[KINDS[name]] = int(value.split()[0])
    with open("/proc/%d/status" % pid, encoding="utf-8") as file:
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
    """Of a key that costs little, so many; of RSA a tenth of it."""
    rows = []
    with servers.launches() as server, servers.static() as plain:
        plain.write("docs/file", server.page("ec256", "both"))
        for name, one, key, path, times in (("a file, without the module", plain, "ec256", "/file", options.responses),
                                            ("launches, P-256", server, "ec256", "/both", options.responses),
                                            ("then launches, RSA 2048", server, "rsa2048", "/both", options.responses // 10)):
            rows.append({"what": name, "responses": times, "course": course(one, key, path, times)})
    return rows


def show(rows):
    file = rows[0]["course"][-1]
    table("Memory of the largest child, KiB",
          ["what", "answers", "resident: start", "a tenth", "all", "most ever", "than a file's", "written alone: a tenth", "all",
           "than a file's", "share: all"],
          [[row["what"], row["responses"], row["course"][0]["rss_kib"], row["course"][1]["rss_kib"], row["course"][-1]["rss_kib"],
            row["course"][-1]["peak_rss_kib"], row["course"][-1]["peak_rss_kib"] - file["peak_rss_kib"],
            row["course"][1]["private_kib"], row["course"][-1]["private_kib"],
            row["course"][-1]["private_kib"] - file["private_kib"], row["course"][-1]["pss_kib"]] for row in rows])
