"""The rules of the source that no single test of behaviour can hold: who imports whom, and that Python knows no kind.

What a manifest of some kind looks like is data in golden-paths/ and schemas/. A string constant of the compiler that is a kind,
a plural, an API group or the path of a field of some kind is such knowledge in the wrong place.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from pavior.kubernetes.schemas import ManifestSchemas

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "compiler"
FILES = sorted(SOURCE.rglob("*.py"))

# Each may import what stands in a row below its own; rows of several do not import one another.
LAYERS: Sequence[frozenset[str]] = [
    frozenset({"__main__"}),
    frozenset({"cli"}),
    frozenset({"report", "pipeline", "forge"}),
    frozenset({"phases"}),
    frozenset({"compare"}),
    frozenset({"platform"}),
    frozenset({"policies"}),
    frozenset(
        {
            "cache",
            "cel",
            "costs",
            "emit",
            "expression",
            "kubernetes",
            "layering",
            "repository",
            "resources",
            "schema",
            "shared",
        }
    ),
    frozenset({"git", "syntax"}),
    frozenset({"diagnostics"}),
    frozenset({"model"}),
]

IDENTITY = {("metadata", "name"), ("metadata", "namespace"), ("metadata", "labels"), ("metadata", "annotations")}
# The software catalogue is no API server: its kinds have no plurals.
WITHOUT_PLURALS = ("backstage.io", "scaffolder.backstage.io")


def module(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module(path): path for path in FILES}


def imports(path: Path) -> Iterator[str]:
    """The modules of this distribution that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides its layer"
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in MODULES else str(node.module) for name in inner]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == "pavior")


def layer(name: str) -> int:
    part = name.split(".")[1] if "." in name else "model"  # the package itself holds nothing
    return next(index for index, row in enumerate(LAYERS) if part in row)


def test_every_part_of_the_compiler_has_its_layer() -> None:
    parts = {name.split(".")[1] for name in MODULES if "." in name}
    assert parts == set().union(*LAYERS)


def test_imports_point_down_only() -> None:
    upward = [
        f"{name} imports {other}"
        for name, path in MODULES.items()
        if "." in name
        for other in imports(path)
        if other.split(".")[:2] != name.split(".")[:2] and layer(other) <= layer(name)
    ]
    assert not upward


def test_phases_do_not_import_one_another() -> None:
    def phase(name: str) -> str | None:
        parts = name.split(".")
        return parts[2] if parts[1:2] == ["phases"] and len(parts) > 2 else None

    crossing = [
        f"{name} imports {other}"
        for name, path in MODULES.items()
        if phase(name)
        for other in imports(path)
        if phase(other) not in (None, phase(name))
    ]
    assert not crossing


def test_only_the_command_line_formats() -> None:
    others = [
        f"{name} imports {other}" for name, path in MODULES.items() for other in imports(path) if "report" in other
    ]
    assert [each for each in others if not each.startswith(("pavior.cli", "pavior.report"))] == []


