# SPDX-License-Identifier: Apache-2.0
"""Test Anything Protocol, just enough of it.

    #!/usr/bin/python3 -B
    import os, sys
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
    from tap import ok, is_, like, unlike, note, done_testing

    ok(1 + 1 == 2, "numbers add up")
    is_(answer.status, 200, "a launch is answered")
    like(answer.text, r"<form", "by a page with a form")
    done_testing()

A program that dies early prints no plan, so prove sees it fail; done_testing()
exits with 1 when a check failed.  Everything that explains a failure goes to
stderr as a "# " line, which prove shows as it comes.  (-B keeps Python from
leaving its cache in the source tree; the path goes in front, so that a test
program never hides a library of the same name.)
"""
import os
import re
import signal
import sys

_count = 0
_failed = 0


def _leave(signum, _frame):
    # As an exception it unwinds "with" blocks and runs atexit: no server and
    # no folder outlives a test that is told to stop.
    sys.exit(128 + signum)


for _signal in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(_signal, _leave)


def _line(text):
    # One line of output is one line of TAP, whatever the text brings along.
    return str(text).replace("\\", "\\\\").replace("\n", "\\n").replace("#", "\\#")


def note(*texts):
    """Explain something on stderr."""
    for text in texts:
        for line in str(text).splitlines() or [""]:
            print("# " + line, file=sys.stderr)
    sys.stderr.flush()


def ok(passed, name, *why):
    """One check; WHY is shown when it failed. Returns whether it passed."""
    global _count, _failed
    _count += 1
    print("%sok %d - %s" % ("" if passed else "not ", _count, _line(name)), flush=True)
    if not passed:
        _failed += 1
        frame = sys._getframe(1)
        while os.path.dirname(frame.f_code.co_filename) == os.path.dirname(__file__) and frame.f_back:
            frame = frame.f_back
        note("failed: %s (%s line %d)" % (name, os.path.basename(frame.f_code.co_filename), frame.f_lineno), *why)
    return bool(passed)


def is_(got, wanted, name):
    """GOT equals WANTED."""
    return ok(got == wanted, name, "     got: %r" % (got,), "expected: %r" % (wanted,))


def like(got, pattern, name):
    """The text GOT has a place that matches the regular expression."""
    found = got is not None and re.search(pattern, got, re.M)
    return ok(found, name, "     got: %s" % _short(got), "expected: /%s/" % pattern)


def unlike(got, pattern, name):
    """The text GOT has no place that matches the regular expression."""
    found = re.search(pattern, got, re.M) if got is not None else True
    return ok(not found, name, "     got: %s" % _short(got), "unwanted: /%s/" % pattern)


def _short(text):
    text = repr(text)
    return text if len(text) < 2000 else text[:1000] + " ... " + text[-900:]


def bail(reason):
    """Nothing further makes sense, in this program or in any other."""
    print("Bail out!  " + _line(reason), flush=True)
    sys.exit(255)


def skip_all(reason):
    """This machine lacks what the whole program needs; where all tests must run (CI=true), that is a failure."""
    if os.environ.get("CI") == "true":
        ok(False, "nothing is skipped: " + reason)
        done_testing()
    print("1..0 # SKIP " + _line(reason), flush=True)
    sys.exit(0)


def skip(name, reason):
    """A check that this machine has no room for; where all tests must run (CI=true), it failed."""
    global _count
    if os.environ.get("CI") == "true":
        ok(False, name, "nothing is skipped: " + reason)
    else:
        _count += 1
        print("ok %d - %s # SKIP %s" % (_count, _line(name), _line(reason)), flush=True)


def done_testing():
    """The end of every test program."""
    print("1..%d" % _count, flush=True)
    if _count == 0:
        note("no check was made")
    elif _failed:
        note("%d of %d checks failed" % (_failed, _count))
    sys.exit(1 if _failed or not _count else 0)
