"""Cost: the cost templates of components × effective spec × price book → a cost line for each item. Pure."""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from pavior.costs import FINEST, HOURS, CostLine, Price, PriceBook, Reckoned, exact, product
from pavior.model import Path, Value
from pavior.platform import Component, Scene, TargetContext, scenes_of

_FIELDS = frozenset({"price", "quantity", "most", "assumes"})
_MOST = 10**9
_MOST_NUMBERS = 6
"""So many numbers, each at its most, with the highest price and all factors, still are exact."""


class Item(NamedTuple):
    """What a component's template says of one item; `name` is `entry/item` for an entry of `needs`. `at` is where it says so."""

    component: Component
    name: str
    said: Mapping[str, Value]
    at: Path


class BadCost(Exception):
    """A component's template says of an item what can't be reckoned with."""

    def __init__(self, item: Item, field: str, message: str) -> None:
        super().__init__(message)
        self.item, self.field, self.message = item, field, message


class MissingPrice(Exception):
    """An item is of a price that the price book lacks."""

    def __init__(self, item: Item, price: str) -> None:
        super().__init__(price)
        self.item, self.price = item, price


def cost(item: Item, target: TargetContext, team: str, service: str, book: PriceBook) -> CostLine:
    """What an item costs in a month in a target. Raises `BadCost` and `MissingPrice`."""
    said: Any = item.said
    key = (marshal.dumps(said), region_of(target))
    found = book.reckoned.get(key)
    if found is None:
        found = book.reckoned[key] = _reckoned(item, key[1], book)
    return CostLine(
        target=target.target.name,
        team=team,
        service=service,
        component=item.component.name,
        item=item.name,
        price=found.price.name,
        unit_price=found.unit_price,
        quantity=found.quantity,
        most=found.most,
        factors=found.price.factors,
        amount=found.amount,
        highest=found.highest,
        assumes=item.said.get("assumes", ""),
    )


def _reckoned(item: Item, region: str, book: PriceBook) -> Reckoned:
    price, quantity, most = _said(item, book)
    unit_price = price.regions.get(region, price.amount)
    amounts = (product(unit_price, numbers, price.factors) for numbers in (quantity, most))
    return Reckoned(price, unit_price, quantity, most, *amounts)


def items_of(components: Iterable[Component], target: TargetContext, scene: Scene) -> Iterator[Item]:
    """What a service costs by its components. `scene` holds the roots but `settings` and `need`. Raises `TemplateFault`."""
    for component in components:
        if component.costs is None:
            continue
        for context in scenes_of(component.type, scene, target.settings[component.name]):
            prefix = f"{context['need']['name']}/" if component.type else ""
            for made in component.costs.render(context):
                for name, said in made.items():
                    yield Item(component, f"{prefix}{name}", said, ("costs", name))


def shared_items_of(components: Iterable[Component], target: TargetContext) -> Iterator[Item]:
    """What a target costs whatever its services are. Raises `TemplateFault`."""
    for component in components:
        if component.platform_costs is None:
            continue
        scene: Scene = {**target.roots, "settings": target.settings[component.name]}
        for made in component.platform_costs.render(scene):
            for name, said in made.items():
                yield Item(component, name, said, ("platformCosts", name))


def region_of(target: TargetContext) -> str:
    """The region whose prices hold: the cluster's, else the environment's."""
    roots = target.roots
    return str(roots["cluster"].get("region") or roots["environment"].get("region") or "")


_Quantity = tuple[tuple[str, Decimal], ...]


def _said(item: Item, book: PriceBook) -> tuple[Price, _Quantity, _Quantity]:
    """The price, the quantity, and the quantity at the most that an item speaks of."""
    said = item.said
    if not isinstance(said, dict):
        raise BadCost(item, "", f"item `{item.name}` is not a map of `price` and `quantity`")
    for name in sorted(said.keys() - _FIELDS):
        raise BadCost(item, name, f"`{name}` is not a field of an item: it has price, quantity, most, assumes")
    name = said.get("price")
    if not isinstance(name, str):
        raise BadCost(item, "price", f"item `{item.name}` names no price")
    if name not in book.prices:
        raise MissingPrice(item, name)
    price = book.prices[name]
    quantity = _numbers(item, "quantity")
    if not quantity:
        raise BadCost(item, "quantity", f"item `{item.name}` has no quantity")
    if price.per == "hour" and HOURS not in quantity:
        quantity[HOURS] = book.hours
    most = {**quantity, **_numbers(item, "most")}
    return price, tuple(quantity.items()), tuple(most.items())


def _numbers(item: Item, field: str) -> dict[str, Decimal]:
    given = item.said.get(field, {})
    if not isinstance(given, dict):
        raise BadCost(item, field, f"`{field}` of item `{item.name}` is not a map of numbers")
    if len(given) > _MOST_NUMBERS:
        raise BadCost(item, field, f"`{field}` of item `{item.name}` has more than {_MOST_NUMBERS} numbers")
    for name, number in given.items():
        if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= _MOST:
            raise BadCost(item, field, f"`{field}.{name}` of item `{item.name}` is not a number from zero to {_MOST:,}")
    return {name: exact(number).quantize(FINEST, ROUND_HALF_UP).normalize() for name, number in given.items()}
