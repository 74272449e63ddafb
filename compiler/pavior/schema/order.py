"""The order in which the fields of a file are written: that of the schema, in which `x-order` has the last word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pavior.model import Path, Value
from pavior.schema import EntrySchemas, Kind, Node, Schemas


def orders(
    schemas: Schemas, kind: Kind, value: Mapping[str, Value], golden_path: str = ""
) -> Mapping[Path, Sequence[str]]:
    """The fields of each map of a file that has any, in their order; maps from names of people's choice have no order.

    `golden_path` is the one that a golden-path.yaml is of.
    """
    entries = schemas.union.entries
    if kind == "platform":
        path = schemas.paths.get(str(value.get("goldenPath")), schemas.union)
        node, entries = path.file.node, path.entries
    elif kind == "golden-path" and golden_path in schemas.golden_path_files:
        node = schemas.golden_path_files[golden_path].node
    else:
        node = schemas.kinds[kind].node
    walk = _Walk(node.get("$defs", {}), entries, _types(value))
    walk.at((), value, [node])
    return walk.found


def _types(value: Mapping[str, Value]) -> Mapping[str, Value]:
    """The types of the file's own entries of `needs`, which those of its environments share."""
    needs = value.get("needs")
    said = needs.items() if isinstance(needs, dict) else ()
    return {name: entry.get("type") for name, entry in said if isinstance(entry, dict)}


@dataclass(frozen=True, slots=True)
class _Walk:
    """Goes through a value and all that schemas say of each place."""

    definitions: Mapping[str, Node]
    entries: Mapping[str, EntrySchemas]
    types: Mapping[str, Value]
    found: dict[Path, Sequence[str]] = field(default_factory=dict)

    def at(self, path: Path, value: Value, nodes: Sequence[Node]) -> None:
        known = [each for node in nodes for each in self._expanded(node)]
        if isinstance(value, dict):
            names = dict.fromkeys(name for node in known if "x-keys" not in node for name in node.get("properties", ()))
            if names:
                self.found[path] = tuple(names)
            for key, inner in value.items():
                within = self._entry(key, inner) if path[-1:] == ("needs",) else None
                self.at((*path, key), inner, within or [each for node in known for each in _property(node, key)])
        elif isinstance(value, list):
            items = [node["items"] for node in known if isinstance(node.get("items"), dict)]
            for index, inner in enumerate(value):
                self.at((*path, index), inner, items)

    def _expanded(self, node: Node) -> Iterator[Node]:
        yield node
        if "$ref" in node:
            yield from self._expanded(self.definitions.get(node["$ref"].rpartition("/")[2], {}))
        for branch in (*node.get("anyOf", ()), *node.get("oneOf", ())):
            yield from self._expanded(branch)

    def _entry(self, name: str, entry: Value) -> list[Node] | None:
        said = entry.get("type", self.types.get(name)) if isinstance(entry, dict) else None
        return [self.entries[said].layer.node] if isinstance(said, str) and said in self.entries else None


def _property(node: Node, key: str) -> Iterator[Node]:
    inner = node.get("properties", {}).get(key, node.get("additionalProperties"))
    if isinstance(inner, dict):
        yield inner
