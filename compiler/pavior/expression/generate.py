"""A template's tree as one Python function that renders it.

What can only be there is written as one display; what may be left out is added by statements of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from jinja2 import nodes

from pavior.expression.layers import Scoped, flattened, scoped
from pavior.expression.makes import Scope, Variable, constant, is_scalar, is_text, known, makes
from pavior.expression.runtime import text
from pavior.expression.template import Form
from pavior.expression.tree import (
    Bare,
    Computed,
    JsonNode,
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
from pavior.expression.unroll import unrolled
from pavior.expression.writer import Writer, is_display

Sink: TypeAlias = Callable[[str], None]
"""Writes the statement that puts a value where it belongs, given its code."""

SHORT = 8


def generate(root: Node, form: Form) -> str:
    """The source of `render(context)`, which returns the list of items."""
    root = unrolled(root, {})
    writer = TreeWriter(root=root)
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

    root: Node | None = None
    """Where nothing is to come of it, nothing is looked up for its content."""

    def place(self, node: Node, scope: Scope, sink: Sink, repeats: bool = False) -> None:
        """Statements that hand the node's value to the sink, if it has one; `repeats`: a loop makes many values, not one."""
        match node:
            case Computed() if may_omit(node.expression):
                self._optional(node.expression, scope, sink)
            case JsonNode():
                self.place(node.inner, scope, lambda code: sink(f"bounded(json_document({code}))"))
            case ListNode() if not is_sure(node):
                self._if_any(self._list(node, scope), sink)
            case MapNode() if not (node.plain and is_sure(node)):
                self._map(node, scope, sink, repeats)
            case _:
                sink(self.value(node, scope))

    def _optional(self, expression: nodes.Expr, scope: Scope, sink: Sink) -> None:
        """Statements that hand the value of an expression that may be `omit` to the sink unless it is."""
        match expression:
            case nodes.CondExpr(expr2=nodes.Name(name="omit")) if not may_omit(expression.expr1):
                with self.block(f"if {self.expression(expression.test, scope)}:"):
                    sink(self._hold(self.expression(expression.expr1, scope), expression.expr1, scope))
            case nodes.Filter(name="default", args=[nodes.Name(name="omit")]) if expression.node is not None:
                code = self._local(self.expression(expression.node, scope))
                with self.block(f"if {code} is not None:"):
                    sink(_leaf(code, expression.node, scope))
            case _:
                code = self._local(self.expression(expression, scope))
                with self.block(f"if {code} is not OMIT:"):
                    sink(_leaf(code, expression, scope))

    def _local(self, code: str) -> str:
        """A local that holds what the code gives."""
        if code.isidentifier():
            return code
        held = self.local()
        self.line(f"{held} = {code}")
        return held

    def value(self, node: Node, scope: Scope) -> str:  # noqa: PLR0911
        """Code of the value of a node that is sure to have one."""
        match node:
            case _ if is_constant(node):
                return repr(constant_value(node))
            case Computed():
                return self._hold(self.expression(node.expression, scope), node.expression, scope)
            case Text():
                return self.text(node, scope)
            case ListNode():
                return self._list(node, scope)
            case MapNode() if node.plain:
                return self._entries(scoped(node, scope))
            case MapNode() if not (node.loop or node.condition or node.merges):
                inner = self._lets(node, scope)
                if node.value is not None:
                    return self.value(node.value, inner)
                flat = flattened(node, inner, self._lets)
                if flat is not None:
                    return self._entries(flat)
                node, scope = replace(node, lets=()), inner
        held = self.local()
        self.place(node, scope, lambda code: self.line(f"{held} = {code}"))
        return held

    def text(self, node: Text | Computed, scope: Scope) -> str:
        """Code of the text that a scalar makes."""
        parts = node.parts if isinstance(node, Text) else (node.expression,)
        form, codes = self._form(parts, scope)
        code = _formatted(form, codes)
        return f"bounded({code})" if len(codes) > SHORT else code

    def concatenation(self, node: nodes.Concat, scope: Scope) -> str:
        return f"bounded({_formatted(*self._form(node.nodes, scope))})"

    def _form(self, parts: Iterable[str | nodes.Expr], scope: Scope) -> tuple[str, list[str]]:
        """What `%` makes the text of, with `%s` for each part that is computed, and the codes of these parts."""
        form, codes = "", []
        for part in parts:
            if isinstance(part, nodes.Concat):
                inner, more = self._form(part.nodes, scope)
                form += inner
                codes += more
                continue
            fixed = part if isinstance(part, str) else constant(part, scope)
            if fixed is not None and not (isinstance(fixed, nodes.Const) and fixed.value is None):
                form += (fixed if isinstance(fixed, str) else text(fixed.value)).replace("%", "%%")
            else:
                assert isinstance(part, nodes.Expr)
                form += "%s"
                codes.append(self._text_part(part, scope))
        return form, codes

    def _text_part(self, part: nodes.Expr, scope: Scope) -> str:
        code = self.expression(part, scope)
        if is_text(part, scope):
            return code
        return f"({code} if {code}.__class__ is str else text({code}))" if code.isidentifier() else f"text({code})"

    def _hold(self, code: str, expression: nodes.Expr, scope: Scope) -> str:
        if code.isidentifier() or is_scalar(expression, scope):
            return _leaf(code, expression, scope)
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

    def _entries(self, entries: Sequence[Scoped], held: str = "") -> str:
        """Code of a map of these entries; `held` is the local of a map that they are added to instead."""
        count = 0
        if not held:
            sure = (isinstance(entry.key, str) and is_sure(entry.value) for entry in entries)
            count = next((i for i, is_in in enumerate(sure) if not is_in), len(entries))
            codes = (f"{entry.key!r}: {self.value(entry.value, entry.scope)}" for entry in entries[:count])
            display = f"{{{', '.join(codes)}}}"
            if count == len(entries):
                return display
            held = self.local("d")
            self.line(f"{held} = {display}")
            unique = all(isinstance(entry.key, str) for entry in entries)
        else:
            unique = False
        for entry in entries[count:]:
            self._entry(entry, held, unique)
        return held

    def _entry(self, entry: Scoped, held: str, unique: bool) -> None:
        if isinstance(entry.key, str):
            name = repr(entry.key)
        else:
            name = self.local("k")
            self.line(f"{name} = {self.text(entry.key, entry.scope)}")
        slot = f"{held}[{name}]" if unique else f"{held}[key({name}, {held})]"
        self.place(entry.value, entry.scope, lambda code: self.line(f"{slot} = {code}"))

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
        over = f"items({collection})"
        if len(loop.names) == 2:
            over = f"pairs({collection})" if not collection.isidentifier() else self.held(f"pairs({collection})", "p")
        names = ", ".join(variable.value for variable in variables.values())
        with self.block(f"for {names} in {over}:"):
            yield {**scope, **variables}

    def _bare(self, bare: Bare, scope: Scope) -> str:
        return self.expression(bare.expression, scope)

    def _body(self, node: MapNode, scope: Scope, sink: Sink, repeats: bool, whole: str = "") -> None:
        """What follows the loop: lets, condition and content. `whole`: the map that rounds add their entries to."""
        scope = self._lets(node, scope)
        if node.condition is None:
            self._content(node, scope, sink, repeats, whole)
            return
        with self.block(f"if {self._bare(node.condition, scope)}:"):
            if node is self.root:
                self.base = self.depth
            self._content(node, scope, sink, repeats, whole)
        if node.otherwise is not None:
            with self.block("else:"):
                self.place(node.otherwise, scope, sink, repeats)

    def _lets(self, node: MapNode, scope: Scope) -> Scope:
        for name, bare in node.lets:
            scope = {**scope, name: self._variable(bare.expression, scope)}
        return scope

    def _variable(self, expression: nodes.Expr, scope: Scope) -> Variable:
        """What a name stands for. A map or a list of maps that is written out stays in its parts, which are what is read."""
        found = known(expression, scope)
        if found is not None:
            return found
        match expression:
            case nodes.List(items=items) if any(isinstance(item, nodes.Dict) for item in items) and not any(
                map(may_omit, items)
            ):
                variables = tuple(self._variable(item, scope) for item in items)
                return Variable(f"[{', '.join(each.value for each in variables)}]", items=variables)
            case nodes.Dict(items=pairs) if is_display(expression):
                entries = {pair.key.as_const(): self._variable(pair.value, scope) for pair in pairs}
                display = ", ".join(f"{key!r}: {each.value}" for key, each in entries.items())
                return Variable(f"{{{display}}}", entries=entries)
        code, fixed = self.expression(expression, scope), constant(expression, scope)
        return Variable(code if fixed else self._local(code), makes=makes(expression, scope), constant=fixed)

    def _content(self, node: MapNode, scope: Scope, sink: Sink, repeats: bool, whole: str) -> None:
        if node.value is not None:
            self.place(node.value, scope, sink, repeats)
        elif node.merges or node.includes:
            self._merged(node, scope, sink)
        elif whole:
            self._entries(scoped(node, scope), whole)
        else:
            self._whole(scoped(node, scope), sink)

    def _whole(self, entries: Sequence[Scoped], sink: Sink) -> None:
        """Hand the map of these entries to the sink, unless it may end empty and does."""
        sure = any(isinstance(entry.key, str) and is_sure(entry.value) for entry in entries)
        code = self._entries(entries)
        if sure:
            sink(code)
        else:
            self._if_any(code, sink)

    def _merged(self, node: MapNode, scope: Scope, sink: Sink) -> None:
        """Maps on top of one another. All of them are made here and now, so the lowest can take in the others."""
        flat = flattened(node, scope, self._lets)
        if flat is not None:
            self._whole(flat, sink)
            return
        held = self.local("d")
        includes = node.includes
        if includes and _is_map(includes[0]) and is_sure(includes[0]):
            self.place(includes[0], scope, lambda code: self.line(f"{held} = {code}"))
            includes = includes[1:]
        else:
            self.line(f"{held} = {{}}")
        for include in includes:
            form = "{}" if _is_map(include) else "mapping({})"
            self.place(include, scope, partial(self._overlay, held, form))
        for source in node.merges:
            self.place(source, scope, lambda code: self.line(f"for s in sources({code}): overlay({held}, s)"))
        if node.entries:
            self.line(f"overlay({held}, {self._entries(scoped(node, scope))})")
        self._if_any(held, sink)

    def _overlay(self, held: str, form: str, code: str) -> None:
        self.line(f"overlay({held}, {form.format(code)})")


def _is_map(node: Node) -> bool:
    """Whether the node makes a map if it makes anything."""
    if not isinstance(node, MapNode) or not (node.otherwise is None or _is_map(node.otherwise)):
        return False
    return node.value is None or _is_map(node.value)


def _formatted(form: str, codes: list[str]) -> str:
    """Code of a text. Python compiles `%` of a literal and a display as it does an f-string."""
    if form == "%s":
        return codes[0]
    return f"({form!r} % ({', '.join(codes)},))" if codes else repr(form.replace("%%", "%"))


def _leaf(code: str, expression: nodes.Expr, scope: Scope) -> str:
    return code if is_scalar(expression, scope) else f"({code} if {code}.__class__ in SCALARS else leaf({code}))"
