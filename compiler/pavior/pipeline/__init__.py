"""The whole program: discover → load → validate → layer → link → render → check → plan → write, or another ending.

`prepare` goes up to link for all services; from render on, one owner after another passes through, so that nothing
holds the fleet's manifests.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING

from pavior.phases.write import recover, transaction
from pavior.pipeline.clock import Clock
from pavior.pipeline.fork import CrewFault, LostWorker
from pavior.pipeline.groups import owners
from pavior.pipeline.memory import rare_collections
from pavior.pipeline.planning import Progress, Report, planned
from pavior.pipeline.prepare import prepare
from pavior.pipeline.remember import endings_of, is_over, remember
from pavior.pipeline.restore import Moved, restored
from pavior.pipeline.selection import Selection, UnknownName, require_known
from pavior.pipeline.unchanged import run_over_all

if TYPE_CHECKING:
    from pavior.pipeline.crew import Crew

__all__ = [
    "Clock",
    "CrewFault",
    "LostWorker",
    "Moved",
    "Report",
    "Selection",
    "UnknownName",
    "owners",
    "planned",
    "render",
    "validate",
]


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
    crew: Crew | None = None,
) -> Report:
    """Bring rendered/ up to date. What is at fault, and what reads from it, stays as it is.

    A `crew` renders on other machines what `jobs` processes would here. Raises CrewFault.

    Dates say something on the day `today`, if it is given, and change nothing that is written.
    """
    report = Report(clock=clock or Clock())
    recover(root)
    with run_over_all(root, "render", selection) as run:
        if run is not None and is_over(run, report, today):
            return report
        if crew is not None:
            from pavior.pipeline.rendering import rendering  # noqa: PLC0415  (most runs have no crew)

            crew.begin(root, rendering, selection, run is not None)
        fleet = restored(root, report.clock) if selection.names and crew is None else None
        if fleet is None:
            files = run.files if run is not None else None
            everything = selection.everything or selection.shard is not None
            outcome = prepare(root, report.clock, rendering=True, everything=everything, files=files)
            if outcome.value is None:
                report.diagnostics.extend(outcome.diagnostics)
                return report
            fleet = outcome.value
        require_known(fleet.repository, fleet.platform.target_names, selection)
        report.diagnostics.extend(endings_of(fleet, selection, today, strict=False))
        with transaction(root) as writing:
            for step in planned(fleet, selection, report, progress, jobs, noting=run is not None, crew=crew):
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
            remember(run, fleet, report, today, committing)
    return report
