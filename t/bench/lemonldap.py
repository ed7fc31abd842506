# SPDX-License-Identifier: Apache-2.0
"""LemonLDAP::NG as an identity provider: its FastCGI server, behind httpd. The user has a session, so that what is asked is
the Response alone, as from ours; Lasso signs it."""
import json
import os
import urllib.parse

from httpd import HTTPD, poll
from peer import Peer, front

PORTAL = "/usr/share/lemonldap-ng/portal/htdocs/index.psgi"
PATH = "/saml/singleSignOn?IDPInitiated=1&spConfKey=ringcentral"
HOST = "Host: auth.example.com"
CLAIM = "1;http://schemas.xmlsoap.org/ws/2005/05/identity/claims/%s;urn:oasis:names:tc:SAML:2.0:attrname-format:uri;;"

SERVICE_PROVIDER = """<?xml version="1.0"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://sso.ringcentral.com">
<md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol" WantAssertionsSigned="true">
<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
  Location="https://sso.ringcentral.com/sp/ACS.saml2" index="0" isDefault="true"/></md:SPSSODescriptor></md:EntityDescriptor>
"""

# It loads what draws pictures for robots to fail at, though none is asked for, and that needs libraries of its own.
CAPTCHA = """package NoCaptcha;
use Mouse;
extends 'Lemonldap::NG::Portal::Main::Plugin';
sub init { 1 }
1;
"""

INI = """[all]
logLevel = error
[configuration]
type = File
dirName = {folder}/conf
[portal]
staticPrefix = /static
templateDir = /usr/share/lemonldap-ng/portal/templates
languages = en
[handler]
status = 0
"""

FRONT = """
<Location "/">
    SetHandler "proxy:unix:{folder}/lemonldap.sock|fcgi://localhost"
    ProxyFCGISetEnvIf "true" SCRIPT_FILENAME "%s"
    ProxyFCGISetEnvIf "true" SCRIPT_NAME ""
    ProxyFCGISetEnvIf "true" PATH_INFO "%%{{REQUEST_URI}}"
    ProxyFCGISetEnvIf "true" LLTYPE psgi
    Require all granted
</Location>
""" % PORTAL


def configuration(folder, key, certificate):
    """What its manager would write: users of the demonstration, one service provider."""
    def store(name):
        return {"Directory": "%s/%s" % (folder, name), "LockDirectory": "%s/%s" % (folder, name)}
    return {
        "cfgNum": 1, "cfgVersion": "2.16.1", "cfgAuthor": "make bench", "cfgDate": 1700000000,
        "authentication": "Demo", "userDB": "Same", "passwordDB": "Null", "registerDB": "Null",
        "captcha": "NoCaptcha",
        "demoExportedVars": {"cn": "cn", "mail": "mail", "uid": "uid"}, "requireToken": 0,
        "cookieName": "lemonldap", "domain": "example.com", "portal": "http://auth.example.com/", "securedCookie": 0,
        "globalStorage": "Apache::Session::File", "globalStorageOptions": store("sessions"),
        "persistentStorage": "Apache::Session::File", "persistentStorageOptions": store("psessions"),
        "localSessionStorage": "Cache::FileCache", "whatToTrace": "uid", "macros": {}, "groups": {},
        "localSessionStorageOptions": {"cache_depth": 3, "cache_root": folder + "/cache", "default_expires_in": 600,
                                       "directory_umask": "007", "namespace": "sessions"},
        "locationRules": {"auth.example.com": {"default": "accept"}}, "exportedHeaders": {},
        "issuerDBSAMLActivation": 1, "samlEntityID": "https://sso.example.com/metadata",
        "samlServicePrivateKeySig": key, "samlServicePublicKeySig": certificate,
        "samlServiceSignatureMethod": "RSA_SHA256", "samlServiceUseCertificateInResponse": 1,
        "samlSPMetaDataXML": {"ringcentral": {"samlSPMetaDataXML": SERVICE_PROVIDER}},
        "samlSPMetaDataOptions": {"ringcentral": {
            "samlSPMetaDataOptionsEnableIDPInitiatedURL": 1, "samlSPMetaDataOptionsSignSSOMessage": 0,
            "samlSPMetaDataOptionsNameIDFormat": "email", "samlSPMetaDataOptionsEncryptionMode": "none",
            "samlSPMetaDataOptionsCheckSSOMessageSignature": 0}},
        "samlSPMetaDataExportedAttributes": {"ringcentral": {
            "mail": CLAIM % "emailaddress", "cn": CLAIM % "name", "uid": CLAIM % "upn"}},
    }


class LemonLdap(Peer):
    name = "LemonLDAP::NG"
    needs = [("LemonLDAP::NG (Debian: liblemonldap-ng-portal-perl)", PORTAL),
             ("its FastCGI server (Debian: lemonldap-ng-fastcgi-server)", "/usr/sbin/llng-fastcgi-server"),
             ("XML::Simple (Debian: libxml-simple-perl)", "/usr/share/perl5/XML/Simple.pm"),
             ("IO::String (Debian: libio-string-perl)", "/usr/share/perl5/IO/String.pm"),
             ("XML::LibXML (Debian: libxml-libxml-perl)", "/usr/lib/*/perl5/*/XML/LibXML.pm"),
             ("Lasso for Perl (Debian: liblasso-perl)", "/usr/lib/*/perl5/*/Lasso.pm")]

    def begin(self):
        for folder in ("sessions", "psessions", "cache"):
            self.give(os.path.join(self.folder, folder))
        with open(self.key, encoding="ascii") as key, open(self.certificate, encoding="ascii") as certificate:
            self.put("conf/lmConf-1.json", json.dumps(configuration(self.folder, key.read(), certificate.read())))
        ini = self.put("lemonldap-ng.ini", INI.format(folder=self.folder))
        self.put("perl/NoCaptcha.pm", CAPTCHA)
        socket = os.path.join(self.folder, "lemonldap.sock")
        self.give(self.folder)
        self.run(["/usr/sbin/llng-fastcgi-server", "--foreground", "--proc", "4", "--socket", socket,
                  "--pid", os.path.join(self.folder, "lemonldap.pid")],
                 {"PERL5LIB": os.path.join(self.folder, "perl"), "LLNG_DEFAULTCONFFILE": ini,
                  "LLNG_DEFAULTLOGGER": "Lemonldap::NG::Common::Logger::Std"}, **self.as_user())
        poll(lambda: os.path.exists(socket), "LemonLDAP::NG is up")
        self.run([HTTPD, "-DFOREGROUND", "-f", front(self, FRONT)])
        self.listens()

    def path(self):
        form = urllib.parse.urlencode({"user": "dwho", "password": "dwho", "url": "", "timezone": "0"})
        status, _head, cookies, text = self.ask("POST", "/", [HOST, "Content-Type: application/x-www-form-urlencoded"], form)
        kept = [cookie for cookie in cookies if cookie.startswith("lemonldap=")]
        if not kept:
            raise RuntimeError("%s signs nobody in: %d %s\n%s" % (self.name, status, text, self.said()))
        return PATH, [HOST, "Cookie: " + kept[0]]
