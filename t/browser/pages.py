#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Every kind of page in Chromium, on a phone and a desk, light and dark, with scripts and without: axe-core finds no barrier, it
is one request of less than 30 KiB, nothing moves once it stands, and the keyboard does it all."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import gallery
import npm
from browser import Browser
from tap import done_testing, is_, like, ok

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

with open(os.path.join(npm.fetch("axe", "t/browser/axe"), "node_modules", "axe-core", "axe.min.js")) as file:
    AXE = file.read()
RUN_AXE = """axe.run(document, {resultTypes: ['violations', 'incomplete']}).then(found => [...found.violations,
    ...found.incomplete.filter(rule => rule.id === 'color-contrast')].map(rule => rule.id + ': ' + rule.help + ': '
    + rule.nodes.map(node => node.html + ' ' + node.failureSummary).join('; ')).join('\\n'))"""
SHIFT = """new Promise(done => {
    let sum = 0;
    new PerformanceObserver(list => { for (const entry of list.getEntries()) sum += entry.value; }).observe(
        {type: 'layout-shift', buffered: true});
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(sum), 0)));
})"""
SIZE = "performance.getEntriesByType('navigation')[0].decodedBodySize"
SCREENS = [(width, height, dark) for width, height in ((360, 640), (1440, 900)) for dark in (False, True)]


def wait_for(browser, expression):
    """The value of a promise in the page."""
    answer = browser.driver.execute_cdp_cmd("Runtime.evaluate", {
        "expression": expression, "returnByValue": True, "awaitPromise": True})
    if "exceptionDetails" in answer:
        raise RuntimeError("%s: %s" % (expression[:80], answer["exceptionDetails"]))
    return answer["result"].get("value")


def look(browser, server, name, path, scripts):
    """One kind of page on every screen."""
    browser.run_scripts(True)
    browser.open("about:blank")
    before = len(server.requests())
    browser.run_scripts(scripts)
    browser.open(gallery.SSO + path, user="alice")
    browser.until(lambda _: browser.is_whole(), "the page")
    what = "%s, %s" % (name, "scripts" if scripts else "no scripts")
    ok(browser.evaluate(SIZE) < 30 * 1024, "%s: less than 30 KiB: %s" % (what, browser.evaluate(SIZE)))
    is_(browser.evaluate("performance.getEntriesByType('resource').length"), 0, what + ": it fetches nothing")
    # With credentials in the address Chromium asks twice; what the page that posts posts goes to another host.
    asked = [line.split('"')[1] for line in server.requests(before + 1)[before:] if "POST" not in line and " 401 " not in line]
    is_(len(asked), 1, "%s: one request: %s" % (what, asked))
    # The page has come without running its scripts; what judges it needs some.
    browser.run_scripts(True)
    browser.evaluate(AXE)
    for width, height, dark in SCREENS:
        browser.screen(width, height, dark)
        screen = "%s, %d px, %s" % (what, width, "dark" if dark else "light")
        is_(wait_for(browser, RUN_AXE), "", screen + ": axe-core finds no barrier")
        is_(browser.evaluate("document.documentElement.scrollWidth"), width, screen + ": nothing sticks out")
    browser.run_scripts(True)


def still(browser, name, path):
    """Loaded afresh on each screen, nothing moves."""
    for width, height, dark in SCREENS[::2]:
        browser.screen(width, height, dark)
        browser.open(gallery.SSO + path, user="alice")
        browser.until(lambda _: browser.is_whole(), "the page")
        is_(wait_for(browser, SHIFT), 0, "%s, %d px: nothing moves" % (name, width))


CONTROLS = "[...document.querySelectorAll('a[href], button, summary, pre')].filter(e => e.checkVisibility())"


