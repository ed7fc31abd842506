# SPDX-License-Identifier: Apache-2.0
"""Lasso's second opinion on every Response that a test is given, by the core's own function (judge.c).

Nobody has to ask for it: whoever speaks to a server of httpd.py (client.py, asking.py, curl.py) shows what was sent and what came
back, and the end of the server is one check, that Lasso took each Response as it should: as the service provider that the
configuration pairs with that ACS, by the metadata that the server publishes, and as the answer to the request that was sent.
An error Response must be one that Lasso knows for ours, too. What a server may have to say of itself:

    server.published = {entity_id: path}    # where its metadata is, as a path or (path, host); default: at /ringcentral/metadata
    server.reader = pair.key                # the file of the key to which its assertions are encrypted
    server.unjudged = "why"                 # its Responses are not shown to Lasso, for that reason

    judge.opinion(metadata, entity_id, acs, encoded, request, key)     # "", or why Lasso refuses; None in a build without Lasso
"""
import collections
import itertools
import os
import re
import shlex
import subprocess
import threading
import urllib.parse
import xml.etree.ElementTree as ElementTree
import zlib

import certs
import form
import tap

BUILD = os.path.abspath(os.environ.get("RCIDP_BUILD") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
MD, SAML, SAMLP = ("{urn:oasis:names:tc:SAML:2.0:%s}" % name for name in ("metadata", "assertion", "protocol"))
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
AN_ERROR = "it is told of an error"
ANY = None

_lock = threading.RLock()
_process = None
_files = {}
_servers = {}


def _start():
    global _process
    path = os.path.join(BUILD, "t", "lib", "judge")
    if not os.path.exists(path):
        tap.bail("there is no %s; make check builds it, or make t/lib/judge" % path)
    # It ends with this program, whose end closes its input.
    _process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    said = _process.stdout.readline().strip()
    if said not in (b"ready", b"no Lasso"):
        tap.bail("%s says: %r" % (path, said))
    _process.has_lasso = said == b"ready"


def _file(metadata):
    if metadata not in _files:
        _files[metadata] = os.path.join(certs.folder(), "judged-%d.xml" % len(_files))
        with open(_files[metadata], "wb") as file:
            file.write(metadata)
    return _files[metadata]


def has_lasso():
    """Was the module built with Lasso?"""
    with _lock:
        if _process is None:
            _start()
        return _process.has_lasso


def opinion(metadata, entity_id, acs, encoded, request=None, key=None):
    """What Lasso says as that service provider: see the top of this file."""
    with _lock:
        if not has_lasso():
            return None
        line = "\t".join([_file(metadata), entity_id, acs, request or "", key or "", re.sub(r"\s", "", encoded)])
        _process.stdin.write(line.encode() + b"\n")
        _process.stdin.flush()
        said = _process.stdout.readline()
        if not said:
            tap.bail("the judge has died")
        return said.decode().rstrip("\n")


def parties(server):
    """The entityIDs that each ACS goes with: what is built in, and what the server's configuration says."""
    import idp  # which needs httpd, which needs this
    found = collections.defaultdict(set)
    for entity_id, acs, _ in idp.PROVIDERS.values():
        found[acs].add(entity_id)
    for line in re.findall(r"^\s*RcIdpServiceProvider\s+(.*)$", server.configuration(), re.M | re.I):
        name, *words = shlex.split(line)
        options = dict(word.partition("=")[::2] for word in words)
        entity_id, acs, _ = idp.PROVIDERS.get(name, (None,) * 3)
        if "metadata" in options:
            for entity in ElementTree.parse(os.path.join(server.folder, options["metadata"])).getroot().iter(MD + "EntityDescriptor"):
                for endpoint in entity.iter(MD + "AssertionConsumerService"):
                    found[endpoint.get("Location")].add(entity.get("entityID"))
        else:
            found[options.get("acs", acs)].add(options.get("entityid", entity_id))
    return found


def request_id(path, body):
    """The ID of the AuthnRequest that was sent; None without one."""
    path, body = (text.decode("latin-1") if isinstance(text, bytes) else text or "" for text in (path, body))
    fields = urllib.parse.parse_qs(path.partition("?")[2] + "&" + body)
    if "SAMLRequest" not in fields:
        return None
    document = form.decode(fields["SAMLRequest"][0])
    return ElementTree.fromstring(document if document.startswith(b"<") else zlib.decompress(document, -15)).get("ID")


class Opinions:
    """What Lasso makes of a server's Responses."""

    def __init__(self, server):
        self.server = server
        self.metadata, self.earlier = {}, {}
        self.parties = None
        self.waiting = None
        self.seen = self.errors = self.unknown = 0
        self.refused = []
        _servers[server.port] = _servers[server.plain_port] = self

    def restart(self):
        """The server begins to read its configuration again. Who answers what comes now, nobody knows: it waits."""
        with _lock:
            self.waiting = []

    def settle(self):
        """The new generation answers."""
        with _lock:
            self.metadata, self.earlier, self.parties = {}, self.metadata, None
            waiting, self.waiting = self.waiting, None
            for response in waiting or []:
                self._note(*response)

    def look(self, before, path, body, answer):
        """A Response is judged, if it is one. BEFORE is the metadata of when its request began."""
        if self.server.unjudged or b"SAMLResponse" not in answer.body:
            return
        post = form.auto_post(answer.text)
        if post is None:
            return
        with _lock:
            response = before, path, post, request_id(path, body)
            if self.waiting is None:
                self._note(*response)
            else:
                self.waiting.append(response)

    def _note(self, before, path, post, request):
        self.seen += 1
        try:
            problem = self._judge(post, request, before)
        except LookupError as error:
            problem = error
        if problem:
            self.refused.append("%s: %s" % (path, problem))

    def _judge(self, post, request, before):
        root = ElementTree.fromstring(post.xml)
        if "#ecdsa-" in post.xml.decode():
            self.unknown += 1  # Lasso knows no ECDSA
            return None
        if self.parties is None:
            self.parties = parties(self.server)
        is_error = root.find(SAMLP + "Status/" + SAMLP + "StatusCode").get("Value") != SUCCESS
        problems = []
        known = self._metadata(root.findtext(SAML + "Issuer"), before)
        for metadata, entity_id in itertools.product(known, self.parties.get(post.action, [])):
            said = opinion(metadata, entity_id, post.action, post.encoded, request, self.server.reader)
            if said in (None, AN_ERROR if is_error else ""):
                self.errors += is_error
                self.unknown += said is None
                return None
            problems.append("as %s: %s" % (entity_id, said or "it is accepted"))
        return "; ".join(problems) or "nobody has the ACS " + post.action

    def _metadata(self, entity_id, before):
        """What is published, what was when the request began, and in between: many wait for the lock through a whole generation."""
        where = self.server.published.get(entity_id, self.server.published.get(ANY))
        if where is None:
            raise LookupError("nobody said where the metadata of %s is" % entity_id)
        if where not in self.metadata:
            path, host = where if isinstance(where, tuple) else (where, None)
            answer = self.server.client(**({"host": host} if host else {})).get(path)
            if answer.status != 200:
                raise LookupError("no metadata at %s: %r" % (path, answer))
            self.metadata[where] = answer.body
        return {self.metadata[where]} | {known[where] for known in (before, self.earlier) if where in known}

    def check(self):
        """One check, if there were Responses that Lasso could judge."""
        if self.seen > self.unknown:
            tap.ok(not self.refused, "%s: Lasso takes each of %d Responses, %d errors among them%s" % (
                self.server.name, self.seen - self.unknown, self.errors, "" if not self.unknown else
                ", and does not know the signature of %d" % self.unknown), *self.refused[:5])


def begin(port):
    """A request to that port begins; what is returned is for look()."""
    return (_servers[port], _servers[port].metadata) if port in _servers else None


def look(begun, path, body, answer):
    """What was sent, and what came of it."""
    if begun:
        opinions, before = begun
        opinions.look(before, path, body, answer)
