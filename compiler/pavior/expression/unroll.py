"""Loops over lists that an expression writes out, as their rounds one after another: what stands there need not be looked up.

`queries: [{'expression': a}, {'expression': b}]` and `$for: query in queries` become two maps, in one of which `query` is
`queries[0]`. The writer of expressions knows what that is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import is_

from jinja2 import nodes

from pavior.expression.tree import Bare, Entry, JsonNode, ListNode, MapNode, Node, may_omit

MOST_ROUNDS = 8
"""More would make more code than they save looking up."""

Lengths = Mapping[str, int]
"""How many items the lists have that names in scope stand for, as far as that is known."""


def unrolled(node: Node, lengths: Lengths) -> Node:
    """The same template without the loops in lists whose rounds are known; the same node where there are none."""
    match node:
        case JsonNode():
            inner = unrolled(node.inner, lengths)
            return node if inner is node.inner else replace(node, inner=inner)
        case ListNode():
            items = tuple([unrolled(each, lengths) for item in node.items for each in _rounds(item, lengths)])
            return node if _same(items, node.items) else replace(node, items=items)
        case MapNode():
            return _map(node, lengths)
    return node


def _same(some: Sequence[object], others: Sequence[object]) -> bool:
    return len(some) == len(others) and all(map(is_, some, others))


def _map(node: MapNode, lengths: Lengths) -> MapNode:
    if node.loop:
        lengths = {name: length for name, length in lengths.items() if name not in node.loop.names}
    for name, bare in node.lets:
        length = _length(bare.expression, lengths)
        lengths = {known: value for known, value in lengths.items() if known != name}
        if length is not None:
            lengths[name] = length
    values = [entry.value for entry in node.entries]
    others = [each for each in (node.otherwise, node.value) if each is not None]
    parts = (*values, *others, *node.merges, *node.includes)
    made = [unrolled(each, lengths) for each in parts]
    if _same(made, parts):
        return node
    rest = iter(made)
    return replace(
        node,
        entries=tuple([Entry(entry.key, next(rest)) for entry in node.entries]),
        otherwise=next(rest) if node.otherwise is not None else None,
        value=next(rest) if node.value is not None else None,
        merges=tuple([next(rest) for _ in node.merges]),
        includes=tuple([next(rest) for _ in node.includes]),
    )


def _rounds(node: Node, lengths: Lengths) -> list[Node]:
    """The rounds of an item of a list; the item itself where it is no loop, or one whose rounds aren't known."""
    length = _length(node.loop.collection.expression, lengths) if isinstance(node, MapNode) and node.loop else None
    if length is None:
        return [node]
    assert isinstance(node, MapNode)
    assert node.loop is not None
    collection = node.loop.collection
    if isinstance(collection.expression, nodes.Name) and collection.expression.name in node.loop.names[:-1]:
        return [node]
    rounds: list[Node] = []
    for index in range(length):
        at = nodes.Const(index)
        meanings = [at, nodes.Getitem(collection.expression, at, "load")][-len(node.loop.names) :]
        lets = [(name, Bare(meaning, collection.site)) for name, meaning in zip(node.loop.names, meanings, strict=True)]
        rounds.append(replace(node, loop=None, lets=(*lets, *node.lets)))
    return rounds


def _length(expression: nodes.Expr, lengths: Lengths) -> int | None:
    match expression:
        case nodes.Name():
            return lengths.get(expression.name)
        case nodes.List(items=items) if len(items) <= MOST_ROUNDS and not any(map(may_omit, items)):
            return len(items)
    return None
