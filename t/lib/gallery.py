# SPDX-License-Identifier: Apache-2.0
"""An identity provider that shows every kind of page, for browsers: with a brand, and without.

    server = gallery.server()                       # an Idp
    with server, Browser(gallery.hosts(server)) as browser:
        for name, path, status in gallery.PAGES: browser.open(gallery.SSO + path, user="alice")

The ACS of the page that posts answers 204, so that a browser stays on that page.
"""
from idp import AUTHENTICATION, Idp

SSO = "https://sso.example.com"
LOGO = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 232 48"><g fill="#0b7a75"><circle cx="24" cy="24" r="20"/></g>
<path d="M14 25l7 7 14-15" fill="none" stroke="#fff" stroke-width="4.5" stroke-linecap="round" stroke-linejoin="round"/>
<text x="56" y="32" font-family="sans-serif" font-size="24" font-weight="700" fill="#0b8a84">Example Inc.</text></svg>
"""
BRAND = """
RcIdpPageTitle      "Example Inc."
RcIdpPageLogo       "${folder}/logo.svg"
RcIdpPageColor      "#0b7a75"
"""
# Name, path, HTTP status.
PAGES = [("post", "/ringcentral", 200), ("choose", "/choose", 200), ("refused", "/nobody", 403), ("portal", "/portal", 200),
         ("test", "/ringcentral/test", 200)]
PHONE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 44 44"><rect width="44" height="44" rx="11" fill="#f06a35"/>
<path d="M15 12h5l2 6-3 2c1 3 3 5 6 6l2-3 6 2v5c0 1-1 2-2 2-10 0-18-8-18-18 0-1 1-2 2-2z" fill="#fff"/></svg>
"""

SERVER = """
RcIdpBaseURL         %s
RcIdpContact         helpdesk@example.com
RcIdpServiceProvider us acs=https://service.ringcentral.com/acs icon="${folder}/phone.svg" title="RingCentral"
RcIdpServiceProvider eu title="RingCentral Europe"
RcIdpServiceProvider au title="RingCentral Australia"
RcIdpServiceProvider uk title="RingCentral UK"
RcIdpServiceProvider fax entityid=urn:x:fax acs=https://fax.example.com/acs title="Fax archive"
""" % SSO
SECTION = """
<Location "%s">
    SetHandler %s
    %s
    %s
</Location>
"""
LINKS = "".join('RcIdpPortalLink "%s" /ringcentral relaystate=https://app.ringcentral.com/%s\n' % link for link in (
    ("Voicemail", "voicemail"), ("Meetings", "meetings"), ("Admin portal", "admin")))
VHOST = (SECTION % ("/choose", "rcidp-launch", 'RcIdpLaunch eu au\nRcIdpMail "%{REMOTE_USER}@example.com"', AUTHENTICATION)
         + SECTION % ("/nobody", "rcidp-launch", "RcIdpLaunch fax\nRcIdpMail %{reqenv:NOTHING}", AUTHENTICATION.replace("valid-user", "user bob alice"))
         + SECTION % ("/elsewhere", "rcidp-launch", "RcIdpLaunch uk", AUTHENTICATION.replace("Example Inc.", "Elsewhere"))
         + SECTION % ("/denied", "rcidp-launch", "RcIdpLaunch us", AUTHENTICATION.replace("valid-user", "user bob") + "AuthzSendForbiddenOnFailure On")
         + SECTION % ("/portal", "rcidp-portal", LINKS, AUTHENTICATION) + SECTION % ("/ringcentral/test", "rcidp-test", "", ""))
ACS = """
<VirtualHost 127.0.0.1:${port}>
ServerName service.ringcentral.com
${tls}
Redirect 204 /acs
</VirtualHost>
"""


def server(brand=BRAND, **options):
    """See the top of this file."""
    made = Idp(server=SERVER + brand, vhost=VHOST + "</VirtualHost>" + ACS.replace("</VirtualHost>\n", ""),
               location="RcIdpRelayStateAllow https://app.ringcentral.com", **options)
    made.write("logo.svg", LOGO)
    made.write("phone.svg", PHONE)
    return made


def hosts(idp):
    return {"sso.example.com": idp.port, "service.ringcentral.com": idp.port}
