# SPDX-License-Identifier: Apache-2.0
"""What a browser does between servers, without one: follows redirects, keeps cookies, sends forms.

    agent = Agent({"sso.example.com": server.port})     # https, port 443 of that name; any other host is 127.0.0.1:PORT itself
    answer = agent.open("https://sso.example.com/ringcentral")
    answer.url                                          # where the redirects led
    answer = agent.send(answer, username="alice", password="secret")    # the page's only form, some fields filled in
    agent.trail                                         # every URL asked for, in order
    agent.attributes("sso.example.com")                 # of the cookies that were set there and not deleted, each combination once

A cookie goes back to its host and path; SameSite is a browser's business (see browser.py), and so are scripts.
"""
import http.cookies
import urllib.parse

import client
import form

REDIRECTS = (301, 302, 303, 307, 308)
MANY = 20
# What tells servers that this is a person, and no script.
HEADERS = [("Accept", "text/html"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")]


class Agent:
    """See the top of this file."""

    def __init__(self, ports):
        self.ports = ports
        self.cookies = {}
        self.lines = []
        self.trail = []

    def open(self, url, method="GET", body=None, origin=None):
        """Ask for that URL, and then for where it redirects to. The answer has its URL in addition.

        A BODY is sent by a page of that ORIGIN."""
        for _ in range(MANY):
            answer = self._ask(url, method, body, origin)
            if answer.status not in REDIRECTS:
                answer.url = url
                return answer
            # Browsers show no port that goes without saying.
            url = urllib.parse.urljoin(url, answer.header("Location")).replace(":443/", "/", 1)
            if answer.status not in (307, 308):
                method, body, origin = "GET", None, None
        raise AssertionError("redirected for ever: " + " ".join(self.trail))

    def send(self, answer, **fields):
        """Fill in the page's only form and send it."""
        found = form.forms(answer.text)
        if len(found) != 1:
            raise AssertionError("%d forms where one is expected:\n%r" % (len(found), answer))
        values = {attributes["name"]: attributes.get("value") or ""
                  for tag, attributes in found[0].controls if attributes.get("name")}
        unknown = set(fields) - set(values)
        if unknown:
            raise AssertionError("the form has no field %s" % ", ".join(sorted(unknown)))
        body = urllib.parse.urlencode({**values, **fields})
        target = urllib.parse.urljoin(answer.url, found[0].action or "")
        if found[0].method == "post":
            return self.open(target, "POST", body, urllib.parse.urlunsplit((*urllib.parse.urlsplit(answer.url)[:2], "", "", "")))
        return self.open(target.partition("?")[0] + "?" + body)

    def forget(self, host):
        """Lose the cookies of a host, as one who closed and opened the browser there."""
        self.cookies.pop(host, None)

    def attributes(self, host):
        """What was said of the cookies of that host, besides name, value and time: a list of lists in lower case."""
        found = {tuple(sorted(part.strip().lower() for part in line.split(";")[1:])) for name, line in self.lines
                 if name == host and not line.partition(";")[0].endswith("=")}
        return sorted([part for part in parts if not part.startswith(("expires=", "max-age=", "version="))] for parts in found)

    def _ask(self, url, method, body, origin):
        self.trail.append(url)
        parts = urllib.parse.urlsplit(url)
        if parts.scheme != "https":
            raise AssertionError("led out of TLS: " + url)
        server = client.Client(parts.port or self.ports[parts.hostname], host=parts.hostname)
        path = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
        answer = server.request(method, path, headers=HEADERS + self._cookies(parts) + [("Origin", origin)] * bool(origin), body=body, host=parts.netloc)
        self._keep(parts, answer)
        return answer

    def _cookies(self, parts):
        fitting = ["%s=%s" % (name, value) for (name, path), value in self.cookies.get(parts.hostname, {}).items()
                   if (parts.path or "/").startswith(path)]
        return [("Cookie", "; ".join(fitting))] if fitting else []

    def _keep(self, parts, answer):
        jar = self.cookies.setdefault(parts.hostname, {})
        for line in answer.all("Set-Cookie"):
            self.lines.append((parts.hostname, line))
            for name, morsel in http.cookies.SimpleCookie(line).items():
                key = (name, morsel["path"] or "/")
                # mod_session lets a cookie live for a second longer.
                gone = morsel["max-age"] in ("0", "1") or "1970" in morsel["expires"] or not morsel.value
                if gone:
                    jar.pop(key, None)
                else:
                    jar[key] = morsel.value
