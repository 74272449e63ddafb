"""Unchanged: a run over everything is over before it begins, if the last one left all in order and nothing changed since.

What a run reads are the files that people write, the compiler with its schemas, and what lies below rendered/. All of them are
looked at; those that have the size, times and inode that they had are not read. What was found then is told again.
"""

from __future__ import annotations

import hashlib
import marshal
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from pavior import cache, resources
from pavior.diagnostics import Diagnostic
from pavior.diagnostics.kept import dump, load
from pavior.model import RENDERED, UnitPlan
from pavior.pipeline.outputs import Comparison, Folder, joined, noted
from pavior.pipeline.parts import Apart, Part
from pavior.pipeline.selection import Selection
from pavior.repository import WorkingTree
from pavior.repository.states import UNKNOWN, Inputs, NotingTree, State, changes
from pavior.shared import PLACE, PRIVATE

_TOGETHER = 256
"""Folders that are written at once."""

_LENGTH = 4
_LARGEST = 2**26
_SCHEMAS = "schemas/kubernetes"


class Told(NamedTuple):
    """What a run told. `day`: the day of which it did, where the day matters."""

    diagnostics: tuple[Diagnostic, ...]
    services: tuple[str, ...]
    targets: tuple[str, ...]
    manifests: int
    day: date | None


class Kept(NamedTuple):
    """What a run read, left and told. States of `folders` that came about after `limit`, in nanoseconds, say nothing.

    `parts` are what a check found, by the folder that it is rendered from, and `apart` what is of no single one.
    """

    folders: Mapping[str, Folder]
    inputs: Inputs
    limit: int
    told: Told
    parts: Mapping[str, Part]
    apart: Apart | None


@dataclass(slots=True)
class Run:
    """One run of a command over everything. `files` notes what it reads, `note` takes what it leaves.

    `strict`: manifests below rendered/ that nobody rendered change what is told.
    """

    files: NotingTree
    name: str
    strict: bool
    _schemas: NotingTree
    keeps: bool = True
    """Whether all that it reads can be noted."""
    _draft: cache.Draft | None = None
    _waiting: list[tuple[str, Folder]] = field(default_factory=list)
    _parts: list[tuple[str, Part]] = field(default_factory=list)

    @staticmethod
    def of(root: Path, command: str, *, strict: bool, also: object) -> Run | None:
        """None where it can't be known which compiler runs. `also` is what it reads of other files, as plain data."""
        code = cache.compiler(resources.schemas())
        if code is None:
            return None
        tree = WorkingTree(os.fspath(root.resolve()))
        key = repr((tree.root, command, code, also)).encode("utf-8", "surrogateescape")
        name = f"run-{hashlib.blake2b(key, digest_size=20).hexdigest()}"
        return Run(NotingTree(tree), name, strict, NotingTree(tree))

    def kept(self) -> Kept | None:
        """What the last run kept."""
        content = cache.read(self.name)
        return None if content is None else _kept(content)

    def last(self, today: date | None) -> Told | None:
        """What the last run told, if this one would find, write and tell just the same."""
        kept = self.kept()
        if kept is None or kept.told.day not in (None, today):
            return None
        now = changes(self.files.tree, kept.inputs)
        if now is None or now.files or now.folders:
            return None
        comparison = self.compared(kept)
        if not comparison.looked():
            return None
        if now.fresh or comparison.fresh:
            # What was younger than the limit has been read, and is older by now.
            self.keep_again(kept._replace(folders={**kept.folders, **comparison.fresh}, inputs=now.inputs))
        return kept.told

    def compared(self, kept: Kept, most: int = 0) -> Comparison:
        """The tree below rendered/ against what the last run left, which is still to be looked at; see Comparison."""
        rendered = os.path.join(self.files.tree.root, RENDERED)
        return Comparison(rendered, kept.folders, kept.limit, self.files.began, self.strict, most)

    def keep_again(self, kept: Kept, units: Iterable[UnitPlan] = ()) -> None:
        """Keep what was known, and these units that were looked at since."""
        for folder in kept.folders.items():
            self._note(folder)
        for unit in units:
            self.note(unit, {})
        for part in kept.parts.items():
            self.note_part(*part)
        self._finish(kept.inputs, self.files.began, kept.told, kept.apart)

    def begin(self) -> None:
        """Note the schemas of kinds that the repository has, which are read by others. With links among them nothing is kept."""
        root = self.files.tree.root
        if not self._schemas.is_folder(_SCHEMAS):
            return
        for place, names, files in os.walk(os.path.join(root, _SCHEMAS)):
            folder = os.path.relpath(place, root).replace(os.sep, "/")
            self._schemas.scan(folder)
            contents = [self._schemas.content(f"{folder}/{name}", _LARGEST) for name in files]
            linked = any(os.path.islink(os.path.join(place, name)) for name in (*names, *files))
            self.keeps = self.keeps and not linked and all(isinstance(content, bytes) for content in contents)

    def note(self, unit: UnitPlan, written: Mapping[str, State]) -> None:
        """Note what a unit will be once it is written. `written` are the states of its files that are staged."""
        for folder in noted(unit, written, self.files.began):
            self._note(folder)

    def note_part(self, source: str, part: Part) -> None:
        """Note what was found in what is rendered from a folder."""
        self._parts.append((source, part))
        if len(self._parts) == _TOGETHER:
            self._write()

    def keep(self, told: Told, limit: int, apart: Apart | None = None) -> None:
        """Tell the next run of this one, which began to move what it wrote into its place at `limit`, in nanoseconds."""
        read, schemas_then = self.files.inputs(), self._schemas.inputs()
        since = changes(self.files.tree, schemas_then)
        if since is None or since.files or since.folders or not self.keeps or _touched(schemas_then, since.inputs):
            self.drop()
            return
        schemas = since.inputs
        inputs = Inputs(
            {**read.files, **schemas.files}, {**read.folders, **schemas.folders}, {**read.kinds, **schemas.kinds}
        )
        self._finish(inputs, limit, told, apart)

    def drop(self) -> None:
        """Tell the next run nothing."""
        if self._draft is not None:
            self._draft.drop()

    def _note(self, folder: tuple[str, Folder]) -> None:
        self._waiting.append(folder)
        if len(self._waiting) == _TOGETHER:
            self._write()

    def _write(self) -> None:
        self._draft = self._draft or cache.Draft.begun()
        if self._draft is not None:
            folders = [(path, *folder) for path, folder in self._waiting]
            self._draft.add(_piece((folders, [(source, *part.plain()) for source, part in self._parts])))
        self._waiting.clear()
        self._parts.clear()

    def _finish(self, inputs: Inputs, limit: int, told: Told, apart: Apart | None) -> None:
        self._write()
        if self._draft is not None:
            day = told.day.toordinal() if told.day is not None else None
            said = dump(told.diagnostics), told.services, told.targets, told.manifests, day
            self._draft.add(_piece((tuple(inputs), limit, said, dump(apart))))
            self._draft.keep(self.name)


