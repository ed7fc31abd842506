#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Where RelayState comes from, what ?RelayState= may ask for, and that it reaches the service provider byte for byte."""
import os
import re
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import form
import idp
from idp import Idp
from rows import Rows
from tap import done_testing, is_, like, ok

LAUNCH = """
<Location "%s">
    SetHandler  rcidp-launch
    RcIdpLaunch us uk eu au own bare
    RcIdpMail   "%%{REMOTE_USER}@example.com"
    %s
    %s
</Location>
"""
ACS = "entityid=urn:x:sp acs=https://sp.example.com/acs"
SERVER = "RcIdpServiceProvider own %s relaystate=https://sp.example.com/start?a=b&c\nRcIdpServiceProvider bare %s\n" % (ACS, ACS)
# All that a URL may hold, markup included.
ODD = "https://app.example.com/?a='b'&lt;=(c)&amp;;d=[e]*!$,@:%22%3C#f"
PATHS = {
    "/default": "",
    "/set": "RcIdpRelayState %s" % ODD,
    "/http": "RcIdpRelayState http://app.example.com:8080/",
    "/none": "RcIdpRelayState none",
    "/None": "RcIdpRelayState None\nRcIdpRelayStateAllow https://app.example.com",
    "/allow": "RcIdpRelayStateAllow https://app.example.com/a http://plain.example.com:8080\n"
              "RcIdpRelayStateAllow https://slash.example.com/s/ https://[2001:db8::1]/six https://odd.example.com/%2B/x;y/z",
}
NAMES = {**{name: idp.PROVIDERS[name][2] for name in idp.PROVIDERS}, "own": "https://sp.example.com/start?a=b&c", "bare": None}

EIGHTY = "https://app.example.com/a/".ljust(80, "x")
ALLOWED = [
    "https://app.example.com/a",
    "https://app.example.com/a/",
    "https://app.example.com/a/b/c",
    "https://app.example.com/a?b=c&d='e'&f=%3Cg%3E",
    "https://app.example.com/a?next=/../x&y=..",
    "https://app.example.com/a#b",
    "https://app.example.com/a/b%20c+d~e",
    "https://app.example.com/a/...",
    "https://app.example.com/a/.b",
    "https://app.example.com/a//b",
    "https://app.example.com/a/%C3%BC",
    "https://app.example.com:443/a",
    "HTTPS://App.Example.COM/a",
    "http://plain.example.com:8080",
    "http://plain.example.com:8080/",
    "http://plain.example.com:8080/any/thing?at=all",
    "http://plain.example.com:8080?at=all",
    "https://slash.example.com/s/",
    "https://slash.example.com/s/b",
    "https://[2001:db8::1]/six/b",
    "https://[2001:DB8::1]:443/six",
    "https://odd.example.com/%2B/x;y/z/b",
    EIGHTY,
]
REFUSED = [
    # Another place.
    "https://app.example.com",
    "https://app.example.com/",
    "https://app.example.com/ab",
    "https://app.example.com/a;b",
    "https://app.example.com/a%2fb",
    "https://app.example.com/%61",
    "https://app.example.com/A",
    "https://app.example.com/b/a",
    "https://app.example.com?/a",
    "https://app.example.com#/a",
    "https://app.example.com//a",
    "http://app.example.com/a",
    "http://app.example.com:443/a",
    "https://app.example.com:444/a",
    "https://app.example.com:8443/a",
    "https://app.example.com./a",
    "https://app.example.com.evil.example.com/a",
    "https://evilapp.example.com/a",
    "https://example.com/a",
    "https://evil.example.com/https://app.example.com/a",
    "https://evil.example.com?https://app.example.com/a",
    "https://plain.example.com:8080/",
    "http://plain.example.com/",
    "http://plain.example.com:80/",
    "http://plain.example.com:80800/",
    "https://slash.example.com/s",
    "https://slash.example.com/sb",
    "https://[2001:db8::2]/six",
    "https://[2001:db8::1]evil.example.com/six",
    "https://odd.example.com/+/x;y/z",
    # Somebody else's name before the place.
    "https://evil@app.example.com/a",
    "https://app.example.com@evil.example.com/a",
    "https://app.example.com:443@evil.example.com/a",
    "https://app.example.com:pass@evil.example.com/a",
    "https://@app.example.com/a",
    "https://:@app.example.com/a",
    "https://app.example.com%40evil.example.com/a",
    # Steps upwards, also encoded, also as other servers read them.
    "https://app.example.com/a/../b",
    "https://app.example.com/a/..",
    "https://app.example.com/a/.",
    "https://app.example.com/a/./b",
    "https://app.example.com/a/%2e%2e/b",
    "https://app.example.com/a/%2E./b",
    "https://app.example.com/a/.%2e",
    "https://app.example.com/a/%2e",
    "https://app.example.com/a/%252e%252e/b",
    "https://app.example.com/a/%25252e%25252e/b",
    "https://app.example.com/a%2f%2e%2e%2fb",
    "https://app.example.com/a/..;x/b",
    "https://app.example.com/a/%2e%2e%3bx/b",
    "http://plain.example.com:8080/a/../b",
    # Backslashes and control characters, in clear and encoded.
    "https://app.example.com\\@evil.example.com/a",
    "https://app.example.com/a\\..\\b",
    "https://app.example.com/a/..\\b",
    "https://app.example.com/a/%5c..%5cb",
    "https://app.example.com/a/%255cb",
    "https:\\\\app.example.com\\a",
    "https://app.example.com/a\r\nSet-Cookie: a=b",
    "https://app.example.com/a\tb",
    "https://app.example.com/a/%0ab",
    "https://app.example.com/a/%250ab",
    "https://app.example.com/a/%7f",
    "https://app.example.com/a/%00",
    "https://app.example.com/a/%2500",
    "https://app.example.com/a\x7f",
    # No URL of the web, or none at all.
    "",
    " ",
    "a",
    "/a",
    "//app.example.com/a",
    "https:/app.example.com/a",
    "https:app.example.com/a",
    "https:///app.example.com/a",
    "https://",
    "https:",
    "://app.example.com/a",
    "javascript:alert(1)//https://app.example.com/a",
    "data:text/html,https://app.example.com/a",
    "ftp://app.example.com/a",
    "httpss://app.example.com/a",
    " https://app.example.com/a",
    "https://app.example.com/a ",
    "https://app.example.com /a",
    "https://app.example.com/a b",
    "https%3A//app.example.com/a",
    "https://app.example.com/a\"><script>",
    "https://app.example.com/a<",
    "https://app.example.com/ä",
    "https://äpp.example.com/a",
    "https://app.example.com/a/%ff",
    "https://app.example.com:/a",
    "https://app.example.com:0/a",
    "https://app.example.com:-1/a",
    "https://app.example.com:443x/a",
    # Over 80 bytes.
    EIGHTY + "x",
    "https://app.example.com/a?" + "x" * 8000,
]


