#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""conf/examples/form.conf: a sign-in page, a session in an encrypted cookie, and signing out; by hand and in Chromium."""
import base64
import os
import re
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import asking
import example
import form
import pages
import people
import posting
from browser import Browser
from example import Example
from httpd import SOURCE
from mellon import Mellon
from people import ALICE, GHOST, MALLORY, ZOE
from tap import done_testing, is_, like, ok, unlike

MODULES = ["auth_form", "session", "session_cookie", "session_crypto", "request", "authz_groupfile", "rewrite"]
PAGES = os.path.join(SOURCE, "conf", "examples", "form")
STATE = "https://service.ringcentral.com/mobile/ssoLogin?a=b&c=%20d"
LAUNCH = "/ringcentral?sp=us&RelayState=" + urllib.parse.quote(STATE, safe="")
ALLOW = '<Location "/ringcentral">\nRcIdpRelayStateAllow https://service.ringcentral.com\n</Location>\n'
example.needs("mod_auth_form, mod_session and their kin", *map(example.module, MODULES))


def get(path=LAUNCH, cookie=None):
    return server.client().get(path, headers=[("Cookie", cookie)] if cookie else [])


def post(person, path=LAUNCH, password=None, **more):
    """Send the sign-in form as a browser does."""
    return server.client().post(path, {"httpd_username": person.name, "httpd_password": password or person.password, **more},
                                headers=[("Origin", "https://sso.example.com")])


def cookie_of(answer):
    """The session that an answer sets, as the Cookie header that sends it back."""
    return answer.header("Set-Cookie").partition(";")[0]


def is_login(answer, who, wrong=False):
    """Checks: the sign-in page, with 401, and nothing issued."""
    is_(answer.status, 401, who + ": may not come in yet")
    found = form.forms(answer.text)
    is_([(f.method, f.action) for f in found], [("post", None)], who + ": gets a form that goes back to where it came from")
    ok(not pages.issued(answer), who + ": nothing is issued")
    is_("is wrong" in answer.text, wrong, who + ": is %stold of a mistake" % ("" if wrong else "not "))
    like(answer.header("Content-Security-Policy"), "frame-ancestors 'none'", who + ": in a page that no other may frame")
    like(answer.header("Cache-Control"), "no-store", who + ": nor a cache keep")
    is_(answer.header("WWW-Authenticate"), None, who + ": the browser asks nothing by itself")


def signs_in(person):
    """Page, form, launch. Returns the cookie."""
    who = person.name
    is_login(get(), who)
    answer = post(person)
    is_((answer.status, answer.header("Location")), (302, LAUNCH), who + ": is led to the very launch that was asked for")
    parts = [part.strip() for part in answer.header("Set-Cookie").split(";")]
    is_(sorted(parts[1:]), sorted(["Max-Age=28800", "path=/ringcentral", "Secure", "HttpOnly", "SameSite=Lax"]),
        who + ": the cookie is for the launch path, TLS, and no script")
    cookie = cookie_of(answer)
    people.launched(server, get(cookie=cookie), person, relay_state=STATE)
    return cookie


def hides(cookie, person):
    """Checks: what the cookie holds can not be read."""
    value = cookie.partition("=")[2]
    readings = [value.encode(), urllib.parse.unquote_to_bytes(value), base64.b64decode(value + "===")]
    ok(len(readings[2]) > 60, "the cookie holds something")
    for what in ("password", "name"):
        secret = getattr(person, what)
        forms = {secret.encode(), urllib.parse.quote(secret).encode(), urllib.parse.quote_plus(secret).lower().encode(),
                 base64.b64encode(secret.encode()).rstrip(b"=")}
        ok(not any(f in reading for f in forms for reading in readings), "%s is not to be read in the cookie" % what, cookie)
    return readings[2]


def session():
    """What a session is good for, and what is not one."""
    cookie = signs_in(ZOE)
    first, second = hides(cookie, ZOE), hides(cookie_of(post(ZOE)), ZOE)
    ok(first != second and first[:16] != second[:16], "the same session is encrypted anew each time")
    is_(get(cookie=cookie).header("Set-Cookie"), None, "its use does not prolong a session")
    changed = cookie[:40] + ("A" if cookie[40] != "A" else "B") + cookie[41:]
    server.expect(r"AH0(1842|1845|1839|1817|1834): ")
    is_login(get(cookie=changed), "a changed cookie")
    is_login(get(cookie="ringcentral-session=ringcentral-user=alice&ringcentral-pw=secret"), "a cookie of one's own making")


def dismissed():
    """A session is worth no more than the password in it."""
    cookie = cookie_of(post(ALICE))
    with open(server.path("users")) as file:
        users = file.read()
    server.write("users", users.replace("alice:", "alice-who-left:"))
    server.expect("AH01808: user 'alice' not found", count=1)
    is_login(get(cookie=cookie), "alice, who is no user any more")
    server.write("users", users)
    is_(get(cookie=cookie).status, 200, "alice, who is one again")


