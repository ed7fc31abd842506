#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""A browser signs in: from the launch path over the service provider's ACS to the page behind it, with scripts and
without; going back does not post again; and the pages are fit for small screens, the dark, and the keyboard."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from browser import Browser
from httpd import Httpd
from idp import AUTHENTICATION, Idp
from mellon import Mellon
from tap import done_testing, is_, note, ok

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

SSO = "https://sso.example.com"
LAUNCH = SSO + "/ringcentral"
LANDED = "https://sso.ringcentral.com/landing.shtml"
SERVICE = "https://service.ringcentral.com/mobile/ssoLogin"
INTRANET = "https://service.ringcentral.com/intranet"
LONG = "RingCentral " + "Donaudampfschifffahrtsgesellschaft" * 2

# The ACS of "hold" answers 204 to who names his origin: a browser stays on the page that posted. At /nobody the mail lacks its domain.
HOLD = 'RcIdpServiceProvider hold entityid=https://hold.example.com acs=https://service.ringcentral.eu/acs title="%s"' % LONG
SECTIONS = "".join("""
<Location "%s">
    SetHandler  rcidp-launch
    RcIdpLaunch %s
    RcIdpMail   "%%{REMOTE_USER}%s"
    %s
</Location>
""" % (path, names, domain, AUTHENTICATION) for path, names, domain in (
    ("/hold", "hold", "@example.com"), ("/choose", "us eu hold", "@example.com"), ("/nobody", "us", "")))

# RingCentral's other names: where RelayState leads, a page with a link to the launch, and the ACS of "hold".
PAGES = """
<VirtualHost 127.0.0.1:${port}>
ServerName service.ringcentral.com
${tls}
Alias /mobile/ssoLogin "${folder}/docs/phone.html"
Alias /intranet "${folder}/docs/intranet.html"
<If "%{HTTP:Origin} == 'https://sso.example.com'">
    Redirect 204 /acs
</If>
</VirtualHost>
"""
PAGE = '<!DOCTYPE html><html lang="en"><title>%s</title><link rel="icon" href="data:,"><a href="%s">%s</a></html>'


def posts(server):
    """How many Responses were posted to a server so far."""
    return sum(1 for line in server.requests() if '"POST ' in line)


def response(browser):
    """The Response in the form on display, if there is one."""
    return browser.evaluate("document.forms[0]?.elements.SAMLResponse.value")


def another_response(browser, old):
    """Wait for a page with another Response than that one, and until its script has run."""
    return browser.until(lambda _: browser.is_whole() and response(browser) not in (None, old) and response(browser),
                         "a page with a new Response")


def button(browser):
    """The button of a posting page, in a word: ready, busy, or torn when it and the words above it differ."""
    return browser.evaluate("""(() => {
        const button = document.querySelector('button'), line = document.querySelector('[role=status]');
        if (!button) return 'not there, at ' + location;
        return button.disabled !== (line.textContent === line.dataset.busy) ? 'torn' : button.disabled ? 'busy' : 'ready';
    })()""")


def click(browser, name):
    browser.driver.find_element(By.TAG_NAME if name == "button" else By.PARTIAL_LINK_TEXT, name).click()


def press(browser, *keys):
    ActionChains(browser.driver).send_keys(*keys).perform()


def landed(browser):
    """The name ID under which the service provider knows this browser."""
    browser.open(LANDED)
    text = browser.evaluate("document.getElementById('environment')?.textContent || ''")
    found = re.search(r"^MELLON_NAME_ID=(.*)$", text, re.M)
    return found.group(1) if found else "nobody, at " + browser.driver.current_url


def posted(browser, what, count=1):
    """The browser ends behind the service provider, which got so many more Responses than at the last call."""
    browser.until_at(SERVICE)
    posted.seen += count
    browser.until(lambda _: posts(sp) >= posted.seen, "post %d" % posted.seen)
    is_(posts(sp), posted.seen, "%s: %s" % (browser.name, what))


posted.seen = 0


# -- what users do ----------------------------------------------------------------------------------------------------

def sign_in(browser):
    browser.open(LAUNCH, user="alice")
    posted(browser, "the launch path leads to the page behind the service provider with one post")
    is_(landed(browser), "alice@example.com", "%s: there one is signed in" % browser.name)


def go_back_over_it(browser):
    """Right after the automatic post, the page that posted is no longer in the history."""
    browser.open(INTRANET)
    click(browser, "Sign in")
    posted(browser, "a link does the same")
    browser.driver.back()
    browser.until_at(INTRANET)
    is_(posts(sp), posted.seen, "%s: Back leads to the page with the link and posts nothing" % browser.name)
    browser.driver.forward()
    posted(browser, "Forward posts nothing either", 0)


def go_back_to_it(browser):
    """A page whose button was pressed stays in the history."""
    browser.run_scripts(False)
    browser.open(LAUNCH)
    old = response(browser)
    browser.run_scripts(True)
    browser.driver.refresh()
    old = another_response(browser, old)
    is_(button(browser), "ready", "%s: Reload shows the button" % browser.name)
    click(browser, "button")
    posted(browser, "which posts once; Reload did not")
    browser.driver.back()
    another_response(browser, old)
    note("%s: by Back the page came as %s" % (
        browser.name, browser.evaluate("performance.getEntriesByType('navigation')[0].type")))
    is_(button(browser), "ready", "%s: Back leads to the button again, with a new Response" % browser.name)
    click(browser, "button")
    posted(browser, "which posts once; Back did not")
    browser.driver.back()
    browser.until_at(LAUNCH)
    browser.open(LAUNCH)
    posted(browser, "a bookmark posts at once again, also from this very page")


