# SPDX-License-Identifier: Apache-2.0
"""A clock that the test sets, for servers that are told the time by libfaketime.

    clock = clock.Clock()               # skips the test where there is no libfaketime
    clock.set(hours=6)                  # that much later than the real time
    clock.time()                        # seconds since 1970, as the servers have it
    Idp(..., environment=...)           # with clock.environment() added to what Httpd gives
"""
import glob
import os
import time

import certs
import tap


class Clock:
    """See the top of this file."""

    def __init__(self):
        found = glob.glob("/usr/lib*/*/faketime/libfaketimeMT.so.1") + glob.glob("/usr/lib*/faketime/libfaketimeMT.so.1")
        if not found:
            tap.skip_all("this machine lacks libfaketime")
        self.preload = found[0]
        self.path = os.path.join(certs.folder(), "clock")
        os.chmod(certs.folder(), 0o711)  # httpd's children look at the clock
        self.offset = 0
        self.set()

    def set(self, days=0, hours=0):
        """Set it to this much after the real time."""
        self.offset = int(days * 86400 + hours * 3600)
        with open(self.path + ".new", "w") as file:
            file.write("+%d\n" % self.offset)
        os.chmod(self.path + ".new", 0o644)
        os.rename(self.path + ".new", self.path)

    def time(self):
        return time.time() + self.offset

    def environment(self, preload=None):
        return {"LD_PRELOAD": " ".join(filter(None, [preload, self.preload])), "FAKETIME_TIMESTAMP_FILE": self.path, "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
