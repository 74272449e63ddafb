"""Price: prices.yaml → the price book, and whether it has what components ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pavior.costs import Factor, Price, PriceBook, exact
from pavior.diagnostics import Diagnostic, Note, Outcome
from pavior.diagnostics.codes import prices as codes
from pavior.diagnostics.suggest import did_you_mean
from pavior.expression import TemplateFault
from pavior.model import Document, Path, Value
from pavior.platform import Component, Platform, Scene
from pavior.repository import PRICES

_HOURS = 730
"""365 days of 24 hours, by twelve, as cloud providers reckon."""


def price(document: Document) -> Outcome[PriceBook]:
    """A price book that has passed its schema."""
    value = document.value
    named = {
        name: Factor(name, exact(each["times"]), each["reason"]) for name, each in value.get("factors", {}).items()
    }
    found: list[Diagnostic] = []
    prices: dict[str, Price] = {}
    for name, each in value["prices"].items():
        wanted = each.get("factors", ())
        for index, factor in enumerate(wanted):
            if factor not in named:
                found.append(_unknown_factor(document, ("prices", name, "factors", index), factor, list(named)))
        regions = {region: exact(amount) for region, amount in each.get("regions", {}).items()}
        factors = tuple(named[factor] for factor in wanted if factor in named)
        prices[name] = Price(name, exact(each["amount"]), each["per"], regions, factors)
    if found:
        return Outcome(None, tuple(found))
    hours = exact(value.get("hoursPerMonth", _HOURS))
    return Outcome(PriceBook(value["currency"], value["date"], value["source"], hours, prices))


def missing(platform: Platform, book: PriceBook) -> Iterator[Diagnostic]:
    """The prices that components may ask for and the book lacks, each told once, at the component that asks."""
    for component in platform.components.values():
        lacking: dict[str, list[str]] = {}
        for target in platform.targets:
            scene: Scene = {**target.roots, "settings": target.settings[component.name]}
            try:
                asked = component.prices.render(scene) if component.prices else []
            except TemplateFault as fault:
                yield Diagnostic(codes.BAD_COST, fault.span, fault.message, fault.hint)
                break
            for name in asked[0] if asked else ():
                if name not in book.prices:
                    lacking.setdefault(str(name), []).append(target.target.name)
        for name, targets in lacking.items():
            yield missing_price(component, name, ("prices",), tuple(targets), book.prices)


def missing_price(
    component: Component, name: str, at: Path, targets: tuple[str, ...], known: Iterable[str]
) -> Diagnostic:
    """A component asks for a price that is not known; `at` is where in component.yaml it does."""
    positions = component.document.positions()
    written = [each for each in positions.values if each[: len(at)] == at]
    literal = [each for each in written if _at(component, each) == name]
    near = did_you_mean(name, list(known))
    hint = f"did you mean `{near}`?" if near else f"add it to {PRICES}"
    span = positions.value(literal[0]) if literal else positions.key(at)
    return Diagnostic(codes.MISSING_PRICE, span, f"there is no price `{name}`", hint, (Note("for", targets=targets),))


def _at(component: Component, path: Path) -> Value:
    """What component.yaml says at a path that it has."""
    value = component.document.value
    for step in path:
        value = value[step]
    return value


def _unknown_factor(document: Document, at: Path, name: str, known: list[str]) -> Diagnostic:
    near = did_you_mean(name, known)
    hint = f"did you mean `{near}`?" if near else "write it under `factors`, with a reason"
    return Diagnostic(codes.UNKNOWN_FACTOR, document.positions().value(at), f"there is no factor `{name}`", hint)
