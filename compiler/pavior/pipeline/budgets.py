"""Budgets: estimated costs against what services, teams and the organisation allow, told at the line of the budget.

Nothing is reckoned where nobody has a budget.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pavior.compare.difference import Keeping
from pavior.costs import CostLine, CostReport, exact, total
from pavior.diagnostics import Code, Diagnostic, Note
from pavior.diagnostics.codes import budgets as codes
from pavior.layering.merge import part
from pavior.model import Document, Path, Span, Value
from pavior.phases.layer import layer_with_origins
from pavior.pipeline.assemble import ServiceInput, TeamInput, effective_spec, layers_of
from pavior.pipeline.cost import cost_report, price_book
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.selection import Selection

_WARN_AT = 90
_WORD = b"budget"
OWN_WORD = re.compile(rb"\bbudget\b")
"""As services and teams have it; the organisation's caps are `budgets`."""

_SERVICE: Path = ("cost", "budget")
_TEAM: Path = ("budget",)
_CAPS: Path = ("budgets",)
_MONTH = "month"


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that `subject` should cost in `environments` in a month, and where that is written."""

    subject: str
    environments: tuple[str, ...]
    month: Decimal
    warn_at: Decimal
    enforce: bool
    span: Span

    def keeping(self, amount: Decimal) -> Keeping:
        """How an amount for a month keeps to it."""
        if amount > self.month:
            return Keeping.OVER
        return Keeping.WITHIN if amount * 100 < self.month * self.warn_at or amount == 0 else Keeping.NEAR


def budget_findings(fleet: Fleet, selection: Selection) -> Iterator[Diagnostic]:
    """What is wrong with the price book, with budgets of the selected services, and of teams that are selected as a whole.

    Costs are those of all environments, whichever are selected: a budget may hold for several together.
    """
    found = findings_by_team(fleet, selection, Selection())
    yield from (diagnostic for _, diagnostic in found)


def findings_by_team(
    fleet: Fleet, selection: Selection, reckoned: Selection, has_any: bool | None = None
) -> Iterator[tuple[str | None, Diagnostic]]:
    """As `budget_findings`, each with whose it is: of a team and its services, "" of the price book, None of what things cost.

    Costs are reckoned of what is `reckoned`, in which all teams are whole whose budgets are selected. `has_any` says whether
    anybody has a budget, where that is known.
    """
    book = price_book(fleet)
    yield from (("", each) for each in book.diagnostics)
    if not (any(budgeting(fleet)) if has_any is None else has_any):
        return
    if book.value is None:
        if fleet.repository.prices is None:
            yield from _without_prices(fleet, reckoned)
        return
    report = cost_report(fleet, book.value, reckoned)
    yield from ((None, each) for each in report.diagnostics)
    assert report.value is not None
    by_service: dict[tuple[str, str], list[CostLine]] = {}
    by_team: dict[str, list[CostLine]] = {}
    for line in report.value.lines:
        by_service.setdefault((line.team, line.service), []).append(line)
        by_team.setdefault(line.team, []).append(line)
    for id_ in selection.services(fleet.services):
        for budget in budgets_of_service(fleet, fleet.services[id_]):
            lines = by_service.get((id_.team, id_.name), [])
            yield from ((id_.team, each) for each in _compared(budget, lines, report.value))
    for name in filter(selection.team, fleet.teams):
        if name not in fleet.broken_teams:
            found = _of_team(fleet, fleet.teams[name], by_team.get(name, []), report.value)
            yield from ((name, each) for each in found)


def _of_team(fleet: Fleet, team: TeamInput, lines: Sequence[CostLine], report: CostReport) -> Iterator[Diagnostic]:
    own = list(budgets_of_team(fleet, team))
    cap = cap_of(fleet, team)
    for budget in (*own, *([cap] if cap else [])):
        yield from _compared(budget, lines, report)
    if cap is not None:
        yield from _above_cap(own, cap, report.currency)


def budgeting(fleet: Fleet) -> Iterator[str]:
    """The files that may set a budget: one that doesn't hold the word can't, and to look for a word costs next to nothing."""
    return (document.source.path for document in _documents(fleet) if _WORD in document.source.content)


def may_set_one(content: bytes) -> bool:
    """Whether a file that holds this may set a budget."""
    return _WORD in content


def _documents(fleet: Fleet) -> Iterator[Document]:
    yield fleet.files.organization
    yield from fleet.files.environments.values()
    yield from fleet.files.golden_paths.values()
    yield from (team.document for team in fleet.teams.values())
    yield from (service.document for service in fleet.services.values())


def _without_prices(fleet: Fleet, selection: Selection) -> Iterator[tuple[str, Diagnostic]]:
    """Each budget in a team's or a service's own file, where there is nothing to compare it with."""
    owners = [(name, fleet.teams[name].document, _TEAM) for name in fleet.teams if selection.team(name)]
    owners += [(s.team, fleet.services[s].document, _SERVICE) for s in selection.services(fleet.services)]
    for name, document, at in owners:
        if part(document.value, at) is not None:
            span = document.positions().key(at)
            message = "this budget is compared with nothing: there is no price book"
            hint = "write golden-paths/prices.yaml"
            code = codes.BUDGET_WITHOUT_PRICES
            yield name, Diagnostic(code, span, message, hint, severity=code.severity)


def budgets_of_service(fleet: Fleet, service: ServiceInput) -> Iterator[Budget]:
    """The budgets of a service: one for each word that wins somewhere, for the environments together in which it does."""
    if not _may_have_one(fleet, service):
        return
    held: dict[Span, tuple[Value, list[str]]] = {}
    for target in fleet.platform.targets:
        # Few have one, and origins cost more than the spec.
        made = effective_spec(fleet.stacks, service, target.target)
        own = layers_of(service, target.target)
        if made is None or own is None or part(made[0], _SERVICE) is None:
            continue
        spec, origins = layer_with_origins(fleet.stacks.of(service.path, target.target, service.team), *own)
        said = part(spec, _SERVICE)
        if said is not None:
            at = (*_SERVICE, _MONTH) if isinstance(said, dict) else _SERVICE
            _, environments = held.setdefault(origins[at][-1].span, (said, []))
            if target.target.environment not in environments:
                environments.append(target.target.environment)
    for span, (said, environments) in held.items():
        yield _budget(f"`{service.id}`", environments, said, span)


def _may_have_one(fleet: Fleet, service: ServiceInput) -> bool:
    above = (fleet.files.organization, *fleet.files.environments.values(), service.path.document)
    return any(OWN_WORD.search(each.source.content) for each in (*above, service.team.document, service.document))


def budgets_of_team(fleet: Fleet, team: TeamInput) -> Iterator[Budget]:
    """A team's budgets: of each environment that has its own, and of the others together."""
    environments = list(dict.fromkeys(t.target.environment for t in fleet.platform.targets))
    own: list[str] = []
    for environment in environments:
        at: Path = ("environments", environment, *_TEAM)
        said = part(team.document.value, at)
        if said is not None:
            own.append(environment)
            yield _budget(f"team `{team.name}`", [environment], said, _span(team.document, at))
    said = part(team.document.value, _TEAM)
    if said is not None:
        rest = [environment for environment in environments if environment not in own]
        yield _budget(f"team `{team.name}`", rest, said, _span(team.document, _TEAM))


