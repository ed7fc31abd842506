#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""RcIdpLaunchLimit: so many launches of a user in a minute, counted by all children and, in redis or memcached, by all machines."""
import os
import signal
import subprocess
import sys
from concurrent import futures

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import asking
import certs
import example
import form
import idp
import pages
from httpd import free_port, poll
from idp import Idp
from tap import done_testing, is_, like, ok

LIMIT = 3
OTHER = """
<Location "/other">
    SetHandler  rcidp-launch
    RcIdpLaunch us
    RcIdpMail   a@example.com
    <If "%%{QUERY_STRING} =~ /unlimited/">
        RcIdpLaunchLimit none
    </If>
    %s
</Location>
""" % idp.AUTHENTICATION


# Name IDs by which one user may be written in several ways.
SPELLED = "".join("""
<Location "%s">
    SetHandler  rcidp-launch
    RcIdpLaunch us
    %s
    RcIdpMail   "%%{REMOTE_USER}@example.com" s/^EXAMPLE-//
    %s
</Location>
""" % (path, setting, idp.AUTHENTICATION) for path, setting in (("/mail", ""), ("/transient", "RcIdpNameID transient"), ("/persistent", "RcIdpNameID persistent")))


class WithoutModule(Idp):
    """Without the module that Httpd brings for TLS."""

    def configuration(self):
        return "\n".join(line for line in super().configuration().splitlines() if "socache_shmcb" not in line and "SSLSessionCache" not in line)


# What one child remembers of a cache, the next does not.
ONE_CHILD = "StartServers 1\nServerLimit 1\nThreadsPerChild 16\nMaxRequestWorkers 16\nMinSpareThreads 1\nMaxSpareThreads 16\n"


def serve(cache, name="idp", more="", **options):
    modules = ["socache_" + cache.partition(":")[0]] if cache and "shmcb" not in cache else []
    server = Idp(server=("RcIdpLaunchLimitCache %s\n" % cache if cache else "") + more + "RcIdpLaunchLimit 1\nRcIdpPersistentIDSecretFile \"${folder}/secret\"\n", location="RcIdpLaunchLimit %d" % LIMIT, vhost=OTHER + SPELLED,
                 users=("alice", "bob", "carol", "Carol", "CAROL", "EXAMPLE-CAROL", "dave"),
                 modules=modules, name=name, **options)
    server.write("secret", os.urandom(32), mode=0o600)
    return server


def issued(answer):
    return answer.status == 200 and form.auto_post(answer.text) is not None


def refused(server, answer, who):
    """Checks: 429, when to come back, by a page of ours."""
    is_((answer.status, pages.problems(answer)), (429, []), who + ": is refused by a page of ours")
    ok(1 <= int(answer.header("Retry-After") or 0) <= 61, who + ": when to come back", answer.header("Retry-After"))
    like(pages.sentence(answer), "^You have signed in very often", who + ": is told why")
    ok(not pages.issued(answer), who + ": nothing is issued")
    if ("RCIDP18: .*, %d in a minute" % LIMIT, None) not in server.announced:
        server.expect("RCIDP18: .*, %d in a minute" % LIMIT)


def uses_up(server, who, user="alice"):
    """Check: the launches that there may be, and what does not count between them."""
    for _ in range(LIMIT):
        for method, path in (("HEAD", "/ringcentral"), ("GET", "/ringcentral?sp=none"), ("GET", server.version)):
            server.request(method, path, user=user)
        if not ok(issued(server.get(user=user)), who + ": a launch"):
            break


def spellings(server):
    """One user counts as one, however the name is written."""
    users = ["carol", "Carol", "EXAMPLE-CAROL", "dave"]
    for path in ("/mail", "/transient", "/persistent"):
        got = [issued(server.get(path, user=user)) for user in users]
        is_(got, [user in ("carol", "dave") for user in users], "%s: %s" % (path, ", ".join(users)))
        for format in ("2.0:nameid-format:transient", "2.0:nameid-format:persistent", "1.1:nameid-format:emailAddress"):
            message = asking.xml(server.url(path), inside='<samlp:NameIDPolicy Format="urn:oasis:names:tc:SAML:%s"/>' % format)
            is_(server.get("%s?%s" % (path, asking.redirect(message)), user="EXAMPLE-CAROL").status, 429, "%s: nor by asking for %s" % (path, format))
    server.expect("RCIDP18: .*C(arol|AROL), 1 in a minute", count=15)


def counts(mpm):
    """One machine, whose children count together; by each binding and at each path for itself."""
    server = serve("shmcb:${folder}/launches(64000)" if mpm == "worker" else None if mpm == "prefork" else "shmcb", mpm=mpm)
    server.expect("RCIDP28: ")
    server.expect("RCIDP02: .* version")
    with server:
        server.version = "/ringcentral?" + asking.redirect(asking.xml(server.url("/ringcentral"), version="3.0"))
        uses_up(server, mpm)
        refused(server, server.get(), mpm + ", one launch more")
        asks = asking.xml(server.url("/ringcentral"))
        refused(server, server.get("/ringcentral?" + asking.redirect(asks)), mpm + ", when RingCentral asks")
        is_(server.request("HEAD", "/ringcentral").status, 200, mpm + ", HEAD: is not counted")
        ok(issued(server.get(user="bob")), mpm + ": bob may")
        if mpm == "worker":
            spellings(server)
        is_([issued(server.get("/other")), server.get("/other").status], [True, 429], mpm + ": another path counts for itself, by the limit that it inherits")
        server.expect("RCIDP18: .*alice, 1 in a minute", count=1)
        ok(issued(server.get("/other?unlimited")), mpm + ": where there is none, there is none")


