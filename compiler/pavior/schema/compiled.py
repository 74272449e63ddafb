"""The fast check: jsonschema-rs says yes or no, and never anything else."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from pavior.model import Value
from pavior.schema import Node, Schema


def schema(node: Node) -> Schema:
    """A schema with its fast check, compiled when first asked."""
    compiled: list[Callable[[Value], bool]] = []

    def accepts(value: Value) -> bool:
        if not compiled:
            compiled.append(validator(node).is_valid)
        try:
            return compiled[0](value)
        except ValueError:  # text that is no Unicode (a lone surrogate), or a key that is no text
            return False

    return Schema(node, accepts)


def validator(node: Node) -> Any:
    """The compiled form of a schema. Patterns match in linear time, whatever the text; dates are checked; nothing is fetched."""
    from jsonschema_rs import Draft202012Validator, RegexOptions  # noqa: PLC0415  # 15 ms to import

    return Draft202012Validator(node, pattern_options=RegexOptions(), validate_formats=True, retriever=_refused)


def _refused(address: str) -> Node:
    raise ValueError(address)


def is_pattern(pattern: str) -> bool:
    """Whether the engine that decides can compile the pattern."""
    try:
        _matcher(pattern)
    except ValueError:
        return False
    return True


def matches(pattern: str, text: str) -> bool:
    """What the deciding engine says of `text`, in linear time."""
    try:
        return bool(_matcher(pattern)(text))
    except ValueError:
        return False


def is_date(text: str) -> bool:
    """Whether `text` is a day of the calendar, as the deciding engine sees it."""
    return bool(validator({"format": "date"}).is_valid(text))


@cache
def _matcher(pattern: str) -> Callable[[Value], bool]:
    is_valid: Callable[[Value], bool] = validator({"pattern": pattern}).is_valid
    return is_valid
