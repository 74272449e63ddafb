"""The schemas that editors read: draft 07, with descriptions, examples and defaults, and for each golden path its own fields."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from pavior.model import Value
from pavior.schema import KINDS, Node, PathSchemas, Schemas
from pavior.schema.forms import editor

DRAFT = "http://json-schema.org/draft-07/schema#"


def published(schemas: Schemas) -> Mapping[str, Node]:
    """The published documents by file name below schemas/."""
    documents: dict[str, Node] = {"platform": _platform(schemas)}
    documents.update((kind, _kind(schemas.kinds[kind].node)) for kind in KINDS if kind in schemas.kinds)
    return {f"{kind}.schema.json": node for kind, node in documents.items()}


def text(node: Node) -> str:
    """A published document as it is written."""
    return json.dumps(node, indent=2, ensure_ascii=False) + "\n"


def _kind(node: Node) -> Node:
    root = {key: value for key, value in node.items() if key != "$defs"}
    parts = {name: editor(node["$defs"][name]) for name in _used(root, node["$defs"])}
    return {"$schema": DRAFT, **editor(root), **({"definitions": parts} if parts else {})}


def _used(node: Node, definitions: Mapping[str, Node]) -> list[str]:
    """The definitions that a schema refers to, or those that it refers to."""
    used: list[str] = []
    for each in _references(node):
        if each not in used:
            used += [each, *_used(definitions[each], definitions)]
    return list(dict.fromkeys(used))


def _references(value: Value) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].rpartition("/")[2]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _platform(schemas: Schemas) -> Node:
    union = schemas.union
    root = union.file.node
    heads = {name: editor(root["properties"][name]) for name in ("apiVersion", "goldenPath")}
    names = [name for name in schemas.paths if "@" not in name]
    definitions: dict[str, Node] = {
        **heads,
        **{name: editor(union.file.node["properties"][name]) for name in ("retired",)},
        **{_field(name): editor(node) for name, node in union.layer.node["properties"].items() if name != "needs"},
        **{_entry(name): editor(entry.layer.node) for name, entry in union.entries.items()},
    }
    for name in names:
        definitions.update(_path(schemas.paths[name], schemas))
    return {
        "$schema": DRAFT,
        "title": "platform.yaml",
        "description": "One service: which golden path it follows, and what is particular to it.",
        "type": "object",
        "required": ["apiVersion", "goldenPath"],
        "properties": {"apiVersion": heads["apiVersion"], "goldenPath": _golden_path(heads["goldenPath"], names)},
        "allOf": [_where("goldenPath", {"pattern": f"^{name}(@|$)"}, name) for name in names],
        "definitions": definitions,
    }


def _golden_path(node: Node, names: list[str]) -> Node:
    if not names:
        return node
    return {**node, "anyOf": [{"enum": names}, {"pattern": f"^({'|'.join(names)})@.+$"}]}


def _path(path: PathSchemas, schemas: Schemas) -> dict[str, Node]:
    """What a golden path's files take: at the root, and in an environment."""
    fields = {
        name: _reference(_field(name) if name != "needs" else f"{path.name}.needs")
        for name in path.layer.node["properties"]
    }
    overlay = {**fields, "needs": _reference(f"{path.name}.overlay.needs")}
    environments = editor(schemas.union.file.node["properties"]["environments"])
    in_environment = {
        "description": "What differs in this environment, or `false` to leave it out.",
        "anyOf": [{"const": False}, _reference(f"{path.name}.overlay")],
    }
    if schemas.environments:
        environments["properties"] = dict.fromkeys(schemas.environments, in_environment)
    else:
        environments["additionalProperties"] = in_environment
    heads = {name: _reference(name) for name in ("apiVersion", "goldenPath")}
    root = {**heads, **fields, "environments": environments, "retired": _reference("retired")}
    return {
        path.name: _closed(root),
        f"{path.name}.overlay": _closed(overlay),
        f"{path.name}.needs": _needs(path, {"if": {"type": "object"}, "then": {"required": ["type"]}}),
        f"{path.name}.overlay.needs": _needs(path, _untyped(path)),
    }


def _needs(path: PathSchemas, otherwise: Node) -> Node:
    """The map of entries, each completed and checked by its `type`; `otherwise` is for one that doesn't say it."""
    types = list(path.entries)
    selector: Node = {"description": "What the entry is.", "type": "string"}
    selector["enum" if types else "not"] = types or {}
    entry: Node = {
        "description": "An entry: what the service needs, by a name of your choice.",
        "type": ["object", "null"],
        "properties": {"type": selector},
        "allOf": [*(_where("type", {"const": name}, _entry(name)) for name in types), otherwise],
    }
    return {**editor(path.layer.node["properties"]["needs"]), "additionalProperties": entry}


def _untyped(path: PathSchemas) -> Node:
    """An overlay's entry has the type that its base has, which an editor can't follow: any of them."""
    if not path.entries:
        return {}
    return {
        "if": {"type": "object", "not": {"required": ["type"]}},
        "then": {"anyOf": [_reference(_entry(name)) for name in path.entries]},
    }


def _where(field: str, value: Node, then: str) -> Node:
    return {
        "if": {"type": "object", "properties": {field: {"type": "string", **value}}, "required": [field]},
        "then": _reference(then),
    }


def _reference(name: str) -> Node:
    return {"$ref": f"#/definitions/{name}"}


def _closed(properties: Mapping[str, Node]) -> Node:
    return {"type": "object", "properties": dict(properties), "additionalProperties": False}


def _field(name: str) -> str:
    return f"field.{name}"


def _entry(name: str) -> str:
    return f"need.{name}"
