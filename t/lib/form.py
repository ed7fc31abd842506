# SPDX-License-Identifier: Apache-2.0
"""The forms of a page, and the one that posts a SAML message.

    post = form.auto_post(answer.text)      # None if the page has no form with SAMLResponse
    post.action, post.method                # where a browser sends it
    post.encoded                            # SAMLResponse as it stands in the form
    post.xml                                # the Response, bytes
    post.relay_state                        # None if the form has no such field
    form.forms(html)                        # all of them: action, method, controls (list of (tag, attributes))
"""
import base64
import html.parser
import re


class Form:
    """One form: ACTION, METHOD, and its CONTROLS as (tag, dict of attributes)."""

    def __init__(self, attributes):
        self.attributes = attributes
        self.action = attributes.get("action")
        self.method = attributes.get("method", "get").lower()
        self.controls = []

    def values(self, name):
        """The values of all controls with that name."""
        return [attributes.get("value") or "" for _, attributes in self.controls if attributes.get("name") == name]

    def value(self, name):
        """The value of the only control with that name; None without one."""
        values = self.values(name)
        if len(values) > 1:
            raise ValueError("%d controls are named %s" % (len(values), name))
        return values[0] if values else None

    @property
    def encoded(self):
        return self.value("SAMLResponse")

    @property
    def relay_state(self):
        return self.value("RelayState")

    @property
    def xml(self):
        return decode(self.encoded)


class _Parser(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.forms = []
        self.open = None

    def handle_starttag(self, tag, attrs):
        # As in a browser, the first of two attributes of one name counts.
        attributes = {}
        for name, value in attrs:
            attributes.setdefault(name, value)
        if tag == "form" and self.open is None:
            self.open = Form(attributes)
            self.forms.append(self.open)
        elif tag in ("input", "button", "select", "textarea") and self.open is not None:
            self.open.controls.append((tag, attributes))

    def handle_endtag(self, tag):
        if tag == "form":
            self.open = None


def forms(page):
    """Every form of an HTML page."""
    parser = _Parser()
    parser.feed(page)
    parser.close()
    return parser.forms


def auto_post(page):
    """The page's only form with a SAMLResponse, or None."""
    found = [form for form in forms(page) if form.values("SAMLResponse")]
    if len(found) > 1:
        raise ValueError("%d forms carry a SAMLResponse" % len(found))
    return found[0] if found else None


def decode(encoded):
    """The bytes behind base64 text, which may be broken into lines and nothing else."""
    return base64.b64decode(re.sub(r"[\r\n]", "", encoded), validate=True)


def encode(xml):
    """The base64 text of bytes."""
    return base64.b64encode(xml).decode()
