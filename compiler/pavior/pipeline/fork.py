"""Fork: the same function over parts of the work, in processes that inherit what is loaded."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from pavior.diagnostics import Diagnostic
from pavior.phases.write.endings import endings_deferred

_PR_SET_PDEATHSIG = 1  # linux/prctl.h

Part = TypeVar("Part")
Done = TypeVar("Done")


class LostWorker(Exception):
    """A worker process ended before its work: killed, mostly for want of memory."""


class CrewFault(Exception):
    """Workers on other machines can't do it; `diagnostic` says why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def forked(work: Callable[[Part], Done], parts: Iterable[Part], jobs: int, chunk: int = 1) -> Iterator[Done]:
    """What `work` makes of each part, in order. Only what it returns travels. Raises LostWorker."""
    parts = list(parts)
    if jobs == 1 or len(parts) <= chunk:
        yield from map(work, parts)
        return
    import multiprocessing  # noqa: PLC0415  (one process needs none of it)
    from concurrent.futures import ProcessPoolExecutor, process  # noqa: PLC0415

    if "fork" not in multiprocessing.get_all_start_methods():
        yield from map(work, parts)
        return
    # multiprocessing.Pool would wait for ever for a worker that somebody killed.
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"), _begin, (work, parts, os.getpid()))
    try:
        # A worker that was begun when an ending came, and that the pool doesn't know of yet, would be waited for for ever.
        with endings_deferred():
            done = pool.map(_work_at, range(len(parts)), chunksize=chunk)
        yield from done
    except process.BrokenProcessPool:
        raise LostWorker("a worker process was killed; with `--jobs 1` less memory is needed") from None
    finally:
        pool.shutdown(cancel_futures=True)


_inherited: tuple[Callable[[Any], Any], list[Any]]


def _begin(work: Callable[[Any], Any], parts: list[Any], parent: int) -> None:
    global _inherited  # noqa: PLW0603  (a worker's arguments are its indexes; the rest it has from its parent)
    _inherited = (work, parts)
    # How the run ends is the parent's to say: Ctrl-C reaches workers too, and what it does to the parent isn't theirs.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    _die_with(parent)


def _die_with(parent: int) -> None:
    """Have the system kill this process when its parent was killed, where it can: it would wait for work for ever."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def _work_at(index: int) -> Any:
    work, parts = _inherited
    return work(parts[index])
