"""Estimated costs for people and machines: a table of teams and services by environment, the arithmetic, or all lines as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from pavior.costs import CostLine, CostReport, total
from pavior.report.escaping import ascii_json, begun_plainly, visible
from pavior.report.markup import plain

COST_FORMS = ("text", "markdown", "json")

PLATFORM = "the platform"


class _Row(NamedTuple):
    """One row of the table: whose, how deep inside another, and its lines."""

    name: str
    depth: int
    lines: Sequence[CostLine]


def costs(form: str, report: CostReport, *, arithmetic: bool = False) -> Iterator[str]:
    """The lines of the report in one of COST_FORMS. `arithmetic` adds what each amount is the product of; JSON always has it."""
    if form == "json":
        yield from ascii_json(_document(report)).split("\n")
        return
    lines = _lines(report, form == "markdown", arithmetic)
    yield from lines if form == "markdown" else map(begun_plainly, lines)


def _lines(report: CostReport, markdown: bool, arithmetic: bool) -> Iterator[str]:
    said = plain if markdown else visible
    yield f"Estimated cost of a month in {said(report.currency)}, by the price book of {said(report.date)}."
    yield ""
    table = list(_table(report, markdown))
    yield from (_markdown(table) if markdown else _text(table))
    if arithmetic:
        yield from _arithmetic(report, markdown)
    yield ""
    yield f"Prices: {said(report.source)}."


def _table(report: CostReport, markdown: bool) -> Iterator[list[str]]:
    environments = list(dict.fromkeys(line.environment for line in report.lines))
    yield ["", *environments, "total", "up to"]
    for row in _rows(report.lines):
        of = [[line for line in row.lines if line.environment == each] for each in environments]
        amount, highest = total(row.lines)
        name = f"**{row.name}**" if markdown and row.depth == 0 else "  " * row.depth * (not markdown) + row.name
        yield [name, *(_money(total(lines)[0]) if lines else "" for lines in of), _money(amount), _money(highest)]


def _rows(lines: Sequence[CostLine]) -> Iterator[_Row]:
    ordered = sorted(lines, key=lambda line: (line.team == "", line.team, line.service))
    for team, of_team in groupby(ordered, key=lambda line: line.team):
        found = list(of_team)
        yield _Row(team or PLATFORM, 0, found)
        for service, of_service in groupby(found, key=lambda line: line.service):
            if service:
                yield _Row(service, 1, list(of_service))
    yield _Row("total", 0, lines)


def _text(table: list[list[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for row in table:
        first, *rest = (
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join([first, *rest]).rstrip()


def _markdown(table: list[list[str]]) -> Iterator[str]:
    for index, row in enumerate(table):
        yield f"| {' | '.join(row)} |"
        if index == 0:
            yield f"| --- |{' ---: |' * (len(row) - 1)}"


def _arithmetic(report: CostReport, markdown: bool) -> Iterator[str]:
    """Every line as a product, by owner and target, and what was assumed."""
    said = plain if markdown else visible
    ordered = sorted(report.lines, key=lambda line: (line.team == "", line.team, line.service, line.target))
    for (team, service, target), found in groupby(ordered, key=lambda line: (line.team, line.service, line.target)):
        lines = list(found)
        heading = f"{f'{team}/{service}' if team else PLATFORM} in {target}: {_money(total(lines)[0])}"
        yield ""
        yield f"**{heading}**" if markdown else heading
        if markdown:
            yield ""
        for line in lines:
            yield f"{'- ' if markdown else '  '}{said(line.component)}, {said(line.item)}: {arithmetic_of(line, said)}"
    reasons = {factor.name: factor.reason for line in report.lines for factor in line.factors}
    if reasons:
        yield ""
    yield from (f"× {said(name)}: {said(reason)}" for name, reason in sorted(reasons.items()))


def arithmetic_of(line: CostLine, said: Callable[[str], str] = visible) -> str:
    """`6 replicas × 1 cores × 730 hours × 0.0303 × 1.25 nodes = 165.89, up to 829.46 with 30 replicas`, with what is `said`."""
    quantity = [f"{_number(number)} {said(name)}" for name, number in line.quantity]
    factors = [f"{_number(factor.times)} {said(factor.name)}" for factor in line.factors]
    text = f"{' × '.join([*quantity, _number(line.unit_price), *factors])} = {_money(line.amount)}"
    if line.most != line.quantity:
        changed = [
            f"{_number(number)} {said(name)}" for name, number in line.most if (name, number) not in line.quantity
        ]
        text += f", up to {_money(line.highest)} with {' and '.join(changed)}"
    return f"{text} (assumed: {said(line.assumes)})" if line.assumes else text


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def _number(number: Decimal) -> str:
    """Without exponent and needless zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _document(report: CostReport) -> dict[str, Any]:
    amount, highest = total(report.lines)
    return {
        "estimate": True,
        "currency": report.currency,
        "date": report.date,
        "source": report.source,
        "amount": float(amount),
        "highest": float(highest),
        "lines": [_line(line) for line in report.lines],
    }


def _line(line: CostLine) -> dict[str, Any]:
    def numbers(pairs: Iterable[tuple[str, Decimal]]) -> dict[str, float]:
        return {name: float(number) for name, number in pairs}

    return {
        "target": line.target,
        "team": line.team or None,
        "service": line.service or None,
        "component": line.component,
        "item": line.item,
        "price": line.price,
        "unitPrice": float(line.unit_price),
        "quantity": numbers(line.quantity),
        "most": numbers(line.most),
        "factors": numbers((factor.name, factor.times) for factor in line.factors),
        "amount": float(line.amount),
        "highest": float(line.highest),
        "assumes": line.assumes or None,
    }
