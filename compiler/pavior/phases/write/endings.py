"""Ctrl-C, SIGTERM and SIGHUP leave no debris behind.

Signals reach Python code in the main thread only, so in another nothing needs to be done.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def endings_as_exceptions() -> Iterator[None]:
    """Within this, SIGTERM and SIGHUP end the process through its `finally` blocks, as Ctrl-C does anyway."""
    default = [number for number in _ENDINGS if signal.getsignal(number) is signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        default = []
    for number in default:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in default:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def endings_deferred() -> Iterator[None]:
    """Within this, an ending waits until the block is over.

    Handlers rather than a blocked mask, because the system may hand a signal to any thread, such as a pool's.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []
    before = {number: signal.signal(number, lambda got, _: caught.append(got)) for number in _ENDINGS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for got in caught[:1]:
            signal.raise_signal(got)


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
