# SPDX-License-Identifier: Apache-2.0
"""npm packages that a test needs: fetched into the build folder once, in exactly the versions of a lock file.

    folder = npm.fetch("openid-provider", "t/auth/oidc", ["package.json", "package-lock.json", "provider.js"])
    folder, problem = npm.get(...)      # the same, for who can do without
"""
import os
import shutil
import subprocess
import tempfile

import example
from httpd import BUILD, SOURCE

# Fetching some hundred small packages takes seconds; a registry that does not answer at all gets this long.
SECONDS = 180


def fetch(name, source, files=("package.json", "package-lock.json")):
    """The folder NAME of the build folder, with these files of SOURCE and the packages that they ask for. Without node, npm or
    the packages the whole program is skipped."""
    example.needs("node and npm (Debian: nodejs, npm)", example.program("node", "nodejs"), example.program("npm"))
    folder, problem = get(name, source, files)
    example.needs(problem, not problem)
    return folder


def get(name, source, files=("package.json", "package-lock.json")):
    """(that folder, what npm says where it has not fetched all)."""
    folder = os.path.join(BUILD, name)
    pairs = [(os.path.join(SOURCE, source, file), os.path.join(folder, file)) for file in files]
    if all(os.path.exists(copy) and _read(copy) == _read(path) for path, copy in pairs):
        return folder, None
    made = tempfile.mkdtemp(prefix=name + ".", dir=BUILD)
    try:
        for path, _ in pairs:
            shutil.copy(path, made)
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"], cwd=made,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS)
        if done.returncode:
            return None, "npm packages of %s: npm ci says: %s" % (source, done.stdout.decode(errors="replace"))
        shutil.rmtree(folder, ignore_errors=True)
        os.rename(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return folder, None


def _read(path):
    with open(path, "rb") as file:
        return file.read()
