# SPDX-License-Identifier: Apache-2.0
"""Shibboleth's service provider as a stand-in for RingCentral; how to use it: see provider.py.

It is two programs: mod_shib in httpd, and shibd, which this file runs privately, with the distribution's own
security policy, attribute filter and protocol settings.  What shibd logs at level WARN and above is a surprise
like a line of httpd's error log, unless it explains a refusal.
"""
import html
import os
import re
import shutil
import signal
import subprocess

import idp
import provider
from httpd import DEADLINE, detach, poll

SHIBD = os.environ.get("SHIBD") or shutil.which("shibd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
DEFAULTS = "/etc/shibboleth"

HTTPD = """\
ShibConfig "${folder}/shibboleth2.xml"
<VirtualHost 127.0.0.1:${port}>
ServerName https://%(host)s:443
UseCanonicalName On
${tls}
<Location "/landing.shtml">
    AuthType shibboleth
    ShibRequestSetting requireSession 1
    Require shib-session
    Options +Includes
    SetOutputFilter INCLUDES
</Location>
</VirtualHost>
"""

SHIBBOLETH = """\
<SPConfig xmlns="urn:mace:shibboleth:3.0:native:sp:config" xmlns:conf="urn:mace:shibboleth:3.0:native:sp:config"
          xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" clockSkew="180"
          logger="{folder}/shibd.logger">
  <OutOfProcess logger="{folder}/shibd.logger"/>
  <InProcess logger="{folder}/native.logger"/>
  <UnixListener address="{folder}/shibd.sock"/>
  <ApplicationDefaults entityID="{entity_id}" REMOTE_USER="name-id">
    <Sessions lifetime="28800" timeout="3600" relayState="ss:mem" checkAddress="true" handlerURL="/sp" handlerSSL="true"
              cookieProps="https" redirectLimit="exact+allow"
              redirectAllow="https://service.ringcentral.com/ https://service.ringcentral.co.uk/
                             https://service.ringcentral.eu/ https://service.ringcentral.com.au/">
      <SessionInitiator type="SAML2" Location="/Login" isDefault="true" id="Login" entityID="{issuer}"/>
      <md:AssertionConsumerService Location="{acs_location}" index="1" isDefault="true"
                                   Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"/>
      <Handler type="Session" Location="/Session" showAttributeValues="true"/>
    </Sessions>
    <Errors supportContact="root@localhost"/>
    <MetadataProvider type="XML" validate="true" path="{folder}/idp.xml" reloadChanges="false"/>
    <AttributeExtractor type="XML" validate="true" reloadChanges="false" path="{folder}/attribute-map.xml"/>
    <AttributeFilter type="XML" validate="true" path="{defaults}/attribute-policy.xml"/>{credentials}
  </ApplicationDefaults>
  <SecurityPolicyProvider type="XML" validate="true" path="{defaults}/security-policy.xml"/>
  <ProtocolProvider type="XML" validate="true" reloadChanges="false" path="{defaults}/protocols.xml"/>
</SPConfig>
"""

CREDENTIALS = """
    <CredentialResolver type="File" use="encryption" key="{pair.key}" certificate="{pair.cert}"/>"""

LOGGER = """\
log4j.rootCategory=WARN, file
log4j.appender.file=org.apache.log4j.FileAppender
log4j.appender.file.fileName={path}
log4j.appender.file.layout=org.apache.log4j.PatternLayout
log4j.appender.file.layout.ConversionPattern=shibboleth %p %c: %m%n
"""

CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
# Shibboleth knows an attribute by a short name: attribute -> that name. URIs and bare names differ in NameFormat.
ATTRIBUTES = {
    CLAIMS + "emailaddress": "mail", CLAIMS + "givenname": "givenname", CLAIMS + "surname": "surname",
    CLAIMS + "name": "displayname", CLAIMS + "upn": "upn", "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups":
    "groups", "role": "role", "number": "number", "email": "email",
}
EMAIL_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"


def attribute_map():
    """What Shibboleth takes from an assertion: ATTRIBUTES, and the name ID where it is an e-mail address."""
    rules = ['<Attribute name="%s" nameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:%s" id="%s"/>'
             % (name, "uri" if ":" in name else "basic", short) for name, short in ATTRIBUTES.items()]
    rules.append('<Attribute name="%s" id="name-id"><AttributeDecoder xsi:type="NameIDAttributeDecoder" formatter="$Name"/>'
                 '</Attribute>' % EMAIL_FORMAT)
    return ('<Attributes xmlns="urn:mace:shibboleth:2.0:attribute-map" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
            "\n%s\n</Attributes>\n" % "\n".join(rules))


class Shibboleth(provider.ServiceProvider):
    """Shibboleth SP under RingCentral's names."""

    def __init__(self, idp_metadata, region="us", issuer=idp.ENTITY_ID, **options):
        super().__init__(region, modules=["include", "shib"], name="shibboleth", **options)
        self.config = HTTPD % {"host": self.host} + self.service
        self.daemon = None
        self.write("idp.xml", idp_metadata)
        self.write("attribute-map.xml", attribute_map())
        # httpd's children open their log by themselves.
        os.mkdir(self.path("children"))
        os.chmod(self.path("children"), 0o777)
        for half, file in (("shibd", "shibd.log"), ("native", "children/native.log")):
            self.write(half + ".logger", LOGGER.format(path=self.path(file)))
            self.logs.append(self.path(file))
        self.logs.append(self.path("shibd.output"))
        self.write("shibboleth2.xml", SHIBBOLETH.format(
            folder=self.folder, entity_id=self.entity_id, issuer=issuer, defaults=DEFAULTS,
            acs_location=self.acs_path[len("/sp"):],
            credentials=CREDENTIALS.format(pair=self.encryption) if self.encryption else ""))

    def start(self, *arguments):
        environment = {**self._environment(), **{"SHIBSP_" + name: self.folder for name in ("LOGDIR", "RUNDIR", "CACHEDIR")}}
        with open(self.path("shibd.output"), "wb") as output:
            self.daemon = subprocess.Popen(
                [SHIBD, "-F", "-f", "-c", self.path("shibboleth2.xml"), "-p", self.path("shibd.pid")],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, preexec_fn=detach, env=environment)

        def listens():
            if self.daemon.poll() is not None:
                raise RuntimeError("shibd ended with %d\n%s" % (self.daemon.returncode, self.log()))
            return os.path.exists(self.path("shibd.sock"))
        poll(listens, "shibd listens")
        return super().start(*arguments)

    def _end(self):
        problems = super()._end()
        if self.daemon:
            daemon, self.daemon = self.daemon, None
            daemon.send_signal(signal.SIGTERM)
            try:
                daemon.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
                problems.append("shibd did not end when told to")
        return problems

    def user(self, variables):
        """The variables have the short names; several values are joined by ";"."""
        attributes = {}
        for name, short in ATTRIBUTES.items():
            if short in variables:
                attributes[name] = [value.replace("\\;", ";") for value in re.split(r"(?<!\\);", variables[short])]
        return variables.get("name-id"), attributes

    def explanation(self, answer):
        """The page that Shibboleth shows: its sentence is the reason."""
        text = html.unescape(re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<head>.*?</head>", "", answer.text)))
        return [line.strip() for line in text.splitlines() if line.strip()]
