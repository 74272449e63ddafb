"""Checking: everything that `render` would find, and each file of rendered/ that is not what it would write."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pavior.diagnostics import Diagnostic
from pavior.git import resolve
from pavior.phases.plan import strangers
from pavior.phases.write import recover
from pavior.pipeline.budgets import budgeting, findings_by_team
from pavior.pipeline.clock import Clock
from pavior.pipeline.data_of_base import DataOfBase
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.knowledge import knowledge_of
from pavior.pipeline.looking import by_team, look, new_losses
from pavior.pipeline.memory import rare_collections
from pavior.pipeline.ownership import stale_code_owners, texts
from pavior.pipeline.parts import Apart, part_of
from pavior.pipeline.planning import Progress, Report, planned
from pavior.pipeline.prepare import prepare
from pavior.pipeline.remember import endings_of, remember
from pavior.pipeline.resume import resumed
from pavior.pipeline.selection import Selection, require_known
from pavior.pipeline.together import Step
from pavior.pipeline.unchanged import run_over_all


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
    commit = resolve(root, base) if base is not None else None
    owned = texts(root)
    with run_over_all(root, "check", selection, strict=True, also=owned) as run:
        if run is not None:
            if resumed(run, root, report, commit, today):
                return report
            run.begin()
        outcome = prepare(root, report.clock, files=run.files if run else None)
        if outcome.value is None:
            report.diagnostics.extend(outcome.diagnostics)
            return report
        fleet = outcome.value
        require_known(fleet.repository, fleet.platform.target_names, selection)
        held = DataOfBase.of(commit) if commit is not None else None
        report.diagnostics.extend(endings_of(fleet, selection, today, strict=True))

        def note(step: Step) -> None:
            if run is not None:
                run.note_part(step.owner, part_of(fleet, step))
                for unit in step.units:
                    run.note(unit, {})

        steps = planned(fleet, selection, report, progress, jobs, noting=run is not None, lasting=run is not None)
        lost = look(fleet, report, steps, held, note)
        report.diagnostics.extend(new_losses(fleet, selection, report, lost, held))
        apart = _beside(fleet, selection, report)
        if run is not None and texts(root) == owned:
            remember(run, fleet, report, today, run.files.began, apart)
    return report


def _beside(fleet: Fleet, selection: Selection, report: Report) -> Apart | None:
    """Tell what only a check looks at: budgets, and of everything what is said of changes, and files that Pavior didn't render.

    A file of which something was found already isn't told to be a stranger. What is found is also what is kept apart of a
    check over everything, unless something in it is nobody's own.
    """
    owned = list(findings_by_team(fleet, selection, Selection()))
    report.diagnostics.extend(found for _, found in owned)
    if not selection.fleetwide:
        return None
    rules = knowledge_of(fleet.repository, fleet.platform.schemas).diagnostics
    stale = tuple(stale_code_owners(fleet))
    report.diagnostics.extend((*rules, *stale))
    files = {d.span.file for d in report.diagnostics}
    report.diagnostics.extend(d for d in strangers(fleet.repository.root) if d.span.file not in files)
    if any(team is None for team, _ in owned):
        return None
    of_teams: dict[str, tuple[Diagnostic, ...]] = {}
    for team, found in (*by_team(fleet.over_quota), *owned):
        if team:
            of_teams[team] = (*of_teams.get(team, ()), found)
    book = (found for team, found in owned if team == "")
    return Apart((*report.unbound, *book, *rules, *stale), of_teams, tuple(budgeting(fleet)))
