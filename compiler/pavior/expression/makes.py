"""What an expression is sure to make if it does not fail, as far as its form tells; so that generated code need not look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from jinja2 import nodes

from pavior.expression import arithmetic
from pavior.expression.registry import FILTERS
from pavior.expression.runtime import Fault
from pavior.model import Value

OPERATIONS: dict[type[nodes.Expr], str] = {
    nodes.Add: "add",
    nodes.Sub: "subtract",
    nodes.Mul: "multiply",
    nodes.Div: "divide",
    nodes.FloorDiv: "floor_divide",
    nodes.Mod: "modulo",
}
"""Arithmetic by the functions of `arithmetic` that do it."""

_SCALARS = (
    nodes.Concat,
    nodes.Compare,
    nodes.Not,
    nodes.Test,
    nodes.Sub,
    nodes.Mul,
    nodes.Div,
    nodes.FloorDiv,
    nodes.Mod,
    nodes.Neg,
    nodes.Pos,
)


_IDENTITIES = frozenset(
    (root, name)
    for root, names in {
        "service": ("name", "namespace", "team", "id"),
        "team": ("name", "namespace"),
        "need": ("name",),
        "target": ("name",),
        "environment": ("name",),
        "cluster": ("name",),
    }.items()
    for name in names
)
"""Paths that are text wherever a template can read them: Pavior itself says who is who. They are a third of all that is read."""


class Makes(Enum):
    """What is known of the value of an expression."""

    ANYTHING = "anything"
    SCALAR = "a scalar"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Variable:
    """A name in scope: the code of its value and, when tracing, the locals of its path and of what it was made of.

    `makes` and `constant` are what is known of the value; `items` and `entries`, where an expression writes a list or map out,
    are what is known of each in it.
    """

    value: str
    path: str = ""
    reads: str = ""
    makes: Makes = Makes.ANYTHING
    constant: nodes.Const | None = None
    items: tuple[Variable, ...] | None = None
    entries: Mapping[str, Variable] | None = None

    def member(self, step: Value) -> Variable | None:
        """What is known of the value at a key or index; None where nothing is."""
        if self.entries is not None and isinstance(step, str):
            return self.entries.get(step, ABSENT)
        if self.items is not None and type(step) is int and 0 <= step < len(self.items):
            return self.items[step]
        return None


ABSENT = Variable("None", constant=nodes.Const(None))


Scope = Mapping[str, Variable]


def is_scalar(node: nodes.Expr, scope: Scope) -> bool:  # noqa: PLR0911
    """Whether the expression makes a scalar or is left out: no list, no map, no none."""
    match node:
        case nodes.Const():
            return node.value is not None
        case nodes.Name(name="omit"):
            return True
        case nodes.Name() | nodes.Getattr() | nodes.Getitem():
            found, fixed = known(node, scope), constant(node, scope)
            if fixed is not None:
                return is_scalar(fixed, scope)
            return _is_identity(node, scope) if found is None else found.makes is not Makes.ANYTHING
        case nodes.CondExpr():
            return node.expr2 is not None and is_scalar(node.expr1, scope) and is_scalar(node.expr2, scope)
        case nodes.Filter(name="default"):
            fixed = constant(node, scope)
            return fixed is not None and is_scalar(fixed, scope)
        case nodes.Filter():
            return FILTERS[node.name].makes in {"string", "integer", "number"}
        case nodes.Add():
            return is_scalar(node.left, scope) and is_scalar(node.right, scope)
    return isinstance(node, _SCALARS)


def is_text(node: nodes.Expr, scope: Scope) -> bool:
    """Whether the expression makes text."""
    match node:
        case nodes.Const():
            return isinstance(node.value, str)
        case nodes.Name() | nodes.Getattr() | nodes.Getitem():
            found = known(node, scope)
            return _is_identity(node, scope) if found is None else found.makes is Makes.TEXT
        case nodes.CondExpr():
            return node.expr2 is not None and is_text(node.expr1, scope) and is_text(node.expr2, scope)
        case nodes.Filter():
            return FILTERS[node.name].makes == "string"
    return isinstance(node, nodes.Concat)


def _is_identity(node: nodes.Expr, scope: Scope) -> bool:
    match node:
        case nodes.Getattr(node=nodes.Name(name=root)):
            return root not in scope and (root, node.attr) in _IDENTITIES
    return False


def makes(node: nodes.Expr, scope: Scope) -> Makes:
    """All that is known of what the expression makes."""
    return Makes.TEXT if is_text(node, scope) else Makes.SCALAR if is_scalar(node, scope) else Makes.ANYTHING


def known(node: nodes.Expr, scope: Scope) -> Variable | None:
    """What is known of the value at a path that begins with a name in scope."""
    match node:
        case nodes.Name():
            return scope.get(node.name)
        case nodes.Getattr():
            base = known(node.node, scope)
            return base and base.member(node.attr)
        case nodes.Getitem(arg=nodes.Const(value=step)):
            base = known(node.node, scope)
            return base and base.member(step)
    return None


def constant(node: nodes.Expr, scope: Scope) -> nodes.Const | None:
    """The constant that the expression is: by itself, by the name of one, or by what does not fail with them."""
    match node:
        case nodes.Const():
            return node
        case nodes.Getitem(node=nodes.List(items=items)):
            index = constant(node.arg, scope)
            at_one = index is not None and type(index.value) is int and 0 <= index.value < len(items)
            return constant(items[index.value], scope) if index is not None and at_one else None
        case nodes.Name() | nodes.Getattr() | nodes.Getitem():
            found = known(node, scope)
            return found.constant if found else None
        case nodes.Filter(name="default", args=[fallback]) if node.node is not None:
            value = constant(node.node, scope)
            return constant(fallback, scope) if value is not None and value.value is None else value
        case nodes.BinExpr() if type(node) in OPERATIONS:
            left, right = constant(node.left, scope), constant(node.right, scope)
            if left is not None and right is not None:
                try:
                    return nodes.Const(getattr(arithmetic, OPERATIONS[type(node)])(left.value, right.value))
                except Fault:
                    pass  # told when it is rendered, at its place
    return None
