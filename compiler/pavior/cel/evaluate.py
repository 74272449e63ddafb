"""CEL's own answer: a tree and values → a value or an error, and which parts of the object a false answer is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from pavior.cel import values
from pavior.cel.functions import function_of
from pavior.cel.tree import Call, Choice, Has, Index, ListOf, Literal, Logic, Loop, MapOf, Name, Node, Select, children
from pavior.cel.values import CelError, Optional, Value

Path: TypeAlias = tuple[str | int, ...]
Places: TypeAlias = "Path | list[Places] | None"
"""Where a value stands in the object; of a list that an expression made, where each of its items does; None: nowhere."""


class Seen(NamedTuple):
    value: Value
    at: Places = None


@dataclass(frozen=True, slots=True)
class About:
    """A part of the object that an answer is about. `missing`: it is about something that the part lacks."""

    path: Path
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """What names stand for. Variables are worked out when first read, in the same scope without what loops add."""

    names: Mapping[str, Seen]
    variables: Mapping[str, Node]
    known: dict[str, Seen | CelError] = field(default_factory=dict)

    def within(self, name: str, seen: Seen) -> Scope:
        return Scope({**self.names, name: seen}, self.variables, self.known)

    def variable(self, name: str) -> Seen:
        found = self.known.get(name)
        if found is None:
            try:
                found = evaluate(self.variables[name], self.outside())
            except CelError as error:
                found = CelError(f'composited variable "{name}" fails to evaluate: {error}')
            self.known[name] = found
        if isinstance(found, CelError):
            raise found
        return found

    def outside(self) -> Scope:
        """The scope of the variables: what loops add is not theirs."""
        roots = {name: seen for name, seen in self.names.items() if name in ROOTS}
        return Scope(roots, self.variables, self.known)


ROOTS = ("object", "params", "namespaceObject")


def evaluate(node: Node, scope: Scope) -> Seen:  # noqa: PLR0911, PLR0912  # one for each kind of node
    """The value of an expression. Raises CelError."""
    match node:
        case Literal():
            return Seen(node.value)
        case Name():
            return scope.names[node.name]
        case Select(operand=Name(name="variables")) if node.field in scope.variables:
            return scope.variable(node.field)
        case Select():
            inner = evaluate(node.operand, scope)
            found = (values.select_optional if node.optional else values.select)(inner.value, node.field)
            return Seen(found, _below(inner, node.field))
        case Has():
            return Seen(values.has(evaluate(node.operand, scope).value, node.field))
        case Index():
            inner, key = evaluate(node.operand, scope), evaluate(node.key, scope).value
            found = (values.index_optional if node.optional else values.index)(inner.value, key)
            return Seen(found, _below(inner, key))
        case Call(function="orValue" | "or"):
            # The fallback is worked out only where it is needed.
            optional = evaluate(node.arguments[0], scope)
            if type(optional.value) is not Optional:
                raise values.no_overload(node.function, optional.value)
            if not optional.value.present:
                return evaluate(node.arguments[1], scope)
            return Seen(optional.value.value, optional.at) if node.function == "orValue" else optional
        case Call():
            given = [evaluate(argument, scope) for argument in node.arguments]
            return Seen(function_of(node.function)(*(each.value for each in given)), _kept(node, given))
        case Logic():
            return Seen(_decide(node.sign == "||", (lambda n=n: _truth(n, scope) for n in node.operands)))  # type: ignore[misc]
        case Choice():
            return evaluate(node.then if _truth(node.test, scope) else node.otherwise, scope)
        case ListOf():
            items = [evaluate(item, scope) for item in node.items]
            return Seen([item.value for item in items], [item.at for item in items])
        case MapOf():
            return Seen(_map(node, scope))
        case Loop():
            return _loop(node, scope)


def _truth(node: Node, scope: Scope) -> bool:
    return values.boolean(evaluate(node, scope).value)


def _map(node: MapOf, scope: Scope) -> dict[str, Value]:
    made: dict[str, Value] = {}
    for key, value in node.entries:
        name = evaluate(key, scope).value
        if type(name) is not str:
            raise values.no_overload("a key", name)
        if name in made:
            raise CelError(f"Failed with repeated key: {name}")
        made[name] = evaluate(value, scope).value
    return made


def _decide(decisive: bool, operands: Iterator[Callable[[], bool]]) -> bool:
    """`||` and `exists` with `decisive` true, `&&` and `all` with false: one that is so decides, whatever else fails."""
    failed: CelError | None = None
    for operand in operands:
        try:
            if operand() is decisive:
                return decisive
        except CelError as error:
            failed = failed or error
    if failed is not None:
        raise failed
    return not decisive


def _loop(node: Loop, scope: Scope) -> Seen:
    rounds = [scope.within(node.variable, item) for item in _items(evaluate(node.range, scope))]
    if node.macro == "map":
        assert node.result is not None, "a parsed `map` has a result"
        chosen = [inner for inner in rounds if node.test is None or _truth(node.test, inner)]
        made = [evaluate(node.result, inner) for inner in chosen]
        return Seen([each.value for each in made], [each.at for each in made])
    test = node.test
    assert test is not None, "a parsed loop has a test"
    if node.macro == "filter":
        left = [inner.names[node.variable] for inner in rounds if _truth(test, inner)]
        return Seen([each.value for each in left], [each.at for each in left])
    if node.macro == "exists_one":
        return Seen(sum(_truth(test, inner) for inner in rounds) == 1)
    return Seen(_decide(node.macro == "exists", (lambda i=i: _truth(test, i) for i in rounds)))  # type: ignore[misc]


def _items(seen: Seen) -> list[Seen]:
    """The items of a list, or the keys of a map, each with where it stands."""
    found = values.entries(seen.value)
    if type(seen.value) is dict:
        return [Seen(key, _below(seen, key)) for key in found]
    return [Seen(item, _below(seen, position)) for position, item in enumerate(found)]


def _below(seen: Seen, key: Any) -> Places:
    if isinstance(seen.at, list):
        return seen.at[key] if type(key) is int and key < len(seen.at) else None
    return (*seen.at, key) if seen.at is not None and type(key) in (str, int) else None


def _kept(node: Call, given: list[Seen]) -> Places:
    """Where the value of a call stands: lists that are joined, and what is only looked into, keep their places."""
    if node.function == "+" and all(type(each.value) is list for each in given):
        return [item.at for each in given for item in _items(each)]
    return given[0].at if node.function in ("value", "dyn", "optional.of") else None


def about(node: Node, scope: Scope) -> Iterator[About]:
    """The parts of the object that an expression's false answer, or its error, is about, the most telling first."""
    match node:
        case Logic():
            for operand in _guilty(node, scope):
                yield from about(operand, scope)
        case Choice():
            taken = _outcome(node.test, scope)
            if taken in (True, False):
                yield from about(node.then if taken is True else node.otherwise, scope)
            yield from about(node.test, scope)
        case Loop(macro="all"):
            yield from _about_items(node, scope)
            yield from _read(node.range, scope)
        case Call(function="!"):
            yield from _positive(node.arguments[0], scope)
        case Select(operand=Name(name="variables")) if node.field in scope.variables:
            yield from about(scope.variables[node.field], scope.outside())
        case _:
            yield from _read(node, scope)


