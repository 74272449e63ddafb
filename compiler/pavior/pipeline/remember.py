"""Remember: what a run over everything tells the next, which is over at once where nothing changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from pavior.diagnostics import Diagnostic
from pavior.phases.link import parse
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.parts import Apart
from pavior.pipeline.planning import Report
from pavior.pipeline.selection import Selection
from pavior.pipeline.unchanged import Run, Told
from pavior.policies.waivers import endings


def is_over(run: Run, report: Report, today: date | None) -> bool:
    """Whether nothing changed since the last run, so that this one has nothing to do but to tell the same."""
    with report.clock.phase("unchanged"):
        told = run.last(today)
        if told is not None:
            tell(report, told)
        else:
            run.begin()
        return told is not None


def tell(report: Report, told: Told) -> None:
    """Report what another run told."""
    report.diagnostics.extend(told.diagnostics)
    report.services.update(map(parse, told.services))
    report.targets.update(told.targets)
    report.manifests = told.manifests


def told_by(fleet: Fleet, report: Report, today: date | None) -> Told | None:
    """What a run told, for the next; None where something is wrong, which is looked at each time."""
    waived = any(fleet.waivers.values())
    if report.failed or report.withheld or report.withdrawn or (waived and today is None):
        return None
    services = tuple(map(str, report.services))
    day = today if waived else None
    return Told(tuple(report.diagnostics), services, tuple(report.targets), report.manifests, day)


def remember(
    run: Run, fleet: Fleet, report: Report, today: date | None, limit: int, apart: Apart | None = None
) -> None:
    """Let the next run be over at once if nothing changes."""
    told = told_by(fleet, report, today)
    if told is not None and fleet.repository.organization in run.files.files:
        run.keep(told, limit, apart)


def endings_of(fleet: Fleet, selection: Selection, today: date | None, *, strict: bool) -> Iterator[Diagnostic]:
    """What the day says of waivers."""
    if today is None:
        return
    for service, waivers in fleet.waivers.items():
        if waivers and service in fleet.services and selection.service(service):
            yield from endings(fleet.services[service].document, waivers, today, strict=strict)
