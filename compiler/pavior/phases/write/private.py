"""Pavior's own folder in a repository, outside of the rendered tree and of Git, and the lock in it."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

PRIVATE = ".pavior"

_held: set[int] = set()
"""Descriptors of locks, which a forked worker closes: it must not hold its parent's lock when that was killed."""


class WriteFailed(Exception):
    """The disk refused, and the rendered tree is as it was. `path` and `reason` are the system's words, if it gave any."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}" if path else reason)
        self.path = path
        self.reason = reason


class Locked(Exception):
    """Another process is writing to this repository; `pid` is its number, where it is known."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(f"another pavior is writing here{f' (process {pid})' if pid else ''}; wait until it ends")
        self.pid = pid


@contextmanager
def disk_failures() -> Iterator[None]:
    """Within this, an OSError becomes WriteFailed."""
    try:
        yield
    except OSError as fault:
        where = fault.filename2 or fault.filename or ""
        raise WriteFailed(os.fsdecode(where), fault.strerror or str(fault)) from fault


@contextmanager
def lock(root: str) -> Iterator[None]:
    """Hold the repository's lock, which the system drops when the process ends in any way. Raises Locked at once."""
    with disk_failures():
        descriptor = _open_lock(root)
    _held.add(descriptor)
    try:
        with disk_failures():
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Locked(_holder(descriptor)) from None
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
        yield
    finally:
        if descriptor in _held:
            _held.remove(descriptor)
            os.close(descriptor)


def private_folder(root: str) -> str:
    """The path of Pavior's folder, made where it is missing, ignored by Git. Raises OSError where it is no real folder."""
    folder = os.path.join(root, PRIVATE)
    try:
        os.mkdir(folder)
    except FileExistsError:
        require_folder(folder)
    else:
        with open(os.path.join(folder, ".gitignore"), "x", encoding="utf-8") as file:
            file.write("*\n")
    return folder


def require_folder(path: str) -> None:
    """Raise OSError where `path` exists and is no real folder: a link in a pull request must not lead the writer away."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(mode):
        raise OSError(errno.ELOOP, "is a symbolic link, where a folder belongs", path)
    if not stat.S_ISDIR(mode):
        raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)


def _let_go() -> None:
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_let_go)


def _open_lock(root: str) -> int:
    path = os.path.join(private_folder(root), "lock")
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)


def _holder(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0).strip()
    return int(text) if text.isdigit() else None
