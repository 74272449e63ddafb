"""Pairs: one owner in one target on both sides → its manifests that may differ, before and after."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from pavior.compare import Edit
from pavior.compare.difference import Where
from pavior.diagnostics import Diagnostic
from pavior.emit import NotEmittable
from pavior.git.identity import blob_id
from pavior.model import RENDERED, Manifest
from pavior.phases.render import Only
from pavior.pipeline.affected import Affected, Subject
from pavior.pipeline.assemble import Owner, Placed, by_artifact, effective_spec, layers_of, manifests, scene_of
from pavior.pipeline.committed import Committed
from pavior.pipeline.compile import emit_placed
from pavior.pipeline.moved import SERVICE_SCOPES, Moved, Seen
from pavior.pipeline.side import Side
from pavior.platform import Scene, Scope, TargetContext


class Pair(NamedTuple):
    """An owner's manifests in one target that may differ."""

    where: Where
    before: Sequence[Manifest]
    after: Sequence[Manifest]


class Withheld(Exception):
    """The head can't be compared: it has faults of its own, `diagnostics`, or reads from one that has."""

    def __init__(self, diagnostics: Sequence[Diagnostic], reason: str) -> None:
        super().__init__(reason)
        self.diagnostics, self.reason = diagnostics, reason


@dataclass(slots=True)
class Pairing:
    """The two sides, and what of them may differ. `everything`: render all of an owner, whatever can differ."""

    base: Side | None
    head: Side
    committed: Committed
    affected: Affected
    moved: Moved | None
    everything: bool = False
    _with_artifact: dict[int, frozenset[str]] = field(default_factory=dict)

    def of(self, subject: Subject) -> Iterator[Pair]:
        """The pairs of a subject, target by target. Raises Withheld."""
        here = owners(self.head, subject)
        if here is None:
            other = self.head.fleet.blocked.get(subject.id)
            raise Withheld((), f"it reads from {other}, which has errors" if other else "it has errors")
        there = owners(self.base, subject) if self.base is not None else None
        # Of what no source of either side says, the files alone tell.
        hinted = {path.partition("/")[0] for path in self.affected.subjects[subject]} if there is None else set()
        for target in sorted({*(there or {}), *here, *hinted}):
            base, head = (there or {}).get(target), here.get(target)
            pair = self._pair(subject, target, base, head, readable=there is not None)
            if pair is not None:
                yield pair

    def _pair(
        self, subject: Subject, target: str, base: Owner | None, head: Owner | None, *, readable: bool
    ) -> Pair | None:
        hinted = {p for p in self.affected.subjects[subject] if p.partition("/")[0] == target and _is_manifests(p)}
        names = None if self.everything or not readable else self._names(subject, base, head, hinted)
        if names is not None and not names:
            return None
        found = self._compared(names, base, head, hinted, readable)
        if found is None:
            found = self._compared(None, base, head, hinted, readable)
        assert found is not None, "only some components can be too few"
        return Pair(_where(subject, target, base or head, there=base or found[0], here=head), *found)

    def _compared(
        self,
        names: frozenset[str] | None,
        base: Owner | None,
        head: Owner | None,
        hinted: Collection[str],
        readable: bool,
    ) -> tuple[list[Manifest], list[Manifest]] | None:
        """The manifests of these components at the paths that differ; None where all components have to be rendered.

        That is where the base's file is not what its sources render: somebody edited it, another compiler rendered it, or
        it holds other components' manifests too.
        """
        after, faults = self._rendered(self.head, head, names)
        if faults:
            raise Withheld(faults, "it has errors")
        rendered, faults = self._rendered(self.base, base, names)
        if faults and names is not None:
            return None
        paths = {*hinted, *(p for p in {*rendered, *after} if _items(rendered.get(p)) != _items(after.get(p)))}
        unread = faults or not readable
        if not paths and not unread:
            return [], []
        owner = head or base
        folder = owner.folder if owner is not None else ""
        others = [path for path in paths if not folder or not path.startswith(f"{folder}/")]
        held = self.committed.of_owner(folder, others)
        if unread:
            paths |= {path for path in held if _is_manifests(path)}
        before: list[Manifest] = []
        for path in sorted(paths):
            items, id_ = _items(rendered.get(path)), held.get(path)
            if id_ is None or self._is(id_, base, path, items):
                before += items if id_ is not None else ()
            elif names is not None:
                return None
            else:
                before += self.committed.manifests(id_) or ()
        return before, [item for path in sorted(paths) for item in _items(after.get(path))]

    def _is(self, id_: str, base: Owner | None, path: str, items: Sequence[Manifest]) -> bool:
        """Whether a file of the base holds what its sources render."""
        if base is None or not items:
            return False
        try:
            return blob_id(emit_placed(base.source, path, items, text=False), self.committed.commit.digest) == id_
        except NotEmittable:
            return False

    def _names(
        self, subject: Subject, base: Owner | None, head: Owner | None, hinted: Collection[str]
    ) -> frozenset[str] | None:
        """The components whose manifests may differ; None for all of them."""
        if base is None or head is None or self.base is None or self.moved is None:
            return None
        own = [o.service for o in (base, head) if o.service is not None and (o.service.raw or o.service.patches)]
        if own and (self.moved.labels or subject in self.affected.written):
            return None
        scopes = SERVICE_SCOPES if subject.service else frozenset({Scope.TEAM if subject.team else Scope.ENVIRONMENT})
        seen = self._seen(self.base, base), self._seen(self.head, head)
        names = self.moved.components(*seen, scopes)
        mine = (f"{base.folder}/", f"{head.folder}/")
        for path in hinted:
            names |= {_stem(path)} if path.startswith(mine) else self._placing(head.target)
        return None if own and names else names

    def _placing(self, target: TargetContext) -> frozenset[str]:
        """The components that say themselves where an artifact of theirs lands."""
        key = id(target)
        if key not in self._with_artifact:
            platforms = [side.fleet.platform for side in (self.base, self.head) if side is not None]
            components = [c for platform in platforms for c in platform.components.values()]
            self._with_artifact[key] = frozenset(c.name for c in components if any(t.artifact for t in c.manifests))
        return self._with_artifact[key]

    @staticmethod
    def _scene(side: Side, owner: Owner) -> Scene:
        service = owner.service
        spec = effective_spec(side.fleet.stacks, service, owner.target.target) if service is not None else None
        scene = scene_of(owner.target, owner.team, service, spec[0] if spec else None)
        if service is not None:
            scene["linked"] = side.fleet.links.linked(service.id, owner.target.target)
        return scene

    def _seen(self, side: Side, owner: Owner) -> Seen:
        path = owner.service.path if owner.service is not None else None
        return Seen(side.fleet.platform, owner.target, self._scene(side, owner), path)

    def _rendered(
        self, side: Side | None, owner: Owner | None, names: frozenset[str] | None
    ) -> tuple[Mapping[str, list[Placed[Manifest]]], tuple[Diagnostic, ...]]:
        """One side's manifests by path, and its faults."""
        if owner is None or side is None:
            return {}, ()
        only = None
        if names is not None and self.moved is not None:
            seen = self._seen(side, owner)
            only = self.moved.only(names, seen) if owner.service is not None else Only(names, contributions=False)
        placed, found = manifests(side.fleet.platform, owner, self._scene(side, owner), only)
        errors = tuple(d for d in found if d.is_error)
        return ({} if errors else by_artifact([p for p in placed if not p.is_text])), errors


