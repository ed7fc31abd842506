#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""docs/ringcentral-setup.md, followed to the letter by somebody who has nothing else.

Its commands are run in its order, its pieces of configuration go where it says, and RingCentral is a service provider
of another maker, which gets our metadata by its URL and gives its own. What a person types is the password alone.
"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import asking
import certs
import client
import form
import idp
from httpd import HTTPD, SOURCE, Httpd
from mellon import Mellon
from tap import done_testing, is_, like, ok

HOST = "sso.example.com"
PASSWORD = "secret"
# The module is there, and httpd runs with what follows; of the guide's step 1 the test has been the reader.
STEP_1 = ["./bootstrap", "sudo make install"]
CONFIGURATION = """
<VirtualHost 127.0.0.1:${port}>
ServerName https://sso.example.com:443
UseCanonicalName On
${tls}
IncludeOptional "${folder}/guide.conf*"
</VirtualHost>
"""
COMMANDS = {
    "rcidp-keygen": 'exec "$SOURCE/tools/rcidp-keygen" "$@"',
    "apachectl": 'case $1 in graceful) touch "$FOLDER/graceful" ;; *) exec env LD_PRELOAD="$PRELOAD" ASAN_OPTIONS=detect_leaks=0 "$HTTPD" '
                 '-f "$FOLDER/httpd.conf" "$@" ;; esac',
    # An ordinary user's httpd runs as that user; the group of root's is not the same everywhere.
    "chown": '[ "$(id -u)" != 0 ] || exec /bin/chown "root:$GROUP" "$2"',
    "curl": 'exec /usr/bin/curl -q -S --cacert "$CA" --connect-to "::127.0.0.1:$PORT" "$@"',
}

with open(os.path.join(SOURCE, "docs", "ringcentral-setup.md"), encoding="utf-8") as file:
    guide = file.read()
blocks = re.findall(r"^```(\w+)\n(.*?)^```$", guide, re.S | re.M)
commands = [line for kind, text in blocks if kind == "sh" for line in text.splitlines()]
configuration = [text for kind, text in blocks if kind == "apache"]


class Reader(Httpd):
    """The reader's server, and the reader's shell on it."""

    def __init__(self):
        super().__init__(CONFIGURATION, name="guide")
        for name, text in COMMANDS.items():
            self.write("bin/" + name, "#!/bin/sh\n%s\n" % text, 0o755)
        self.cwd = self.folder

    def run(self, command):
        """One line of the guide; its output. What it types where it is asked is the password, as often as wanted."""
        command = command.replace("/etc/apache2", self.folder)
        done = subprocess.run(
            ["sh", "-c", command + ' && pwd >"$FOLDER/cwd"'], cwd=self.cwd, input=(PASSWORD + "\n").encode() * 2, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
            env={"PATH": self.path("bin") + ":" + os.environ["PATH"], "SOURCE": SOURCE, "HTTPD": HTTPD, "FOLDER": self.folder,
                 "PRELOAD": os.environ.get("RCIDP_PRELOAD", ""),
                 "CA": certs.tls().ca, "PORT": str(self.port),
                 "GROUP": (re.findall(r"^Group #(\d+)$", self.configuration(), re.M) or [""])[0]})
        output = done.stdout.decode(errors="replace")
        ok(done.returncode == 0, "the guide's command works: " + command.replace(self.folder, "/etc/apache2"), output)
        with open(self.path("cwd")) as file:
            self.cwd = file.read().strip()
        if os.path.exists(self.path("graceful")):
            os.unlink(self.path("graceful"))
            self.graceful()
        return output

    def get(self, path, user="alice"):
        return client.Client(self.port, host=HOST).get(path, user=user, password=PASSWORD)


def table(heading, columns):
    """The rows of the table that begins with that heading, without backquotes."""
    text = guide[guide.index("\n| %s |" % heading):].strip().split("\n\n")[0]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")][:columns] for line in text.splitlines()[2:]]


