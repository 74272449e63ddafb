"""The whole program: discover → load → validate → layer → link → render → check → plan → write, or another ending.

`prepare` goes up to link for all services; from render on, one owner after another passes through, so that nothing
holds the fleet's manifests.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING

from pavior.diagnostics import Diagnostic
from pavior.git import resolve
from pavior.model import ServiceId, UnitPlan
from pavior.phases.link import parse
from pavior.phases.plan import differences, strangers
from pavior.phases.write import recover, transaction
from pavior.pipeline.assemble import Owner, layers_of
from pavior.pipeline.clock import Clock
from pavior.pipeline.compile import Taken, Workbench, lasting_hash
from pavior.pipeline.data_of_base import DataOfBase
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.fork import LostWorker
from pavior.pipeline.memory import rare_collections
from pavior.pipeline.prepare import prepare
from pavior.pipeline.restore import Moved, restored
from pavior.pipeline.selection import Selection, UnknownName, require_known
from pavior.pipeline.together import Step, Together
from pavior.pipeline.unchanged import Run, Told, run_over_all
from pavior.pipeline.work import work_all
from pavior.policies.waivers import endings

if TYPE_CHECKING:
    from pavior.pipeline.results import Results

__all__ = [
    "Clock",
    "LostWorker",
    "Moved",
    "Report",
    "Selection",
    "UnknownName",
    "check",
    "planned",
    "render",
    "validate",
]

Progress = Callable[[int, int], None]
"""Called with how many owners are done, and of how many."""


@dataclass(slots=True)
class Report:
    """What a command found and did. `changed` are the units that differ or were written, `withheld` the services left out."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    changed: list[UnitPlan] = field(default_factory=list)
    services: set[ServiceId] = field(default_factory=set)
    targets: set[str] = field(default_factory=set)
    manifests: int = 0
    withheld: dict[ServiceId, str] = field(default_factory=dict)
    withdrawn: list[str] = field(default_factory=list)
    """Units that were planned before a fault was found that keeps them from being written."""
    taken: Mapping[str, tuple[Taken, ...]] = field(default_factory=dict)
    """Of a shard, for who compares it with the others: by folder, what is rendered from it, the same in every process."""
    around: Sequence[Diagnostic] = ()
    """What is wrong with what helps this run, and with nothing of the repository: told, and no part of what was found."""
    clock: Clock = field(default_factory=Clock)

    @property
    def failed(self) -> bool:
        return any(d.is_error for d in self.diagnostics)


@rare_collections()
def validate(root: Path, clock: Clock | None = None) -> Report:
    """Up to link: what is wrong with the files of the fleet, without rendering it."""
    report = Report(clock=clock or Clock())
    recover(root)
    outcome = prepare(root, report.clock)
    report.diagnostics.extend(outcome.diagnostics)
    if outcome.value is not None:
        from pavior.pipeline.cost import price_book  # noqa: PLC0415  (a render knows nothing of costs)

        report.services.update(outcome.value.services)
        report.diagnostics.extend(price_book(outcome.value).diagnostics)
    return report


@rare_collections()
def render(
    root: Path,
    selection: Selection,
    clock: Clock | None = None,
    progress: Progress | None = None,
    jobs: int = 1,
    today: date | None = None,
) -> Report:
    """Bring rendered/ up to date. What is at fault, and what reads from it, stays as it is.

    Dates say something on the day `today`, if it is given, and change nothing that is written.
    """
    report = Report(clock=clock or Clock())
    recover(root)
    with run_over_all(root, "render", selection) as run:
        if run is not None and _is_over(run, report, today):
            return report
        fleet = restored(root, report.clock) if selection.names else None
        if fleet is None:
            files = run.files if run is not None else None
            everything = selection.everything or selection.shard is not None
            outcome = prepare(root, report.clock, rendering=True, everything=everything, files=files)
            if outcome.value is None:
                report.diagnostics.extend(outcome.diagnostics)
                return report
            fleet = outcome.value
        require_known(fleet.repository, fleet.platform.target_names, selection)
        report.diagnostics.extend(_endings(fleet, selection, today, strict=False))
        with transaction(root) as writing:
            for step in planned(fleet, selection, report, progress, jobs, noting=run is not None):
                with report.clock.phase("write"):
                    for unit in step.units:
                        states = writing.stage(unit)
                        if run is not None:
                            run.note(unit, states)
            with report.clock.phase("write"):
                for path in report.withdrawn:
                    writing.withdraw(path)
                committing = time_ns()
                writing.commit()
        if run is not None:
            _remember(run, fleet, report, today, committing)
    return report