def owners(side: Side, subject: Subject) -> dict[str, Owner] | None:
    """A subject's owner in each target, by the target's name; none where the side lacks it. None where it has faults."""
    fleet = side.fleet
    if subject.service:
        if subject.id not in fleet.repository.services:
            return None if subject.id in fleet.broken else {}
        if not side.bring(subject.id):
            return None
        known = fleet.services[subject.id]
        targets = [t for t in fleet.platform.targets if layers_of(known, t.target) is not None]
        return {t.target.name: Owner(t, known.team, known) for t in (*targets, *islice(fleet.entries(known), 1))}
    if subject.team and subject.team not in fleet.repository.teams:
        return {}
    if subject.team and not side.team(subject.team):
        return None
    team = fleet.teams[subject.team] if subject.team else None
    return {t.target.name: Owner(t, team) for t in (*fleet.platform.targets, *islice(fleet.entries(), 1))}


def _where(subject: Subject, name: str, owner: Owner | None, *, there: object, here: object) -> Where:
    catalogue = owner is None or owner.target.catalogue
    target = owner.target.target if owner is not None and not catalogue else None
    return Where(
        name,
        target.environment if target is not None else name.partition("@")[0],
        target.cluster if target is not None else name.partition("@")[2] or name,
        subject.team or None,
        subject.service or None,
        f"{RENDERED}/{owner.folder}" if owner is not None else f"{RENDERED}/{name}",
        Edit.CHANGED if there and here else Edit.ADDED if here else Edit.REMOVED,
    )


def _items(placed: Sequence[Placed[Manifest]] | None) -> list[Manifest]:
    return [each.item for each in placed or ()]


def _is_manifests(path: str) -> bool:
    return path.endswith(".yaml")


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]
