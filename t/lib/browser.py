# SPDX-License-Identifier: Apache-2.0
"""Debian's Chromium without a window, in which names of the world lead to servers on loopback.

    with Browser({"sso.example.com": idp.port, "sso.ringcentral.com": sp.port}) as browser:
        browser.open("https://sso.example.com/ringcentral", user="alice")
        browser.until_at("https://sso.ringcentral.com/landing")
        browser.driver                      # selenium's WebDriver, for all else

Port 443 of these names leads to the given ports of 127.0.0.1; no other name resolves. The certificate of
certs.tls() is taken by its key alone, so any other TLS error stays one. At the end of the "with" block one
check says that the browser complained of nothing: no message in its console, whence also violations of a
Content-Security-Policy come. Options: scripts=False switches JavaScript off as a user does; frozen=False
makes Back fetch a page anew instead of thawing the one that was left; arguments are more of Chromium's own,
environment what it gets to see besides the usual, and settings are of the kind that a company makes by a policy.
"""
import base64
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import urllib.parse

import certs
import tap
from httpd import DEADLINE

try:
    from selenium import webdriver
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.support.ui import WebDriverWait
except ImportError:
    tap.skip_all("no selenium for %s (Debian: python3-selenium)" % os.path.realpath("/usr/bin/python3"))

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
if not CHROMIUM or not DRIVER:
    tap.skip_all("no chromium with its driver (Debian: chromium, chromium-driver)")

ARGUMENTS = [
    "--headless=new",
    # Root and many containers have no sandbox to offer, and all that is visited here is our own.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps",
    "--no-first-run", "--disable-quic", "--hide-scrollbars",
    # Not the distribution's start page.
    "about:blank",
]


def _key_pin():
    """The SHA-256 of the server's public key, as Chromium wants it."""
    key = subprocess.run(["openssl", "pkey", "-in", certs.tls().key, "-pubout", "-outform", "DER"],
                         stdout=subprocess.PIPE, check=True).stdout
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


class Browser:
    """See the top of this file."""

    def __init__(self, hosts, scripts=True, frozen=True, name="browser", arguments=(), environment=None, settings=None):
        self.name = name
        self.arguments = list(arguments)
        self.settings = settings or {}
        self.environment = environment or {}
        self.hosts = hosts
        self.scripts = scripts
        self.frozen = frozen
        self.driver = None
        self.messages = []
        self.announced = []
        self.folder = None

    def start(self):
        """Start it, with an empty profile in a folder of its own, which is its home."""
        self.folder = tempfile.mkdtemp(prefix="rcidp-browser.")
        environment = {"HOME": self.folder, "TMPDIR": self.folder, "LANG": "C.UTF-8",
                       "PATH": os.environ.get("PATH", os.defpath), **self.environment}
        try:
            service = Service(DRIVER, env=environment, log_path=os.path.join(self.folder, "driver.log"))
            self.driver = webdriver.Chrome(service=service, options=self._options())
            self.driver.set_page_load_timeout(DEADLINE)
            self.driver.set_script_timeout(DEADLINE)
            self._messages()  # what the start itself brought
            self.messages.clear()
        except BaseException:
            self._end()
            raise
        return self

    def _options(self):
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        rules = ["MAP %s:443 127.0.0.1:%d" % host for host in self.hosts.items()]
        arguments = ARGUMENTS + self.arguments + [
            "--user-data-dir=" + os.path.join(self.folder, "profile"),
            "--ignore-certificate-errors-spki-list=" + _key_pin(),
            "--host-resolver-rules=" + ", ".join(rules + ["MAP * ~NOTFOUND", "EXCLUDE 127.0.0.1"])]
        if not self.frozen:
            arguments.append("--disable-features=BackForwardCache")
        for argument in arguments:
            options.add_argument(argument)
        if not self.scripts:
            options.add_experimental_option("prefs", {"profile.default_content_setting_values.javascript": 2})
        if self.settings:
            options.add_experimental_option("localState", self.settings)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        return options

    def __enter__(self):
        return self if self.driver else self.start()

    def __exit__(self, kind, _value, _trace):
        try:
            if kind is None:
                complaints = self.complaints()
                tap.ok(not complaints, "%s: it complained of nothing" % self.name, *complaints)
            elif kind is not SystemExit:
                tap.note("%s: at %s" % (self.name, self.driver.current_url), *self.complaints())
        finally:
            self._end()

    def _end(self):
        if self.driver:
            self.driver.quit()
            self.driver = None
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- use --------------------------------------------------------------------------------------------------

    def open(self, url, user=None, password="secret"):
        """As typed into the address line; with a user, what Basic authentication asks for is given."""
        if user is not None:
            parts = urllib.parse.urlsplit(url)
            url = parts._replace(netloc="%s:%s@%s" % (user, password, parts.netloc)).geturl()
        self.driver.get(url)

    def until(self, condition, what):
        """Wait until CONDITION(driver) is true and return its value."""
        # Between two pages there is nothing to ask.
        return WebDriverWait(self.driver, DEADLINE, 0.05, [WebDriverException]).until(condition, what)

    def until_at(self, url):
        """Wait for that very page, and until it has come whole."""
        self.until(lambda driver: driver.current_url == url and self.is_whole(), "the browser gets to " + url)

    def is_whole(self):
        """Has the page come whole, its scripts run?"""
        return self.evaluate("document.readyState") == "complete"

    def evaluate(self, expression):
        """The value of JavaScript in the page, as the developer tools do it: also where the page may run none."""
        answer = self.driver.execute_cdp_cmd("Runtime.evaluate", {"expression": expression, "returnByValue": True})
        if "exceptionDetails" in answer:
            raise RuntimeError("%s: %s" % (expression, answer["exceptionDetails"]))
        return answer["result"].get("value")

    def run_scripts(self, on):
        """Let the pages that are fetched from now on run scripts, or not."""
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not on})

    def screen(self, width, height, dark=False):
        """A screen of that size, which on a phone is the page's width, and the user's choice of colours."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})

    # -- complaints -------------------------------------------------------------------------------------------

    def _messages(self):
        self.messages += self.driver.get_log("browser")
        return self.messages

    def expect(self, pattern):
        """Announce a message, by a regular expression that matches a part of it; it must come."""
        self.announced.append(pattern)

    def complaints(self):
        """What the console holds so far and nobody announced: errors, warnings, violations of policies."""
        lines = ["%(level)s %(source)s: %(message)s" % message for message in self._messages()
                 if message["level"] in ("SEVERE", "WARNING") or message["source"] == "security"]
        return ([line for line in lines if not any(re.search(pattern, line) for pattern in self.announced)]
                + ["announced, and never came: " + pattern for pattern in self.announced
                   if not any(re.search(pattern, line) for line in lines)])
