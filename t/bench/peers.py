# SPDX-License-Identifier: Apache-2.0
"""The same work by others, side by side: a Response to RingCentral with four attributes, its assertion signed with RSA 2048.

What each issues is verified by xmlsec1 before it is measured. Those that have sessions have one already; the small ones,
and ours, check a password by SHA-1."""
import form
import measure
import servers
import verify
from lemonldap import LemonLdap
from peer import PROCESSES
from simplesamlphp import SimpleSamlPhp
from small import Pysaml2, Samlify, Samlp
from table import between, table

PEERS = [SimpleSamlPhp, LemonLdap, Samlp, Samlify, Pysaml2]
# So many at a time, so that each turn takes about the same.
RESPONSES = {"SimpleSAMLphp": 300, "LemonLDAP::NG": 60, "samlp": 300, "samlify": 300, "pysaml2": 30}
OURS = 1000
SIGNATURES = 400
LIMIT = "the RSA signature alone"


def verified(peer, path, headers):
    """An exception unless what the peer issues has one signature, of the assertion, and it holds."""
    status, _head, _cookies, text = peer.ask("GET", path, headers)
    post = form.auto_post(text)
    if status != 200 or not post:
        raise RuntimeError("%s issues nothing: %d %s\n%s" % (peer.name, status, text, peer.said()))
    found = verify.signatures(post.xml)
    wrong = "it signs %s" % found if found != ["Assertion"] else verify.signature(post.xml, "Assertion", peer.pair.cert)
    if wrong:
        raise RuntimeError("%s: %s\n%s" % (peer.name, wrong, post.xml.decode(errors="replace")))


def _ask(peer, question, requests):
    path, headers = question
    return measure.cost(peer.pids, peer.port, path, requests=requests, connections=4 * PROCESSES, headers=headers,
                        expect="SAMLResponse")


def _round(ours, running, seen):
    """Ours, the signature alone, and each of the others, one after the other."""
    for name, key in (("mod_rcidp", "rsa2048"), ("mod_rcidp, P-256", "ec256")):
        seen.setdefault(name, []).append(measure.cost(ours.pids, ours.plain_port, "/assertion", requests=OURS,
                                                      headers=ours.host(key), expect="SAMLResponse"))
    raw = measure.raw("rsa2048", SIGNATURES)
    seen.setdefault(LIMIT, []).append({"server_us": raw, "per_second": 1e6 / raw})
    for peer in running:
        seen.setdefault(peer.name, []).append(_ask(peer, peer.question, RESPONSES[peer.name]))


def run(options):
    missing = [what for kind in PEERS for what in kind.missing()]
    seen, running = {}, []
    with servers.launches() as ours:
        try:
            for kind in PEERS:
                if not kind.missing():
                    running.append(kind())
                    running[-1].begin()
                    running[-1].question = running[-1].path()
                    verified(running[-1], *running[-1].question)
            _round(ours, running, {})  # the first one warms up
            for _ in range(options.rounds):
                _round(ours, running, seen)
        finally:
            for peer in running:
                peer.end()
    return {"missing": missing, "rows": [
        {"name": name, "cpu_us": measure.spread([one["server_us"] for one in costs]),
         "per_second": measure.spread([one["per_second"] for one in costs]),
         "ratio": measure.spread([one["server_us"] / our["server_us"] for one, our in zip(costs, seen["mod_rcidp"])])}
        for name, costs in seen.items()]}


def show(result):
    table("The same work by others: RSA 2048, the assertion signed",
          ["", "CPU us", "Responses per CPU second", "a second, as seen", "ours: times as many"],
          [[row["name"], between(row["cpu_us"]), "%.0f" % (1e6 / row["cpu_us"][1]), "%.0f" % row["per_second"][1],
            between(row["ratio"], 2)] for row in result["rows"]])
    for what in result["missing"]:
        print("not compared, for this machine lacks " + what)
