#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Beside other modules of httpd: no cache keeps a page of ours, whatever its headers are made to say."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import example
import idp
import pages
from idp import Idp
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
SESSIONS = ["auth_form", "request", "session", "session_cookie"]
example.needs("mod_session and its kin", *map(example.module, SESSIONS))


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
done_testing()
