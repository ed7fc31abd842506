#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""The parameters of conf/examples: each file tells of those that it has, with their defaults, and works with these."""
import glob
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import example
from authority import Authority
from example import Example
from httpd import BASE, SOURCE
from tap import done_testing, is_, ok

FOLDER = os.path.join(SOURCE, "conf", "examples")
# What is outside of ServerRoot by default, and what the test puts in its place; the rest is written to the relative default.
company = Authority("company")
with open(company.cert) as certificate, open(company.crl()) as revoked:
    FILES = {"CLIENT_CA": certificate.read(), "CLIENT_CRL": revoked.read(), "LDAP_READER_PASSWORD_FILE": "secret\n",
             "USER_FILE": "", "GROUP_FILE": "", "PEOPLE_FILE": "", "SESSION_KEY_FILE": "secret\n"}
# Parameters of these want more than a file, and their own tests have it; one is tried with the file that it stands beside.
MORE = ["ldap-server", "kerberos", "kerberos-ldap", "openid-connect", "saml-proxy", "two-ways"]


def parameters(text):
    """({name: default} as the head of the file tells, {name: default} as the file has it, {names without a default})."""
    head, _, body = text.partition("\n\n")
    told = dict(re.findall(r'^#   Define (\w+) +("[^"]*"|\S+)', head, re.M))
    found = dict(re.findall(r"^<IfDefine !(\w+)>\n    Define \1 (.+)\n</IfDefine>$", body, re.M))
    return told, found, set(re.findall(r"^<IfDefine (\w+)>$", body, re.M))


def modules(text):
    """What the file says that it needs."""
    said = re.search(r"^# Modules: (.*)\.$", text, re.M).group(1)
    return [name for name in re.findall(r"\w+", re.sub(r"\(.*?\)", "", said)) if name not in BASE]


def configtest(name, text, defaults):
    """httpd -t with the file's own modules and, as far as this machine can have them, the file's own defaults."""
    outside = {parameter: "${folder}/" + parameter for parameter, value in defaults.items() if parameter in FILES and value[0] == "/"}
    beside = 'Include "%s/ldap-server.conf"' % FOLDER if name == "ldap" else ""
    server = Example(name, modules(text), outside, server=beside)
    for parameter, value in defaults.items():
        if parameter in FILES:
            server.write(parameter if parameter in outside else value, FILES[parameter])
    return server.configtest()


for path in sorted(glob.glob(FOLDER + "/*.conf")):
    name = os.path.basename(path)[:-len(".conf")]
    with open(path) as file:
        text = file.read()
    told, found, optional = parameters(text)
    is_({parameter: default for parameter, default in told.items() if parameter not in optional}, found, name + ": tells its parameters")
    ok(optional <= told.keys(), name + ": tells those without a default, too", optional)
    used = set(re.findall(r"\$\{(\w+)\}", text))
    is_(used, set(told), name + ": uses each of them, and no other")
    if name not in MORE and all(map(example.module, modules(text))):
        status, output = configtest(name, text, found)
        ok(status == 0 and output.strip() == "Syntax OK", name + ": httpd accepts it as it is", output)

done_testing()
