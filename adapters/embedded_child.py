"""What every process we start has in common: it never outlives who started it."""

import ctypes
import os
import signal
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


class CannotStart(Exception):
    """A server cannot run here; the sentence says why, for the person at the keyboard."""


def dying_with_parent(by: signal.Signals = signal.SIGTERM) -> Callable[[], None]:
    """What a child calls before it becomes a server, so that it never outlives who started it."""
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def tie() -> None:
        os.setpgid(0, 0)  # a Ctrl-C is for the supervisor, which stops the others in order
        libc.prctl(PR_SET_PDEATHSIG, by)
        if os.getppid() != parent:  # it was gone before we were tied to it
            os._exit(1)

    return tie
