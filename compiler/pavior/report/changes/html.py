"""The form for browsers: one page without scripts or anything from elsewhere, light and dark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from pavior.compare import Risk
from pavior.compare.difference import DiffReport, Group
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
from pavior.report.escaping import visible

MOST_VARIANTS = 100
MOST_LINES = 400
MOST_SUBJECTS = 12
MOST_NAMES = 200
"""Of each group in each target; JSON has all."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """\
:root { color-scheme: light dark; --grave: #b3261e; --warning: #8a5300; --old: #b3261e; --new: #146c2e; --line: #8884; }
@media (prefers-color-scheme: dark) { :root { --grave: #ff897d; --warning: #ffb951; --old: #ff897d; --new: #7bd88f; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font: 13px/1.45 ui-monospace, monospace; overflow-wrap: anywhere; }
code { background: #8882; border-radius: 3px; padding: 0 .25em; }
pre { overflow: auto; border: 1px solid var(--line); padding: .5rem; }
table { border-collapse: collapse; } th, td { border: 1px solid var(--line); padding: .25rem .6rem; text-align: left; }
td.number { text-align: right; }
del { color: var(--old); text-decoration: none; } ins { color: var(--new); text-decoration: none; }
summary { cursor: pointer; } .grave { color: var(--grave); } .warning { color: var(--warning); }"""


def render(report: DiffReport, *, colour: bool = False, full: bool = False, more: str | None = None) -> Iterator[str]:
    """The lines of the page. `colour`, `full` and `more` are of no use here."""
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{_text(heading(report))}</title>"
    yield f"<style>\n{_STYLE}\n</style></head><body>"
    yield f"<h1>{_text(heading(report))}</h1>"
    if report.withheld:
        names = ", ".join(f"<code>{_text(name)}</code>" for name in report.withheld)
        yield f'<p class="grave">Not compared, because of errors: {names}. What they change is not in here.</p>'
    between = f"between <code>{_text(report.base)}</code> and <code>{_text(report.head)}</code>"
    if report.groups:
        yield f"<p>{_text(extent(report))}{_line(teams(report))}, {between}.</p>"
        yield from _table(report)
    else:
        yield f"<p>No manifest differs {between}.</p>"
    told = list(edit_lines(report))
    if told:
        yield "<h2>What was edited</h2><ul>" + "".join(f"<li>{_line(line)}</li>" for line in told) + "</ul>"
    yield from _cost(report)
    for risk, groups in by_risk(report):
        yield f'<h2 class="{_style(risk)}">{_text(label(risk))}</h2><p>{_text(meaning(risk))}</p>'
        yield from _groups(groups)
    yield "</body></html>"


def _text(text: str) -> str:
    return escape(visible(text))


def _line(line: Line) -> str:
    return "".join(f"<code>{_text(text)}</code>" if foreign else _text(text) for text, foreign in line)


def _style(risk: Risk) -> str:
    return "grave" if risk <= Risk.WIDENS_ACCESS else "warning" if risk <= Risk.UNCLASSIFIED else ""


def _table(report: DiffReport) -> Iterator[str]:
    yield "<table><tr><th>what it does</th><th>groups</th><th>changes</th><th>services and teams</th><th>what changes</th></tr>"
    for risk, groups in by_risk(report):
        names = len({name for group in groups for name in group.reach.names})
        cells = (len(groups), sum(group.times for group in groups), names)
        numbers = "".join(f'<td class="number">{cell:,}</td>' for cell in cells)
        about = _line(summary(groups, MOST_SUBJECTS))
        yield f'<tr><td class="{_style(risk)}">{_text(label(risk))}</td>{numbers}<td>{about}</td></tr>'
    yield "</table>"


def _cost(report: DiffReport) -> Iterator[str]:
    cost = report.cost
    if cost is None:
        if report.cost_unknown:
            yield f"<p><b>Cost: not known</b>, {_text(report.cost_unknown)}.</p>"
        return
    yield f"<p><b>Cost: {_line(cost_line(cost))}</b> ({_text(cost.note)}).</p>"
    told = list(budget_lines(cost))
    if told:
        yield "<ul>" + "".join(f"<li>{_line(line)}</li>" for line in told) + "</ul>"
    if not cost.differences:
        return
    heads = ("team", "environment", "difference", "before", "after", "after, at the most", "the whole team after")
    yield f"<table><tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>"
    for each in largest(cost):
        amounts = (
            money(cost, each.after - each.before, signed=True),
            *(money(cost, amount) for amount in (each.before, each.after, each.highest)),
            money(cost, each.team_after) if each.team_after is not None else "",
        )
        cells = "".join(f'<td class="number">{_text(amount)}</td>' for amount in amounts)
        yield f"<tr><td>{_text(each.team)}</td><td>{_text(each.environment)}</td>{cells}</tr>"
    yield "</table>"


def _groups(groups: Sequence[Group]) -> Iterator[str]:
    for group in groups:
        yield f"<details><summary><b>{_line(title(group))}</b>: {_line(extent_of(group))}</summary>"
        if group.kind is not None:
            yield f"<p>{_line(place(group))}</p>"
        if group.effects:
            yield f"<p>So: {_line(effects(group))}</p>"
        patch = difference(group, MOST_LINES)
        if patch:
            yield "<pre>" + "\n".join(map(_patched, patch)) + "</pre>"
        told = list(variants(group, MOST_VARIANTS))
        if told:
            yield "<ul>" + "".join(f"<li>{_line(line)}</li>" for line in told) + "</ul>"
        for target, names in group.reach.owners.items():
            listed = ", ".join(f"<code>{_text(name)}</code>" for name in names[:MOST_NAMES])
            more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
            yield f"<p>{_text(target)}, {_text(count(len(names), 'owner'))}: {listed}{more}</p>"
        yield "</details>"


def _patched(line: str) -> str:
    tag = {"+": "ins", "-": "del"}.get(line[:1])
    return f"<{tag}>{_text(line)}</{tag}>" if tag else _text(line)
