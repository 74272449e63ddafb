"""Outputs: what the files below rendered/ are when a run ends, and whether they still are that when the next begins."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pavior.emit import marker_source
from pavior.model import Action, UnitPlan
from pavior.phases.plan import may_be_synced
from pavior.repository.states import SIZE, UNKNOWN, Seen, State, digest_of, is_settled, settled, state_of

_DIGEST = 16
_FIRST_LINE = 4096


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
    fresh: dict[str, Folder] = field(default_factory=dict)
    """The folders in which files had to be read, as they are now."""
    _met: int = 0

    def same(self) -> bool:
        """Whether all files are there and hold what they held, and no other file that Pavior rendered."""
        try:
            return not os.path.islink(self.rendered) and self._same("") and self._met == len(self.left)
        except OSError:
            return False

    def _same(self, folder: str) -> bool:
        with os.scandir(f"{self.rendered}/{folder}") as scanned:
            entries = list(scanned)
        files = [entry for entry in entries if not entry.is_dir(follow_symlinks=False)]
        known = self.left.get(folder)
        if known is not None:
            self._met += 1
        if (known is not None or files) and not self._same_files(folder, known, files):
            return False
        below = f"{folder}/" if folder else ""
        return all(self._same(f"{below}{entry.name}") for entry in entries if entry.is_dir(follow_symlinks=False))

    def _same_files(self, folder: str, known: Folder | None, files: list[os.DirEntry[str]]) -> bool:
        files.sort(key=_name)
        statuses = [entry.stat(follow_symlinks=False) for entry in files]
        if (
            known is not None
            and known.names == "\0".join([entry.name for entry in files])
            and known.states == b"".join(map(state_of, statuses))
            and all(is_settled(status, self.limit) for status in statuses)
        ):
            return True
        wanted = known.files() if known is not None else {}
        now: dict[str, Seen] = {}
        for entry, status in zip(files, statuses, strict=True):
            seen = wanted.get(entry.name)
            if seen is None:
                if self._counts(entry, status):
                    return False
                continue
            state = state_of(status)
            if state == seen[0] and is_settled(status, self.limit):
                now[entry.name] = seen
                continue
            if not stat.S_ISREG(status.st_mode) or digest_of(_read(entry.path)) != seen[1]:
                return False
            now[entry.name] = settled(state, self.began), seen[1]
        if now.keys() != wanted.keys():
            return False
        if known is not None:
            self.fresh[folder] = Folder.of(now)
        return True

    def _counts(self, entry: os.DirEntry[str], status: os.stat_result) -> bool:
        """Whether a file that the run didn't leave there matters to the next."""
        if self.strict and may_be_synced(entry.name):
            return True
        if not stat.S_ISREG(status.st_mode):
            return False
        return marker_source(_read(entry.path, _FIRST_LINE).split(b"\n", 1)[0]) is not None


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _read(path: str, most: int = -1) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.read(most)
