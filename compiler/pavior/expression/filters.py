"""The filters and tests of the template language: pure functions of plain data, each of which checks what it is given."""

from __future__ import annotations

import base64 as base64_module
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import lru_cache
from urllib.parse import quote

from pavior.expression import units
from pavior.expression.arithmetic import exact, number
from pavior.expression.runtime import MAX_TEXT, Fault, bounded, is_number, json_text, kind, text
from pavior.expression.runtime import mapping as _mapping
from pavior.expression.runtime import merge as merge_maps
from pavior.model import Value

_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_NOT_IN_LABELS = re.compile(r"[^a-z0-9]+")
_QUOTED = {
    chr(code): quoted for code in range(128) if (quoted := quote(chr(code), safe="")) != chr(code) and code != 37
}
"""The characters of ASCII that URLs show by their code, but for the sign that does."""
_NOT_IN_VARIABLES = re.compile(r"[^A-Z0-9_]")


def _text(value: Value, name: str) -> str:
    if isinstance(value, str):
        return value
    raise Fault(f"`{name}` takes text, not {kind(value)}", none=value is None)


def _list(value: Value, name: str) -> list[Value]:
    if isinstance(value, list):
        return value
    raise Fault(f"`{name}` takes a list, not {kind(value)}", none=value is None)


def _map(value: Value, name: str) -> Mapping[str, Value]:
    if isinstance(value, Mapping):
        return value
    raise Fault(f"`{name}` takes a map, not {kind(value)}", none=value is None)


def _integer(value: Value, name: str, low: int, high: int) -> int:
    if value.__class__ is int and low <= value <= high:
        return value
    given = value if is_number(value) else kind(value)
    raise Fault(f"`{name}` takes a whole number from {low} to {high}, not {given}", none=value is None)


def _number(value: Value, name: str) -> int | float:
    if is_number(value):
        return value
    raise Fault(f"`{name}` takes a number, not {kind(value)}", none=value is None)


def _alike(value: Value, name: str) -> list[Value]:
    """A list of numbers or of texts: what has an order."""
    found = _list(value, name)
    if all(isinstance(item, str) for item in found) or all(is_number(item) for item in found):
        return found
    raise Fault(f"`{name}` takes a list of texts or a list of numbers", none=None in found)


def upper(value: Value) -> str:
    return _text(value, "upper").upper()


def lower(value: Value) -> str:
    return _text(value, "lower").lower()


def trim(value: Value) -> str:
    return _text(value, "trim").strip()


def replace(value: Value, old: Value, new: Value) -> str:
    whole, old, new = _text(value, "replace"), _text(old, "replace"), _text(new, "replace")
    if not old:
        raise Fault("`replace` takes a text that is not empty to replace")
    if old not in whole:
        return whole
    if len(whole) + whole.count(old) * len(new) > MAX_TEXT:
        raise Fault(f"`replace` makes text of more than {MAX_TEXT} characters")
    return whole.replace(old, new)


def split(value: Value, separator: Value) -> list[str]:
    separator = _text(separator, "split")
    if not separator:
        raise Fault("`split` takes a separator that is not empty")
    return _text(value, "split").split(separator)


def join(value: Value, separator: Value = "") -> str:
    glue, parts = _text(separator, "join"), [text(item) for item in _list(value, "join")]
    if sum(map(len, parts)) + len(glue) * len(parts) > MAX_TEXT:
        raise Fault(f"`join` makes text of more than {MAX_TEXT} characters")
    return glue.join(parts)


def length(value: Value) -> int:
    if isinstance(value, str | list | Mapping):
        return len(value)
    raise Fault(f"`length` takes text, a list or a map, not {kind(value)}", none=value is None)


def sort(value: Value) -> list[Value]:
    return sorted(_alike(value, "sort"))


def unique(value: Value) -> list[Value]:
    seen = set()
    result = []
    for item in _list(value, "unique"):
        mark = json.dumps(item, sort_keys=True)
        if mark not in seen:
            seen.add(mark)
            result.append(item)
    return result


def flatten(value: Value) -> list[Value]:
    """The items of each list of a list, one level deep."""
    return [item for inner in _list(value, "flatten") for item in _list(inner, "flatten")]


def first(value: Value) -> Value:
    return next(iter(_list(value, "first")), None)


def index(value: Value, item: Value) -> Value:
    for i, each in enumerate(_list(value, "index")):
        if each == item and isinstance(each, bool) is isinstance(item, bool):
            return i
    return None


def last(value: Value) -> Value:
    found = _list(value, "last")
    return found[-1] if found else None


def keys(value: Value) -> list[str]:
    return sorted(_map(value, "keys"))


def values(value: Value) -> list[Value]:
    return [item for _, item in sorted(_map(value, "values").items(), key=lambda entry: entry[0])]


def merge(value: Value, other: Value) -> dict[str, Value]:
    return merge_maps(_map(value, "merge"), _mapping(other))


_ROUNDING: Mapping[Value, str] = {"half-up": ROUND_HALF_UP, "up": ROUND_CEILING, "down": ROUND_FLOOR}


def round_(value: Value, digits: Value = 0, method: Value = "half-up") -> int | float:
    places = _integer(digits, "round", 0, 15)
    mode = _ROUNDING.get(_text(method, "round"))
    if mode is None:
        raise Fault(f"`round` goes {', '.join(_ROUNDING)}")
    return _rounded(_number(value, "round"), places, mode)