def _about_items(node: Loop, scope: Scope) -> Iterator[About]:
    assert node.test is not None, "a parsed loop has a test"
    try:
        items = _items(evaluate(node.range, scope))
    except CelError:
        return
    for item in items:
        inner = scope.within(node.variable, item)
        if _outcome(node.test, inner) is not True:
            yield from about(node.test, inner)
            if isinstance(item.at, tuple):
                yield About(item.at)
            return


def _positive(node: Node, scope: Scope) -> Iterator[About]:  # noqa: PLR0912  # one for each kind of node
    """What the true answer of an expression is about, because it should have been false."""
    match node:
        case Logic(sign="||"):
            for operand in node.operands:
                if _outcome(operand, scope) is not False:
                    yield from _positive(operand, scope)
        case Logic():
            for operand in reversed(node.operands):
                yield from _positive(operand, scope)
        case Loop(macro="exists") if node.test is not None:
            with_items = _outcome_items(node, scope)
            for inner in with_items:
                if _outcome(node.test, inner) is not False:
                    yield from _positive(node.test, inner)
            yield from _read(node.range, scope)
        case Has():
            seen = _seen(node.operand, scope)
            if seen is not None and isinstance(seen.at, tuple):
                yield About((*seen.at, node.field))
        case Call(function="!"):
            yield from about(node.arguments[0], scope)
        case Select(operand=Name(name="variables")) if node.field in scope.variables:
            yield from _positive(scope.variables[node.field], scope.outside())
        case _:
            yield from _read(node, scope)


