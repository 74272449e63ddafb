"""Looking: what is planned held against the tree below rendered/, and against the data that a base has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from pavior.diagnostics import Diagnostic
from pavior.phases.plan import differences
from pavior.pipeline.data_of_base import DataOfBase
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.planning import Report
from pavior.pipeline.selection import Selection
from pavior.pipeline.together import Step


def look(
    fleet: Fleet, report: Report, steps: Iterable[Step], held: DataOfBase | None, note: Callable[[Step], None]
) -> list[Diagnostic]:
    """Tell what differs from what is planned, step by step; what is lost by it of the data that is held."""
    differing = {}
    lost: list[Diagnostic] = []
    for step in steps:
        for unit in step.units:
            differing[unit.path] = tuple(differences(fleet.repository.root, unit))
        note(step)
        if held is not None:
            lost.extend(held.lost_in(fleet, step.units))
    for path in differing.keys() - set(report.withdrawn):
        report.diagnostics.extend(differing[path])
    return lost


def new_losses(
    fleet: Fleet, selection: Selection, report: Report, lost: Iterable[Diagnostic], held: DataOfBase | None
) -> list[Diagnostic]:
    """What is lost, with what is lost altogether, but for what the report tells already."""
    services = [f"teams/{service}" for service in report.withheld]
    excused = [*services, *(f"teams/{team}" for team in fleet.broken_teams), *fleet.repository.unusable]
    altogether = held.lost_altogether(fleet, selection, excused) if held is not None else ()
    told = {(d.code, d.span, d.message) for d in report.diagnostics}
    return [d for d in (*lost, *altogether) if (d.code, d.span, d.message) not in told]


def by_team(found: Iterable[Diagnostic]) -> Iterator[tuple[str, Diagnostic]]:
    """Findings in files of teams, each with the team."""
    return ((each.span.file.split("/")[1], each) for each in found)
