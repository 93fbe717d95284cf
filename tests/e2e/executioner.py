"""Runs in a pod that sees its node's processes: sends a signal to the operator in the pod whose uid it is told."""

import contextlib
import os
import pathlib
import signal
import sys

print("waiting", flush=True)
for line in sys.stdin:
    name, uid = line.split()
    # The cgroup of a pod's process has the pod's uid in its name, written with - or with _.
    marks = {uid, uid.replace("-", "_")}
    hit = 0
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            is_operator = (process / "cmdline").read_bytes().rstrip(b"\0").endswith(b"-m\0tenure")
            if is_operator and any(mark in (process / "cgroup").read_text() for mark in marks):
                os.kill(int(process.name), signal.Signals[name])
                hit += 1
    print(hit, flush=True)
