"""Values as people say them: by phrases of components, `from {from} on port {ports}`, that name all there is.

A phrase is text with pointers in braces, each told by the phrases of its own value. What stands in brackets is left out where
something in it is not there. Of several phrases the first holds that names everything; one that ends in `…` may leave some out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from pavior.compare.knowledge import KindMeaning, Meaning, Phrase, PhrasePart, Pointer
from pavior.diagnostics.secrets import conceal
from pavior.model import Manifest, Value

Steps: TypeAlias = tuple[str, ...]

DEEPEST = 16
"""Values deeper than this have no words."""


class _Told(NamedTuple):
    """A phrase with its pointers filled in, and the pointers that are."""

    text: str
    named: frozenset[Steps]


def tell(value: Value, meaning: Meaning) -> str | None:
    """A map or list in words; None where it has none, or holds what may be secret: then it is shown as it is, concealed."""
    if not isinstance(value, dict | list):
        return None
    text = _value(value, meaning, 0) if _has_phrases(value, meaning) else None
    if text is None:
        return None
    whole = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return text if conceal(whole) == whole else None


def gist(manifest: Manifest, meaning: KindMeaning) -> str:
    """A manifest in words; nothing where its kind has none that hold, or they could tell a secret."""
    text = _first(meaning.phrases, manifest, meaning.fields, 0)
    return text if text is not None and conceal(text) == text else ""


def _has_phrases(value: Value, meaning: Meaning) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, dict) for item in value) and bool(meaning.below("-").phrases)
    return bool(meaning.phrases)


def _value(value: Value, meaning: Meaning, depth: int) -> str | None:
    if depth > DEEPEST:
        return None
    if isinstance(value, list):
        items = [_value(item, meaning.below("-"), depth + 1) for item in value]
        return None if not items or None in items else ", ".join(item for item in items if item is not None)
    if isinstance(value, dict):
        if meaning.phrases:
            return _first(meaning.phrases, value, meaning, depth)
        return _entries(value, depth)
    return json.dumps(value) if not isinstance(value, str) or not value else value


def _entries(value: dict[str, Value], depth: int) -> str | None:
    """`a=1, b=2` of a map of scalars."""
    if not value or any(isinstance(inner, dict | list) for inner in value.values()):
        return None
    return ", ".join(f"{key}={inner if isinstance(inner, str) else json.dumps(inner)}" for key, inner in value.items())


def _first(phrases: Sequence[Phrase], value: dict[str, Value], meaning: Meaning, depth: int) -> str | None:
    for phrase in phrases:
        told = _parts(phrase.parts, value, meaning, depth)
        if told is not None and (phrase.open or _covers(told.named, value, meaning)):
            return told.text
    return None


def _parts(parts: Sequence[PhrasePart], value: dict[str, Value], meaning: Meaning, depth: int) -> _Told | None:
    """None where something outside of brackets is not there, or has no words."""
    text, named = "", frozenset[Steps]()
    for part in parts:
        if isinstance(part, str):
            text += part
        elif isinstance(part, Pointer):
            found = _at(value, meaning, part.steps, depth)
            if found is None:
                return None
            text += found
            named |= {part.steps}
        else:
            inner = _parts(part, value, meaning, depth)
            if inner is not None:
                text += inner.text
                named |= inner.named
    return _Told(text, named)


def _at(value: Value, meaning: Meaning, steps: Steps, depth: int) -> str | None:
    for step in steps:
        if not isinstance(value, dict):
            return None
        value, meaning = value.get(step), meaning.below(step)
    return None if value is None else _value(value, meaning, depth + 1)


def _covers(named: frozenset[Steps], value: dict[str, Value], meaning: Meaning) -> bool:
    """Whether all of a value is named, but for what absence means too."""
    for key, inner in value.items():
        below = {steps[1:] for steps in named if steps[0] == key}
        of = meaning.below(key)
        if inner is None or () in below or (of.has_default and inner == of.default):
            continue
        if not below or not isinstance(inner, dict) or not _covers(frozenset(below), inner, of):
            return False
    return True
