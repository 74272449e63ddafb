"""Which filters and tests there are, what arguments they take and what they make."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pavior.expression import filters, runtime
from pavior.model import Value


@dataclass(frozen=True, slots=True)
class Function:
    """A filter or test: the function, its parameters after the value, and what it makes.

    `makes` is a JSON type, `same`, `element` (of the list given), `values` (of the map given) or `any`.
    """

    function: Callable[..., Value]
    parameters: tuple[str, ...]
    required: frozenset[str]
    usage: str
    makes: str


def _entry(name: str, function: Callable[..., Value], makes: str, noun: str) -> Function:
    _, *parameters = inspect.signature(function).parameters.values()
    required = frozenset(parameter.name for parameter in parameters if parameter.default is inspect.Parameter.empty)
    arguments = ", ".join(
        parameter.name if parameter.name in required else f"{parameter.name}={_written(parameter.default)}"
        for parameter in parameters
    )
    word = "|" if noun == "filter" else "is"
    usage = f"value {word} {name}({arguments})" if arguments else f"value {word} {name}"
    return Function(function, tuple(parameter.name for parameter in parameters), required, usage, makes)


def _written(value: Value) -> str:
    return "none" if value is None else f"'{value}'" if isinstance(value, str) else runtime.decimal_text(float(value))


FILTERS: dict[str, Function] = {
    name: _entry(name, function, makes, "filter")
    for name, function, makes in (
        ("base64", filters.base64, "string"),
        ("default", filters.default, "any"),
        ("dns_label", filters.dns_label, "string"),
        ("duration", filters.duration, "string"),
        ("env_name", filters.env_name, "string"),
        ("first", filters.first, "element"),
        ("flatten", filters.flatten, "any"),
        ("index", filters.index, "any"),
        ("indent", filters.indent, "string"),
        ("int", filters.int_, "integer"),
        ("join", filters.join, "string"),
        ("keys", filters.keys, "strings"),
        ("last", filters.last, "element"),
        ("length", filters.length, "integer"),
        ("lower", filters.lower, "string"),
        ("max", filters.maximum, "element"),
        ("merge", filters.merge, "any"),
        ("min", filters.minimum, "element"),
        ("pluck", filters.pluck, "any"),
        ("prefix", filters.prefix, "same"),
        ("quantities", filters.quantities, "any"),
        ("quantity", filters.quantity, "number"),
        ("replace", filters.replace, "string"),
        ("round", filters.round_, "number"),
        ("runs_per_month", filters.runs_per_month, "number"),
        ("seconds", filters.seconds, "number"),
        ("sha256", filters.sha256, "string"),
        ("sort", filters.sort, "same"),
        ("split", filters.split, "strings"),
        ("string", filters.string, "string"),
        ("suffix", filters.suffix, "same"),
        ("sum", filters.total, "number"),
        ("to_json", filters.to_json, "string"),
        ("trim", filters.trim, "string"),
        ("unique", filters.unique, "same"),
        ("upper", filters.upper, "string"),
        ("urlencode", filters.urlencode, "string"),
        ("values", filters.values, "values"),
    )
}

TESTS: dict[str, Function] = {
    name: _entry(name, function, "boolean", "test")
    for name, function in (
        ("boolean", lambda value: isinstance(value, bool)),
        ("defined", lambda value: value is not None),
        ("ends_with", filters.ends_with),
        ("mapping", lambda value: isinstance(value, Mapping)),
        ("none", lambda value: value is None),
        ("number", runtime.is_number),
        ("sequence", lambda value: isinstance(value, list)),
        ("starts_with", filters.starts_with),
        ("string", lambda value: isinstance(value, str)),
    )
}
