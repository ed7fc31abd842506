# SPDX-License-Identifier: Apache-2.0
"""mod_auth_mellon as a stand-in for RingCentral; how to use it: see provider.py.

mod_auth_mellon receives Responses at <endpoint>/postResponse.  RingCentral's path leads there inside the
server, and since mod_auth_mellon compares Destination and Recipient with the URL that was asked for, they still
have to name RingCentral's own ACS.
"""
import html
import re

import provider

CONFIGURATION = """\
<VirtualHost 127.0.0.1:${port}>
ServerName https://%(host)s:443
UseCanonicalName On
${tls}

MellonLockFile "${folder}/mellon.lock"
RewriteEngine on
RewriteRule ^%(acs_path)s$ /sp/postResponse [PT]

<Location "/">
    MellonEnable info
    MellonEndpointPath "/sp"
    MellonSPMetadataFile "${folder}/sp.xml"
    MellonIdPMetadataFile "${folder}/idp.xml"
    MellonRedirectDomains [self] service.ringcentral.*
    MellonDefaultLoginPath "/landing.shtml"
    MellonSecureCookie On
    MellonCookieSameSite None
</Location>
<Location "/landing.shtml">
    AuthType Mellon
    MellonEnable auth
    Require valid-user
    Options +Includes
    SetOutputFilter INCLUDES
</Location>
</VirtualHost>
"""

# That of a service provider without a key: its entity ID and its ACS are to be filled in.
METADATA = provider.METADATA % ("%s", "", "%s")


class Mellon(provider.ServiceProvider):
    """mod_auth_mellon under RingCentral's names."""

    def __init__(self, idp_metadata, region="us", **options):
        super().__init__(region, modules=["rewrite", "include", "auth_mellon"], name="mellon", **options)
        self.config = CONFIGURATION % {"host": self.host, "acs_path": re.escape(self.acs_path)} + self.service
        if self.encryption:
            # A key that root alone may read is of no use to its children.
            with open(self.encryption.key) as file:
                self.write("sp.key", file.read())
            self.config = self.config.replace("MellonSPMetadataFile", 'MellonSPPrivateKeyFile "${folder}/sp.key"\n    MellonSPMetadataFile')
        self.write("sp.xml", self.metadata)
        self.write("idp.xml", idp_metadata)

    def ask(self, metadata, pair):
        """Be ready to ask, with that METADATA; PAIR is its key, which it wants even where it does not sign."""
        self.write("sp.xml", metadata)
        for name, path in (("sp.key", pair.key), ("sp.crt", pair.cert)):
            with open(path) as file:
                self.write(name, file.read())
        self.config = self.config.replace('MellonSPMetadataFile "${folder}/sp.xml"', 'MellonSPMetadataFile "${folder}/sp.xml"\n'
                                          'MellonSPPrivateKeyFile "${folder}/sp.key"\nMellonSPCertFile "${folder}/sp.crt"\nMellonSignatureMethod rsa-sha256')

    def user(self, variables):
        """MELLON_NAME_ID, and MELLON_<attribute> with its values again as ..._0, ..._1, where XML's escapes stay."""
        attributes = {}
        for name, value in variables.items():
            match = re.fullmatch(r"MELLON_(.+)_\d+", name)
            if match and match.group(1) not in ("NAME_ID", "ASSERTION_ID"):
                attributes.setdefault(match.group(1), []).append(html.unescape(value))
        return variables["MELLON_NAME_ID"], attributes
