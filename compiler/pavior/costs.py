"""Estimated costs as data: the price book, one line for each item that costs something, and the report of a fleet.

Amounts are decimal, in the price book's currency, for a month. A line's amount is rounded to hundredths, and every total is the
sum of such lines, so that what is shown adds up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import reduce
from operator import mul
from typing import NamedTuple, TypeAlias

CENT = Decimal("0.01")
FINEST = Decimal("0.0001")
"""Quantities are rounded to this before anything is made of them: what is shown is what was multiplied."""

_DIGITS = 200
"""More than any product of prices, quantities and factors has, so that it is exact until it is rounded."""

HOURS = "hours"
"""A quantity of this name stands in the place of the month's hours."""

Key: TypeAlias = tuple[str, str, str, str, str]
"""Target, team, service, component, item. Team and service are empty for what is the platform's own."""


@dataclass(frozen=True, slots=True)
class Factor:
    """What an amount is multiplied by, whatever the quantity: a discount, or what is paid for and stands idle."""

    name: str
    times: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class Price:
    """What one unit costs, `per` hour, month or unit; `regions` where it costs something else."""

    name: str
    amount: Decimal
    per: str
    regions: Mapping[str, Decimal]
    factors: tuple[Factor, ...]


class Reckoned(NamedTuple):
    """What an item comes to, whoever's it is: see `CostLine`."""

    price: Price
    unit_price: Decimal
    quantity: tuple[tuple[str, Decimal], ...]
    most: tuple[tuple[str, Decimal], ...]
    amount: Decimal
    highest: Decimal


@dataclass(frozen=True, slots=True)
class PriceBook:
    """`date` is the day of its prices, as `2026-11-02`; `hours` those of a month.

    Frozen but for what it remembers of items, most of which many services have alike: by what is said of one, and the region.
    """

    currency: str
    date: str
    source: str
    hours: Decimal
    prices: Mapping[str, Price]
    reckoned: dict[tuple[bytes, str], Reckoned] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class CostLine:
    """One item. `amount` is the product of `quantity`, `unit_price` and `factors`, rounded to hundredths.

    `quantity` holds named numbers, the month's hours among them where the price is by the hour. `most` is the same where the
    service is scaled to its most or the assumption fails, and `highest` what that costs; both are those of `amount` where there
    is no such range. `assumes` says what was assumed, if anything.
    """

    target: str
    team: str
    service: str
    component: str
    item: str
    price: str
    unit_price: Decimal
    quantity: tuple[tuple[str, Decimal], ...]
    most: tuple[tuple[str, Decimal], ...]
    factors: tuple[Factor, ...]
    amount: Decimal
    highest: Decimal
    assumes: str = ""

    @property
    def key(self) -> Key:
        """What tells lines apart, within a fleet and from one state of it to another."""
        return (self.target, self.team, self.service, self.component, self.item)

    @property
    def environment(self) -> str:
        return self.target.partition("@")[0]


@dataclass(frozen=True, slots=True)
class CostReport:
    """An estimate of what a fleet, or a part of it, costs in a month: its lines sorted by key, each key once."""

    currency: str
    date: str
    source: str
    lines: tuple[CostLine, ...]


def product(unit_price: Decimal, quantity: Iterable[tuple[str, Decimal]], factors: Iterable[Factor]) -> Decimal:
    """What so many of a price cost, rounded to hundredths."""
    with localcontext(prec=_DIGITS):
        whole = reduce(mul, (number for _, number in quantity), unit_price)
        return reduce(mul, (factor.times for factor in factors), whole).quantize(CENT, ROUND_HALF_UP)


def total(lines: Iterable[CostLine]) -> tuple[Decimal, Decimal]:
    """What lines cost together, and at the most."""
    amount = highest = Decimal("0.00")
    for line in lines:
        amount += line.amount
        highest += line.highest
    return amount, highest


def exact(number: int | float) -> Decimal:
    """A number of a file or a template as it was written."""
    return Decimal(str(number))
