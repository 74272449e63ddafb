"""A validator's errors in words: one fault, one short message."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from pavior.diagnostics.suggest import did_you_mean
from pavior.kubernetes import Fault, Reason, Schema
from pavior.model import Path, Value

MOST_FAULTS = 100
"""More faults than these in one manifest are not told: the time for any input is bounded."""

_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "a map",
    "string": "text",
}
_LIMITS = {
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "exclusiveMinimum": "must be more than {}",
    "exclusiveMaximum": "must be less than {}",
    "minLength": "must have at least {} characters",
    "maxLength": "must have at most {} characters",
    "minItems": "must have at least {} items",
    "maxItems": "must have at most {} items",
    "minProperties": "must have at least {} entries",
    "maxProperties": "must have at most {} entries",
    "multipleOf": "must be a multiple of {}",
    "pattern": "must match `{}`",
    "format": "must be a valid {}",
}


def explain(errors: Iterable[Any], schema: Schema) -> tuple[Fault, ...]:
    """The faults that jsonschema-rs' errors by `schema` stand for, by path, each once.

    Where a schema has a `$comment`, it says what its values are: `a quantity such as 250m`.
    """
    faults = {
        fault: None for error in islice(errors, MOST_FAULTS) for fault in islice(_faults(error, schema), MOST_FAULTS)
    }
    return tuple(sorted(faults, key=lambda fault: [(isinstance(step, str), step) for step in fault.path]))


def written(path: Path) -> str:
    """A path as people write it: `spec.containers[0].image`; a key that is no word in quotation marks."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.replace("-", "").replace("_", "").isalnum():
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step, ensure_ascii=False)}]"
    return text


def _faults(error: Any, schema: Schema) -> list[Fault]:
    path: Path = tuple(error.instance_path)
    keyword = error.kind.name
    if keyword == "additionalProperties":
        fields = sorted(_rule(error, schema).get("properties", ()))
        return [_unknown(name, path, fields) for name in error.kind.unexpected[:MOST_FAULTS]]
    if keyword == "required":
        return [Fault(Reason.MISSING_FIELD, path, f"`{error.kind.property}` is missing{_beside(path, 'from')}")]
    if keyword in ("anyOf", "oneOf") and hasattr(error.kind, "context"):
        return _alternatives(error, path, schema)
    if keyword == "propertyNames":
        name = _shown(error.kind.error.instance)
        return [Fault(Reason.BAD_VALUE, path, f"{name} is no valid name{_beside(path, 'in')}", _comment(error, schema))]
    return [Fault(Reason.BAD_VALUE, path, f"{_subject(path)} {_demand(error, schema)}, not {_shown(error.instance)}")]


def _unknown(name: str, path: Path, fields: Sequence[str]) -> Fault:
    meant = did_you_mean(name, fields)
    hint: str | None = None
    if meant:
        hint = f"did you mean `{meant}`?"
    elif fields:
        hint = f"its fields are {', '.join(fields[:12])}{', …' if len(fields) > 12 else ''}"
    return Fault(Reason.UNKNOWN_FIELD, (*path, name), f"`{name}` is not a field{_beside(path, 'of')}", hint)


def _alternatives(error: Any, path: Path, schema: Schema) -> list[Fault]:
    """The faults of the branch whose type fits; where none does, one that names all types."""
    branches = [list(branch) for branch in error.kind.context]
    fitting = [branch for branch in branches if not any(_is_type_fault(inner, path) for inner in branch)]
    if fitting:
        nearest = min(fitting, key=lambda branch: (len(branch), -max(len(inner.instance_path) for inner in branch)))
        return [fault for inner in nearest for fault in _faults(inner, schema)]
    types = dict.fromkeys(name for branch in branches for inner in branch for name in getattr(inner.kind, "types", ()))
    return [Fault(Reason.BAD_VALUE, path, f"{_subject(path)} must be {_named(types)}, not {_shown(error.instance)}")]


def _rule(error: Any, schema: Schema) -> Schema:
    """The part of `schema` whose keyword failed."""
    rule: Any = schema
    for step in error.schema_path[:-1]:
        try:
            rule = rule[step]
        except (KeyError, IndexError, TypeError):
            return {}
    return rule if isinstance(rule, dict) else {}


def _comment(error: Any, schema: Schema) -> str | None:
    return _rule(error, schema).get("$comment")


def _is_type_fault(error: Any, path: Path) -> bool:
    return error.kind.name == "type" and tuple(error.instance_path) == path


def _demand(error: Any, schema: Schema) -> str:
    keyword, value = error.kind.name, error.kind.value
    comment = _comment(error, schema)
    if keyword == "pattern" and comment:
        return f"must be {comment}"
    if keyword == "type":
        return f"must be {_named(error.kind.types)}"
    if keyword in ("enum", "const"):
        options = value if keyword == "enum" else [value]
        names = [_shown(option) for option in options]
        return f"must be {names[0]}" if len(names) == 1 else f"must be one of {', '.join(names)}"
    if keyword in _LIMITS:
        return _LIMITS[keyword].format(value)
    return f"must satisfy `{keyword}` of its schema"


def _named(types: Iterable[str]) -> str:
    return " or ".join(_TYPES.get(name, name) for name in types)


def _subject(path: Path) -> str:
    return f"`{written(path)}`" if path else "the manifest"


def _beside(path: Path, preposition: str) -> str:
    return f" {preposition} `{written(path)}`" if path else ""


def _shown(value: Value) -> str:
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return f"`{text[:60]}…`" if len(text) > 60 else f"`{text}`"
