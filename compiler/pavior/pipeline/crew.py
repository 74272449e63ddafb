"""Crew: the same function over parts of the work, in processes of a Dask cluster that see the same files.

Where `fork` has workers inherit what is loaded, these load it themselves: they get the repository's path and ranges, and send
back what the function makes. Before anything that they made is used, it is known that they run the same Pavior on the same files.
"""

from __future__ import annotations

import logging
import platform
import re
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, TypeVar
from uuid import uuid4

from pavior.diagnostics import Code, Diagnostic
from pavior.diagnostics.codes import crew as codes
from pavior.model import Span
from pavior.pipeline import proof
from pavior.pipeline.fork import CrewFault
from pavior.repository import READ_FOLDERS

PATIENCE = 30
"""Seconds that no worker may be there, and that a scheduler may take to answer."""

_LOOK = 2.0
"""Seconds after which to look whether there still are workers."""

Done = TypeVar("Done")
Doing = Callable[[str, int, int, int], Sequence[Any]]
"""What a worker makes of the parts of a kind, from one to before another, of as many as there are. Raises Differs."""


class Differs(Exception):
    """A worker has something else than who asks it: what it is, in words that follow `a worker has`."""


class Around(NamedTuple):
    """What decides, beside the arguments, what a worker makes."""

    pavior: str
    python: str
    packages: tuple[tuple[str, str], ...]
    files: str


@dataclass(frozen=True, slots=True)
class Job:
    """What the workers of one run load: `make` is a function of a module, called with `root` and `arguments`."""

    id: str
    root: Path
    around: Around
    make: Callable[..., Doing]
    arguments: tuple[Any, ...]


def around(root: Path) -> Around:
    """That of this process, for a repository."""
    return Around(*_installed(), proof.digest_of_files(root, READ_FOLDERS))


@cache
def _installed() -> tuple[str, str, tuple[tuple[str, str], ...]]:
    needs = [re.split(r"[^\w.-]", text)[0] for text in metadata.requires("pavior") or () if "extra ==" not in text]
    versions = tuple(sorted((name, metadata.version(name)) for name in needs))
    return proof.code(), platform.python_version(), versions


