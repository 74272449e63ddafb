"""Together: what only shows when all owners of a run are seen, and what that takes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pavior.diagnostics import Diagnostic
from pavior.model import RENDERED, Change, ServiceId, UnitPlan
from pavior.phases.link import parse
from pavior.phases.plan import claim, stale
from pavior.pipeline.assemble import Owner
from pavior.pipeline.compile import Taken, collision
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.retired import unretired
from pavior.pipeline.selection import Selection
from pavior.pipeline.work import Worked


@dataclass(frozen=True, slots=True)
class Step:
    """Units that may be written together: of a service, of a team or environment in a target, or what nothing renders.

    `owner` is the folder that they are rendered from; the rest is what was rendered and `found` with them.
    """

    owner: str
    units: tuple[UnitPlan, ...]
    found: tuple[Diagnostic, ...] = ()
    manifests: int = 0
    taken: tuple[Taken, ...] = ()


@dataclass(slots=True)
class Together:
    """One run over a fleet. It remembers paths, services and hashes, never bytes or manifests."""

    fleet: Fleet
    planned: dict[str, list[str]] = field(default_factory=dict)
    """The paths of the units that are planned, by the folder that they are rendered from."""
    changed: list[UnitPlan] = field(default_factory=list)
    """The units that differ from the tree, without their content."""
    _claimed: dict[str, str] = field(default_factory=dict)
    _taken: dict[tuple[str, int], tuple[Owner, int]] = field(default_factory=dict)
    """By target and identity, whose it is, and the how-manieth of its manifests."""
    _failed: set[str] = field(default_factory=set)

    def compare(self, group: Sequence[Owner], worked: Worked) -> Iterator[Diagnostic]:
        """What is wrong between a group and those before it: one file of two owners, or one identity of two manifests.

        Whoever is at fault is withheld: both, but for a raw manifest that takes what a template makes.
        """
        for found in claim(self._claimed, worked.units, group[0].source):
            self.withhold(group[0])
            self._failed.add(self._claimed[found.span.file.removeprefix(f"{RENDERED}/")])
            yield found
        by_target = {owner.target.target.name: owner for owner in group}
        position: dict[str, int] = {}
        for target, identity in worked.taken:
            index = position[target] = position.get(target, -1) + 1
            owner = by_target[target]
            other, its_index = self._taken.setdefault((target, identity), (owner, index))
            if other is not owner:
                theirs = collision(self.fleet, other, its_index, owner.name)
                mine = collision(self.fleet, owner, index, other.name)
                for whose, each, against in ((other, theirs, mine), (owner, mine, theirs)):
                    if each.raw or not against.raw:
                        self.withhold(whose)
                        yield from each.diagnostics

    def taken(self) -> dict[str, tuple[Taken, ...]]:
        """What is rendered from each folder."""
        found: dict[str, list[Taken]] = {}
        for identity, (owner, _) in self._taken.items():
            found.setdefault(owner.source, []).append(identity)
        return {source: tuple(each) for source, each in found.items()}

    def withhold(self, owner: Owner) -> None:
        """A fault of an owner: a service is not written at all, nor is what reads its facts; nothing of any is deleted."""
        self._failed.add(owner.source)
        if owner.service is not None:
            self.fleet.broken.add(owner.service.id)

    def failed(self, owner: Owner) -> bool:
        return owner.source in self._failed

    def step(self, source: str, units: Sequence[UnitPlan], worked: Worked | None = None) -> Step:
        """Note what is planned. `worked` is what it came from, where somebody rendered it."""
        self.planned.setdefault(source, []).extend(unit.path for unit in units)
        for unit in units:
            if unit.changed:
                changes = tuple(Change(change.path, change.action) for change in unit.changed)
                self.changed.append(UnitPlan(unit.path, unit.is_directory, unit.present, changes))
        if worked is None:
            return Step(source, tuple(units))
        return Step(source, tuple(units), worked.diagnostics, worked.manifests, worked.taken)

    def withheld(self) -> dict[ServiceId, str]:
        """The services that are not written, and why."""
        fleet = self.fleet
        reasons = dict.fromkeys(sorted(fleet.broken), "it has errors")
        for reader, other in (*fleet.blocked.items(), *fleet.links.readers_of(fleet.broken)):
            reasons.setdefault(reader, f"it reads from {other}, which has errors")
        return reasons

    def withdrawn(self) -> list[str]:
        """The units that were planned before a fault was found that keeps them from being written."""
        sources = self._failed | {f"teams/{service}" for service in self.withheld()}
        return [path for source in sorted(sources) for path in self.planned.get(source, ())]

    def stale(self, selection: Selection) -> Iterator[tuple[str, tuple[UnitPlan, ...], list[Diagnostic]]]:
        """What nothing renders any more, by the folder that it was rendered from, and what speaks against deleting it.

        Nothing of what is at fault is deleted, nor of what this run is not about. A run about some services looks for what
        is called by the name of one, outside of other teams' folders.
        """
        kept = [f"teams/{service}" for service in self.fleet.unwritable()]
        kept += [f"teams/{team}" for team in self.fleet.broken_teams]
        kept += self.fleet.repository.unusable
        sources: dict[str, str] = {}

        def answers_for(path: str, source: str) -> bool:
            sources[path] = source
            if source in self._failed or any(source == k or source.startswith(f"{k}/") for k in kept):
                return False
            return selection.target(path.split("/", maxsplit=1)[0]) and selection.source(source)

        grouped: dict[str, list[UnitPlan]] = {}
        elsewhere = selection.passes_over(self.fleet.repository.teams)
        for unit in stale(self.fleet.repository.root, self._claimed.keys(), answers_for, elsewhere):
            grouped.setdefault(sources[unit.changes[0].path], []).append(unit)
        for source, units in grouped.items():
            found = list(unretired(self.fleet, units))
            if any(d.is_error for d in found):
                self.fleet.broken |= self.fleet.services.keys() & {parse(source.removeprefix("teams/"))}
            yield source, tuple(units), found
