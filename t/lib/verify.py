# SPDX-License-Identifier: Apache-2.0
"""Judge SAML documents with software that is not ours: xmlsec1, xmllint with the OASIS schemas, and Python's XML parser.

    verify.signature(xml, "Response", certificate)      # None, or why xmlsec1 refuses
    verify.signature(xml, "Assertion", certificate)
    verify.schema(xml)                                  # None, or why the schema refuses; metadata too
    verify.signatures(xml)                              # ["Response", "Assertion"]: whose signatures there are
    fields = verify.fields(xml)                         # see class Fields: fields.name_id, fields.attributes, ...
    verify.tamper(xml, b"alice@", b"mallory@")          # another text, or an exception if there was nothing to alter
    verify.accepted(post.xml, certificate, both, "us")  # checks in TAP: schema, exactly these signatures, tampering refused
"""
import functools
import os
import subprocess
import tempfile
import xml.etree.ElementTree as ElementTree

import tap

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
MD = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = "http://www.w3.org/2000/09/xmldsig#"
XS = "http://www.w3.org/2001/XMLSchema"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
NAMESPACES = {"saml": SAML, "samlp": SAMLP, "md": MD, "ds": DS}

OPENSAML = "/usr/share/xml/opensaml"
XMLTOOLING = "/usr/share/xml/xmltooling"
XMLSEC1 = os.environ.get("XMLSEC1", "xmlsec1")
XMLLINT = os.environ.get("XMLLINT", "xmllint")

# Where the signature of each kind of element stands.
SIGNATURE_PATHS = {
    "Response": "/*[local-name()='Response']/*[local-name()='Signature']",
    "Assertion": "/*[local-name()='Response']/*[local-name()='Assertion']/*[local-name()='Signature']",
    "EntityDescriptor": "/*[local-name()='EntityDescriptor']/*[local-name()='Signature']",
}

# The schemas name each other by URLs; the catalog leads those to this machine's copies.
_CATALOG = """<?xml version="1.0"?>
<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">
  <system systemId="http://www.w3.org/TR/2002/REC-xmldsig-core-20020212/xmldsig-core-schema.xsd"
          uri="{0}/xmldsig-core-schema.xsd"/>
  <system systemId="http://www.w3.org/TR/2002/REC-xmlenc-core-20021210/xenc-schema.xsd" uri="{0}/xenc-schema.xsd"/>
  <system systemId="http://www.w3.org/2001/xml.xsd" uri="{0}/xml.xsd"/>
</catalog>
""".format(XMLTOOLING)


def _run(command, files, **environment):
    """Run a command on files made for it: {name} in COMMAND becomes the path of FILES[name]."""
    with tempfile.TemporaryDirectory(prefix="rcidp-verify.") as folder:
        paths = {}
        for name, content in files.items():
            paths[name] = os.path.join(folder, name)
            with open(paths[name], "wb") as file:
                file.write(content if isinstance(content, bytes) else content.encode())
        environment = {name: value.format(**paths) for name, value in environment.items()}
        done = subprocess.run([argument.format(**paths) for argument in command], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **environment})
        return None if done.returncode == 0 else done.stdout.decode(errors="replace") or str(done.returncode)