def keyboard(browser, name, path):
    """By the keyboard alone: everything that can be used or scrolled, in its order, and one sees where one is."""
    browser.run_scripts(False)
    browser.open(gallery.SSO + path, user="alice")
    browser.run_scripts(True)
    count = browser.evaluate(CONTROLS + ".length")
    ok(count > 0, "%s: there is something to do" % name)
    for index in range(count):
        ActionChains(browser.driver).send_keys(Keys.TAB).perform()
        is_(browser.evaluate("[%s.indexOf(document.activeElement), getComputedStyle(document.activeElement).outlineStyle].join()"
                             % CONTROLS), "%d,solid" % index, "%s: the keyboard gets to %d of %d visibly" % (name, index + 1, count))


def open_by_keyboard(browser):
    browser.open(gallery.SSO + "/portal", user="alice")
    href = browser.evaluate("document.querySelector('a').getAttribute('href')")
    ActionChains(browser.driver).send_keys(Keys.TAB, Keys.ENTER).perform()
    browser.until(lambda _: browser.evaluate("location.pathname") == href and browser.is_whole(), "the first tile opens")
    is_(browser.evaluate("document.forms[0].action"), "https://service.ringcentral.com/acs", "Enter opens a tile: the page that posts")


def clocks(browser):
    """The test page compares this device's clock with the server's, and tells times in this device's zone."""
    for ahead, shown in ((0, False), (20, False), (300, True), (-300, True)):
        script = browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {
            "source": "const now = Date.now; Date.now = () => now() + %d" % (ahead * 1000)})
        browser.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
        browser.open(gallery.SSO + "/ringcentral/test", user="alice")
        browser.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
        is_(browser.evaluate("document.getElementById('clock').checkVisibility()"), shown, "a clock that is %d s ahead: is there a word?" % ahead)
        off = int(browser.evaluate("document.querySelector('#clock b').textContent") or 0)
        ok(abs(off - ahead * shown) < 30, "a clock that is %d s ahead: by how much: %d" % (ahead, off))
    for utc, local in browser.evaluate("[...document.querySelectorAll('time')].map(e => [e.dateTime, e.nextElementSibling.textContent])"):
        like(local, r"\b%d:%s:%s\b.*GMT\+9" % ((int(utc[11:13]) + 8) % 12 + 1, utc[14:16], utc[17:19]), "%s is %s in Tokyo" % (utc, local))
    browser.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": ""})


def languages(browser):
    for tag, words in (("ja", "ご利用のサービス"), ("de-AT", "Ihre Dienste")):
        browser.driver.execute_cdp_cmd("Network.enable", {})
        browser.driver.execute_cdp_cmd("Network.setExtraHTTPHeaders", {"headers": {"Accept-Language": tag}})
        browser.open(gallery.SSO + "/portal", user="alice")
        is_(browser.evaluate("document.querySelector('h1').textContent"), words, tag + ": the heading")
        is_(browser.evaluate("document.documentElement.lang"), tag[:2], tag + ": the page says its language")


def refusal_of_httpd(browser):
    """A text that httpd would label iso-8859-1."""
    browser.driver.execute_cdp_cmd("Network.setExtraHTTPHeaders", {"headers": {"Accept-Language": "ja"}})
    browser.expect("status of 403")
    browser.open(gallery.SSO + "/denied", user="alice")
    like(browser.evaluate("document.body.innerText"), "このアカウントには RingCentral が割り当てられていません。",
         "httpd's own refusal speaks Japanese, too")
    is_(browser.evaluate("document.characterSet"), "UTF-8", "in UTF-8")


server = gallery.server()
with server:
    server.expect("RCIDP30: ")
    server.expect("RCIDP05: ")
    server.expect("AH01631: user alice: .* \"/denied\"")
    with Browser(gallery.hosts(server), name="pages") as browser:
        browser.expect("status of 403")
        for name, path, status in gallery.PAGES:
            for scripts in (True, False):
                look(browser, server, name, path, scripts)
            still(browser, name, path)
            keyboard(browser, name, path)
        open_by_keyboard(browser)
        clocks(browser)
        languages(browser)
        refusal_of_httpd(browser)
done_testing()