def asked(url):
    return "RelayState=" + urllib.parse.quote(url, safe="")


rows = Rows()
with Idp(server=rows.CONFIGURATION + SERVER, vhost="".join(LAUNCH % (path, text, idp.AUTHENTICATION) for path, text in PATHS.items()),
         ) as server:
    rows.serve(server)

    # Without being asked: the path's own, else the service provider's.
    dump = {path: dict(re.findall(r"      (\S+) .*\n.*\n +RelayState (.*)\n", text))
            for path, text in re.findall(r"^    launch       https://[^/]+(/.*)\n((?:      .*\n)*)", server.configtest("-D", "DUMP_RCIDP")[1], re.M)}
    for name, relay_state in NAMES.items():
        for path, wanted in (("/default", relay_state), ("/set", ODD), ("/http", "http://app.example.com:8080/"), ("/none", None),
                             ("/None", None), ("/allow", relay_state)):
            post = server.launch("%s?sp=%s" % (path, name))
            is_(post.relay_state, wanted, "%s, %s: RelayState" % (path, name))
            is_(dump[path][name], wanted or "none", "%s, %s: RelayState in the dump" % (path, name))
            is_(len(post.values("RelayState")), int(wanted is not None), "%s, %s: how often" % (path, name))

    # Asked for: allowed, and then it goes before all others.
    for url in ALLOWED:
        answer = rows.ask("allowed: " + url, "GET", "/allow?sp=us&" + asked(url), "issued")
        post = form.auto_post(answer.text)
        is_(post and post.relay_state, url, "allowed: %s: arrives as it was" % url)
    is_(server.launch("/None?sp=us&" + asked("https://app.example.com/")).relay_state, "https://app.example.com/",
        "asked for where none is the rule")
    answer = server.get("/allow?sp=us&RelayState=https://app.example.com/a?b%26c%2Bd")
    is_(form.auto_post(answer.text).relay_state, "https://app.example.com/a?b&c+d", "encoded only where it must be")

    # Or not.
    for url in REFUSED:
        rows.ask("refused: %r" % url[:90], "GET", "/allow?sp=us&" + asked(url), "parameter" if "\0" in url else "relay-state", head=False)
    for path in ("/default", "/set", "/none"):
        rows.ask("refused where nothing is allowed: " + path, "GET", "%s?sp=us&%s" % (path, asked(NAMES["us"])), "relay-state")
    rows.ask("refused: a plus that is a space", "GET", "/allow?sp=us&RelayState=https://app.example.com/a+b", "relay-state")
    rows.ask("refused: NUL", "GET", "/allow?sp=us&RelayState=https://app.example.com/a%00.evil", "parameter")
    rows.ask("refused: broken encoding", "GET", "/allow?sp=us&RelayState=https://app.example.com/a%2", "parameter")
    rows.ask("another case of the name is another parameter", "GET", "/None?sp=us&relaystate=https://app.example.com/", "issued")

    # In the page it is one quoted attribute, whatever it holds.
    page = server.get("/set?sp=us").text
    like(page, r'<input type="hidden" name="RelayState" value="[^"<>\']*">', "no quotation mark or bracket in the page")
    ok("&#39;b&#39;&#38;lt;" in page, "an ampersand and an apostrophe are references", page[-900:])

rows.judge()
done_testing()
