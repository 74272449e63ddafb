"""What an expression is sure to make if it does not fail, as far as its form tells; so that generated code need not look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from jinja2 import nodes

from pavior.expression import arithmetic
from pavior.expression.registry import FILTERS
from pavior.expression.runtime import Fault

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


class Makes(Enum):
    """What is known of the value of an expression."""

    ANYTHING = "anything"
    SCALAR = "a scalar"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Variable:
    """A name in scope: the code of its value and, when tracing, the locals of its path and of what it was made of.

    `makes` and `constant` are what is known of the value.
    """

    value: str
    path: str = ""
    reads: str = ""
    makes: Makes = Makes.ANYTHING
    constant: nodes.Const | None = None


Scope = Mapping[str, Variable]


def is_scalar(node: nodes.Expr, scope: Scope) -> bool:  # noqa: PLR0911
    """Whether the expression makes a scalar or is left out: no list, no map, no none."""
    match node:
        case nodes.Const():
            return node.value is not None
        case nodes.Name(name="omit"):
            return True
        case nodes.Name():
            return node.name in scope and scope[node.name].makes is not Makes.ANYTHING
        case nodes.CondExpr():
            return node.expr2 is not None and is_scalar(node.expr1, scope) and is_scalar(node.expr2, scope)
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
        case nodes.Name():
            return node.name in scope and scope[node.name].makes is Makes.TEXT
        case nodes.CondExpr():
            return node.expr2 is not None and is_text(node.expr1, scope) and is_text(node.expr2, scope)
        case nodes.Filter():
            return FILTERS[node.name].makes == "string"
    return isinstance(node, nodes.Concat)


def makes(node: nodes.Expr, scope: Scope) -> Makes:
    """All that is known of what the expression makes."""
    return Makes.TEXT if is_text(node, scope) else Makes.SCALAR if is_scalar(node, scope) else Makes.ANYTHING


def constant(node: nodes.Expr, scope: Scope) -> nodes.Const | None:
    """The constant that the expression is: by itself, by the name of one, or by arithmetic with them that does not fail."""
    match node:
        case nodes.Const():
            return node
        case nodes.Name():
            return scope[node.name].constant if node.name in scope else None
        case nodes.BinExpr() if type(node) in OPERATIONS:
            left, right = constant(node.left, scope), constant(node.right, scope)
            if left is not None and right is not None:
                try:
                    return nodes.Const(getattr(arithmetic, OPERATIONS[type(node)])(left.value, right.value))
                except Fault:
                    pass  # told when it is rendered, at its place
    return None
