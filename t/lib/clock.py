# SPDX-License-Identifier: Apache-2.0
"""A clock that the test sets, for servers that are told the time by clock.c.

    clock = clock.Clock()
    clock.set(hours=6)                  # that much later than the real time
    clock.time()                        # seconds since 1970, as the servers have it
    Idp(..., environment=...)           # with clock.environment() added to what Httpd gives
"""
import os
import subprocess
import time

import certs

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clock.c")


class Clock:
    """See the top of this file."""

    def __init__(self):
        self.path = os.path.join(certs.folder(), "clock")
        self.preload = self.path + ".so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", '-DCLOCK="%s"' % self.path, "-o", self.preload, SOURCE], check=True)
        os.chmod(certs.folder(), 0o711)  # httpd's children look at the clock
        self.offset = 0
        self.set()

    def set(self, days=0, hours=0):
        """Set it to this much after the real time."""
        self.offset = int(days * 86400 + hours * 3600)
        with open(self.path + ".new", "w") as file:
            file.write("%d\n" % self.offset)
        os.chmod(self.path + ".new", 0o644)
        os.rename(self.path + ".new", self.path)

    def time(self):
        return time.time() + self.offset

    def environment(self, preload=None):
        return {"LD_PRELOAD": " ".join(filter(None, [preload, self.preload]))}