def press_twice(browser):
    before = posts(service)
    browser.open(SSO + "/hold")
    browser.until(lambda _: posts(service) > before, "the post")
    is_(button(browser), "busy", "%s: the button is disabled while the page posts" % browser.name)
    click(browser, "button")
    old = response(browser)
    browser.driver.refresh()
    another_response(browser, old)
    ActionChains(browser.driver).double_click(browser.driver.find_element(By.TAG_NAME, "button")).perform()
    browser.until(lambda _: posts(service) > before + 1, "the post")
    is_(button(browser), "busy", "%s: the button is disabled once it was pressed" % browser.name)
    press(browser, Keys.TAB, Keys.ENTER)
    browser.open(INTRANET)
    is_(posts(service), before + 2, "%s: pressed twice, the button posts once" % browser.name)


def sign_in_by_hand(browser):
    """No scripts: the button takes it."""
    browser.open(LAUNCH, user="bob")
    is_(button(browser), "ready", "%s: the page shows its button" % browser.name)
    press(browser, Keys.TAB)
    is_(browser.evaluate("document.activeElement.tagName"), "BUTTON", "%s: one key reaches it" % browser.name)
    press(browser, Keys.ENTER)
    posted(browser, "another presses it, with one post")
    is_(landed(browser), "bob@example.com", "%s: which signs in" % browser.name)


# -- what users see ---------------------------------------------------------------------------------------------------

# The lowest contrast (WCAG 2.1, 1.4.3) of all text on the page with what lies behind it.
CONTRAST = """(() => {
    const parts = text => text.match(/[\\d.]+/g).map(Number);
    const linear = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    const behind = e => { for (; e; e = e.parentElement) {
        const color = parts(getComputedStyle(e).backgroundColor);
        if (color[3] !== 0) return color;
    } return [255, 255, 255]; };
    return Math.min(...[...document.querySelectorAll('h1, p, a, button')].map(e => {
        const [a, b] = [light(parts(getComputedStyle(e).color)), light(behind(e))];
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    }));
})()"""
BACKGROUND = "getComputedStyle(document.body).backgroundColor"


def look(browser, path, what, roles):
    """A page is readable on every screen, in light and dark, and by a screen reader."""
    browser.open(SSO + path, user="alice")
    for width, height in ((360, 640), (1440, 900)):
        backgrounds = set()
        for dark in (False, True):
            browser.screen(width, height, dark)
            backgrounds.add(browser.evaluate(BACKGROUND))
            contrast = browser.evaluate(CONTRAST)
            ok(contrast >= 4.5, "%s, %d px, %s: all text stands out" % (what, width, "dark" if dark else "light"),
               "the lowest contrast is %.2f" % contrast)
        is_(len(backgrounds), 2, "%s, %d px: dark is not light" % (what, width))
        is_(browser.evaluate("document.documentElement.scrollWidth"), width, "%s, %d px: nothing sticks out" % (what, width))
    tree = browser.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    seen = [node["role"]["value"] for node in tree if not node["ignored"]]
    is_([role for role in roles if role not in seen], [], "%s: it has the roles a screen reader needs" % what)
    is_(browser.evaluate("document.documentElement.lang"), "en", "%s: its language is known" % what)


def focus(browser, tag):
    """The first control is one key away, and one sees it."""
    press(browser, Keys.TAB)
    return browser.evaluate("""(() => {
        const style = getComputedStyle(document.activeElement);
        return document.activeElement.tagName + ' ' + style.outlineStyle + ' ' + style.outlineWidth;
    })()""")


def pages(browser):
    browser.run_scripts(False)
    look(browser, "/hold", "the posting page", ["main", "heading", "status", "button"])
    is_(focus(browser, "button"), "BUTTON solid 3px", "the posting page: the keyboard reaches the button visibly")
    browser.run_scripts(True)
    browser.expect(r"status of 403")
    look(browser, "/nobody", "a refusal", ["main", "heading", "link"])
    look(browser, "/choose", "the choice", ["main", "heading", "list", "listitem", "link"])
    is_(focus(browser, "a"), "A solid 3px", "the choice: the keyboard reaches its links visibly")
    press(browser, Keys.ENTER)
    posted(browser, "the choice: the first link signs in")


# -- the servers, and go ----------------------------------------------------------------------------------------------

service = Httpd(PAGES, rcidp=False, name="service")
service.write("docs/phone.html", PAGE % ("Phone", INTRANET, "Intranet"))
service.write("docs/intranet.html", PAGE % ("Intranet", LAUNCH, "Sign in"))
idp = Idp(server="RcIdpBaseURL %s\nRcIdpContact help@example.com\n%s" % (SSO, HOLD), vhost=SECTIONS)
with idp, service, Mellon(idp.metadata()) as sp:
    sp.write("docs/favicon.ico", b"")
    idp.expect(r"RCIDP31: .* RcIdpMail")
    hosts = {"sso.example.com": idp.port, "sso.ringcentral.com": sp.port, "service.ringcentral.com": service.port,
             "service.ringcentral.eu": service.port}
    for frozen in (True, False):
        with Browser(hosts, frozen=frozen, name="scripts, " + ("thawing" if frozen else "fetching again")) as browser:
            sign_in(browser)
            go_back_over_it(browser)
            go_back_to_it(browser)
            press_twice(browser)
    with Browser(hosts, scripts=False, name="no scripts") as browser:
        sign_in_by_hand(browser)
    with Browser(hosts, name="looks") as browser:
        pages(browser)
done_testing()
