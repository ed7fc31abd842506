# SPDX-License-Identifier: Apache-2.0
"""SimpleSAMLphp as an identity provider: PHP in processes of its own (FPM, with its cache of compiled code), behind httpd.
The user has a session, so that what is asked is the Response alone, as from ours."""
import glob
import os

from httpd import HTTPD, poll
from peer import Peer, front, user

WWW = "/usr/share/simplesamlphp/www"
PATH = "/simplesaml/saml2/idp/SSOService.php?spentityid=https://sso.ringcentral.com"

CONFIG = """<?php
$config = [
    'baseurlpath' => 'http://sso.example.com/simplesaml/',
    'certdir' => '{folder}/', 'loggingdir' => '{folder}/log/', 'datadir' => '{folder}/data/', 'tempdir' => '{folder}/tmp',
    'secretsalt' => 'of this run alone', 'auth.adminpassword' => 'not used at all', 'technicalcontact_email' => 'na@example.com',
    'timezone' => 'UTC', 'logging.level' => 3, 'logging.handler' => 'errorlog',
    'enable.saml20-idp' => true, 'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
    'store.type' => 'phpsession', 'session.phpsession.savepath' => '{folder}/sessions', 'session.cookie.secure' => false,
    'metadata.sources' => [['type' => 'flatfile', 'directory' => '{folder}/metadata']],
    'usenewui' => false, 'production' => true, 'template.cache' => '{folder}/cache',
];
"""
SOURCES = """<?php
$config = ['static' => ['exampleauth:StaticSource', 'uid' => ['alice'], 'mail' => ['alice@example.com'],
    'givenName' => ['Alice'], 'sn' => ['Example']]];
"""
HOSTED = """<?php
$metadata['https://sso.example.com/metadata'] = ['host' => '__DEFAULT__', 'privatekey' => 'signing.key',
    'certificate' => 'signing.crt', 'auth' => 'static',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'saml20.sign.response' => false, 'saml20.sign.assertion' => true];
"""
REMOTE = """<?php
$metadata['https://sso.ringcentral.com'] = ['AssertionConsumerService' => 'https://sso.ringcentral.com/sp/ACS.saml2',
    'NameIDFormat' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress', 'simplesaml.nameidattribute' => 'mail',
    'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri'];
"""
POOL = """[global]
error_log = {folder}/fpm.log
[www]
{user}
listen = {folder}/php.sock
{owner}
pm = static
pm.max_children = 4
env[SIMPLESAMLPHP_CONFIG_DIR] = {folder}/config
php_admin_value[opcache.enable] = 1
"""
FRONT = """
Alias /simplesaml %s
<Directory %s>
    Require all granted
    <FilesMatch "\\.php$">
        SetHandler "proxy:unix:{folder}/php.sock|fcgi://localhost"
    </FilesMatch>
</Directory>
""" % (WWW, WWW)


class SimpleSamlPhp(Peer):
    name = "SimpleSAMLphp"
    needs = [("SimpleSAMLphp (Debian: simplesamlphp)", WWW),
             ("PHP with FPM and XML (Debian: php-fpm, php-xml)", "/usr/sbin/php-fpm*")]

    def begin(self):
        as_root = os.geteuid() == 0
        for folder in ("log", "data", "tmp", "sessions", "cache"):
            self.give(os.path.join(self.folder, folder))
        for name, text in (("config/config.php", CONFIG), ("config/authsources.php", SOURCES),
                           ("metadata/saml20-idp-hosted.php", HOSTED), ("metadata/saml20-sp-remote.php", REMOTE)):
            self.put(name, text.replace("{folder}", self.folder))
        who = user()
        pool = self.put("fpm.conf", POOL.format(
            folder=self.folder, user="user = %s\ngroup = %d" % (who.pw_name, who.pw_gid) if as_root else "",
            owner="listen.owner = %s" % who.pw_name if as_root else ""))
        self.run([sorted(glob.glob("/usr/sbin/php-fpm*"))[-1], "--nodaemonize", "--fpm-config", pool])
        poll(lambda: os.path.exists(os.path.join(self.folder, "php.sock")), "PHP is up")
        self.run([HTTPD, "-DFOREGROUND", "-f", front(self, FRONT)])
        self.listens()

    def path(self):
        cookies = self.follow(PATH, ["Host: sso.example.com"])
        return PATH, ["Host: sso.example.com", "Cookie: " + "; ".join("%s=%s" % pair for pair in cookies.items())]
