"""What all forms say of costs and budgets, as pieces of text like those of `wording.py`."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from pavior.compare.difference import BudgetChange, Cost, CostDifference, Keeping
from pavior.report.changes.wording import Line, Piece, count, foreign, listed

MOST_NAMES = 3


def money(cost: Cost, amount: Decimal, *, signed: bool = False) -> str:
    return f"{amount:{'+' if signed else ''},.2f} {cost.currency}"


def cost_line(cost: Cost) -> Line:
    """`+12.00 EUR a month, for shop/cart in prod: 10.00 EUR → 22.00 EUR, scaled to the most 25.00 EUR → 50.00 EUR`."""
    if not cost.differences:
        return (Piece("no difference"),)
    names = ("before", "after", "highest_before", "highest")
    before, after, least, highest = (
        sum((getattr(each, name) for each in cost.differences), Decimal(0)) for name in names
    )
    environments = tuple(dict.fromkeys(each.environment for each in cost.differences))
    scaled = f", scaled to the most {money(cost, least)} → {money(cost, highest)}"
    most = (Piece(scaled),) if highest > after or least > before else ()
    return (
        Piece(f"{money(cost, after - before, signed=True)} a month"),
        *((Piece(", for "), *_whose(cost)) if cost.services else ()),
        Piece(" in "),
        *listed(environments, 4),
        Piece(f": {money(cost, before)} → {money(cost, after)}"),
        *most,
    )


def _whose(cost: Cost) -> Line:
    """`shop/cart, shop/front`; of many how many."""
    if len(cost.services) <= MOST_NAMES:
        return listed(cost.services, MOST_NAMES)
    services = [name for name in cost.services if "/" in name]
    others = tuple(name for name in cost.services if "/" not in name)
    counted = Piece(count(len(services), "service"))
    return (counted, Piece(" and "), *listed(others, MOST_NAMES)) if others else (counted,)


def largest(cost: Cost) -> list[CostDifference]:
    """By team and environment, the largest difference first."""
    return sorted(cost.differences, key=lambda each: (-abs(each.after - each.before), each.team, each.environment))


def budget_lines(cost: Cost) -> Iterator[Line]:
    """A line for each budget, those that are passed first."""
    states = list(Keeping)
    for each in sorted(cost.budgets, key=lambda each: -states.index(each.after.keeping) if each.after else 1):
        yield _budget_line(cost, each)
    if cost.skipped:
        yield (Piece("budgets: too many services to reckon here, see "), foreign("pavior check"))


def _budget_line(cost: Cost, each: BudgetChange) -> Line:
    subject = "what the organisation allows " if each.cap else "budget of "
    line: Line = (Piece(subject), foreign(each.name), Piece(" in "), *listed(each.environments, 4))
    before, after = each.before, each.after
    if after is None:
        return (*line, Piece(": gone"))
    if before is None:
        said = f": {money(cost, after.month)}, new, of which {money(cost, after.amount)} are spent by estimate"
    else:
        spent = _change(cost, before.amount, after.amount)
        said = f": {_change(cost, before.month, after.month)}, of which {spent} are spent by estimate"
    refused: Line = ()
    if after.keeping is Keeping.OVER and each.enforced:
        refused = (Piece(", which "), foreign("pavior check"), Piece(" refuses"))
    return (*line, Piece(f"{said}: {_state(each)}"), *refused)


def _change(cost: Cost, before: Decimal, after: Decimal) -> str:
    return money(cost, after) if before == after else f"{money(cost, before)} → {money(cost, after)}"


def _state(each: BudgetChange) -> str:
    was = each.before.keeping if each.before is not None else Keeping.WITHIN
    now = each.after.keeping if each.after is not None else Keeping.WITHIN
    if now is Keeping.OVER:
        return "passed, as before" if was is now else "passed"
    if now is Keeping.NEAR:
        return "nearly used up, as before" if was is now else "nearly used up"
    return "kept" if was is now else "kept again"