def _touched(before: Inputs, now: Inputs) -> bool:
    """Whether a file was written in between, be it with what it held: what was read of it in between is not known."""
    return any(seen[0] not in (UNKNOWN, now.files[path][0]) for path, seen in before.files.items())


@contextmanager
def run_over_all(
    root: Path, command: str, selection: Selection | None, *, strict: bool = False, also: object = None
) -> Iterator[Run | None]:
    """A run that notes what it reads and leaves, unless it is not about everything, or is to tell other machines what it finds.

    What isn't kept within is forgotten.
    """
    everything = selection is not None and selection.everything and not _tells_others()
    run = Run.of(root, command, strict=strict, also=also) if everything else None
    try:
        yield run
    finally:
        if run is not None:
            run.drop()


def _tells_others() -> bool:
    """Whether this machine fills the place that machines share, which may have nothing of what this one knows."""
    return bool(os.environ.get(PLACE) and os.environ.get(PRIVATE))


def _piece(value: Any) -> bytes:
    content = marshal.dumps(value)
    return len(content).to_bytes(_LENGTH, "big") + content


def _pieces(content: bytes) -> Iterator[Any]:
    at = 0
    while at < len(content):
        start = at + _LENGTH
        at = start + int.from_bytes(content[at:start], "big")
        yield marshal.loads(memoryview(content)[start:at])


def _kept(content: bytes) -> Kept:
    *lists, last = _pieces(content)
    folders = joined((path, Folder(*folder)) for each, _ in lists for path, *folder in each)
    parts: dict[str, Part] = {}
    for source, *plain in (part for _, each in lists for part in each):
        part = Part.of_plain(*plain)
        parts[source] = parts[source].joined(part) if source in parts else part
    inputs, limit, (diagnostics, services, targets, manifests, day), apart = last
    told = Told(load(diagnostics), services, targets, manifests, date.fromordinal(day) if day is not None else None)
    return Kept(folders, Inputs(*inputs), limit, told, parts, load(apart))
