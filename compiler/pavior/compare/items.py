"""Which item of one list is which of the other: by the fields that name it, by value, or by where it stands."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple, TypeAlias

from pavior.compare import Item, Member, Step
from pavior.compare.knowledge import Arrangement, Meaning
from pavior.model import Value

Keys: TypeAlias = Sequence[Sequence[str]]
"""The fields that name an item together, each as the steps that lead there."""

NAMES: Sequence[Keys] = ((("name",),), (("key",),), (("id",),))
"""What names an item where nothing is known of the list: the first of these that all items have, each another value."""

MOST_ALIGNED = 400
"""Longer lists are compared place by place between what is equal at both ends: aligning takes time by the square."""


class Pair(NamedTuple):
    """An item in the base and in the head; None where there is none."""

    step: Step
    before: Value
    after: Value


class Matching(NamedTuple):
    """All pairs that may differ. `reordered`: the names or values of what both have, in both orders, where they differ."""

    pairs: list[Pair]
    reordered: tuple[list[Value], list[Value]] | None = None


def match(before: list[Value], after: list[Value], meaning: Meaning) -> Matching:
    """Pair the items of two lists. Where the order has no meaning or is unchanged, nothing is `reordered`."""
    ordered = meaning.arrangement is not Arrangement.SET
    for keys in (meaning.keys, *NAMES):
        name = _naming(keys, meaning) if keys else None
        old = _named(before, name) if name is not None else None
        new = _named(after, name) if old is not None and name is not None else None
        if old is not None and new is not None:
            return _by_name(old, new, keys, ordered)
    return _by_alignment(before, after) if ordered else _by_value(before, after)


Name: TypeAlias = tuple[Value, ...]
"""The values of an item's keys, None where it has none."""


def _naming(keys: Keys, meaning: Meaning) -> Callable[[dict[str, Value]], Name]:
    """How an item is named by `keys`; what it leaves out is what absence means."""
    item = meaning.below("-")
    defaults = [_meaning_at(item, steps).default for steps in keys]
    if len(keys) == 1 and len(keys[0]) == 1:
        (only,), (default,) = keys[0], defaults
        return lambda each: (_scalar(each.get(only, default)),)
    return lambda each: tuple(_at(each, steps, default) for steps, default in zip(keys, defaults, strict=True))


def _meaning_at(meaning: Meaning, steps: Sequence[str]) -> Meaning:
    for step in steps:
        meaning = meaning.below(step)
    return meaning


def _named(items: Sequence[Value], name: Callable[[dict[str, Value]], Name]) -> dict[Name, Value] | None:
    """The items by name; None where one has none, or two have the same."""
    found: dict[Name, Value] = {}
    for item in items:
        if not isinstance(item, dict):
            return None
        called = name(item)
        if called in found or all(value is None for value in called):
            return None
        found[called] = item
    return found


def _at(item: Value, steps: Sequence[str], default: Value) -> Value:
    """The scalar that `steps` lead to; `default` where there is none."""
    for step in steps:
        item = item.get(step) if isinstance(item, dict) else None
    return default if item is None else _scalar(item)


def _scalar(value: Value) -> Value:
    return value if isinstance(value, str | int | float) else None


def _by_name(before: dict[Name, Value], after: dict[Name, Value], keys: Keys, ordered: bool) -> Matching:
    pairs = [Pair(_item(name, keys), item, new) for name, item in before.items() if (new := after.get(name)) != item]
    pairs += [Pair(_item(name, keys), None, item) for name, item in after.items() if name not in before]
    if not ordered:
        return Matching(pairs)
    old = [name for name in before if name in after]
    new_order = [name for name in after if name in before]
    return Matching(pairs, None if old == new_order else (_labels(old), _labels(new_order)))


def _item(name: Name, keys: Keys) -> Item:
    return Item(tuple((".".join(steps), _text(v)) for steps, v in zip(keys, name, strict=True) if v is not None))


def _text(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _labels(names: Sequence[Name]) -> list[Value]:
    return [",".join(_text(value) for value in name if value is not None) for name in names]


def _by_value(before: list[Value], after: list[Value]) -> Matching:
    """Items of a list without order: what only one side has. Maps among these are paired with what is most like them."""
    old, new = _only(before, after), _only(after, before)
    pairs = []
    for index, item in new:
        like = _most_like(item, old)
        if like is None:
            pairs.append(Pair(index if isinstance(item, dict | list) else Member.ELEMENT, None, item))
        else:
            old.remove(like)
            pairs.append(Pair(index, like[1], item))
    pairs += [Pair(index if isinstance(item, dict | list) else Member.ELEMENT, item, None) for index, item in old]
    return Matching(pairs)


def _only(items: list[Value], others: list[Value]) -> list[tuple[int, Value]]:
    """The items that `others` lacks, with their indexes; one that occurs more often, so many times."""
    there = Counter(map(canonical, others))
    found = []
    for index, item in enumerate(items):
        name = canonical(item)
        if there[name]:
            there[name] -= 1
        else:
            found.append((index, item))
    return found


def _most_like(item: Value, others: list[tuple[int, Value]]) -> tuple[int, Value] | None:
    """The map that shares most leaves with a map, or the only one there is; None where none is alike, or there are too many."""
    maps = [other for other in others if isinstance(other[1], dict)]
    if not isinstance(item, dict) or len(others) > MOST_ALIGNED:
        return None
    own = Counter(leaves(item))
    alike = [((own & Counter(leaves(other[1]))).total(), -number) for number, other in enumerate(maps)]
    shared, number = max(alike, default=(0, 0))
    return maps[-number] if shared or len(maps) == 1 else None


def leaves(value: Value, path: str = "") -> Iterator[tuple[str, str]]:
    """The scalars in a value, each with the keys that lead there; places in lists are of no account."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, f"{path}[]")
    else:
        yield path, canonical(value)


def canonical(value: Value) -> str:
    """A text that is the same for equal values, whatever the order of keys."""
    return value if isinstance(value, str) else "\0" + json.dumps(value, sort_keys=True)


def _by_alignment(before: list[Value], after: list[Value]) -> Matching:
    """Items of a list whose order has a meaning: the longest runs of equal ones stay, between them place by place."""
    old, new = [canonical(item) for item in before], [canonical(item) for item in after]
    if len(old) == len(new) and old != new and Counter(old) == Counter(new):
        return Matching([], (before, after))
    return Matching(
        [
            pair
            for start, end, head_start, head_end in _blocks(old, new)
            for pair in _block(before, after, range(start, end), range(head_start, head_end))
        ]
    )


def _blocks(old: list[str], new: list[str]) -> Iterator[tuple[int, int, int, int]]:
    """The stretches that differ, as ranges of both lists."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    inner_old, inner_new = old[start : len(old) - end], new[start : len(new) - end]
    if max(len(inner_old), len(inner_new)) > MOST_ALIGNED:
        yield start, len(old) - end, start, len(new) - end
        return
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, inner_old, inner_new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield start + i1, start + i2, start + j1, start + j2


def _block(before: list[Value], after: list[Value], old: range, new: range) -> Iterator[Pair]:
    for offset in range(max(len(old), len(new))):
        there, here = offset < len(old), offset < len(new)
        step = new[offset] if here else old[offset]
        yield Pair(step, before[old[offset]] if there else None, after[new[offset]] if here else None)
