"""What is wrong with a tree before it meets a value: unknown names and functions, types that cannot be.

Kubernetes compiles expressions with the types that are known from their text alone, and so does this: what is read of an
object may be anything (`dyn`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pavior.cel.functions import ELSEWHERE, FUNCTIONS, OPERATORS, Function, pattern
from pavior.cel.lexer import CelFault
from pavior.cel.tree import Call, Choice, Has, Index, ListOf, Literal, Logic, Loop, MapOf, Name, Node, Select

Types = Mapping[str, str]
"""The type of each name that an expression may read; variables are called `variables.name`."""

OTHERS = ("request", "oldObject", "authorizer")
"""What only an API server knows."""

# What Rust's patterns and Go's take for different things, or only one of them has.
_UNLIKE = re.compile(r"\\(?![-.^$*+?()\[\]{}|/\\dDwWnrt])|\[\[:|\(\?(?!:)|\{,|&&|~~|--|\[[^\]]*\[")


def type_of(node: Node, types: Types) -> str:  # noqa: PLR0911  # one for each kind of node
    """The type of what an expression gives, `dyn` where its text doesn't tell. Raises CelFault for the first thing wrong."""
    match node:
        case Literal():
            names = {str: "string", bool: "bool", int: "int", float: "double"}
            return "null" if node.value is None else names[type(node.value)]
        case Name():
            return _name(node, types)
        case Select(operand=Name(name="variables" | "optional" | "sets")) if _root(node) not in types:
            return _variable(node, types)
        case Select() | Index() | Has():
            return _part(node, types)
        case Call():
            return _call(node, types)
        case Logic():
            for operand in node.operands:
                _must_be(operand, "bool", type_of(operand, types), f"`{node.sign}`")
            return "bool"
        case Choice():
            _must_be(node.test, "bool", type_of(node.test, types), "`?`")
            return _common(node, "the two ends of `?`", [type_of(each, types) for each in (node.then, node.otherwise)])
        case ListOf():
            _common(node, "the items of a list", [type_of(item, types) for item in node.items])
            return "list"
        case MapOf():
            for key, _ in node.entries:
                _must_be(key, "string", type_of(key, types), "a key here")
            _common(node, "the values of a map", [type_of(value, types) for _, value in node.entries])
            return "map"
        case Loop():
            return _loop(node, types)


def _root(node: Select) -> str:
    return f"{node.operand.name}.{node.field}" if isinstance(node.operand, Name) else ""


def _name(node: Name, types: Types) -> str:
    if node.name in types:
        return types[node.name]
    if node.name in OTHERS:
        message = f"`{node.name}` is known to an API server alone"
        raise CelFault(node.at, node.name, message, elsewhere=True)
    known = ", ".join(f"`{name}`" for name in types)
    if node.name == "params":
        raise CelFault(node.at, node.name, "`params` needs a `paramKind`", "say in `paramKind` what the parameters are")
    raise CelFault(node.at, node.name, f"there is no `{node.name}` here", f"expressions read {known}")


def _variable(node: Select, types: Types) -> str:
    known = [name for name in types if name.startswith("variables.")]
    hint = "variables above it are " + ", ".join(f"`{name}`" for name in known) if known else None
    raise CelFault(node.at, node.field, f"no variable above this is called `{node.field}`", hint)


def _part(node: Select | Index | Has, types: Types) -> str:
    if isinstance(node, Select) and _root(node) in types:
        return types[_root(node)]
    of = type_of(node.operand, types)
    optional = of == "optional" or (not isinstance(node, Has) and node.optional)
    if isinstance(node, Index):
        type_of(node.key, types)
        _must_be(node, "list map optional", of, "`[…]`", "[")
    else:
        _must_be(node, "map optional", of, f"`.{node.field}`", node.field)
    if isinstance(node, Has):
        return "bool"
    return "optional" if optional else "dyn"


def _call(node: Call, types: Types) -> str:
    given = [type_of(argument, types) for argument in node.arguments]
    function = OPERATORS.get(node.function) or FUNCTIONS.get(node.function)
    if function is None:
        raise _unknown(node)
    if node.function in FUNCTIONS:
        _called_right(node, function)
    for argument, its, takes in zip(node.arguments, given, function.takes, strict=False):
        if takes != "any":
            _must_be(argument, takes, its, f"`{node.function}`")
    if node.function in ("==", "!="):
        _common(node, f"the two sides of `{node.function}`", given)
    if node.function in ("<", "<=", ">", ">=") and not {"int", "double", "dyn"} >= set(given):
        _common(node, f"the two sides of `{node.function}`", given)
    if node.function == "matches":
        _pattern(node.arguments[1])
    return _common(node, f"the two sides of `{node.function}`", given) if function.gives == "same" else function.gives


def _unknown(node: Call) -> CelFault:
    if node.function in ELSEWHERE:
        return CelFault(node.at, node.function, f"`{node.function}` is not evaluated here", elsewhere=True)
    return CelFault(node.at, node.function, f"Kubernetes has no function `{node.function}`")


def _called_right(node: Call, function: Function) -> None:
    given, most = len(node.arguments), len(function.takes)
    if function.method is not None and node.method != function.method:
        how = f"`x.{node.function}(…)`" if function.method else f"`{node.function}(…)`"
        raise CelFault(node.at, node.function, f"`{node.function}` is called as {how}")
    if not function.fewest <= given <= most:
        least = function.fewest - node.method
        wanted = str(least) if function.fewest == most else f"{least} to {most - node.method}"
        raise CelFault(node.at, node.function, f"`{node.function}` takes {wanted} arguments, not {given - node.method}")


def _pattern(node: Node) -> None:
    if not isinstance(node, Literal) or not isinstance(node.value, str):
        raise CelFault(node.at, "", "a pattern that is no literal is not evaluated here", elsewhere=True)
    unlike = _UNLIKE.search(node.value)
    if unlike:
        message = f"`{unlike[0]}` in a pattern is not evaluated here"
        raise CelFault(node.at, "", message, "write out the characters that you mean", elsewhere=True)
    try:
        pattern(node.value)
    except ValueError:
        raise CelFault(node.at, "", f"`{node.value}` is no pattern") from None


def _loop(node: Loop, types: Types) -> str:
    of = type_of(node.range, types)
    _must_be(node, "list map", of, f"`{node.macro}`", node.macro)
    if node.variable in types:
        raise CelFault(node.at, node.variable, f"`{node.variable}` is a name already", "call it something else")
    inner = {**types, node.variable: "string" if of == "map" else "dyn"}
    if node.test is not None:
        _must_be(node.test, "bool", type_of(node.test, inner), f"`{node.macro}`")
    if node.result is not None:
        type_of(node.result, inner)
    return "list" if node.macro in ("map", "filter") else "bool"


def _must_be(node: Node, wanted: str, its: str, where: str, word: str = "") -> None:
    if its != "dyn" and its not in wanted.split():
        wants = " or ".join(wanted.split())
        raise CelFault(node.at, word, f"{where} takes {wants}, and this is {its}")


def _common(node: Node, where: str, given: Sequence[str]) -> str:
    known = list(dict.fromkeys(its for its in given if its != "dyn"))
    nullable = [its for its in known if its != "null"]
    if len(known) > 1 and (len(nullable) > 1 or nullable[0] in ("string", "int", "double", "bool", "list", "map")):
        raise CelFault(node.at, "", f"{where} have types that do not go together: {' and '.join(known)}")
    return known[0] if len(known) == 1 and "dyn" not in given else "dyn" if known[:1] != ["optional"] else "optional"
