"""How a command is stopped from outside: once, through every `finally`, and not while it tidies up.

A user presses Ctrl-C again where the first press shows no effect within a blink; a terminal, and a supervisor, may send
several signals at once. None of that may cut short the tidying that the first one set off.
"""

import atexit
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType

__all__ = ["stopped_once", "undisturbed"]

_SAME_WISH = 1.0
"""Seconds: a signal that follows another this soon says nothing new. A later one stops again, as the exception of the
first may have been lost in code that cannot be interrupted."""

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def stopped_once() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt, and other wishes to stop SystemExit(128 + signal), once for all that come
    within a second of each other. Once this process has begun to exit, they change nothing any more.

    A signal that this process was told to ignore, as by nohup, stays ignored.
    """
    last = -_SAME_WISH

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal last
        now = monotonic()
        same, last = now - last < _SAME_WISH, now
        if same:
            return
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)
    try:
        yield
    finally:
        atexit.unregister(_ignore_all)
        atexit.register(_ignore_all)  # the last to be registered is the first to be called


@contextmanager
def undisturbed() -> Iterator[None]:
    """What is begun here is ended: a wish to stop that comes meanwhile is too late, and dropped."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is told of signals
        return
    before = {number: signal.signal(number, _ignore) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)  # None: not set from Python


def _ignore(number: int, frame: FrameType | None) -> None:
    """Not SIG_IGN, which processes that are started meanwhile would inherit."""


def _ignore_all() -> None:
    """Python gives signals back to the system as it ends, which would then kill it: the exit status would be lost."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