def _is_over(run: Run, report: Report, today: date | None) -> bool:
    """Whether nothing changed since the last run, so that this one has nothing to do but to tell the same."""
    with report.clock.phase("unchanged"):
        told = run.last(today)
        if told is None:
            run.begin()
            return False
        report.diagnostics.extend(told.diagnostics)
        report.services.update(map(parse, told.services))
        report.targets.update(told.targets)
        report.manifests = told.manifests
        return True


def _remember(run: Run, fleet: Fleet, report: Report, today: date | None, limit: int) -> None:
    """Let the next run be over at once if nothing changes, unless something is wrong: that is looked at each time."""
    if report.failed or report.withheld or report.withdrawn or fleet.repository.organization not in run.files.files:
        return
    waived = any(fleet.waivers.values())
    if waived and today is None:
        return
    day = today if waived else None
    services = tuple(map(str, report.services))
    run.keep(Told(tuple(report.diagnostics), services, tuple(report.targets), report.manifests, day), limit)


@rare_collections()
def check(
    root: Path,
    selection: Selection,
    clock: Clock | None = None,
    progress: Progress | None = None,
    jobs: int = 1,
    base: str | None = None,
    today: date | None = None,
) -> Report:
    """Everything that render would find, and each file of rendered/ that is not what it would write.

    With a base, a Git reference, also what is lost of the data that it has. Raises `GitProblem` then.
    """
    report = Report(clock=clock or Clock())
    recover(root)
    from pavior.pipeline.ownership import texts  # noqa: PLC0415  (a render reads none of them)

    held = DataOfBase.of(resolve(root, base)) if base is not None else None
    owned = texts(root)
    with run_over_all(root, "check", selection if held is None else None, strict=True, also=owned) as run:
        if run is not None and _is_over(run, report, today):
            return report
        outcome = prepare(root, report.clock, files=run.files if run else None)
        if outcome.value is None:
            report.diagnostics.extend(outcome.diagnostics)
            return report
        fleet = outcome.value
        require_known(fleet.repository, fleet.platform.target_names, selection)
        report.diagnostics.extend(_endings(fleet, selection, today, strict=True))
        differing = {}
        lost: list[Diagnostic] = []
        for step in planned(fleet, selection, report, progress, jobs, noting=run is not None):
            for unit in step.units:
                differing[unit.path] = tuple(differences(root, unit))
                if run is not None:
                    run.note(unit, {})
            if held is not None:
                lost.extend(held.lost_in(fleet, step.units))
        for path in differing.keys() - set(report.withdrawn):
            report.diagnostics.extend(differing[path])
        if held is not None:
            lost.extend(held.lost_altogether(fleet, selection, _excused(fleet, report)))
            told = {(d.code, d.span, d.message) for d in report.diagnostics}
            report.diagnostics.extend(d for d in lost if (d.code, d.span, d.message) not in told)
        report.diagnostics.extend(list(_beside(fleet, selection, report.diagnostics)))
        if run is not None and texts(root) == owned:
            _remember(run, fleet, report, today, run.files.began)
    return report


