#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""What a request costs in httpd, in instructions, which callgrind counts the same each time: a launch, and a file, for
which the module should cost nothing. And how often a key is read that many virtual hosts name.

Counted is what worker threads do with a connection, without OpenSSL and the C library, whose instructions depend on their
version and on the processor. Of a file's, those with the module are compared with those without it. The bounds leave
about a tenth, for other compilers and versions of httpd; who passes them should know why, and then move them."""
import http.client
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import counting
from httpd import HTTPD, Httpd
from idp import AUTHENTICATION, password_file
from tap import done_testing, is_, note, ok, skip_all

CONFIGURATION = """\
ServerLimit 1
ThreadsPerChild 4
MaxRequestWorkers 4
MinSpareThreads 1
MaxSpareThreads 4
# As every httpd is configured when it is installed; else the module is asked for each folder whether its .htaccess counts.
<Directory "/">
    AllowOverride None
</Directory>
<Location "/">
    %s
</Location>
""" % AUTHENTICATION

LAUNCH = """\
LogLevel warn
RcIdpBaseURL "https://sso.example.com"
RcIdpEntityID "https://sso.example.com/ringcentral/metadata"
RcIdpSigningCertificateFile "{pair.cert}"
RcIdpSigningKeyFile "{pair.key}"
<Location "/ringcentral">
    SetHandler rcidp-launch
    RcIdpLaunch us
    RcIdpMail "%{{REMOTE_USER}}@example.com"
    RcIdpAttribute givenname "Alice"
    RcIdpAttribute surname "Example"
    RcIdpAttribute groups "staff"
    {more}
    RcIdpRequireTLS off
</Location>
"""

FILES, LAUNCHES, FEW = 100, 25, 5
MODULE = r"/mod_rcidp\.so$"
MANY = 200
LAUNCHED, OF_FILE, OF_FILE_MODULE, EACH_ATTRIBUTE = 95000, 2200, 720, 1850  # measured: 86,100, 850 to 970, 687 and 1,670


def count(path, expected, with_module, requests=FILES, attributes=0):
    """Instructions for a request: (all that is counted, the module's own)."""
    more = "\n".join('RcIdpAttribute attribute-%d "%%{REMOTE_USER}, %d"' % (i, i) for i in range(attributes))
    text = CONFIGURATION + (LAUNCH.format(pair=certs.pair("ec256"), more=more) if with_module else "")
    server = Httpd(text, name="module" if with_module else "bare", rcidp=with_module)
    server.write("users", password_file(["alice"]))
    server.write("docs/file", "a file\n" * 1000)

    def ask():
        connection = http.client.HTTPConnection("127.0.0.1", server.plain_port)
        for _ in range(requests):
            connection.request("GET", path, headers={"Authorization": "Basic YWxpY2U6c2VjcmV0"})
            answer = connection.getresponse()
            if answer.status != 200 or expected not in answer.read():
                raise AssertionError("%s is not answered as it should be" % path)
        connection.close()

    return [cost / requests for cost in counting.of_requests(server, ask, [counting.PORTABLE, MODULE])]


def openings(hosts):
    """How often httpd -t opens the key's file where each of so many virtual hosts names it."""
    pair = certs.pair("ec256")
    host = "<VirtualHost 127.0.0.1:${plain_port}>\nServerName h%d.example.com\n%s</VirtualHost>\n"
    server = Httpd("".join(host % (i, LAUNCH.format(pair=pair, more="")) for i in range(hosts)), name="hosts")
    log = server.path("strace")
    subprocess.run(["strace", "-f", "-e", "trace=openat", "-o", log, HTTPD, "-t", "-f", server.write_configuration()], check=True,
                   stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(log, encoding="utf-8", errors="replace") as file:
        return file.read().count('"%s"' % pair.key)


if os.environ.get("RCIDP_PRELOAD"):
    skip_all("a sanitizer counts along")
if not counting.is_there():
    skip_all("there is no valgrind")
bare = count("/file", b"a file", False)[0]
file, of_module = count("/file", b"a file", True)
launch = count("/ringcentral", b"SAMLResponse", True, LAUNCHES)[0]
each = (count("/ringcentral", b"SAMLResponse", True, FEW, MANY)[0] - launch) / MANY
note("instructions: a file %d, and %d more with the module, of which it spends %d; a launch %d, with %d attributes more %d for each"
     % (bare, file - bare, of_module, launch, MANY, each))
ok(bare > 10000, "a file's instructions are counted")
ok(file - bare <= OF_FILE, "the module adds at most %d to them" % OF_FILE)
ok(0 < of_module <= OF_FILE_MODULE, "of which it spends at most %d" % OF_FILE_MODULE)
ok(launch <= LAUNCHED, "a launch costs at most %d" % LAUNCHED)
ok(each <= EACH_ATTRIBUTE, "an attribute more costs at most %d, however many there are" % EACH_ATTRIBUTE)
if shutil.which("strace"):
    is_(openings(20), 1, "a key that twenty virtual hosts name is read once")
done_testing()