def cap_of(fleet: Fleet, team: TeamInput) -> Budget | None:
    """What the organisation allows a team in all environments."""
    for at in ((*_CAPS, "teams", team.name), (*_CAPS, "team")):
        said = part(fleet.files.organization.value, at)
        if said is not None:
            environments = dict.fromkeys(t.target.environment for t in fleet.platform.targets)
            return _budget(f"team `{team.name}`", environments, said, _span(fleet.files.organization, at))
    return None


def _span(document: Document, at: Path) -> Span:
    """Where a budget's figure is written: it may stand alone, or beside other words."""
    positions = document.positions()
    return positions.values.get((*at, _MONTH)) or positions.value(at)


def _budget(subject: str, environments: Iterable[str], said: Value, span: Span) -> Budget:
    whole = said if isinstance(said, dict) else {_MONTH: said}
    warn_at = exact(whole.get("warnAt", _WARN_AT))
    return Budget(subject, tuple(environments), exact(whole[_MONTH]), warn_at, whole.get("enforce", False), span)


def _compared(budget: Budget, lines: Sequence[CostLine], report: CostReport) -> Iterator[Diagnostic]:
    mine = [line for line in lines if line.environment in budget.environments]
    amount, _ = total(mine)
    keeping = budget.keeping(amount)
    if keeping is Keeping.WITHIN:
        return
    code = codes.NEAR_BUDGET
    if keeping is Keeping.OVER:
        code = codes.BUDGET_EXCEEDED if budget.enforce else codes.OVER_BUDGET
    yield _told(code, budget, amount, mine, report)


def _told(code: Code, budget: Budget, amount: Decimal, lines: Sequence[CostLine], report: CostReport) -> Diagnostic:
    relation = "near" if code is codes.NEAR_BUDGET else "more than"
    month = f"budget of {budget.month:,.2f} {report.currency}"
    message = f"{budget.subject} costs an estimated {amount:,.2f} {report.currency} a month, {relation} its {month}"
    dearest = max(lines, key=lambda line: (line.amount, line.key))
    of = f"{dearest.team}/{dearest.service}"
    notes = (
        Note("in", targets=budget.environments),
        Note(
            f"the dearest is {dearest.item} ({dearest.component}) of `{of}` in `{dearest.target}`: {dearest.amount:,.2f}"
        ),
        Note(f"by the price book of {report.date}"),
    )
    who = budget.subject.strip("`")
    asked = f"--team {lines[0].team}" if budget.subject.startswith("team ") else who
    hint = f"`pavior cost {asked} --arithmetic` shows what costs so much"
    return Diagnostic(code, budget.span, message, hint, notes, code.severity)


def _above_cap(own: Sequence[Budget], cap: Budget, currency: str) -> Iterator[Diagnostic]:
    together = sum((budget.month for budget in own), Decimal(0))
    if own and together > cap.month:
        largest = max(own, key=lambda budget: budget.month)
        which = "this budget is" if len(own) == 1 else f"the team's {len(own)} budgets are together"
        message = f"{which} {together:,.2f} {currency}, more than the {cap.month:,.2f} that the organisation allows"
        note = Note("allowed here", cap.span)
        yield Diagnostic(
            codes.BUDGET_ABOVE_CAP, largest.span, message, f"lower it by {together - cap.month:,.2f}", (note,)
        )
