#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""By which ways a launch can be reached: its own address and a rewrite lead there; errors, includes and indexes never do.

And the other way round: where a refusal is shown by an error document of the site.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import asking
import curl
import idp
import pages
from idp import Idp
from rows import RESULTS, Rows
from tap import done_testing, is_, ok

LAUNCH = """
<Location "%s">
    SetHandler  rcidp-launch
    RcIdpLaunch us
    RcIdpMail   "%%{REMOTE_USER}@example.com"
    %s
    %s
</Location>
"""
# Ways that lead to /ringcentral from elsewhere.
WAYS = """
<Location "/denied">
    Require all denied
</Location>
<Location "/private">
    %(authentication)s
</Location>
<Location "/refused">
    ErrorDocument 403 /ringcentral
    ErrorDocument 404 /ringcentral
    ErrorDocument 401 /ringcentral
    ErrorDocument 500 /ringcentral
</Location>
<Location "/refused/denied">
    Require all denied
</Location>
<Location "/refused/private">
    %(authentication)s
</Location>
<Directory "${folder}/docs/rewrite">
    RewriteEngine on
    RewriteRule ^go$ /ringcentral
    RewriteRule ^pt$ /ringcentral [PT]
    RewriteRule ^sp$ /ringcentral?sp=uk
    RewriteRule ^below$ /ringcentral/below
</Directory>
<Directory "${folder}/docs/index">
    DirectoryIndex /ringcentral
</Directory>
<Directory "${folder}/docs/index-of-file">
    DirectoryIndex /file
</Directory>
<Directory "${folder}/docs/fallback">
    FallbackResource /ringcentral
</Directory>
<Directory "${folder}/docs/action">
    AddHandler x-launch .go
    Action x-launch /ringcentral
</Directory>
<Directory "${folder}/docs/include">
    Options +Includes
    SetOutputFilter INCLUDES
</Directory>
<Directory "${folder}/docs">
    Options +MultiViews +FollowSymLinks
    CheckSpelling on
    AddLanguage de .de
    AddEncoding x-gzip .gz
    AddOutputFilter INCLUDES .de
    # Comes after each <Location>, and only once the folder is known.
    <If "-n req('X-File')">
        SetHandler default-handler
    </If>
</Directory>
<Directory "${folder}/docs/shut">
    AllowOverride None
    Header set X-Folder "shut"
</Directory>
<Location "/elsewhere/metadata">
    SetHandler rcidp-metadata
</Location>
RewriteEngine on
RewriteRule ^/server-rewrite$ /ringcentral [PT]
Alias "/alias" "${folder}/docs/folder"
""" % {"authentication": idp.AUTHENTICATION}
# Error documents of the site.
OWN = "".join("ErrorDocument %d %%s\n" % status for status in (400, 403, 404, 405, 500))
DOCUMENT = ('[<!--#echo var="REDIRECT_STATUS" -->|<!--#echo var="REDIRECT_RCIDP_RESULT" -->|'
            '<!--#echo var="REDIRECT_RCIDP_ERROR" -->]')
SENTENCES = {
    "method": "This address can only be opened.",
    "post": "Nothing can be sent to this address. Open it instead.",
    "provider": "The address asks for a service that is not offered here.",
    "not-found": "There is nothing here. Check the address.",
    "prefetch": "Open this address yourself; it cannot be loaded ahead of time.",
    "no-mail": "Your account has no e-mail address, and RingCentral knows you by it.",
    "authn-context": "This is not your fault: the sign-in service is not set up right.",
}
REFUSED = [
    ("provider", "GET", "%s?sp=uk", {}),
    ("post", "POST", "%s", {"body": "a=b"}),
    ("prefetch", "GET", "%s", {"user": None, "headers": [("Sec-Purpose", "prefetch")]}),
    ("no-mail", "GET", "%s", {"headers": [("X-Nobody", "1")]}),
    ("not-found", "GET", "%s/below", {}),
    ("method", "DELETE", "%s", {}),
    ("authn-context", "GET", "%s", {"headers": [("X-Context", "high")]}),
]
CLAIMS = """RcIdpMail "%{REMOTE_USER}@example.com%{HTTP:X-Nobody}" s/.*1$//
    RcIdpAuthnContext "urn:x:y %{HTTP:X-Context}"
    """
