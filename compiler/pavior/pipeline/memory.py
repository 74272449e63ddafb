"""Memory: a run's data has no cycles, so what it drops is freed at once, and the search for cycles may be rare."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_NEW_OBJECTS = 2_000_000
"""Between two searches: what a run over some thousand services keeps. Python's 700 would cost it the twentieth part of its
time, and find next to nothing."""


@contextmanager
def rare_collections() -> Iterator[None]:
    """Within this, or a function that it decorates, Python looks for cycles after every two million new objects only."""
    thresholds = gc.get_threshold()
    gc.set_threshold(_NEW_OBJECTS, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
