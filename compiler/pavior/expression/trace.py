"""The same function with tracing on: every value has a companion, the tree of its origins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from jinja2 import nodes

from pavior.expression.makes import Scope, Variable
from pavior.expression.recorder import Mark
from pavior.expression.template import Form
from pavior.expression.tree import (
    Bare,
    Computed,
    Constant,
    Entry,
    JsonNode,
    ListNode,
    Loop,
    MapNode,
    Node,
    Site,
    Text,
    may_omit,
)
from pavior.expression.writer import Writer

Sink: TypeAlias = Callable[[str, str], None]
"""Writes the statements that put a value and its origins where they belong, given their codes."""

WHY = "$why"
"""The name in a scope of the conditions so far; no name of a template begins with `$`."""


def generate_traced(root: Node, form: Form) -> tuple[str, tuple[Mark, ...]]:
    """The source of `trace(context, T)`, which returns pairs of value and origins; and what its marks stand for."""
    writer = TraceWriter()
    writer.line("made, why = [], ()")
    value = "{0}" if form is Form.VALUE else "mapping({0})"
    writer.place(
        root,
        {WHY: Variable("why")},
        lambda code, origins: writer.line(f"made.append(({value.format(code)}, {origins}))"),
        form is Form.ITEMS,
    )
    if form is Form.MAP:
        writer.line(f"return made or [({{}}, T.literal({writer.mark(root.site)}, ()))]")
    else:
        writer.line("return made")
    return "\n".join(["def trace(context, T):", *writer.lines, ""]), tuple(writer.marks)


@dataclass(slots=True)
class TraceWriter(Writer):
    """Writes every value into one local and its origins into another."""

    marks: list[Mark] = field(default_factory=list)

    def mark(self, site: Site, offset: int = 0) -> int:
        self.marks.append(Mark(site, offset))
        return len(self.marks) - 1

    def at(self, site: Site, offset: int = 0) -> None:
        self.line(f"T.at({self.mark(site, offset)})")

    def read(self, name: str, variable: Variable | None, keys: list[str], code: str) -> str:
        if variable is None:
            return f"T.read({code}, ({', '.join([repr(name), *keys])},))"
        steps = f"({', '.join(keys)},)" if keys else "()"
        return f"T.read_of({code}, {variable.path}, {variable.reads}, {steps})"

    def default(self, value: str, fallback: str) -> str:
        held = self.local()
        return f"({held} if ({held} := {value}) is not None else (T.forgive({held}), {fallback})[1])"

    def place(self, node: Node, scope: Scope, sink: Sink, repeats: bool = False) -> None:
        """Statements that hand the node's value and origins to the sink, if it has a value."""
        match node:
            case Constant():
                sink(repr(node.value), f"T.literal({self.mark(node.site)}, {scope[WHY].value})")
            case Computed():
                self._computed(node, scope, sink)
            case Text():
                self.at(node.site)
                self._scalar(self.text(node, scope), scope, sink)
            case ListNode():
                value, origins = self._pair("[]")
                for item in node.items:
                    self.place(item, scope, lambda c, o: self.line(f"{value}.append({c}); {origins}.append({o})"), True)
                self._if_any(value, origins, sink)
            case MapNode():
                self._map(node, scope, sink, repeats)
            case JsonNode():
                mark = self.mark(node.site)
                self.place(
                    node.inner,
                    scope,
                    lambda code, origins: sink(f"bounded(json_document({code}))", f"T.gathered({mark}, {origins})"),
                )

    def text(self, node: Text | Computed, scope: Scope) -> str:
        parts = node.parts if isinstance(node, Text) else (node.expression,)
        codes = [repr(part) if isinstance(part, str) else f"text({self.expression(part, scope)})" for part in parts]
        return f"bounded(''.join([{', '.join(codes)}]))"

    def _computed(self, node: Computed, scope: Scope, sink: Sink) -> None:
        self.at(node.site)
        code = self.expression(node.expression, scope)
        if not may_omit(node.expression):
            self._scalar(code, scope, sink)
            return
        raw = self.local()
        self.line(f"{raw} = {code}")
        with self.block(f"if {raw} is not OMIT:"):
            self._scalar(raw, scope, sink)

    def _scalar(self, code: str, scope: Scope, sink: Sink) -> None:
        raw, value, origins = self.local(), self.local(), self.local("o")
        self.line(f"{raw} = {code}")
        self.line(f"{value} = leaf({raw})")
        self.line(f"{origins} = T.leaf({raw}, {value}, {scope[WHY].value})")
        sink(value, origins)

    def _pair(self, empty: str) -> tuple[str, str]:
        value, origins = self.local("d"), self.local("o")
        self.line(f"{value}, {origins} = {empty}, {empty}")
        return value, origins

    def _if_any(self, value: str, origins: str, sink: Sink) -> None:
        with self.block(f"if {value}:"):
            sink(value, origins)

    def _map(self, node: MapNode, scope: Scope, sink: Sink, repeats: bool) -> None:
        if node.loop is None:
            self._body(node, scope, sink, repeats)
        elif repeats:
            with self._loop(node.loop, scope) as inner:
                self._body(node, inner, sink, repeats)
        else:
            value, origins = self._pair("{}")
            with self._loop(node.loop, scope) as inner:
                self._body(node, inner, lambda c, o: self._join(value, origins, c, o), False)
            self._if_any(value, origins, sink)

    def _join(self, value: str, origins: str, part: str, part_origins: str) -> None:
        self.line(f"join_round({value}, mapping({part})); {origins}.update({part_origins} if {part} else {{}})")

    @contextmanager
    def _loop(self, loop: Loop, scope: Scope) -> Iterator[Scope]:
        collection, base, reads = self._bare(loop.collection, scope)
        why, path = self._because(scope), self.local("p")
        step, value = self.local("x"), self.local("x")
        is_map = len(loop.names) == 2
        head = f"for {step}, {value} in {f'pairs({collection})' if is_map else f'enumerate(items({collection}))'}:"
        with self.block(head):
            self.line(f"{path} = below({base}, {step})")
            locals_ = (step, value) if is_map else (value,)
            names = {name: Variable(local, path, reads) for name, local in zip(loop.names, locals_, strict=True)}
            yield {**scope, **names, WHY: Variable(why)}

    def _bare(self, bare: Bare, scope: Scope) -> tuple[str, str, str]:
        """The locals of an expression's value, of the path where it lies, if it lies anywhere, and of what it reads."""
        value, path, reads = self.local("x"), self.local("p"), self.local("r")
        self.at(bare.site, bare.offset)
        self.line(f"{value} = {self.expression(bare.expression, scope)}")
        self.line(f"{path}, {reads} = T.location({value}, {is_path(bare.expression)}), T.reads()")
        return value, path, reads

    def _because(self, scope: Scope) -> str:
        """The conditions so far and the scalar just evaluated."""
        why = self.local("why")
        self.line(f"{why} = (*{scope[WHY].value}, T.condition())")
        return why

    def _body(self, node: MapNode, scope: Scope, sink: Sink, repeats: bool) -> None:
        for name, bare in node.lets:
            scope = {**scope, name: Variable(*self._bare(bare, scope))}
        if node.condition is None:
            self._content(node, scope, sink, repeats)
            return
        condition, _, _ = self._bare(node.condition, scope)
        scope = {**scope, WHY: Variable(self._because(scope))}
        with self.block(f"if {condition}:"):
            self._content(node, scope, sink, repeats)
        if node.otherwise is not None:
            with self.block("else:"):
                self.place(node.otherwise, scope, sink, repeats)

    def _content(self, node: MapNode, scope: Scope, sink: Sink, repeats: bool) -> None:
        if node.value is not None:
            self.place(node.value, scope, sink, repeats)
            return
        value, origins = self._pair("{}")

        def merged(code: str, tree: str) -> None:
            self.line(f"{value}, {origins} = merge_traced({value}, {origins}, mapping({code}), {tree})")

        def merged_all(code: str, tree: str) -> None:
            with self.block(f"for s, q in sources_traced({code}, {tree}):"):
                merged("s", "q")

        for include in node.includes:
            self.place(include, scope, merged)
        for source in node.merges:
            self.place(source, scope, merged_all)
        own, own_origins = self._pair("{}")
        for entry in node.entries:
            self._entry(entry, scope, own, own_origins)
        merged(own, own_origins)
        self._if_any(value, origins, sink)

    def _entry(self, entry: Entry, scope: Scope, value: str, origins: str) -> None:
        name = repr(entry.key)
        if not isinstance(entry.key, str):
            name = self.local("k")
            self.at(entry.key.site)
            self.line(f"{name} = {self.text(entry.key, scope)}")
            scope = {**scope, WHY: Variable(self._because(scope))}

        def sink(code: str, tree: str) -> None:
            self.line(f"{value}[key({name}, {value})] = {code}; {origins}[{name}] = {tree}")

        self.place(entry.value, scope, sink)


def is_path(node: nodes.Expr) -> bool:
    """Whether an expression is nothing but a path."""
    match node:
        case nodes.Name():
            return node.name != "omit"
        case nodes.Getitem(arg=nodes.Slice()):
            return False
        case nodes.Getattr() | nodes.Getitem():
            return is_path(node.node)
    return False
