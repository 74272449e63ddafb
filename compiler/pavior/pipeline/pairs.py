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
from pavior.pipeline.assemble import Owner, Placed, by_artifact, layers_of, manifests, scene_of
from pavior.pipeline.committed import Committed
from pavior.pipeline.compile import emit_placed
from pavior.pipeline.moved import SERVICE_SCOPES, Moved, Movement, Seen, same
from pavior.pipeline.side import Side
from pavior.platform import Scope, TargetContext


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


class _View(NamedTuple):
    """An owner on one side, and what its templates read there."""

    side: Side
    owner: Owner
    seen: Seen

    @staticmethod
    def of(side: Side | None, owner: Owner | None) -> _View | None:
        if side is None or owner is None:
            return None
        service, target = owner.service, owner.target
        spec = side.spec(service.id, target.target) if service is not None else None
        scene = scene_of(target, owner.team, service, spec)
        if service is not None:
            scene["linked"] = side.fleet.links.linked(service.id, target.target)
        path = service.path if service is not None else None
        return _View(side, owner, Seen(side.fleet.platform, target, scene, path))


class _Meeting(NamedTuple):
    """The two sides of an owner in one target. `hinted` are paths of manifests that are rendered otherwise in HEAD;
    `readable`: the base's sources say what the owner was."""

    target: str
    base: _View | None
    head: _View | None
    hinted: Collection[str]
    readable: bool


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
        for meeting in self._meetings(subject):
            moved = self._movement(subject, meeting)
            if moved is not None and not moved.components:
                continue
            found = self._compared(moved, meeting)
            if found is None:
                found = self._compared(None, meeting)
            assert found is not None, "only some components can be too few"
            yield Pair(_where(subject, meeting, there=meeting.base or found[0]), *found)

    def touches(self, subject: Subject) -> bool:
        """Whether anything that is rendered of a subject can differ. Raises Withheld."""
        movements = (self._movement(subject, meeting) for meeting in self._meetings(subject))
        return any(moved is None or moved.components for moved in movements)

    def forget(self) -> None:
        """Drop the specs that were kept of the subjects so far."""
        for side in (self.base, self.head):
            if side is not None:
                side.forget()

    def _meetings(self, subject: Subject) -> Iterator[_Meeting]:
        """Both sides of a subject, target by target."""
        here = owners(self.head, subject)
        if here is None:
            other = self.head.fleet.blocked.get(subject.id)
            raise Withheld((), f"it reads from {other}, which has errors" if other else "it has errors")
        there = owners(self.base, subject) if self.base is not None else None
        hinted = {path for path in self.affected.subjects[subject] if _is_manifests(path)}
        # Of what no source of either side says, the files alone tell.
        others = {path.partition("/")[0] for path in hinted} if there is None else set()
        for target in sorted({*(there or {}), *here, *others}):
            sides = _View.of(self.base, (there or {}).get(target)), _View.of(self.head, here.get(target))
            yield _Meeting(target, *sides, {p for p in hinted if p.partition("/")[0] == target}, there is not None)

    def _compared(self, moved: Movement | None, meeting: _Meeting) -> tuple[list[Manifest], list[Manifest]] | None:
        """The manifests of these components at the paths that differ; None where all components have to be rendered.

        That is where the base's file is not what its sources render: somebody edited it, another compiler rendered it, or
        it holds other components' manifests too.
        """
        base, head = meeting.base, meeting.head
        after, faults = self._rendered(head, moved)
        if faults:
            raise Withheld(faults, "it has errors")
        if moved is not None and not moved.contributions and base is not None and head is not None:
            base.seen.scene.update((k, v) for k, v in head.seen.scene.items() if k == "contributions")
        rendered, faults = self._rendered(base, moved)
        if faults and moved is not None:
            return None
        there, here = ({path: [each.item for each in placed] for path, placed in r.items()} for r in (rendered, after))
        paths = {*meeting.hinted, *(p for p in {*there, *here} if not same(there.get(p, []), here.get(p, [])))}
        unread = faults or not meeting.readable
        if not paths and not unread:
            return [], []
        view = head or base
        folder = view.owner.folder if view is not None else ""
        others = [path for path in paths if not folder or not path.startswith(f"{folder}/")]
        held = self.committed.of_owner(folder, others)
        if unread:
            paths |= {path for path in held if _is_manifests(path)}
        before: list[Manifest] = []
        for path in sorted(paths):
            items, id_ = there.get(path, []), held.get(path)
            if id_ is None or self._is(id_, base, path, items):
                before += items if id_ is not None else ()
            elif moved is not None:
                return None
            else:
                before += self.committed.manifests(id_) or ()
        return before, [item for path in sorted(paths) for item in here.get(path, [])]

    def _is(self, id_: str, base: _View | None, path: str, items: Sequence[Manifest]) -> bool:
        """Whether a file of the base holds what its sources render."""
        if base is None or not items:
            return False
        try:
            return blob_id(emit_placed(base.owner.source, path, items, text=False), self.committed.commit.digest) == id_
        except NotEmittable:
            return False

    def _movement(self, subject: Subject, meeting: _Meeting) -> Movement | None:
        """The components whose manifests may differ; None for all of them."""
        base, head = meeting.base, meeting.head
        if self.everything or not meeting.readable:
            return None
        if base is None or head is None or self.moved is None:
            return None
        own = any(
            v.owner.service is not None and (v.owner.service.raw or v.owner.service.patches) for v in (base, head)
        )
        if own and (subject in self.affected.written or self.moved.labels_differ(base.seen, head.seen)):
            return None
        scopes = SERVICE_SCOPES if subject.service else frozenset({Scope.TEAM if subject.team else Scope.ENVIRONMENT})
        names, contributions = self.moved.of(base.seen, head.seen, scopes)
        mine = (f"{base.owner.folder}/", f"{head.owner.folder}/")
        for path in meeting.hinted:
            names |= {_stem(path)} if path.startswith(mine) else self._placing(head.owner.target)
        return None if own and names else Movement(names, contributions)

    def _placing(self, target: TargetContext) -> frozenset[str]:
        """The components that say themselves where an artifact of theirs lands."""
        key = id(target)
        if key not in self._with_artifact:
            platforms = [side.fleet.platform for side in (self.base, self.head) if side is not None]
            components = [c for platform in platforms for c in platform.components.values()]
            self._with_artifact[key] = frozenset(c.name for c in components if any(t.artifact for t in c.manifests))
        return self._with_artifact[key]

    def _rendered(
        self, view: _View | None, moved: Movement | None
    ) -> tuple[Mapping[str, list[Placed[Manifest]]], tuple[Diagnostic, ...]]:
        """One side's manifests by path, and its faults."""
        if view is None:
            return {}, ()
        only = None
        if moved is not None and self.moved is not None:
            gathered = view.owner.service is None or "contributions" in view.seen.scene
            only = Only(moved.components, not gathered and self.moved.contributing(moved.components, view.seen))
        placed, found = manifests(view.seen.platform, view.owner, view.seen.scene, only)
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


def _where(subject: Subject, meeting: _Meeting, *, there: object) -> Where:
    view = meeting.head or meeting.base
    target = view.owner.target.target if view is not None and not view.owner.target.catalogue else None
    name = meeting.target
    return Where(
        name,
        target.environment if target is not None else name.partition("@")[0],
        target.cluster if target is not None else name.partition("@")[2] or name,
        subject.team or None,
        subject.service or None,
        f"{RENDERED}/{view.owner.folder if view is not None else name}",
        Edit.CHANGED if there and meeting.head else Edit.ADDED if meeting.head else Edit.REMOVED,
    )


def _is_manifests(path: str) -> bool:
    return path.endswith(".yaml")


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]
