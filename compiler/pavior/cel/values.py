"""What the values of CEL do to one another, as cel-go does it with Kubernetes' options.

Values are those of JSON: None, bool, int (64 bits), float, str, list and dict, and besides `Optional` and `Quantity`.
All raise `CelError` where CEL gives an error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from pavior.cel.lexer import LARGEST

Value = Any


class CelError(Exception):
    """An evaluation that failed, in cel-go's words where they are short."""


@dataclass(frozen=True, slots=True)
class Optional:
    """A value that may be absent."""

    present: bool = False
    value: Value = None


NOTHING = Optional()

_NUMBERS = (int, float)


def kind_of(value: Value) -> str:
    """The name of a value's type."""
    names = {bool: "bool", int: "int", float: "double", str: "string", list: "list", dict: "map"}
    return "null_type" if value is None else names.get(type(value), type(value).__name__.lower())


def no_overload(function: str, *values: Value) -> CelError:
    return CelError(f"no such overload: {function}({', '.join(map(kind_of, values))})")


def boolean(value: Value) -> bool:
    if value is True or value is False:
        return value
    raise CelError(f"no such overload: {kind_of(value)} where a bool is needed")


def select(value: Value, field: str) -> Value:
    """`value.field`; of an optional, an optional."""
    if type(value) is Optional:
        return select_optional(value, field)
    if type(value) is not dict:
        raise no_overload("select", value)
    if field not in value:
        raise CelError(f"no such key: {field}")
    return value[field]


def select_optional(value: Value, field: str) -> Optional:
    """`value.?field`."""
    if type(value) is Optional:
        return select_optional(value.value, field) if value.present else NOTHING
    if type(value) is not dict:
        return _nothing_in("select", value)
    return Optional(True, value[field]) if field in value else NOTHING


def _nothing_in(function: str, value: Value) -> Optional:
    """A scalar has no parts, and may be asked for them."""
    if type(value) in (list, Optional):
        raise no_overload(function, value)
    return NOTHING


def has(value: Value, field: str) -> bool:
    if type(value) is dict:
        return field in value
    if type(value) is Optional:
        return value.present and has(value.value, field)
    return _nothing_in("has", value).present


def index(value: Value, key: Value) -> Value:
    """`value[key]`; of an optional, an optional."""
    if type(value) is Optional:
        return index_optional(value, key)
    if type(value) is dict:
        if type(key) is str and key in value:
            return value[key]
        raise CelError(f"no such key: {key}")
    if type(value) is list and type(key) in _NUMBERS and key == int(key):
        if 0 <= key < len(value):
            return value[int(key)]
        raise CelError(f"index out of bounds: {key}")
    raise no_overload("_[_]", value, key)


def index_optional(value: Value, key: Value) -> Optional:
    """`value[?key]`."""
    if type(value) is Optional:
        return index_optional(value.value, key) if value.present else NOTHING
    if type(value) is dict:
        return Optional(True, value[key]) if type(key) is str and key in value else NOTHING
    if type(value) is list and type(key) in _NUMBERS and key == int(key):
        return Optional(True, value[int(key)]) if 0 <= key < len(value) else NOTHING
    return _nothing_in("_[?_]", value)


def equal(one: Value, other: Value) -> bool:
    """Values of different types are different, but for numbers."""
    kind, its = type(one), type(other)
    if kind is str:
        return bool(one == other)
    if kind is not its:
        return kind in _NUMBERS and its in _NUMBERS and one == other
    if kind is list:
        return len(one) == len(other) and all(map(equal, one, other))
    if kind is dict:
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if kind is Optional:
        return one.present == other.present and equal(one.value, other.value)
    return bool(one == other)


def unequal(one: Value, other: Value) -> bool:
    return not equal(one, other)


def _comparable(sign: str, one: Value, other: Value) -> None:
    kind, its = type(one), type(other)
    if not ((kind is its and kind in (int, str, float, bool)) or (kind in _NUMBERS and its in _NUMBERS)):
        raise no_overload(f"_{sign}_", one, other)


