"""What files and folders were when somebody looked at them, so that who comes later needs to look at what changed only.

A file that has the size, times and inode that it had is taken to hold what it held, as Git's index does. Times tell changes apart
that lie further apart than the clock's ticks, so a file that changed shortly before it was looked at is never recognised: it is
read again. Whatever is no plain file or folder is never recognised either.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from struct import Struct
from typing import NamedTuple

from pavior.diagnostics import Diagnostic
from pavior.git.identity import blob_id
from pavior.repository import Entry, WorkingTree

_STATE = Struct("<IQqqQ")
_DIGEST = 16
_TICK = 2 * 10**9
"""Nanoseconds between two changes that every file system tells apart: FAT counts the seconds by two."""

State = bytes
"""Mode, size, times of change and inode, packed into `SIZE` bytes."""

SIZE = _STATE.size

UNKNOWN: State = bytes(SIZE)
"""The state of what has to be looked at again."""

_LARGEST = 2**26
"""Bytes of a file that is compared; what is read of it is limited where it is read."""

Seen = tuple[State, bytes]
"""A state, and the digest of what was there then."""


def state_of(status: os.stat_result) -> State:
    """The state of a file or folder."""
    return _STATE.pack(
        status.st_mode,
        status.st_size & (2**64 - 1),
        status.st_mtime_ns,
        status.st_ctime_ns,
        status.st_ino & (2**64 - 1),
    )


def settled(state: State, before: int) -> State:
    """The state, if it came about well before a time in nanoseconds, or else `UNKNOWN`."""
    _, _, modified, changed, _ = _STATE.unpack(state)
    return state if max(modified, changed) < before - _TICK else UNKNOWN


def is_settled(status: os.stat_result, before: int) -> bool:
    """Whether a file came to be as it is well before a time in nanoseconds."""
    return status.st_ctime_ns < before - _TICK and status.st_mtime_ns < before - _TICK


def bytes_of(place: str, most: int = -1) -> bytes:
    """What a file holds, or how it begins, read at once. Raises OSError."""
    with open(place, "rb", buffering=0) as file:
        return file.read(most)


def digest_of(content: bytes) -> bytes:
    """What stands for the content of a file. Processors have instructions for this one: it takes half of what BLAKE2 does."""
    return hashlib.sha256(content, usedforsecurity=False).digest()[:_DIGEST]


class Inputs(NamedTuple):
    """What a run looked at: files and folders by path, and which paths are folders, links followed."""

    files: Mapping[str, Seen]
    folders: Mapping[str, Seen]
    kinds: Mapping[str, bool]


def input_digest(content: bytes) -> bytes:
    """What stands for a file that people write: that of its content, and the id that Git gives it."""
    return digest_of(content) + bytes.fromhex(blob_id(content))


def git_id(seen: Seen) -> str:
    """The id that Git gives, with SHA-1, to what was seen."""
    return seen[1][_DIGEST:].hex()


def content_digest(seen: Seen) -> bytes:
    """As `digest_of`."""
    return seen[1][:_DIGEST]


@dataclass(slots=True)
class NotingTree:
    """A working tree that notes what is looked at in it."""

    tree: WorkingTree
    began: int = field(default_factory=time.time_ns)
    files: dict[str, Seen] = field(default_factory=dict)
    folders: dict[str, Seen] = field(default_factory=dict)
    kinds: dict[str, bool] = field(default_factory=dict)

    def scan(self, folder: str) -> Iterable[Entry]:
        """See Files."""
        state = folder_state(self.tree.root, folder)
        entries = list(self.tree.scan(folder))
        _note(self.folders, folder, (settled(state, self.began), listing_digest(entries)))
        return entries

    def is_folder(self, path: str) -> bool:
        """See Files."""
        return self.kinds.setdefault(path, self.tree.is_folder(path))

    def is_link(self, path: str) -> bool:
        """See Files. A link in the place of a folder that was scanned is seen where its state is looked at."""
        return self.tree.is_link(path)

    def content(self, path: str, limit: int) -> bytes | Diagnostic:
        """See Files."""
        content, status = self.tree.looked_at(path, limit)
        state = state_of(status) if status is not None else UNKNOWN
        digest = input_digest(content) if isinstance(content, bytes) else b""
        _note(self.files, path, (settled(state, self.began), digest))
        return content

    def inputs(self) -> Inputs:
        """All that was looked at."""
        return Inputs(self.files, self.folders, self.kinds)


@dataclass(frozen=True, slots=True)
class Changes:
    """The paths of files and folders that are other than they were. `inputs` is what is there now, of all that were known.

    `fresh`: something had to be looked at again, and is in another state.
    """

    files: frozenset[str]
    folders: frozenset[str]
    inputs: Inputs
    fresh: bool


def changes(tree: WorkingTree, known: Inputs) -> Changes | None:
    """What changed since these inputs were looked at. None where something is gone, or is another kind of thing."""
    began = time.time_ns()
    files: dict[str, Seen] = {}
    folders: dict[str, Seen] = {}
    try:
        if any(tree.is_folder(path) != is_folder for path, is_folder in known.kinds.items()):
            return None
        for folder, seen in known.folders.items():
            state = folder_state(tree.root, folder)
            if state == UNKNOWN:
                return None
            same = state == seen[0]
            folders[folder] = seen if same else (settled(state, began), listing_digest(tree.scan(folder)))
        for path, seen in known.files.items():
            if state_of(os.lstat(f"{tree.root}/{path}")) == seen[0]:
                files[path] = seen
                continue
            content, status = tree.looked_at(path, _LARGEST)
            state = settled(state_of(status), began) if status is not None else UNKNOWN
            files[path] = state, input_digest(content) if isinstance(content, bytes) else b""
    except OSError:
        return None
    return compared(known, Inputs(files, folders, known.kinds))


def compared(known: Inputs, now: Inputs) -> Changes:
    """What changed from what was known to what is there now."""
    return Changes(_others(known.files, now.files), _others(known.folders, now.folders), now, fresh=now != known)


def _others(before: Mapping[str, Seen], now: Mapping[str, Seen]) -> frozenset[str]:
    return frozenset(path for path, seen in now.items() if seen is not before[path] and seen[1] != before[path][1])


def _note(noted: dict[str, Seen], path: str, seen: Seen) -> None:
    """Note what is seen; of what changed between two looks, that nothing will ever be the same."""
    before = noted.setdefault(path, seen)
    if before[1] != seen[1]:
        noted[path] = UNKNOWN, b"changed"


def folder_state(root: str, folder: str) -> State:
    """The state of a folder; a link to one is never recognised."""
    status = os.lstat(f"{root}/{folder}")
    return state_of(status) if stat.S_ISDIR(status.st_mode) else UNKNOWN


def listing_digest(entries: Iterable[Entry]) -> bytes:
    """What stands for the listing of a folder."""
    return digest_of(repr(sorted(_told(entries))).encode("utf-8", "surrogateescape"))


def _told(entries: Iterable[Entry]) -> Iterator[tuple[str, bool, bool]]:
    return ((entry.name, entry.is_dir(follow_symlinks=False), entry.is_symlink()) for entry in entries)
