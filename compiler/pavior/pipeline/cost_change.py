"""What a change costs: what each affected owner costs in a month before and after, summed by team and environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from pavior.compare.difference import Cost, CostDifference
from pavior.costs import CostLine, PriceBook
from pavior.model import ServiceId
from pavior.phases.discover import read
from pavior.pipeline.affected import Subject
from pavior.pipeline.cost import lines_of, price_book
from pavior.pipeline.selection import Selection
from pavior.pipeline.side import Side

Sums: TypeAlias = dict[tuple[str, str], tuple[Decimal, Decimal]]
"""Team and environment → amounts before and after."""

PLATFORM = "the platform"
"""Whose the lines of no team are."""

_NOTHING = (Decimal(0), Decimal(0))


@dataclass(slots=True)
class Reckoning:
    """Both sides with their price books. Without a sound one on either side nothing can be said of costs: see `of`."""

    base: Side | None
    head: Side
    before: PriceBook | None
    after: PriceBook
    selection: Selection

    @staticmethod
    def of(base: Side | None, head: Side, selection: Selection, *, from_nothing: bool) -> Reckoning | None:
        """`from_nothing`: there was nothing before. Otherwise a base that can't be read costs nobody knows what."""
        after = price_book(head.fleet).value
        before = price_book(base.fleet).value if base is not None else None
        if after is None or (before is None and not from_nothing):
            return None
        return Reckoning(base, head, before, after, selection)

    def priced_anew(self) -> bool:
        """Whether the price books differ, so that everything may cost something else."""
        return self.base is not None and _book(self.base) != _book(self.head)

    def everybody(self) -> list[Subject]:
        """The platform and all services of either side."""
        known: set[ServiceId] = set(self.head.fleet.repository.services)
        known.update(self.base.fleet.repository.services if self.base is not None else ())
        return [Subject(), *(Subject(service.team, service.name) for service in sorted(known))]

    def sums(self, subject: Subject) -> Sums:
        """What an owner costs before and after, where that differs; nothing of what is at fault on the head."""
        new = self._side(self.head, self.after, subject)
        old = self._side(self.base, self.before, subject) if self.base is not None and self.before is not None else {}
        if new is None or old is None:
            return {}
        return {
            key: (old.get(key, Decimal(0)), new.get(key, Decimal(0)))
            for key in old.keys() | new.keys()
            if old.get(key) != new.get(key)
        }

    def _side(self, side: Side, book: PriceBook, subject: Subject) -> Mapping[tuple[str, str], Decimal] | None:
        """By team and environment; empty where the side lacks the owner, None where it has faults."""
        fleet, service = side.fleet, None
        if subject.team and not subject.service:
            return {}
        if subject.service:
            if subject.id not in fleet.repository.services:
                return {}
            if not side.bring(subject.id):
                return None
            service = fleet.services[subject.id]
        found: dict[tuple[str, str], Decimal] = {}
        for target in fleet.platform.targets:
            for line in lines_of(fleet, book, target, service) if self.selection.target(target.target.name) else ():
                if isinstance(line, CostLine):
                    key = (line.team or PLATFORM, line.environment)
                    found[key] = found.get(key, Decimal(0)) + line.amount
        return found

    def cost(self, parts: Iterable[Sums]) -> Cost:
        """What all parts come to together."""
        sums: Sums = {}
        for part in parts:
            add(sums, part)
        differences = [
            CostDifference(*key, before, after) for key, (before, after) in sorted(sums.items()) if before != after
        ]
        dates = {book.date for book in (self.before, self.after) if book is not None}
        note = f"An estimate for a month, by the price book of {' and now of '.join(sorted(dates))}."
        return Cost(tuple(differences), self.after.currency, note)


def add(sums: Sums, more: Sums) -> None:
    for key, (before, after) in more.items():
        known = sums.get(key, _NOTHING)
        sums[key] = (known[0] + before, known[1] + after)


def _book(side: Side) -> bytes | None:
    path = side.fleet.repository.prices
    source = read(side.fleet.repository, path).value if path else None
    return source.content if source is not None else None
