#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Hostile AuthnRequests: each is refused by a page of ours with 400, posts nothing anywhere, after which a right one is met as before.

Documents and transport here; signatures in forgeries.py.
"""
import os
import sys
import time
import urllib.parse
from xml.sax.saxutils import quoteattr

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import asking
import certs
import form
from asking import ACS, US, Asked, Asks, b64, deflate, pairs
from tap import done_testing, is_, note, ok

OTHER, OTHER_ACS = "https://other.example.com/sp", "https://other.example.com/acs"
SECOND = "https://sso.ringcentral.com/sp/second"
SERVER = """
RcIdpServiceProvider us metadata="${folder}/us.xml"
RcIdpServiceProvider other entityid=%s acs=%s
RcIdpServiceProvider absent entityid=https://absent.example.com acs=https://absent.example.com/acs
""" % (OTHER, OTHER_ACS)
HERS, STRANGER = certs.pair(name="hers"), certs.pair(name="stranger")
LIMIT = 128 * 1024
ARTIFACT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"

table = Asks()


def right(name, query=None):
    """A request without fault is met."""
    answer = table.ask(name, "GET", query or GOOD, "issued", head=False)
    is_(form.auto_post(answer.text).action, ACS, name + ": posted to the ACS")


def attack(name, result, path=None, **options):
    """One refusal, and that all goes on as before."""
    table.ask(name, "POST" if "body" in options else "GET", path or server.PATH, result, **options)
    right(name + "; then a right one")


def both(name, message, result="message", log=None):
    """The same document by both bindings."""
    attack(name + ", Redirect", result, server.redirect(message), log=log)
    attack(name + ", POST", result, log=log, **server.post(message))


def xml(**options):
    return server.message(**options)


def grown(size):
    """A request of exactly that many bytes."""
    return xml().replace(b"</saml:Issuer>", b"</saml:Issuer><!--%s-->" % (b"x" * (size - len(xml()) - 7)))


def raw_query(packed):
    return "%s?SAMLRequest=%s" % (server.PATH, urllib.parse.quote(packed, safe=""))


def addresses():
    """Whom the answer would go to."""
    for name, acs in (
            ("foreign", "https://evil.example.com/acs"), ("another provider's", OTHER_ACS), ("differing by case", ACS.lower()),
            ("with the port", ACS.replace(".com/", ".com:443/")), ("with another port", ACS.replace(".com/", ".com:8443/")),
            ("with a slash", ACS + "/"), ("with a query", ACS + "?x"), ("with a fragment", ACS + "#x"), ("cut short", ACS[:-1]),
            ("with a dot segment", ACS.replace("/sp/", "/x/../sp/")), ("percent-encoded", ACS.replace("ACS", "%41CS")),
            ("with a space before it", " " + ACS), ("with userinfo", ACS.replace("://", "://evil@")), ("empty", ""),
            ("by http", ACS.replace("https", "http")), ("javascript", "javascript:alert(1)"),
            ("of another binding", "https://sso.ringcentral.com/sp/artifact")):
        both("ACS " + name, xml(acs=acs), "acs")
    for index in ("7", "2", "65536"):
        both("ACS index %s" % index, xml(index=index), "acs")
    for index in ("-1", "", "abc", "0x0", "4294967296", "18446744073709551616", "1 ", "+1", "1.0", "1e0"):
        both("ACS index %r" % index, xml(index=index))
    both("ACS by URL and by index", xml(acs=ACS, index="0"), "acs")
    both("ACS by index, and a binding", xml(index="0", binding=asking.HTTP_POST), "acs")
    both("ACS by URL and by an index below 0", xml(acs=ACS, index="-1"))
    attack("the other provider asks for the first one's ACS", "acs", server.redirect(issuer=OTHER, acs=ACS))
    attack("the other provider asks by index", "acs", server.redirect(issuer=OTHER, index=0))
    for name, issuer in (("unknown", "https://evil.example.com"), ("one that this path does not launch", "https://absent.example.com"),
                         ("differing by case", US.upper()), ("with a slash", US + "/"), ("empty", ""), ("cut short", US[:-1])):
        both("issuer " + name, xml(issuer=issuer), "issuer")
    attack("the issuer is another than ?sp= says", "issuer", server.redirect() + "&sp=other")
    for name, destination in (("elsewhere", "https://idp.example.com/ringcentral"), ("another path", server.here + "/x"),
                              ("the metadata", server.here + "/metadata"), ("with a slash", server.here + "/"),
                              ("by http", server.here.replace("https", "http")), ("with a query", server.here + "?sp=us"),
                              ("differing by case", server.here.replace("ring", "Ring")), ("without the port", "https://localhost/ringcentral"),
                              ("empty", "")):
        both("destination " + name, xml(destination=destination), "destination")


def markup():
    """Documents that say one thing and mean another, or cost more than they look."""
    dtd = '<!DOCTYPE samlp:AuthnRequest [%s]>'
    # Where an entity stands nobody looks twice: in an attribute and in text.
    used = 'ProviderName="&x;"'
    both("DTD", xml(prolog=dtd % ""), log="DTD")
    both("DTD with an entity", xml(prolog=dtd % '<!ENTITY x "y">', attributes=used), log="DTD")
    both("external entity", xml(prolog=dtd % '<!ENTITY x SYSTEM "file:///etc/passwd">', issuer_xml="<saml:Issuer>&x;</saml:Issuer>"), log="DTD")
    both("external subset", xml(prolog='<!DOCTYPE samlp:AuthnRequest SYSTEM "%s">' % server.url("/dtd")), log="DTD")
    both("parameter entity", xml(prolog=dtd % ('<!ENTITY %% p SYSTEM "%s"> %%p;' % server.url("/dtd"))), log="DTD")
    bomb = '<!ENTITY e0 "ha">' + "".join('<!ENTITY e%d "%s">' % (i, "&e%d;" % (i - 1) * 10) for i in range(1, 12))
    both("entity bomb", xml(prolog=dtd % bomb, attributes='ProviderName="&e11;"'), log="DTD")
    both("DTD behind a comment", xml(prolog="<!-- -->" + dtd % ""), log="DTD")
    both("an entity that nobody declared", xml(attributes=used))
    for word in ("<!doctype x>", "<! DOCTYPE x>", "<!DOCTYP", "<!ENTITY x 'y'>"):
        both("prolog %s" % word, xml(prolog=word))
    nested = 100
    both("nested 40,000 deep", xml(inside="<a>" * 40000))
    both("nested 20,000 deep, and closed", xml(inside="<a>" * 18000 + "</a>" * 18000))
    right("nested 100 deep in Extensions", server.redirect(inside="<samlp:Extensions>%s</samlp:Extensions>" % ("<a>" * nested + "</a>" * nested)))
    for name, issuer in (("a comment inside", US[:-4] + "<!-- -->.com"), ("a comment behind", US + "<!-- -->.evil.example.com"),
                         ("a comment before", "<!-- -->" + US), ("an element inside", US[:-4] + "<b/>.com"),
                         ("a processing instruction inside", US[:-4] + "<?x y?>.com"), ("an element around", "<b>%s</b>" % US),
                         ("nothing", "")):
        both("in the issuer: " + name, xml(issuer_xml="<saml:Issuer>%s</saml:Issuer>" % issuer), "message" if name != "nothing" else "issuer")
    # Only another way to write the same text; and another way to write another.
    right("issuer in CDATA", server.redirect(issuer_xml="<saml:Issuer><![CDATA[%s]]></saml:Issuer>" % US))
    both("issuer with CDATA that adds to it", xml(issuer_xml="<saml:Issuer>%s<![CDATA[.evil]]></saml:Issuer>" % US), "issuer")
    both("no issuer", xml(issuer_xml=""))
    both("issuer of another namespace", xml(issuer_xml="<samlp:Issuer>%s</samlp:Issuer>" % US))
    for first, second in ((US, "https://evil.example.com"), ("https://evil.example.com", US)):
        message = xml(issuer_xml="<saml:Issuer>%s</saml:Issuer><saml:Issuer>%s</saml:Issuer>" % (first, second))
        answer = server.request("GET", server.redirect(message))
        ok(answer.status == 400, "two issuers, %s first: refused" % first, answer)
    server.expect("RCIDP4[34]: ")
    server.expect("RCIDP02: ")  # of some of what is disguised
    for name, wrong in (("a prefix that nobody declared", 'foo:bar="1"'), ("an attribute twice by two prefixes", 'xmlns:a="urn:x" xmlns:b="urn:x" a:y="1" b:y="2"'),
                        ("a prefix for nothing", 'xmlns:a=""'), ("another meaning of xml", 'xmlns:xml="urn:x"'), ("a prefix for that of xmlns", 'xmlns:a="http://www.w3.org/2000/xmlns/"')):
        both("namespaces: " + name, xml(attributes=wrong))
    for child, schema in (("Issuer", "saml:Issuer"), ("NameIDPolicy", "samlp:NameIDPolicy"), ("Subject", "saml:Subject"), ("Conditions", "saml:Conditions"),
                          ("RequestedAuthnContext", "samlp:RequestedAuthnContext"), ("Scoping", "samlp:Scoping")):
        for disguise in ("samlp:AuthnRequestType", "saml:AssertionType", "saml:NameIDType", "lib:AuthnRequestType"):
            disguised(child, schema, disguise)
    # Wishes that a reader might leave out where it does not understand them: the user is not whom they say, nor signed in as they say.
    wish = '<x xmlns="urn:x"/>'
    bob, mfa = "<saml:NameID>bob@example.com</saml:NameID>", "<saml:AuthnContextClassRef>https://refeds.org/profile/mfa</saml:AuthnContextClassRef>"
    for name, inside in (("subject", "<saml:Subject>%s%s</saml:Subject>" % (bob, wish)), ("subject, twice", "<saml:Subject>%s%s</saml:Subject>" % (bob, bob)),
                         ("subject of another kind", "<saml:Subject>%s</saml:Subject>" % wish),
                         ("context", "<samlp:RequestedAuthnContext>%s%s</samlp:RequestedAuthnContext>" % (mfa, wish)),
                         ("policy", '<samlp:NameIDPolicy Format="urn:x">%s</samlp:NameIDPolicy>' % wish),
                         ("conditions", '<saml:Conditions NotOnOrAfter="2001-01-01T00:00:00Z">%s</saml:Conditions>' % wish),
                         ("scoping", IDPS % '<samlp:IDPEntry ProviderID="%s"/>' % asking.idp.ENTITY_ID + IDPS % '<samlp:IDPEntry ProviderID="urn:x"/>')):
        both("a wish that cannot be understood: " + name, xml(inside=inside))
    for value in ("TRUE", "yes", "2", ""):
        both("ForceAuthn %r" % value, xml(attributes='ForceAuthn="%s"' % value))
        both("IsPassive %r" % value, xml(attributes='IsPassive="%s"' % value))
    both("an attribute with a prefix", xml(attributes='samlp:ForceAuthn="false"'))
    both("not an AuthnRequest", xml().replace(b"AuthnRequest", b"LogoutRequest"))
    both("an AuthnRequest of another namespace", xml().replace(b"SAML:2.0:protocol", b"SAML:3.0:protocol"))
    both("an AuthnRequest disguised", xml(attributes='xmlns:xsi="%s" xsi:type="samlp:LogoutRequestType"' % XSI).replace(b"samlp:AuthnRequest ", b"samlp:Foo "))
    both("wrapped in another element", b"<x>" + xml() + b"</x>")
    both("two documents", xml() + xml())
    both("text behind it", xml() + b"x")
    both("cut off", xml()[:-5])
    both("an attribute twice", xml(attributes='Destination="x"'))
    both("without ID", xml(id=False))
    for id in ("", "1", "a b", "a:b", 'a"b', "<", "ä" * 3 + " "):
        both("ID %r" % id, xml(id=id))
    both("without Version", xml(version=False))
    both("without IssueInstant", xml().replace(b"IssueInstant", b"OtherInstant"))
    for instant in ("now", "2025-13-01T00:00:00Z", "2025-02-30T00:00:00Z", "2025-01-01T00:00:00", "2025-01-01T00:00:00+00:00", "", "1763776000"):
        both("IssueInstant %r" % instant, xml(issued=instant or " "))


IDPS = "<samlp:Scoping><samlp:IDPList>%s</samlp:IDPList></samlp:Scoping>"
CLASSES = "<samlp:RequestedAuthnContext>%s</samlp:RequestedAuthnContext>"
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def disguised(child, name, disguise):
    """An element that xsi:type says to be another: refused or not, the child lives and goes on."""
    message = xml(attributes='xmlns:xsi="%s" xmlns:lib="urn:liberty:iff:2003-08"' % XSI,
                  issuer_xml='<saml:Issuer xsi:type="%s">%s</saml:Issuer>' % (disguise, US) if child == "Issuer" else None,
                  inside="" if child == "Issuer" else '<%s xsi:type="%s"><saml:NameID xsi:type="%s">x</saml:NameID></%s>' % (name, disguise, disguise, name))
    answer = server.request("GET", server.redirect(message))
    ok(answer.status in (200, 400), "%s disguised as %s: answered" % (child, disguise), answer)


def encodings():
    """Bytes that are not what they seem."""
    message = xml()
    for codec in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp037", "utf-7"):
        declared = '<?xml version="1.0" encoding="%s"?>' % {"cp037": "ebcdic-cp-us"}.get(codec, codec)
        text = declared + message.decode()
        if codec == "utf-7":
            text = declared + "+ADwAIQ-DOCTYPE samlp:AuthnRequest [+ADwAIQ-ENTITY x 'y'+AD4]+AD4-" + message.decode()
        both("in " + codec, text.encode("ascii" if codec == "utf-7" else codec))
    both("in Latin-1, as declared", b'<?xml version="1.0" encoding="ISO-8859-1"?>' + xml(attributes='ProviderName="\xe9"').decode().encode("latin-1"))
    both("not UTF-8", xml(attributes='ProviderName="x"').replace(b'"x"', b'"\xff"'))
    both("overlong UTF-8", xml(attributes='ProviderName="x"').replace(b'"x"', b'"\xc0\xbc"'))
    both("a surrogate in UTF-8", xml(attributes='ProviderName="x"').replace(b'"x"', b'"\xed\xa0\x80"'))
    both("a NUL inside", xml(attributes='ProviderName="x"').replace(b'"x"', b'"\x00"'))
    both("a NUL behind it", message + b"\0")
    both("a character that XML has not", xml(attributes='ProviderName="&#1;"'))
    both("a NUL by its number", xml(attributes='ProviderName="&#0;"'))
    both("an unknown encoding", b'<?xml version="1.0" encoding="x-evil"?>' + b"\xfe" + message)
    both("nothing", b"")
    packed, plain = deflate(message), b64(deflate(message))
    for name, query in (
            ("zlib", b64(deflate(message, 15))), ("gzip", b64(deflate(message, 31))), ("not deflated", b64(message)),
            ("trailing data", b64(packed + b"x")), ("two streams", b64(packed + packed)), ("cut off", b64(packed[:-3])), ("empty", ""),
            ("spaces in the base64", plain[:8] + " " + plain[8:]), ("base64url", plain.replace("+", "-").replace("/", "_") + "-_-_"),
            ("without padding", b64(packed + b"") .rstrip("=") + "A"), ("padding inside", plain[:4] + "==" + plain[4:]),
            ("behind the padding", plain + "===="), ("not base64", "%%%"), ("a letter of no base64", "é" + plain)):
        attack("Redirect: " + name, "message", raw_query(query))
    # The last letter's unused bits: same bytes, another text.
    while len(message) % 3 != 1:
        message += b" "
    loose = b64(message)
    loose = loose[:-3] + chr(ord(loose[-3]) + 1) + "=="
    attack("POST: base64 that is not canonical", "message", body=pairs(("SAMLRequest", loose)))
    attack("POST: base64 with spaces", "message", body=pairs(("SAMLRequest", " ".join(b64(message)))))
    attack("POST: deflated", "message", body=pairs(("SAMLRequest", b64(deflate(message)))))
    lines = asking.pairs(("SAMLRequest", "\r\n".join(b64(message)[i:i + 76] for i in range(0, len(b64(message)), 76))))
    table.ask("POST: base64 in lines", "POST", server.PATH, "issued", body=lines)


def sizes():
    """At most 128 KiB, however it comes."""
    for size, result in ((LIMIT - 1, "issued"), (LIMIT, "issued"), (LIMIT + 1, "message"), (LIMIT + 2, "message"), (LIMIT + 4, "message")):
        for name, options in (("Redirect", {"path": server.redirect(grown(size))}), ("POST", server.post(grown(size)))):
            path = options.pop("path", server.PATH)
            table.ask("%d bytes, %s" % (size, name), "POST" if options else "GET", path, result,
                      log="128 KiB" if result == "message" else None, **options)
    attack("deflate bomb, as long as a request may be", "message", bomb_query(), log="128 KiB")
    attack("deflate bomb by POST", "message", body=pairs(("SAMLRequest", b64(deflate(b" " * 50_000_000)))))
    attack("10 MB body", "message", body=pairs(("SAMLRequest", b64(b" " * 7_500_000))))
    attack("10 MB of another field", "message", body="x=" + "y" * 10_000_000)
    attack("a SAMLRequest just over what is read", "message", body=pairs(("SAMLRequest", "A" * 200_000)))
    attack("many fields", "message", body="&".join(["a=b"] * 100_000))
    field, most = server.post()["body"], 2 * LIMIT
    table.ask("as many fields as may be", "POST", server.PATH, "issued", body=field + "&a=b" * 31)
    attack("a field more", "message", body=field + "&a=b" * 32, log="more fields than it may")
    for size, result, log in ((most, "issued", None), (most + 1, "message", "larger than it may be")):
        for chunked in (False, True):
            table.ask("a form of %d bytes%s" % (size, ", in a chunk" * chunked), "POST", server.PATH, result, log=log,
                      body=(field + "&x=").ljust(size, "y"), chunked=chunked)


def bomb_query():
    """The longest request line that httpd takes, full of what inflates most."""
    room = 8190 - len("GET  HTTP/1.1\r\n") - len(server.PATH + "?SAMLRequest=") - 40
    size = 1_000_000
    while len(urllib.parse.quote(b64(deflate(b" " * (size + 50_000))), safe="")) < room:
        size += 50_000
    return raw_query(b64(deflate(b" " * size)))


def transport():
    """Parameters and forms."""
    good = server.redirect(relay_state="x").partition("?")[2]
    request, state = good.split("&")
    for name, query in (("SAMLRequest twice", good + "&" + request), ("SAMLRequest twice, once by another spelling", good + "&" + request.replace("SAMLR", "SAML%52")),
                        ("RelayState twice", good + "&RelayState=y"), ("RelayState twice, once by another spelling", good + "&Relay%53tate=y"),
                        ("RelayState twice, once without a value", good + "&RelayState"), ("sp twice", good + "&sp=us&sp=us"),
                        ("a NUL in RelayState", request + "&RelayState=%00"), ("a NUL in SAMLRequest", request + "%00"),
                        ("RelayState badly encoded", request + "&RelayState=%zz"), ("a name badly encoded", good + "&%zz=1")):
        attack(name, "parameter", server.PATH + "?" + query)
    attack("SAMLEncoding of another kind", "message", server.PATH + "?" + good + "&SAMLEncoding=gzip")
    right("SAMLEncoding as it must be", server.PATH + "?" + good + "&" + pairs(("SAMLEncoding", "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE")))
    for length, result in ((1024, "issued"), (1025, "relay-state"), (5000, "relay-state")):
        for name, options in (("Redirect", {}), ("POST", server.post(relay_state="r" * length))):
            table.ask("RelayState of %d bytes, %s" % (length, name), "POST" if options else "GET",
                      server.PATH if options else server.redirect(relay_state="r" * length), result, **options)
    for state in ('"><script>alert(1)</script>', "'><img/onerror=alert(1) src=x>", "a\r\nSet-Cookie: x=y\r\n\r\n<b>", "&quot;&amp;&#34;", "ü€😀", "Javascript:alert(1)",
                  " lead and trail ", "", "%41+%2B+ +", "</form>", "a\tb"):
        for name, options in (("Redirect", {}), ("POST", server.post(relay_state=state))):
            answer = table.ask("RelayState %r, %s" % (state, name), "POST" if options else "GET",
                               server.PATH if options else server.redirect(relay_state=state), "issued", **options)
            is_(form.auto_post(answer.text).relay_state, state, "RelayState %r, %s: returned as it came" % (state, name))
    for state in ("%FF", "%C0%BC", "%ED%A0%80", "a%01b", "%80", "a%0Ab", "a%0Db", "%0A", "a%0D", "%0D%0A%0D", "%0D%0A%0A", "%0A%0D"):
        attack("RelayState %s, Redirect" % state, "relay-state", server.PATH + "?" + request + "&RelayState=" + state)
        attack("RelayState %s, POST" % state, "relay-state", body=server.post()["body"] + "&RelayState=" + state)
    body = server.post(relay_state="x")["body"]
    field = body.split("&")[0]
    attack("POST: SAMLRequest in query and body", "parameter", server.PATH + "?" + request, body=body)
    attack("POST: SAMLRequest in the query alone", "parameter", server.PATH + "?" + request, body="x=y")
    attack("POST: SAMLRequest twice", "parameter", body=body + "&" + field)
    attack("POST: SAMLRequest twice, once by another spelling", "parameter", body=body + "&" + field.replace("SAMLR", "SAML%52"))
    attack("POST: RelayState twice", "parameter", body=body + "&RelayState=y")
    attack("POST: a NUL behind the form", "message", body=body + "&x=\0", log="not text$")
    attack("POST: a NUL in SAMLRequest", "parameter", body=field + "%00")
    attack("POST: a NUL in RelayState", "parameter", body=field + "&RelayState=a%00b")
    attack("POST: no SAMLRequest", "post", body="RelayState=x")
    attack("POST: nothing", "post", body="")
    attack("POST: multipart/form-data", "post", headers=[("Content-Type", "multipart/form-data; boundary=b")],
           body='--b\r\nContent-Disposition: form-data; name="SAMLRequest"\r\n\r\n%s\r\n--b--\r\n' % b64(xml()))
    attack("POST: text/xml", "post", headers=[("Content-Type", "text/xml")], body=xml())
    for kind in ("x", "-x+xml", "/../x", ","):
        attack("POST: application/x-www-form-urlencoded%s" % kind, "post", headers=[("Content-Type", "application/x-www-form-urlencoded" + kind)], body=body)
    for kind in (";charset=UTF-8", " ; charset=UTF-8", "\t"):
        table.ask("POST: application/x-www-form-urlencoded%s" % kind, "POST", server.PATH, "issued",
                  headers=[("Content-Type", "application/x-www-form-urlencoded" + kind)], body=server.post()["body"])
    attack("POST: without a type", "post", headers=[("Content-Type", "")], body=body)
    # Chunks that are none: one answer, be it httpd's.
    head = ("POST %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic %s\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            "Transfer-Encoding: chunked\r\n\r\n" % (server.PATH, b64(b"alice:secret")))
    for name, status, chunk in (("of no size", 400, "zz\r\n"), ("of more bytes than can be", 413, "ffffffffffffffff1\r\n"),
                                ("of fewer than none", 400, "-1\r\n"), ("larger than a form may be", 400, "100000\r\n" + "x" * 0x100000)):
        with server.client().connect() as connection:
            connection.sendall((head + chunk).encode())
            said = b"".join(iter(lambda: connection.recv(65536), b""))
        is_((said[9:12], said.count(b"<!DOCTYPE"), said.count(b"\r\nContent-Security-Policy: ")), (b"%d" % status, 1, "larger" in name),
            "a chunk %s: refused by one page" % name)
    right("after such chunks, a right one")


def cpu():
    """The CPU time that the server's children have used, in seconds; Linux counts it in nanoseconds."""
    with open("/proc/%d/task/%d/children" % (server.process.pid, server.process.pid)) as file:
        return sum(time.clock_gettime((~int(child) << 3) | 2) for child in file.read().split())


