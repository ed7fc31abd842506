# SPDX-License-Identifier: Apache-2.0
"""The servers that are measured: httpd with the event MPM, a fixed number of processes, and passwords that cost nothing
to check, so that they do not hide what is measured.

    server = servers.launches()         # a name-based virtual host for each kind of key
    server.host("rsa2048")              # the headers that ask it, as a user
    server.page("rsa2048", "both")      # the body of a launch
    server = servers.static()           # the same without the module
"""
import base64
import os

import certs
from httpd import Httpd
from idp import password_file

KEYS = ["rsa2048", "rsa3072", "ec256"]
SIGNED = ["assertion", "response", "both"]
PROCESSES = 2

# As every httpd is configured when it is installed; without it, httpd looks for .htaccess in each folder above a file.
EVERYWHERE = """\
<Directory "/">
    Options FollowSymLinks
    AllowOverride None
</Directory>
"""

# A file is read, not mapped: where the machine is a virtual one, taking a mapping back from two cores can cost several
# times as much as the rest, and what a launch costs more than a file would be less than its signature.
COMMON = EVERYWHERE + """\
LogLevel warn
EnableMMAP Off
ServerLimit {processes}
StartServers {processes}
ThreadsPerChild 25
MaxRequestWorkers {workers}
MinSpareThreads 1
MaxSpareThreads {workers}
MaxConnectionsPerChild 0
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 60
<Directory "${{folder}}/docs">
    Require all granted
</Directory>
<Location "/">
    AuthType Basic
    AuthName "Example Inc."
    AuthBasicProvider file
    AuthUserFile "${{folder}}/users"
    Require valid-user
</Location>
"""

HOST = """\
<VirtualHost 127.0.0.1:${{plain_port}}>
ServerName {name}.example.com
{content}
</VirtualHost>
"""

IDENTITY = """\
RcIdpBaseURL "https://{name}.example.com"
RcIdpEntityID "https://{name}.example.com/ringcentral/metadata"
RcIdpSigningCertificateFile "{pair.cert}"
RcIdpSigningKeyFile "{pair.key}"
"""

# Four attributes, the mail address among them, as in what peers are asked for.
LAUNCH = """\
<Location "/{path}">
    SetHandler rcidp-launch
    RcIdpLaunch us
    RcIdpMail "%{{REMOTE_USER}}@example.com"
    RcIdpAttribute givenname "Alice"
    RcIdpAttribute surname "Example"
    RcIdpAttribute groups "staff"
    RcIdpSign {sign}
    RcIdpRequireTLS off
    {more}
</Location>
"""


def launch(path, sign="both", more=""):
    """The section of a launch path."""
    return LAUNCH.format(path=path, sign=sign, more=more)


def vhost(name, content=""):
    """A name-based virtual host."""
    return HOST.format(name=name, content=content)


class Bench(Httpd):
    """An httpd that is measured."""

    def __init__(self, config, processes=PROCESSES, **options):
        super().__init__(COMMON.format(processes=processes, workers=25 * processes) + config, **options)
        self.unjudged = "it is measured, and has no metadata"
        self.write("users", password_file(["alice"]))

    @staticmethod
    def host(name):
        """The headers of a request for that virtual host."""
        return ["Host: %s.example.com" % name, "Authorization: Basic " + base64.b64encode(b"alice:secret").decode()]

    def page(self, name, path):
        """The body of an answer, for which a file may stand."""
        answer = self.client(scheme="http").request("GET", "/" + path, user="alice", host=name + ".example.com")
        if answer.status != 200:
            raise RuntimeError("/%s: %r\n%s" % (path, answer, self.log()))
        return answer.body

    def __enter__(self):
        return self if self.process else self.start()

    def __exit__(self, kind, _value, _trace):
        problems = self._end() + self.problems()
        if kind is None and problems:
            raise RuntimeError("%s: %s" % (self.name, "\n".join(problems)))

    @property
    def pids(self):
        return [self.process.pid]

    def hold(self, cores, apart=False):
        """Every thread of every child on these cores; or each child on one of them, in turn."""
        for i, pid in enumerate(self.children()):
            for thread in os.listdir("/proc/%s/task" % pid):
                os.sched_setaffinity(int(thread), [cores[i % len(cores)]] if apart else cores)


def launches(more="", keys=KEYS, **options):
    """The module, with a virtual host for each of these kinds of key, which has /assertion, /response and /both."""
    hosts = [vhost(key, IDENTITY.format(name=key, pair=certs.pair(key)) + "".join(launch(sign, sign) for sign in SIGNED))
             for key in keys]
    return Bench("".join(hosts) + more, name="launches", **options)


def static(more="", **options):
    """No module; the files alone."""
    return Bench("".join(vhost(key) for key in KEYS) + more, name="static", rcidp=False, **options)
