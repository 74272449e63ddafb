"""Every path of a template against the schema of its context, before any value is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jinja2 import nodes

from pavior.diagnostics import Diagnostic
from pavior.diagnostics.codes.golden_paths import MISPLACED_OMIT, UNKNOWN_PATH, WRONG_TYPE
from pavior.expression import types
from pavior.expression.registry import FILTERS
from pavior.expression.tree import Bare, Computed, Constant, JsonNode, ListNode, MapNode, Node, Text
from pavior.expression.types import BOOLEAN, NOTHING, NUMBER, STRING, STRINGS, Definitions, Missing, Type
from pavior.expression.wording import Place, listed, meant, nouns, spelled
from pavior.model import Path, Span, Value


@dataclass(frozen=True, slots=True)
class Known:
    """A name: its type, and where its values lie (None where it is computed)."""

    type: Type
    path: Path | None = None


@dataclass(slots=True)
class Checker:
    """Walks a template with the types of all names in scope; gathers diagnostics and the paths that it reads."""

    definitions: Definitions
    root: Type
    diagnostics: list[Diagnostic] = field(default_factory=list)
    reads: set[Path] = field(default_factory=set)
    _members: dict[tuple[int, str], tuple[Type, Type | Missing]] = field(default_factory=dict)

    def node(self, node: Node, scope: Mapping[str, Known]) -> None:
        match node:
            case Constant():
                pass
            case Computed():
                self._whole(node.expression, scope, Place(node.site))
            case Text():
                self._text(node, scope)
            case ListNode():
                for item in node.items:
                    self.node(item, scope)
            case MapNode():
                self._map(node, scope)
            case JsonNode():
                self.node(node.inner, scope)

    def _map(self, node: MapNode, scope: Mapping[str, Known]) -> None:
        if node.loop:
            scope = {**scope, **self._loop(node.loop.names, node.loop.collection, scope)}
        for name, bare in node.lets:
            type_ = self._bare(bare, scope)
            scope = {**scope, name: Known(type_, self._location(bare.expression, scope))}
        if node.condition:
            self._bare(node.condition, scope)
        if node.otherwise is not None:
            self.node(node.otherwise, scope)
        for child in (*node.includes, *node.merges, *([node.value] if node.value is not None else [])):
            self.node(child, scope)
        for entry in node.entries:
            if isinstance(entry.key, Computed):
                self._scalar(entry.key.expression, scope, Place(entry.key.site))
            elif isinstance(entry.key, Text):
                self._text(entry.key, scope)
            self.node(entry.value, scope)

    def _loop(self, names: tuple[str, ...], collection: Bare, scope: Mapping[str, Known]) -> dict[str, Known]:
        type_ = self._bare(collection, scope)
        path = self._location(collection.expression, scope)
        below = (*path, "*") if path is not None else None
        kinds = types.kinds(type_)
        if kinds - {"null"} and "array" not in kinds and (len(names) == 1 or "object" not in kinds):
            noun = nouns(kinds)
            hint = "write `key, value in …` for a map, `item in …` for a list" if "object" in kinds else None
            span = collection.site.part(collection.offset, len(collection.site.written))
            self._add(WRONG_TYPE, span, f"a loop with {len(names)} name{'s'[: len(names) - 1]} over {noun}", hint)
            type_ = None
        if len(names) == 1:
            return {names[0]: Known(types.items(type_, self.definitions), below)}
        keys, values = [STRING] * ("object" in kinds), [types.values] * ("object" in kinds)
        keys, values = [*keys, *[NUMBER] * ("array" in kinds)], [*values, *[types.items] * ("array" in kinds)]
        below_type = types.union(*(part(type_, self.definitions) for part in values))
        return {names[0]: Known(types.union(*keys), below), names[1]: Known(below_type, below)}

    def _bare(self, bare: Bare, scope: Mapping[str, Known]) -> Type:
        return self.expression(bare.expression, scope, Place(bare.site, bare.shift))

    def _whole(self, expression: nodes.Expr, scope: Mapping[str, Known], place: Place) -> Type:
        return self.expression(expression, scope, place, tail=True)

    def _text(self, node: Text, scope: Mapping[str, Known]) -> None:
        for part in node.parts:
            if not isinstance(part, str):
                self._scalar(part, scope, Place(node.site))

    def _scalar(self, expression: nodes.Expr, scope: Mapping[str, Known], place: Place) -> None:
        found = types.kinds(self.expression(expression, scope, place)) - {"null"}
        if found and found <= {"object", "array"}:
            hint = "join a list with `| join(',')`, write a map with `| to_json`"
            self._add(WRONG_TYPE, place.extent(expression), f"{nouns(found)} cannot stand inside text", hint)

    def _location(self, expression: nodes.Expr, scope: Mapping[str, Known]) -> Path | None:
        """The path whose value the expression is, if it is nothing but a path."""
        match expression:
            case nodes.Name():
                known = scope.get(expression.name)
                return known.path if known else (expression.name,)
            case nodes.Getattr():
                base = self._location(expression.node, scope)
                return None if base is None else (*base, expression.attr)
            case nodes.Getitem(arg=nodes.Slice()):
                return None
            case nodes.Getitem():
                base = self._location(expression.node, scope)
                step = expression.arg.value if isinstance(expression.arg, nodes.Const) else "*"
                return None if base is None else (*base, step)
            case nodes.Filter(name="default") if expression.node is not None:
                return self._location(expression.node, scope)
        return None

    def _add(self, code: Value, span: Span, message: str, hint: str | None = None) -> None:
        self.diagnostics.append(Diagnostic(code, span, message, hint))

    def expression(self, node: nodes.Expr, scope: Mapping[str, Known], place: Place, *, tail: bool = False) -> Type:  # noqa: PLR0911
        """The type of an expression; checks all of it. `tail`: it is a leaf's whole value, where `omit` has a meaning."""
        match node:
            case nodes.Const():
                return types.type_of({"const": node.value}, self.definitions)
            case nodes.Name() | nodes.Getattr() | nodes.Getitem():
                return self._path(node, scope, place, tail)
            case nodes.CondExpr():
                self.expression(node.test, scope, place)
                first = self.expression(node.expr1, scope, place, tail=tail)
                return types.union(
                    first, self.expression(node.expr2, scope, place, tail=tail) if node.expr2 else NOTHING
                )
            case nodes.And() | nodes.Or():
                left = self.expression(node.left, scope, place)
                return types.union(left, self.expression(node.right, scope, place, tail=tail))
            case nodes.Filter():
                return self._filter(node, scope, place, tail)
            case nodes.List() | nodes.Tuple():
                for item in node.items:
                    self.expression(item, scope, place, tail=tail)
                return types.type_of({"type": "array"}, self.definitions)
            case nodes.Dict():
                for pair in node.items:
                    self.expression(pair.key, scope, place)
                    self.expression(pair.value, scope, place, tail=tail)
                return types.type_of({"type": "object"}, self.definitions)
        for child in node.iter_child_nodes():
            operand = child.expr if isinstance(child, nodes.Operand) else child
            if isinstance(operand, nodes.Expr):
                self.expression(operand, scope, place)
        return _result(node)

    def _path(self, node: nodes.Expr, scope: Mapping[str, Known], place: Place, tail: bool) -> Type:
        location = self._location(node, scope)
        if location is not None and not (isinstance(node, nodes.Name) and node.name == "omit"):
            self.reads.add(location)
        return self._step(node, scope, place, tail)

    def _step(self, node: nodes.Expr, scope: Mapping[str, Known], place: Place, tail: bool = False) -> Type:  # noqa: PLR0911
        match node:
            case nodes.Name(name="omit"):
                if not tail:
                    hint = "write `| default(omit)` as the last of a whole value"
                    self._add(MISPLACED_OMIT, place.span(node.lineno, 4), "`omit` leaves nothing out here", hint)
                return NOTHING
            case nodes.Name():
                return self._name(node, scope, place)
            case nodes.Getattr():
                base = self._step(node.node, scope, place)
                return self._member(base, node.attr, node.node, place, place.find(node.attr, node.lineno))
            case nodes.Getitem(arg=nodes.Const(value=str() as key)):
                base = self._step(node.node, scope, place)
                return self._member(base, key, node.node, place, place.find(key, node.lineno))
            case nodes.Getitem():
                base = self._step(node.node, scope, place)
                self.expression(node.arg, scope, place)
                if isinstance(node.arg, nodes.Slice):
                    return base
                below = types.values if "object" in types.kinds(base) else types.items
                mixed = {"object", "array"} <= types.kinds(base)
                return None if mixed else below(base, self.definitions)
        return self.expression(node, scope, place)

    def _name(self, node: nodes.Name, scope: Mapping[str, Known], place: Place) -> Type:
        known = scope.get(node.name)
        if known is not None:
            return known.type
        found = self._lookup(self.root, node.name)
        if not isinstance(found, Missing):
            return found
        names = sorted({*found.known, *scope})
        hint = meant(node.name, names) or f"names here are {listed(names)}"
        self._add(UNKNOWN_PATH, place.span(node.lineno, len(node.name)), f"there is no `{node.name}` here", hint)
        return None

    def _lookup(self, base: Type, key: str) -> Type | Missing:
        """`types.member`, once for each type and key; the type is kept, so that its identity stays its own."""
        mark = (id(base), key)
        if mark not in self._members:
            self._members[mark] = (base, types.member(base, key, self.definitions))
        return self._members[mark][1]

    def _member(self, base: Type, key: str, of: nodes.Expr, place: Place, start: int) -> Type:
        found = self._lookup(base, key)
        if not isinstance(found, Missing):
            return found
        name, span = spelled(of), place.span(start, len(key))
        if "object" not in found.kinds:
            if found.kinds:
                self._add(WRONG_TYPE, span, f"`{name}` is {nouns(found.kinds)}, so there is no `{key}` in it")
            return None
        hint = meant(key, found.known) or f"`{name}` has {listed(found.known)}"
        self._add(UNKNOWN_PATH, span, f"there is no `{key}` in `{name}`", hint)
        return None

    def _filter(self, node: nodes.Filter, scope: Mapping[str, Known], place: Place, tail: bool) -> Type:  # noqa: PLR0911
        assert node.node is not None
        base = self.expression(node.node, scope, place)
        arguments = [*node.args, *(keyword.value for keyword in node.kwargs)]
        given = [
            self.expression(argument, scope, place, tail=tail and node.name == "default") for argument in arguments
        ]
        if node.name == "default":
            return types.union(base, given[0])
        match FILTERS[node.name].makes:
            case "same":
                return base
            case "element":
                return types.items(base, self.definitions)
            case "values":
                below = types.values(base, self.definitions)
                return None if below is None else types.type_of({"type": "array"}, self.definitions)
            case "strings":
                return STRINGS
            case "any":
                return None
            case made:
                return types.type_of({"type": made}, self.definitions)


def _result(node: nodes.Expr) -> Type:
    match node:
        case nodes.Concat():
            return STRING
        case nodes.Compare() | nodes.Test() | nodes.Not():
            return BOOLEAN
        case nodes.Add():
            return None
    return NUMBER
