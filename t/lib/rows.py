# SPDX-License-Identifier: Apache-2.0
"""A table of requests and what each must lead to: status, page, line in the error log, variables in the access log.

    rows = Rows()
    with Idp(server=rows.CONFIGURATION, ...) as server:
        rows.serve(server)
        answer = rows.ask("a parameter twice", "GET", "/ringcentral?sp=us&sp=us", "parameter")
    rows.judge()            # what the access log must hold, once the server has stopped

The word is that of RCIDP_RESULT; it stands for a status, a tag and a level, as in RESULTS.  A number instead of a word is
the status of what httpd itself answers; the module sets and logs nothing then.  A GET is repeated as a HEAD, which must have
the same status and headers, and issue nothing.
Options of ask(): log (what the module's line must match), also (patterns of further lines that must come), status (another than
the word's), ours (is the answer a page of the module's? default: for a word), head=False (no HEAD), and what Idp.request takes.
"""
import re

import pages
from tap import is_, ok

ERROR_RESPONSE = "RCIDP02"
# RCIDP_RESULT -> status, tag and level of the line in the error log.
RESULTS = {
    "issued": (200, "RCIDP01", "info"),
    "head": (200, None, None),
    "choose": (200, None, None),
    "portal": (200, None, None),
    "tested": (200, "RCIDP05", "info"),
    "not-protected": (500, "RCIDP10", "error"),
    "no-identity": (500, "RCIDP11", "error"),
    "authn-request": (400, "RCIDP12", "error"),
    "taken": (500, "RCIDP13", "error"),
    "not-itself": (403, "RCIDP20", "info"),
    "plain-http": (403, "RCIDP21", "info"),
    "prefetch": (403, "RCIDP22", "info"),
    "frame": (403, "RCIDP23", "info"),
    "not-found": (404, "RCIDP24", "info"),
    "method": (405, "RCIDP25", "info"),
    "post": (400, "RCIDP26", "info"),
    "parameter": (400, "RCIDP27", "info"),
    "provider": (400, "RCIDP28", "info"),
    "relay-state": (400, "RCIDP29", "info"),
    "no-mail": (403, "RCIDP30", "error"),
    "bad-mail": (403, "RCIDP31", "error"),
    "no-name-id": (403, "RCIDP32", "error"),
    "bad-text": (403, "RCIDP33", "error"),
    "evaluation": (500, "RCIDP34", "error"),
    "authn-context": (500, "RCIDP35", "error"),
    "signing": (500, "RCIDP36", "error"),
    "authn-instant": (500, "RCIDP38", "error"),
    "too-old": (403, "RCIDP39", "info"),
    "too-many": (429, "RCIDP18", "info"),
    "too-long": (400, "RCIDP17", "error"),
    "kept": (303, None, None),
    "sign-in-again": (302, None, None),
    # AuthnRequests: refused, or answered by a SAML error.
    "message": (400, "RCIDP43", "info"),
    "issuer": (400, "RCIDP44", "error"),
    "acs": (400, "RCIDP45", "error"),
    "signature": (400, "RCIDP46", "error"),
    "unsigned": (400, "RCIDP47", "error"),
    "no-certificate": (400, "RCIDP48", "error"),
    "destination": (400, "RCIDP49", "error"),
    **{word: (200, ERROR_RESPONSE, "info") for word in (
        "no-passive", "no-fresh-sign-in", "no-authn-context", "name-id-policy", "other-subject", "binding", "other-idp", "version",
        "request-time")},
    "denied": (403, None, None),
}
VARIABLES = ["RCIDP_RESULT", "RCIDP_SP", "RCIDP_NAMEID", "RCIDP_RESPONSE_ID", "RCIDP_ASSERTION_ID", "RCIDP_IN_RESPONSE_TO",
             "RCIDP_AUTHN_CONTEXT", "RCIDP_ERROR"]
# Set only when a Response was issued; the error only when none was, and for a reason.
IDS = ["RCIDP_RESPONSE_ID", "RCIDP_ASSERTION_ID"]


