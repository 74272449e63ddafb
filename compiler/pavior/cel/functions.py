"""The functions of CEL that are evaluated here: what each takes, gives and does. `docs/golden-paths.md` lists them.

The standard ones: https://github.com/google/cel-spec/blob/master/doc/langdef.md#list-of-standard-definitions; texts and sets:
https://pkg.go.dev/github.com/google/cel-go/ext; Kubernetes' own: https://kubernetes.io/docs/reference/using-api/cel/.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from pavior.cel import quantity, values
from pavior.cel.values import NOTHING, CelError, Optional, Value, no_overload

_DIGITS = re.compile(r"[+-]?[0-9]{1,19}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SPACE = (
    " \t\n\v\f\r\x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_UPPER = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
_LOWER = {upper: lower for lower, upper in _UPPER.items()}


@dataclass(frozen=True, slots=True)
class Function:
    """`takes` are the types that each argument may have, `any` for all; `fewest` how many must be there. `method`: how it is
    called; None: either way."""

    run: Callable[..., Value]
    takes: tuple[str, ...]
    gives: str
    method: bool | None = False
    fewest: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "fewest", self.fewest or len(self.takes))


def _texts(function: str, *given: Value) -> None:
    for each in given:
        if type(each) is not str:
            raise no_overload(function, *given)


def size(value: Value) -> int:
    if type(value) not in (str, list, dict):
        raise no_overload("size", value)
    return len(value)


def starts_with(text: Value, start: Value) -> bool:
    _texts("startsWith", text, start)
    return bool(text.startswith(start))


def ends_with(text: Value, end: Value) -> bool:
    _texts("endsWith", text, end)
    return bool(text.endswith(end))


def contains(text: Value, part: Value) -> bool:
    _texts("contains", text, part)
    return part in text


@cache
def pattern(written: str) -> Callable[[str], bool]:
    """Whether a text has a match of a pattern, in linear time. Raises ValueError for what is no pattern."""
    from jsonschema_rs import Draft7Validator, RegexOptions  # noqa: PLC0415  # 15 ms to import

    validator = Draft7Validator({"pattern": written}, pattern_options=RegexOptions())
    return validator.is_valid


def matches(text: Value, written: Value) -> bool:
    _texts("matches", text, written)
    return pattern(written)(text)


def lower_ascii(text: Value) -> str:
    _texts("lowerAscii", text)
    return str(text.translate(_LOWER))


def upper_ascii(text: Value) -> str:
    _texts("upperAscii", text)
    return str(text.translate(_UPPER))


def trim(text: Value) -> str:
    _texts("trim", text)
    return str(text.strip(_SPACE))


def split(text: Value, separator: Value, most: Value = -1) -> list[str]:
    _texts("split", text, separator)
    if type(most) is not int:
        raise no_overload("split", text, separator, most)
    if most == 0:
        return []
    if separator == "":
        parts = list(text)
        return parts if most < 0 or len(parts) <= most else [*parts[: most - 1], "".join(parts[most - 1 :])]
    return list(text.split(separator, most - 1 if most > 0 else -1))


def join(texts: Value, separator: Value = "") -> str:
    if type(texts) is not list:
        raise no_overload("join", texts, separator)
    _texts("join", separator, *texts)
    values.bounded(sum(map(len, texts)) + len(separator) * len(texts))
    return str(separator.join(texts))


def replace(text: Value, old: Value, new: Value, most: Value = -1) -> str:
    _texts("replace", text, old, new)
    if type(most) is not int:
        raise no_overload("replace", text, old, new, most)
    times = text.count(old) if most < 0 else min(most, text.count(old))
    values.bounded(len(text) + times * (len(new) - len(old)))
    return str(text.replace(old, new, most if most >= 0 else -1))


def substring(text: Value, start: Value, end: Value = None) -> str:
    end = len(text) if end is None and type(text) is str else end
    if type(text) is not str or type(start) is not int or type(end) is not int:
        raise no_overload("substring", text, start, end)
    if not 0 <= start <= end <= len(text):
        raise CelError(f"index out of range: {start}, {end}")
    return text[start:end]


def index_of(collection: Value, part: Value) -> int:
    if type(collection) is list:
        return next((i for i, item in enumerate(collection) if values.equal(item, part)), -1)
    _texts("indexOf", collection, part)
    return int(collection.find(part))


def last_index_of(collection: Value, part: Value) -> int:
    if type(collection) is list:
        return next((i for i in reversed(range(len(collection))) if values.equal(collection[i], part)), -1)
    _texts("lastIndexOf", collection, part)
    return int(collection.rfind(part))


def string(value: Value) -> str:
    if type(value) is str:
        return value
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is int:
        return str(value)
    raise no_overload("string", value)


def integer(value: Value) -> int:
    if type(value) is int:
        return value
    if type(value) is float and abs(value) < 2.0**63:
        return int(value)
    if type(value) is str and _DIGITS.fullmatch(value):
        return values.add(int(value), 0)  # type: ignore[no-any-return]  # with its bounds
    if type(value) in (str, float):
        raise CelError(f"type conversion error from {values.kind_of(value)} to `int`")
    raise no_overload("int", value)


def double(value: Value) -> float:
    if type(value) in (int, float):
        return float(value)
    if type(value) is str and _NUMBER.fullmatch(value):
        return float(value)
    if type(value) is str:
        raise CelError("type conversion error from `string` to `double`")
    raise no_overload("double", value)


def _optional(function: str, value: Value) -> Optional:
    if type(value) is not Optional:
        raise no_overload(function, value)
    return value


def has_value(value: Value) -> bool:
    return _optional("hasValue", value).present


def value_of(value: Value) -> Value:
    if not _optional("value", value).present:
        raise CelError("optional.none() dereference")
    return value.value


def or_value(value: Value, otherwise: Value) -> Value:
    return value.value if _optional("orValue", value).present else otherwise


def or_(value: Value, otherwise: Value) -> Value:
    return value if _optional("or", value).present else _optional("or", otherwise)


def sets_contains(collection: Value, part: Value) -> bool:
    _lists("sets.contains", collection, part)
    return all(values.contained(item, collection) for item in part)


def sets_equivalent(one: Value, other: Value) -> bool:
    return sets_contains(one, other) and sets_contains(other, one)


def sets_intersects(one: Value, other: Value) -> bool:
    _lists("sets.intersects", one, other)
    return any(values.contained(item, other) for item in one)


def _lists(function: str, *given: Value) -> None:
    if any(type(each) is not list for each in given):
        raise no_overload(function, *given)


def same(value: Value) -> Value:
    return value


def _make_optional(value: Value) -> Optional:
    return Optional(True, value)


def _nothing() -> Optional:
    return NOTHING


_NUMERIC = "int double"
FUNCTIONS: dict[str, Function] = {
    "size": Function(size, ("string list map",), "int", None),
    "startsWith": Function(starts_with, ("string", "string"), "bool", True),
    "endsWith": Function(ends_with, ("string", "string"), "bool", True),
    "contains": Function(contains, ("string", "string"), "bool", True),
    "matches": Function(matches, ("string", "string"), "bool", None),
    "lowerAscii": Function(lower_ascii, ("string",), "string", True),
    "upperAscii": Function(upper_ascii, ("string",), "string", True),
    "trim": Function(trim, ("string",), "string", True),
    "split": Function(split, ("string", "string", "int"), "list", True, 2),
    "join": Function(join, ("list", "string"), "string", True, 1),
    "replace": Function(replace, ("string", "string", "string", "int"), "string", True, 3),
    "substring": Function(substring, ("string", "int", "int"), "string", True, 2),
    "indexOf": Function(index_of, ("string list", "any"), "int", True),
    "lastIndexOf": Function(last_index_of, ("string list", "any"), "int", True),
    "string": Function(string, ("string bool int",), "string"),
    "int": Function(integer, ("int double string",), "int"),
    "double": Function(double, ("int double string",), "double"),
    "dyn": Function(same, ("any",), "dyn"),
    "quantity": Function(quantity.quantity, ("string",), "quantity"),
    "isQuantity": Function(quantity.is_quantity, ("string",), "bool"),
    "compareTo": Function(quantity.compare_to, ("quantity", "quantity"), "int", True),
    "isGreaterThan": Function(quantity.is_greater_than, ("quantity", "quantity"), "bool", True),
    "isLessThan": Function(quantity.is_less_than, ("quantity", "quantity"), "bool", True),
    "sign": Function(quantity.sign, ("quantity",), "int"),
    "optional.none": Function(_nothing, (), "optional"),
    "optional.of": Function(_make_optional, ("any",), "optional"),
    "hasValue": Function(has_value, ("optional",), "bool", True),
    "value": Function(value_of, ("optional",), "dyn", True),
    "orValue": Function(or_value, ("optional", "any"), "dyn", True),
    "or": Function(or_, ("optional", "optional"), "optional", True),
    "sets.contains": Function(sets_contains, ("list", "list"), "bool"),
    "sets.equivalent": Function(sets_equivalent, ("list", "list"), "bool"),
    "sets.intersects": Function(sets_intersects, ("list", "list"), "bool"),
}

OPERATORS: dict[str, Function] = {
    "==": Function(values.equal, ("any", "any"), "bool"),
    "!=": Function(values.unequal, ("any", "any"), "bool"),
    "<": Function(values.less, ("int double string bool", "int double string bool"), "bool"),
    "<=": Function(values.at_most, ("int double string bool", "int double string bool"), "bool"),
    ">": Function(values.greater, ("int double string bool", "int double string bool"), "bool"),
    ">=": Function(values.at_least, ("int double string bool", "int double string bool"), "bool"),
    "in": Function(values.contained, ("any", "list map"), "bool"),
    "+": Function(values.add, ("int double string list", "int double string list"), "same"),
    "-": Function(values.subtract, (_NUMERIC, _NUMERIC), "same"),
    "*": Function(values.multiply, (_NUMERIC, _NUMERIC), "same"),
    "/": Function(values.divide, (_NUMERIC, _NUMERIC), "same"),
    "%": Function(values.modulo, ("int", "int"), "same"),
    "!": Function(values.invert, ("bool",), "bool"),
    "negate": Function(values.negate, (_NUMERIC,), "same"),
}

ELSEWHERE = frozenset(
    [
        "find",
        "findAll",
        "format",
        "url",
        "isURL",
        "getScheme",
        "getHost",
        "getHostname",
        "getPort",
        "getEscapedPath",
        "getQuery",
        "ip",
        "isIP",
        "cidr",
        "isCIDR",
        "containsIP",
        "containsCIDR",
        "masked",
        "prefixLength",
        "family",
        "isUnspecified",
        "isLoopback",
        "isLinkLocalMulticast",
        "isLinkLocalUnicast",
        "isGlobalUnicast",
        "isCanonical",
        "charAt",
        "quote",
        "reverse",
        "sum",
        "min",
        "max",
        "isSorted",
        "distinct",
        "flatten",
        "slice",
        "sort",
        "sortBy",
        "first",
        "last",
        "range",
        "semver",
        "isSemver",
        "major",
        "minor",
        "patch",
        "type",
        "uint",
        "bytes",
        "bool",
        "duration",
        "timestamp",
        "getDate",
        "getDayOfMonth",
        "getDayOfWeek",
        "getDayOfYear",
        "getFullYear",
        "getHours",
        "getMilliseconds",
        "getMinutes",
        "getMonth",
        "getSeconds",
        "add",
        "sub",
        "named",
        "validate",
        "optMap",
        "optFlatMap",
        "ofNonZeroValue",
        "optional.ofNonZeroValue",
        "path",
        "group",
        "resource",
        "check",
        "allowed",
        "errored",
        "error",
        "reason",
        "serviceAccount",
        "subresource",
        "namespace",
        "name",
        "fieldSelector",
        "labelSelector",
        "transformList",
        "transformMap",
        "transformMapEntry",
        "existsOne",
        "isInteger",
        "asInteger",
        "asApproximateFloat",
    ]
)
"""Functions that Kubernetes has and that are not evaluated here."""


def function_of(name: str) -> Any:
    """The Python function of a function or operator."""
    return (OPERATORS.get(name) or FUNCTIONS[name]).run
