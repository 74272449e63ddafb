"""Which item of one list is which of the other: by the fields that name it, by value, or by where it stands."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from pavior.compare import Item, Member, Step
from pavior.compare.knowledge import Arrangement, Meaning
from pavior.model import Value

NAMES = (("name",), ("key",), ("id",))
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
    for keys in (meaning.keys, *((name,) for name in NAMES)):
        old = _named(before, keys) if keys else None
        new = _named(after, keys) if old is not None else None
        if old is not None and new is not None:
            return _by_name(old, new, ordered)
    return _by_alignment(before, after) if ordered else _by_value(before, after)


def _named(items: Sequence[Value], keys: Sequence[Sequence[str]]) -> dict[Item, Value] | None:
    """The items by name; None where some has none, or two have the same."""
    found: dict[Item, Value] = {}
    for item in items:
        name = _name(item, keys)
        if name is None or name in found:
            return None
        found[name] = item
    return found


def _name(item: Value, keys: Sequence[Sequence[str]]) -> Item | None:
    if not isinstance(item, dict):
        return None
    named = []
    for steps in keys:
        value: Value = item
        for step in steps:
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, str | int | float):
            named.append((".".join(steps), _text(value)))
    return Item(tuple(named)) if named else None


def _text(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _by_name(before: dict[Item, Value], after: dict[Item, Value], ordered: bool) -> Matching:
    pairs = [Pair(name, item, after.get(name)) for name, item in before.items()]
    pairs += [Pair(name, None, item) for name, item in after.items() if name not in before]
    if not ordered:
        return Matching(pairs)
    old = [name for name in before if name in after]
    new = [name for name in after if name in before]
    return Matching(pairs, None if old == new else (_labels(old), _labels(new)))


def _labels(names: Sequence[Item]) -> list[Value]:
    return [",".join(value for _, value in name.keys) for name in names]


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
    """The map that shares most entries with a map; None where none shares any, or there are too many to look."""
    if not isinstance(item, dict) or len(others) > MOST_ALIGNED:
        return None
    alike = [
        (sum(other.get(k) == v for k, v in item.items()), -i, o)
        for i, o in enumerate(others)
        if isinstance(other := o[1], dict)
    ]
    shared, _, best = max(alike, key=lambda each: each[:2], default=(0, 0, None))
    return best if shared else None


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