@lru_cache(maxsize=4096, typed=True)
def _rounded(value: int | float, places: int, mode: str) -> int | float:
    amount = exact(value)
    if abs(amount) >= 1 << 63:
        raise Fault("`round` takes a number that fits 64 bits")
    step = Decimal(1).scaleb(-places)
    return number(Decimal((amount / step).to_integral_value(mode)) * step)


def int_(value: Value) -> int:
    if is_number(value):
        return int(value)
    written = _text(value, "int")
    if re.fullmatch(r"[+-]?[0-9]{1,18}", written):
        return int(written)
    raise Fault(f"`{written[:40]}` is not a whole number")


def string(value: Value) -> str:
    return text(value)


def minimum(value: Value) -> Value:
    return min(_alike(value, "min"), default=None)


def maximum(value: Value) -> Value:
    return max(_alike(value, "max"), default=None)


def total(value: Value) -> int | float:
    return number(sum((exact(_number(item, "sum")) for item in _list(value, "sum")), Decimal(0)))


def to_json(value: Value, indent: Value = None) -> str:
    width = None if indent is None else _integer(indent, "to_json", 0, 8)
    kind(value)
    if width is None:
        return bounded(json_text(value))
    return bounded(json.dumps(value, sort_keys=True, ensure_ascii=False, indent=width, separators=(",", ": ")))


def sha256(value: Value, length: Value = 64) -> str:
    size = _integer(length, "sha256", 1, 64)
    return hashlib.sha256(_text(value, "sha256").encode("utf-8", "surrogatepass")).hexdigest()[:size]


def base64(value: Value) -> str:
    return base64_module.b64encode(_text(value, "base64").encode("utf-8", "surrogatepass")).decode("ascii")


def urlencode(value: Value) -> str:
    given = _text(value, "urlencode")
    if not given.isascii():
        return bounded(quote(given, safe="", errors="surrogatepass"))
    encoded = given.replace("%", "%25")  # first, as it stands in what the others become
    for character in set(given) & _QUOTED.keys():  # `quote` takes twice as long for a query
        encoded = encoded.replace(character, _QUOTED[character])
    return bounded(encoded)


def indent(value: Value, width: Value) -> str:
    lines = _text(value, "indent").split("\n")
    margin = " " * _integer(width, "indent", 0, 100)
    if sum(map(len, lines)) + len(lines) * (len(margin) + 1) > MAX_TEXT:
        raise Fault(f"`indent` makes text of more than {MAX_TEXT} characters")
    return "\n".join([lines[0], *(margin + line if line else line for line in lines[1:])])


def prefix(value: Value, text: Value) -> Value:
    return _each(value, "prefix", lambda item: _text(text, "prefix") + item)


def suffix(value: Value, text: Value) -> Value:
    return _each(value, "suffix", lambda item: item + _text(text, "suffix"))


def _each(value: Value, name: str, change: Callable[[str], str]) -> Value:
    if not isinstance(value, list):
        return bounded(change(_text(value, name)))
    changed = [change(_text(item, name)) for item in value]
    if sum(map(len, changed)) > MAX_TEXT:
        raise Fault(f"`{name}` makes text of more than {MAX_TEXT} characters")
    return changed


def pluck(value: Value, key: Value) -> list[Value]:
    name = _text(key, "pluck")
    found = [_map(item, "pluck").get(name) for item in _list(value, "pluck")]
    return [item for item in found if item is not None]


def env_name(value: Value) -> str:
    """A POSIX environment variable's name: capitals, digits and `_`, not a digit first."""
    name = _NOT_IN_VARIABLES.sub("_", _text(value, "env_name").upper())
    if not name:
        raise Fault("an environment variable's name cannot be made of empty text")
    return f"_{name}" if name[0].isdigit() else name


def dns_label(value: Value, length: Value = 63) -> str:
    """An RFC 1123 label of at most `length` characters; what had to change carries a hash, so names stay different."""
    size = _integer(length, "dns_label", 10, 63)
    whole = _text(value, "dns_label")
    if len(whole) <= size and _DNS_LABEL.fullmatch(whole):
        return whole
    mark = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    start = _NOT_IN_LABELS.sub("-", whole.lower())[: size - 9].strip("-")
    return f"{start}-{mark}" if start else mark


def quantity(value: Value) -> int | float:
    return value if is_number(value) else units.quantity(_text(value, "quantity"))


def seconds(value: Value) -> int | float:
    return value if is_number(value) else units.seconds(_text(value, "seconds"))


def quantities(value: Value) -> list[int | float]:
    return [quantity(item) for item in _list(value, "quantities")]


def runs_per_month(value: Value) -> int | float:
    from pavior.expression import cron  # noqa: PLC0415  (only what reckons costs asks)

    return cron.runs_per_month(_text(value, "runs_per_month"))


def duration(value: Value) -> str:
    return units.duration(_number(value, "duration"))


def starts_with(value: Value, start: Value) -> bool:
    return _text(value, "starts_with").startswith(_text(start, "starts_with"))


def ends_with(value: Value, end: Value) -> bool:
    return _text(value, "ends_with").endswith(_text(end, "ends_with"))


def default(value: Value, fallback: Value) -> Value:
    """For its signature only: generated code tests the value itself, so that the fallback is evaluated only when needed."""
    return fallback if value is None else value