def _outcome_items(node: Loop, scope: Scope) -> list[Scope]:
    seen = _seen(node.range, scope)
    if seen is None or type(seen.value) not in (list, dict):
        return []
    return [scope.within(node.variable, item) for item in _items(seen)]


def _guilty(node: Logic, scope: Scope) -> list[Node]:
    """The operands that a false answer comes from: of `&&` those that are false, or failed if none is; of `||` all."""
    outcomes = [(operand, _outcome(operand, scope)) for operand in node.operands]
    if node.sign == "||":
        return [operand for operand, _ in reversed(outcomes)]
    false = [operand for operand, outcome in outcomes if outcome is False]
    return false or [operand for operand, outcome in outcomes if outcome is not True]


def _outcome(node: Node, scope: Scope) -> Value:
    """What an expression gives; None if it fails."""
    seen = _seen(node, scope)
    return seen.value if seen is not None else None


def _seen(node: Node, scope: Scope) -> Seen | None:
    try:
        return evaluate(node, scope)
    except CelError:
        return None


def _read(node: Node, scope: Scope) -> Iterator[About]:
    """The parts of the object that an expression reads: whole paths, not the steps to them."""
    if isinstance(node, Select | Index | Has | Name):
        if (
            isinstance(node, Select)
            and node.operand == Name(node.operand.at, "variables")
            and node.field in scope.variables
        ):
            seen = _seen(node, scope)
            if seen is None or not isinstance(seen.at, tuple):
                yield from _read(scope.variables[node.field], scope.outside())
                return
        found = _place(node, scope)
        if found is not None:
            yield found
        if isinstance(node, Index):
            yield from _read(node.key, scope)
        if found is None and not isinstance(node, Name):
            yield from _read(node.operand, scope)
        return
    if isinstance(node, Loop):
        yield from _read(node.range, scope)
        for inner in _outcome_items(node, scope):
            for part in (node.test, node.result):
                if part is not None:
                    yield from _read(part, inner)
        return
    for child in children(node):
        yield from _read(child, scope)


def _place(node: Select | Index | Has | Name, scope: Scope) -> About | None:
    """Where a path leads; where it ends early, at what lacks the rest."""
    seen = _seen(node, scope) if not isinstance(node, Has) else None
    if seen is not None and not (type(seen.value) is Optional and not seen.value.present):
        return About(seen.at) if isinstance(seen.at, tuple) else None
    if isinstance(node, Name):
        return None
    inner = _seen(node.operand, scope)
    if inner is None or (type(inner.value) is Optional and not inner.value.present):
        return _place(node.operand, scope) if isinstance(node.operand, Select | Index | Has | Name) else None
    if not isinstance(inner.at, tuple):
        return None
    if isinstance(node, Has) and _outcome(node, scope) is True:
        return About((*inner.at, node.field))
    return About(inner.at, missing=True)
