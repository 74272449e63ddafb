"""The stack of ranks above a service, merged as far as can be before the service is known.

A service's tier, sizes and types of needs choose among its ranks' sub-layers, so a stack merges lazily, once for each
choice, on top of what the stack beneath it merged for the same choice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pavior.layering.merge import merge_all
from pavior.layering.ranks import Rank, Sizes
from pavior.model import Layer, Path, Value

Fields: TypeAlias = Mapping[str, Value]

Chosen: TypeAlias = tuple[tuple[str, str], ...]
"""The size names that a service or an entry uses, by field: `(("size", "small"),)`."""

_NOT_FIELDS = frozenset({"apiVersion", "goldenPath", "environments", "needs"})


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """Ranks from the lowest up. Made by `stack`; frozen but for what it remembers of merges, which nobody else reads.

    `tier` is the highest rank's word on it, `sizes` and `type_sizes` are its components'.
    """

    ranks: tuple[Rank, ...]
    beneath: Stack | None
    tier: Value
    sizes: Sizes
    type_sizes: Mapping[str, Sizes]
    _bases: dict[tuple[str | None, Chosen], Fields] = field(default_factory=dict, repr=False)
    _types: dict[tuple[str, Chosen], Fields] = field(default_factory=dict, repr=False)
    _needs: dict[str | None, tuple[Word, ...]] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Word:
    """What one layer says of one thing: `value`, at `at` inside the layer; None removes. `rank` counts from the lowest."""

    rank: int
    layer: Layer
    at: Path
    value: Value


def stack(ranks: Sequence[Rank], beneath: Stack | None = None) -> Stack:
    """`ranks`, lowest first, on top of `beneath`, whose merges are shared by all stacks on top of it.

    Components go into the stack with nothing beneath it: their size names stand under every other value.
    """
    sizes: dict[str, Mapping[str, Layer]] = {}
    type_sizes: dict[str, Sizes] = {}
    for each in ranks:
        sizes.update(each.sizes)
        type_sizes.update(each.type_sizes)
    if beneath and (sizes or type_sizes):
        raise ValueError("size names must be in the lowest stack")
    tier = beneath.tier if beneath else None
    for each in ranks:
        if each.defaults and "tier" in each.defaults.values:
            tier = each.defaults.values["tier"]
    return Stack(
        ranks=(*beneath.ranks, *ranks) if beneath else tuple(ranks),
        beneath=beneath,
        tier=tier,
        sizes=beneath.sizes if beneath else sizes,
        type_sizes=beneath.type_sizes if beneath else type_sizes,
    )


def base(above: Stack, tier: str | None, chosen: Chosen) -> Fields:
    """All that the ranks say of a service's fields, except `needs`, merged on top of the chosen sizes. Don't change it."""
    known = above._bases.get((tier, chosen))
    if known is None:
        below = base(above.beneath, tier, chosen) if above.beneath else expansion(above.sizes, chosen)
        known = merge_all(below, (fields for _, _, fields in field_layers(above, tier, own_only=True)))
        above._bases[tier, chosen] = known
    return known


def type_base(above: Stack, type_of_need: str, chosen: Chosen) -> Fields:
    """All that the ranks say of any entry of that type, merged on top of the chosen sizes. Don't change it."""
    known = above._types.get((type_of_need, chosen))
    if known is None:
        below = (
            type_base(above.beneath, type_of_need, chosen)
            if above.beneath
            else expansion(above.type_sizes.get(type_of_need, {}), chosen)
        )
        known = merge_all(below, (word.value for word in type_words(above, type_of_need, own_only=True)))
        above._types[type_of_need, chosen] = known
    return known


def needs_words(above: Stack, tier: str | None) -> tuple[Word, ...]:
    """Each rank's word on `needs` itself: seldom any, for services name their needs."""
    known = above._needs.get(tier)
    if known is None:
        known = tuple(
            Word(position, layer, ("needs",), layer.values["needs"])
            for position, layer, _ in field_layers(above, tier)
            if "needs" in layer.values
        )
        above._needs[tier] = known
    return known


def field_layers(above: Stack, tier: str | None, own_only: bool = False) -> Iterator[tuple[int, Layer, Fields]]:
    """The rank, layer and fields of all that speaks of a service of this tier, lowest first; `own_only`: not what is beneath."""
    first = len(above.beneath.ranks) if own_only and above.beneath else 0
    for position in range(first, len(above.ranks)):
        each = above.ranks[position]
        if each.defaults:
            yield position, each.defaults, fields_of(each.defaults)
        if tier is not None and tier in each.tiers:
            layer = each.tiers[tier]
            # The tier is chosen before its sub-layers are read, so they have no say in it.
            yield position, layer, {key: value for key, value in fields_of(layer).items() if key != "tier"}


def type_words(above: Stack, type_of_need: str, own_only: bool = False) -> Iterator[Word]:
    """What the ranks say of every entry of a type, lowest first. Its type itself was chosen before, so they don't set it."""
    first = len(above.beneath.ranks) if own_only and above.beneath else 0
    for position in range(first, len(above.ranks)):
        layer = above.ranks[position].types.get(type_of_need)
        if layer:
            yield Word(position, layer, (), {key: value for key, value in layer.values.items() if key != "type"})


def fields_of(layer: Layer) -> Fields:
    """The fields that merge as they are: not what selects layers, and not `needs`, whose entries have layers of their own."""
    return {key: value for key, value in layer.values.items() if key not in _NOT_FIELDS}


def highest(name: str, said: Sequence[Value]) -> Value:
    """The last word on field `name` in `said`, maps from the lowest up; None if it is null or nobody speaks of it."""
    for values in reversed(said):
        if isinstance(values, dict) and name in values:
            return values[name]
    return None


def choose(sizes: Sizes, said: Sequence[Value]) -> Chosen:
    """The size names that the fields of `said`, maps from the lowest up, end with, known or not; text only."""
    chosen = [(size_field, highest(size_field, said)) for size_field in sizes]
    return tuple((size_field, name) for size_field, name in chosen if isinstance(name, str))


def expansion(sizes: Sizes, chosen: Chosen) -> Fields:
    """What the chosen size names stand for, merged in the order of their fields. A name that isn't one stands for nothing."""
    return merge_all({}, [layer.values for layer in expansion_layers(sizes, chosen)])


def expansion_layers(sizes: Sizes, chosen: Chosen) -> list[Layer]:
    """The layers of the chosen size names, in the order of their fields."""
    return [sizes[size_field][name] for size_field, name in chosen if name in sizes[size_field]]