@functools.lru_cache(maxsize=None)
def _lax():
    """xmlsec1 1.3 takes a key that it is given only if KeyInfo names it, unless it is told so."""
    done = subprocess.run([XMLSEC1, "--help-all"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return ["--lax-key-search"] if b"--lax-key-search" in done.stdout else []


def xmlsec1(action, *arguments):
    """The command that does this with the key among the arguments."""
    return [XMLSEC1, action, *_lax(), *arguments]


def signature(xml, element, certificate):
    """Verify that element's own signature with that certificate's key and no other; None, or why it is refused.

    KeyInfo does not choose the key, and a reference that leads out of the document is not followed."""
    return _run(xmlsec1("--verify", "--enabled-reference-uris", "same-doc", "--enabled-key-data", "key-name",
                        "--id-attr:ID", SAMLP + ":Response", "--id-attr:ID", SAML + ":Assertion",
                        "--id-attr:ID", MD + ":EntityDescriptor",
                        "--node-xpath", SIGNATURE_PATHS[element], "--pubkey-cert-pem", certificate, "{document}"), {"document": xml})


def signatures(xml):
    """The names of the elements that have a signature of their own, in document order."""
    root = ElementTree.fromstring(xml)
    return [element.tag.partition("}")[2] for element in root.iter() if element.find("ds:Signature", NAMESPACES) is not None]


def schema(xml):
    """Validate a protocol message or metadata against the schemas of OASIS; None, or what is wrong."""
    name = "metadata" if ElementTree.fromstring(xml).tag.startswith("{%s}" % MD) else "protocol"
    return _run([XMLLINT, "--nonet", "--noout", "--schema", "%s/saml-schema-%s-2.0.xsd" % (OPENSAML, name), "{document}"],
                {"document": xml, "catalog": _CATALOG}, XML_CATALOG_FILES="{catalog}")


def tamper(xml, old, new):
    """XML with the text OLD replaced by NEW wherever it stands."""
    if old not in xml:
        raise ValueError("nothing to tamper with: %r" % old)
    return xml.replace(old, new)


class Fields:
    """What a Response says; elements as ElementTree has them, times as text."""

    def __init__(self, xml):
        self.root = root = ElementTree.fromstring(xml)
        self.id = root.get("ID")
        self.destination = root.get("Destination")
        self.in_response_to = root.get("InResponseTo")
        self.issue_instant = root.get("IssueInstant")
        self.issuer = root.findtext("saml:Issuer", None, NAMESPACES)
        self.status = [code.get("Value") for code in root.iter("{%s}StatusCode" % SAMLP)]
        self.assertions = root.findall("saml:Assertion", NAMESPACES)
        self.assertion = assertion = self.assertions[0] if self.assertions else None
        if assertion is None:
            return
        self.assertion_id = assertion.get("ID")
        self.assertion_issuer = assertion.findtext("saml:Issuer", None, NAMESPACES)
        self.subject = assertion.find("saml:Subject", NAMESPACES)
        self.name_id_element = self.subject.find("saml:NameID", NAMESPACES)
        self.name_id = self.name_id_element.text
        self.name_id_format = self.name_id_element.get("Format")
        self.confirmation = self.subject.find("saml:SubjectConfirmation", NAMESPACES)
        self.confirmation_data = self.confirmation.find("saml:SubjectConfirmationData", NAMESPACES).attrib
        self.conditions = assertion.find("saml:Conditions", NAMESPACES)
        self.audiences = [element.text for element in self.conditions.iter("{%s}Audience" % SAML)]
        self.statement = assertion.find("saml:AuthnStatement", NAMESPACES)
        self.authn_context = next(self.statement.iter("{%s}AuthnContextClassRef" % SAML)).text
        self.attribute_elements = list(assertion.iter("{%s}Attribute" % SAML))
        # name -> list of values; an attribute that stands there twice would hide, so it is an error.
        self.attributes = {}
        for element in self.attribute_elements:
            if element.get("Name") in self.attributes:
                raise ValueError("two attributes are named " + element.get("Name"))
            self.attributes[element.get("Name")] = [
                value.text or "" for value in element.findall("saml:AttributeValue", NAMESPACES)]


def fields(xml):
    """The Fields of a Response."""
    return Fields(xml)


BOTH = ["Response", "Assertion"]
# RcIdpSign's arguments, and whose signatures each one asks for.
SIGN = {"both": BOTH, "response": ["Response"], "assertion": ["Assertion"]}


def accepted(xml, certificate, signed=None, name="the Response"):
    """Checks in TAP: valid by the schema, exactly these signatures (default both), each valid and each broken by another name ID."""
    signed = BOTH if signed is None else signed
    problem = schema(xml)
    tap.ok(not problem, "%s: valid by the schema" % name, problem)
    tap.is_(signatures(xml), signed, "%s: signed: %s" % (name, " and ".join(signed)))
    other = fields(xml).name_id.encode()
    altered = tamper(xml, b">" + other + b"<", b">x" + other[1:] + b"<")
    for element in signed:
        problem = signature(xml, element, certificate)
        tap.ok(not problem, "%s: xmlsec1 accepts the signature of the %s" % (name, element), problem)
        tap.ok(signature(altered, element, certificate), "%s: xmlsec1 refuses the %s with another name ID" % (name, element))