def test_no_module_imports_itself_round_a_corner() -> None:
    graph = {name: sorted({other for other in imports(path) if other in MODULES}) for name, path in MODULES.items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " → ".join([*trail[trail.index(name) :], name])
        if name not in done:
            for other in graph[name]:
                visit(other, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


class Vocabulary(NamedTuple):
    """What Python must not know, each word with what it is."""

    words: dict[str, str]
    roots: tuple[Any, ...]


@cache
def vocabulary() -> Vocabulary:
    schemas = ManifestSchemas(ROOT / "schemas" / "kubernetes")
    definitions = [
        manifest for path in ROOT.glob("golden-paths/components/*/manifests/*.yaml") for manifest in bare(path)
    ]
    schemas.define(definitions)
    words: dict[str, str] = {}
    roots = []
    for api_version, kind in schemas.kinds():
        group = api_version.rpartition("/")[0]
        words[kind] = f"the kind {kind}"
        if group not in WITHOUT_PLURALS:
            words |= dict.fromkeys(plurals(kind), f"the plural of {kind}")
        if group:
            words |= {group: "an API group", api_version: "an API group's version"}
        roots.append(schemas.schema(api_version, kind))
    for definition in definitions:
        names = definition.get("spec", {}).get("names", {}) if isinstance(definition.get("spec"), dict) else {}
        words |= {names[key]: f"the {key} of an own kind" for key in ("kind", "plural", "singular") if key in names}
    return Vocabulary(words, tuple(roots))


def bare(path: Path) -> list[Any]:
    """Templates are YAML: those that define kinds can be read as they are, but for expressions, which stay text."""
    return [document for document in yaml.safe_load_all(path.read_text(encoding="utf-8")) if isinstance(document, dict)]


def plurals(kind: str) -> list[str]:
    """How API servers' resources are named after kinds."""
    name = kind.lower()
    if name.endswith(("s", "x", "ch", "sh")):
        return [f"{name}es"]
    if name.endswith("y") and name[-2] not in "aeo":
        return [f"{name[:-1]}ies"]
    return [name if name == "endpoints" else f"{name}s"]


def is_field(path: Sequence[str]) -> bool:
    """Whether some kind has, from its root, fields of these names one below the other. A free key of a map is no field."""
    if len(path) < 2 or tuple(path[:2]) in IDENTITY:
        return False
    return any(leads(root, root, tuple(path)) for root in vocabulary().roots)


def leads(schema: Any, root: Any, path: tuple[str, ...]) -> bool:
    if "$ref" in schema:
        return leads(root["definitions"][schema["$ref"].rsplit("/", 1)[1]], root, path)
    if not path:
        return True
    step, *rest = path
    inner = [part for keyword in ("anyOf", "oneOf", "allOf") for part in schema.get(keyword, ())]
    inner += [schema[keyword] for keyword in ("items", "additionalProperties") if isinstance(schema.get(keyword), dict)]
    if "items" in schema and step.isdigit():
        return leads(schema["items"], root, tuple(rest))
    below = schema.get("properties", {}).get(step)
    if below is not None and leads(below, root, tuple(rest)):
        return True
    return any(leads(part, root, path) for part in inner)


def knowledge(source: str) -> Iterator[tuple[int, str]]:
    """Line and description of each piece of knowledge about kinds in Python text."""
    tree = ast.parse(source)
    exempt = {id(each) for node in ast.walk(tree) for each in prose_and_names(node)}
    for node in ast.walk(tree):
        text = constant(node)
        if text is not None and id(node) not in exempt:
            yield from ((node.lineno, found) for found in in_text(text))
        for path in (steps(node), chain(node)):
            if is_field(path):
                yield node.lineno, f"{'.'.join(path)} is a field path"


def prose_and_names(node: ast.AST) -> Iterator[ast.AST]:
    """The texts that say nothing to the program: docstrings, and names of Python's own that it wants as text."""
    if isinstance(node, ast.Expr):
        yield node.value
    elif isinstance(node, ast.Assign) and [getattr(target, "id", "") for target in node.targets] == ["__all__"]:
        yield from ast.walk(node.value)
    elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "TypeVar":
        yield node.args[0]


def in_text(text: str) -> Iterator[str]:
    words = vocabulary().words
    if text in words:
        yield f"{text!r} is {words[text]}"
    for found in re.findall(r"[A-Za-z][\w-]*(?:(?:\.|/|\[\d+\]\.?)[A-Za-z0-9][\w-]*)+", text):
        path = [step for step in re.split(r"[./\[\]]+", found) if step]
        if is_field(path):
            yield f"{found!r} in {text!r} is a field path"


def constant(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def steps(node: ast.AST) -> list[str]:
    """The texts at the start of a tuple or list."""
    found = []
    for element in node.elts if isinstance(node, ast.Tuple | ast.List) else ():
        text = constant(element)
        if text is None:
            break
        found.append(text)
    return found


def chain(node: ast.AST) -> list[str]:
    """The keys of `x["a"]["b"]` and `x.get("a").get("b")`, outermost first."""
    if isinstance(node, ast.Subscript):
        inner, key = node.value, constant(node.slice)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        inner, key = node.func.value, constant(node.args[0])
    else:
        return []
    return [*chain(inner), key] if key is not None else []


@pytest.mark.parametrize("path", FILES, ids=[module(path) for path in FILES])
def test_no_kind_plural_group_or_field_path_stands_in_the_compiler(path: Path) -> None:
    found = [f"line {line}: {what}" for line, what in knowledge(path.read_text(encoding="utf-8"))]
    assert not found


@pytest.mark.parametrize(
    "source",
    [
        'if kind == "VirtualService": pass',
        'resources = {"deployments"}',
        'resources = {"networkpolicies"}',
        'group = "networking.istio.io"',
        'group = "apps/v1"',
        'path = "spec.template.spec.containers"',
        'path = "/spec/replicas"',
        'path = f"{root}/spec/template/metadata/{name}"',
        'message = "`spec.minReplicas` is too low"',
        'path = "spec.template.spec.containers[0].image"',
        'path = ("spec", "replicas")',
        'path = ["spec", "template", name]',
        'value = manifest["spec"]["replicas"]',
        'value = manifest.get("spec", {}).get("replicas")',
        'value = manifest["metadata"]["ownerReferences"]',
        "kind = 'PostgresDatabase'",
        'names = ["Template"]',
        'show("VirtualService")',
    ],
)
def test_planted_knowledge_is_found(source: str) -> None:
    assert list(knowledge(source))


@pytest.mark.parametrize(
    "source",
    [
        '"""A docstring may speak of VirtualService, and of spec.replicas."""',
        'def f():\n    "spec.replicas"\n',
        'name = manifest["metadata"]["name"]',
        'path = ("metadata", "labels", "app.kubernetes.io/name")',
        'path = "metadata.annotations"',
        'path = "/metadata/namespace"',
        'text = "a file of data/postgres.yaml"',
        'keys = ("apiVersion", "kind")',
        'text = "the Deployment that a component renders"',
        '__all__ = ["Template"]',
        'Function = TypeVar("Function")',
    ],
)
def test_identity_and_prose_are_no_knowledge_of_kinds(source: str) -> None:
    assert not list(knowledge(source))


def test_the_vocabulary_holds_kinds_plurals_and_groups_of_schemas_and_of_own_definitions() -> None:
    words = vocabulary().words
    assert {
        "Deployment",
        "deployments",
        "apps",
        "networkpolicies",
        "gateways",
        "ingresses",
        "postgresdatabases",
    } <= set(words)
    assert len(words) > 400


def test_schema_files_are_the_vocabularys_source() -> None:
    names = {
        json.loads(path.read_bytes())["properties"]["kind"]["enum"][0]
        for path in ROOT.glob("schemas/kubernetes/*/*.json")
    }
    assert names <= set(vocabulary().words)
