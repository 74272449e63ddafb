"""What a run proved, for the next: files by content in the user's own cache folder, outside of any repository.

Never in the repository: its files come from whoever can open a pull request. Everything here may vanish at any time, and whatever
cannot be read, was cut short or belongs to somebody else is not there.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

_MOST_FILES = 16
"""Older ones go: branches come and go, and each has its own."""

_DIGEST = 16


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
        content = (place / name).read_bytes()
    except OSError:
        return None
    digest, payload = content[:_DIGEST], content[_DIGEST:]
    return payload if digest == _digest(payload) else None


def write(name: str, payload: bytes) -> None:
    """Keep `payload` under a name, if the disk and the user's folder allow it."""
    place = folder()
    if place is None:
        return
    with suppress(OSError):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _ours(place):
            return
        descriptor, draft = tempfile.mkstemp(dir=place, prefix=".draft-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_digest(payload) + payload)
            os.replace(draft, place / name)
        except OSError:
            os.unlink(draft)
            raise
        _forget(place)


def _forget(place: Path) -> None:
    files = sorted(place.iterdir(), key=lambda file: file.stat().st_mtime_ns, reverse=True)
    for file in files[_MOST_FILES:]:
        file.unlink(missing_ok=True)


def _ours(place: Path) -> bool:
    """Is the folder the user's own, and nobody else's to write to?"""
    status = place.lstat()
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _digest(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=_DIGEST).digest()
