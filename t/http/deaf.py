#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""RcIdpSigningProcess: one that neither answers nor ends is replaced within little more than a minute, and launches go on."""
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import certs
import keybytes
import verify
from httpd import poll
from idp import Idp
from tap import done_testing, is_, ok

EC = certs.pair("ec256")
with Idp(key=EC, name="deaf", server="RcIdpSigningProcess on") as server:
    poll(lambda: len(keybytes.signers(server)) == 1, "there is a signing process")
    signer = keybytes.signers(server)[0]
    is_(server.get().status, 200, "a launch while it answers")
    os.kill(signer, signal.SIGSTOP)
    server.expect(r"\[rcidp:error\] .* RCIDP89: the signing process %d has not answered for a minute; another one starts$" % signer, count=1)
    server.expect("RCIDP56: ")
    poll(lambda: "RCIDP89" in server.log(), "one that does not answer is replaced", 150)
    poll(lambda: keybytes.signers(server) not in ([], [signer]), "another one is there")
    answer = server.launch()
    is_(verify.signature(answer.xml, "Response", EC.cert), None, "which signs launches")
    ok(signer not in keybytes.signers(server), "the first has ended")
done_testing()
