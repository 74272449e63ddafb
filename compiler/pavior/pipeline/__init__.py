"""The whole program: discover → load → validate → layer → link → render → check → plan → write, or another ending.

`fleet.prepare` goes up to link for all services; from render on, one owner after another passes through, so that nothing
holds the fleet's manifests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pavior.diagnostics import Diagnostic
from pavior.model import ServiceId, UnitPlan
from pavior.phases.plan import claim, differences, plan, stale
from pavior.phases.write import recover, transaction
from pavior.pipeline.assemble import Owner, layers_of
from pavior.pipeline.clock import Clock
from pavior.pipeline.compile import Compiled, Workbench, compile_owner
from pavior.pipeline.fleet import Fleet, prepare
from pavior.pipeline.retired import unretired

Progress = Callable[[int, int], None]
"""Called with how many owners are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a command is about: these services, teams and environments; an empty tuple is all of them."""

    names: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        return not (self.names or self.teams or self.environments)

    def environment(self, name: str) -> bool:
        return not self.environments or name in self.environments

    def team(self, name: str) -> bool:
        return not self.names and (not self.teams or name in self.teams)

    def service(self, service: ServiceId) -> bool:
        return (not self.names or str(service) in self.names) and (not self.teams or service.team in self.teams)


@dataclass(slots=True)
class Report:
    """What a command found and did. `changed` are the units that differ or were written; `withheld` the services left out."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    changed: list[UnitPlan] = field(default_factory=list)
    owners: int = 0
    manifests: int = 0
    withheld: dict[ServiceId, str] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)

    @property
    def failed(self) -> bool:
        return any(d.is_error for d in self.diagnostics)


def validate(root: Path, clock: Clock | None = None) -> Report:
    """Up to link: what is wrong with the files of the fleet, without rendering it."""
    report = Report(clock=clock or Clock())
    recover(root)
    outcome = prepare(root, report.clock)
    report.diagnostics.extend(outcome.diagnostics)
    report.owners = len(outcome.value.services) if outcome.value else 0
    return report


def render(root: Path, selection: Selection, clock: Clock | None = None, progress: Progress | None = None) -> Report:
    """Bring rendered/ up to date. What is at fault, and what reads from it, stays as it is."""
    report = Report(clock=clock or Clock())
    recover(root)
    outcome = prepare(root, report.clock)
    if outcome.value is None:
        report.diagnostics.extend(outcome.diagnostics)
        return report
    with transaction(root) as writing:
        for units in planned(outcome.value, selection, report, progress):
            with report.clock.phase("write"):
                for unit in units:
                    writing.stage(unit)
        with report.clock.phase("write"):
            writing.commit()
    return report


def check(root: Path, selection: Selection, clock: Clock | None = None, progress: Progress | None = None) -> Report:
    """Everything that render would find, and each file of rendered/ that is not what it would write."""
    report = Report(clock=clock or Clock())
    recover(root)
    outcome = prepare(root, report.clock)
    if outcome.value is None:
        report.diagnostics.extend(outcome.diagnostics)
        return report
    for units in planned(outcome.value, selection, report, progress):
        for unit in units:
            report.diagnostics.extend(differences(root, unit))
    return report


def planned(
    fleet: Fleet, selection: Selection, report: Report, progress: Progress | None = None
) -> Iterator[list[UnitPlan]]:
    """Render → check → plan, one owner after another: the units of each that may be written. Diagnostics go to the report."""
    root, bench = fleet.repository.root, Workbench(fleet)
    groups = list(owners(fleet, selection))
    claimed: dict[str, str] = {}
    report.diagnostics.extend(fleet.diagnostics)
    for done, group in enumerate(groups):
        compiled = [compile_owner(bench, owner) for owner in group]
        report.diagnostics.extend(d for each in compiled for d in each.diagnostics)
        report.owners += len(group)
        if any(each.failed for each in compiled):
            _withhold(fleet, report, group[0])
            continue
        with report.clock.phase("plan"):
            units, found = _plan(fleet, root, compiled, claimed)
        report.diagnostics.extend(found)
        if any(d.is_error for d in found):
            _withhold(fleet, report, group[0])
            continue
        report.changed.extend(UnitPlan(u.path, u.is_directory, u.present, (), u.carried) for u in units if u.changed)
        yield units
        if progress is not None:
            progress(done + 1, len(groups))
    for service, other in fleet.blocked.items():
        report.withheld.setdefault(service, f"reads facts of {other}")
    for service in fleet.broken:
        report.withheld.setdefault(service, "has errors")
    with report.clock.phase("plan"):
        leftovers = list(_stale(fleet, root, selection, claimed, report))
        lost = list(unretired(fleet, leftovers))
    report.diagnostics.extend(lost)
    if leftovers and not any(d.is_error for d in lost):
        report.changed.extend(UnitPlan(u.path, u.is_directory, u.present, (), u.carried) for u in leftovers)
        yield leftovers


def owners(fleet: Fleet, selection: Selection) -> Iterator[list[Owner]]:
    """Everything that is rendered, in groups that are written together or not at all: a service in all its targets."""
    targets = [t for t in fleet.platform.targets if selection.environment(t.target.environment)]
    if not selection.names and not selection.teams:
        yield from ([Owner(target)] for target in targets)
    for team in fleet.teams.values():
        if selection.team(team.name) and team.name not in fleet.broken_teams:
            yield from ([Owner(target, team)] for target in targets)
    for service in fleet.services.values():
        if selection.service(service.id) and fleet.writable(service.id):
            group = [Owner(t, service.team, service) for t in targets if layers_of(service, t.target) is not None]
            if group:
                yield group


def _plan(
    fleet: Fleet, root: Path, compiled: Iterable[Compiled], claimed: dict[str, str]
) -> tuple[list[UnitPlan], list[Diagnostic]]:
    units: list[UnitPlan] = []
    found: list[Diagnostic] = []
    for each in compiled:
        outcome = plan(root, each.owner.folder, each.files)
        found.extend(outcome.diagnostics)
        if outcome.value is not None:
            found.extend(claim(claimed, outcome.value, each.owner.source))
            units.extend(outcome.value)
    found.extend(unretired(fleet, units))
    return units, found


def _withhold(fleet: Fleet, report: Report, owner: Owner) -> None:
    """Note that a service is not written, and those that read from it; a fault elsewhere keeps its own artifacts only."""
    if owner.service is not None:
        fleet.broken.add(owner.service.id)


def _stale(
    fleet: Fleet, root: Path, selection: Selection, claimed: dict[str, str], report: Report
) -> Iterator[UnitPlan]:
    """What nothing renders any more, as far as this run can tell: nothing of what is at fault, nor of what it is not about."""
    kept = [f"teams/{service}" for service in fleet.repository.services if not fleet.writable(service)]
    kept += [f"teams/{team}" for team in fleet.broken_teams]
    kept += fleet.repository.unusable

    def answers_for(path: str, source: str) -> bool:
        if any(source == k or source.startswith(f"{k}/") for k in kept):
            return False
        if not selection.environment(path.split("/", maxsplit=1)[0].partition("@")[0]):
            return False
        folder, _, rest = source.partition("/")
        if folder == "teams" and "/" in rest:
            return selection.service(ServiceId(*rest.split("/", 1)))
        return selection.team(rest) if folder == "teams" else selection.everything or bool(selection.environments)

    yield from stale(root, claimed.keys(), answers_for)
