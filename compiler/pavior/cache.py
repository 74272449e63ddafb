"""What a run proved, for the next: files by content in the user's own cache folder, outside of any repository.

Never in the repository: its files come from whoever can open a pull request. Everything here may vanish at any time, and whatever
cannot be read, was cut short or belongs to somebody else is not there.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_MOST_FILES = 24
"""Older ones go: branches come and go, and each has its own."""

_DIGEST = 16
_DRAFT = ".draft-"
_ABANDONED = 24 * 3600
"""Seconds after which nobody writes to a draft any more: its process was killed."""

_YOUNG = 2 * 10**9
"""Nanoseconds that a file must have been left alone before its times can be trusted: some file systems count by two seconds."""


def folder() -> Path | None:
    """The cache folder; None where the user has none."""
    home = os.environ.get("XDG_CACHE_HOME") or (f"{os.environ['HOME']}/.cache" if os.environ.get("HOME") else None)
    return Path(home, "pavior") if home and os.path.isabs(home) else None


def read(name: str) -> bytes | None:
    """What was written under a name, whole; None where nothing was."""
    place = folder()
    try:
        if place is None or not _ours(place):
            return None
        with open(os.open(place / name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW), "rb") as file:
            content = file.read()
    except OSError:
        return None
    digest, payload = content[:_DIGEST], content[_DIGEST:]
    # With its name, so that no file stands in the place of another.
    return payload if digest == _digest(payload + os.fsencode(name)) else None


def write(name: str, payload: bytes) -> None:
    """Keep `payload` under a name, if the disk and the user's folder allow it."""
    draft = Draft.begun()
    if draft is not None:
        draft.add(payload)
        draft.keep(name)


@dataclass(slots=True)
class Draft:
    """What will be kept under a name, piece by piece: nothing of it is there before `keep`, and then all of it or nothing."""

    _place: Path
    _path: Path
    _descriptor: int | None
    _hash: hashlib.blake2b = field(default_factory=lambda: hashlib.blake2b(digest_size=_DIGEST))

    @staticmethod
    def begun() -> Draft | None:
        """A new one; None where the disk or the user's folder doesn't allow it."""
        place = folder()
        if place is None:
            return None
        path = place / f"{_DRAFT}{os.getpid()}-{time.monotonic_ns()}"
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _ours(place):
                return None
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError:
            return None
        draft = Draft(place, path, descriptor)
        draft._write(bytes(_DIGEST))
        return draft

    def add(self, piece: bytes) -> None:
        """Write the next bytes of it."""
        self._hash.update(piece)
        self._write(piece)

    def keep(self, name: str) -> None:
        """Put it in its place, unless the disk refused some of it."""
        if self._descriptor is None:
            return
        self._hash.update(os.fsencode(name))
        try:
            os.pwrite(self._descriptor, self._hash.digest(), 0)
            os.replace(self._path, self._place / name)
            os.close(self._descriptor)
            self._descriptor = None
        except OSError:
            self.drop()
        with suppress(OSError):
            _forget(self._place)

    def drop(self) -> None:
        """Leave nothing of it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
            with suppress(OSError):
                os.unlink(self._path)

    def _write(self, piece: bytes) -> None:
        view = memoryview(piece)
        try:
            while view and self._descriptor is not None:
                view = view[os.write(self._descriptor, view) :]
        except OSError:
            self.drop()


@cache
def compiler(*folders: Path) -> bytes | None:
    """The digest of all code that runs: this package's, which Python and distributions run it, and what lies in these folders.

    The same on every machine, wherever Pavior lies there. None where it can't be seen, as inside an archive.
    """
    places = (Path(__file__).parent, *folders)
    files = sorted((number, file) for number, place in enumerate(places) for file in _files(place))
    if not any(file.endswith(".py") for _, file in files):
        return None
    distributions = sorted({name for place in sys.path for name in _distributions(place)})
    states = [(path, *_state(path)) for _, path in files]
    around = repr((sys.version, sys.implementation.cache_tag, distributions)).encode()
    seen = marshal.dumps((around, states))
    name = f"compiler-{_digest(os.fsencode(__file__) + sys.version.encode()).hex()}"
    known = read(name)
    if known is not None and known[_DIGEST:] == seen:
        return known[:_DIGEST]
    code = hashlib.blake2b(around, digest_size=_DIGEST)
    before = time.time_ns() - _YOUNG
    for number, path in files:
        with open(path, "rb") as file:
            content = file.read()
        code.update(f"{number}/{os.path.relpath(path, places[number])}\0{len(content)}\0".encode())
        code.update(content)
    if all(modified < before and changed < before for _, _, modified, changed, _ in states):
        write(name, code.digest() + seen)
    return code.digest()


def _files(place: Path) -> Iterator[str]:
    for inside, _, names in os.walk(place):
        yield from (os.path.join(inside, name) for name in names if not name.endswith(".pyc"))


def _state(path: str) -> tuple[int, int, int, int]:
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _distributions(place: str) -> Iterator[str]:
    """The names, with versions, of what is installed in a folder of Python's path."""
    with suppress(OSError):
        yield from (name for name in os.listdir(place or ".") if name.endswith(".dist-info"))


def _forget(place: Path) -> None:
    found = [(file.stat().st_mtime, file) for file in place.iterdir()]
    drafts = [each for each in found if each[1].name.startswith(_DRAFT)]
    kept = sorted((each for each in found if each not in drafts), reverse=True)
    abandoned = [(age, file) for age, file in drafts if age < time.time() - _ABANDONED]
    for _, file in (*kept[_MOST_FILES:], *abandoned):
        file.unlink(missing_ok=True)


def _ours(place: Path) -> bool:
    """Is the folder the user's own, and nobody else's to write to?"""
    status = place.lstat()
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _digest(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=_DIGEST).digest()
