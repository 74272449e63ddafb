"""What holds for any input: it ends soon and in little memory, raises nothing, and touches nothing that isn't its own.

`guarded` runs one case and raises Violation for what did not hold. Files and programs are watched by an audit hook, which
Python calls for each it opens or starts (docs.python.org, "Audit events table").
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MOST_SECONDS = 1.0
"""CPU time of a case, with that of the programs it starts."""

MOST_BYTES = 300 * 2**20

CANARY = "canary-7c1f0d"
"""Stands in files outside of the repository: nothing that is said or written may hold it."""

ROOT = Path(__file__).parents[1]


class Violation(AssertionError):
    """Something that holds for any input did not hold. `kind` is the same for what has the same cause."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


@dataclass(slots=True)
class Watch:
    """What a case may touch while it runs, and what it touched beside that."""

    readable: tuple[str, ...]
    writable: tuple[str, ...]
    found: list[str] = field(default_factory=list)


_watch: Watch | None = None
_OF_PYTHON = tuple({os.path.realpath(path) for path in (*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix)})
_ALWAYS_READABLE = (
    *_OF_PYTHON,
    str(ROOT),
    "/dev/null",
    "/dev/urandom",
    "/proc/self",
    "/usr/share/zoneinfo",
    "/etc/localtime",
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_CHANGING = {
    "os.remove": 1, "os.rename": 2, "os.mkdir": 1, "os.rmdir": 1, "os.link": 2, "os.symlink": 2, "os.truncate": 1,
    "os.chmod": 1, "os.chown": 1, "os.utime": 1, "shutil.rmtree": 1, "shutil.move": 2, "shutil.copyfile": 2,
}  # fmt: skip
_NEVER = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "pty.spawn",
    "socket.connect",
    "socket.bind",
)
_PROGRAMS = frozenset({"git"})


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    watch = _watch
    if watch is None:
        return
    if event == "open":
        path, mode, flags = arguments
        writes = bool(flags & _WRITING) if isinstance(flags, int) else bool(set(mode or "") & set("wax+"))
        follow = not (isinstance(flags, int) and flags & os.O_NOFOLLOW)
        _touch(watch, path, "opened for writing" if writes else "opened", writes, follow=follow)
    elif event in ("os.listdir", "os.scandir"):
        _touch(watch, arguments[0], "listed", False)
    elif event in _CHANGING:
        for path in arguments[: _CHANGING[event]]:
            _touch(watch, path, event, True, follow=False)
    elif event == "subprocess.Popen":
        program = os.path.basename(os.fsdecode(arguments[0]))
        if program not in _PROGRAMS:
            watch.found.append(f"program: {program} {arguments[1]}")
    elif event in _NEVER:
        watch.found.append(f"{event}: {arguments}")


def _touch(watch: Watch, path: Any, how: str, writes: bool, *, follow: bool = True) -> None:
    if path in ("/dev/null", b"/dev/null") or not isinstance(path, str | bytes | os.PathLike):
        return  # an open descriptor
    text = os.fsdecode(path)
    if not os.path.isabs(text):
        return  # relative to a folder's descriptor, whose own opening was seen
    real = (
        os.path.realpath(text)
        if follow
        else os.path.join(os.path.realpath(os.path.dirname(text)), os.path.basename(text))
    )
    if writes and "/__pycache__" in real and real.startswith(_ALWAYS_READABLE):
        return  # Python keeps what it compiled of a module that was imported just now
    allowed = watch.writable if writes else (*watch.writable, *watch.readable)
    if not any(real == place or real.startswith(f"{place}/") for place in allowed):
        watch.found.append(f"{how}: {text}" + (f" → {real}" if real != text else ""))


sys.addaudithook(_hook)


@contextmanager
def watched(*writable: str) -> Iterator[Watch]:
    """While this is entered, what is touched beside these folders is written down."""
    global _watch  # noqa: PLW0603  (an audit hook can neither be removed nor told anything)
    watch = Watch(_ALWAYS_READABLE, tuple(map(os.path.realpath, writable)))
    _watch = watch
    try:
        yield watch
    finally:
        _watch = None


@contextmanager
def unwatched() -> Iterator[None]:
    """What a case itself prepares is not what it is about."""
    global _watch  # noqa: PLW0603
    watch, _watch = _watch, None
    try:
        yield
    finally:
        _watch = watch


def cpu_seconds() -> float:
    """CPU time of this process and of the programs that it waited for: of a process that is paused it stands still."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _too_slow(signum: int, frame: object) -> None:
    raise Violation("time", f"more than {MOST_SECONDS:.0f} s, many times over")


def guarded(run: Callable[[], None], *, slower: float = 1.0, writable: tuple[str, ...] = ()) -> None:
    """Run a case. Raises Violation.

    `slower` is how many times slower this process is than an ordinary one, because its code is instrumented.
    """
    begun, limit = cpu_seconds(), MOST_SECONDS * slower
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    previous = signal.signal(signal.SIGPROF, _too_slow)
    signal.setitimer(signal.ITIMER_PROF, 10 * limit)
    try:
        with watched(*writable) as watch:
            run()
    except Violation:
        raise
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        raise Violation(_kind(error), f"{type(error).__name__}: {str(error)[:500]}") from error
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)
    if watch.found:
        raise Violation(f"touched {watch.found[0].partition(':')[0]}", "; ".join(watch.found[:5]))
    spent = cpu_seconds() - begun
    if spent > limit:
        raise Violation("time", f"{spent:.1f} s of CPU time")
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) * 1024
    if grown > MOST_BYTES:
        raise Violation("memory", f"{grown / 2**20:.0f} MB")


def _kind(error: BaseException) -> str:
    """The innermost place in Pavior's own code that an exception passed."""
    trace, place = error.__traceback__, "elsewhere"
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if "/pavior/" in file:
            place = f"{file.rpartition('/pavior/')[2]}:{trace.tb_frame.f_code.co_name}"
        trace = trace.tb_next
    return f"{type(error).__name__} in {place}"
