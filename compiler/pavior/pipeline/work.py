"""Work: groups of owners → what writing them would change. A few groups at a time in this process, or in several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from pavior.diagnostics import Diagnostic
from pavior.model import UnitPlan
from pavior.phases.plan import plan
from pavior.pipeline.assemble import Owner
from pavior.pipeline.compile import Compiled, Taken, Workbench, compile_groups
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.fork import forked
from pavior.pipeline.retired import unretired
from pavior.policies.waivers import idle

if TYPE_CHECKING:
    from pavior.pipeline.results import Entry, Results

_TOGETHER = 32
"""Groups that pass together: enough that some of each golden path are among them. More would only take more memory."""

_SHARES = 8
"""Into so many parts the work of each process is divided, so that all end at nearly the same time."""


@dataclass(frozen=True, slots=True)
class Worked:
    """What became of one group. Without `units` where there is an error."""

    diagnostics: tuple[Diagnostic, ...]
    units: tuple[UnitPlan, ...]
    taken: tuple[Taken, ...]
    manifests: int
    entry: Entry | None = None
    """What other runs may know of it, where they are told."""

    @property
    def failed(self) -> bool:
        return any(d.is_error for d in self.diagnostics)


def work(bench: Workbench, groups: Sequence[Sequence[Owner]], results: Results | None = None) -> list[Worked]:
    """Layer → render → check → emit → plan, for groups of owners that are written together or not at all.

    What `results` know isn't rendered.
    """
    if results is None:
        return [_planned(bench, compiled) for compiled in compile_groups(bench, groups)]
    with bench.fleet.clock.phase("shared cache"):
        known = [results.found(bench, group) for group in groups]
    made = iter(compile_groups(bench, [group for group, found in zip(groups, known, strict=True) if found is None]))
    whole = [found if found is not None else next(made) for found in known]
    return [replace(_planned(bench, each), entry=results.entry(bench.fleet, each)) for each in whole]


def _planned(bench: Workbench, compiled: Sequence[Compiled]) -> Worked:
    found = [d for each in compiled for d in each.diagnostics]
    found.extend(_idle(bench.fleet, compiled))
    units: list[UnitPlan] = []
    if not any(each.failed for each in compiled):
        with bench.fleet.clock.phase("plan"):
            for each in compiled:
                outcome = plan(bench.fleet.repository.root, each.owner.folder, each.files, noting=bench.noting)
                found.extend(outcome.diagnostics)
                units.extend(outcome.value or ())
            found.extend(unretired(bench.fleet, units))
    taken = tuple(t for each in compiled for t in each.taken)
    return Worked(tuple(found), tuple(units), taken, sum(each.manifests for each in compiled))


def _idle(fleet: Fleet, compiled: Sequence[Compiled]) -> Iterator[Diagnostic]:
    """The waivers that nothing needs in any target of their environment. Only a service that is seen in all of them can tell."""
    service = compiled[0].owner.service if compiled else None
    if service is None or not fleet.waivers.get(service.id) or any(each.failed for each in compiled):
        return
    seen = {each.owner.target.target.name: each.needed for each in compiled}
    for environment in fleet.platform.environments:
        names = [t.target.name for t in fleet.platform.targets_of(environment) if t.target.name in service.targets]
        if all(name in seen for name in names):
            needed = {policy for name in names for policy in seen[name]}
            yield from idle(service.document, fleet.waivers[service.id], needed, environment)


def work_all(
    bench: Workbench, groups: Sequence[Sequence[Owner]], jobs: int, results: Results | None = None
) -> Iterator[Worked]:
    """Each group's outcome, in order. Workers inherit the fleet and send back only what changes. Raises LostWorker."""
    most = _TOGETHER if jobs == 1 else min(_TOGETHER, -(-len(groups) // (jobs * _SHARES)))
    together = [groups[at : at + most] for at in range(0, len(groups), most or 1)]
    if jobs == 1:
        yield from chain.from_iterable(work(bench, some, results) for some in together)
        return
    bench.warm()

    yield from chain.from_iterable(forked(lambda some: light(bench, work(bench, some, results)), together, jobs))


def light(bench: Workbench, done: Sequence[Worked]) -> list[Worked]:
    """The same without the files that are as they should be, where nobody notes them."""
    return list(done) if bench.noting else [_changed(each) for each in done]


def _changed(done: Worked) -> Worked:
    units = (u if u.changed else UnitPlan(u.path, u.is_directory, u.present, ()) for u in done.units)
    return replace(done, units=tuple(units))
