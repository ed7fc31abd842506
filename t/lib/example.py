# SPDX-License-Identifier: Apache-2.0
"""An identity provider whose launch path is one of conf/examples, included as it is.

    example.needs("mod_auth_gssapi (Debian: libapache2-mod-auth-gssapi)", example.module("auth_gssapi"))
    with Example("kerberos", modules=["auth_gssapi"], defines={"KERBEROS_KEYTAB": path}, environment={...}) as server:
        server.url("/ringcentral")              # https://sso.example.com/ringcentral: a name, and port 443
        server.launched(answer, "alice")        # checks that a launch succeeded: returns its verify.Fields
        server.refused(answer, "mallory")       # checks that it was refused by a page for the user, with 403

The server believes to live at https://sso.example.com; clients are led from there to its port. DEFINES are the
example's parameters. SERVER and VHOST are configuration text before and after the example, ENVIRONMENT what httpd and
the libraries in it get to see. The others are what Httpd takes.
"""
import datetime
import os
import shutil
import time

import certs
import client
import curl
import form
import pages
import tap
import verify
from httpd import MODULES, SOURCE, Httpd

HOST = "sso.example.com"
ENTITY_ID = "https://%s/ringcentral/metadata" % HOST
CLASSES = "urn:oasis:names:tc:SAML:2.0:ac:classes:"

# The claims' names as RingCentral sees them.
CLAIMS = {name: "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/" + claim for name, claim in (
    ("email", "emailaddress"), ("givenname", "givenname"), ("surname", "surname"), ("name", "name"), ("upn", "upn"))}
CLAIMS["groups"] = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"
CLAIMS["number"] = "number"

CONFIGURATION = """\
RcIdpEntityID               {entity_id}
RcIdpSigningCertificateFile "{pair.cert}"
RcIdpSigningKeyFile         "{pair.key}"
RcIdpContact                helpdesk@example.com
{defines}
{server}
<VirtualHost 127.0.0.1:${{port}}>
ServerName https://{host}:443
UseCanonicalName On
${{tls}}
Include "{file}"
{vhost}
</VirtualHost>
"""


def module(name):
    """The path of a module of httpd, None if it is not installed."""
    file = os.path.join(MODULES, "mod_%s.so" % name)
    return file if os.path.exists(file) else None


def program(*names):
    """The path of the first of these programs, None if none of them is installed; also what only root has in its path."""
    folders = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
    return next(filter(None, (shutil.which(name, path=folders) for name in names)), None)


def needs(what, *found):
    """Skip the whole program if anything of FOUND is missing; see tap.skip_all."""
    if not all(found):
        tap.skip_all("this machine lacks " + what)


def path(name):
    """The file of an example."""
    return os.path.join(SOURCE, "conf", "examples", name + ".conf")


def seconds(instant):
    """A SAML time as seconds since 1970."""
    return datetime.datetime.strptime(instant, "%Y-%m-%dT%H:%M:%S%z").timestamp()


def authn_instant(fields):
    """When the user signed in, by the Response, as seconds since 1970."""
    return seconds(fields.statement.get("AuthnInstant"))


def is_now(fields, who):
    """Check: the user signed in within the last half minute."""
    age = time.time() - authn_instant(fields)
    tap.ok(-1 < age < 30, "%s: has signed in just now" % who, "%.1f seconds ago" % age)


class Example(Httpd):
    """See the top of this file."""

    def __init__(self, name, modules=(), defines=None, server="", vhost="", environment=None, **options):
        self.pair = certs.pair()
        self.environment = environment or {}
        lines = "\n".join('Define %s "%s"' % define for define in (defines or {}).items())
        text = CONFIGURATION.format(
            entity_id=ENTITY_ID, pair=self.pair, defines=lines, server=server, host=HOST, vhost=vhost,
            file=path(name))
        super().__init__(text, modules=modules, name=name, **options)

    def _environment(self):
        return {**super()._environment(), **self.environment}

    def url(self, path=""):
        return "https://%s%s" % (HOST, path)

    def client(self, **options):
        return client.Client(self.port, host=HOST, **options)

    def curl(self, path, *arguments, **options):
        """What Debian's curl is answered there; see curl.py."""
        return curl.get(self.url(path), self.port, *arguments, **options)

    # -- what every example is judged by ----------------------------------------------------------------------

    def launched(self, answer, who, destination="https://sso.ringcentral.com/sp/ACS.saml2", relay_state=None):
        """Checks: a page that posts a valid Response to that address. Returns its Fields."""
        post = form.auto_post(answer.text) if answer.status == 200 else None
        if not tap.ok(post, "%s: is sent to RingCentral" % who, repr(answer)):
            raise AssertionError("no launch for " + who)
        problems = pages.problems(answer)
        tap.ok(not problems, "%s: by a page of ours" % who, *problems)
        tap.is_(post.action, destination, "%s: by a post to the right address" % who)
        if relay_state:
            tap.is_(post.relay_state, relay_state, "%s: with the RelayState asked for" % who)
        verify.accepted(post.xml, self.pair.cert, name=who)
        fields = verify.fields(post.xml)
        fields.claims = {name: fields.attributes.get(claim) for name, claim in CLAIMS.items() if claim in fields.attributes}
        tap.is_(len(fields.claims), len(fields.attributes), "%s: no other attribute" % who)
        return fields

    def refused(self, answer, who, status=403, sentence=r"^Your account is not assigned to RingCentral\."):
        """Checks: nothing is issued, and a page of the module's says why and whom to ask."""
        tap.is_(answer.status, status, "%s: is refused" % who)
        tap.ok(not pages.issued(answer), "%s: nothing is issued" % who, repr(answer))
        problems = pages.problems(answer)
        tap.ok(not problems, "%s: by a page of ours" % who, *problems, repr(answer))
        tap.like(pages.sentence(answer), sentence, "%s: that says why" % who)
        tap.like(answer.text, r"helpdesk@example\.com", "%s: and whom to ask" % who)
