"""A map that takes in fragments, as one map: what laying one over the other gives, as far as that is known beforehand."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from pavior.expression.makes import Scope
from pavior.expression.tree import Computed, Constant, Entry, ListNode, MapNode, Node, Text, is_sure


class Scoped(NamedTuple):
    """An entry of a map, and what names mean in it: each fragment has its own."""

    key: str | Computed | Text
    value: Node
    scope: Scope


Scopeds: TypeAlias = dict[str, Scoped]


def scoped(node: MapNode, scope: Scope) -> list[Scoped]:
    """The map's own entries."""
    return [Scoped(entry.key, entry.value, scope) for entry in node.entries]


def flattened(node: MapNode, scope: Scope, lets: Callable[[MapNode, Scope], Scope]) -> list[Scoped] | None:
    """The entries of a map in the order and with the values that its fragments and its own entries give; None where only
    values can tell what these are. `scope` is what names mean in the map, `lets` adds those of a fragment."""
    if not _is_flat(node):
        return None
    result: Scopeds = {}
    return list(result.values()) if _lay(node, scope, lets, result) else None


def _is_flat(node: Node) -> bool:
    """Whether the map and its fragments are maps whose keys are known, so that trying to flatten it writes nothing in vain."""
    if not isinstance(node, MapNode) or node.loop or node.condition or node.merges:
        return False
    if node.value is not None:
        return not node.entries and not node.includes and _is_flat(node.value)
    return all(isinstance(entry.key, str) for entry in node.entries) and all(map(_is_flat, node.includes))


def _lay(node: Node, scope: Scope, lets: Callable[[MapNode, Scope], Scope], result: Scopeds) -> bool:
    assert isinstance(node, MapNode)
    for layer in (*node.includes, *((node.value,) if node.value is not None else ())):
        assert isinstance(layer, MapNode)
        if not _lay(layer, lets(layer, scope), lets, result):
            return False
    for entry in node.entries:
        assert isinstance(entry.key, str)
        above = Scoped(entry.key, entry.value, scope)
        below = result.get(entry.key)
        outcome = above if below is None else _outcome(below, above)
        if outcome is None:
            return False
        result[entry.key] = outcome
    return True


def _outcome(below: Scoped, above: Scoped) -> Scoped | None:
    """What is there when `above` is laid over `below`, if that is known."""
    lower, upper = below.value, above.value
    if not (is_sure(lower) and is_sure(upper)) or (isinstance(upper, Constant) and upper.value == {}):
        return None
    if isinstance(lower, MapNode) and isinstance(upper, MapNode):
        if below.scope is not above.scope or not (lower.plain and upper.plain):
            return None
        inside: Scopeds = {}
        for layer in (lower, upper):
            if not _is_flat(layer) or not _lay(layer, above.scope, lambda _, scope: scope, inside):
                return None
        entries = tuple(Entry(key, each.value) for key, each in inside.items())
        return Scoped(above.key, MapNode(entries, upper.site), above.scope)
    known = isinstance(lower, Constant | Text) or isinstance(upper, Constant | Text | ListNode)
    return above if known else None
