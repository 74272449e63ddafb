"""The schemas of a platform repository: one source, composed for each golden path into what files, effective specs,
template expressions and editors need.

Hand-written sources are `schemas/<kind>.core.schema.json`; published documents are `schemas/<kind>.schema.json`.
`pavior.schema.compose.compose` makes a `Schemas`, `pavior.schema.publish.published` makes the published documents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from pavior.model import Document, Value

Node: TypeAlias = dict[str, Any]
"""A JSON Schema, or a part of one. Never changed once made: parts are shared between documents."""

Kind: TypeAlias = Literal[
    "platform", "team", "organization", "environment", "golden-path", "component", "changes", "case", "patch", "prices"
]
"""The kinds of file that have a schema."""

KINDS: tuple[Kind, ...] = (
    "platform",
    "team",
    "organization",
    "environment",
    "golden-path",
    "component",
    "changes",
    "case",
    "patch",
    "prices",
)


@dataclass(frozen=True, slots=True)
class ComponentSource:
    """What a component brings: `fields` is its schema.json, `settings` its settings.schema.json, both as loaded.

    `type` is set where the component is a type of `needs`: `fields` are then those of an entry.
    """

    name: str
    fields: Document
    type: str | None = None
    settings: Document | None = None


@dataclass(frozen=True, slots=True)
class Schema:
    """A closed schema and the fast check of it. `accepts` compiles when first called and never raises on any value."""

    node: Node
    accepts: Callable[[Value], bool] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class EntrySchemas:
    """The schemas of an entry of `needs` of one type: in a layer (nothing required, null removes), and in an effective spec."""

    layer: Schema
    full: Schema


@dataclass(frozen=True, slots=True)
class PathSchemas:
    """The schemas of one golden path, or (name "") of all components together.

    Entries of `needs` are open in `file`, `layer` and `full`: `entries` has the schema of each type.
    """

    name: str
    components: tuple[str, ...]
    file: Schema
    """A platform.yaml: `apiVersion` and `goldenPath` required, null where a value may be removed."""
    layer: Schema
    """A layer's values: `defaults:` or one of `tiers:`."""
    full: Schema
    """An effective spec."""
    entries: Mapping[str, EntrySchemas]
    """By type of `needs`."""
    fields: Mapping[str, Node]
    """The top-level fields of an effective spec (without `apiVersion`, `goldenPath`, `environments`), `needs` included."""


@dataclass(frozen=True, slots=True)
class Schemas:
    """All schemas of a platform repository."""

    paths: Mapping[str, PathSchemas]
    """By golden path, as platform.yaml names it: `web-service`, or with a release, `web-service@2.1.0`."""
    union: PathSchemas
    """All components together: what a team, an organisation or an environment may speak of."""
    kinds: Mapping[str, Schema]
    """Of files: team, organization, environment, golden-path, component (platform: `paths`)."""
    golden_path_files: Mapping[str, Schema]
    """Of golden-path.yaml, by golden path: its `defaults` speak of the path's own fields."""
    settings: Mapping[str, Schema]
    """By component: its settings, in full. In files (`components:`) they are partial."""
    context: Node
    """What template expressions are checked against: an object schema without `$ref`, `needs` a map of `anyOf` entries."""
    owners: Mapping[str, str]
    """Which component each top-level field of platform.yaml belongs to; "" for the core's."""
    types: Mapping[str, str]
    """Which component each type of `needs` belongs to."""
    environments: tuple[str, ...]

    def path(self, reference: str) -> PathSchemas | None:
        """The golden path that platform.yaml names, as it names it."""
        return self.paths.get(reference)