VHOST = (WAYS + LAUNCH % ("/refused/open", "", "") + LAUNCH % ("/file", "", idp.AUTHENTICATION) + LAUNCH % ("/folder", "", idp.AUTHENTICATION)
         + LAUNCH % ("/negotiated", "", idp.AUTHENTICATION) + LAUNCH % ("/spelled", "", idp.AUTHENTICATION) + LAUNCH % ("/typed.de.gz", "", idp.AUTHENTICATION)
         + LAUNCH % ("/alias", "", idp.AUTHENTICATION) + LAUNCH % ("/folder/deep", "", idp.AUTHENTICATION)
         + LAUNCH % ("/shut/launch", "", idp.AUTHENTICATION) + LAUNCH % ("/given", "", idp.AUTHENTICATION)
         + LAUNCH % ("/given-nothing", "", idp.AUTHENTICATION)
         + LAUNCH % ("/own", OWN % (("/include/error.shtml",) * 5) + CLAIMS, idp.AUTHENTICATION)
         + LAUNCH % ("/text", OWN % (('"the text of the site"',) * 5) + CLAIMS, idp.AUTHENTICATION)
         + LAUNCH % ("/away", OWN % (("https://www.example.com/error",) * 5) + CLAIMS, idp.AUTHENTICATION)
         + LAUNCH % ("/own-default", OWN % (("default",) * 5) + CLAIMS, idp.AUTHENTICATION)
         + LAUNCH % ("/own-missing", "ErrorDocument 405 /none", idp.AUTHENTICATION))
PLAIN = ("RcIdpBaseURL https://localhost\n" + LAUNCH % ("/ringcentral", "ErrorDocument 403 /include/error.shtml", idp.AUTHENTICATION)
         + '<Directory "${folder}/docs/include">\nOptions +Includes\nSetOutputFilter INCLUDES\n</Directory>')
DENIED = "AH01630: client denied by server configuration"
NOT_ITSELF = "RCIDP20: "

# name, path, result, options
LEADS = [
    ("a rewrite in a directory", "/rewrite/go", "issued", {}),
    ("a rewrite in a directory, passed through", "/rewrite/pt", "issued", {}),
    ("a rewrite with a parameter", "/rewrite/sp", "provider", {}),
    ("a rewrite to a path below", "/rewrite/below", "not-found", {}),
    ("a rewrite asks for credentials", "/rewrite/go", 401, {"user": None, "ours": True}),
    ("a rewritten prefetch", "/rewrite/go", "prefetch", {"headers": [("Sec-Purpose", "prefetch")], "user": None}),
    ("a rewrite in the server", "/server-rewrite", "issued", {}),
    ("an action adds the path it was for", "/action/page.go", "not-found", {"log": "/ringcentral/action/page.go$"}),
    ("slashes", "//ringcentral", "issued", {}),
    ("a path that is encoded", "/%72ing%63entral", "issued", {}),
    ("a path with dots", "/elsewhere/../ringcentral", "issued", {}),
    ("a path with an encoded slash", "/ringcentral%2Fbelow", 404, {}),
    ("a path with a parameter", "/ringcentral;a=b", 404, {}),
    ("a path with two slashes behind", "/ringcentral//", "not-found", {}),
    ("a path with NUL", "/ringcentral%00", 404, {}),
    ("a folder of that name", "/folder", "issued", {}),
    ("a folder of that name and a slash", "/folder/", "not-found", {}),
    ("a document in that folder", "/folder/index.html", "not-found", {}),
    ("a launch below", "/folder/deep", "issued", {}),
    ("a file of that name", "/file", "issued", {}),
    ("a file of that name, as a folder", "/file/below", "not-found", {}),
    ("a file of that name, negotiated", "/negotiated", "issued", {}),
    ("a file of a name like it", "/spelled", "issued", {}),
    ("a name that says what a file is", "/typed.de.gz", "issued", {}),
    ("an alias to a folder", "/alias", "issued", {}),
    ("a folder that nobody may look into", "/shut/launch", "issued", {}),
    ("a file in it", "/shut/file", 403, {"also": "AH00035: "}),
    ("a file of that name, not yet given away", "/given", "issued", {}),
    ("a file of that name that an <If> gives away", "/given", 200, {"headers": [("X-File", "1")]}),
    ("no file of that name that an <If> gives away", "/given-nothing", 404, {"headers": [("X-File", "1")]}),
    ("an index", "/index/", 404, {}),
    ("an index that is a file", "/index-of-file/", 404, {}),
    ("a fallback", "/fallback/anything", 404, {}),
    ("an include", "/include/page.shtml", 200, {"also": [NOT_ITSELF, "unable to include"], "head": False}),
    ("the document of an error 404", "/refused/nothing", 404, {"also": NOT_ITSELF}),
    ("the document of an error 403", "/refused/denied", 403, {"also": [NOT_ITSELF, DENIED]}),
    ("the document of an error 401", "/refused/private", 401, {"also": NOT_ITSELF, "user": None}),
    ("the document of an error 500", "/refused/open", "not-protected", {"also": NOT_ITSELF, "user": None, "ours": False}),
]

