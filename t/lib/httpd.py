# SPDX-License-Identifier: Apache-2.0
"""A private httpd: real server, temporary folder, loopback ports, and an error log that must hold no surprise.

    server = Httpd(config, modules=["headers"], mpm="worker")   # CONFIG: text, or a function of the server
    server.start()                          # returns once it serves; Httpd is a context manager too
    server.expect(r"RCIDP07: .*alice")      # a line the test is about to cause; must occur (count=N: exactly N times)
    server.graceful()                       # returns once the new generation alone serves
    server.stop()                           # a check of its own: every line of the log was announced, every announced one came
    server.configtest("-D", "DUMP_RCIDP")   # (status, output) of httpd -t with this configuration
    server.client(), server.port, server.plain_port, server.folder, server.write("users", text)

What every configuration needs (modules, ports, logs, TLS certificate) is in PREAMBLE; CONFIG follows it.
${port} and ${plain_port} in CONFIG stand for the two ports, ${folder} for the server's folder, ${tls} for the
directives of a virtual host with TLS.  For an identity provider see idp.py.
"""
import atexit
import ctypes
import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import certs
import client
import judge
import tap

SOURCE = os.path.abspath(os.environ.get("RCIDP_SRC") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BUILD = os.path.abspath(os.environ.get("RCIDP_BUILD") or SOURCE)
HTTPD = os.environ.get("RCIDP_HTTPD") or next(
    (path for path in ("/usr/sbin/apache2", "/usr/sbin/httpd") if os.path.exists(path)), "httpd")
MODULES = os.environ.get("RCIDP_MODULES") or next(
    (path for path in ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules") if os.path.isdir(path)), "modules")
RCIDP = os.path.join(BUILD, ".libs", "mod_rcidp.so")
MPM = os.environ.get("RCIDP_MPM") or "event"  # where a test says nothing else

# Modules that some distributions build in and others load.
BASE = ["log_config", "unixd", "authn_core", "authz_core", "authn_file", "authz_user", "auth_basic", "mime", "dir",
        "alias", "env", "setenvif", "headers", "socache_shmcb", "ssl"]
DEADLINE = 60

PREAMBLE = """\
ServerRoot "{folder}"
DefaultRuntimeDir "{folder}"
PidFile "{folder}/httpd.pid"
ErrorLog "{folder}/error.log"
LogLevel {log_level}
LogFormat "%h %l %u \\"%r\\" %>s result=%<{{RCIDP_RESULT}}e sp=%<{{RCIDP_SP}}e nameid=%<{{RCIDP_NAMEID}}e" test
CustomLog "{folder}/access.log" test
ServerName localhost
DocumentRoot "{folder}/docs"
TypesConfig /dev/null
Listen 127.0.0.1:{port} https
Listen 127.0.0.1:{plain_port} http
SSLSessionCache shmcb:{folder}/ssl(65536)
SSLRandomSeed startup builtin
"""

# What httpd itself says when it starts, is told to restart, and stops; these lines are no surprise.
USUAL = re.compile("|".join([
    r" AH(00489|00163|00292): .* configured -- resuming normal operations$",
    r" AH00094: Command line: ",
    r" AH(00491|00169|00295): caught SIGTERM, shutting down$",
    r" AH(00493|00297): SIGUSR1 received\.  Doing graceful restart$",
    r" AH00171: Graceful restart requested, doing restart$",
    # The event MPM, told to stop while a connection that it has answered is closing.
    r"\[mpm_event:error\] .* AH03092: process_lingering_close: apr_pollset_add failure$",
    # A machine whose OpenSSL is older than the one that its mod_ssl was compiled with.
    r"\[ssl:warn\] .* AH01882: Init: this version of mod_ssl was compiled against a newer library ",
    # A test that needs no user's name spares itself one.
    r"\[rcidp:warn\] .* RCIDP86: ",
    # One for each Response that was issued; what it says is a test's business, that it is there is none's.
    r"\[rcidp:info\] .* RCIDP\d+: issued ",
]))


_given = set()

# httpd 2.4.71's event MPM, told to stop, closes connections that its threads are closing too, and one stop in some 300 crashes
# in apr_os_sock_get(), with or without our module. Of what was said before it was told to stop, nothing is forgiven.
CRASH_AT_STOP = re.compile(r"\[core:notice\] .* AH0005[12]: child pid \d+ exit signal Segmentation fault \(11\)")
# Of a server without our module, whatever a crash then is called: the same memory freed twice, by glibc's word.
ABORT_AT_STOP = re.compile(r"\[core:notice\] .* AH0005[12]: child pid \d+ exit signal Abort(ed)? \(6\)|^(free|malloc)\(\): |^double free or corruption")
# Or it finds one, which would be kept alive, closed.
CLOSED_AT_STOP = re.compile(r"\[mpm_event:error\] .* AH03093: process_socket: apr_pollset_add failure for keep alive$")
# A sanitizer takes its time when a process ends.
SLOW_AT_STOP = re.compile(r"\[core:warn\] .* AH00045: child process \d+ still did not exit, sending a SIGTERM$")


def free_port():
    """A port of loopback that nobody listens on, outside the range that the kernel gives to outgoing connections; never the
    same one twice."""
    for _ in range(200):
        port = random.randrange(20000, 32000)
        if port in _given:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                _given.add(port)
                return port
            except OSError:
                continue
    raise RuntimeError("no free port on 127.0.0.1")


def detach():
    """In a child before exec: a group of its own, since prefork signals its whole group when it stops,
    and an end with the test, so that even one that is killed outright leaves no server behind."""
    os.setpgid(0, 0)
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def poll(done, what, seconds=DEADLINE):
    """Wait until DONE() is true; fail after a deadline that no healthy machine reaches."""
    end = time.monotonic() + seconds
    while True:
        result = done()
        if result:
            return result
        if time.monotonic() > end:
            raise TimeoutError("not within %d seconds: %s" % (seconds, what))
        time.sleep(0.01)


_built_in = None


def _is_built_in(module):
    global _built_in
    if _built_in is None:
        _built_in = subprocess.run([HTTPD, "-l"], stdout=subprocess.PIPE, check=True).stdout.decode()
    return "mod_%s.c" % module in _built_in


def children():
    """Whose processes httpd's children are where root starts it: an entry of pwd."""
    return next(entry for entry in pwd.getpwall() if entry.pw_name in ("www-data", "apache", "nobody"))


class Httpd:
    """See the top of this file."""

    def __init__(self, config="", modules=(), mpm=None, log_level="warn", name="httpd", rcidp=True, module=None):
        self.name = name
        self.config = config
        self.modules = list(modules)
        self.mpm = mpm or MPM
        self.log_level = log_level + (" rcidp:info" if rcidp else "")
        self.rcidp = rcidp
        self.module = module or RCIDP
        self.port = free_port()
        self.plain_port = free_port()
        self.process = None
        self.wrapper = []  # the start of a command that runs it, such as valgrind's
        self.announced = []
        self.at_stop = None
        # For judge.py.
        self.published, self.reader, self.unjudged = {judge.ANY: "/ringcentral/metadata"}, None, None
        self.opinions = judge.Opinions(self) if rcidp else None
        self.folder = tempfile.mkdtemp(prefix="rcidp-%s." % name)
        self.logs = [self.path("output"), self.path("error.log")]
        os.mkdir(self.path("docs"))
        # Children of a root server are somebody else and read the documents and the password file.
        os.chmod(self.folder, 0o711)
        if os.environ.get("RCIDP_KEEP"):
            tap.note("%s: %s" % (name, self.folder))
        else:
            atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        atexit.register(self._end)

    # -- files ------------------------------------------------------------------------------------------------

    def path(self, name):
        """The path of a file in the server's folder."""
        if os.path.isabs(name):
            raise ValueError("%s is not in the server's folder" % name)
        return os.path.join(self.folder, name)

    def write(self, name, content, mode=0o644):
        """Write a file into the server's folder; returns its path."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        os.chmod(path, mode)
        return path

    def configuration(self):
        """The whole text of httpd.conf."""
        lines = []
        for module in ["mpm_" + self.mpm] + BASE + self.modules:
            path = os.path.join(MODULES, "mod_%s.so" % module)
            if not _is_built_in(module):
                symbol = "mod_shib" if module == "shib" else module + "_module"
                lines.append('LoadModule %s "%s"' % (symbol, path))
        if self.rcidp:
            lines.append('LoadModule rcidp_module "%s"' % self.module)
        if os.geteuid() == 0:
            user = children()
            lines += ["User %s" % user.pw_name, "Group #%d" % user.pw_gid]
        tls = certs.tls()
        directives = 'SSLEngine on\nSSLCertificateFile "%s"\nSSLCertificateKeyFile "%s"' % (tls.cert, tls.key)
        text = self.config(self) if callable(self.config) else self.config
        for name, value in (("port", self.port), ("plain_port", self.plain_port), ("folder", self.folder), ("tls", directives)):
            text = text.replace("${%s}" % name, str(value))
        return "\n".join(lines) + "\n" + PREAMBLE.format(
            folder=self.folder, port=self.port, plain_port=self.plain_port, log_level=self.log_level) + text + "\n"

    def write_configuration(self):
        """Write httpd.conf anew; returns its path."""
        return self.write("httpd.conf", self.configuration())

    # -- life -------------------------------------------------------------------------------------------------

    def configtest(self, *arguments):
        """(exit status, output) of httpd -t; a negative status is a signal."""
        done = subprocess.run([HTTPD, "-t", "-f", self.write_configuration(), *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=DEADLINE, env=self._environment())
        return done.returncode, done.stdout.decode(errors="replace")

    def start(self, *arguments):
        """Start it and return once it serves; what it says while it fails becomes the exception."""
        self.process = subprocess.Popen(
            [*self.wrapper, HTTPD, "-DFOREGROUND", "-f", self.write_configuration(), *arguments], stdin=subprocess.DEVNULL,
            stdout=open(self.path("output"), "wb"), stderr=subprocess.STDOUT,
            preexec_fn=detach, env=self._environment())
        self._until_generation(1)
        return self

    def graceful(self, drain=True):
        """What "apachectl graceful" does: test the configuration, then restart.

        Returns once all that comes is answered by the new generation: until they end, children of the one before may still take
        a request. With drain=False, for a test that keeps them busy, once the new one is there."""
        status, output = self.configtest()
        if status:
            raise RuntimeError("graceful restart: " + output)
        before, generation = self.children(), self._generation() + 1
        if self.opinions:
            self.opinions.restart()
        self.process.send_signal(signal.SIGUSR1)
        self._until_generation(generation)
        if drain:
            poll(lambda: not before & self.children(), "%s: the end of the children before the restart" % self.name)
        if self.opinions:
            self.opinions.settle()

    def children(self):
        """The process IDs of its children."""
        with open("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)) as file:
            return set(map(int, file.read().split()))

    def stop(self, check=True):
        """Stop it; one check that its error log held the announced lines and no other."""
        problems = self._end()
        if check:
            problems += self.problems()
            tap.ok(not problems, "%s: the error log holds what was announced and nothing else" % self.name, *problems)
            if self.opinions:
                self.opinions.check()

    def __enter__(self):
        return self if self.process else self.start()

    def __exit__(self, kind, _value, _trace):
        # After an exception the log is shown as an explanation, and no check is pretended.
        if kind is None:
            self.stop()
        else:
            self._end()
            if kind is not SystemExit:
                tap.note("%s: error log:" % self.name, self.log())

    def _environment(self):
        # The caller's language must not change what httpd says, nor its settings what a library does;
        # what a sanitizer needs is passed on, and which instructions OpenSSL may use. httpd itself leaves memory to the
        # kernel when it ends, hence no leaks.
        environment = {name: value for name, value in os.environ.items()
                       if re.match(r"(PATH|\w+SAN_OPTIONS|OPENSSL_ia32cap)$", name)}
        if self.rcidp and os.environ.get("RCIDP_PRELOAD"):
            environment["LD_PRELOAD"] = os.environ["RCIDP_PRELOAD"]
            environment.setdefault("ASAN_OPTIONS", "detect_leaks=0")
        return {"LANG": "C", "TMPDIR": self.folder, **environment}

    def _generation(self):
        return len(re.findall("resuming normal operations", self.log()))

    def _until_generation(self, number):
        def serves():
            if self.process.poll() is not None:
                status, self.process = self.process.returncode, None
                raise RuntimeError("%s ended with %d\n%s" % (self.name, status, self.log()))
            return self._generation() >= number
        poll(serves, "%s serves (generation %d)\n%s" % (self.name, number, self.log()))

    def _end(self):
        problems = []
        if self.process:
            process, self.process = self.process, None
            if process.poll() is not None:
                problems.append("it had ended by itself with status %d" % process.returncode)
            else:
                self.at_stop = self.mark()
                process.terminate()
                try:
                    process.wait(DEADLINE)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                    problems.append("it did not end when told to")
                if process.returncode and not problems:
                    problems.append("it ended with status %d" % process.returncode)
        return problems

    # -- log --------------------------------------------------------------------------------------------------

    def log(self, since=None):
        """What it said, also before the log was open; only what came after mark() returned SINCE."""
        text = ""
        for path in self.logs:
            if os.path.exists(path):
                with open(path, errors="replace") as file:
                    file.seek((since or {}).get(path, 0))
                    text += file.read()
        return text

    def mark(self):
        """How far the logs are by now."""
        return {path: os.path.getsize(path) for path in self.logs if os.path.exists(path)}

    def expect(self, pattern, count=None):
        """Announce a line of the error log, by a regular expression that matches a part of it."""
        self.announced.append((pattern, count))

    def problems(self):
        """The lines nobody announced and the announced ones that did not come."""
        lines = [line for line in self.log().splitlines() if line.strip()]
        # Worker and prefork are forgiven nothing; a server without our module has nothing of ours that could crash.
        forgiven = [CRASH_AT_STOP, CLOSED_AT_STOP] if self.mpm == "event" or not self.rcidp else []
        if not self.rcidp:
            forgiven.append(ABORT_AT_STOP)
        if os.environ.get("RCIDP_PRELOAD"):
            forgiven.append(SLOW_AT_STOP)
        late = set(self.log(self.at_stop).splitlines()) if self.at_stop is not None else set()
        patterns = [re.compile(pattern) for pattern, _ in self.announced]
        lines = [line for line in lines if not (line in late and any(pattern.search(line) for pattern in forgiven))]
        found = ["unannounced: " + line for line in lines
                 if not USUAL.search(line) and not any(pattern.search(line) for pattern in patterns)]
        for pattern, count in self.announced:
            times = sum(1 for line in lines if re.search(pattern, line))
            if times == 0 or (count is not None and times != count):
                found.append("announced, and came %d times%s: %s"
                             % (times, " instead of %d" % count if count is not None else "", pattern))
        return found

    def requests(self, at_least=0):
        """The lines of the access log. httpd writes one after its answer has left, so say how many there must be."""
        def lines():
            with open(self.path("access.log"), errors="replace") as file:
                return file.read().splitlines()
        if at_least:
            poll(lambda: len(lines()) >= at_least, "the access log of %s has %d lines" % (self.name, at_least))
        return lines()

    # -- use --------------------------------------------------------------------------------------------------

    def client(self, **options):
        """A Client for the TLS port, or with scheme="http" for the plain one."""
        return client.Client(self.plain_port if options.get("scheme") == "http" else self.port, **options)

    def url(self, path=""):
        return "https://localhost:%d%s" % (self.port, path)
