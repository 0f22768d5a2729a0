"""Ties a process to its parent, so that a parent killed with -9 takes its children along (Linux; a no-op elsewhere).

Where it is a no-op, the next start ends what was left (leftovers.py).
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1

# Loaded now, since little is safe to do between a fork and an exec.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def end_with_parent(parent_pid: int) -> None:
    """Have the kernel send this process SIGTERM when its parent dies; end at once if that has happened already."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(1)