rows = Rows()
with Idp(server=rows.CONFIGURATION + "Protocols h2 http/1.1", vhost=VHOST, plain=PLAIN, modules=["rewrite", "include", "actions", "http2", "negotiation", "speling"]) as server:
    for name in ("rewrite", "index", "index-of-file", "fallback", "folder"):
        server.write("docs/%s/index.html" % name, "an index")
    server.write("docs/action/page.go", "a page")
    for name in ("file", "given", "shut/file"):
        server.write("docs/" + name, "a file")
    os.chmod(server.path("docs/shut"), 0)
    for name in ("negotiated.html", "spelles", "typed.de.gz", "elsewhere/metadata.xml"):
        server.write("docs/" + name, "a file")
    server.write("docs/include/page.shtml", '[<!--#include virtual="/ringcentral" -->]')
    server.write("docs/include/error.shtml", DOCUMENT)
    rows.serve(server)
    server.expect("RCIDP87: .* this virtual host has no SSLEngine on")
    for name, path, result, options in LEADS:
        answer = rows.ask(name, "GET", path, result, **options)
        if path == "/include/page.shtml":
            is_(answer.text, "[[an error occurred while processing this directive]]", name + ": only an error is included")
        if path == "/shut/launch":
            is_(answer.header("X-Folder"), "shut", name + ": its <Directory> holds")
        if path == "/given" and result == 200:
            is_(answer.text, "a file", name + ": the whole of it")
        if path == "/typed.de.gz":
            is_([answer.header(one) for one in ("Content-Language", "Content-Encoding")], ["en", None], name + ": changes nothing")
    answer = server.get("/elsewhere/metadata", user=None)
    is_((answer.status, answer.header("Content-Type")), (200, "application/samlmetadata+xml"), "metadata where a file is of that name")
    for result, method, path, options in REFUSED:
        status, what = RESULTS[result][0], "%d (%s) " % (RESULTS[result][0], result)
        # HEAD of an error document that is parsed differs from GET by httpd's doing.
        answer = rows.ask(what + "with a document of the site", method, path % "/own", result, ours=False, head=False, **options)
        is_(answer.text, "[%d|%s|%s]" % (status, result, SENTENCES[result]), what + "tells the document what is wrong")
        is_(answer.header("Allow"), "GET, HEAD, POST" if status == 405 else None, what + "and a document: Allow")
        answer = rows.ask(what + "with a text of the site", method, path % "/text", result, ours=False, **options)
        is_(answer.text, "the text of the site", what + "shows the text")
        # httpd makes this list by itself.
        is_(sorted(re.findall(r"GET|HEAD|POST|PUT|DELETE|OPTIONS", answer.header("Allow") or "")),
            ["GET", "HEAD", "POST"] if status == 405 else [], what + "and a text: Allow")
        answer = rows.ask(what + "with a page elsewhere", method, path % "/away", result, status=302, ours=False, **options)
        is_(answer.header("Location"), "https://www.example.com/error", what + "leads there")
        answer = rows.ask(what + "with the default document", method, path % "/own-default", result, **options)
        is_(answer.header("Allow"), "GET, HEAD, POST" if status == 405 else None, what + "and no document: Allow")
    answer = rows.ask("plain HTTP with a document of the site", "GET", "/ringcentral", "plain-http", ours=False, head=False,
                      scheme="http", user=None)
    is_(answer.text, "[403|plain-http|This address works with https:// only.]", "plain HTTP tells the document what is wrong")
    # Over HTTP/2, where a request has a connection of its own within the one that does TLS.
    for what, status, said, arguments in (("a launch", 200, "RCIDP01", []), ("a prefetch", 403, "RCIDP22", ["-H", "Sec-Purpose: prefetch"]),
                                          ("a method", 405, "RCIDP25", ["-X", "PUT"]),
                                          ("an AuthnRequest that is posted", 200, "RCIDP01", ["-d", asking.post(asking.xml())]),
                                          ("nobody", 401, None, ["-u", "nobody:x"])):
        answer = curl.get("https://localhost/ringcentral", server.port, "--http2", "-u", "alice:secret", *arguments)
        is_(answer.status, status, "HTTP/2, %s: status" % what)
        is_(pages.issued(answer), status == 200, "HTTP/2, %s: what is issued" % what)
        found = pages.problems(answer)
        ok(not found, "HTTP/2, %s: a page of ours" % what, *found)
        is_(re.findall("RCIDP[0-9]+", server.log().splitlines()[-1]), [said] if said else [], "HTTP/2, %s: in the error log" % what)
    server.expect("AH01618: user nobody not found", count=1)
    answer = rows.ask("a document that is missing", "PUT", "/own-missing", "method", ours=False)
    is_(sorted(re.findall(r"GET|HEAD|POST|PUT", answer.header("Allow"))), ["GET", "HEAD", "POST"], "a document that is missing: Allow")

is_(len([line for line in server.requests() if "HTTP/2" in line]), 5, "it was HTTP/2")
rows.judge()
done_testing()
