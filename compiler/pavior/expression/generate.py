"""A template's tree as one Python function that renders it.

What can only be there is written as one display; what may be left out is added by statements of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from jinja2 import nodes

from pavior.expression.template import Form
from pavior.expression.tree import (
    Bare,
    Computed,
    Entry,
    ListNode,
    Loop,
    MapNode,
    Node,
    Text,
    constant_value,
    is_constant,
    is_sure,
    may_omit,
)
from pavior.expression.writer import Scope, Variable, Writer, is_scalar, is_text

Sink: TypeAlias = Callable[[str], None]
"""Writes the statement that puts a value where it belongs, given its code."""

SHORT = 8


def generate(root: Node, form: Form) -> str:
    """The source of `render(context)`, which returns the list of items."""
    writer = TreeWriter()
    writer.line("items_made = []")
    checked = form is Form.VALUE or (isinstance(root, MapNode) and root.value is None and root.otherwise is None)
    writer.place(
        root,
        {},
        lambda code: writer.line(f"items_made.append({code if checked else f'mapping({code})'})"),
        form is Form.ITEMS,
    )
    if form is Form.MAP:
        writer.line("return items_made or [{}]")
    else:
        writer.line("return items_made")
    return "\n".join(["def render(context):", *writer.lines, ""])


@dataclass(slots=True)
class TreeWriter(Writer):
    """Writes the nodes of a template."""

    def place(self, node: Node, scope: Scope, sink: Sink, repeats: bool = False) -> None:
        """Statements that hand the node's value to the sink, if it has one; `repeats`: a loop makes many values, not one."""
        match node:
            case Computed() if may_omit(node.expression):
                held = self.local()
                self.line(f"{held} = {self.expression(node.expression, scope)}")
                with self.block(f"if {held} is not OMIT:"):
                    sink(_leaf(held, node.expression))
            case ListNode() if not is_sure(node):
                self._if_any(self._list(node, scope), sink)
            case MapNode() if not (node.plain and is_sure(node)):
                self._map(node, scope, sink, repeats)
            case _:
                sink(self.value(node, scope))

    def value(self, node: Node, scope: Scope) -> str:
        """Code of the value of a node that is sure to have one."""
        match node:
            case _ if is_constant(node):
                return repr(constant_value(node))
            case Computed():
                return self._hold(self.expression(node.expression, scope), node.expression)
            case Text():
                return self.text(node, scope)
            case ListNode():
                return self._list(node, scope)
            case MapNode() if node.plain:
                return self._entries(node.entries, scope)
        held = self.local()
        self.place(node, scope, lambda code: self.line(f"{held} = {code}"))
        return held

    def text(self, node: Text | Computed, scope: Scope) -> str:
        """Code of the text that a scalar makes."""
        parts = node.parts if isinstance(node, Text) else (node.expression,)
        codes = [repr(part) if isinstance(part, str) else self._text_part(part, scope) for part in parts]
        if len(codes) > SHORT:
            return f"bounded(''.join(({', '.join(codes)})))"
        return codes[0] if len(codes) == 1 else f"({' + '.join(codes)})"

    def _text_part(self, part: nodes.Expr, scope: Scope) -> str:
        code = self.expression(part, scope)
        if is_text(part):
            return code
        return f"({code} if {code}.__class__ is str else text({code}))" if code.isidentifier() else f"text({code})"

    def _hold(self, code: str, expression: nodes.Expr) -> str:
        if code.isidentifier() or is_scalar(expression):
            return _leaf(code, expression)
        held = self.local()
        return f"({held} if ({held} := {code}).__class__ in SCALARS else leaf({held}))"

    def _list(self, node: ListNode, scope: Scope) -> str:
        count = next((i for i, item in enumerate(node.items) if not is_sure(item)), len(node.items))
        display = f"[{', '.join(self.value(item, scope) for item in node.items[:count])}]"
        if count == len(node.items):
            return display
        held = self.local("l")
        self.line(f"{held} = {display}")
        for item in node.items[count:]:
            self.place(item, scope, lambda code: self.line(f"{held}.append({code})"), repeats=True)
        return held

    def _entries(self, entries: tuple[Entry, ...], scope: Scope, held: str = "") -> str:
        """Code of a map of these entries; `held` is the local of a map that they are added to instead."""
        count = 0
        if not held:
            sure = (isinstance(entry.key, str) and is_sure(entry.value) for entry in entries)
            count = next((i for i, is_in in enumerate(sure) if not is_in), len(entries))
            display = f"{{{', '.join(f'{e.key!r}: {self.value(e.value, scope)}' for e in entries[:count])}}}"
            if count == len(entries):
                return display
            held = self.local("d")
            self.line(f"{held} = {display}")
            unique = all(isinstance(entry.key, str) for entry in entries)
        else:
            unique = False
        for entry in entries[count:]:
            self._entry(entry, scope, held, unique)
        return held

    def _entry(self, entry: Entry, scope: Scope, held: str, unique: bool) -> None:
        if isinstance(entry.key, str):
            name = repr(entry.key)
        else:
            name = self.local("k")
            self.line(f"{name} = {self.text(entry.key, scope)}")
        slot = f"{held}[{name}]" if unique else f"{held}[key({name}, {held})]"
        self.place(entry.value, scope, lambda code: self.line(f"{slot} = {code}"))

    def _if_any(self, code: str, sink: Sink) -> None:
        """Hand a map or list to the sink unless it ended empty."""
        if not code.isidentifier():
            held = self.local("d")
            self.line(f"{held} = {code}")
            code = held
        with self.block(f"if {code}:"):
            sink(code)

    def _map(self, node: MapNode, scope: Scope, sink: Sink, repeats: bool) -> None:
        if node.loop is None:
            self._body(node, scope, sink, repeats)
        elif repeats:
            with self._loop(node.loop, scope) as inner:
                self._body(node, inner, sink, repeats)
        else:
            whole = self.local("d")
            self.line(f"{whole} = {{}}")
            with self._loop(node.loop, scope) as inner:
                self._body(node, inner, lambda code: self.line(f"join_round({whole}, mapping({code}))"), False, whole)
            self._if_any(whole, sink)

    @contextmanager
    def _loop(self, loop: Loop, scope: Scope) -> Iterator[Scope]:
        collection = self._bare(loop.collection, scope)
        variables = {name: Variable(self.local("x")) for name in loop.names}
        function = "pairs" if len(loop.names) == 2 else "items"
        names = ", ".join(variable.value for variable in variables.values())
        with self.block(f"for {names} in {function}({collection}):"):
            yield {**scope, **variables}

    def _bare(self, bare: Bare, scope: Scope) -> str:
        return self.expression(bare.expression, scope)

    def _body(self, node: MapNode, scope: Scope, sink: Sink, repeats: bool, whole: str = "") -> None:
        """What follows the loop: lets, condition and content. `whole`: the map that rounds add their entries to."""
        for name, bare in node.lets:
            held = self.local("x")
            self.line(f"{held} = {self._bare(bare, scope)}")
            scope = {**scope, name: Variable(held)}
        if node.condition is None:
            self._content(node, scope, sink, repeats, whole)
            return
        with self.block(f"if {self._bare(node.condition, scope)}:"):
            self._content(node, scope, sink, repeats, whole)
        if node.otherwise is not None:
            with self.block("else:"):
                self.place(node.otherwise, scope, sink, repeats)

    def _content(self, node: MapNode, scope: Scope, sink: Sink, repeats: bool, whole: str) -> None:
        if node.value is not None:
            self.place(node.value, scope, sink, repeats)
        elif node.merges or node.includes:
            self._merged(node, scope, sink)
        elif whole:
            self._entries(node.entries, scope, whole)
        elif any(isinstance(entry.key, str) and is_sure(entry.value) for entry in node.entries):
            sink(self._entries(node.entries, scope))
        else:
            self._if_any(self._entries(node.entries, scope), sink)

    def _merged(self, node: MapNode, scope: Scope, sink: Sink) -> None:
        held = self.local("d")
        self.line(f"{held} = {{}}")
        for include in node.includes:
            self.place(include, scope, lambda code: self.line(f"{held} = merge({held}, mapping({code}))"))
        for source in node.merges:
            self.place(source, scope, lambda code: self.line(f"for s in sources({code}): {held} = merge({held}, s)"))
        if node.entries:
            self.line(f"{held} = merge({held}, {self._entries(node.entries, scope)})")
        self._if_any(held, sink)


def _leaf(code: str, expression: nodes.Expr) -> str:
    return code if is_scalar(expression) else f"({code} if {code}.__class__ in SCALARS else leaf({code}))"