@dataclass(slots=True)
class Crew:
    """A cluster's workers, for one run. `client` is Dask's."""

    address: str
    client: Any
    job: Job | None = None
    _early: list[Any] = field(default_factory=list)

    def begin(self, root: Path, make: Callable[..., Doing], *arguments: Any) -> None:
        """Have all workers load what they will need, while others do something else."""
        self.job = Job(uuid4().hex, root.resolve(), around(root), make, arguments)
        with self._telling():
            workers = list(self._workers())
            self._early = [self.client.submit(_load, self.job, workers=[w], pure=False) for w in workers]

    def map(self, kind: str, count: int, size: int) -> Iterator[Any]:
        """What the workers make of all parts of a kind, in order, `size` parts at once. Raises CrewFault."""
        assert self.job is not None, "it was begun"
        starts = range(0, count, size)
        with self._telling():
            futures = [
                self.client.submit(_do, self.job, kind, start, min(start + size, count), count, pure=False)
                for start in starts
            ]
            futures.reverse()
            while futures:
                yield from self._result(futures.pop())

    def share(self, count: int, least: int, most: int) -> int:
        """How many parts a worker takes at once, so that each comes a few times."""
        with self._telling():
            return min(most, max(least, -(-count // (4 * max(1, len(self._workers()))))))

    def unchanged(self) -> bool:
        """Whether the files are still those that the workers were asked about."""
        assert self.job is not None, "it was begun"
        return around(self.job.root) == self.job.around

    def _result(self, future: Any) -> Any:
        """What a worker made, once it did. Raises CrewFault where nobody will."""
        missing_since: float | None = None
        while True:
            try:
                return future.result(timeout=_LOOK)
            except TimeoutError:
                if self.client.status != "running":
                    raise self._lost("the scheduler at `{0}` is gone") from None
                if self._workers():
                    missing_since = None
                    continue
                missing_since = missing_since or time.monotonic()
                if time.monotonic() - missing_since > PATIENCE:
                    raise self._lost("there is no worker left at `{0}`") from None

    def _workers(self) -> Sequence[str]:
        try:
            return list(self.client.scheduler_info(n_workers=-1)["workers"])
        except OSError:
            raise self._lost("the scheduler at `{0}` is gone") from None

    def _lost(self, message: str) -> CrewFault:
        hint = "see its logs, where it is mostly want of memory; without `--executor` this machine does it"
        return _fault(codes.LOST_WORKERS, message.format(_shown(self.address)), hint)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Say what Dask raises in our words."""
        from distributed import CancelledError, KilledWorker  # noqa: PLC0415
        from distributed.comm.core import CommClosedError  # noqa: PLC0415

        try:
            yield
        except Differs as other:
            hint = "give workers and this machine one image, and one file system with the repository at the same path"
            raise _fault(codes.OTHER_WORKER, f"a worker at `{_shown(self.address)}` has {other}", hint) from None
        except (ImportError, AttributeError):
            hint = "install the same Pavior, with `pavior[dask]`, for workers and for this machine"
            raise _fault(
                codes.OTHER_WORKER, f"a worker at `{_shown(self.address)}` has another Pavior, or none", hint
            ) from None
        except KilledWorker:
            raise self._lost("workers at `{0}` died again and again of one task") from None
        except (CancelledError, CommClosedError):
            raise self._lost("the scheduler at `{0}` is gone") from None

    def end(self) -> None:
        """Have workers drop what they loaded, and leave."""
        from distributed import CancelledError  # noqa: PLC0415

        with suppress(OSError, CancelledError):
            if self.client.status == "running":
                self.client.cancel(self._early)
                if self.job is not None:
                    self.client.run(_forget, self.job.id, on_error="ignore")
        with suppress(OSError, CancelledError):
            self.client.close(timeout=_LOOK)


@contextmanager
def crew_at(address: str) -> Iterator[Crew]:
    """The workers of the scheduler at an address of Dask, such as `tls://host:8786`. Raises CrewFault.

    Certificates, time limits and all else come from Dask's own settings.
    """
    try:
        import distributed  # noqa: PLC0415  (half a second, for who has a cluster)
    except ImportError:
        raise _fault(codes.NO_SCHEDULER, "Dask is not installed", "install `pavior[dask]`") from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is told here
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # versions are compared below, by what matters
            client = _connected(distributed.Client, address)
    except (OSError, ValueError, TypeError) as fault:
        hint = (
            "see whether the address is right, and reaches the scheduler; certificates for `tls://` are Dask's settings"
        )
        message = f"no scheduler answers at `{_shown(address)}`"
        if not isinstance(fault, OSError):
            message = f"`{_shown(address)}` is no address of a scheduler"
        raise _fault(codes.NO_SCHEDULER, message, hint) from None
    crew = Crew(address, client)
    try:
        yield crew
    finally:
        crew.end()


def _connected(connect: Callable[..., Any], address: str) -> Any:
    """Dask's client. Raises what it raises, and CrewFault where it doesn't start."""
    for _ in range(3):
        # Dask asserts that a thread of its own begins within ten seconds. On a busy machine it may not.
        with suppress(AssertionError):
            return connect(address, timeout=PATIENCE, set_as_default=False)
    raise _fault(codes.NO_SCHEDULER, "Dask doesn't start on this machine", "see what else it does, and try again")


def _shown(address: str) -> str:
    return address[:200]


def _fault(code: Code, message: str, hint: str) -> CrewFault:
    return CrewFault(Diagnostic(code, Span("--executor"), message, hint))


# What workers do ------------------------------------------------------------------------------------------------------

_loaded: dict[str, Doing] = {}
"""Of the last job, by its id."""

_one_at_a_time = Lock()
"""A worker may have several threads, and what is loaded is for one."""


def _load(job: Job) -> None:
    with _one_at_a_time:
        _doing(job)


def _do(job: Job, kind: str, start: int, stop: int, count: int) -> Sequence[Any]:
    with _one_at_a_time:
        doing = _doing(job)
        try:
            return doing(kind, start, stop, count)
        except (ImportError, AttributeError) as bug:
            # As they come where there is no such Pavior.
            raise RuntimeError(f"{type(bug).__name__}: {bug}") from bug


def _forget(job: str) -> None:
    with _one_at_a_time:
        _loaded.pop(job, None)


def _doing(job: Job) -> Doing:
    if job.id not in _loaded:
        _loaded.clear()
        require_same(job.around, around(job.root))
        _loaded[job.id] = job.make(job.root, *job.arguments)
    return _loaded[job.id]


def require_count(found: int, count: int) -> None:
    """Raise Differs unless there are as many parts as who asks has."""
    if found != count:
        raise Differs("other files than this machine, since it was asked")


def require_same(wanted: Around, mine: Around) -> None:
    """Raise Differs unless both are the same."""
    if mine.python != wanted.python:
        raise Differs(f"Python {mine.python}, and this machine has {wanted.python}")
    if mine.pavior != wanted.pavior:
        raise Differs("another Pavior than this machine")
    others = [f"{name} {version}" for name, version in mine.packages if (name, version) not in wanted.packages]
    if mine.packages != wanted.packages:
        raise Differs(f"other packages than this machine: {', '.join(others) or 'fewer'}")
    if mine.files != wanted.files:
        raise Differs("other files in golden-paths/, teams/ or schemas/ than this machine")
