"""From the hand-written schemas and those of components to the schemas of a platform repository."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pavior.diagnostics import Diagnostic, Outcome
from pavior.diagnostics.codes import schemas as codes
from pavior.model import Document, Path, Value
from pavior.schema import ComponentSource, EntrySchemas, Kind, Node, PathSchemas, Schema, Schemas
from pavior.schema.compiled import schema
from pavior.schema.forms import context, full, layer, nullable
from pavior.schema.resolve import definitions, malformed, owned_twice, resolve

FILE_ONLY = ("apiVersion", "goldenPath", "environments", "retired")
"""Fields of a platform.yaml that no layer has."""

SELECTORS = ("apiVersion", "goldenPath", "environments")
"""Fields of a platform.yaml that an effective spec may still carry, checked already."""

FILLED = frozenset({"layer", "tiers", "defaultsByType", "settings", "byEnvironment", "overlays", "need"})
"""Definitions that composition fills: they stay references in the resolved sources."""

_ROOT_KEYWORDS = frozenset(
    {"$schema", "$id", "$comment", "title", "description", "type", "properties", "required", "$defs"}
)


@dataclass(frozen=True, slots=True)
class Component:
    """What a component brings, resolved. `node` is its root; of a type of `needs`, that of an entry."""

    name: str
    type: str | None
    node: Node
    settings: Node | None


@dataclass(frozen=True, slots=True)
class _Composing:
    """What composition knows so far."""

    shared: Mapping[str, Node]
    core: Mapping[str, Node]
    tiers: Sequence[str]
    environments: Sequence[str]
    found: list[Diagnostic] = field(default_factory=list)
    owned: set[str] = field(default_factory=set)
    """The fields of all components: layers speak of them to services whose golden path doesn't have them."""


def compose(
    sources: Mapping[Kind, Document],
    components: Sequence[ComponentSource],
    paths: Mapping[str, Sequence[str]],
    environments: Sequence[str] = (),
) -> Outcome[Schemas]:
    """The schemas of a platform repository.

    `sources` are the documents of schemas/<kind>.core.schema.json, by kind; `paths` the components that each golden path
    lists (names that no component has are passed over: who reads golden-path.yaml tells); `environments` their names.
    There is always a value; with an error it lacks what was wrong, or accepts everything there.
    """
    found: list[Diagnostic] = []
    component_names = sorted(component.name for component in components)
    named = {
        "environmentName": _name("environment", environments),
        "componentName": _name("component", component_names),
    }
    shared, faults = definitions(sources["platform"], named, FILLED)
    found += faults
    shared = {**named, **shared}
    root, faults = resolve(sources["platform"], shared, (), FILLED)
    found += faults
    core = root["properties"]
    state = _Composing(shared, core, core["tier"]["enum"], tuple(environments), found)
    known = [_component(state, source) for source in components]
    state.owned.update(key for c in known if c.type is None for key in c.node["properties"])
    _check_owners(state, components, known)
    union = _path(state, "", known)
    by_name = {component.name: component for component in known}
    by_path = {
        name: _path(state, name, [by_name[listed] for listed in dict.fromkeys(listing) if listed in by_name])
        for name, listing in paths.items()
    }
    kinds: dict[str, Schema] = {
        kind: _kind(state, sources, kind, union, known) for kind in sources if kind != "platform"
    }
    golden_path = kinds.get("golden-path")
    owners = {name: c.name for c in reversed(known) if c.type is None for name in c.node["properties"]}
    return Outcome(
        Schemas(
            paths=by_path,
            union=union,
            kinds=kinds,
            golden_path_files={
                name: _kind(state, sources, "golden-path", path, known) for name, path in by_path.items() if golden_path
            },
            settings={c.name: schema(full(c.settings)) for c in known if c.settings is not None},
            context=_context(union, shared),
            owners={**owners, **dict.fromkeys(core, "")},
            types={c.type: c.name for c in reversed(known) if c.type is not None},
            environments=tuple(environments),
        ),
        tuple(found),
    )


def _name(what: str, names: Sequence[str]) -> Node:
    """The schema of a name of an environment or a component of this platform; where none is known, of any name."""
    made = {
        "description": f"One of the {what}s of this platform, by its name.",
        "type": "string",
        "maxLength": 63,
        "x-code": f"unknown-{what}",
    }
    return {**made, "enum": list(names)} if names else made


def _component(state: _Composing, source: ComponentSource) -> Component:
    node = _object_schema(state, source.fields, is_entry=source.type is not None)
    settings = None
    if source.settings is not None:
        settings = _object_schema(state, source.settings, is_entry=True)
    return Component(source.name, source.type, node, settings)


def _object_schema(state: _Composing, document: Document, *, is_entry: bool) -> Node:
    """A component's schema, resolved; with a fault that leaves nothing, one that has no properties."""
    fault = malformed(document)
    if fault:
        state.found.append(fault)
        return {"type": "object", "properties": {}}
    value = document.value
    if value.get("type") != "object" or "properties" not in value:
        span = document.positions().key(("type",)) if "type" in value else document.positions().key(())
        message = "the schema of a component must be an object with `properties`"
        state.found.append(
            Diagnostic(codes.NOT_AN_OBJECT_SCHEMA, span, message, 'write `"type": "object", "properties": {…}`')
        )
    node, faults = resolve(document, state.shared)
    state.found.extend(faults)
    for keyword in () if is_entry else sorted(node.keys() - _ROOT_KEYWORDS):
        message = f"`{keyword}` can't stand at the root, where the fields of several components meet"
        span = document.positions().key((keyword,))
        state.found.append(Diagnostic(codes.UNSUPPORTED_KEYWORD, span, message, "move it into a field"))
    return {**node, "type": "object", "properties": node.get("properties", {})}


