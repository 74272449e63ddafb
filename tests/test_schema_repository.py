"""The schemas of this repository: composed without a fault, described throughout, published as they are committed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft7Validator

from pavior.model import Document
from pavior.phases.validate import validate
from pavior.schema import ComponentSource, Schemas
from pavior.schema.compiled import validator
from pavior.schema.compose import compose
from pavior.schema.publish import published, text
from schema_samples import HEAD, ROOT, document, sample, sources

COMPONENTS = ROOT / "golden-paths" / "components"
COMPONENT_NAMES = sorted(path.parent.name for path in COMPONENTS.glob("*/component.yaml"))


def read(path: str) -> Document:
    return document((ROOT / path).read_text(), path)


def component(name: str) -> ComponentSource:
    folder = COMPONENTS / name
    settings = folder / "settings.schema.json"
    declared = read(f"golden-paths/components/{name}/component.yaml").value
    has_fields = (folder / "schema.json").exists()
    path = f"golden-paths/components/{name}/schema.json"
    return ComponentSource(
        name,
        read(path) if has_fields else document('{"type": "object", "properties": {}}', path),
        declared.get("type"),
        read(f"golden-paths/components/{name}/settings.schema.json") if settings.exists() else None,
    )


@cache
def repository() -> Schemas:
    paths = {
        path.parent.name: read(f"golden-paths/{path.parent.name}/golden-path.yaml").value["components"]
        for path in sorted(ROOT.glob("golden-paths/*/golden-path.yaml"))
    }
    environments = sorted(path.stem for path in ROOT.glob("golden-paths/environments/*.yaml"))
    outcome = compose(sources(), [component(name) for name in COMPONENT_NAMES], paths, environments)
    assert [(d.span, d.message) for d in outcome.diagnostics] == []
    assert outcome.value is not None
    return outcome.value


def fields_of(node: Any, at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field of a schema, by its dotted name."""
    if not isinstance(node, dict):
        return
    for name, value in node.get("properties", {}).items():
        yield f"{at}.{name}", value
        yield from fields_of(value, f"{at}.{name}")
    for keyword in ("items", "additionalProperties"):
        yield from fields_of(node.get(keyword), f"{at}.*")
    for branch in (*node.get("anyOf", ()), *node.get("oneOf", ())):
        yield from fields_of(branch, at)


def whole_schemas() -> Iterator[tuple[str, dict[str, Any]]]:
    schemas = repository()
    yield "platform.yaml", schemas.union.full.node | {"properties": dict(schemas.union.fields)}
    for name, entry in schemas.union.entries.items():
        yield f"needs of type {name}", entry.full.node
    for kind, schema in schemas.kinds.items():
        yield kind, schema.node
    for name, schema in schemas.settings.items():
        yield f"settings of {name}", schema.node


def test_this_repository_composes() -> None:
    assert set(repository().paths) >= {"web-service", "worker", "scheduled-job", "static-site"}


def test_every_field_has_a_description_and_shows_a_value() -> None:
    """A value is shown by examples or a default, or by the words or fields that the schema itself lists."""
    bare = [
        f"{whole}: {name}"
        for whole, node in whole_schemas()
        for name, field in fields_of(node)
        if "$ref" not in field
        and ("description" not in field or not field.keys() & {"examples", "default", "enum", "const", "properties"})
        and field.get("type") != "boolean"
        and not _shows_each(field)
    ]
    assert bare == []


def _shows_each(field: dict[str, Any]) -> bool:
    part = field.get("additionalProperties", field.get("items"))
    return "description" in field and isinstance(part, dict) and bool(part.keys() & {"properties", "examples", "enum"})


def test_every_example_and_default_passes_its_own_field() -> None:
    refused = []
    for whole, node in whole_schemas():
        for name, field in fields_of(node):
            if "$ref" in str(field):
                continue
            check = validator(field)
            shown = [*field.get("examples", ()), *([field["default"]] if "default" in field else [])]
            refused += [f"{whole}: {name}: {value}" for value in shown if not check.is_valid(value)]
    assert refused == []


