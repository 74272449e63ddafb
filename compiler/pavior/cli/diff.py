"""`pavior diff`: what does this change do to what is rendered?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pavior.cli.findings import write
from pavior.compare import Risk
from pavior.compare.difference import DiffReport
from pavior.diagnostics import Diagnostic
from pavior.pipeline.diff import diff
from pavior.pipeline.selection import Selection
from pavior.pipeline.trees import diff_trees
from pavior.report import changes
from pavior.report.escaping import visible

if TYPE_CHECKING:
    from pavior.pipeline.crew import Crew

CLEAN, FOUND = 0, 1

_TREES = 2


def show_difference(
    root: Path,
    options: dict[str, Any],
    selection: Selection,
    show: Callable[[Iterable[Diagnostic]], None],
    crew: Crew | None,
) -> int:
    """Compare, print the report in the form that is asked for, and what is wrong on standard error; the exit status."""
    names = options["names"]
    if len(names) == _TREES and all(Path(name).is_dir() for name in names):
        report = diff_trees(root, *map(Path, names), details=options["full"])
        show(report.diagnostics)
        return _ended(report, options, bool(report.diagnostics))
    found = diff(
        root,
        options["base"],
        selection,
        jobs=options["workers"],
        everything=options["everything"],
        details=options["full"],
        crew=crew,
    )
    show(found.diagnostics)
    for name, reason in sorted(found.withheld.items()):
        print(f"  not compared: {visible(name)}: {visible(reason)}", file=sys.stderr)
    if found.report is None:
        return FOUND
    return _ended(replace(found.report, withheld=tuple(sorted(found.withheld))), options, found.failed)


def _ended(report: DiffReport, options: dict[str, Any], failed: bool) -> int:
    colour = options["form"] == "text" and sys.stdout.isatty()
    for line in changes.render(options["form"], report, colour=colour, full=options["full"], more=options["more"]):
        print(line)
    for form, file in options["reports"]:
        write(file, changes.render(form, report, full=options["full"], more=options["more"]))
    worst = options["fail_on"]
    refused = worst is not None and report.risk is not None and report.risk <= _risk(worst)
    return FOUND if failed or refused else CLEAN


def _risk(slug: str) -> Risk:
    return next(risk for risk in Risk if risk.slug == slug)
