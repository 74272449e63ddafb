"""What a change takes away of the data that its base has, be the rendered files that say so still there or deleted with it.

The base's truth is what its `rendered/` holds: that is what Argo CD applied, and so what there is to lose. What its sources
would render and nobody rendered holds no data yet.
"""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pavior import cache, resources
from pavior.diagnostics import Diagnostic
from pavior.diagnostics.codes.plan import UNREADABLE_BASE_DATA
from pavior.git import Commit, nodes
from pavior.git.blobs import Blobs
from pavior.git.identity import blob_id
from pavior.model import RENDERED, Action, Manifest, Span, UnitPlan
from pavior.phases.removal import read_manifests
from pavior.phases.render import DATA_FOLDER
from pavior.pipeline.committed import PLAIN
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.parts import data_digest
from pavior.pipeline.retired import unnoted
from pavior.pipeline.selection import Selection
from pavior.syntax.tolerant import LARGEST


@dataclass(slots=True)
class DataOfBase:
    """The files of the base that hold data, by the folder of their service in a target, until somebody answers for them."""

    commit: Commit
    blobs: Blobs
    unanswered: dict[str, dict[str, str]] = field(default_factory=dict)
    """`prod/payments/checkout` → path below rendered/ → blob."""

    @staticmethod
    def of(commit: Commit, folders: Collection[str] | None = None) -> DataOfBase:
        """All that a commit has, or what it has in these folders."""
        found = DataOfBase(commit, Blobs(commit.root))
        places = [RENDERED] if folders is None else [f"{RENDERED}/{folder}" for folder in folders]
        for path, node in nodes(commit, *places) if places else ():
            parts = path.split("/")
            if len(parts) == 6 and parts[4] == DATA_FOLDER and node.mode in PLAIN:
                found.unanswered.setdefault("/".join(parts[1:4]), {})["/".join(parts[1:])] = node.id
        return found

    def lost_in(self, fleet: Fleet, units: Iterable[UnitPlan]) -> Iterator[Diagnostic]:
        """What is lost by what these units will hold, once they are written."""
        for unit in units:
            held = self.unanswered.pop(unit.path, None)
            if held is None:
                continue
            new = {c.path: _content(fleet, c.path, c.content) for c in unit.changes if c.action is not Action.DELETE}
            differing = {p: i for p, i in held.items() if p not in new or blob_id(new[p], self.commit.digest) != i}
            if differing:
                manifests = {path: read_manifests(content) or () for path, content in new.items()}
                yield from self._lost(fleet, differing, manifests)

    def lost_altogether(self, fleet: Fleet, selection: Selection, kept: Collection[str]) -> Iterator[Diagnostic]:
        """What is lost with all that no unit answered for, but for what is rendered from one of the folders `kept`."""
        for folder, held in self.unanswered.items():
            target, _, service = folder.partition("/")
            source = f"teams/{service}"
            excused = any(source == each or source.startswith(f"{each}/") for each in kept)
            if not excused and selection.target(target) and selection.source(source):
                yield from self._lost(fleet, held, {})
        self.unanswered.clear()

    def _lost(
        self, fleet: Fleet, held: Mapping[str, str], new: Mapping[str, Sequence[Manifest]]
    ) -> Iterator[Diagnostic]:
        base: dict[str, Sequence[Manifest]] = {}
        for path, content in zip(held, self.blobs.read_all(list(held.values()), LARGEST), strict=True):
            manifests = None if content is None else read_manifests(content)
            if manifests is None:
                message = f"`{RENDERED}/{path}` holds data, and can't be read as the base has it"
                hint = "render it anew on the base's branch first"
                yield Diagnostic(UNREADABLE_BASE_DATA, Span(f"{RENDERED}/{path}"), message, hint)
            else:
                base[path] = manifests
        yield from unnoted(fleet, base, new, "in the base")


def digests(commit: Commit) -> Mapping[str, bytes]:
    """A digest of the data that a commit has, by the folder of its service in a target; listed once, and then kept."""
    code = cache.compiler(resources.schemas())
    key = repr((commit.root, commit.tree, code)).encode("utf-8", "surrogateescape")
    name = f"data-{hashlib.blake2b(key, digest_size=20).hexdigest()}"
    kept = cache.read(name) if code is not None else None
    if kept is not None:
        known: dict[str, bytes] = marshal.loads(kept)
        return known
    found = {folder: data_digest(files) for folder, files in DataOfBase.of(commit).unanswered.items()}
    if code is not None and commit.tree is not None:
        cache.write(name, marshal.dumps(found))
    return found


def _content(fleet: Fleet, path: str, content: bytes | None) -> bytes:
    """What is planned for a path; what is kept is on the disk already."""
    return Path(fleet.repository.root, RENDERED, path).read_bytes() if content is None else content