is_([row[1:] for row in table("admin portal at", 4)], [[name, *idp.PROVIDERS[name][:2]] for name in ("us", "uk", "eu", "au")],
    "the guide's table of regions has what is built in")
is_(commands[:2], STEP_1, "step 1 is as the test takes it for done")
is_(len(configuration), 2, "there are two pieces of configuration")

with Reader() as server:
    for command in commands[2:7]:
        server.run(command)
    is_(oct(os.stat(server.path("rcidp.key")).st_mode & 0o777), "0o600", "root alone may read the key")
    is_(oct(os.stat(server.path("ringcentral.users")).st_mode & 0o777), "0o640", "and not everybody the passwords")
    server.write("guide.conf", configuration[0])
    output = server.run(commands[7])
    like(output, "Syntax OK", "httpd finds nothing wrong with the configuration")
    ok("RCIDP" not in output, "and warns of nothing", output)
    metadata = server.run(commands[8])
    like(metadata, r"^<\?xml[^>]*>\s*<md:EntityDescriptor|^<md:EntityDescriptor", "the metadata is there, by its URL")
    is_(commands[9:], [], "and these were all of its commands")

    server.expect(r"\[rcidp:info\] .* RCIDP05: the page of a test of us was given to alice", count=2)
    page = server.get("/ringcentral/test")
    is_(page.status, 200, "step 5: the test page is there")
    like(page.text, "alice@example.com", "and shows whom RingCentral would see")
    server.expect("AH01618: user mallory not found")
    is_(server.get("/ringcentral/test", "mallory").status, 401, "to who may see it")
    is_(server.get("/ringcentral").status, 200, "the launch path answers")

    # worker, since event complains (AH03092) when a connection ends just as it is told to stop.
    # A key, since Lasso asks for one even where it does not sign.
    ringcentral = Mellon(metadata.encode(), mpm="worker", encryption=certs.pair(name="sp"))
    ringcentral.metadata = asking.metadata(attributes='AuthnRequestsSigned="false"')
    ringcentral.write("sp.xml", ringcentral.metadata)
    with ringcentral:
        post = form.auto_post(server.get("/ringcentral").text)
        verdict = ringcentral.accept(post.encoded, post.relay_state)
        is_(verdict.name_id, "alice@example.com", "step 6: by our metadata, RingCentral takes the Response as Alice's")
        is_(verdict.location, idp.PROVIDERS["us"][2], "and sends her where its users work")

        server.write("ringcentral.xml", ringcentral.metadata)
        server.write("guide.conf", configuration[1] + configuration[0])
        server.run(commands[7])
        page = server.get("/ringcentral/test")
        like(page.text, "https://sso.ringcentral.com/sp/ACS.saml2", "step 7: the ACS is the one of RingCentral's metadata")

        post = form.auto_post(server.get("/ringcentral").text)
        verdict = ringcentral.accept(post.encoded, post.relay_state)
        is_(verdict.name_id, "alice@example.com", "step 8: Alice launches RingCentral")
        asked = ringcentral.client(host=ringcentral.host).get("/landing.shtml").header("Location") or ""
        like(asked, r"^https://sso\.ringcentral\.com/sp/login\?", "step 8: she starts at RingCentral")
        answer = ringcentral.client(host=ringcentral.host).get(client.path_of(asked))
        cookies, asked = [cookie.partition(";")[0] for cookie in answer.all("Set-Cookie")], answer.header("Location") or ""
        like(asked, r"^https://sso\.example\.com/ringcentral\?SAMLRequest=", "is sent to her server")
        post = form.auto_post(server.get(client.path_of(asked)).text)
        verdict = ringcentral.accept(post.encoded, post.relay_state, cookies)
        is_(verdict.attributes.get(idp.EMAIL), ["alice@example.com"], "and comes back as herself")

done_testing()
