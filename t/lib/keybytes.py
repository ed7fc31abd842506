# SPDX-License-Identifier: Apache-2.0
"""A private key's numbers, and where in a running server they are.

    secret = keybytes.of(pair.key)      # name of a number -> pieces of it, in both byte orders; "text": of the PEM file
    keybytes.in_memory(pid, secret)     # the names of what is in the memory of that process
    keybytes.in_bytes(data, secret)     # the same of anything else
    keybytes.in_text(data, secret)      # the same, also where they are written in hexadecimal or base64
    keybytes.family(server)             # {pid: comm} of httpd's parent and all its children
    keybytes.signers(server)            # the pids of the signing processes among them
"""
import base64
import os
import re

import certs

SIGNER = "rcidp_signer"
PIECE = 16
SHADOW = 1 << 32  # bytes: only what a sanitizer remembers of memory is larger


def _numbers(path):
    text = certs.openssl("pkey", "-in", path, "-noout", "-text")
    wanted = "privateExponent|prime1|prime2|exponent1|exponent2|coefficient|priv"
    return {name: bytes.fromhex(re.sub(r"[\s:]", "", digits)).lstrip(b"\0")
            for name, digits in re.findall(r"^(%s):\n((?:    .*\n)+)" % wanted, text, re.M)}


def of(path):
    """From the beginning, the middle and the end of each, so that a part is found too."""
    secret = {}
    for name, number in _numbers(path).items():
        places = (0, (len(number) - PIECE) // 2, len(number) - PIECE)
        pieces = {number[start:start + PIECE] for start in places}
        secret[name] = pieces | {piece[::-1] for piece in pieces}
    with open(path, "rb") as file:
        lines = [line for line in file.read().splitlines() if b"-----" not in line]
    # What comes before says what kind of key it is, and has its public half.
    secret["text"] = {line[:24] for line in lines[8:]} or {lines[0][48:]}
    return secret


def in_bytes(data, secret):
    return {name for name, pieces in secret.items() if any(piece in data for piece in pieces)}


def _base64(piece):
    """The middle of the piece's base64, wherever in a text its first byte falls."""
    return [base64.b64encode(b"\0" * shift + piece)[(4 if shift else 0):-4] for shift in range(3)]


def in_text(data, secret):
    dense = re.sub(rb"\\x|0x|[\s:,-]", b"", data)
    hexadecimal = dense.lower()
    return in_bytes(data, secret) | {
        name for name, pieces in secret.items() for piece in pieces
        if piece.hex().encode() in hexadecimal or any(text in dense for text in _base64(piece))}


def _regions(pid):
    """What is in memory and is not a file as it lies on the disk."""
    start = None
    with open("/proc/%d/smaps" % pid) as smaps:
        for line in smaps:
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) (....) \S+ \S+ (\d+) *(.*)", line)
            if found:
                start, end, mode, inode, name = int(found[1], 16), int(found[2], 16), found[3], found[4], found[5]
            elif line.startswith("Rss:") and int(line.split()[1]) and mode[0] == "r" and name not in ("[vvar]", "[vsyscall]"):
                if ("w" in mode or inode == "0") and end - start < SHADOW:
                    yield start, end


def in_memory(pid, secret):
    found = set()
    with open("/proc/%d/mem" % pid, "rb", buffering=0) as memory:
        for start, end in _regions(pid):
            memory.seek(start)
            data = b""
            while len(data) < end - start:
                try:
                    part = memory.read(end - start - len(data))
                except OSError:  # a page that nobody may read
                    break
                data += part
            found |= in_bytes(data, secret)
    return found


def _status(pid):
    with open("/proc/%d/stat" % pid) as file:
        text = file.read()
    return text[text.index("(") + 1:text.rindex(")")], int(text.rpartition(")")[2].split()[1]), text.rpartition(")")[2].split()[0]


def family(server):
    parent, found = server.process.pid, {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                comm, above, state = _status(int(name))
            except OSError:  # it ended meanwhile
                continue
            if state != "Z" and parent in (int(name), above):
                found[int(name)] = comm
    return found


def signers(server):
    return [pid for pid, comm in family(server).items() if comm == SIGNER]
