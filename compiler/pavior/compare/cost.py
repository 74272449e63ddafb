"""Two estimates of what a fleet costs → what the difference is, by team and environment."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from pavior.compare.difference import Cost, CostDifference
from pavior.costs import CostLine, CostReport

PLATFORM = "the platform"
"""Whose the lines of no team are."""


def cost_difference(before: CostReport, after: CostReport) -> Cost:
    """What a month costs before and after, of each team in each environment in which that differs. An estimate, as both are."""
    old, new = _totals(before.lines), _totals(after.lines)
    differences = [
        CostDifference(
            team, environment, old.get((team, environment), Decimal(0)), new.get((team, environment), Decimal(0))
        )
        for team, environment in sorted(old.keys() | new.keys())
        if old.get((team, environment)) != new.get((team, environment))
    ]
    dates = after.date if after.date == before.date else f"{before.date} before, {after.date} after"
    return Cost(tuple(differences), after.currency, f"An estimate for a month, by the price book of {dates}.")


def _totals(lines: Iterable[CostLine]) -> dict[tuple[str, str], Decimal]:
    found: dict[tuple[str, str], Decimal] = {}
    for line in lines:
        key = (line.team or PLATFORM, line.environment)
        found[key] = found.get(key, Decimal(0)) + line.amount
    return found
