"""Together: what only shows when all owners of a run are seen, and what that takes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pavior.diagnostics import Diagnostic
from pavior.model import RENDERED, ServiceId, UnitPlan
from pavior.phases.link import parse
from pavior.phases.plan import claim, stale
from pavior.pipeline.assemble import Owner
from pavior.pipeline.compile import Taken, collision
from pavior.pipeline.fleet import Fleet, owner_of
from pavior.pipeline.retired import unretired
from pavior.pipeline.selection import Selection
from pavior.pipeline.taken import Register
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
    changed: dict[str, int] = field(default_factory=dict)
    """The units that differ from the tree, and in how many files each."""
    _claimed: dict[str, str] = field(default_factory=dict)
    _taken: Register = field(default_factory=Register)
    _failed: set[str] = field(default_factory=set)

    def compare(self, group: Sequence[Owner], worked: Worked) -> Iterator[Diagnostic]:
        """What is wrong between the files of a group and those of groups before it: both owners of one file are withheld."""
        self._taken.add(group[0].source, worked.taken)
        for found in claim(self._claimed, worked.units, group[0].source):
            self.withhold(group[0])
            self._failed.add(self._claimed[found.span.file.removeprefix(f"{RENDERED}/")])
            yield found

    def collisions(self) -> Iterator[Diagnostic]:
        """What is wrong with manifests that have one identity. Whoever is at fault is withheld: both, but for a raw manifest that
        takes what a template makes."""
        for holders in self._taken.twice():
            other, owner = (owner_of(self.fleet, holder.source, holder.target) for holder in holders)
            theirs = collision(self.fleet, other, holders[0].position, owner.name)
            mine = collision(self.fleet, owner, holders[1].position, other.name)
            for whose, each, against in ((other, theirs, mine), (owner, mine, theirs)):
                if each.raw or not against.raw:
                    self.withhold(whose)
                    yield from each.diagnostics

    def taken(self) -> dict[str, tuple[Taken, ...]]:
        """What is rendered from each folder."""
        found: dict[str, list[Taken]] = {}
        for source, each in self._taken.all():
            found.setdefault(source, []).append(each)
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
            if changed := len(unit.changed):
                self.changed[unit.path] = changed
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
