"""What need not be worked out as long as what stands beside it in `||` is true: mostly who is waived.

Either operand of `||` may come first, as CEL has it: where one is true, the whole is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, get_args

from pavior.cel.tree import Logic, Name, Node, Select, children

Variables: TypeAlias = Sequence[tuple[str, Node]]


def waiting(variables: Variables, tests: Sequence[Node]) -> tuple[Variables, Sequence[Node]]:
    """The variables that are worked out beforehand, and the tests with the others in their place, last in their `||`."""
    put_off: dict[str, Node] = {}
    read = _sum(_read(test) for test in tests)
    beside = _sum(_beside(test) for test in tests)
    for name, node in reversed(variables):
        readers = [other for other, its in variables if _read(its)[name]]
        if read[name] == beside[name] and all(reader in put_off for reader in readers):
            put_off[name] = node
    kept = [(name, node) for name, node in variables if name not in put_off]
    return kept, [_put(test, put_off) for test in tests]


def variable_of(node: Node) -> str | None:
    """The variable that a node reads, if it does nothing else."""
    match node:
        case Select(operand=Name(name="variables")):
            return node.field
    return None


def _put(node: Node, put_off: Mapping[str, Node]) -> Node:
    name = variable_of(node)
    if name is not None and name in put_off:
        return _put(put_off[name], put_off)
    if isinstance(node, Logic) and node.sign == "||":
        node = replace(node, operands=tuple(sorted(node.operands, key=lambda each: variable_of(each) in put_off)))
    return mapped(node, lambda part: _put(part, put_off))


def _read(node: Node) -> Counter[str]:
    """How often each variable is read."""
    name = variable_of(node)
    return Counter([name]) if name is not None else _sum(_read(part) for part in children(node))


def _beside(node: Node) -> Counter[str]:
    """How often each variable is read as an operand of `||` that has another one."""
    found = _sum(_beside(part) for part in children(node))
    if isinstance(node, Logic) and node.sign == "||":
        names = [name for name in map(variable_of, node.operands) if name is not None]
        if len(names) < len(node.operands):
            found.update(names)
    return found


def _sum(counts: Any) -> Counter[str]:
    return sum(counts, Counter())


def mapped(node: Node, change: Callable[[Node], Node]) -> Node:
    """The node with each node that is directly in it changed."""

    def changed(value: Any) -> Any:
        if type(value) is tuple:
            return tuple(map(changed, value))
        return change(value) if type(value) in _NODES else value

    return type(node)(*(changed(getattr(node, name)) for name in node.__slots__))


_NODES = frozenset(get_args(Node))
