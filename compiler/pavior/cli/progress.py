"""How far long work is, on a terminal only."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PATIENCE = 1.0
"""Seconds before anything is shown: what is quicker needs no progress."""


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """A function to call with how much is done and of how much; None where standard error is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    began, shown = time.monotonic(), 0.0

    def advance(done: int, of: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - began > _PATIENCE and now - shown > 0.1:
            shown = now
            sys.stderr.write(f"\r{what} {done:,} of {of:,}")
            sys.stderr.flush()

    try:
        yield advance
    finally:
        if shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