class Rows:
    """See the top of this file."""

    # GlobalLog is the log that virtual hosts write too.
    CONFIGURATION = 'LogFormat "%%{X-Row}i\\t%s" rows\nGlobalLog "${folder}/rows.log" rows\n' % "\\t".join(
        "%%<{%s}e" % name for name in VARIABLES)

    def __init__(self):
        self.server = None
        self.expected = []

    def serve(self, server):
        """The server that the next requests go to."""
        self.server = server

    def ask(self, name, method, path, result, head=True, **options):
        """One row: several checks. Returns the answer."""
        answer = self._ask(name, method, path, result, **options)
        if method == "GET" and head:
            twin = self._ask(name + ", HEAD", "HEAD", path, "head" if result in ("issued", "tested") else result, **options)
            is_(twin.body, b"", name + ", HEAD: without a body")
            is_(pages.headers(twin), pages.headers(answer), name + ", HEAD: the headers that GET has")
        return answer

    def _ask(self, name, method, path, result, log=None, also=None, ours=None, status=None, headers=(), **options):
        known = result in RESULTS
        wanted, tag, level = RESULTS[result] if known else (result, None, None)
        wanted = status or wanted
        ours = known if ours is None else ours
        also = [also] if isinstance(also, str) else also or []
        mark = self.server.mark()
        answer = self.server.request(method, path, headers=[("X-Row", str(len(self.expected))), *headers], **options)
        self.expected.append((name, wanted, result if known else None, pages.sentence(answer) if ours else ""))
        is_(answer.status, wanted, name + ": status")
        is_(pages.issued(answer), (result == "issued" or tag == ERROR_RESPONSE) and bool(answer.body), name + ": what is posted")
        found = pages.problems(answer) if ours else ["it is one"] if pages.is_ours(answer) else []
        ok(not found, "%s: %s page of ours" % (name, "a" if ours else "no"), *found)
        lines = self.server.log(mark).splitlines()
        said = [line for line in lines if re.search(r"RCIDP\d\d:", line) and not any(re.search(more, line) for more in also)]
        found = [re.search(r"\[rcidp:(\w+)\].*? (RCIDP\d\d):", line).groups() for line in said]
        ok(found == ([(level, tag)] if tag else []), "%s: in the error log: %s" % (name, tag or "nothing"), *lines)
        if log and result != "head":
            ok(any(re.search(log, line) for line in said), "%s: it says /%s/" % (name, log), *said)
        for more in also:
            ok(any(re.search(more, line) for line in lines), "%s: and /%s/" % (name, more), *lines)
        for pattern in [*also, *([r"\[rcidp:%s\] .* %s: " % (level, tag)] if tag else [])]:
            if (pattern, None) not in self.server.announced:
                self.server.expect(pattern)
        return answer

    def judge(self):
        """The variables that each request left in the access log."""
        found = {}
        with open(self.server.path("rows.log"), errors="replace") as file:
            for line in file:
                number, *values = line.rstrip("\n").split("\t")
                found.setdefault(number, []).append(dict(zip(VARIABLES, values)))
        for number, (name, status, result, sentence) in enumerate(self.expected):
            lines = found.get(str(number), [])
            if len(lines) != 1:
                is_(lines, "one line", name + ": in the access log")
                continue
            values = lines[0]
            is_(values["RCIDP_RESULT"], result or "-", name + ": RCIDP_RESULT")
            is_([values[variable] != "-" for variable in IDS], [result == "issued"] * 2, name + ": IDs of what is issued")
            is_(values["RCIDP_ERROR"] != "-", result in RESULTS and RESULTS[result][0] >= 400, name + ": RCIDP_ERROR")
            if sentence and result and status >= 400:
                ok(values["RCIDP_ERROR"] in sentence, name + ": the page says RCIDP_ERROR", values["RCIDP_ERROR"], sentence)
            if result in ("issued", "head"):
                ok("-" not in (values["RCIDP_SP"], values["RCIDP_NAMEID"], values["RCIDP_AUTHN_CONTEXT"]),
                   name + ": where to, and as whom", values)
