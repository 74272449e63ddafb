"""What a change does to budgets: those that it passes, nears, comes back within or sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from pavior.compare.difference import BudgetChange, Cost, Keeping, Spending
from pavior.layering.merge import part
from pavior.model import ServiceId
from pavior.phases.discover import read
from pavior.pipeline.affected import Affected, Subject
from pavior.pipeline.budgets import OWN_WORD, Budget, budgets_of_service, budgets_of_team, cap_of
from pavior.pipeline.cost_change import PLATFORM, Reckoning, Sums, with_totals
from pavior.pipeline.side import Side

MOST_OTHERS = 60
"""Services that are reckoned only for what their team spends; where there are more, budgets of teams are left to `check`. Of more
services than this, budgets are looked at where their own files have one."""


class _Mine(NamedTuple):
    """What tells budgets of one owner apart, from one side to the other."""

    environments: tuple[str, ...]
    cap: bool


def with_budgets(cost: Cost, reckoning: Reckoning, sums: Sums, affected: Affected) -> Cost:
    """The same, with budgets of services and teams that cost something else or of which a file is another.

    `sums` is all that was reckoned. What else teams with a budget have is reckoned here, if it is not too much.
    """
    subjects = {Subject(*name.split("/")) for name in cost.services if name != PLATFORM}
    subjects.update(each for each in affected.written if each.team)
    services = _with_budgets(reckoning.head, sorted(subject for subject in subjects if subject.service))
    teams = _teams(reckoning, {subject.team for subject in subjects})
    known = {(place.team, place.service) for place in sums}
    others = [
        Subject(service.team, service.name)
        for service in sorted(reckoning.head.fleet.repository.services)
        if service.team in teams and (service.team, service.name) not in known
    ]
    if len(services) > MOST_OTHERS:
        return replace(cost, skipped=True)
    many = len(others) > MOST_OTHERS
    everything, lacking = dict(sums), set(teams if many else ())
    for subject in () if many else others:
        found = reckoning.sums(subject) if subject in affected.subjects else reckoning.unchanged(subject)
        if found is None:
            lacking.add(subject.team)
        else:
            everything.update(found)
    whole = [team for team in teams if team not in lacking]
    changes = [
        *(change for subject in services for change in _of_service(reckoning, subject, everything)),
        *(change for team in whole for change in _of_team(reckoning, team, everything)),
    ]
    return replace(with_totals(cost, everything, whole), budgets=tuple(changes), skipped=many)


def _with_budgets(head: Side, services: Sequence[Subject]) -> Sequence[Subject]:
    """The services, of many those whose own files set a budget."""
    if len(services) <= MOST_OTHERS:
        return services
    repository = head.fleet.repository
    found = []
    for subject in services:
        files = repository.services.get(subject.id)
        source = read(repository, files.platform).value if files is not None else None
        if source is not None and OWN_WORD.search(source.content):
            found.append(subject)
    return found


def _teams(reckoning: Reckoning, touched: set[str]) -> list[str]:
    """Those that have a budget on either side, of the touched ones or, where the organisation allows something else, of all."""
    sides = [side for side in (reckoning.base, reckoning.head) if side is not None]
    caps = [part(side.fleet.files.organization.value, ("budgets",)) for side in sides]
    if any(each != caps[0] for each in caps):
        touched = touched.union(*(side.fleet.repository.teams for side in sides))
    return [team for team in sorted(touched) if any(_budgets_of_team(side, team) for side in sides)]


def _budgets_of_team(side: Side, team: str) -> dict[_Mine, Budget]:
    if not side.team(team):
        return {}
    fleet = side.fleet
    found = {_Mine(each.environments, False): each for each in budgets_of_team(fleet, fleet.teams[team])}
    cap = cap_of(fleet, fleet.teams[team])
    return found | ({_Mine(cap.environments, True): cap} if cap is not None else {})


def _budgets_of_service(side: Side, service: ServiceId) -> dict[_Mine, Budget]:
    if service not in side.fleet.repository.services or not side.bring(service):
        return {}
    budgets = budgets_of_service(side.fleet, side.fleet.services[service])
    return {_Mine(each.environments, False): each for each in budgets}


def _of_service(reckoning: Reckoning, subject: Subject, sums: Sums) -> Iterator[BudgetChange]:
    base = _budgets_of_service(reckoning.base, subject.id) if reckoning.base is not None else {}
    mine = {place: each for place, each in sums.items() if Subject(place.team, place.service) == subject}
    yield from _changes(subject.name, base, _budgets_of_service(reckoning.head, subject.id), mine)


def _of_team(reckoning: Reckoning, team: str, sums: Sums) -> Iterator[BudgetChange]:
    base = _budgets_of_team(reckoning.base, team) if reckoning.base is not None else {}
    mine = {place: each for place, each in sums.items() if place.team == team}
    yield from _changes(team, base, _budgets_of_team(reckoning.head, team), mine)


def _changes(name: str, base: dict[_Mine, Budget], head: dict[_Mine, Budget], sums: Sums) -> Iterator[BudgetChange]:
    for each in sorted(base.keys() | head.keys()):
        spent = [amounts for place, amounts in sums.items() if place.environment in each.environments]
        before = _spending(base.get(each), [amounts[0].amount for amounts in spent])
        after = _spending(head.get(each), [amounts[1].amount for amounts in spent])
        if before != after and _worth_telling(before, after):
            enforced = any(budget.enforce for budget in (head.get(each),) if budget is not None)
            yield BudgetChange(name, each.environments, each.cap, enforced, before, after)


def _spending(budget: Budget | None, amounts: Sequence[Decimal]) -> Spending | None:
    if budget is None:
        return None
    amount = sum(amounts, Decimal(0))
    return Spending(amount, budget.month, budget.keeping(amount))


def _worth_telling(before: Spending | None, after: Spending | None) -> bool:
    """A budget that stays as it is, and is kept well before and after, is nobody's concern."""
    if before is None or after is None or before.month != after.month:
        return True
    return before.keeping is not Keeping.WITHIN or after.keeping is not Keeping.WITHIN
