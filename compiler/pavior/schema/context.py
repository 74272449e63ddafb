"""What templates can read, as a JSON Schema of their roots: it is what every path in an expression is checked against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pavior.schema import Kind, Node, Schemas

LAYERING_KEYS = frozenset(
    {
        "apiVersion",
        "defaults",
        "tiers",
        "defaultsByType",
        "components",
        "rawKeys",
        "rawKinds",
        "reviewers",
        "environments",
        "retired",
        "budget",
        "budgets",
    }
)
"""Keys of organization.yaml, environments and team.yaml that say something to Pavior, not to templates."""

_TEXT: Node = {"type": "string"}

COMPONENTS = "components"
"""The name by which templates of the platform's own read the settings of other components."""

SERVICE_FIELDS = ("name", "namespace", "team", "id", "goldenPath", "folder")


def environment_roots(schemas: Schemas) -> dict[str, Node]:
    """What every template reads, but its component's settings."""
    environment = _file(schemas, "environment")
    clusters = environment["properties"]["clusters"]["additionalProperties"]["properties"]
    return {
        "organization": _file(schemas, "organization"),
        "environment": environment,
        "cluster": closed({**_readable(clusters), "name": _TEXT}),
        "target": closed({"name": _TEXT, "folder": _TEXT}),
    }


def platform_roots(schemas: Schemas, components: Iterable[str]) -> dict[str, Node]:
    """What templates of environment and team scope, which are the platform's own, read besides: all components' settings."""
    return {COMPONENTS: closed({name: settings_root(schemas, name) for name in sorted(components)})}


def team_roots(schemas: Schemas) -> dict[str, Node]:
    """What templates of team scope, and of those inside it, read besides."""
    team = _file(schemas, "team")
    waived = map_of({"type": "array", "items": _TEXT})
    return {"team": closed({**team["properties"], "namespace": _TEXT, "waived": waived})}


def service_roots(
    schemas: Schemas, accepted: Mapping[str, Node], references: Iterable[str], facts: Iterable[str]
) -> dict[str, Node]:
    """What templates of service scope read besides: the fields of all components, contributions and linked facts."""
    other = closed({"name": _TEXT, "team": _TEXT, "namespace": _TEXT, **{fact: {} for fact in facts}})
    return {
        **schemas.context["properties"],
        "service": closed({**dict.fromkeys(SERVICE_FIELDS, _TEXT), "targets": {"type": "array", "items": _TEXT}}),
        "contributions": closed({name: map_of(entry) for name, entry in accepted.items()}),
        "linked": closed({reference: map_of(other) for reference in references}),
    }


def need_root(schemas: Schemas, type_name: str) -> Node:
    """An entry of `needs` of a type, as templates of need scope read it."""
    return closed({**schemas.union.entries[type_name].full.node["properties"], "name": _TEXT})


def settings_root(schemas: Schemas, component: str) -> Node:
    known = schemas.settings.get(component)
    return known.node if known else closed({})


def closed(properties: Mapping[str, Node]) -> Node:
    return {"type": "object", "properties": dict(properties), "additionalProperties": False}


def _file(schemas: Schemas, kind: Kind) -> Node:
    return closed({**_readable(schemas.kinds[kind].node["properties"]), "name": _TEXT})


def _readable(properties: Mapping[str, Node]) -> dict[str, Node]:
    return {name: node for name, node in properties.items() if name not in LAYERING_KEYS}


def map_of(node: Node) -> Node:
    return {"type": "object", "additionalProperties": node}