def costs():
    """No refusal costs more than a launch that is asked for by as many bytes, with both its signatures.

    To take 170 KB through TLS, and to read them, may cost as much as a signature; an attacker has to send them, too."""
    # With a right issuer and a foreign ACS, so that all of it is read.
    def document(**options):
        return xml(acs="https://evil.example.com/acs", **options)

    def namespaces(length, attributes, places):
        """Two prefixes of one namespace, LENGTH bytes long, that so many ATTRIBUTES have in turn, in as many PLACES."""
        crowd = " ".join('%s:a%d=""' % ("pq"[i % 2], i) for i in range(attributes))
        declared = " ".join('xmlns:%s="urn:%s"' % (prefix, "x" * (length - 4)) for prefix in "pq")
        return document(attributes=declared, inside="<a %s/>" % crowd * (places - 1)).replace(b" ID=", b" %s ID=" % crowd.encode())

    documents = {
        "a long namespace of many attributes": namespaces(60000, 50, 1),
        "a long namespace of many attributes, signed": asking.sign(namespaces(60000, 50, 1), STRANGER),
        "as long a namespace as may be, of many attributes": namespaces(128, 50, 4),
        "as long a namespace as may be, of many attributes, signed": asking.sign(namespaces(128, 50, 4), STRANGER),
        "many attributes": document(attributes=" ".join('a%x=""' % i for i in range(12000))),
        "many namespaces": document(attributes=" ".join('xmlns:a%x="b"' % i for i in range(7000))),
        "many namespaces, each in use": document(inside="".join('<a%x:b xmlns:a%x="c">' % (i, i) for i in range(200)) + "<a0:b/>" * 15000
                                                 + "".join("</a%x:b>" % i for i in reversed(range(200)))),
        "as many namespaces as may be": document(inside="<b %s>" % " ".join('xmlns:a%x="c"' % i for i in range(60)) + "<a0:b/>" * 240 + "</b>"),
        "many elements": document(inside="<a/>" * 30000),
        "as many elements as may be": document(inside="<a/>" * 240),
        "many IDPs": document(inside=IDPS % ('<samlp:IDPEntry ProviderID="x"/>' * 3800)),
        "as many IDPs as may be": document(inside=IDPS % ('<samlp:IDPEntry ProviderID="x"/>' * 240)),
        "many classes": document(inside=CLASSES % ("<saml:AuthnContextClassRef/>" * 4300)),
        "as many classes as may be": document(inside=CLASSES % ("<saml:AuthnContextClassRef/>" * 240)),
        "many signatures": document(inside='<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>' * 2200),
        "many comments in the issuer": document(issuer_xml="<saml:Issuer>%s</saml:Issuer>" % ("a<!---->" * 16000)),
        "many pieces of issuer": document(issuer_xml="<saml:Issuer>%s</saml:Issuer>" % ("a<![CDATA[b]]>" * 9000)),
        "deep": document(inside="<a>" * 40000),
        "character references": document(inside="&#65;" * 25000),
        "large": document(inside="x" * (LIMIT - 1000)),
        # A second canonicalisation would have to parse what the first has written, five times as much.
        "large, to be canonicalised twice": asking.sign(document(inside="<samlp:Extensions>LARGE</samlp:Extensions>"), STRANGER)
        .replace(b"LARGE", b">" * (LIMIT - 4000)).replace(asking.ENVELOPED.encode(), asking.EXCLUSIVE.encode()),
        "large in an attribute": document(attributes='ProviderName="%s"' % ("x" * (LIMIT - 1000))),
        "large in Extensions": document(inside="<samlp:Extensions>%s</samlp:Extensions>" % ("x" * (LIMIT - 1000))),
        "large in the issuer": document(issuer_xml="<saml:Issuer>%s</saml:Issuer>" % ("x" * (LIMIT - 1000))),
        "large in the subject": document(inside="<saml:Subject><saml:NameID>%s</saml:NameID></saml:Subject>" % ("x" * (LIMIT - 1000))),
    }
    bodies = {"POST, %s" % name: {"body": asking.post(text)} for name, text in documents.items()}
    bodies["POST, many fields"] = {"body": "&".join("a" * 250_000)}
    bodies["POST, many fields of one name"] = {"body": "&".join(["RelayState=x"] * 40_000)}
    bodies["POST, every byte encoded"] = {"body": "SAMLRequest=" + "%41" * 174_000}
    paths = {"Redirect, %s" % name: server.redirect(text) for name, text in documents.items() if len(server.redirect(text)) < 8000}
    paths["Redirect, deflate bomb"] = bomb_query()
    paths["Redirect, many parameters"] = server.redirect(issuer="https://evil.example.com") + "&" + "&".join("a" * 3000)
    server.expect("RCIDP(43|27|26|44|45|46): ")

    measures = {"a launch": ("GET", GOOD, {}), "a long launch": ("POST", server.PATH, server.post(grown(LIMIT)))}
    requests = {**measures, **{name: ("POST", server.PATH, options) for name, options in bodies.items()},
                **{name: ("GET", path, {}) for name, path in paths.items()}}
    spent, statuses = {name: [] for name in requests}, {}

    def rounds(count, names):
        """The launches and one of each, again and again: what else the machine does meets them alike."""
        for _ in range(count):
            for name in (*measures, *names):
                server.hang_up()  # a refusal ends its connection: so each has one of its own, and a launch, too
                start = cpu()
                method, path, options = requests[name]
                statuses[name] = server.request(method, path, **options).status
                spent[name].append(cpu() - start)

    def low(name):
        return sorted(spent[name])[len(spent[name]) // 4]

    def ratio(name):
        share = len(requests[name][2].get("body", "")) / len(measures["a long launch"][2]["body"])
        return low(name) / (low("a launch") + share * (low("a long launch") - low("a launch")))

    refusals = [name for name in requests if name not in measures]
    rounds(ROUNDS, refusals)
    ratios = {name: ratio(name) for name in refusals}
    # Anew, more often and alone, what looks dear, beside launches of the same time.
    for name in refusals:
        if ratios[name] > NEAR:
            for one in (*measures, name):
                spent[one].clear()
            rounds(MORE, [name])
            ratios[name] = ratio(name)
    for name in measures:
        ok(min(spent[name]) > 0 and statuses[name] == 200, "the CPU time of %s is known" % name, statuses[name], spent[name])
        print("# %-50s %6.2f ms" % (name, low(name) * 1000))
    for name in refusals:
        print("# %-50s %6.2f launches, %s" % (name, ratios[name], statuses[name]))
        is_(statuses[name], 400, name + ": refused")
        ok(ratios[name] < 1.5, "%s: costs less than one and a half launches" % name, "%.2f launches" % ratios[name])


# Of the lower quarter of so many; what comes near to a launch is measured anew, so much more often. A page of memory that
# the kernel has to give anew, some fifty times for a large request, takes 10 us on some virtual machines, hence half a launch more.
ROUNDS, MORE, NEAR = 12, 48, 0.9
# A launch is to cost what it costs on most processors: AVX512-IFMA halves it, and none of the refusals.
os.environ.setdefault("OPENSSL_ia32cap", ":~0x200000")

server = Asked(server=table.CONFIGURATION + SERVER, launch="us other")
server.write("us.xml", asking.metadata([HERS.cert], ((ACS, 0, True, asking.HTTP_POST), (SECOND, 1, False, asking.HTTP_POST),
                                                  ("https://sso.ringcentral.com/sp/artifact", 2, False, ARTIFACT))))
server.expect("RCIDP83: .* no RcIdpLaunch names absent")
with server:
    table.serve(server)
    GOOD = server.redirect(acs=ACS)
    right("a right request")
    for part in (addresses, markup, encodings, sizes, transport, costs):
        if part is costs and os.environ.get("RCIDP_PRELOAD"):
            note("costs are not compared: what a sanitizer does costs, too")
        elif not sys.argv[1:] or part.__name__ in sys.argv[1:]:
            part()
table.judge()
done_testing()
