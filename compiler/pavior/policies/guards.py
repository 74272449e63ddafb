"""Reads of what may be absent: each needs `has()`, `in`, or `.?` before it.

A field that a manifest leaves out fails here, and in the cluster an API server may have filled it in: without a guard the two
would judge one manifest differently. What each kind must have is said by its schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pavior.cel.tree import Call, Choice, Has, Index, Literal, Logic, Loop, Name, Node, Select, children

Schema: TypeAlias = Mapping[str, Any]
Shapes: TypeAlias = "Sequence[tuple[Schema, Schema]] | None"
"""A schema for each kind that a value may be part of, with the root that its references are in; None: anything."""

Facts: TypeAlias = frozenset[str]
"""The paths, as written, that are there."""

_ALWAYS = frozenset({"object.metadata", "object.metadata.name", "object.kind", "object.apiVersion"})


@dataclass(frozen=True, slots=True)
class Unguarded:
    """A read of `path`, which may be absent."""

    at: int
    word: str
    path: str


@dataclass(slots=True)
class _Reader:
    variables: Mapping[str, Node]
    schemas: Sequence[Schema] | None
    found: list[Unguarded] = field(default_factory=list)
    told: set[str] = field(default_factory=set)

    def read(self, node: Node, facts: Facts, names: Mapping[str, Shapes]) -> Shapes:  # noqa: PLR0911, PLR0912
        """What an expression may be, its unguarded reads told."""
        match node:
            case Name():
                return names.get(node.name)
            case Select(operand=Name(name="variables")):
                variable = self.variables.get(node.field)
                return (
                    _Reader(self.variables, self.schemas).read(variable, facts, _root(self.schemas))
                    if variable
                    else None
                )
            case Select():
                inner = self.read(node.operand, facts, names)
                return self._below(node, inner, node.field, facts, node.optional)
            case Has():
                self.read(node.operand, facts, names)
                return None
            case Index():
                inner = self.read(node.operand, facts, names)
                self.read(node.key, facts, names)
                if isinstance(node.key, Literal) and isinstance(node.key.value, str):
                    return self._below(node, inner, node.key.value, facts, node.optional)
                return _items(inner)
            case Logic():
                for operand in node.operands:
                    self.read(operand, facts, names)
                    facts |= self.facts(operand, node.sign == "&&")
                return None
            case Choice():
                self.read(node.test, facts, names)
                then = self.read(node.then, facts | self.facts(node.test, True), names)
                otherwise = self.read(node.otherwise, facts | self.facts(node.test, False), names)
                return then or otherwise
            case Loop():
                return self._loop(node, facts, names)
            case Call():
                shapes = [self.read(argument, facts, names) for argument in node.arguments]
                return next((each for each in shapes if each), None) if node.function in _KEPT else None
            case _:
                for child in children(node):
                    self.read(child, facts, names)
                return None

    def _loop(self, node: Loop, facts: Facts, names: Mapping[str, Shapes]) -> Shapes:
        inner = self.read(node.range, facts, names)
        within = {**names, node.variable: _items(inner)}
        if node.test is not None:
            self.read(node.test, facts, within)
        if node.result is not None:
            known = facts | self.facts(node.test, True) if node.test is not None else facts
            return _as_list(self.read(node.result, known, within))
        return inner if node.macro == "filter" else None

    def _below(self, node: Select | Index, shapes: Shapes, key: str, facts: Facts, optional: bool) -> Shapes:
        path = written(node)
        guarded = optional or path is None or path in facts or path in _ALWAYS or not path.startswith(_OBJECT)
        guarded = guarded or _is_optional(node.operand)
        if not guarded and not _required(shapes, key):
            assert path is not None, "what is not written is guarded"
            # What is below something that may be absent is told with it.
            if path not in self.told and not any(path.startswith(f"{above}.") for above in self.told):
                self.told.add(path)
                self.found.append(Unguarded(node.at, key, path))
        return _field(shapes, key)

    def facts(self, node: Node, truth: bool) -> Facts:
        """The paths that are there if an expression is true, or false."""
        match node:
            case Has() if truth:
                path = written(Select(node.at, node.operand, node.field))
                return frozenset({path} if path else ())
            case Call(function="in", arguments=(Literal(value=str(key)), of)) if truth:
                path = written(Select(node.at, of, key))
                return frozenset({path} if path else ())
            case Call(function="!"):
                return self.facts(node.arguments[0], not truth)
            case Logic() if truth == (node.sign == "&&"):
                return frozenset().union(*(self.facts(operand, truth) for operand in node.operands))
            case Select(operand=Name(name="variables")) if node.field in self.variables:
                return self.facts(self.variables[node.field], truth)
            case _:
                return frozenset()


# What gives the list or value that it gets.
_KEPT = frozenset({"+", "orValue", "or", "value", "dyn", "optional.of"})
# Names of loops stand for parts of the object as well; of `params` and the namespace, whoever renders them knows what they have.
_OBJECT = ("object.", "$")


def unguarded(
    node: Node, variables: Mapping[str, Node], schemas: Sequence[Schema] | None, given: Sequence[Node] = ()
) -> list[Unguarded]:
    """The unguarded reads of an expression. `given` are expressions that are true wherever it is asked."""
    reader = _Reader(variables, schemas)
    facts: Facts = frozenset().union(*(reader.facts(each, True) for each in given))
    reader.read(node, facts, _root(schemas))
    return reader.found


def _root(schemas: Sequence[Schema] | None) -> Mapping[str, Shapes]:
    return {"object": [(schema, schema) for schema in schemas] if schemas else None, "params": None}


def written(node: Node) -> str | None:
    """A path as text, names of loops marked with `$`; None for what is no path."""
    match node:
        case Name():
            return node.name if node.name in ("object", "params", "namespaceObject", "variables") else f"${node.name}"
        case Select():
            inner = written(node.operand)
            return f"{inner}.{node.field}" if inner else None
        case Index(key=Literal(value=str(key))):
            inner = written(node.operand)
            return f"{inner}.{key}" if inner else None
        case _:
            return None


def _is_optional(node: Node) -> bool:
    """Whether what a path goes on from is an optional, which passes its absence on."""
    if isinstance(node, Select | Index):
        return node.optional or _is_optional(node.operand)
    return isinstance(node, Call) and node.function in ("or", "optional.of", "optional.none")


def _required(shapes: Shapes, key: str) -> bool:
    return bool(shapes) and all(key in schema.get("required", ()) for schema, _ in _plain(shapes))


def _field(shapes: Shapes, key: str) -> Shapes:
    found = []
    for schema, root in _plain(shapes):
        inner = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
        if isinstance(inner, dict):
            found.append((inner, root))
    return found or None


def _items(shapes: Shapes) -> Shapes:
    found = [(schema["items"], root) for schema, root in _plain(shapes) if isinstance(schema.get("items"), dict)]
    return found or None


def _as_list(shapes: Shapes) -> Shapes:
    return [({"items": schema}, root) for schema, root in shapes] if shapes else None


def _plain(shapes: Shapes) -> Iterator[tuple[Schema, Schema]]:
    """The schemas with their references followed."""
    for schema, root in shapes or ():
        while "$ref" in schema:
            schema = root["definitions"][schema["$ref"].rpartition("/")[2]]  # noqa: PLW2901
        yield schema, root
