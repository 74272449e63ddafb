"""Types of expressions, read from JSON Schemas: what a value can be, and what lies below it.

A type is the list of its alternatives (the branches of anyOf and oneOf), each a tuple of schemas that hold together
(its own keywords, what it refers to, allOf). None is the type that is not known: anything goes.

A map is closed when a schema says so (`additionalProperties`, `unevaluatedProperties: false`) and also when it lists
`properties` and says nothing: a path that the schema doesn't name is far more often a slip than a wish.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from pavior.model import Value

Schema: TypeAlias = Mapping[str, Value]
Branch: TypeAlias = tuple[Schema, ...]
Type: TypeAlias = tuple[Branch, ...] | None

MAX_BRANCHES = 64
ALL_KINDS = frozenset({"object", "array", "string", "number", "boolean", "null"})
STRING: Type = (({"type": "string"},),)
NUMBER: Type = (({"type": "number"},),)
BOOLEAN: Type = (({"type": "boolean"},),)
STRINGS: Type = (({"type": "array", "items": {"type": "string"}},),)
NOTHING: Type = (({"type": "null"},),)


@dataclass(frozen=True, slots=True)
class Missing:
    """A key that no alternative has. `known` are the keys there are; empty where the value is no map at all."""

    known: tuple[str, ...]
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Definitions:
    """The `$defs` that references look into."""

    schemas: Mapping[str, Value]

    def find(self, reference: str) -> Value:
        name = reference.removeprefix("#/$defs/")
        return self.schemas.get(name.replace("~1", "/").replace("~0", "~"), True)


def type_of(schema: Value, definitions: Definitions) -> Type:
    """The type that a schema describes."""
    branches = _expand(schema, definitions, frozenset())
    if len(branches) > MAX_BRANCHES or any(not branch for branch in branches):
        return None
    return tuple(branches)


def _expand(schema: Value, definitions: Definitions, seen: frozenset[str]) -> list[Branch]:
    """Alternatives of one schema; an empty branch is the one that knows nothing."""
    if not isinstance(schema, Mapping):
        return [()] if schema is not False else []
    own: Schema = schema if _says_something(schema) else {}
    result: list[Branch] = [(own,) if own else ()]
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference not in seen:
        result = _both(result, _expand(definitions.find(reference), definitions, seen | {reference}))
    for part in schema.get("allOf", ()):
        result = _both(result, _expand(part, definitions, seen))
    for word in ("anyOf", "oneOf"):
        if word in schema:
            choices = [branch for part in schema[word] for branch in _expand(part, definitions, seen)]
            result = _both(result, choices)
    for word in ("then", "else"):
        if word in schema:
            result = _both(result, [(), *_expand(schema[word], definitions, seen)])
    return result


def _says_something(schema: Schema) -> bool:
    words = ("type", "properties", "patternProperties", "additionalProperties", "unevaluatedProperties", "items")
    return any(word in schema for word in (*words, "prefixItems", "enum", "const"))


def _both(left: list[Branch], right: list[Branch]) -> list[Branch]:
    if len(left) * len(right) > MAX_BRANCHES:
        return [()]
    return [(*a, *b) for a in left for b in right]


def union(*types: Type) -> Type:
    """Any of several."""
    branches: list[Branch] = []
    for one in types:
        if one is None:
            return None
        branches += [branch for branch in one if branch not in branches]
    return tuple(branches) if len(branches) <= MAX_BRANCHES else None


def kinds(type_: Type) -> frozenset[str]:
    """The JSON types that a value can have; integers count as numbers."""
    if type_ is None:
        return ALL_KINDS
    return frozenset().union(*(_branch_kinds(branch) for branch in type_))


def _branch_kinds(branch: Branch) -> frozenset[str]:
    result = ALL_KINDS
    for schema in branch:
        result &= _schema_kinds(schema)
    return result


def _schema_kinds(schema: Schema) -> frozenset[str]:
    if "type" in schema:
        named = schema["type"]
        return frozenset(_kind_name(name) for name in ([named] if isinstance(named, str) else named))
    if "const" in schema:
        return frozenset({_value_kind(schema["const"])})
    if "enum" in schema:
        return frozenset(_value_kind(value) for value in schema["enum"])
    if "properties" in schema or "patternProperties" in schema:
        return frozenset({"object"})
    if "items" in schema or "prefixItems" in schema:
        return frozenset({"array"})
    return ALL_KINDS


def _kind_name(name: str) -> str:
    return "number" if name == "integer" else name


def _value_kind(value: Value) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"


def member(type_: Type, key: str, definitions: Definitions) -> Type | Missing:
    """The type of the value at a key of a map."""
    if type_ is None:
        return None
    found: list[Type] = []
    known: dict[str, None] = {}
    for branch in type_:
        if "object" not in _branch_kinds(branch):
            continue
        schemas = [below for schema in branch for below in _below(schema, key)]
        if schemas:
            found.append(_meet(schemas, definitions))
        elif _is_open(branch):
            return None
        for schema in branch:
            known.update(dict.fromkeys(schema.get("properties", {})))
    if not found:
        return Missing(tuple(known), kinds(type_) - {"null"})
    return union(*found)


def _below(schema: Schema, key: str) -> Iterable[Value]:
    properties = schema.get("properties", {})
    if key in properties:
        yield properties[key]
        return
    matching = [below for pattern, below in schema.get("patternProperties", {}).items() if re.search(pattern, key)]
    if matching:
        yield from matching
        return
    for word in ("additionalProperties", "unevaluatedProperties"):
        if word in schema and schema[word] is not False:
            yield schema[word]


def _is_open(branch: Branch) -> bool:
    words = ("additionalProperties", "unevaluatedProperties")
    if any(schema.get(word) is False for schema in branch for word in words):
        return False
    return not any("properties" in schema or "patternProperties" in schema for schema in branch)


def _meet(schemas: Iterable[Value], definitions: Definitions) -> Type:
    return type_of({"allOf": list(schemas)}, definitions)


def items(type_: Type, definitions: Definitions) -> Type:
    """The type of the items of a list."""
    if type_ is None:
        return None
    found: list[Type] = []
    for branch in type_:
        if "array" not in _branch_kinds(branch):
            continue
        schemas = [schema["items"] for schema in branch if "items" in schema]
        schemas += [{"anyOf": schema["prefixItems"]} for schema in branch if "prefixItems" in schema and not schemas]
        found.append(_meet(schemas, definitions) if schemas else None)
    return union(*found) if found else NOTHING


def values(type_: Type, definitions: Definitions) -> Type:
    """The type of the values of a map, whatever their key."""
    if type_ is None:
        return None
    found: list[Type] = []
    for branch in type_:
        if "object" not in _branch_kinds(branch):
            continue
        schemas = [below for schema in branch for below in _all_below(schema)]
        if not schemas and _is_open(branch):
            return None
        found += [type_of(schema, definitions) for schema in schemas]
    return union(*found) if found else NOTHING


def _all_below(schema: Schema) -> Iterable[Value]:
    yield from schema.get("properties", {}).values()
    yield from schema.get("patternProperties", {}).values()
    for word in ("additionalProperties", "unevaluatedProperties"):
        if word in schema and schema[word] is not False:
            yield schema[word]
