"""From tree to Python: the fast yes.

What is generated is true only where CEL gives true. Whatever else happens – false, a wrong type, an absent field – is for
`evaluate` to judge, with CEL's rules for errors, so this needs none of them: Python's `and` and `or` do, and an error of Python
ends the attempt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pavior.cel import values
from pavior.cel.check import Types, type_of
from pavior.cel.functions import FUNCTIONS, OPERATORS
from pavior.cel.tree import Call, Choice, Has, Index, ListOf, Literal, Logic, Loop, MapOf, Name, Node, Select
from pavior.cel.waiting import variable_of, waiting

PREFIX = "_"
"""In front of what the code calls; names of CEL get `v_`."""


STOPPED = (values.CelError, LookupError, TypeError, ValueError, ArithmeticError)
"""What generated code ends with where it is no fast yes."""


def functions() -> dict[str, Any]:
    """The names that generated code reads."""
    made = {f"{PREFIX}{_python(name)}": function.run for name, function in (FUNCTIONS | OPERATORS).items()}
    return made | {
        "_bool": values.boolean,
        "_has": values.has,
        "_select_optional": values.select_optional,
        "_index": values.index,
        "_index_optional": values.index_optional,
        "_begin": values.begin,
        "_entries": values.entries,
        "_along": values.along,
    }


_SIGNS = {
    "==": "equal",
    "!=": "unequal",
    "<": "less",
    "<=": "at_most",
    ">": "greater",
    ">=": "at_least",
    "in": "contained",
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "%": "modulo",
    "!": "invert",
}


_ORDERS = frozenset({"<", "<=", ">", ">="})


def _python(function: str) -> str:
    return _SIGNS.get(function) or function.replace(".", "_")


def predicate(name: str, variables: Sequence[tuple[str, Node]], tests: Sequence[Node], types: Types) -> str:
    """The source of a function of `object`, `params` and `namespaceObject`: whether all tests are true.

    Variables are worked out in order, whether or not they are needed: one that fails is left to `evaluate`. Only what stands
    beside something else in `||`, as a waiver does, waits until that was false.
    """
    variables, tests = waiting(variables, tests)
    lines = [f"def {name}(v_object, v_params, v_namespaceObject):"]
    lines += [f"    v_variables_{variable} = {_code(node, types)}" for variable, node in variables]
    lines.append(f"    return {' and '.join(_truth(test, types) for test in tests) or 'True'}")
    if any("_entries(" in line for line in lines):
        lines.insert(1, "    _begin()")
    return "\n".join(lines) + "\n"


def _truth(node: Node, types: Types) -> str:
    """The code of an expression that is surely a boolean."""
    code = _code(node, types)
    return code if type_of(node, types) == "bool" else f"_bool({code})"


def _code(node: Node, types: Types) -> str:  # noqa: PLR0911, PLR0912  # one for each kind of node
    match node:
        case Literal():
            return repr(node.value) if type(node.value) is not float else f"float({str(node.value)!r})"
        case Name():
            return f"v_{node.name}"
        case Select(operand=Name(name="variables")) if f"variables.{node.field}" in types:
            return f"v_variables_{node.field}"
        case Select():
            inner = _code(node.operand, types)
            if node.optional or type_of(node.operand, types) == "optional":
                return f"_select_optional({inner}, {node.field!r})"
            return f"{inner}[{node.field!r}]"
        case Has():
            inner = _code(node.operand, types)
            if inner.isidentifier() and type_of(node.operand, types) != "optional":
                return f"({node.field!r} in {inner} if type({inner}) is dict else _has({inner}, {node.field!r}))"
            return f"_has({inner}, {node.field!r})"
        case Index():
            function = "_index_optional" if node.optional else "_index"
            return f"{function}({_code(node.operand, types)}, {_code(node.key, types)})"
        case Call():
            return _call(node, types)
        case Logic():
            word = " and " if node.sign == "&&" else " or "
            return f"({word.join(_truth(operand, types) for operand in node.operands)})"
        case Choice():
            then, otherwise = _code(node.then, types), _code(node.otherwise, types)
            return f"({then} if {_truth(node.test, types)} else {otherwise})"
        case ListOf():
            return f"[{', '.join(_code(item, types) for item in node.items)}]"
        case MapOf():
            return f"{{{', '.join(f'{_code(k, types)}: {_code(v, types)}' for k, v in node.entries)}}}"
        case Loop():
            return _loop(node, types)


def _call(node: Call, types: Types) -> str:
    given = [_code(argument, types) for argument in node.arguments]
    if node.function == "!":
        return f"(not {_truth(node.arguments[0], types)})"
    if node.function == "orValue":
        return _or_value(node.arguments[0], node.arguments[1], types)
    if node.function == "in" and _texts(node.arguments[1]):
        return f"({given[0]} in {given[1]})"
    # A text equals texts alone, in Python as in CEL.
    if node.function in ("==", "!=") and "string" in (type_of(argument, types) for argument in node.arguments):
        return f"({given[0]} {node.function} {given[1]})"
    if node.function in _ORDERS and all(type_of(argument, types) == "int" for argument in node.arguments):
        return f"({given[0]} {node.function} {given[1]})"
    return f"_{_python(node.function)}({', '.join(given)})"


def _texts(node: Node) -> bool:
    return isinstance(node, ListOf) and all(isinstance(i, Literal) and isinstance(i.value, str) for i in node.items)


def _or_value(optional: Node, otherwise: Node, types: Types) -> str:
    """A path with a fallback, in one step where it goes by fields alone."""
    if isinstance(optional, Choice):
        then, other = (_or_value(each, otherwise, types) for each in (optional.then, optional.otherwise))
        return f"({then} if {_truth(optional.test, types)} else {other})"
    fields: list[str] = []
    node: Node = optional
    while True:
        if isinstance(node, Select) and _passes_on(node, types):
            fields.insert(0, node.field)
        elif (
            isinstance(node, Index)
            and isinstance(node.key, Literal)
            and type(node.key.value) is str
            and _passes_on(node, types)
        ):
            fields.insert(0, node.key.value)
        else:
            break
        node = node.operand
    if not fields or type_of(node, types) == "optional":
        return f"_orValue({_code(optional, types)}, {_code(otherwise, types)})"
    return f"_along({_code(node, types)}, {tuple(fields)!r}, {_code(otherwise, types)})"


def _passes_on(node: Select | Index, types: Types) -> bool:
    """Whether a step gives an optional, and is no variable."""
    return variable_of(node) is None and type_of(node, types) == "optional"


def _loop(node: Loop, types: Types) -> str:
    # A name of a loop inside another may be the outer one's again: Python hides it as CEL does.
    inner: Mapping[str, str] = {**types, node.variable: "dyn"}
    over = f"for v_{node.variable} in _entries({_code(node.range, types)})"
    if node.macro == "map":
        where = f" if {_truth(node.test, inner)}" if node.test is not None else ""
        assert node.result is not None, "a parsed `map` has a result"
        return f"[{_code(node.result, inner)} {over}{where}]"
    assert node.test is not None, "a parsed loop has a test"
    test = _truth(node.test, inner)
    if node.macro == "filter":
        return f"[v_{node.variable} {over} if {test}]"
    if node.macro == "exists_one":
        return f"(sum([1 {over} if {test}]) == 1)"
    return f"{'all' if node.macro == 'all' else 'any'}([{test} {over}])"
