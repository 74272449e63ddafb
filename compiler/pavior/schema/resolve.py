"""From a hand-written schema to one without `$ref`: definitions taken in, keywords and patterns checked.

Supported keywords are those of `KEYWORDS`; what each means is JSON Schema's, draft 2020-12. Beside them: `x-message`, a
noun phrase for what a value must be (`a name: lower case letters`, the part before the colon names it, the rest tells how
to write it), `x-aliases`, what other tools call the field, `x-code`, the name of the diagnostic for a value that is
refused, `x-keys`, what a closed map's keys name, and `x-order`, a number by which the fields of platform.yaml are sorted, of
one field or, at a component's root, of all its fields.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pavior.diagnostics import Code, Diagnostic, Note
from pavior.diagnostics.codes import schemas as codes
from pavior.model import Document, Path, Value
from pavior.schema import Node
from pavior.schema.compiled import is_pattern

ANNOTATIONS = frozenset({
    "$schema", "$id", "$comment", "title", "description", "markdownDescription", "default", "examples", "deprecated",
    "x-message", "x-code", "x-keys", "x-aliases", "x-order",
})  # fmt: skip
OWN = frozenset({"x-message", "x-code", "x-keys", "x-aliases"})
BOUNDS = {
    "maximum": min, "exclusiveMaximum": min, "maxLength": min, "maxItems": min, "maxProperties": min,
    "minimum": max, "exclusiveMinimum": max, "minLength": max, "minItems": max, "minProperties": max,
}  # fmt: skip
ASSERTIONS = frozenset({
    "type", "enum", "const", "pattern", "format", "multipleOf", "uniqueItems", "required", "dependentRequired", *BOUNDS
})  # fmt: skip
ONE_SCHEMA = frozenset({"items", "additionalProperties", "propertyNames", "not"})
MAP_OF_SCHEMAS = frozenset({"properties"})
LIST_OF_SCHEMAS = frozenset({"anyOf", "oneOf"})
KEYWORDS = ANNOTATIONS | ASSERTIONS | ONE_SCHEMA | MAP_OF_SCHEMAS | LIST_OF_SCHEMAS | {"$ref", "$defs"}

_REFERENCE = "#/$defs/"
MOST_NODES = 5_000
"""Schemas within a schema when its references are taken in: a definition that names another twice doubles with each step."""
DEEPEST = 48
"""Schemas within one another, references taken in."""

_UNSAFE_PATTERN = re.compile(r"\(\?(?!:)<?[=!P]?|\\[A-Za-z0-9]|\[\[:|&&")


@dataclass(slots=True)
class _Resolving:
    """One document on its way. `shared` are definitions that are resolved already; `kept` stay references."""

    document: Document
    shared: Mapping[str, Node]
    kept: frozenset[str]
    own: Mapping[str, Value]
    own_at: Path
    done: dict[str, Node] = field(default_factory=dict)
    under_way: list[str] = field(default_factory=list)
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    """How many schemas each definition that is done holds, and how deep they are."""
    nodes: int = 0
    depth: int = 0
    deepest: int = 0
    found: list[Diagnostic] = field(default_factory=list)

    def fault(self, code: Code, path: Path, message: str, hint: str | None = None, *, at_key: bool = False) -> None:
        positions = self.document.positions()
        span = positions.key(path) if at_key else positions.value(path)
        self.found.append(Diagnostic(code, span, message, hint))


def malformed(document: Document, at: Path = ()) -> Diagnostic | None:
    """The fault at which the schema at `at` of `document` is no JSON Schema at all; None where it is one."""
    from jsonschema_rs import ValidationError, meta  # noqa: PLC0415  # 15 ms to import

    value = _at(document.value, at)
    try:
        if isinstance(value, dict) and meta.is_valid(value):
            return None
        meta.validate(value)
        message, path = "a schema must be a map", at
    except ValidationError as error:
        message, path = f"this is no JSON Schema: {error.message}", (*at, *error.instance_path)
    except ValueError:
        message, path = "this is no JSON Schema", at
    return Diagnostic(codes.MALFORMED_SCHEMA, document.positions().value(path), message)


def resolve(
    document: Document, shared: Mapping[str, Node], at: Path = (), kept: frozenset[str] = frozenset()
) -> tuple[Node, tuple[Diagnostic, ...]]:
    """The schema at `at` of `document` without references, except to `kept` names of `#/$defs/`, and what is wrong with it.

    The document must be a JSON Schema (`malformed` tells). `shared` are resolved definitions; the schema's own `$defs`
    win over them. A part that is wrong accepts everything, so that one fault here is not a second one at everybody's files.
    """
    value = _at(document.value, at)
    own = value.get("$defs") if isinstance(value, dict) else None
    state = _Resolving(document, shared, kept, own if isinstance(own, dict) else {}, (*at, "$defs"))
    node = _schema(state, value, at)
    for name in state.own:
        _definition(state, name, (*state.own_at, name))
    return node, tuple(state.found)


def definitions(
    document: Document, shared: Mapping[str, Node], kept: frozenset[str] = frozenset()
) -> tuple[Mapping[str, Node], tuple[Diagnostic, ...]]:
    """All of the document's own `$defs`, resolved, and what is wrong with them."""
    own = document.value.get("$defs") if isinstance(document.value, dict) else None
    state = _Resolving(document, shared, kept, own if isinstance(own, dict) else {}, ("$defs",))
    return {name: _definition(state, name, ("$defs", name)) for name in state.own}, tuple(state.found)