def _check_owners(state: _Composing, sources: Sequence[ComponentSource], components: Sequence[Component]) -> None:
    fields: dict[str, tuple[Document, Path] | None] = dict.fromkeys(state.core)
    types: dict[str, tuple[Document, Path] | None] = {}
    for source, component in zip(sources, components, strict=True):
        if component.type is not None:
            at: tuple[Document, Path] = (source.fields, ())
            if component.type in types:
                state.found.append(owned_twice(component.type, "a type", at, types[component.type]))
            types.setdefault(component.type, at)
            if "type" in component.node["properties"]:
                place: tuple[Document, Path] = (source.fields, ("properties", "type"))
                state.found.append(owned_twice("type", "a field", place, None))
            continue
        for name in component.node["properties"]:
            place = (source.fields, ("properties", name))
            if name in fields:
                state.found.append(owned_twice(name, "a field", place, fields[name]))
            fields.setdefault(name, place)


def _path(state: _Composing, name: str, components: Sequence[Component]) -> PathSchemas:
    entries = {c.type: _entry(c.type, c.node) for c in reversed(components) if c.type is not None}
    loose = {"type": "object", "description": "An entry, as its type has it."}
    needs = {**state.core["needs"], "additionalProperties": loose}
    own = [c for c in components if c.type is None]
    fields = {
        **{key: value for key, value in state.core.items() if key not in SELECTORS},
        "needs": needs,
        **{key: value for c in reversed(own) for key, value in c.node["properties"].items() if key not in state.core},
    }
    required = sorted({key for c in own for key in c.node.get("required", ())})
    layered = layer(_object({key: value for key, value in fields.items() if key not in FILE_ONLY}))
    others: dict[str, Node] = {key: {} for key in {*SELECTORS, *state.owned} - fields.keys()}
    whole = {**others, **{key: full(value) for key, value in fields.items()}}
    return PathSchemas(
        name=name,
        components=tuple(c.name for c in components),
        file=schema(_file(state, fields, layered)),
        layer=schema(layered),
        full=schema({**_object(whole), "required": required}),
        entries=entries,
        fields=fields,
    )


def _file(state: _Composing, fields: Mapping[str, Node], layered: Node) -> Node:
    properties = {
        "apiVersion": state.core["apiVersion"],
        "goldenPath": state.core["goldenPath"],
        **layered["properties"],
        "environments": {**state.core["environments"], **_by_environment(state, OVERLAY)},
        "retired": full(fields["retired"]),
    }
    properties["environments"].pop("$ref", None)
    return {**_object(properties), "required": ["apiVersion", "goldenPath"], "$defs": {"overlay": layered}}


OVERLAY: Node = {
    "anyOf": [{"const": False}, {"$ref": "#/$defs/overlay"}],
    "description": "What differs in this environment, or `false` to leave it out.",
    "x-message": "an overlay: fields of platform.yaml, or `false` to leave the environment out",
}


def _by_environment(state: _Composing, node: Node) -> Node:
    """A map from environments to `node`; where their names aren't known, from any name."""
    if not state.environments:
        return {"type": "object", "additionalProperties": node}
    return {**_object(dict.fromkeys(state.environments, node)), "x-keys": "environment"}


def _object(properties: Mapping[str, Node]) -> Node:
    return {"type": "object", "properties": dict(properties), "additionalProperties": False}


def _entry(name: str, node: Node) -> EntrySchemas:
    selector = {"description": "What the entry is.", "const": name, "examples": [name]}
    typed = {**node, "properties": {"type": selector, **{k: v for k, v in node["properties"].items() if k != "type"}}}
    layered = layer(typed)
    layered["properties"]["type"] = selector
    return EntrySchemas(schema(layered), schema(full({**typed, "required": ["type", *node.get("required", ())]})))


def _kind(
    state: _Composing, sources: Mapping[Kind, Document], kind: Kind, path: PathSchemas, components: Iterable[Component]
) -> Schema:
    """A file of a kind whose `defaults` speak of the fields of `path`."""
    own, _ = definitions(sources[kind], state.shared, FILLED)
    node, faults = resolve(sources[kind], state.shared, (), FILLED)
    if path.name == "":
        state.found.extend(faults)
    parts = _parts(path, state.tiers, components)
    if "inEnvironment" in own:
        parts["byEnvironment"] = _by_environment(state, full(own["inEnvironment"]))
    return schema({**full(node), "$defs": parts})


def _parts(path: PathSchemas, tiers: Sequence[str], components: Iterable[Component]) -> dict[str, Node]:
    """What files of other kinds say of platform.yaml's fields, by the name of the definition."""
    of_types = {}
    for name, entry in path.entries.items():
        node = entry.layer.node
        own = {key: value for key, value in node["properties"].items() if key != "type"}
        of_types[name] = nullable({**node, "properties": own})
    settings = {c.name: nullable(layer(c.settings)) for c in components if c.settings is not None}
    return {
        "layer": path.layer.node,
        "tiers": {**_object({tier: {"$ref": "#/$defs/layer"} for tier in tiers}), "x-keys": "tier"},
        "defaultsByType": {**_object(of_types), "x-keys": "need type"},
        "settings": {**_object(settings), "x-keys": "component"},
    }


def _context(union: PathSchemas, shared: Mapping[str, Node]) -> Node:
    entries: list[Value] = [context(entry.full.node) for entry in union.entries.values()]
    needs = {**union.fields["needs"], "additionalProperties": {"anyOf": entries} if entries else {}}
    fields = {name: context(node) for name, node in {**union.fields, "needs": needs}.items()}
    defs = {name: context(node) for name, node in shared.items() if name not in FILLED}
    return {**_object(fields), "$defs": defs}
