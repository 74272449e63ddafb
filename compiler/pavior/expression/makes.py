"""What an expression is sure to make if it does not fail, as far as its form tells; so that generated code need not look."""

from __future__ import annotations

from jinja2 import nodes

from pavior.expression.registry import FILTERS
from pavior.expression.writer import Makes, Scope

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


def is_scalar(node: nodes.Expr, scope: Scope) -> bool:
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
    """The constant that the expression is, by itself or by the name of one."""
    if isinstance(node, nodes.Name):
        return scope[node.name].constant if node.name in scope else None
    return node if isinstance(node, nodes.Const) else None