def _at(value: Value, path: Path) -> Value:
    for step in path:
        value = value[step]
    return value


def _schema(state: _Resolving, value: Value, path: Path) -> Node:
    if not _grown(state, path, 1, 1):
        return {key: value[key] for key in ("description",) if isinstance(value, dict) and key in value}
    state.depth += 1
    try:
        return _resolved(state, value, path)
    finally:
        state.depth -= 1


def _grown(state: _Resolving, path: Path, nodes: int, depth: int) -> bool:
    """Take note of so many schemas more, so deep, unless these are too many or too deep."""
    state.nodes += nodes
    state.deepest = max(state.deepest, state.depth + depth)
    if state.nodes <= MOST_NODES and state.deepest <= DEEPEST:
        return True
    if not any(diagnostic.code is codes.SCHEMA_TOO_LARGE for diagnostic in state.found):
        message = f"with its references this schema has more than {MOST_NODES:,} parts, or is more than {DEEPEST} deep"
        state.fault(codes.SCHEMA_TOO_LARGE, path, message, "let fewer definitions refer to others, or refer less often")
    return False


def _resolved(state: _Resolving, value: Value, path: Path) -> Node:
    if not isinstance(value, dict):
        state.fault(
            codes.UNSUPPORTED_KEYWORD, path, "a schema of `true` or `false` says nothing", 'write `{"type": …}`'
        )
        return {}
    node: Node = {}
    for keyword, said in value.items():
        at = (*path, keyword)
        if keyword in MAP_OF_SCHEMAS:
            node[keyword] = _properties(state, said, at)
        elif keyword in LIST_OF_SCHEMAS:
            node[keyword] = [_schema(state, branch, (*at, index)) for index, branch in enumerate(said)]
        elif keyword in ONE_SCHEMA:
            node[keyword] = said if keyword == "additionalProperties" and said is False else _schema(state, said, at)
        elif keyword not in KEYWORDS:
            _unsupported(state, keyword, at)
        elif keyword in ("$defs", "$ref", "$schema", "$id", "$comment"):
            continue
        elif _is_sound(state, keyword, said, at) and _is_wording(state, keyword, said, at):
            node[keyword] = said
    if "$ref" in value:
        return _referred(state, value["$ref"], node, path)
    return node


def _unsupported(state: _Resolving, keyword: str, at: Path) -> None:
    instead = {
        "patternProperties": "use `propertyNames` and `additionalProperties`",
        "allOf": "write the keywords in one schema",
        "if": "use `oneOf`, or a map with a field for each case",
        "definitions": "call it `$defs`",
        "example": "call it `examples`, and make it a list",
        "enums": "call it `enum`",
    }
    state.fault(
        codes.UNSUPPORTED_KEYWORD,
        at,
        f"`{keyword}` is not a keyword that Pavior composes",
        instead.get(keyword, "see docs/golden-paths.md for the keywords that it does"),
        at_key=True,
    )


def _is_wording(state: _Resolving, keyword: str, said: Value, at: Path) -> bool:
    """Whether what one of Pavior's own keywords holds is text, or a list of texts; the other keywords are JSON Schema's."""
    if keyword not in OWN or (isinstance(said, str) if keyword != "x-aliases" else _are_texts(said)):
        return True
    wanted = "a list of texts" if keyword == "x-aliases" else "text"
    state.fault(codes.MALFORMED_SCHEMA, at, f"`{keyword}` must be {wanted}")
    return False


def _are_texts(said: Value) -> bool:
    return isinstance(said, list) and all(isinstance(item, str) for item in said)