def less(one: Value, other: Value) -> bool:
    _comparable("<", one, other)
    return bool(one < other)


def at_most(one: Value, other: Value) -> bool:
    _comparable("<=", one, other)
    return bool(one <= other)


def greater(one: Value, other: Value) -> bool:
    _comparable(">", one, other)
    return bool(one > other)


def at_least(one: Value, other: Value) -> bool:
    _comparable(">=", one, other)
    return bool(one >= other)


def contained(value: Value, collection: Value) -> bool:
    """`value in collection`: an item of a list, or a key of a map."""
    if type(collection) is dict:
        return type(value) is str and value in collection
    if type(collection) is list:
        # A text equals texts alone, in Python as in CEL.
        return value in collection if type(value) is str else any(equal(value, item) for item in collection)
    raise no_overload("@in", value, collection)


MOST_ROUNDS = 50_000
"""Items that the loops of one policy go over, for one manifest: loops within loops multiply. An API server has a limit too."""

MOST_TEXT = 2**20
"""Characters of a text, and items of a list, that an expression makes."""

_left = [MOST_ROUNDS]
"""Rounds left to whoever began last: generated code has nothing to hand it along in."""


def begin(loops: int = 1) -> None:
    """Allow as many rounds as there may be, before a policy is held against a manifest: of `loops` that go round together."""
    _left[0] = MOST_ROUNDS // loops


def entries(value: Value) -> list[Value]:
    """What a macro goes over: the items of a list, the keys of a map by name. Raises CelError after too many rounds."""
    found: list[Value]
    if type(value) is list:
        found = value
    elif type(value) is dict:
        found = sorted(value)
    else:
        raise no_overload("a macro", value)
    _left[0] -= len(found)
    if _left[0] < 0:
        raise CelError(f"its loops go over more than {MOST_ROUNDS:,} items")
    return found


def bounded(size: int) -> None:
    """Raises CelError where a text, or a list, of this size is too large to be made."""
    if size > MOST_TEXT:
        raise CelError(f"it makes a text or list of more than {MOST_TEXT:,} parts")


def _whole(value: int) -> int:
    if not -LARGEST - 1 <= value <= LARGEST:
        raise CelError("integer overflow")
    return value


def add(one: Value, other: Value) -> Value:
    kind = type(one)
    if kind is not type(other) or kind not in (int, float, str, list):
        raise no_overload("_+_", one, other)
    if kind is int:
        return _whole(one + other)
    if kind is not float:
        bounded(len(one) + len(other))
    return one + other


def subtract(one: Value, other: Value) -> Value:
    _same_numbers("-", one, other)
    return _whole(one - other) if type(one) is int else one - other


def multiply(one: Value, other: Value) -> Value:
    _same_numbers("*", one, other)
    return _whole(one * other) if type(one) is int else one * other


def divide(one: Value, other: Value) -> Value:
    """Of whole numbers, towards zero."""
    _same_numbers("/", one, other)
    if type(one) is float:
        if other == 0:
            return float("nan") if one == 0 or math.isnan(one) else float("inf") * one
        return one / other
    if other == 0:
        raise CelError("division by zero")
    quotient = abs(one) // abs(other)
    return _whole(quotient if (one < 0) == (other < 0) else -quotient)


def modulo(one: Value, other: Value) -> Value:
    """Of whole numbers; it has the first one's sign."""
    if type(one) is not int or type(other) is not int:
        raise no_overload("_%_", one, other)
    if other == 0:
        raise CelError("modulus by zero")
    rest = abs(one) % abs(other)
    return rest if one >= 0 else -rest


def negate(value: Value) -> Value:
    if type(value) is int:
        return _whole(-value)
    if type(value) is float:
        return -value
    raise no_overload("-_", value)


def invert(value: Value) -> bool:
    return not boolean(value)


def _same_numbers(sign: str, one: Value, other: Value) -> None:
    if type(one) is not type(other) or type(one) not in _NUMBERS:
        raise no_overload(f"_{sign}_", one, other)
