"""YAML that other programs wrote, or somebody edited: what Kubernetes would make of it, as far as it can be had safely.

A tree of rendered files is as hostile as what people write: libyaml's composer ends the process where collections are nested deep
enough, and a few aliases make a value that has no end. So depth is bounded, and aliases and tags are refused.
"""

from __future__ import annotations

from typing import Any

from yaml.error import YAMLError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from pavior.model import Value
from pavior.syntax.composer import DEEPEST, TooDeepError, compose, tokens
from pavior.syntax.faults import may_refer, references
from pavior.syntax.scalars import Ambiguous, OutOfRange, resolve
from pavior.syntax.values import RefusedError

LARGEST = 2**24
"""Bytes of a file that are read."""

_MOST_NODES = 300_000
"""A file of brackets alone has a node a byte, each of which takes some hundred bytes of memory."""


def nodes_of(content: bytes) -> tuple[Node, ...] | None:
    """The root node of each document, without the empty ones' values; None where they can't be had safely."""
    if len(content) > LARGEST or sum(map(content.count, (b"[", b"{", b",", b"\n", b"- "))) > _MOST_NODES:
        return None
    try:
        if may_refer(content) and any(references("", tokens(content))):
            return None
        return tuple(compose(content))
    except (YAMLError, TooDeepError, ValueError, OverflowError, RecursionError):
        return None


def documents_of(content: bytes) -> tuple[Value, ...] | None:
    """The value of each document; None where they can't be had safely, or are no values that JSON has."""
    nodes = nodes_of(content)
    try:
        return None if nodes is None else tuple(_value(node, 1) for node in nodes)
    except (RefusedError, ValueError, OverflowError):
        return None


def _value(node: Any, depth: int) -> Value:
    if isinstance(node, ScalarNode):
        return node.value if node.style else _plain(node.value)
    if depth > DEEPEST:
        raise RefusedError
    if isinstance(node, SequenceNode):
        return [_value(item, depth + 1) for item in node.value]
    if not isinstance(node, MappingNode) or not all(isinstance(key, ScalarNode) for key, _ in node.value):
        raise RefusedError
    return {key.value: _value(item, depth + 1) for key, item in node.value}


def _plain(text: str) -> Value:
    reading = resolve(text)
    if isinstance(reading, Ambiguous):
        return reading.legacy  # as Kubernetes' parser, which is one of YAML 1.1
    return reading.text if isinstance(reading, OutOfRange) else reading