def _is_sound(state: _Resolving, keyword: str, said: Value, at: Path) -> bool:
    """Whether a keyword can be kept: what isn't sound is told and left out, so that the schema compiles."""
    if keyword == "format" and said != "date":
        state.fault(codes.UNSUPPORTED_KEYWORD, at, f"the format `{said}` is not checked", "use `pattern`")
    elif keyword == "pattern":
        unsafe = _UNSAFE_PATTERN.search(said)
        if unsafe:
            hint = {"\\d": "write `[0-9]`", "\\w": "write `[A-Za-z0-9_]`", "\\s": "write a space"}.get(unsafe.group())
            state.fault(codes.UNSAFE_PATTERN, at, f"`{unsafe.group()}` does not mean the same in all engines", hint)
        if unsafe is None and not is_pattern(said):
            state.fault(codes.UNSAFE_PATTERN, at, "the pattern is no regular expression, or too large a one")
        return unsafe is None and is_pattern(said)
    return True


def _properties(state: _Resolving, said: Mapping[str, Value], at: Path) -> dict[str, Node]:
    properties: dict[str, Node] = {}
    for name, value in said.items():
        properties[name] = node = _schema(state, value, (*at, name))
        if isinstance(value, dict) and "description" not in node and not _is_kept(state, value):
            hint = "add a `description` of one sentence"
            state.fault(codes.UNDESCRIBED_FIELD, (*at, name), f"`{name}` has no `description`", hint, at_key=True)
    return properties


def _is_kept(state: _Resolving, value: Mapping[str, Value]) -> bool:
    reference = value.get("$ref")
    return isinstance(reference, str) and reference.removeprefix(_REFERENCE) in state.kept


def _referred(state: _Resolving, reference: Value, beside: Node, path: Path) -> Node:
    at = (*path, "$ref")
    name = (
        reference.removeprefix(_REFERENCE) if isinstance(reference, str) and reference.startswith(_REFERENCE) else None
    )
    if name is None:
        state.fault(
            codes.UNKNOWN_DEFINITION, at, f"`{reference}` is not a reference into `$defs`", "write `#/$defs/<name>`"
        )
        return {key: value for key, value in beside.items() if key in ANNOTATIONS}
    if name in state.kept:
        return {"$ref": reference, **beside}
    target = _definition(state, name, at)
    for keyword in beside.keys() & target.keys() - ANNOTATIONS:
        narrower = BOUNDS.get(keyword)
        if narrower is None or narrower(beside[keyword], target[keyword]) != beside[keyword]:
            state.fault(
                codes.CONFLICTING_REFERENCE,
                (*path, keyword),
                f"`{keyword}` is not what `{reference}` says",
                "leave it out, or write a definition of your own",
            )
    return {**target, **beside}


def _definition(state: _Resolving, name: str, at: Path) -> Node:
    if name in state.done:
        return state.done[name] if _grown(state, at, *state.sizes[name]) else {}
    if name in state.under_way:
        circle = " → ".join([*state.under_way[state.under_way.index(name) :], name])
        state.fault(codes.UNKNOWN_DEFINITION, at, f"`{name}` refers to itself: {circle}")
        return {}
    if name in state.own:
        nodes, deepest = state.nodes, state.deepest
        state.deepest = state.depth
        state.under_way.append(name)
        state.done[name] = _schema(state, state.own[name], (*state.own_at, name))
        state.under_way.pop()
        state.sizes[name] = state.nodes - nodes, state.deepest - state.depth
        state.deepest = max(state.deepest, deepest)
        return state.done[name]
    if name in state.shared:
        return state.shared[name]
    state.fault(
        codes.UNKNOWN_DEFINITION, at, f"there is no definition `{name}`", _closest(name, {*state.own, *state.shared})
    )
    return {}


def _closest(name: str, known: set[str]) -> str | None:
    from pavior.diagnostics.suggest import did_you_mean  # noqa: PLC0415  # only where something is wrong

    close = did_you_mean(name, sorted(known))
    return f"did you mean `{close}`?" if close else None


def owned_twice(name: str, what: str, second: tuple[Document, Path], first: tuple[Document, Path] | None) -> Diagnostic:
    """The diagnostic for a field or type that two components bring; `first` is None where the core has it."""
    document, path = second
    notes = (Note(f"`{name}` is here too", first[0].positions().key(first[1])),) if first else ()
    owner = "" if first else " of platform.core.schema.json"
    return Diagnostic(
        codes.FIELD_OWNED_TWICE,
        document.positions().key(path),
        f"`{name}` is {what}{owner} already",
        "a field belongs to exactly one component: rename it, or require the other component",
        notes,
    )