def _beside(fleet: Fleet, selection: Selection, found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """What only a check looks at: budgets, and of everything what is said of changes, and files that Pavior didn't render.

    A file of which something was found already isn't told to be a stranger.
    """
    from pavior.pipeline.budgets import budget_findings  # noqa: PLC0415  (a render knows nothing of costs)

    yield from budget_findings(fleet, selection)
    if selection.fleetwide:
        from pavior.pipeline.knowledge import knowledge_of  # noqa: PLC0415  (rendering never needs it)
        from pavior.pipeline.ownership import stale_code_owners  # noqa: PLC0415  (nor this)

        rules = knowledge_of(fleet.repository, fleet.platform.schemas)
        stale = tuple(stale_code_owners(fleet))
        yield from (*rules.diagnostics, *stale)
        files = {d.span.file for d in (*found, *rules.diagnostics, *stale)}
        yield from (d for d in strangers(fleet.repository.root) if d.span.file not in files)


def _endings(fleet: Fleet, selection: Selection, today: date | None, *, strict: bool) -> Iterator[Diagnostic]:
    """What the day says of waivers."""
    if today is None:
        return
    for service, waivers in fleet.waivers.items():
        if waivers and service in fleet.services and selection.service(service):
            yield from endings(fleet.services[service].document, waivers, today, strict=strict)


def _excused(fleet: Fleet, report: Report) -> list[str]:
    """The folders from which nothing is rendered because of a fault, which is told already."""
    services = [f"teams/{service}" for service in report.withheld]
    return [*services, *(f"teams/{team}" for team in fleet.broken_teams), *fleet.repository.unusable]


def planned(
    fleet: Fleet,
    selection: Selection,
    report: Report,
    progress: Progress | None = None,
    jobs: int = 1,
    *,
    noting: bool = False,
) -> Iterator[Step]:
    """Render → check → plan, one group of owners after another. What is found goes to the report. `noting`: see `plan`.

    A fault that is found late takes back what was planned for the services that it concerns: see `Report.withdrawn`.
    """
    report.diagnostics.extend(fleet.diagnostics)
    groups = list(owners(fleet, selection))
    together, bench = Together(fleet), Workbench(fleet, noting=noting)
    results = _shared_results(fleet, selection)
    if selection.shard is not None or results is not None:
        bench.hashing = lasting_hash
    for done, (group, worked) in enumerate(zip(groups, work_all(bench, groups, jobs, results), strict=True)):
        if results is not None and worked.entry is not None:
            results.note(worked.entry)
        found = [*worked.diagnostics, *together.compare(group, worked)]
        report.diagnostics.extend(found)
        report.targets.update(owner.target.target.name for owner in group if not owner.target.catalogue)
        report.services.update(owner.service.id for owner in group if owner.service)
        report.manifests += worked.manifests
        if worked.failed:
            together.withhold(group[0])
        if not together.failed(group[0]):
            yield together.step(group[0].source, worked.units)
        if progress is not None:
            progress(done + 1, len(groups))
    report.diagnostics.extend(bench.guardrails.unbound())
    with report.clock.phase("plan"):
        leftovers = list(together.stale(selection))
    for source, units, found in leftovers:
        report.diagnostics.extend(found)
        if not any(d.is_error for d in found):
            yield together.step(source, units)
    if selection.shard is not None:
        report.taken = together.taken()
    if results is not None:
        if not report.failed:
            results.keep()
        report.around = results.told
    report.withheld = together.withheld()
    report.withdrawn = together.withdrawn()
    gone = set(report.withdrawn)
    report.changed = [unit for unit in together.changed if unit.path not in gone]


def _shared_results(fleet: Fleet, selection: Selection) -> Results | None:
    """What the shared place has, if the environment names one."""
    if not os.environ.get("PAVIOR_SHARED_CACHE"):
        return None
    from pavior.pipeline.results import Results  # noqa: PLC0415  (most runs have none)

    return Results.of(fleet, selection, os.environ)


def owners(fleet: Fleet, selection: Selection) -> Iterator[list[Owner]]:
    """Everything that is rendered, in groups that are written together or not at all: a service in all its targets."""
    targets = [t for t in fleet.platform.targets if selection.target(t.target.name)]
    entries = 0 if selection.environments else 1
    shared = [*targets, *islice(fleet.entries(), entries)]
    if selection.source("golden-paths"):
        yield from ([Owner(target)] for target in shared)
    for name in fleet.teams if not selection.names else ():
        if selection.team(name) and name not in fleet.broken_teams:
            yield from ([Owner(target, fleet.teams[name])] for target in shared)
    for id_ in selection.services(fleet.services):
        if fleet.writable(id_):
            service = fleet.services[id_]
            group = [Owner(t, service.team, service) for t in targets if layers_of(service, t.target) is not None]
            group += [Owner(t, service.team, service) for t in islice(fleet.entries(service), entries)]
            if group:
                yield group
