"""Planning: render → check → plan, one group of owners after another, so that nothing holds the fleet's manifests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pavior.diagnostics import Diagnostic
from pavior.model import ServiceId
from pavior.pipeline.assemble import Owner
from pavior.pipeline.clock import Clock
from pavior.pipeline.compile import Taken, Workbench, lasting_hash
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.groups import owners
from pavior.pipeline.restore import Moved
from pavior.pipeline.selection import Selection
from pavior.pipeline.together import Step, Together
from pavior.pipeline.work import Worked, work_all
from pavior.shared import PLACE

if TYPE_CHECKING:
    from pavior.pipeline.crew import Crew
    from pavior.pipeline.results import Results

_TOGETHER, _MOST_TOGETHER = 8, 64
"""Groups that a worker on another machine takes at once: few enough that what comes back is some megabytes."""

Progress = Callable[[int, int], None]
"""Called with how many owners are done, and of how many."""


@dataclass(slots=True)
class Report:
    """What a command found and did. `changed` are the units that differ or were written, with the number of files,
    `withheld` the services left out."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    changed: dict[str, int] = field(default_factory=dict)
    services: set[ServiceId] = field(default_factory=set)
    targets: set[str] = field(default_factory=set)
    manifests: int = 0
    withheld: dict[ServiceId, str] = field(default_factory=dict)
    withdrawn: list[str] = field(default_factory=list)
    """Units that were planned before a fault was found that keeps them from being written."""
    unbound: tuple[Diagnostic, ...] = ()
    """Those of the diagnostics that say that nothing binds a policy."""
    taken: Mapping[str, tuple[Taken, ...]] = field(default_factory=dict)
    """Of a shard, for who compares it with the others: by folder, what is rendered from it, the same in every process."""
    around: Sequence[Diagnostic] = ()
    """What is wrong with what helps this run, and with nothing of the repository: told, and no part of what was found."""
    clock: Clock = field(default_factory=Clock)

    @property
    def failed(self) -> bool:
        return any(d.is_error for d in self.diagnostics)


def planned(
    fleet: Fleet,
    selection: Selection,
    report: Report,
    progress: Progress | None = None,
    jobs: int = 1,
    *,
    noting: bool = False,
    lasting: bool = False,
    crew: Crew | None = None,
) -> Iterator[Step]:
    """Render → check → plan, one group of owners after another. What is found goes to the report. `noting`: see `plan`.

    `lasting`: what is taken is to mean the same to other runs, as it does for shards. A fault that is found late takes back what
    was planned for the services that it concerns: see `Report.withdrawn`. A `crew` that was begun works elsewhere. Raises Moved
    where files changed meanwhile that it read.
    """
    report.diagnostics.extend(fleet.diagnostics)
    groups = list(owners(fleet, selection))
    together, bench = Together(fleet), Workbench(fleet, noting=noting)
    results = _shared_results(fleet, selection) if crew is None else None
    if lasting or selection.shard is not None or results is not None or crew is not None:
        bench.hashing = lasting_hash
    working = _worked(bench, groups, jobs, results, crew)
    for done, (group, worked) in enumerate(zip(groups, working, strict=True)):
        found = [*worked.diagnostics, *together.compare(group, worked)]
        report.diagnostics.extend(found)
        report.targets.update(owner.target.target.name for owner in group if not owner.target.catalogue)
        report.services.update(owner.service.id for owner in group if owner.service)
        report.manifests += worked.manifests
        if worked.failed:
            together.withhold(group[0])
        if not together.failed(group[0]):
            yield together.step(group[0].source, worked.units, worked)
        if progress is not None:
            progress(done + 1, len(groups))
    report.diagnostics.extend(together.collisions())
    report.unbound = tuple(bench.guardrails.unbound())
    report.diagnostics.extend(report.unbound)
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
    report.changed = {path: files for path, files in together.changed.items() if path not in gone}


def _worked(
    bench: Workbench, groups: Sequence[Sequence[Owner]], jobs: int, results: Results | None, crew: Crew | None
) -> Iterator[Worked]:
    """What becomes of each group, in order. Raises Moved where files changed that a crew read."""
    if crew is None:
        for worked in work_all(bench, groups, jobs, results):
            if results is not None and worked.entry is not None:
                results.note(worked.entry)
            yield worked
        return
    bench.warm()  # which says what policies are bound
    yield from crew.map("groups", len(groups), crew.share(len(groups), _TOGETHER, _MOST_TOGETHER))
    if not crew.unchanged():
        raise Moved


def _shared_results(fleet: Fleet, selection: Selection) -> Results | None:
    """What the shared place has, if the environment names one."""
    if not os.environ.get(PLACE):
        return None
    from pavior.pipeline.results import Results  # noqa: PLC0415  (most runs have none)

    return Results.of(fleet, selection, os.environ)
