"""Kinds that manifests define: their schemas, closed as the API server's pruning closes them.

Which manifests define kinds, and where in them, is data: `definitions.json` in the folder of schemas.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pavior.kubernetes import Schema
from pavior.kubernetes.files import data
from pavior.kubernetes.keyed import LIST_MAP_KEYS
from pavior.model import Manifest

# What an API server makes of a schema that says these: https://kubernetes.io, "Specifying a structural schema".
_OPEN = "x-kubernetes-preserve-unknown-fields"
_EMBEDDED = "x-kubernetes-embedded-resource"
_INTEGER_OR_TEXT = "x-kubernetes-int-or-string"
_PROSE = frozenset({"description", "default", "example", "examples", "externalDocs", "title"})
_MAPS = ("properties",)
_SINGLE = ("items", "additionalProperties", "not")
_LISTS = ("allOf", "anyOf", "oneOf")


@dataclass(frozen=True, slots=True)
class Definition:
    """A kind whose manifests define kinds. Pointers are tuples of keys; `version` and `schema` start at each of `versions`,
    `plurals` are of `kinds`, one each."""

    api_version: str
    kind: str
    group: tuple[str, ...]
    kinds: tuple[tuple[str, ...], ...]
    plurals: tuple[tuple[str, ...], ...]
    versions: tuple[str, ...]
    version: tuple[str, ...]
    schema: tuple[str, ...]
    adds: Mapping[tuple[str, ...], Schema]
    metadata: Schema
    shared: Mapping[str, Schema]


def read_definitions(folder: Path) -> list[Definition]:
    """The definitions of a folder's `definitions.json`; none if there is no such file. Raises BrokenTool."""
    content = data(folder, "definitions.json")
    if content is None:
        return []
    return [
        Definition(
            api_version=entry["apiVersion"],
            kind=entry["kind"],
            group=keys(entry["group"]),
            kinds=tuple(map(keys, entry["kinds"])),
            plurals=tuple(map(keys, entry["plurals"])),
            versions=keys(entry["versions"]),
            version=keys(entry["version"]),
            schema=keys(entry["schema"]),
            adds={keys(pointer): schema for pointer, schema in entry["adds"].items()},
            metadata=content["metadata"],
            shared=content["shared"],
        )
        for entry in content["definitions"]
    ]


def defined(manifests: Iterable[Manifest], definitions: Sequence[Definition]) -> dict[tuple[str, str], Schema]:
    """The schemas that `manifests` define, by apiVersion and kind. A manifest without group, name or schema defines nothing:
    its own schema says what it lacks."""
    found: dict[tuple[str, str], Schema] = {}
    for manifest in manifests:
        for definition in definitions:
            if manifest.get("apiVersion") == definition.api_version and manifest.get("kind") == definition.kind:
                found.update(_schemas(manifest, definition))
    return found


def resources(manifests: Iterable[Manifest], definitions: Sequence[Definition]) -> dict[tuple[str, str], str]:
    """The plurals of the kinds that `manifests` define, by API group and kind."""
    found: dict[tuple[str, str], str] = {}
    for manifest in manifests:
        for definition in definitions:
            if manifest.get("apiVersion") == definition.api_version and manifest.get("kind") == definition.kind:
                group = at(manifest, definition.group)
                for pointers in zip(definition.kinds, definition.plurals, strict=True):
                    kind, plural = (at(manifest, pointer) for pointer in pointers)
                    if isinstance(group, str) and isinstance(kind, str) and isinstance(plural, str):
                        found[group, kind] = plural
    return found


def _schemas(manifest: Manifest, definition: Definition) -> Iterator[tuple[tuple[str, str], Schema]]:
    group = at(manifest, definition.group)
    kinds = [at(manifest, pointer) for pointer in definition.kinds]
    versions = at(manifest, definition.versions)
    for entry in versions if isinstance(versions, list) else ():
        version, schema = at(entry, definition.version), at(entry, definition.schema)
        for kind in kinds:
            if (
                isinstance(group, str)
                and isinstance(version, str)
                and isinstance(kind, str)
                and isinstance(schema, dict)
            ):
                api_version = f"{group}/{version}"
                yield (api_version, kind), _whole(schema, api_version, kind, definition)


def _whole(schema: Schema, api_version: str, kind: str, definition: Definition) -> Schema:
    whole = _closed(schema)
    for pointer, addition in definition.adds.items():
        inner = whole
        for key in pointer[:-1]:
            inner = inner.setdefault("properties", {}).setdefault(
                key, {"type": "object", "additionalProperties": False}
            )
        inner.setdefault("properties", {}).setdefault(pointer[-1], addition)
    properties = whole.setdefault("properties", {})
    properties.pop("status", None)  # the cluster's to write, never a repository's
    properties |= {"apiVersion": {"enum": [api_version]}, "kind": {"enum": [kind]}, "metadata": definition.metadata}
    required = (set(whole.get("required", ())) - {"status"}) | {"apiVersion", "kind", "metadata"}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **whole,
        "required": sorted(required),
        "additionalProperties": False,
        "definitions": dict(definition.shared),
    }


def _closed(schema: Schema, *, close: bool = True) -> Schema:
    """`schema` as a plain JSON Schema that refuses what an API server would drop. Conditions (`anyOf` and so on) only
    restrict, so nothing below them is closed."""
    plain: Schema = {
        k: v for k, v in schema.items() if k not in _PROSE and (k == LIST_MAP_KEYS or not k.startswith("x-"))
    }
    for keyword in _MAPS:
        if keyword in plain:
            plain[keyword] = {name: _closed(part, close=close) for name, part in plain[keyword].items()}
    for keyword in _SINGLE:
        if isinstance(plain.get(keyword), dict):
            plain[keyword] = _closed(plain[keyword], close=close and keyword != "not")
    for keyword in _LISTS:
        if keyword in plain:
            plain[keyword] = [_closed(part, close=False) for part in plain[keyword]]
    if "required" in plain:  # a default is filled in before anything is checked
        defaulted = {name for name, part in schema.get("properties", {}).items() if "default" in part}
        plain["required"] = [name for name in plain["required"] if name not in defaulted]
    if schema.get(_INTEGER_OR_TEXT):
        plain.setdefault("anyOf", [{"type": "integer"}, {"type": "string"}])
    is_object = plain.get("type") == "object" or "properties" in plain
    if close and is_object and not schema.get(_OPEN) and not schema.get(_EMBEDDED):
        plain.setdefault("properties", {})  # without it jsonschema-rs does not say which field is unknown
        plain.setdefault("additionalProperties", False)
    if plain.pop("nullable", False) and isinstance(plain.get("type"), str):
        plain["type"] = [plain["type"], "null"]
    return plain


def keys(pointer: str) -> tuple[str, ...]:
    """The keys of a JSON pointer."""
    return tuple(key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:])


def at(value: Any, pointer: tuple[str, ...]) -> Any:
    """What a pointer leads to through maps; None where nothing is."""
    for key in pointer:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value
