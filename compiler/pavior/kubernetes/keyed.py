"""Lists whose items are known by their keys, as the schemas of kinds say.

`x-kubernetes-list-map-keys` names the keys that together make an item what it is: API servers merge by them, so of two items
with the same one gets lost or the manifest is refused. `x-unique`, in generated schemas, names keys that may not repeat
besides. A key that is left out is its schema's `default`; an item without one of its keys is nobody's twin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from pavior.kubernetes import Fault, Reason, Schema
from pavior.kubernetes.explanation import written
from pavior.model import Path, Value

LIST_MAP_KEYS = "x-kubernetes-list-map-keys"
_UNIQUE = "x-unique"
_SCALARS = frozenset({"string", "integer", "number", "boolean"})


@dataclass(frozen=True, slots=True)
class Identity:
    """Keys of an item that are compared together, each with its default. `written` takes them from an item that has them all."""

    keys: tuple[tuple[str, Value], ...]
    written: Callable[[Mapping[str, Value]], Value]

    def of(self, item: Mapping[str, Value]) -> tuple[Value, ...]:
        """What an item is by these keys; None stands for one that it lacks."""
        return tuple(item.get(name, default) for name, default in self.keys)


@dataclass(frozen=True, slots=True)
class Keyed:
    """The keyed lists in a value: of a map those below `fields`, of a list those in its `items` and, if it has `identities`,
    itself."""

    fields: tuple[tuple[str, Keyed], ...] = ()
    items: Keyed | None = None
    identities: tuple[Identity, ...] = ()


def keyed_lists(schema: Schema) -> Keyed | None:
    """Where a kind has keyed lists; None if nowhere. What only conditions (`anyOf` and so on) say is not looked at."""
    return _keyed(schema, schema.get("definitions", {}), {})


def repeats(keyed: Keyed, value: Value) -> bool:
    """Whether some keyed list has two items with the same keys. `value` fits the schema."""
    for field, inner in keyed.fields:
        if field in value and repeats(inner, value[field]):
            return True
    if keyed.identities and len(value) > 1:
        for identity in keyed.identities:
            try:  # nearly always all keys are written
                if len(set(map(identity.written, value))) < len(value):
                    return True
            except KeyError:
                known = [key for key in map(identity.of, value) if None not in key]
                if len(set(known)) < len(known):
                    return True
    if keyed.items is not None:
        for item in value:
            if repeats(keyed.items, item):
                return True
    return False


def repeated(keyed: Keyed, value: Value, path: Path = ()) -> Iterator[Fault]:
    """A fault at each item with the keys of an earlier one, at the first of these keys that is written."""
    for field, inner in keyed.fields:
        if field in value:
            yield from repeated(inner, value[field], (*path, field))
    for identity in keyed.identities:
        first: dict[tuple[Value, ...], int] = {}
        for index, item in enumerate(value):
            key = identity.of(item)
            if None not in key and first.setdefault(key, index) != index:
                at = [name for name, _ in identity.keys if name in item][:1]
                pairs = ", ".join(f"{name}: {each}" for (name, _), each in zip(identity.keys, key, strict=True))
                message = f"items {first[key]} and {index} of `{written(path)}` both have `{pairs}`"
                yield Fault(Reason.REPEATED, (*path, index, *at), message, "remove or change one of them")
    if keyed.items is not None:
        for index, item in enumerate(value):
            yield from repeated(keyed.items, item, (*path, index))


def _keyed(schema: Any, definitions: Mapping[str, Schema], known: dict[str, Keyed | None]) -> Keyed | None:
    """What `keyed_lists` says of a part. `known` are the definitions that were looked at: one that holds itself holds none."""
    name = schema.get("$ref", "").removeprefix("#/definitions/")
    if name:
        if name not in known:
            known[name] = None
            known[name] = _keyed(definitions.get(name, {}), definitions, known)
        return known[name]
    if schema.get("type") == "array" and isinstance(schema.get("items"), dict):
        items = _keyed(schema["items"], definitions, known)
        identities = tuple(_identities(schema, definitions))
        return Keyed(items=items, identities=identities) if items or identities else None
    if schema.get("type") != "object":
        return None
    below = ((field, _keyed(part, definitions, known)) for field, part in schema.get("properties", {}).items())
    fields = tuple((field, inner) for field, inner in below if inner is not None)
    return Keyed(fields) if fields else None


def _identities(schema: Schema, definitions: Mapping[str, Schema]) -> Iterator[Identity]:
    item = _resolved(schema["items"], definitions)
    parts = item.get("properties", {}) if item.get("type") == "object" else {}
    for names in (schema.get(LIST_MAP_KEYS, ()), *((name,) for name in schema.get(_UNIQUE, ()))):
        found = [(name, _resolved(parts.get(name, {}), definitions)) for name in names]
        if found and all(part.get("type") in _SCALARS or "enum" in part for _, part in found):
            keys = tuple((name, part.get("default")) for name, part in found)
            yield Identity(keys, itemgetter(*names))


def _resolved(part: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """What a part refers to, if it does."""
    name = part.get("$ref", "").removeprefix("#/definitions/")
    return definitions.get(name, {}) if name else part
