#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Beside other modules of httpd that want to answer: no cache keeps a page of ours, whatever its headers are made to say; and a
launch path that ProxyPass or RewriteRule leads elsewhere says so, before anybody's password goes there."""
import http.server
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import example
import idp
import pages
from idp import Idp
from rows import Rows
from tap import done_testing, is_, ok

CACHE = """
CacheEnable disk "/"
CacheRoot "${folder}/cache"
CacheStoreNoStore on
Header set Cache-Control "public, max-age=600"
Header unset Pragma
<Location "/many">
    SetHandler  rcidp-launch
    RcIdpLaunch us uk
    RcIdpMail   "%%{REMOTE_USER}@example.com"
    %(session)s
</Location>
"""
# mod_cache leaves requests with credentials alone, so that these come by a cookie.
SESSION = """
    AuthType form
    AuthName "Example Inc."
    AuthFormProvider file
    AuthUserFile "${folder}/users"
    AuthFormLoginSuccessLocation "%{REQUEST_URI}"
    Session on
    SessionCookieName session path=/
    Require valid-user
"""
LAUNCH = """
<Location "%s">
    SetHandler  rcidp-launch
    RcIdpLaunch us
    RcIdpMail   "%%{REMOTE_USER}@example.com"
    %s
    %s
</Location>
"""
# All of them lead all that is below a path to the backend, or to a page of the site.
LEADS = """
ProxyPass "/kept" "!"
ProxyPass "/passed" "${backend}passed"
ProxyPass "/below/page" "${backend}page"
ProxyPass "/kept" "${backend}kept"
RewriteEngine on
RewriteRule "^/sent" "${backend}sent" [P]
<Directory "${folder}/docs">
    Options +FollowSymLinks
    RewriteEngine on
    RewriteRule "^rewritten" "/index.html" [L]
    RewriteRule "^off" "/index.html" [L]
    RewriteRule "^directory-sent" "${backend}sent" [P]
</Directory>
""" + "".join(LAUNCH % (path, more, idp.AUTHENTICATION) for path, more in (
    ("/passed", ""), ("/kept", ""), ("/below", ""), ("/sent", ""), ("/rewritten", ""), ("/directory-sent", ""),
    ("/off", "RewriteEngine off"), ("/environment", 'RewriteEngine on\nOptions +FollowSymLinks\nRewriteRule "^" "-" [E=A:b]')))
SESSIONS = ["auth_form", "request", "session", "session_cookie"]
example.needs("mod_session and its kin", *map(example.module, SESSIONS))
LEADS += "".join('<Location "/passed/%s">\nSetHandler rcidp-%s\n</Location>\n' % (name, name) for name in ("portal", "test", "metadata"))


class Backend(http.server.BaseHTTPRequestHandler):
    """Remembers which paths it was asked for."""
    asked = []

    def do_GET(self):
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "7")
        self.end_headers()
        self.wfile.write(b"backend")

    def log_message(self, *_):
        pass


def signed_in(user):
    """What a browser sends after signing in."""
    answer = server.client().post("/ringcentral", {"httpd_username": user, "httpd_password": "secret"})
    return {"user": None, "headers": [("Cookie", answer.header("Set-Cookie").partition(";")[0])]}


with Idp(vhost=CACHE % {"session": SESSION}, authentication=SESSION,
         modules=["cache", "cache_disk", *SESSIONS]) as server:
    os.mkdir(server.path("cache"))
    os.chmod(server.path("cache"), 0o777)
    server.write("docs/page.html", "a page")
    server.expect("RCIDP24: below the launch path: /ringcentral/below$")
    is_([server.get("/page.html", user=None).header("Age") is not None for _ in range(2)], [False, True], "the cache works")
    for path, issues in (("/ringcentral", True), ("/many", False), ("/ringcentral/below", False)):
        first, second = server.get(path, **signed_in("alice")), server.get(path, **signed_in("bob"))
        is_([pages.is_ours(first), pages.issued(first)], [True, issues], path + ": answered by a page of ours")
        is_([pages.is_ours(second), pages.issued(second)], [True, issues], path + ": and for another user")
        is_([answer.header("Age") for answer in (first, second)], [None, None], path + ": neither came from the cache")
        ok(first.body != second.body or not issues, path + ": each has a page of their own")
        is_(server.get(path, user=None).status, 401, path + ": who is not signed in gets none")

backend = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend)
threading.Thread(target=backend.serve_forever, daemon=True).start()
rows = Rows()
with Idp(server=rows.CONFIGURATION, vhost=LEADS.replace("${backend}", "http://127.0.0.1:%d/" % backend.server_port),
         modules=["proxy", "proxy_http", "rewrite"]) as server:
    server.write("docs/index.html", "an index")
    rows.serve(server)
    for name, path, where in (("ProxyPass", "/passed", "proxy:http:.*/passed"), ("RewriteRule [P]", "/sent", "proxy:http:.*/sent")):
        rows.ask(name, "GET", path, "taken", log="elsewhere: %s$" % where)
        rows.ask(name + ", before anybody is asked", "GET", path, "taken", user=None)
        rows.ask(name + ", a POST", "POST", path, "taken", body="SAMLRequest=PGEvPg==")
    rows.ask("RewriteRule in a directory", "GET", "/rewritten", "taken", log="elsewhere: redirect:/index.html$")
    rows.ask("RewriteRule [P] in a directory", "GET", "/directory-sent", "taken", log="elsewhere: proxy:http:.*/sent$")
    rows.ask("ProxyPass, the portal", "GET", "/passed/portal", "taken", user=None)
    rows.ask("ProxyPass, the test page", "GET", "/passed/test", "taken", user=None)
    rows.ask("ProxyPass, the metadata", "GET", "/passed/metadata", "taken")
    is_(Backend.asked, [], "nobody's password went anywhere")
    rows.ask("ProxyPass that leaves the path out", "GET", "/kept", "issued")
    rows.ask("RewriteEngine off", "GET", "/off", "issued")
    rows.ask("a RewriteRule that only sets variables", "GET", "/environment", "issued")
    is_(server.get("/below/page").text, "backend", "ProxyPass below a launch path works")
    is_(server.get("/passed/portal/page").text, "backend", "and below a portal")
    rows.ask("the launch path above it", "GET", "/below", "issued")
backend.shutdown()
rows.judge()
done_testing()