def test_the_published_schemas_are_those_of_this_repository() -> None:
    for name, node in published(repository()).items():
        path = ROOT / "schemas" / name
        assert path.exists(), f"run `pavior schema`: there is no schemas/{name}"
        assert path.read_text() == text(node), f"run `pavior schema`: schemas/{name} is not up to date"


DRAFT_07 = frozenset(Draft7Validator.META_SCHEMA["properties"]) | {"deprecated"}


def keywords(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from keywords(item)
    elif isinstance(node, dict):
        for keyword, value in node.items():
            yield keyword
            if keyword in ("properties", "definitions"):
                for part in value.values():
                    yield from keywords(part)
            elif keyword not in ("examples", "default", "enum", "const", "dependencies", "required"):
                yield from keywords(value)


@pytest.mark.parametrize("schemas", [sample, repository])
def test_published_schemas_use_the_words_of_draft_07(schemas: Any) -> None:
    for node in published(schemas()).values():
        Draft7Validator.check_schema(node)
        assert set(keywords(node)) <= DRAFT_07


FILES = [
    "needs: {db: {type: postgres, size: large}}\nenvironments: {prod: {port: null, needs: {db: {size: null}}}}\n",
    "port: 80\nenvironments: {prod: {}, dev: false}\n",
    "prot: 80\n",
    "schedule: {cron: '@daily'}\n",
    "needs: {db: {size: large}}\n",
    "needs: {db: {type: cache}}\n",
    "needs: {db: {type: postgres, eviction: lru}}\n",
    "needs: {db: null}\n",
    "needs: {db: {type: postgres}}\nenvironments: {prod: {needs: {db: {siez: large}}}}\n",
    "environments: {qa: {port: 1}}\n",
    "environments: {prod: true}\n",
    "environments: {prod: {goldenPath: job}}\n",
    "replicas: {max: x}\n",
    "replicas: {max: 3}\n",
    "tier: gold\n",
]


@pytest.mark.parametrize("body", FILES)
def test_editors_and_pavior_agree_on_a_file(body: str) -> None:
    file = document(HEAD + body)
    editor = Draft7Validator(dict(published(sample())["platform.schema.json"]))
    assert editor.is_valid(file.value) == (not validate(file, "platform", sample()).failed)


def test_editors_offer_only_the_fields_of_the_golden_path() -> None:
    definitions = published(sample())["platform.schema.json"]["definitions"]
    assert "replicas" in definitions["web"]["properties"]
    assert "replicas" not in definitions["job"]["properties"]
    assert definitions["site.needs"]["additionalProperties"]["properties"]["type"].get("enum") is None


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("ingresses", "did you mean `ingress.hosts`?"),
        ("livenessProbe", "did you mean `probes.liveness`?"),
        ("healthCheck", "did you mean `probes.readiness`?"),
        ("variables", "did you mean `env`?"),
        ("instances", "did you mean `replicas`?"),
        ("minReplicas", "did you mean `replicas.min`?"),
        ("databases", "did you mean `needs`?"),
        ("hosts", "`hosts` belongs under `ingress`"),
    ],
)
def test_the_words_of_other_tools_are_understood(key: str, hint: str) -> None:
    head = "apiVersion: pavior.dev/v1\ngoldenPath: web-service\n"
    (diagnostic,) = validate(document(f"{head}{key}: {{}}\n"), "platform", repository()).diagnostics
    assert (diagnostic.code.name, diagnostic.hint) == ("unknown-field", hint)


@pytest.mark.parametrize(
    "path", sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("teams/*/*/platform.yaml")), ids=str
)
def test_every_service_of_this_repository_passes(path: str) -> None:
    assert [(d.span, d.message) for d in validate(read(path), "platform", repository())] == []
