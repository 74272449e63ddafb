"""Outputs: what the files below rendered/ are when a run ends, and whether they still are that when the next begins."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pavior.emit import marker_source
from pavior.model import Action, UnitPlan
from pavior.phases.plan import may_be_synced
from pavior.repository.states import SIZE, UNKNOWN, Seen, State, bytes_of, digest_of, is_settled, settled, state_of

_DIGEST = 16
_FIRST_LINE = 4096
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Folder(NamedTuple):
    """The files that a run left in a folder, in the order of their names, which zero bytes part."""

    names: str
    states: bytes
    digests: bytes

    @staticmethod
    def of(files: Mapping[str, Seen]) -> Folder:
        """These files, by name."""
        names = sorted(files)
        return Folder("\0".join(names), b"".join(files[n][0] for n in names), b"".join(files[n][1] for n in names))

    def files(self) -> dict[str, Seen]:
        """The files by name."""
        if not self.names:
            return {}
        states = (self.states[at : at + SIZE] for at in range(0, len(self.states), SIZE))
        digests = (self.digests[at : at + _DIGEST] for at in range(0, len(self.digests), _DIGEST))
        return dict(zip(self.names.split("\0"), zip(states, digests, strict=True), strict=True))


def noted(unit: UnitPlan, written: Mapping[str, State], began: int) -> Iterator[tuple[str, Folder]]:
    """What the files of a unit will be once it is written, by folder. `written` are the states of those that are staged.

    `began` is when the run did, in nanoseconds: what changed since is not recognised.
    """
    folders: dict[str, dict[str, Seen]] = {}
    linked = bool(written)  # which changes the state of a file
    for change in unit.changes:
        if change.action is Action.DELETE:
            continue
        if change.seen is not None:
            state, digest = change.seen
            seen = UNKNOWN if linked else settled(state, began), digest
        else:
            seen = written.get(change.path, UNKNOWN), digest_of(change.content or b"")
        folder, _, name = change.path.rpartition("/")
        folders.setdefault(folder, {})[name] = seen
    yield from ((folder, Folder.of(files)) for folder, files in folders.items())


def joined(folders: Iterable[tuple[str, Folder]]) -> dict[str, Folder]:
    """All folders by path; what several units have in one folder together."""
    found: dict[str, Folder] = {}
    shared: dict[str, dict[str, Seen]] = {}
    for path, folder in folders:
        if path in shared:
            shared[path].update(folder.files())
        elif path in found:
            shared[path] = {**found[path].files(), **folder.files()}
        else:
            found[path] = folder
    found.update((path, Folder.of(files)) for path, files in shared.items())
    return found


class _TooMany(Exception):
    """More files differ than somebody wants to know of."""


@dataclass(slots=True)
class Comparison:
    """The tree below `rendered` held against what a run left there.

    States that came about after `limit`, in nanoseconds, are not recognised. `strict`: what nobody rendered counts too, where it
    may be synced.
    """

    rendered: str
    left: Mapping[str, Folder]
    limit: int
    began: int
    strict: bool
    most: int = 0
    """Files that may differ: with one more, nobody looks further."""
    fresh: dict[str, Folder] = field(default_factory=dict)
    """The folders in which files had to be read, or differ, as they are now."""
    differing: set[str] = field(default_factory=set)
    """The paths of files that hold something else, are gone, or have come."""
    _met: set[str] = field(default_factory=set)

    def looked(self) -> bool:
        """Look at all files. False where they can't be looked at, or too many differ."""
        try:
            descriptor = os.open(self.rendered, _FOLDER)
            try:
                self._look("", descriptor)
            finally:
                os.close(descriptor)
            for folder in self.left.keys() - self._met:
                self._differ(folder, self.left[folder].files())
        except (OSError, _TooMany):
            return False
        return True

    def _differ(self, folder: str, names: Iterable[str]) -> None:
        self.differing.update(f"{folder}/{name}" if folder else name for name in names)
        if len(self.differing) > self.most:
            raise _TooMany

    def _look(self, folder: str, descriptor: int) -> None:
        files: list[str] = []
        folders: list[str] = []
        with os.scandir(descriptor) as scanned:
            for entry in scanned:
                (folders if entry.is_dir(follow_symlinks=False) else files).append(entry.name)
        known = self.left.get(folder)
        if known is not None:
            self._met.add(folder)
        if known is not None or files:
            self._look_at_files(folder, descriptor, known, sorted(files))
        for name in folders:
            below = os.open(name, _FOLDER, dir_fd=descriptor)
            try:
                self._look(f"{folder}/{name}" if folder else name, below)
            finally:
                os.close(below)

    def _look_at_files(self, folder: str, descriptor: int, known: Folder | None, names: Sequence[str]) -> None:
        statuses = [os.stat(name, dir_fd=descriptor, follow_symlinks=False) for name in names]
        if (
            known is not None
            and known.names == "\0".join(names)
            and known.states == b"".join(map(state_of, statuses))
            and all(is_settled(status, self.limit) for status in statuses)
        ):
            return
        wanted = known.files() if known is not None else {}
        now: dict[str, Seen] = {}
        for name, status in zip(names, statuses, strict=True):
            seen, place = wanted.get(name), f"{self.rendered}/{folder}/{name}"
            if seen is None:
                if self._counts(place, status):
                    self._differ(folder, (name,))
                continue
            state = state_of(status)
            if state == seen[0] and is_settled(status, self.limit):
                now[name] = seen
                continue
            digest = digest_of(bytes_of(place)) if stat.S_ISREG(status.st_mode) else b""
            if digest != seen[1]:
                self._differ(folder, (name,))
            now[name] = settled(state, self.began), digest
        if gone := wanted.keys() - now.keys():
            self._differ(folder, gone)
        if known is not None:
            self.fresh[folder] = Folder.of(now)

    def _counts(self, place: str, status: os.stat_result) -> bool:
        """Whether a file that the run didn't leave there matters to the next."""
        if self.strict and may_be_synced(place.rpartition("/")[2]):
            return True
        if not stat.S_ISREG(status.st_mode):
            return False
        return marker_source(bytes_of(place, _FIRST_LINE).split(b"\n", 1)[0]) is not None
