#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""What operators see: mod_status counts each launch once, on each MPM and over graceful restarts, and what docs/operations.md says of
it is so; the audit log in JSON is valid whatever people send, and reads back as it was."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import form
import idp
import verify
from httpd import SOURCE, poll
from idp import Idp
from tap import done_testing, is_, like, ok

with open(os.path.join(SOURCE, "docs", "operations.md")) as text:
    GUIDE = text.read()
SNIPPETS = {kind: re.findall(r"^```%s\n(.*?)^```" % kind, GUIDE, re.S | re.M) for kind in ("apache", "sh")}
STATUS = '<Location "/server-status">\nSetHandler server-status\nRequire all granted\n</Location>\n'
MORE = """
<Location "/bob">
    SetHandler rcidp-launch
    RcIdpLaunch us
    %s
    Require user bob
    AuthMerging And
    AuthzSendForbiddenOnFailure On
</Location>
<Location "/documented">
    SetHandler rcidp-launch
    RcIdpLaunch us eu
    RcIdpMail "%%{REMOTE_USER}@example.com"
    ErrorDocument 403 /error.html
    %s
</Location>
<Location "/odd">
    SetHandler rcidp-launch
    RcIdpLaunch eu
    RcIdpNameID unspecified "%%{HTTP:X-Name}"
    RcIdpAttribute email none
    %s
</Location>
%s
""" % (idp.AUTHENTICATION.replace("Require valid-user", ""), idp.AUTHENTICATION, idp.AUTHENTICATION, STATUS)
# Method, path, options; the pair that is counted, None for none.
REQUESTS = [
    ("GET", "/ringcentral", {}, "us_issued"),
    ("GET", "/ringcentral", {}, "us_issued"),
    ("HEAD", "/ringcentral", {}, "us_head"),
    ("GET", "/documented", {}, "-_choose"),
    ("GET", "/documented?sp=eu", {}, "eu_issued"),
    ("GET", "/documented", {"headers": [("Sec-Fetch-Dest", "iframe")]}, "-_frame"),
    ("GET", "/ringcentral/below", {}, "-_not-found"),
    ("GET", "/bob", {}, "-_denied"),
    ("GET", "/odd", {}, "eu_no-name-id"),
    ("GET", "/ringcentral", {"user": None, "headers": [("Sec-Purpose", "prefetch")]}, "-_prefetch"),
    ("GET", "/ringcentral", {"user": None}, None),
    ("GET", "/ringcentral", {"password": "wrong"}, None),
    ("GET", "/ringcentral/metadata", {"user": None}, None),
    ("GET", "/nothing", {"user": None}, None),
]
# Name IDs that are trouble for JSON, shells and logs.
NAMES = ['a"b', "a\\b", "\\\\\"", "Zoë €", "\U0001f511", "a\tb", "</script>", "'; DROP TABLE", '{"a":1}', "\\u0041", "%00", "a,b"]


def numbers(server):
    """The lines of ?auto that are ours."""
    text = server.client().get("/server-status?auto").text
    return {name: int(number) for name, number in re.findall(r"^Rcidp(\w+(?:-[\w-]*)?): (-?\d+)$", text, re.M)}


def counted(server, wanted):
    """Wait until the last request is counted: that is when its pool ends."""
    return poll(lambda: (lambda found: found if sum(found.values()) >= sum(wanted.values()) else None)(
        {name[7:]: number for name, number in numbers(server).items() if name.startswith("Result_")}), "all is counted")


