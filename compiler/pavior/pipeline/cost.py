"""Cost: what the fleet costs in a month by the price book. Nothing is rendered; a service's spec is layered once more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pavior.costs import CostLine, CostReport, PriceBook
from pavior.diagnostics import Diagnostic, Note, Outcome
from pavior.diagnostics.codes import prices as codes
from pavior.expression import TemplateFault
from pavior.model import Span
from pavior.phases import validate
from pavior.phases.cost import BadCost, MissingPrice, cost, items_of, shared_items_of
from pavior.phases.discover import read
from pavior.phases.load import load
from pavior.phases.price import missing, missing_price, price
from pavior.phases.render import fault_diagnostic
from pavior.phases.write import recover
from pavior.pipeline.assemble import ServiceInput, effective_spec, scene_of
from pavior.pipeline.clock import Clock
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.prepare import prepare
from pavior.pipeline.selection import Selection, require_known
from pavior.platform import TargetContext


def estimate(root: Path, selection: Selection) -> Outcome[CostReport]:
    """What the selected part of a platform repository costs. No report without a sound price book."""
    recover(root)
    outcome = prepare(root, Clock())
    if outcome.value is None:
        return Outcome(None, outcome.diagnostics)
    fleet = outcome.value
    require_known(fleet.repository, fleet.platform.target_names, selection)
    book = price_book(fleet)
    if book.value is None:
        return Outcome(None, (*outcome.diagnostics, *book.diagnostics))
    report = cost_report(fleet, book.value, selection)
    return Outcome(report.value, (*outcome.diagnostics, *book.diagnostics, *report.diagnostics))


def price_book(fleet: Fleet) -> Outcome[PriceBook]:
    """The price book; None where it lacks what components may ask for, and, with nothing wrong, where there is none."""
    path = fleet.repository.prices
    source = read(fleet.repository, path) if path else None
    if path is None or source is None or source.value is None:
        return Outcome(None, source.diagnostics if source else ())
    document = load(source.value)
    if document.value is None:
        return Outcome(None, document.diagnostics)
    found = validate.validate(document.value, "prices", fleet.platform.schemas)
    if found.value is None:
        return Outcome(None, found.diagnostics)
    book = price(found.value)
    if book.value is None:
        return book
    lacking = tuple(missing(fleet.platform, book.value))
    return Outcome(None if lacking else book.value, lacking)


def cost_report(fleet: Fleet, book: PriceBook, selection: Selection | None = None) -> Outcome[CostReport]:
    """The cost lines of the selected part of a fleet, by default of all of it.

    What services at fault cost is left out, as are items that can't be reckoned; what is wrong with items is told.
    """
    chosen = selection or Selection()
    lines: list[CostLine] = []
    found: dict[tuple[Span, str, str], Diagnostic] = {}
    for target in fleet.platform.targets:
        name = target.target.name
        if not chosen.target(name):
            continue
        owners = [fleet.services[id_] for id_ in chosen.services(fleet.services) if id_ not in fleet.broken]
        shared = [] if chosen.names or chosen.teams else [None]
        for service in (*shared, *owners):
            for each in lines_of(fleet, book, target, service):
                if isinstance(each, CostLine):
                    lines.append(each)
                else:
                    found.setdefault((each.span, each.message, name), each)
    ordered = tuple(sorted(lines, key=lambda line: line.key))
    return Outcome(CostReport(book.currency, book.date, book.source, ordered), tuple(found.values()))


def lines_of(
    fleet: Fleet, book: PriceBook, target: TargetContext, service: ServiceInput | None
) -> Iterator[CostLine | Diagnostic]:
    """What one service costs in one target, or, without one, the platform itself; nothing where the service leaves it out.

    An item that can't be reckoned is a diagnostic in its place.
    """
    subject, team, name = "the platform", "", ""
    items = shared_items_of(fleet.platform.components.values(), target)
    if service is not None:
        spec = (fleet.specs or {}).get((service.id, target.target.place))
        if spec is None:
            made = effective_spec(fleet.stacks, service, target.target)
            if made is None:
                return
            spec = made[0]
        subject, team, name = f"`{service.id}`", service.id.team, service.id.name
        items = items_of(service.path.components, target, scene_of(target, service.team, service, spec))
    try:
        for item in items:
            try:
                yield cost(item, target, team, name, book)
            except BadCost as fault:
                yield _bad_cost(fault, subject, target.target.name)
            except MissingPrice as fault:
                at = (*item.at, "price")
                yield missing_price(item.component, fault.price, at, (target.target.name,), book.prices)
    except TemplateFault as fault:
        yield fault_diagnostic(fault, subject, target.target.name)


def _bad_cost(fault: BadCost, subject: str, target: str) -> Diagnostic:
    span = fault.item.component.document.positions().key((*fault.item.at, fault.field))
    notes = (Note(f"while reckoning what {subject} costs in", targets=(target,)),)
    return Diagnostic(codes.BAD_COST, span, fault.message, "an item is a `price` and a `quantity` of numbers", notes)
