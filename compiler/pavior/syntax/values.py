"""Nodes to plain values, quickly; whatever is not plain sailing raises, and `pavior.syntax.faults` then finds out what it is."""

from __future__ import annotations

from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode

from pavior.model import Value
from pavior.syntax.composer import DEEPEST
from pavior.syntax.scalars import LONGEST_CACHED, cached_resolve, resolve

LONGEST_KEY = 1000
"""No YAML reader has to find the colon of a longer key (YAML 1.2.2, §7.4.2: at most 1,024 characters)."""

_PLAIN_TYPES = frozenset((str, int, bool, float, type(None)))


class RefusedError(Exception):
    """Something in these nodes is refused."""


def value_of(node: Node, depth: int = 1) -> Value:
    """The value of `node`, which is nested in `depth - 1` others. Raises RefusedError where `faults` would find a fault."""
    if node.__class__ is ScalarNode:
        return _scalar(node)
    if depth >= DEEPEST and node.value:
        raise RefusedError
    if node.__class__ is not MappingNode:
        return [value_of(item, depth + 1) for item in node.value]
    values: dict[str, Value] = {}
    for key, value in node.value:
        name = key.value
        if key.__class__ is not ScalarNode:
            raise RefusedError
        if not key.style:
            name = cached_resolve(name) if len(name) <= LONGEST_CACHED else resolve(name)
        if name.__class__ is not str or name in values or len(name) > LONGEST_KEY:
            raise RefusedError
        # Scalars are most of all values: a call less for each is a tenth of the whole.
        values[name] = _scalar(value) if value.__class__ is ScalarNode else value_of(value, depth + 1)
    return values


def _scalar(node: Any) -> Value:
    text: str = node.value
    if node.style:
        return text
    scalar = cached_resolve(text) if len(text) <= LONGEST_CACHED else resolve(text)
    if scalar.__class__ not in _PLAIN_TYPES:
        raise RefusedError
    return scalar
