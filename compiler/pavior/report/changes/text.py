"""The form for terminals: classes from the worst on, groups beneath; in full, every manifest with its fields."""

from __future__ import annotations

from collections.abc import Iterator

from pavior.compare import Edit, ManifestChange, Risk, written
from pavior.compare.difference import DiffReport, Where
from pavior.emit import emit_value
from pavior.report.changes.cost_wording import budget_lines, cost_line, largest, money
from pavior.report.changes.edit_wording import edit_lines
from pavior.report.changes.wording import (
    Line,
    by_risk,
    difference,
    effects,
    extent,
    extent_of,
    label,
    meaning,
    place,
    single,
    text_difference,
    title,
    variants,
)
from pavior.report.escaping import begun_plainly, visible

MOST_VARIANTS = 8
MOST_LINES = 60

_RESET = "\x1b[0m"
_GRAVE, _WARNING, _PLAIN, _FOREIGN, _OLD, _NEW = "1;31", "1;33", "1", "36", "31", "32"
_MARKS = {
    Edit.ADDED: "+",
    Edit.REMOVED: "-",
    Edit.CHANGED: "~",
    Edit.RENAMED: "»",
    Edit.REPLACED: "»",
    Edit.REORDERED: "↕",
}


class _Paint:
    """Colours text, or leaves it."""

    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def __call__(self, style: str, text: str) -> str:
        return f"\x1b[{style}m{text}{_RESET}" if self._colour and text else text

    def line(self, line: Line) -> str:
        return "".join(self(_FOREIGN, visible(text)) if foreign else visible(text) for text, foreign in line)

    def patch(self, lines: list[str], indent: str) -> Iterator[str]:
        styles = {"+": _NEW, "-": _OLD, "@": _FOREIGN}
        for line in lines:
            yield indent + self(styles.get(line[:1], ""), visible(line))


def render(report: DiffReport, *, colour: bool = False, full: bool = False, more: str | None = None) -> Iterator[str]:
    """The lines for people; `more` is of no use here."""
    return map(begun_plainly, _lines(report, _Paint(colour), full))


def _lines(report: DiffReport, paint: _Paint, full: bool) -> Iterator[str]:
    if not report.groups:
        yield f"no change between {visible(report.base)} and {visible(report.head)}"
        yield from _edits(report, paint)
        yield from _cost(report, paint)
        return
    yield f"{extent(report)}, between {visible(report.base)} and {visible(report.head)}"
    yield from _edits(report, paint)
    yield from _cost(report, paint)
    for risk, groups in by_risk(report):
        yield ""
        yield f"{paint(_style(risk), label(risk))}: {meaning(risk)}"
        for group in groups:
            yield f"  {_MARKS[group.edit]} {paint.line(title(group))}"
            yield f"      {paint.line(extent_of(group))}"
            if group.kind is not None:
                yield f"      at {paint.line(place(group))}"
            if group.effects:
                yield f"      so: {paint.line(effects(group))}"
            yield from (f"      · {paint.line(line)}" for line in variants(group, MOST_VARIANTS))
            yield from paint.patch(difference(group, MOST_LINES), "      ")
    if full:
        yield from _details(report, paint)


def _style(risk: Risk) -> str:
    return _GRAVE if risk <= Risk.WIDENS_ACCESS else _WARNING if risk <= Risk.UNCLASSIFIED else _PLAIN


def _edits(report: DiffReport, paint: _Paint) -> Iterator[str]:
    lines = list(edit_lines(report))
    if lines:
        yield "edited:"
        yield from (f"  {paint.line(line)}" for line in lines)


def _cost(report: DiffReport, paint: _Paint) -> Iterator[str]:
    cost = report.cost
    if cost is None:
        if report.cost_unknown:
            yield f"cost: not known, {visible(report.cost_unknown)}"
        return
    yield f"cost: {paint.line(cost_line(cost))} ({visible(cost.note)})"
    for each in largest(cost):
        name = paint(_FOREIGN, visible(f"{each.team} in {each.environment}"))
        whole = f", which then costs {money(cost, each.team_after)}" if each.team_after is not None else ""
        yield f"  {visible(money(cost, each.after - each.before, signed=True))} {name}{visible(whole)}"
    yield from (paint.line(line) for line in budget_lines(cost))


def _details(report: DiffReport, paint: _Paint) -> Iterator[str]:
    last: Where | None = None
    for where, change in report.details:
        if where != last:
            yield ""
            yield paint(_PLAIN, visible(f"{where.name} in {where.target}"))
            last = where
        yield from _manifest(change, paint)


def _manifest(change: ManifestChange, paint: _Paint) -> Iterator[str]:
    name = "/".join(part for part in (change.identity.namespace, change.identity.name) if part)
    called = f"{change.identity.kind} {name}"
    if change.former is not None:
        called += f", was {change.former.kind if change.edit is Edit.REPLACED else change.former.name}"
    yield f"  {_MARKS[change.edit]} {paint(_FOREIGN, visible(called))} {change.edit.value} [{label(change.risk)}]"
    for field in change.fields:
        words = f", {field.words}" if field.words else ""
        yield f"      {paint(_FOREIGN, visible(written(field.path)))} {field.edit.value} [{label(field.risk)}{visible(words)}]"
        patch = text_difference(field.before, field.after, MOST_LINES)
        if patch:
            yield from paint.patch(patch, "        ")
            continue
        if field.before is not None:
            yield paint(_OLD, f"        - {visible(single(field.before))}")
        if field.after is not None:
            yield paint(_NEW, f"        + {visible(single(field.after))}")
    for each in change.consequences:
        yield f"      followed by {each.identity.kind} {visible(each.identity.name)} {visible(written(each.path))}"
    yield from _whole(change, paint)


def _whole(change: ManifestChange, paint: _Paint) -> Iterator[str]:
    """A manifest that came or went, as it is written."""
    manifest = change.after if change.edit is Edit.ADDED else change.before if change.edit is Edit.REMOVED else None
    if manifest is not None:
        mark, style = ("+", _NEW) if change.edit is Edit.ADDED else ("-", _OLD)
        for line in single_lines(manifest):
            yield paint(style, f"      {mark} {visible(line)}")


def single_lines(manifest: object) -> list[str]:
    """A manifest in YAML, line by line; in one line of JSON where it holds what YAML can't."""
    from pavior.diagnostics.secrets import conceal  # noqa: PLC0415  # only `full` asks
    from pavior.emit import NotEmittable  # noqa: PLC0415

    try:
        return conceal(emit_value(manifest)).splitlines()
    except NotEmittable:
        return [single(manifest)]
