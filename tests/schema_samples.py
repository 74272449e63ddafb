"""A small platform for tests of schemas: four components, three golden paths, two environments, all written here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pavior.diagnostics import Diagnostic, Outcome
from pavior.model import Document, Source
from pavior.phases.load import load
from pavior.phases.validate import validate
from pavior.schema import KINDS, ComponentSource, Kind, Schemas
from pavior.schema.compose import compose

ROOT = Path(__file__).parent.parent

SERVER = {
    "type": "object",
    "required": ["image"],
    "properties": {
        "image": {"$ref": "#/$defs/image"},
        "port": {"$ref": "#/$defs/port"},
        "command": {"description": "The program.", "type": "array", "items": {"type": "string"}, "examples": [["run"]]},
        "env": {
            "description": "Variables.",
            "x-aliases": ["variables"],
            "type": "object",
            "propertyNames": {"$ref": "#/$defs/environmentVariable"},
            "additionalProperties": {"type": ["string", "number", "boolean"]},
            "examples": [{"LOG_LEVEL": "debug"}],
        },
        "resources": {
            "description": "CPU and memory.",
            "type": "object",
            "properties": {
                "cpu": {"$ref": "#/$defs/cpu"},
                "memory": {"description": "Memory for each replica.", "$ref": "#/$defs/memory"},
            },
        },
        "probe": {
            "description": "Whether it runs.",
            "type": "object",
            "properties": {
                "path": {"$ref": "#/$defs/urlPath", "x-aliases": ["httpGet"]},
                "tcp": {"description": "A connection is enough.", "type": "boolean"},
                "period": {"description": "Seconds.", "type": "integer", "minimum": 1, "maximum": 60},
                "timeout": {"description": "Seconds.", "type": "integer", "minimum": 1},
            },
            "oneOf": [{"required": ["path"]}, {"required": ["tcp"]}],
            "dependentRequired": {"timeout": ["period"]},
        },
    },
}
SCALED = {
    "type": "object",
    "properties": {
        "replicas": {
            "description": "How many.",
            "x-aliases": ["instances"],
            "anyOf": [{"type": "integer", "minimum": 0}, {"$ref": "#/$defs/range"}],
            "examples": [2],
        }
    },
    "$defs": {
        "range": {
            "type": "object",
            "required": ["min", "max"],
            "properties": {
                "min": {"description": "At least.", "type": "integer", "minimum": 1, "examples": [2]},
                "max": {"description": "At most.", "type": "integer", "minimum": 1, "examples": [4]},
            },
        }
    },
}
SCHEDULED = {
    "type": "object",
    "properties": {
        "schedule": {
            "description": "When to run.",
            "type": "object",
            "required": ["cron"],
            "properties": {"cron": {"$ref": "#/$defs/cron"}},
        }
    },
}
POSTGRES = {
    "type": "object",
    "required": ["version"],
    "properties": {
        "size": {"description": "How large.", "enum": ["small", "large"], "default": "small"},
        "version": {"description": "Of PostgreSQL.", "type": "string", "examples": ["16"]},
        "storage": {"$ref": "#/$defs/storage"},
    },
}
CACHE = {"type": "object", "properties": {"eviction": {"description": "What goes first.", "enum": ["lru", "lfu"]}}}
SETTINGS = {"type": "object", "properties": {"zone": {"description": "Where.", "type": "string", "examples": ["a"]}}}

PATHS = {
    "web": ["server", "scaled", "postgres"],
    "job": ["server", "scheduled", "postgres", "cache"],
    "site": ["server"],
}


def document(text: str, path: str = "teams/payments/checkout/platform.yaml") -> Document:
    """A file as the load phase makes it; it must load."""
    outcome = load(Source(path, text.encode()))
    assert outcome.value is not None, outcome.diagnostics
    return outcome.value


def component(name: str, fields: Mapping[str, Any], type_: str | None = None, **settings: Any) -> ComponentSource:
    return ComponentSource(
        name,
        document(json.dumps(fields, indent=1), f"golden-paths/components/{name}/schema.json"),
        type_,
        document(json.dumps(settings), f"golden-paths/components/{name}/settings.schema.json") if settings else None,
    )


@cache
def sources() -> Mapping[Kind, Document]:
    """The hand-written schemas of this repository."""
    paths = {kind: ROOT / "schemas" / f"{kind}.core.schema.json" for kind in KINDS}
    return {kind: document(path.read_text(), f"schemas/{path.name}") for kind, path in paths.items()}


def composed(
    *components: ComponentSource,
    paths: Mapping[str, Sequence[str]] | None = None,
    environments: Sequence[str] = ("dev", "prod"),
) -> Outcome[Schemas]:
    return compose(sources(), components, paths or {"web": [c.name for c in components]}, environments)


@cache
def sample() -> Schemas:
    outcome = composed(
        component("server", SERVER, **SETTINGS),
        component("scaled", SCALED),
        component("scheduled", SCHEDULED),
        component("postgres", POSTGRES, "postgres"),
        component("cache", CACHE, "cache"),
        paths=PATHS,
    )
    assert outcome.value is not None
    assert outcome.diagnostics == ()
    return outcome.value


HEAD = "apiVersion: pavior.dev/v1\ngoldenPath: web\n"


PLACES: Mapping[str, str] = {
    "platform": "teams/payments/checkout/platform.yaml",
    "team": "teams/payments/team.yaml",
    "organization": "golden-paths/organization.yaml",
    "environment": "golden-paths/environments/prod.yaml",
    "golden-path": "golden-paths/web/golden-path.yaml",
    "component": "golden-paths/components/storage/component.yaml",
}


def found(text: str, kind: Kind = "platform", **beside: Any) -> tuple[Diagnostic, ...]:
    """What validate says of a file."""
    return validate(document(text, PLACES[kind]), kind, sample(), **beside).diagnostics


def told(text: str, kind: Kind = "platform", **beside: Any) -> list[str]:
    """What validate says of a file, a line for each diagnostic, as the concise form has it."""
    return [f"{d.span.line}:{d.span.column} {d.code.number} {d.message}" for d in found(text, kind, **beside)]


def only(text: str, kind: Kind = "platform", **beside: Any) -> Diagnostic:
    """The one diagnostic of a file whose fault stands after two good lines."""
    diagnostics = found(text, kind, **beside)
    assert len(diagnostics) == 1, [d.message for d in diagnostics]
    return diagnostics[0]


def marked(text: str, diagnostic: Diagnostic) -> str:
    """The text that a diagnostic points at."""
    span = diagnostic.span
    assert span.line == span.end_line
    return text.split("\n")[span.line - 1][span.column - 1 : span.end_column - 1]
