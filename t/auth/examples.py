#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""The parameters of conf/examples: each file tells of those that it has, with their defaults, and works with these."""
import glob
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import example
from authority import Authority
from example import Example
from httpd import BASE, SOURCE, Httpd
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


def documented():
    """The configurations in docs/authentication.md that include an example."""
    with open(os.path.join(SOURCE, "docs", "authentication.md")) as file:
        return re.findall(r"^```\n([^`]*^ *Include [^`]*)```$", file.read(), re.M)


def documented_test(text):
    """httpd -t with such a configuration, in a folder that has what it names and what the examples name by default."""
    name = re.findall(r"([\w-]+)\.conf", text)[-1]
    with open(os.path.join(FOLDER, name + ".conf")) as file:
        example_text = file.read()
    server = Httpd('Define LDAP_READER_PASSWORD_FILE "${folder}/password"\n' + text, modules=modules(example_text), name="documented")
    pair = certs.pair()
    sources = {".conf": FOLDER, ".crt": pair.cert, ".key": pair.key, ".pem": pair.cert}
    for word in re.findall(r"[\w.-]+\.(?:conf|crt|key|pem|users|groups|people)\b", text + example_text):
        source = sources.get(os.path.splitext(word)[1], os.devnull)
        with open(os.path.join(source, word) if source == FOLDER else source) as file:
            server.write(word, file.read(), mode=0o600)
    server.write("password", "secret\n")
    return name, server.configtest()


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

blocks = documented()
ok(len(blocks) > 1, "the documentation shows how to include them")
for text in blocks:
    name, (status, output) = documented_test(text)
    ok(status == 0 and output.strip() == "Syntax OK", "httpd accepts the documented use of " + name, output)

done_testing()
