"""What a change costs: what each affected owner costs in a month before and after, summed by team and environment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from pavior.compare.difference import Cost, CostDifference
from pavior.costs import CostLine, PriceBook
from pavior.model import ServiceId
from pavior.phases.discover import read
from pavior.pipeline.affected import Subject
from pavior.pipeline.cost import lines_of, price_book
from pavior.pipeline.selection import Selection
from pavior.pipeline.side import Side
from pavior.repository import PRICES

PLATFORM = "the platform"
"""Whose the lines of no team are."""


class Amount(NamedTuple):
    """What something costs in a month, and what it costs at the most."""

    amount: Decimal = Decimal(0)
    highest: Decimal = Decimal(0)

    def plus(self, amount: Decimal, highest: Decimal) -> Amount:
        return Amount(self.amount + amount, self.highest + highest)


class Place(NamedTuple):
    """Who pays, and where. `service` is empty for the platform."""

    team: str
    service: str
    environment: str


Sums: TypeAlias = dict[Place, tuple[Amount, Amount]]
"""Amounts before and after, of all that was reckoned, whether they differ or not."""

NOTHING = Amount()


@dataclass(slots=True)
class Reckoning:
    """Both sides with their price books: see `of`. `before` is None where there was nothing before."""

    base: Side | None
    head: Side
    before: PriceBook | None
    after: PriceBook
    selection: Selection

    @staticmethod
    def of(base: Side | None, head: Side, selection: Selection, *, from_nothing: bool) -> Reckoning | str:
        """`from_nothing`: there was nothing before. Without a sound price book on a side nothing can be said of costs: then why,
        or nothing where nobody has prices."""
        now = price_book(head.fleet)
        if now.value is None and head.fleet.repository.prices is not None:
            return f"{PRICES} is at fault; pavior check says how"
        if from_nothing:
            return Reckoning(None, head, None, now.value, selection) if now.value is not None else ""
        if base is None:
            return "golden paths of the base are at fault"
        before = price_book(base.fleet)
        if now.value is None:
            return f"{PRICES} is gone" if before.value is not None else ""
        if before.value is None:
            was = "is at fault" if base.fleet.repository.prices is not None else "is not there yet"
            return f"{PRICES} {was} in the base"
        return Reckoning(base, head, before.value, now.value, selection)

    def priced_anew(self) -> bool:
        """Whether the price books differ, so that everything may cost something else."""
        return self.base is not None and _book(self.base) != _book(self.head)

    def everybody(self) -> list[Subject]:
        """The platform and all services of either side."""
        known: set[ServiceId] = set(self.head.fleet.repository.services)
        known.update(self.base.fleet.repository.services if self.base is not None else ())
        return [Subject(), *(Subject(service.team, service.name) for service in sorted(known))]

    def sums(self, subject: Subject) -> Sums | None:
        """What an owner costs before and after; None where it is at fault on either side."""
        new = self._side(self.head, self.after, subject)
        old = self._side(self.base, self.before, subject) if self.base is not None and self.before is not None else {}
        if new is None or old is None:
            return None
        return {place: (old.get(place, NOTHING), new.get(place, NOTHING)) for place in old.keys() | new.keys()}

    def unchanged(self, subject: Subject) -> Sums | None:
        """What an owner of whom nothing differs costs on both sides; None where it is at fault."""
        found = self._side(self.head, self.after, subject)
        return None if found is None else {place: (amount, amount) for place, amount in found.items()}

    def _side(self, side: Side, book: PriceBook, subject: Subject) -> Mapping[Place, Amount] | None:
        """Empty where the side lacks the owner, None where it has faults."""
        fleet, service = side.fleet, None
        if subject.team and not subject.service:
            return {}
        if subject.service:
            if subject.id not in fleet.repository.services:
                return {}
            if not side.bring(subject.id):
                return None
            service = fleet.services[subject.id]
        found: dict[Place, Amount] = {}
        for target in fleet.platform.targets:
            for line in lines_of(fleet, book, target, service) if self.selection.target(target.target.name) else ():
                if isinstance(line, CostLine):
                    place = Place(line.team or PLATFORM, line.service, line.environment)
                    found[place] = found.get(place, NOTHING).plus(line.amount, line.highest)
        return found

    def cost(self, sums: Sums) -> Cost:
        """What everything that was reckoned comes to together."""
        dates = {book.date for book in (self.before, self.after) if book is not None}
        note = f"estimated for a month by the price book of {' and now of '.join(sorted(dates))}"
        named = {f"{place.team}/{place.service}" if place.service else place.team for place, _ in _differing(sums)}
        return Cost(tuple(_differences(sums)), self.after.currency, note, tuple(sorted(named)))


def with_totals(cost: Cost, sums: Sums, teams: Iterable[str]) -> Cost:
    """The same, with what each of these teams, of which all services were reckoned, costs afterwards."""
    totals: dict[tuple[str, str], Decimal] = {}
    for place, (_, after) in sums.items():
        key = (place.team, place.environment)
        totals[key] = totals.get(key, Decimal(0)) + after.amount
    known = set(teams)
    differences = (
        replace(each, team_after=totals[each.team, each.environment]) if each.team in known else each
        for each in cost.differences
    )
    return replace(cost, differences=tuple(differences))


def _differing(sums: Sums) -> Iterator[tuple[Place, tuple[Amount, Amount]]]:
    return ((place, amounts) for place, amounts in sorted(sums.items()) if amounts[0] != amounts[1])


def _differences(sums: Sums) -> Iterator[CostDifference]:
    found: dict[tuple[str, str], tuple[Amount, Amount]] = {}
    for place, (before, after) in _differing(sums):
        key = (place.team, place.environment)
        one, other = found.get(key, (NOTHING, NOTHING))
        found[key] = (one.plus(*before), other.plus(*after))
    for (team, environment), (before, after) in sorted(found.items()):
        if before != after:
            yield CostDifference(team, environment, before.amount, after.amount, before.highest, after.highest)


def _book(side: Side) -> bytes | None:
    path = side.fleet.repository.prices
    source = read(side.fleet.repository, path).value if path else None
    return source.content if source is not None else None
