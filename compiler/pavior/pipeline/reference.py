"""The reference of platform.yaml for people, as Markdown: every field, out of the same schemas that check it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from pavior.emit import emit_value
from pavior.layering.merge import merge
from pavior.model import Value
from pavior.phases.compose import DEFAULTS_FILE
from pavior.platform import Platform
from pavior.schema import Node, Schemas

_HEAD = """\
# platform.yaml

<!-- Written by `pavior schema --reference` from the schemas of components; edit those. -->

One file for each service, `teams/<team>/<service>/platform.yaml`: the team and the service's name come from the path. All that
it has to say is `apiVersion`, `goldenPath` and what is **needed** below; everything else has a value from a layer beneath, or
may be left out.

A default is what the component says; golden paths, the organisation, environments and teams say more, and
`pavior explain <team>/<service> --env <env>` shows all of it. In names, `*` is a key of your choice and `[]` an item of a
list; what is needed there is needed in each. `null` removes what a layer beneath set. Fields of a component that the golden
path doesn't list are errors.
"""

_PLAIN_IN_FLOW = re.compile(r"[^,\[\]{}]*")


def reference(platform: Platform) -> str:
    """The whole page."""
    schemas = platform.schemas
    out = [_HEAD, *_paths(schemas)]
    written = schemas.union.file.node["properties"]
    core = {
        name: schemas.union.fields.get(name, node) for name, node in written.items() if not schemas.owners.get(name)
    }
    out += ["## Every service\n", *_table({"properties": core, "required": ["apiVersion", "goldenPath"]}, {})]
    types = {component: name for name, component in schemas.types.items()}
    for name in _in_order(schemas):
        component = platform.components[name]
        expansions = component.document.value.get("expansions", {})
        said = component.documents[DEFAULTS_FILE].value if DEFAULTS_FILE in component.documents else None
        if name in types:
            node = schemas.union.entries[types[name]].full.node
        else:
            fields = {k: node for k, node in schemas.union.fields.items() if schemas.owners[k] == name}
            node = {"properties": fields, "required": _required(schemas)}
        if node["properties"]:
            out.append(f"## `needs` of type {types[name]}\n" if name in types else f"## {name}\n")
            out += [
                f"{component.document.value['description']}\n",
                *_table(node, _with_sizes(said or {}, expansions)),
                *_sizes(expansions),
            ]
    return "\n".join(out)


def _paths(schemas: Schemas) -> Iterator[str]:
    """Which golden path has the fields of which component."""
    names = [name for name in schemas.paths if "@" not in name]
    yield f"| | {' | '.join(names)} |"
    yield f"| --- |{' --- |' * len(names)}"
    types = {component: name for name, component in schemas.types.items()}
    for component in _in_order(schemas):
        fields = [f"`{name}`" for name, owner in schemas.owners.items() if owner == component]
        if component in types:
            what = f"`needs` of type [{types[component]}](#needs-of-type-{types[component]})"
        else:
            what = f"[{component}](#{component}): {', '.join(fields)}"
        if fields or component in types:
            yield f"| {what} | {' | '.join('yes' if component in schemas.paths[n].components else '' for n in names)} |"
    yield ""


def _in_order(schemas: Schemas) -> list[str]:
    """All components that golden paths list: as the longest of them lists them, then those of the others; types last."""
    paths = sorted(schemas.paths.values(), key=lambda path: (-len(path.components), path.name))
    listed = list(dict.fromkeys(component for path in paths for component in path.components))
    typed = set(schemas.types.values())
    return [*(c for c in listed if c not in typed), *(c for c in listed if c in typed)]


def _required(schemas: Schemas) -> list[str]:
    """The fields that a service of some golden path can't be rendered without."""
    return sorted({name for path in schemas.paths.values() for name in path.full.node.get("required", ())})


class _BySize(str):
    """In place of a default: the value is what a word in another field stands for."""

    __slots__ = ()


def _with_sizes(said: Value, expansions: Mapping[str, Mapping[str, Value]]) -> Value:
    """Defaults, with a word about those values that follow from a size name."""

    def marked(value: Value, by: str) -> Value:
        return {k: marked(v, by) for k, v in value.items()} if isinstance(value, dict) else _BySize(f"by `{by}`")

    for field, words in expansions.items():
        for values in words.values():
            said = merge(marked(values, field), said)
    return said


