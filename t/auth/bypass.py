#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""More than two hundred ways to ask for a launch without the right to it: by path, method, header and detour.

Each is tried as nobody, and as somebody who signs in and may not. Not one answer may carry a Response; and after all of
them the one who may is still let in, so that it was not the server that had stopped.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import idp
import verify
from client import Client
from idp import Idp
from tap import done_testing, is_, note, ok

MALLORY = idp.AUTHENTICATION.replace("Require valid-user", "Require user alice") + "AuthzSendForbiddenOnFailure On\n"
LAUNCH = """
<Location "%s">
    SetHandler rcidp-launch
    RcIdpLaunch us
    RcIdpMail "%%{REMOTE_USER}@example.com"
    %s
</Location>
"""
DETOURS = """
RewriteEngine on
RewriteRule ^/pt$ /ringcentral [PT]
RewriteRule ^/plain$ /ringcentral
RewriteRule ^/proxied$ https://localhost:${port}/ringcentral [P]
SSLProxyEngine on
SSLProxyVerify none
SSLProxyCheckPeerCN off
SSLProxyCheckPeerName off
Alias "/alias" "${folder}/docs/ringcentral"
<Directory "${folder}/docs">
    Options +Includes +FollowSymLinks
    AllowOverride None
    Require all granted
    AddOutputFilter INCLUDES .shtml
    RewriteEngine on
    RewriteRule ^go$ /ringcentral
    RewriteRule ^end$ /ringcentral [END]
</Directory>
<Directory "${folder}/docs/index">
    DirectoryIndex /ringcentral
</Directory>
<Directory "${folder}/docs/fallback">
    FallbackResource /ringcentral
</Directory>
<Directory "${folder}/docs/action">
    Action x-launch /ringcentral virtual
    SetHandler x-launch
</Directory>
<Location "/broken">
    ErrorDocument 401 /ringcentral
    ErrorDocument 403 /ringcentral
    ErrorDocument 404 /ringcentral
    ErrorDocument 500 /ringcentral
</Location>
<Location "/broken/denied">
    Require all denied
</Location>
<Location "/broken/private">
    %s
</Location>
<Location "/handler">
    SetHandler rcidp-metadata
</Location>
""" % MALLORY
# Whose right differs from that of the launch path around them, or that open a door which the rest must close.
INNER = (LAUNCH % ("/ringcentral/inner", MALLORY.replace("alice", "bob"))
         + LAUNCH % ("/satisfy", MALLORY + "Satisfy Any\nOrder allow,deny\nDeny from all\n")
         + LAUNCH % ("/satisfied", MALLORY + "Satisfy Any\nOrder allow,deny\nAllow from all\n")
         + LAUNCH % ("/limited", idp.AUTHENTICATION.replace("Require valid-user", "<Limit GET>\nRequire user alice\n</Limit>")
                     + "AuthzSendForbiddenOnFailure On\n")
         + LAUNCH % ("/merging", "AuthMerging Or\n" + MALLORY)
         + LAUNCH % ("/open", "Require all granted")
         + LAUNCH % ("/error-itself", MALLORY + "ErrorDocument 403 /error-itself\nErrorDocument 401 /error-itself\n"))

PATHS = ["/ringcentral" + tail for tail in (
    "", "?sp=us", "?", "?#", "#", "/", "//", "/.", "/..", "/./", "/../ringcentral", "/x/..", "/x", "/inner/..", ";", ";x", ";/..",
    "/;", "%20", "%00", "%0a", "%0d%0aX:y", "%09", "%2f", "%2F", "%5c", "%2e", "%2e%2e", "%252f", "%3f", "%3fsp=us", "%23", "%3b",
    "%c0%af", "%e0%80%af", "%ff", "\\", ".", "..", "...", "~", ":", "::$DATA", "*", "%", "%2", "%zz", ".php", ".html", "/index.html",
    "?RelayState=x", "?sp=us&sp=us", "?SAMLRequest=", "?%53AMLRequest=x", "?sp=../us", "/inner", "/metadata", "/metadata/..")]
