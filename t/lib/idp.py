# SPDX-License-Identifier: Apache-2.0
"""An identity provider with the smallest working configuration, and places to add to it.

    with Idp(location="RcIdpSign assertion") as server:
        answer = server.get("/ringcentral")             # as alice; user=None for nobody
        post = server.launch("/ringcentral?sp=us")      # the form of a launch that must succeed
        metadata = server.metadata()                    # bytes

Each argument is configuration text:
    server     in the main server, after the entity ID and the key
    vhost      in the virtual host with TLS, after the sections /ringcentral and /ringcentral/metadata
    location   in the section /ringcentral, at its end
    plain      in a virtual host without TLS on plain_port; without it the main server answers there
Others: key (a kind of certs.pair, or a Pair), launch and mail (arguments of RcIdpLaunch and RcIdpMail),
users (names; every password is "secret"), and what Httpd takes (modules, mpm, name, ...).
"""
import base64
import hashlib

import certs
import form
from httpd import Httpd

ENTITY_ID = "https://sso.example.com/ringcentral/metadata"
EMAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"

CONFIGURATION = """\
RcIdpEntityID               {entity_id}
RcIdpSigningCertificateFile "{pair.cert}"
RcIdpSigningKeyFile         "{pair.key}"
{server}

<VirtualHost 127.0.0.1:${{port}}>
ServerName localhost
${{tls}}

<Location "/ringcentral">
    SetHandler  rcidp-launch
    RcIdpLaunch {launch}
    RcIdpMail   {mail}

    {authentication}
    {location}
</Location>

<Location "/ringcentral/metadata">
    SetHandler rcidp-metadata
    Require all granted
</Location>
{vhost}
</VirtualHost>
"""

# Basic authentication against the users of this server, for a section of one's own.
AUTHENTICATION = """\
AuthType Basic
    AuthName "Example Inc."
    AuthBasicProvider file
    AuthUserFile "${folder}/users"
    Require valid-user
"""

# The IdP of each service provider that is built in: entityID, ACS, RelayState.
PROVIDERS = {
    "us": ("https://sso.ringcentral.com", "https://sso.ringcentral.com/sp/ACS.saml2",
           "https://service.ringcentral.com/mobile/ssoLogin"),
    "uk": ("https://ssoeuro.ringcentral.com", "https://ssoeuro.ringcentral.com/sp/ACS.saml2",
           "https://service.ringcentral.co.uk/mobile/ssoLogin"),
    "eu": ("https://ssoeuro.ringcentral.com", "https://ssoeuro.ringcentral.com/sp/ACS.saml2",
           "https://service.ringcentral.eu/mobile/ssoLogin"),
    "au": ("https://sso.ringcentral.com", "https://sso.ringcentral.com/sp/ACS.saml2",
           "https://service.ringcentral.com.au/mobile/ssoLogin"),
}


def password_file(users, password="secret"):
    """An AuthUserFile in which everybody has the same password; SHA-1, since it costs nothing to check."""
    digest = base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()
    return "".join("%s:{SHA}%s\n" % (user, digest) for user in users)


class Idp(Httpd):
    """See the top of this file."""

    def __init__(self, server="", vhost="", location="", plain="", key="rsa2048", launch="us",
                 mail='"%{REMOTE_USER}@example.com"', entity_id=ENTITY_ID, authentication=AUTHENTICATION,
                 users=("alice", "bob"), name="idp", **options):
        self.pair = key if isinstance(key, certs.Pair) else certs.pair(key)
        text = CONFIGURATION.format(entity_id=entity_id, pair=self.pair, server=server, vhost=vhost, location=location,
                                    launch=launch, mail=mail, authentication=authentication)
        if plain:
            text += "<VirtualHost 127.0.0.1:${plain_port}>\nServerName localhost\n%s\n</VirtualHost>\n" % plain
        super().__init__(text, name=name, **options)
        self.write("users", password_file(users))

    def request(self, method, path, user="alice", scheme="https", **options):
        return self.client(scheme=scheme).request(method, path, user=user, **options)

    def get(self, path="/ringcentral", **options):
        return self.request("GET", path, **options)

    def launch(self, path="/ringcentral", user="alice", **options):
        """The form of a launch; an exception unless it is answered by a page that posts."""
        answer = self.get(path, user=user, **options)
        post = form.auto_post(answer.text)
        if answer.status != 200 or post is None:
            raise AssertionError("GET %s as %s was not answered by a page that posts:\n%r\n%s"
                                 % (path, user, answer, self.log()))
        return post

    def metadata(self):
        """The metadata, as bytes; an exception unless it is served."""
        answer = self.get("/ringcentral/metadata", user=None)
        if answer.status != 200:
            raise AssertionError("the metadata is not served:\n%r\n%s" % (answer, self.log()))
        return answer.body
