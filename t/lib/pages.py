# SPDX-License-Identifier: Apache-2.0
"""The pages of mod_rcidp, judged: what every one of them must carry, and what none may.

    pages.is_ours(answer)       # is it one of the module's own pages, rather than httpd's or the site's?
    pages.problems(answer)      # list of what is wrong with a page of the module; for HEAD only the headers are judged
    pages.issued(answer)        # does it carry a Response?
    pages.sentence(answer)      # the paragraphs of a page, as plain text
    pages.headers(answer)       # its headers without those that differ from request to request
"""
import base64
import hashlib
import html
import re

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Pragma": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin",
}
POLICY = {
    "default-src": ["'none'"],
    "img-src": ["data:"],
    "form-action": ["https:"],
    "frame-ancestors": ["'none'"],
    "base-uri": ["'none'"],
}


def policy(answer):
    """The Content-Security-Policy as a dict: directive -> list of sources."""
    parts = [part.split() for part in (answer.header("Content-Security-Policy") or "").split(";") if part.split()]
    return {part[0]: part[1:] for part in parts}


def is_ours(answer):
    return "frame-ancestors" in policy(answer)


def issued(answer):
    return b"SAMLResponse" in answer.body


def headers(answer):
    return sorted((name, value) for name, value in answer.headers
                  if name not in ("Date", "Content-Length", "Keep-Alive", "Connection"))


def sentence(answer):
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", text)) for text in re.findall(r"<p\b[^>]*>(.*?)</p>", answer.text))


def _hashes(text, tag):
    return ["'sha256-%s'" % base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
            for inside in re.findall(r"<%s>(.*?)</%s>" % (tag, tag), text, re.S)]


def problems(answer):
    found = ["%s: %r" % (name, answer.all(name)) for name, value in HEADERS.items() if answer.all(name) != [value]]
    said = policy(answer)
    found += ["policy: %s %s" % (name, said.get(name)) for name, value in POLICY.items() if said.get(name) != value]
    found += ["policy: %s" % name for name in said if name not in [*POLICY, "script-src", "style-src"]]
    if not answer.body:
        return found
    text = answer.text
    for tag, name in (("style", "style-src"), ("script", "script-src")):
        found += ["the policy forbids this %s" % tag for digest in _hashes(text, tag) if digest not in said.get(name, [])]
        if len(re.findall("<%s" % tag, text)) != len(_hashes(text, tag)):
            found.append("a %s that the policy cannot know" % tag)
    if not text.startswith("<!DOCTYPE html>") or not _hashes(text, "style"):
        found.append("not a whole page")
    found += ["%s in the page" % bad for bad in re.findall(r"\son\w+=|\sstyle=|javascript:|name=\"?submit|id=\"?submit", text)]
    return found