PATHS += ["//ringcentral", "///ringcentral", "/./ringcentral", "/../ringcentral", "/x/../ringcentral", "/%2e/ringcentral",
          "/%2e%2e/ringcentral", "/%2fringcentral", "/%5cringcentral", "\\ringcentral", "/\\ringcentral", "/;/ringcentral", "/..;/ringcentral",
          "/Ringcentral", "/RINGCENTRAL", "/%52ingcentral", "/%72ingcentral", "/%2572ingcentral", "/r%69ngcentral", "/ringcentra%6c",
          "/ringcentral%20/..", "/ringcentra", "/ringcentrall", "ringcentral", "*", "", "/pt", "/plain", "/proxied", "/alias", "/alias/",
          "/go", "/end", "/index/", "/fallback/x", "/action/x", "/include.shtml", "/broken/x", "/broken/denied", "/broken/private",
          "/handler", "/satisfy", "/satisfied", "/limited", "/merging", "/open", "/error-itself", "/error-itself?sp=us",
          "https://localhost/ringcentral", "http://localhost/ringcentral", "https://other.example/ringcentral",
          "http://alice:secret@localhost/ringcentral", "file:///ringcentral", "//localhost/ringcentral"]
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "PROPFIND", "MKCOL", "COPY", "LOCK", "REPORT",
           "FOO", "get", "Get", "GETX", "G ET"]
HEADERS = [[("X-HTTP-Method-Override", "GET")], [("X-Original-URL", "/ringcentral")], [("X-Rewrite-URL", "/ringcentral")],
           [("X-Forwarded-Proto", "https")], [("X-Forwarded-User", "alice")], [("X-Remote-User", "alice")], [("Remote-User", "alice")],
           [("REMOTE_USER", "alice")], [("Authorization", "")], [("Authorization", "Basic")], [("Authorization", "Basic YWxpY2U=")],
           [("Authorization", "Basic YWxpY2U6")], [("Authorization", "Basic " + "A" * 4000)], [("Authorization", "Bearer alice")],
           [("Authorization", "Negotiate YWxpY2U=")], [("Authorization", 'Digest username="alice"')], [("Proxy-Authorization", "Basic YWxpY2U6c2VjcmV0")],
           [("Range", "bytes=0-")], [("If-Match", "*")], [("If-None-Match", "*")], [("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT")],
           [("Expect", "100-continue")], [("Upgrade", "h2c"), ("Connection", "Upgrade, HTTP2-Settings"), ("HTTP2-Settings", "")],
           [("Transfer-Encoding", "chunked")], [("Content-Length", "0")], [("Host", "other.example")], [("Cookie", "session=alice")],
           [("Sec-Fetch-Dest", "document")], [("X-Forwarded-For", "127.0.0.1")], [("Forwarded", "for=127.0.0.1;proto=https")]]
RAW = [b"GET /ringcentral\r\n\r\n", b"GET /ringcentral HTTP/0.9\r\n\r\n", b"GET /ringcentral HTTP/1.0\r\n\r\n", b"GET /ringcentral HTTP/9.9\r\n\r\n",
       b"GET /ringcentral HTTP/1.1\r\n\r\n", b"GET\t/ringcentral HTTP/1.0\r\n\r\n", b"GET  /ringcentral HTTP/1.0\r\n\r\n",
       b"\r\nGET /ringcentral HTTP/1.0\r\n\r\n", b"GET /ringcentral HTTP/1.0\nHost: localhost\n\n", b"GET /\x00/ringcentral HTTP/1.0\r\n\r\n",
       b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET /ringcentral HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
       b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40\r\n\r\nGET /ringcentral HTTP/1.1\r\nHost: localhost\r\n\r\n",
       b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /ringcentral HTTP/1.0\r\n\r\n",
       b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]


def raw(client, request):
    """All that comes back for these bytes, until the server closes or has nothing more to say."""
    with client.connect() as connection:
        connection.sendall(request)
        answer = b""
        while True:
            try:
                part = connection.recv(65536)
            except OSError:
                return answer
            if not part:
                return answer
            answer += part


def message(method, path, headers, user):
    """A request as bytes, whatever is in it."""
    lines = ["%s %s HTTP/1.1" % (method, path)]
    if not any(name == "Host" for name, _ in headers):
        lines.append("Host: localhost")
    if user and not any(name == "Authorization" for name, _ in headers):
        lines.append("Authorization: Basic " + idp.base64.b64encode(("%s:secret" % user).encode()).decode())
    lines += ["%s: %s" % header for header in headers] + ["Connection: close"] * (not any(name == "Connection" for name, _ in headers))
    return "\r\n".join(lines + ["", ""]).encode("latin-1")


