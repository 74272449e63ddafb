"""The forms that a resolved schema takes: for effective specs, for layers, for template expressions, for editors.

All are trees without change: a form shares the parts that it leaves as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pavior.model import Value
from pavior.schema import Node

_SHAPE = frozenset({"type", "properties", "items", "additionalProperties", "enum", "const", "$ref", "pattern"})


def full(node: Node) -> Node:
    """For effective specs: objects with `properties` take no others, at every depth."""
    made = _each_part(node, full)
    if "properties" in node:
        made.setdefault("additionalProperties", False)
    return made


def layer(node: Node) -> Node:
    """For layers, which merge: nothing is required in a map, and null may stand for any of its values (RFC 7386).

    Lists don't merge, so what is inside of them is as in effective specs.
    """
    made = {
        key: value
        for key, value in node.items()
        if key not in ("required", "dependentRequired", "minProperties", "not")
    }
    for keyword in ("anyOf", "oneOf"):
        branches = made.pop(keyword, None)
        # Branches that only say which fields go together say nothing of one layer; nor can exactly one be asked of it.
        if branches and all(_SHAPE & branch.keys() for branch in branches):
            made["anyOf"] = [layer(branch) for branch in branches]
    if "items" in made:
        made["items"] = full(made["items"])
    if "properties" in made:
        made["properties"] = {name: nullable(layer(value)) for name, value in made["properties"].items()}
        made.setdefault("additionalProperties", False)
    if isinstance(made.get("additionalProperties"), dict):
        made["additionalProperties"] = nullable(layer(made["additionalProperties"]))
    return made


def nullable(node: Node) -> Node:
    """`node`, or null."""
    if not node.keys() & {"anyOf", "oneOf", "not", "$ref"}:
        made = dict(node)
        if "type" in made:
            types = made["type"] if isinstance(made["type"], list) else [made["type"]]
            made["type"] = types if "null" in types else [*types, "null"]
        if "const" in made:
            made["enum"] = [made.pop("const")]
        if "enum" in made:
            made["enum"] = made["enum"] if None in made["enum"] else [*made["enum"], None]
        return made
    return {**_annotations(node), "anyOf": [node, {"type": "null"}]}


def context(node: Node) -> Node:
    """For template expressions: what values look like, without what only files are checked for."""
    return _without_extensions(full(node))


def editor(node: Node) -> Node:
    """For editors: the same in the words of draft 07."""
    made = _without_extensions(_each_part(node, editor))
    if "dependentRequired" in made:
        made["dependencies"] = made.pop("dependentRequired")
    if "$ref" in made:
        made["$ref"] = made["$ref"].replace("#/$defs/", "#/definitions/")
        if len(made) > 1:  # draft 07 ignores what stands beside $ref
            made = {**{key: value for key, value in made.items() if key != "$ref"}, "allOf": [{"$ref": made["$ref"]}]}
    return made


def _annotations(node: Node) -> Node:
    return {
        key: node[key]
        for key in ("title", "description", "default", "examples", "x-message", "x-aliases")
        if key in node
    }


def _without_extensions(node: Node) -> Node:
    return {key: value for key, value in node.items() if not key.startswith("x-")}


def _each_part(node: Node, form: Callable[[Node], Node]) -> Node:
    made: dict[str, Any] = {}
    for keyword, said in node.items():
        made[keyword] = _part(keyword, said, form)
    return made


def _part(keyword: str, said: Value, form: Callable[[Node], Node]) -> Value:
    if keyword == "properties":
        return {name: form(value) for name, value in said.items()}
    if keyword in ("anyOf", "oneOf"):
        return [form(branch) for branch in said]
    if keyword in ("items", "additionalProperties", "propertyNames", "not") and isinstance(said, dict):
        return form(said)
    return said