AUDIT = SNIPPETS["apache"][0].replace("logs/rcidp_audit.json", '"${folder}/audit.json"')
for mpm in ("event", "worker", "prefork"):
    with Idp(mpm=mpm, name=mpm, vhost=MORE, server=AUDIT, modules=["status", "unique_id"], users=["alice", "bob"]) as server:
        server.write("docs/error.html", "an error")
        for pattern in ("RCIDP2[234]: ", "RCIDP32: ", "AH01617: ", "AH01631: "):
            server.expect(pattern)
        wanted, issued = {}, []
        is_([name for name in numbers(server) if name.startswith("Result")], [], mpm + ": nothing is counted at first")
        for generation in range(2):
            for method, path, options, pair in REQUESTS:
                answer = server.client().request(method, path, **{"user": "alice", **options})
                if pair:
                    wanted[pair] = wanted.get(pair, 0) + 1
                if "issued" in str(pair):
                    issued.append((path, verify.fields(form.auto_post(answer.text).xml)))
            is_(counted(server, wanted), wanted, "%s, generation %d: each launch is counted once" % (mpm, generation))
            if not generation:
                server.graceful()
        fingerprint = certs.fingerprint(server.pair.cert).replace(":", "").lower()
        found = numbers(server)
        ok(found["DaysLeft"] == found["DaysLeft_signing_" + fingerprint[:16]] and found["DaysLeft"] in (363, 364), mpm + ": the days", found)
        page = server.client().get("/server-status").text
        like(page, "<h2>mod_rcidp</h2>", mpm + ": a section for people")
        like(page, "<td>us</td><td>issued</td><td>4</td>", mpm + ": has the numbers")
        like(page, "<td>the signing certificate in %s</td><td>36[34]</td>" % server.pair.cert, mpm + ": and the certificate")

        for name in NAMES if mpm == "event" else NAMES[:1]:
            server.client().get("/odd", user="alice", headers=[("X-Name", name), ("User-Agent", name)])
        server.requests(at_least=1)
        entries = poll(lambda: (lambda lines: lines if len(lines) >= sum(wanted.values()) + (len(NAMES) if mpm == "event" else 1) else None)(
            open(server.path("audit.json"), "rb").read().decode().splitlines()), "the audit log is written")
        entries = [json.loads(line) for line in entries]
        launches = [entry for entry in entries if entry["user_agent"] not in NAMES]  # in the order of the log, not of the requests
        is_(sorted("%s_%s" % (entry["sp"] or "-", entry["result"]) for entry in launches),
            sorted(pair for pair, number in wanted.items() for _ in range(number)), mpm + ": the audit log says the same")
        ok(all(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ", entry["time"]) and entry["request_id"] for entry in entries),
           mpm + ": time and request ID", entries[0])
        documented = re.findall(r"`(\w+)`", "".join(re.findall(r"^\|(.*?)\|", GUIDE.split("| member |")[1], re.M)))
        ok(all(sorted(entry) == sorted(documented) for entry in entries), mpm + ": the members are those of the guide", sorted(entries[0]), documented)
        by_response = {entry["response"]: entry for entry in launches}
        for path, fields in issued:
            entry = by_response.get(fields.id, {})
            is_({name: entry.get(name) for name in ("response", "assertion", "name_id", "authn_context", "audience", "certificate", "user", "auth_type",
                                                "client", "host", "path", "status", "method", "error", "in_response_to")},
                {"response": fields.id, "assertion": fields.assertion_id, "name_id": "alice@example.com", "authn_context": fields.authn_context,
                 "audience": fields.audiences[0], "certificate": fingerprint, "user": "alice", "auth_type": "Basic", "client": "127.0.0.1",
                 "host": "localhost", "path": path.partition("?")[0], "status": 200, "method": "GET", "error": None, "in_response_to": None},
                "%s: what was issued at %s" % (mpm, path))
        refused = {entry["result"]: entry for entry in launches if entry["error"]}
        is_({result: (entry["status"], entry["certificate"], entry["response"]) for result, entry in refused.items()},
            {"frame": (403, None, None), "not-found": (404, None, None), "denied": (403, None, None), "no-name-id": (403, None, None),
             "prefetch": (403, None, None)}, mpm + ": what was refused")
        by_agent = {entry["user_agent"]: entry for entry in entries}
        for name in NAMES if mpm == "event" else NAMES[:1]:
            entry = by_agent.get(name, {"result": "nothing", "name_id": ""})
            is_(entry["name_id"], name if entry["result"] == "issued" else None, "%s: reads back: %r" % (mpm, name))

        if mpm == "event":
            # The guide's line for Prometheus, and what Prometheus' own parser makes of it.
            script = SNIPPETS["sh"][0].replace("http://localhost/", "https://localhost:%d/" % server.port).replace("curl -s", "curl -sk")
            done = subprocess.run(["sh", "-euc", script], cwd=server.folder, stderr=subprocess.PIPE)
            is_((done.returncode, done.stderr), (0, b""), "the line for Prometheus works")
            from prometheus_client.parser import text_string_to_metric_families
            with open(server.path("rcidp.prom")) as text:
                samples = [(sample.name, sample.labels, sample.value) for family in text_string_to_metric_families(text.read())
                           for sample in family.samples]
            ok(("rcidp_results_total", {"provider": "us", "result": "issued"}, 4.0) in samples, "launches as Prometheus sees them", samples)
            ok(("rcidp_days_left", {"kind": "signing", "id": fingerprint[:16]}, float(found["DaysLeft"])) in samples, "and the days", samples)
done_testing()