REQUESTS = [("GET", path, []) for path in PATHS] + [(method, "/ringcentral", []) for method in METHODS]
REQUESTS += [("GET", "/ringcentral", headers) for headers in HEADERS] + [("POST", path, []) for path in PATHS[:20]]
# With the POST, a form; what is in it does not matter before the user is known.
REQUESTS += [("POST", path, [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", "0")]) for path in PATHS[:20]]

# The server ends what a request leaves open.
SHORT = "KeepAliveTimeout 1\nTimeout 2\n"
SERVERS = [("as it is", ""), ("slashes as they come", "AllowEncodedSlashes On\nMergeSlashes Off\n"),
           ("slashes not decoded", "AllowEncodedSlashes NoDecode\n")]
MODULES = ["rewrite", "proxy", "proxy_http", "include", "actions", "access_compat", "authz_host"]

ok(len(REQUESTS) + len(RAW) >= 200, "%d requests, each by two and to %d servers" % (len(REQUESTS) + len(RAW), len(SERVERS)))
for what, lines in SERVERS:
    # httpd's own complaints are many and not ours; what the module says of it is announced.
    server = Idp(vhost=SHORT + lines + INNER + DETOURS, authentication=MALLORY, modules=MODULES, users=("alice", "bob", "mallory"), log_level="crit")
    for name in ("index", "fallback", "action", "ringcentral"):
        server.write("docs/%s/index.html" % name, "nothing to see")
    server.write("docs/include.shtml", '<!--#include virtual="/ringcentral" --><!--#exec cgi="/ringcentral" -->')
    server.expect(r"RCIDP(10|12|2[0-8]|43): ")
    with server:
        for who in (None, "mallory"):
            let_in = [request for request in REQUESTS if b"SAMLResponse" in raw(server.client(), message(*request, who))]
            let_in += [request for request in RAW if b"SAMLResponse" in raw(server.client(), request)]
            note("%s, %s" % (what, who), *["let in: %r" % (request,) for request in let_in]) if let_in else None
            is_(len(let_in), 0, "%s: %s is let in nowhere" % (what, who or "nobody"))
        # bob may only where the inner path lets him.
        is_([path for path in PATHS if b"SAMLResponse" in raw(server.client(), message("GET", path, [], "bob"))],
            ["/ringcentral/inner"], "%s: who may at the inner path may there alone" % what)
        ok(b"SAMLResponse" in raw(server.client(), message("GET", "/ringcentral", [], "alice")), "%s: who may is still let in" % what)

# Whoever writes below the document root says nothing of a launch: neither who may sign in there, nor what is said of them.
ELSEWHERE = idp.AUTHENTICATION + 'SetEnvIf Request_URI . MAIL=right@example.com\n'
FILES = [("another file of passwords", '<If "true">\nAuthUserFile "${folder}/docs/others"\n</If>\n', "theirs", 401),
         ("nobody is asked", '<If "true">\nAuthType None\nRequire all granted\n</If>\n', "theirs", 401),
         ("another value", 'RewriteEngine on\nRewriteRule .* - [E=MAIL:wrong@example.com]\n', "secret", 200),
         ("another handler", '<If "true">\nSetHandler none\n</If>\n', "secret", 200)]
# However the path comes to a file name, and the error's document to its own.
TRANSLATED = [("as it is", ""), ("an Alias", 'Alias "/ringcentral" "${folder}/docs/ringcentral"\nAlias "/error.html" "${folder}/docs/error.html"\n'),
              ("an Alias of all", 'Alias "/" "${folder}/docs/"\n'), ("hosts by name", 'VirtualDocumentRoot "${folder}/docs"\n'),
              ("a rewritten error", 'RewriteEngine on\nRewriteRule ^/error.html$ /other.html\n'),
              ("a rewritten launch", 'RewriteEngine on\nRewriteRule ^/pt$ /ringcentral [PT]\n')]
for translated, translation in TRANSLATED:
    launch = "/pt" if "/pt" in translation else "/ringcentral"
    with Idp(vhost='<Directory "${folder}/docs">\nAllowOverride All\n</Directory>\nErrorDocument 401 /error.html\n' + translation,
             mail='"%{reqenv:MAIL}"', authentication=ELSEWHERE, modules=["rewrite", "vhost_alias"], name="htaccess") as server:
        server.expect("AH01617: ")  # a wrong password
        server.write("docs/others", idp.password_file(["alice"], "theirs"))
        for name in ("error", "other", "page"):
            server.write("docs/%s.html" % name, name)
        for what, text, password, status in FILES:
            what = "%s, %s" % (translated, what)
            server.write("docs/.htaccess", text.replace("${folder}", server.folder) + "Header always set X-Seen yes\n")
            is_(server.get("/page.html").header("X-Seen"), "yes", ".htaccess: it holds for pages: " + what)
            answer = server.get(launch, password=password)
            # A refusal's page is a file like others.
            is_((answer.status, answer.header("X-Seen")), (status, "yes" if status == 401 else None), ".htaccess: not for a launch: " + what)
            if status == 200:
                is_(verify.fields(server.launch(launch).xml).name_id, "right@example.com", ".htaccess: the value is the configuration's: " + what)
done_testing()
