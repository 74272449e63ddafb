"""Tests that must all be true → fewer of them: what goes over the same list, or asks the same first, does it once.

All of it holds for a true answer alone, which is what generated code gives: an error of one part is then no longer another's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from pavior.cel.tree import Call, Choice, Index, Literal, Logic, Loop, Name, Node, Select, walk
from pavior.cel.waiting import mapped, variable_of


class Parted(NamedTuple):
    """`||` around the operand that has loops: what is asked before it, and what is asked only if it is false."""

    before: tuple[Node, ...]
    body: Node
    after: tuple[Node, ...]


def plain(node: Node, names: Mapping[str, str] | None = None, depth: int = 0) -> Node:
    """The same expression, equal to all that are written alike: without places, names of loops by how deep they are.

    `x['a']` is `x.a`, where `x` may be a map. `names` are those of the loops around it.
    """
    known = names or {}
    match node:
        case Literal():
            return Literal(_TYPES.index(type(node.value)), node.value)
        case Name():
            return Name(0, known.get(node.name, node.name))
        case Index(key=Literal(value=str(key))) if _is_path(node.operand):
            return Select(0, plain(node.operand, known, depth), key, node.optional)
        case Loop():
            name = str(depth)
            inner = {**known, node.variable: name}
            test, result = (plain(part, inner, depth + 1) if part else None for part in (node.test, node.result))
            return Loop(0, node.macro, plain(node.range, known, depth), name, test, result)
        case _:
            return replace(mapped(node, lambda part: plain(part, known, depth)), at=0)


def _is_path(node: Node) -> bool:
    """Whether it is read of the context, so that nobody knows it to be a list."""
    return isinstance(node, Name | Select | Index) and variable_of(node) is None


# To Python 1, 1.0 and True are equal.
_TYPES = (str, int, float, bool, type(None))


def conjuncts(tests: Iterable[Node]) -> Iterator[Node]:
    """The tests that these are true with, none of them an `&&`."""
    for test in tests:
        match test:
            case Logic(sign="&&"):
                yield from conjuncts(test.operands)
            case Call(function="!", arguments=(Logic(sign="||", operands=operands),)):
                yield from conjuncts(_not(each) for each in operands)
            case Call(function="!", arguments=(Loop(macro="exists") as loop,)):
                assert loop.test is not None, "a parsed loop has a test"
                yield replace(loop, macro="all", test=_not(loop.test))
            case _:
                yield test


def merged(tests: Iterable[Node]) -> list[Node]:
    """Plain tests that are all true wherever these are, in order of first appearance."""
    kept: dict[object, Node] = {}
    for test in conjuncts(tests):
        key = _key(test)
        kept[key] = _both(kept[key], test) if key in kept else test
    return list(kept.values())


def has_loops(node: Node) -> bool:
    """Whether an `all` decides the expression, perhaps beside other things."""
    match node:
        case Loop(macro="all"):
            return True
        case Logic():
            return any(map(has_loops, node.operands))
        case Choice():
            return has_loops(node.then) or has_loops(node.otherwise)
    return False


def parted(node: Logic) -> Parted:
    """The parts of an `||` with loops."""
    at = max(index for index, operand in enumerate(node.operands) if has_loops(operand))
    before: list[Node] = list(node.operands[:at])
    after: list[Node] = []
    for operand in node.operands[at + 1 :]:
        # The names of its loops are taken where the body's go round.
        (before if any(isinstance(each, Loop) for each in walk(operand)) else after).append(operand)
    return Parted(tuple(before), node.operands[at], tuple(after))


def _not(node: Node) -> Node:
    return node.arguments[0] if isinstance(node, Call) and node.function == "!" else Call(0, "!", (node,))


def _key(test: Node) -> object:
    """What tests that become one have in common."""
    match test:
        case Loop(macro="all"):
            return "all", test.range, test.variable
        case Choice() if has_loops(test):
            return "choice", test.test
        case Logic() if has_loops(test):
            before, _, after = parted(test)
            return "or", before, after
    return test


def _both(one: Node, other: Node) -> Node:
    """Two tests with one key as one."""
    if one == other:
        return one
    match one, other:
        case Loop(), Loop():
            return replace(one, test=_and(one.test, other.test))
        case Choice(), Choice():
            return replace(one, then=_and(one.then, other.then), otherwise=_and(one.otherwise, other.otherwise))
        case Logic(), Logic():
            before, body, after = parted(one)
            return replace(one, operands=(*before, _and(body, parted(other).body), *after))
    return one


def _and(one: Node | None, other: Node | None) -> Node:
    assert one is not None, "a parsed `all` has a test"
    assert other is not None, "a parsed `all` has a test"
    return Logic(0, "&&", (one, other))
