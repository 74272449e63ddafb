"""What compiled templates call while they render: paths, leaves, text, loops, merges and arithmetic on plain data.

Every function is total over plain data: it answers, or raises Fault. None is ever given Python objects to look into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeGuard

from pavior.expression.template import OMIT
from pavior.model import Value

SCALARS = frozenset({str, int, bool, float})
NUMBERS = frozenset({int, float})
MAX_TEXT = 1 << 20
MAX_ITEMS = 100_000
MAX_INTEGER = 1 << 63


class Fault(Exception):
    """A value that an operation cannot take. Rendering again with tracing on finds the place and the paths."""

    def __init__(self, message: str, hint: str | None = None, *, none: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.none = none


def kind(value: Value) -> str:  # noqa: PLR0911
    """What people call the type of a value."""
    match value:
        case None:
            return "none"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case Mapping():
            return "a map"
        case _ if value is OMIT:
            return "omit"
    raise TypeError(f"not plain data: {type(value).__name__}")


def is_number(value: Value) -> TypeGuard[int | float]:
    return value.__class__ in NUMBERS


def get(value: Value, key: Value) -> Value:
    """The entry or item at `key`; None where there is none, at any depth. Keys only: no attributes, no methods."""
    if value is None:
        return None  # what most often is no map, and slow to be told so of
    if value.__class__ is dict or isinstance(value, Mapping):
        return value.get(key) if isinstance(key, str) else None
    if isinstance(value, list) and isinstance(key, int) and not isinstance(key, bool):
        return value[key] if -len(value) <= key < len(value) else None
    return None


def cut(value: Value, start: Value, stop: Value, step: Value) -> Value:
    """`value[start:stop:step]` of a list or text."""
    for bound in (start, stop, step):
        if bound is not None and (not isinstance(bound, int) or isinstance(bound, bool)):
            raise Fault(f"a slice takes whole numbers, not {kind(bound)}")
    if step == 0:
        raise Fault("a slice takes a step that is not 0")
    if isinstance(value, str | list):
        return value[start:stop:step]
    raise Fault(f"a slice takes text or a list, not {kind(value)}", none=value is None)


def leaf(value: Value) -> Value:
    """The value as it may stand in a manifest: maps and lists copied, maps by sorted key; none is a fault."""
    if value.__class__ in SCALARS:
        return value
    if value is None:
        raise Fault("none here", none=True)
    if value.__class__ is dict or isinstance(value, Mapping):
        return {key: leaf(value[key]) for key in sorted(value) if value[key] is not OMIT}
    if isinstance(value, list):
        return [leaf(item) for item in value if item is not OMIT]
    raise Fault(f"{kind(value)} cannot stand here")


def text(value: Value) -> str:
    """A scalar as text: numbers in decimal notation without exponent, whole ones without point, booleans in lower case."""
    kind_of_value = value.__class__
    if kind_of_value is str:
        return value  # type: ignore[no-any-return]
    if kind_of_value is int:
        return str(value)
    if kind_of_value is float:
        return decimal_text(value)
    if kind_of_value is bool:
        return "true" if value else "false"
    if value is None:
        raise Fault("none inside text", none=True)
    raise Fault(
        f"{kind(value)} cannot stand inside text", "join a list with `| join(',')`, write a map with `| to_json`"
    )


@lru_cache(maxsize=2048)
def decimal_text(value: float) -> str:
    if value.is_integer():
        return str(int(value))
    return format(Decimal(repr(value)), "f")


def concatenate(*parts: Value) -> str:
    return bounded("".join([text(part) for part in parts]))


def bounded(value: str) -> str:
    if len(value) > MAX_TEXT:
        raise Fault(f"text of {len(value)} characters, more than {MAX_TEXT}")
    return value


def key(value: Value, taken: Mapping[str, Value]) -> str:
    """The text of a computed key, which its map must not have yet."""
    name = text(value)
    if name in taken:
        raise Fault(f"the key `{name}` is there twice", "make the keys differ, or join the entries with `$merge`")
    return name


def items(value: Value) -> Iterable[Value]:
    """What `$for: x in …` goes over."""
    if value.__class__ is list:
        return value
    if value is None:
        return ()
    if isinstance(value, Mapping):
        raise Fault("a map is looped over by two names", "write `$for: key, value in …`")
    raise Fault(f"a loop takes a list, not {kind(value)}")


def pairs(value: Value) -> Iterable[tuple[str | int, Value]]:
    """What `$for: k, v in …` goes over: a map by sorted key, a list by index."""
    if value.__class__ is dict or isinstance(value, Mapping):
        return [(name, value[name]) for name in sorted(value)]
    if value is None:
        return ()
    if isinstance(value, list):
        return list(enumerate(value))
    raise Fault(f"a loop with two names takes a map or a list, not {kind(value)}")


def mapping(value: Value) -> Mapping[str, Value]:
    """A map for `$merge`, `$include` or an item of a manifest template."""
    if value.__class__ is dict or isinstance(value, Mapping):
        return value
    raise Fault(f"a map is expected here, not {kind(value)}", none=value is None)


def sources(value: Value) -> list[Mapping[str, Value]]:
    """The map, or the maps of the list, that `$merge` takes."""
    return [mapping(item) for item in value] if isinstance(value, list) else [mapping(value)]


def merge(base: Mapping[str, Value], patch: Mapping[str, Value]) -> dict[str, Value]:
    """RFC 7386: maps merge by key at any depth, everything else replaces, null removes. New maps, never the given ones."""
    result = dict(base)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, Mapping):
            present = result.get(name)
            result[name] = merge(present if isinstance(present, Mapping) else {}, value)
        else:
            result[name] = value
    return result


def overlay(base: dict[str, Value], patch: Mapping[str, Value]) -> None:
    """`merge` into the base itself: both are maps that a template has just made, sharing nothing, without a none in them."""
    for name, value in patch.items():
        if value.__class__ is dict and base.get(name).__class__ is dict:
            overlay(base[name], value)
        else:
            base[name] = value


def join_round(whole: dict[str, Value], part: Mapping[str, Value]) -> None:
    """Add the entries of one round of a `$for` to the map that all rounds make."""
    for name, value in part.items():
        whole[key(name, whole)] = value


def json_text(value: Value) -> str:
    """The value as JSON on one line, without spaces, maps by sorted key."""
    from orjson import OPT_SORT_KEYS, JSONEncodeError, dumps  # noqa: PLC0415  (few templates write JSON)

    try:
        return dumps(value, option=OPT_SORT_KEYS).decode()
    except JSONEncodeError as error:
        raise Fault(f"JSON can't hold this: {str(error).lower()}") from None


def json_document(value: Value) -> str:
    """The value as JSON that a difference shows well: a line for each entry of the outermost map and for each map in a list
    there, all below on one line."""
    from orjson import JSONEncodeError, dumps  # noqa: PLC0415  (few templates write JSON)

    try:
        if not isinstance(value, dict) or not value:
            return _json_lines(value, "", dumps)
        entries = [f"  {dumps(name).decode()}: {_json_lines(entry, '  ', dumps)}" for name, entry in value.items()]
    except JSONEncodeError as error:
        raise Fault(f"JSON can't hold this: {str(error).lower()}") from None
    return "{\n" + ",\n".join(entries) + "\n}"


def _json_lines(value: Value, margin: str, dumps: Callable[[Value], bytes]) -> str:
    if not isinstance(value, list) or not any(isinstance(item, dict | list) for item in value):
        return dumps(value).decode()
    lines = f",\n{margin}  ".encode().join([dumps(item) for item in value]).decode()
    return f"[\n{margin}  {lines}\n{margin}]"


def contains(container: Value, value: Value) -> bool:
    """`value in container`: a key of a map, an item of a list, a part of a text; nothing is in none."""
    if container is None:
        return False
    if container.__class__ is list:
        return value in container
    if isinstance(container, str):
        if not isinstance(value, str):
            raise Fault(f"text holds text, not {kind(value)}", none=value is None)
        return value in container
    if isinstance(container, Mapping):
        return isinstance(value, str) and value in container
    raise Fault(f"`in` takes a list, a map or text, not {kind(container)}")


def _comparable(left: Value, right: Value) -> None:
    if left.__class__ in NUMBERS and right.__class__ in NUMBERS:
        return
    if not (isinstance(left, str) and isinstance(right, str)):
        raise Fault(f"{kind(left)} and {kind(right)} have no order", none=left is None or right is None)


def less(left: Value, right: Value) -> bool:
    _comparable(left, right)
    return bool(left < right)


def less_or_equal(left: Value, right: Value) -> bool:
    _comparable(left, right)
    return bool(left <= right)


def present(values: list[Any]) -> list[Value]:
    """The items of a list written in an expression, without what is omitted."""
    return [value for value in values if value is not OMIT]


def present_entries(entries: Iterable[tuple[Value, Value]]) -> dict[str, Value]:
    """The entries of a map written in an expression, without what is omitted."""
    result: dict[str, Value] = {}
    for name, value in entries:
        if value is not OMIT:
            result[key(name, result)] = value
    return result
