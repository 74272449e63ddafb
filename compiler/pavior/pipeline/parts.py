"""Parts: what a check found in all that is rendered from one folder, so that the next one looks at what changed only."""

from __future__ import annotations

import hashlib
import marshal
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pavior.diagnostics import Diagnostic
from pavior.diagnostics.kept import dump, load
from pavior.git.identity import blob_id
from pavior.model import RENDERED, Action, ServiceId, UnitPlan
from pavior.phases.render import DATA_FOLDER
from pavior.pipeline.compile import lasting_hash
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.together import Step

_NAME = 8
_DIGEST = 16


class Part(NamedTuple):
    """What is rendered from one folder.

    `names` are hashes of the paths of its units and of the identities of its manifests, which nobody else may have. `said` is
    a digest of what others read of it, `data` one for each folder with files that hold data.
    """

    manifests: int
    names: bytes
    diagnostics: tuple[Diagnostic, ...]
    said: bytes
    data: Mapping[str, bytes]

    def joined(self, other: Part) -> Part:
        """This and another part of the same folder."""
        return Part(
            self.manifests + other.manifests,
            self.names + other.names,
            self.diagnostics + other.diagnostics,
            self.said or other.said,
            {**self.data, **other.data},
        )

    def plain(self) -> tuple[Any, ...]:
        """As plain data."""
        return (*self[:2], dump(self.diagnostics) if self.diagnostics else b"", *self[3:])

    @staticmethod
    def of_plain(manifests: int, names: bytes, diagnostics: bytes, said: bytes, data: Mapping[str, bytes]) -> Part:
        """From plain data."""
        return Part(manifests, names, load(diagnostics) if diagnostics else (), said, data)


class Apart(NamedTuple):
    """What a check found that is of no single folder.

    `fixed` follows from golden paths, teams and code owners alone; `of_teams` from all services of a team: its quotas, and
    its and their budgets. `budgeting` are the files that may set a budget.
    """

    fixed: tuple[Diagnostic, ...]
    of_teams: Mapping[str, tuple[Diagnostic, ...]]
    budgeting: tuple[str, ...]


def part_of(fleet: Fleet, step: Step) -> Part:
    """What is to be kept of a step that changes nothing."""
    names = [lasting_hash(("", unit.path)).to_bytes(_NAME, sys.byteorder) for unit in step.units]
    names += [(each ^ _salt(target)).to_bytes(_NAME, sys.byteorder) for target, each in step.taken]
    service = _service(step.owner)
    said = said_by(fleet, service) if service is not None else b""
    return Part(step.manifests, b"".join(names), step.found, said, dict(_data(fleet, step.units)))


def _service(source: str) -> ServiceId | None:
    _, team, name = (*source.split("/"), "", "")[:3]
    return ServiceId(team, name) if name else None


@cache
def _salt(target: str) -> int:
    return lasting_hash((target,))


def said_by(fleet: Fleet, service: ServiceId) -> bytes:
    """A digest of what a service says of itself, for others to read, by target."""
    declared = (
        (c.target.place, fleet.links.declarations.get((c.target.place, service))) for c in fleet.platform.targets
    )
    said: Any = [(place, found.namespace, found.facts) for place, found in declared if found is not None]
    return hashlib.blake2b(marshal.dumps(said, 0), digest_size=_DIGEST).digest()


def has_unit(part: Part, path: str) -> bool:
    """Whether a part has the file at a path as a unit of its own."""
    return lasting_hash(("", path)) in _names((part,))


def new_names(now: Iterable[Part], before: Iterable[Part]) -> frozenset[int]:
    """The names that are in parts and were in none of them before."""
    return frozenset(_names(now)).difference(_names(before))


def any_has(parts: Iterable[Part], names: frozenset[int]) -> bool:
    """Whether any of these parts has one of these names."""
    return bool(names) and not names.isdisjoint(_names(parts))


def _names(parts: Iterable[Part]) -> memoryview:
    return memoryview(b"".join(part.names for part in parts)).cast("Q")


def data_digest(files: Mapping[str, str]) -> bytes:
    """What stands for files by path, each with the id that Git gives it."""
    told = "".join(f"{path}\0{files[path]}\0" for path in sorted(files))
    return hashlib.blake2b(told.encode("utf-8", "surrogateescape"), digest_size=_DIGEST).digest()


def _data(fleet: Fleet, units: Iterable[UnitPlan]) -> Iterator[tuple[str, bytes]]:
    """The folders of services in targets that hold data, as `DataOfBase` calls them."""
    for unit in units:
        files = {}
        for change in unit.changes:
            parts = change.path.split("/")
            if len(parts) == 5 and parts[3] == DATA_FOLDER and change.action is not Action.DELETE:
                content = change.content
                if content is None:
                    content = Path(fleet.repository.root, RENDERED, change.path).read_bytes()
                files[change.path] = blob_id(content)
        if files:
            yield unit.path, data_digest(files)
