"""Runs a command and measures all processes that descend from it: `measured.py FIGURES COMMAND…`.

The file FIGURES gets JSON: `wall` seconds until the command ended; `user` and `system`, CPU seconds of the whole tree,
what went to the background included. What outlives the command (shared connections, plugins) is ended here.
"""

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def children():
    """Direct children that still run."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="latin-1") as file:
                state, parent = file.read().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it ended in the meantime
        if int(parent) == os.getpid() and state != "Z":
            found.append(int(name))
    return found


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    except ChildProcessError:
        pass


def end_all(patience=5.0):
    """Ends all that descends from us: whoever loses its parent becomes our child."""
    hard = time.monotonic() + patience
    while left := children():
        for pid in left:
            try:
                os.kill(pid, signal.SIGTERM if time.monotonic() < hard else signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.05)
        reap()
    reap()


libc = ctypes.CDLL(None)
# Orphans come to us instead of to init, and are counted when they end.
libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
# Whatever becomes of the bench, nothing of this goes on.
libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

started = time.monotonic()
try:
    code = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL).wait()
    wall = time.monotonic() - started
finally:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    end_all()
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump({"wall": wall, "user": used.ru_utime, "system": used.ru_stime}, file)
sys.exit(code if code >= 0 else 128 - code)
