"""The syntax tree of a CEL expression.

`at` is where a node's own sign stands in the text: of `a.b`, the `b`; of `x + y`, the `+`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, a whole number, a number with a point, a boolean or null."""

    at: int
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Name:
    at: int
    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """`operand.field`, or `operand.?field`."""

    at: int
    operand: Node
    field: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Has:
    """`has(operand.field)`."""

    at: int
    operand: Node
    field: str


@dataclass(frozen=True, slots=True)
class Index:
    """`operand[key]`, or `operand[?key]`."""

    at: int
    operand: Node
    key: Node
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """`function(arguments)`; of a method, what it is called on is the first argument. Operators are called by their sign."""

    at: int
    function: str
    arguments: tuple[Node, ...]
    method: bool = False


@dataclass(frozen=True, slots=True)
class Logic:
    """`&&` or `||` of two or more: an operand that fails matters only if no other decides."""

    at: int
    sign: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """`test ? then : otherwise`."""

    at: int
    test: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class ListOf:
    at: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MapOf:
    at: int
    entries: tuple[tuple[Node, Node], ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """A macro over a list, or over the keys of a map: `all`, `exists`, `exists_one`, `filter`, `map`.

    `test` is what is asked of each; of `map`, its filter, if it has one, and `result` is what each becomes.
    """

    at: int
    macro: str
    range: Node
    variable: str
    test: Node | None
    result: Node | None = None


Node: TypeAlias = Literal | Name | Select | Has | Index | Call | Logic | Choice | ListOf | MapOf | Loop


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below one, as written."""
    match node:
        case Select() | Has():
            yield node.operand
        case Index():
            yield from (node.operand, node.key)
        case Call():
            yield from node.arguments
        case Logic():
            yield from node.operands
        case Choice():
            yield from (node.test, node.then, node.otherwise)
        case ListOf():
            yield from node.items
        case MapOf():
            yield from (each for entry in node.entries for each in entry)
        case Loop():
            yield node.range
            yield from (each for each in (node.test, node.result) if each is not None)
        case _:
            return


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it."""
    yield node
    for child in children(node):
        yield from walk(child)
