"""What a schema refuses in a value, found by jsonschema, made to agree with the engine that decides and bounded for any input."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from pavior.model import Path, Value
from pavior.schema import Node
from pavior.schema.compiled import is_date, matches
from pavior.schema.fault import Refusal


def refusals(node: Node, value: Value) -> Iterator[Refusal]:
    """Each keyword that refuses a part of `value`, from the outside to the inside."""
    return (_refusal(error, ()) for error in _VALIDATOR(node).iter_errors(value))


def _refusal(error: ValidationError, outer: Path) -> Refusal:
    within: Path = tuple(error.relative_path)
    steps = error.relative_schema_path
    return Refusal(
        keyword=str(error.validator),
        said=error.validator_value,
        value=error.instance,
        node=error.schema if isinstance(error.schema, dict) else {},
        path=(*outer, *within),
        within=within,
        branch=steps[0] if steps and isinstance(steps[0], int) else None,
        context=tuple(_refusal(inner, (*outer, *within)) for inner in error.context or ()),
    )


def _pattern(_: Any, pattern: str, value: Value, node: Node) -> Iterator[ValidationError]:
    # Python's own engine could run away on hostile text, and its `$` lets a line break pass.
    if isinstance(value, str) and not matches(pattern, value):
        yield ValidationError("pattern")


def _format(_: Any, name: str, value: Value, node: Node) -> Iterator[ValidationError]:
    if isinstance(value, str) and name == "date" and not is_date(value):
        yield ValidationError("format")


def _unique_items(_: Any, wanted: bool, value: Value, node: Node) -> Iterator[ValidationError]:
    # jsonschema compares every item with every other where they are maps.
    if wanted and isinstance(value, list) and len({json.dumps(item, sort_keys=True) for item in value}) < len(value):
        yield ValidationError("uniqueItems")


def _property_names(checker: Any, names: Node, value: Value, node: Node) -> Iterator[ValidationError]:
    if isinstance(value, dict):
        for name in value:
            context = list(checker.descend(instance=name, schema=names))
            if context:
                yield ValidationError("propertyNames", path=(name,), instance=name, schema=names, context=context)


def _is_number(_: Any, value: Value) -> bool:
    # JSON has no infinity, so the engine that decides sees none either.
    return math.isfinite(value) if isinstance(value, float) else isinstance(value, int) and not isinstance(value, bool)


def _is_integer(_: Any, value: Value) -> bool:
    return _is_number(_, value) and (isinstance(value, int) or value.is_integer())


_VALIDATOR: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {"pattern": _pattern, "format": _format, "uniqueItems": _unique_items, "propertyNames": _property_names},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many({"number": _is_number, "integer": _is_integer}),
)