def refusals():
    server.expect("AH01631: user mallory: authorization failure", count=1)
    server.refused(get(cookie=cookie_of(post(MALLORY))), "mallory, who is in no group")
    server.expect("RCIDP30: ", count=1)
    server.refused(get(cookie=cookie_of(post(GHOST))), "ghost, who is not in the file of people",
                   sentence="^Your account has no e-mail address")
    answer = post(ZOE, password="passwort")
    is_login(answer, "a wrong password", wrong=True)
    is_(answer.header("Set-Cookie"), None, "a wrong password: gives no session")
    server.expect("AH01808: user 'nobody' not found", count=1)
    is_login(post(ALICE._replace(name="nobody")), "an unknown user", wrong=True)
    for password in ("passwort", ZOE.password):
        answer = post(ZOE, password=password, httpd_location="https://evil.example/")
        unlike(answer.header("Location") or "", "evil", "the form can not be made to lead elsewhere")
        unlike(answer.text, "evil", "nor its answer")
    is_(server.client().get("/ringcentral/metadata").status, 200, "the metadata needs no session")


def sign_in(agent, page):
    """The sign-in page that AGENT sees, filled in."""
    return agent.send(page, httpd_username=ALICE.name, httpd_password=ALICE.password)


def signs_out():
    cookie = cookie_of(post(ALICE))
    answer = get("/ringcentral/logout", cookie)
    is_((answer.status, answer.header("Location")), (307, "/ringcentral-login/signed-out.html"), "signing out leads to a page")
    is_(get("/ringcentral-login/signed-out.html").status, 200, "that there is")
    is_login(get(cookie=cookie_of(answer)), "alice, who signed out")


def in_chromium():
    """All of it in a browser, whose console must stay empty but for the 401; SameSite is its own affair."""
    metadata = asking.only(server.client().get("/ringcentral/metadata").body, asking.HTTP_POST)
    sp = Mellon(metadata)
    sp.ask(asking.metadata([posting.SIGNER.cert], attributes='AuthnRequestsSigned="true"'), posting.SIGNER)
    with sp, \
            Browser({"sso.example.com": server.port, "sso.ringcentral.com": sp.port, "service.ringcentral.com": sp.port}) as browser:
        def type_in(person, password):
            browser.until(lambda driver: browser.is_whole(), "the page has come whole")
            for name, text in (("httpd_username", person.name), ("httpd_password", password)):
                browser.driver.find_element("name", name).send_keys(text)
            browser.driver.find_element("tag name", "button").click()

        browser.expect("401")
        sp.write("docs/favicon.ico", b"")
        launch = server.url("/ringcentral?sp=us")
        browser.open(launch)
        type_in(ZOE, "passwort")
        browser.until(lambda driver: driver.find_elements("css selector", "[role=alert]"), "the mistake is told")
        is_(browser.driver.current_url, launch, "after a mistake the browser is still where it was")
        type_in(ZOE, ZOE.password)
        browser.until_at("https://sso.ringcentral.com/landing.shtml")
        like(browser.driver.page_source, r"MELLON_NAME_ID=zoe@example\.com", "zoë has arrived, in the browser")
        browser.open(launch)
        browser.until_at("https://sso.ringcentral.com/landing.shtml")
        ok(True, "the second time she is not asked")
        browser.open(server.url("/ringcentral/logout"))
        browser.until_at(server.url("/ringcentral-login/signed-out.html"))
        is_(browser.evaluate("getComputedStyle(document.querySelector('main')).maxWidth"), "384px", "the pages have their style")
        browser.open(launch)
        ok(browser.driver.find_elements("name", "httpd_password"), "after signing out she is asked again")

        # RingCentral asks, by a form. Its page is left by a script.
        asks = "https://sso.ringcentral.com/sp/login?ReturnTo=" + urllib.parse.quote("https://sso.ringcentral.com/landing.shtml?asked", safe="")
        browser.open(asks)
        browser.until(lambda driver: driver.find_elements("name", "httpd_password"), "RingCentral asks, and the sign-in page comes")
        like(browser.driver.current_url, r"SAMLEncoding=rcidp:posted", "its form is in the address now")
        type_in(ZOE, ZOE.password)
        browser.until_at("https://sso.ringcentral.com/landing.shtml?asked")
        browser.driver.delete_all_cookies()  # those of RingCentral
        browser.open(asks)
        browser.until_at("https://sso.ringcentral.com/landing.shtml?asked")
        ok(True, "RingCentral asks again, and she is not, although her cookie does not go with forms of other sites")


server = Example("form", MODULES, {"SESSION_KEY_FILE": "${folder}/session-key", "LOGIN_PAGES": "${folder}/pages", **people.FILES},
                 server=posting.SERVER, vhost=ALLOW + posting.SIGNED)
posting.prepare(server)
people.write_files(server)
for name in os.listdir(PAGES):
    with open(os.path.join(PAGES, name)) as file:
        server.write("pages/" + name, file.read())
server.write("session-key", base64.b64encode(os.urandom(36)) + b"\n", mode=0o600)
with server:
    signs_in(ALICE)
    session()
    dismissed()
    refusals()
    posting.STATE += "x" * 900
    posting.passive(server, posting.over_page(server, sign_in, "alice"))
    posting.refused(server)
    posting.kept(server)
    signs_out()
    in_chromium()
    # One by hand, one to be led elsewhere, and one in Chromium.
    server.expect("AH01807: user 'zo.*': authentication failure .*: password Mismatch", count=3)

done_testing()
