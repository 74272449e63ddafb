"""From the hand-written schemas and those of components to the schemas of a platform repository."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    {"$schema", "$id", "$comment", "title", "description", "type", "properties", "required", "$defs", "x-order"}
)


@dataclass(frozen=True, slots=True)
class Component:
    """What a component brings, resolved. `node` is its root; of a type of `needs`, that of an entry."""

    name: str
    type: str | None
    node: Node
    settings: Node | None
    fields: Mapping[str, Forms]
    """Of platform.yaml; a type of `needs` has none."""
    entry: EntrySchemas | None


@dataclass(frozen=True, slots=True)
class Forms:
    """A field as its owner wrote it, in a layer, and in an effective spec: made once, used by every golden path."""

    node: Node
    layer: Node
    full: Node
    order: int


@dataclass(frozen=True, slots=True)
class _Composing:
    """What composition knows so far."""

    shared: Mapping[str, Node]
    core: Mapping[str, Forms]
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
    core = _forms({**root["properties"], "needs": {**root["properties"]["needs"], "additionalProperties": LOOSE_ENTRY}})
    state = _Composing(shared, core, core["tier"].node["enum"], tuple(environments), found)
    known = [_component(state, source) for source in components]
    state.owned.update(key for c in known for key in c.fields)
    _check_owners(state, components, known)
    union = _path(state, "", known)
    by_name = {component.name: component for component in known}
    by_path = {
        name: _path(state, name, [by_name[listed] for listed in dict.fromkeys(listing) if listed in by_name])
        for name, listing in paths.items()
    }
    kinds = {kind: _Kind.of(state, source) for kind, source in sources.items() if kind != "platform"}
    settings = {c.name: c.settings for c in known if c.settings is not None}
    parts = _parts(union, state.tiers, settings)
    golden_path = kinds.get("golden-path")
    owners = {name: c.name for c in reversed(known) for name in c.fields}
    return Outcome(
        Schemas(
            paths=by_path,
            union=union,
            kinds={kind: each.schema(parts) for kind, each in kinds.items()},
            golden_path_files={
                name: golden_path.schema(_parts(path, state.tiers, settings))
                for name, path in by_path.items()
                if golden_path is not None
            },
            settings={name: schema(full(node)) for name, node in settings.items()},
            context=_context(union, shared),
            owners={**owners, **dict.fromkeys(core, "")},
            types={c.type: c.name for c in reversed(known) if c.type is not None},
            environments=tuple(environments),
        ),
        tuple(found),
    )


LOOSE_ENTRY: Node = {"type": "object", "description": "An entry, as its type has it."}


_USUAL = 50
"""The order of fields for which nothing says another."""


def _forms(fields: Mapping[str, Node], order: int = _USUAL) -> dict[str, Forms]:
    return {
        name: Forms(node, nullable(layer(node)), full(node), node.get("x-order", order))
        for name, node in fields.items()
    }


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
    if source.type is not None:
        return Component(source.name, source.type, node, settings, {}, _entry(source.type, node))
    return Component(source.name, None, node, settings, _forms(node["properties"], node.get("x-order", _USUAL)), None)


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
    core = {key: forms for key, forms in state.core.items() if key not in SELECTORS}
    fields = core | {key: forms for c in reversed(components) for key, forms in c.fields.items() if key not in core}
    fields = dict(sorted(fields.items(), key=lambda each: each[1].order))
    layered = _object({key: forms.layer for key, forms in fields.items() if key not in FILE_ONLY})
    others: dict[str, Node] = {key: {} for key in {*SELECTORS, *state.owned} - fields.keys()}
    whole = {**others, **{key: forms.full for key, forms in fields.items()}}
    required = sorted({key for c in components if c.type is None for key in c.node.get("required", ())})
    return PathSchemas(
        name=name,
        components=tuple(c.name for c in components),
        file=schema(_file(state, layered)),
        layer=schema(layered),
        full=schema({**_object(whole), "required": required}),
        entries={c.type: c.entry for c in components if c.type is not None and c.entry is not None},
        fields={key: forms.node for key, forms in fields.items()},
    )


def _file(state: _Composing, layered: Node) -> Node:
    environments = {key: value for key, value in state.core["environments"].node.items() if key != "$ref"}
    properties = {
        "apiVersion": state.core["apiVersion"].node,
        "goldenPath": state.core["goldenPath"].node,
        **layered["properties"],
        "environments": {**environments, **_by_environment(state, OVERLAY)},
        "retired": state.core["retired"].full,
    }
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


@dataclass(frozen=True, slots=True)
class _Kind:
    """The schema of a kind of file, before it is known of which golden path's fields it speaks."""

    node: Node
    by_environment: Node

    @classmethod
    def of(cls, state: _Composing, source: Document) -> _Kind:
        own, _ = definitions(source, state.shared, FILLED)
        node, faults = resolve(source, state.shared, (), FILLED)
        state.found.extend(faults)
        return cls(full(node), _by_environment(state, full(own.get("inEnvironment", {}))))

    def schema(self, parts: Mapping[str, Node]) -> Schema:
        return schema({**self.node, "$defs": {**parts, "byEnvironment": self.by_environment}})


def _parts(path: PathSchemas, tiers: Sequence[str], settings: Mapping[str, Node]) -> dict[str, Node]:
    """What files of other kinds say of platform.yaml's fields, by the name of the definition."""
    of_types = {}
    for name, entry in path.entries.items():
        node = entry.layer.node
        own = {key: value for key, value in node["properties"].items() if key != "type"}
        of_types[name] = nullable({**node, "properties": own})
    partial = {name: nullable(layer(node)) for name, node in settings.items()}
    return {
        "layer": path.layer.node,
        "tiers": {**_object({tier: {"$ref": "#/$defs/layer"} for tier in tiers}), "x-keys": "tier"},
        "defaultsByType": {**_object(of_types), "x-keys": "need type"},
        "settings": {**_object(partial), "x-keys": "component"},
    }


def _context(union: PathSchemas, shared: Mapping[str, Node]) -> Node:
    entries: list[Value] = [context(entry.full.node) for entry in union.entries.values()]
    needs = {**union.fields["needs"], "additionalProperties": {"anyOf": entries} if entries else {}}
    fields = {name: context(node) for name, node in {**union.fields, "needs": needs}.items()}
    defs = {name: context(node) for name, node in shared.items() if name not in FILLED}
    return {**_object(fields), "$defs": defs}