def _table(node: Node, said: Value) -> Iterator[str]:
    yield "| field | is | default | |"
    yield "| --- | --- | --- | --- |"
    for path, inner, default in _beneath("", node, said):
        yield f"| `{path}` | {_cell(_type(inner))} | {_cell(default)} | {_cell(_description(inner, default))} |"
    yield ""


def _beneath(name: str, node: Node, said: Value) -> Iterator[tuple[str, Node, str]]:
    """All fields beneath a map or list, by dotted name, with what stands in the column of defaults."""
    alike: dict[str, str] = {}
    for key, inner in node.get("properties", {}).items():
        at = f"{name}.{key}" if name else key
        mine = said.get(key) if isinstance(said, dict) else None
        default = _default(inner, mine) or ("**needed**" if key in node.get("required", ()) and mine is None else "")
        shape = json.dumps(inner.get("properties", {}), sort_keys=True)
        if shape in alike:
            like = {**inner, "description": f"{inner['description']} It takes what `{alike[shape]}` takes."}
            yield at, like, f"`{flow(mine)}`" if mine else default
            continue
        if len(inner.get("properties", {})) > 1:
            alike[shape] = at
        if "description" in inner:
            yield at, inner, default
        yield from _beneath(at, inner, mine) if at != "environments" else ()
    for keyword, part in (("additionalProperties", ".*"), ("items", "[]")):
        each = node.get(keyword)
        if isinstance(each, dict) and ("properties" in each or "anyOf" in each):
            yield f"{name}{part}", each, ""
            yield from _beneath(f"{name}{part}", each, None)
    for branch in (*node.get("anyOf", ()), *node.get("oneOf", ())):
        yield from _beneath(name, branch, said)


def _default(node: Node, said: Value) -> str:
    if isinstance(said, _BySize):
        return said
    if said is None or isinstance(said, dict):
        said = node.get("default")
    return "" if said is None else f"`{flow(said)}`"


def _type(node: Node) -> str:
    if "const" in node:
        return f"`{flow(node['const'])}`"
    if "enum" in node:
        return ", ".join(f"`{flow(value)}`" for value in node["enum"])
    if "x-message" in node:
        return str(node["x-message"]).partition(":")[0]
    kinds = node.get("type", [])
    words = [_word(kind, node) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    words += [
        _type(branch) for branch in (*node.get("anyOf", ()), *node.get("oneOf", ())) if branch.keys() - {"required"}
    ]
    return " or ".join(dict.fromkeys(words))


def _word(kind: str, node: Node) -> str:
    items = node.get("items", {})
    if kind == "array" and "properties" not in items:
        return f"list: {_type(items)}"
    return _WORDS[kind] + (_range(node) if kind in ("integer", "number") else "")


_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "array": "list: maps",
    "object": "map",
}


def _range(node: Node) -> str:
    least, most = node.get("minimum"), node.get("maximum")
    if least is None and most is None:
        return ""
    if most is None:
        return f", at least {least}"
    return f", at most {most}" if least is None else f", {least} to {most}"


def _description(node: Node, default: str) -> str:
    """With examples, unless words of the schema or a default show already what a value looks like."""
    text = str(node["description"])
    examples = node.get("examples", ())
    if not examples or "const" in node or "enum" in node or default.startswith("`"):
        return text
    return f"{text} For example {' or '.join(f'`{flow(example)}`' for example in examples)}"


def _sizes(expansions: Mapping[str, Mapping[str, Value]]) -> Iterator[str]:
    for field, words in expansions.items():
        yield f"| `{field}` | stands for |"
        yield "| --- | --- |"
        for word, values in words.items():
            yield f"| `{word}` | `{_cell(flow(values))}` |"
        yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def flow(value: Value) -> str:
    """A value as one line of YAML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(inner) for inner in value) + "]"
    if isinstance(value, str) and ("\n" in value or not _PLAIN_IN_FLOW.fullmatch(value)):
        return json.dumps(value, ensure_ascii=False)
    return emit_value(value)
