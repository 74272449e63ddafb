"""The form for a comment on a pull request: what matters first, the rest folded, and never longer than the forge takes.

GitHub takes 65,536 characters. Bytes are counted here, which are never fewer than any other unit, and a line's end is two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pavior.compare import Risk
from pavior.compare.difference import Cost, DiffReport, Group
from pavior.report.changes.cost_wording import budget_lines, cost_line, largest, money
from pavior.report.changes.edit_wording import edit_lines
from pavior.report.changes.wording import (
    Line,
    by_risk,
    count,
    difference,
    effects,
    extent,
    extent_of,
    heading,
    label,
    meaning,
    place,
    summary,
    teams,
    title,
    variants,
)
from pavior.report.escaping import visible_line
from pavior.report.markup import SPECIAL, code, cut, plain

LIMIT = 65_536
"""Bytes of a comment, at most."""

MARKER = "<!-- pavior diff -->"
"""The first line of each comment, by which the next run finds it."""

MOST_VARIANTS = 5
MOST_LINES = 30
MOST_COSTS = 12
MOST_SUBJECTS = 5

_EDITS_ROOM = 8_000
"""Bytes for what was edited."""

_RESERVE = 1_500
"""Bytes kept for what says how much was left out."""

_SHOWN = Risk.UNCLASSIFIED
"""Classes down to this one are not folded."""

_ADDRESS = re.compile(r"https://[A-Za-z0-9._~:/?#@!$&*+,;=%-]{1,600}")


def render(report: DiffReport, *, colour: bool = False, full: bool = False, more: str | None = None) -> Iterator[str]:
    """The lines of a comment. `colour` and `full` are of no use here."""
    head = list(_head(report))
    room = LIMIT - _RESERVE - _size(head)
    body: list[str] = []
    left: list[Group] = []
    for risk, groups in by_risk(report):
        section, untold = _section(risk, groups, room, shown=_open(risk, report))
        body += section
        left += untold
        room -= _size(section)
    yield from (*head, *body, *_left(left, more))


def _size(lines: Sequence[str]) -> int:
    return sum(len(line.encode("utf-8", "replace")) + 2 for line in lines)


def _head(report: DiffReport) -> Iterator[str]:
    """The first screen: the worst, how much of what, the cost."""
    yield MARKER
    yield f"### {heading(report)}"
    yield ""
    if report.withheld:
        yield f"**Not compared, because of errors: {_listed(report.withheld)}.** What they change is not in here."
        yield ""
    if report.risk is None:
        others = "other " if report.withheld else ""
        yield f"No {others}manifest differs between {code(report.base)} and {code(report.head)}."
        yield ""
        yield from _edits(report)
        yield from _cost(report)
        return
    whose = extent(report) + _line(teams(report))
    yield f"{whose}, in {_listed(report.environments)}. Between {code(report.base)} and {code(report.head)}."
    yield ""
    yield "| what it does | groups | changes | services and teams | what changes |"
    yield "| --- | ---: | ---: | ---: | --- |"
    for risk, groups in by_risk(report):
        names = len({name for group in groups for name in group.reach.names})
        times = sum(group.times for group in groups)
        strong = "**" if _open(risk, report) else ""
        about = _cell(summary(groups, MOST_SUBJECTS))
        yield f"| {strong}{label(risk)}{strong} | {len(groups):,} | {times:,} | {names:,} | {about} |"
    yield ""
    yield from _edits(report)
    yield from _cost(report)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(code(name) for name in names[:8])
    return shown + (f" and {len(names) - 8:,} more" if len(names) > 8 else "")


def _open(risk: Risk, report: DiffReport) -> bool:
    """Whether a class is not folded: what is grave, and the worst whatever it is."""
    return risk <= _SHOWN or risk is report.risk


def _edits(report: DiffReport) -> Iterator[str]:
    lines = [f"- {_line(line)}" for line in edit_lines(report)]
    if lines:
        yield "**What was edited**"
        yield ""
        told = [line for number, line in enumerate(lines) if _size(lines[: number + 1]) <= _EDITS_ROOM]
        yield from told
        if len(told) < len(lines):
            yield f"- and {count(len(lines) - len(told), 'more line')}"
        yield ""


def _cost(report: DiffReport) -> Iterator[str]:
    cost = report.cost
    if cost is None:
        if report.cost_unknown:
            yield f"**Cost: not known**, {plain(report.cost_unknown)}."
            yield ""
        return
    yield f"**Cost: {_line(cost_line(cost))}** ({plain(cost.note)})."
    yield ""
    told = list(budget_lines(cost))
    yield from (f"- {_line(line)}" for line in told[:MOST_COSTS])
    if len(told) > MOST_COSTS:
        yield f"- and {count(len(told) - MOST_COSTS, 'more budget')}"
    if told:
        yield ""
    yield from _costs_by_team(cost)


def _costs_by_team(cost: Cost) -> Iterator[str]:
    changed = largest(cost)
    if not changed:
        return
    yield "<details><summary>cost by team and environment</summary>"
    yield ""
    for each in changed[:MOST_COSTS]:
        amount = plain(money(cost, each.after - each.before, signed=True))
        whole = f", of {plain(money(cost, each.team_after))} for all of the team" if each.team_after is not None else ""
        yield f"- {code(each.team)} in {code(each.environment)}: {amount}{whole}"
    if len(changed) > MOST_COSTS:
        yield f"- and {len(changed) - MOST_COSTS:,} more"
    yield ""
    yield "</details>"
    yield ""


def _section(risk: Risk, groups: Sequence[Group], room: int, *, shown: bool) -> tuple[list[str], list[Group]]:
    """The lines of one class that fit into `room` bytes, and the groups that did not."""
    if shown:
        start, end = [f"#### {label(risk)}: {meaning(risk)}", ""], [""]
    else:
        start = ["<details>", f"<summary>{label(risk)} ({meaning(risk)}): {count(len(groups), 'group')}</summary>", ""]
        end = ["", "</details>", ""]
    room -= _size(start) + _size(end)
    told: list[str] = []
    for number, group in enumerate(groups):
        lines = list(_group(group))
        if _size(lines) > room:
            lines = lines[:1]
        if _size(lines) > room:
            return ([*start, *told, *end] if told else []), list(groups[number:])
        told += lines
        room -= _size(lines)
    return [*start, *told, *end], []


def _group(group: Group) -> Iterator[str]:
    at = f" at {_line(place(group))}" if group.kind is not None else ""
    yield f"- **{_line(title(group))}**: {_line(extent_of(group))}{at}"
    if group.effects:
        yield f"  - so: {_line(effects(group))}"
    for variant in variants(group, MOST_VARIANTS):
        yield f"  - {_line(variant)}"
    patch = [visible_line(cut(line)) for line in difference(group, MOST_LINES)]
    if patch:
        fence = "`" * max(3, 1 + max((len(run) for line in patch for run in re.findall("`+", line)), default=0))
        yield ""
        yield f"  {fence}diff"
        yield from (f"  {line}" for line in patch)
        yield f"  {fence}"


def _left(groups: Sequence[Group], more: str | None) -> Iterator[str]:
    if not groups and more is None:
        return
    yield ""
    if groups:
        by_class = {risk: sum(group.risk is risk for group in groups) for risk in Risk}
        counts = ", ".join(f"{number:,} {label(risk)}" for risk, number in by_class.items() if number)
        yield f"{count(len(groups), 'more group')} would not fit here: {counts}."
    if more is not None:
        yield f"[Everything]({more})." if _ADDRESS.fullmatch(more) else f"Everything: {code(more)}"


def _line(line: Line) -> str:
    return "".join(code(piece.text) if piece.foreign else plain(piece.text) for piece in line)


def _cell(line: Line) -> str:
    """A line inside a table, without code: rows may hold none (see `forge.guard`). What is no plain word is left out."""
    return "".join(
        re.sub(r"[^A-Za-z0-9]+", "…", cut(piece.text)) if piece.foreign else SPECIAL.sub("…", piece.text)
        for piece in line
    )