# Another identity provider, which inherits the limit of the main server.
HOST = """RcIdpEntityID https://other.example.com/
RcIdpRequireTLS off
<Location "/ringcentral">
    SetHandler  rcidp-launch
    RcIdpLaunch us
    RcIdpMail   "%%{REMOTE_USER}@example.com"
    %s
</Location>
""" % idp.AUTHENTICATION


def hosts():
    """Two identity providers may have paths of one name, and have one cache; each counts for itself."""
    server = Idp(server="RcIdpLaunchLimit 1", plain=HOST, name="hosts")
    server.unjudged = "one of them publishes no metadata"
    server.expect("RCIDP65: ")
    server.expect("RCIDP18: .*alice, 1 in a minute", count=2)
    with server:
        both = [server.request("GET", "/ringcentral", scheme=scheme).status for scheme in ("https", "http") * 2]
        is_(both, [200, 200, 429, 429], "another identity provider counts for itself")


def at_once(pool, server, user, count):
    return [pool.submit(lambda: issued(server.get(user=user))) for _ in range(count)]


def freezes(kind, cache, first, second):
    """Launches at the same time are counted one by one; and a cache that takes requests and does not answer holds up one of them."""
    with futures.ThreadPoolExecutor(8) as pool:
        got = [one.result() for one in at_once(pool, first, "carol", 8)]
        is_(got.count(True), LIMIT, kind + ": as many as may be, of eight at once")
        cache.send_signal(signal.SIGSTOP)
        launches = at_once(pool, first, "dave", 6)
        poll(lambda: sum(one.done() for one in launches) >= 5, kind + ": five of six launches end though it is frozen")
        is_([one.result() for one in launches if one.done()], [True] * 5, kind + " is frozen: people are signed in all the same")
        is_([issued(server.get(user="dave")) for server in [first] * 3], [True] * 3, kind + " is frozen: and so they are for a while")
        cache.send_signal(signal.SIGCONT)
        ok(all(one.result() for one in launches), kind + " goes on: so does the launch that was held up")
        refused(second, second.get(user="carol"), kind + " goes on: so does the counting at the second")
        poll(lambda: not issued(first.get(user="carol")), kind + " goes on: so does the counting at the first")


def shares(kind, program, arguments):
    """Two machines, one cache; and what happens without it."""
    binary = example.program(program)
    if not binary:
        print("# this machine lacks " + program)
        return
    port = free_port()
    folder = certs.folder()
    cache = subprocess.Popen([binary, *(argument % {"port": port} for argument in arguments)], cwd=folder,
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with serve("%s:127.0.0.1:%d" % (kind, port), "first", ONE_CHILD) as first, serve("%s:127.0.0.1:%d" % (kind, port), "second", ONE_CHILD) as second:
            for server in (first, second):
                server.expect("RCIDP19: .* the cache %s fails" % kind)
                server.expect(r"\[socache_%s:" % kind)

            def listens():
                with subprocess.Popen(["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/%d" % port], stderr=subprocess.DEVNULL) as done:
                    return done.wait() == 0
            poll(listens, kind + " listens")
            got = [issued(server.get()) for server in (first, second, first)]
            is_(got, [True] * LIMIT, kind + ": launches at both")
            for name, server in (("first", first), ("second", second)):
                refused(server, server.get(), "%s, one more at the %s" % (kind, name))
                ok(issued(server.get(user="bob")), "%s: bob may, at the %s" % (kind, name))
            freezes(kind, cache, first, second)
            cache.kill()
            cache.wait()
            for server in (first, second):
                is_([issued(server.get()) for _ in range(LIMIT + 1)], [True] * (LIMIT + 1), kind + " is gone: people are signed in all the same")
    finally:
        cache.kill()
        cache.wait()


def mistakes():
    server = WithoutModule(location="RcIdpLaunchLimit 5")
    status, output = server.configtest()
    is_(status, 1, "without the module that counts: httpd -t refuses")
    like(output + server.log(), 'RCIDP90: RcIdpLaunchLimit: there is no cache "shmcb": is mod_socache_shmcb loaded', "and says why")
    # A cache that cannot be made is no reason not to start.
    with Idp(server="RcIdpLaunchLimitCache dbm:/nowhere/at/all", location="RcIdpLaunchLimit 1", modules=["socache_dbm"]) as server:
        server.expect("RCIDP19: ")
        server.expect("AH00804: ")
        is_([issued(server.get()) for _ in range(2)], [True] * 2, "a cache that cannot be made: people are signed in")


for one in ("event", "worker", "prefork"):
    counts(one)
hosts()
shares("redis", "redis-server", ["--port", "%(port)d", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
shares("memcache", "memcached", ["-l", "127.0.0.1", "-p", "%(port)d", "-U", "0", "-u", "nobody"])
mistakes()
done_testing()
