"""Python source for expressions. Lines go into blocks; what a block has looked up, the blocks inside it use again.

Paths are looked up in statements of their own, before the expression that reads them: `get` never fails, so looking
up early what is then not needed changes nothing. What begins in the context is looked up once, before the first block
that needs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from jinja2 import nodes

from pavior.expression.makes import OPERATIONS, Scope, Variable, constant
from pavior.expression.tree import may_omit
from pavior.model import Value

_COMPARISONS = {
    "eq": "({0} == {1})",
    "ne": "({0} != {1})",
    "lt": "less({0}, {1})",
    "gt": "less({1}, {0})",
    "lteq": "less_or_equal({0}, {1})",
    "gteq": "less_or_equal({1}, {0})",
    "in": "contains({1}, {0})",
    "notin": "(not contains({1}, {0}))",
}


@dataclass(slots=True)
class Writer:
    """Writes expressions as Python, and the statements that they need before them."""

    lines: list[str] = field(default_factory=list)
    base: int = 0
    """The depth of the block in which what comes of the context is looked up."""
    _known: list[dict[str, str]] = field(default_factory=lambda: [{}])
    _heads: list[int] = field(default_factory=list)
    """Of each open block, the line that the statement begins with which it belongs to."""
    _closed: int = 0
    """The same of the block that was closed last."""
    _lasting: set[str] = field(default_factory=set)
    """Locals that come of the context alone."""
    _count: int = 0

    @property
    def depth(self) -> int:
        return len(self._heads)

    def line(self, code: str) -> None:
        self.lines.append("    " * len(self._known) + code)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """An indented block, which holds a statement whatever happens in it."""
        self._heads.append(self._closed if head == "else:" else len(self.lines))
        self.line(head)
        written = self.lines[-1]
        self._known.append({})
        yield
        if self.lines[-1] is written:
            self.line("pass")
        self._known.pop()
        self._closed = self._heads.pop()

    def local(self, letter: str = "t") -> str:
        self._count += 1
        return f"{letter}{self._count}"

    def expression(self, node: nodes.Expr, scope: Scope) -> str:  # noqa: PLR0911
        """Code of one operand: a name, a literal, a call or something in parentheses."""
        match node:
            case nodes.Const():
                return repr(node.value) if not _is_negative(node.value) else f"({node.value!r})"
            case nodes.Name(name="omit"):
                return "OMIT"
            case nodes.Getitem(arg=nodes.Slice() as part):
                bounds = [
                    self.expression(bound, scope) if bound else "None" for bound in (part.start, part.stop, part.step)
                ]
                return f"cut({self.expression(node.node, scope)}, {', '.join(bounds)})"
            case nodes.Name() | nodes.Getattr() | nodes.Getitem():
                fixed = constant(node, scope)
                return self._path(node, scope) if fixed is None else self.expression(fixed, scope)
            case nodes.CondExpr():
                otherwise = self.expression(node.expr2, scope) if node.expr2 else "None"
                return f"({self.expression(node.expr1, scope)} if {self.expression(node.test, scope)} else {otherwise})"
            case nodes.And():
                return f"({self.expression(node.left, scope)} and {self.expression(node.right, scope)})"
            case nodes.Or():
                return f"({self.expression(node.left, scope)} or {self.expression(node.right, scope)})"
            case nodes.Not():
                return f"(not {self.expression(node.node, scope)})"
            case nodes.Filter():
                return self._filter(node, scope)
            case nodes.Test():
                return self._call(f"test_{node.name}", node, scope)
            case nodes.Compare():
                return self._compare(node, scope)
        return self._made(node, scope)

    def _made(self, node: nodes.Expr, scope: Scope) -> str:  # noqa: PLR0911
        match node:
            case nodes.Concat():
                return self.concatenation(node, scope)
            case nodes.Neg():
                return f"negative({self.expression(node.node, scope)})"
            case nodes.Pos():
                return f"positive({self.expression(node.node, scope)})"
            case nodes.List() | nodes.Tuple():
                items = f"[{', '.join(self.expression(item, scope) for item in node.items)}]"
                return f"present({items})" if any(may_omit(item) for item in node.items) else items
            case nodes.Dict():
                pairs = [(self.expression(p.key, scope), self.expression(p.value, scope)) for p in node.items]
                entries = ", ".join(f"({key}, {value})" for key, value in pairs)
                display = ", ".join(f"{key}: {value}" for key, value in pairs)
                return f"{{{display}}}" if is_display(node) else f"present_entries([{entries}])"
            case nodes.BinExpr():
                if (known := constant(node, scope)) is not None:
                    return self.expression(known, scope)
                function = OPERATIONS[type(node)]
                return f"{function}({self.expression(node.left, scope)}, {self.expression(node.right, scope)})"
        raise TypeError(f"no code for {type(node).__name__}")

    def concatenation(self, node: nodes.Concat, scope: Scope) -> str:
        return f"concatenate({', '.join(self.expression(part, scope) for part in node.nodes)})"

    def _compare(self, node: nodes.Compare, scope: Scope) -> str:
        left, parts = self.expression(node.expr, scope), []
        for operand in node.ops:
            right = self.expression(operand.expr, scope)
            parts.append(_COMPARISONS[operand.op].format(left, right))
            left = right
        return parts[0] if len(parts) == 1 else f"({' and '.join(parts)})"

    def _filter(self, node: nodes.Filter, scope: Scope) -> str:
        if node.name != "default":
            return self._call(f"filter_{node.name}", node, scope)
        assert node.node is not None
        fixed = constant(node, scope)
        if fixed is not None:
            return self.expression(fixed, scope)
        value = self.expression(node.node, scope)
        fallback = self.expression(node.args[0] if node.args else node.kwargs[0].value, scope)
        return self.default(value, fallback)

    def default(self, value: str, fallback: str) -> str:
        if value.isidentifier():
            return f"({value} if {value} is not None else {fallback})"
        held = self.local()
        return f"({held} if ({held} := {value}) is not None else {fallback})"

    def _call(self, function: str, node: nodes.Filter | nodes.Test, scope: Scope) -> str:
        assert node.node is not None
        arguments = [self.expression(node.node, scope), *(self.expression(a, scope) for a in node.args)]
        arguments += [f"{keyword.key}={self.expression(keyword.value, scope)}" for keyword in node.kwargs]
        return f"{function}({', '.join(arguments)})"

    def _path(self, node: nodes.Expr, scope: Scope) -> str:
        """A path: constant keys from a name on are looked up beforehand, what follows a computed key is looked up inline."""
        base, steps = _steps(node)
        variable = scope.get(base.name) if isinstance(base, nodes.Name) else None
        while steps and variable and (member := variable.member(steps[0])):
            variable, steps = member, steps[1:]
        if not isinstance(base, nodes.Name) or (variable and not variable.value.isidentifier()):
            code = variable.value if variable else self.expression(base, scope)
            for step in steps:
                code = f"get({code}, {self._key(step, scope)})"
            return code
        start: tuple[Value, ...] = (variable.value,) if variable else ("", base.name)
        count = next((i for i, step in enumerate(steps) if isinstance(step, nodes.Expr)), len(steps))
        code = self.lookup((*start, *steps[:count]))
        keys = [repr(step) for step in steps[:count]]
        inner = []
        for step in steps[count:]:
            key = self._key(step, scope)
            if isinstance(step, nodes.Expr):
                held = self.local()
                inner.append(f"({held} := {key})")
                key = held
            keys.append(key)
            code = f"get({code}, {key})"
        if inner:
            code = f"({', '.join(inner)}, {code})[-1]"
        return self.read(base.name, variable, keys, code)

    def _key(self, step: Value, scope: Scope) -> str:
        return self.expression(step, scope) if isinstance(step, nodes.Expr) else repr(step)

    def read(self, name: str, variable: Variable | None, keys: list[str], code: str) -> str:
        """The code of a path that is read. What traces takes note here."""
        return code

    def lookup(self, path: tuple[Value, ...]) -> str:
        """The local that holds the value at a path: `(local, key, …)`, or `("", name, key, …)` from the context."""
        if len(path) == 1:
            return str(path[0])
        if len(path) == 2 and path[0] == "":
            return self.held(f"context.get({path[1]!r})", "v", lasting=True)
        base, key = self.lookup(path[:-1]), repr(path[-1])
        inline = f"{base}.get({key}) if {base}.__class__ is dict else "
        code = f"{inline if isinstance(path[-1], str) else ''}get({base}, {key})"
        return self.held(code, "v", lasting=self.lasts(base))

    def lasts(self, local: str) -> bool:
        """Whether a local comes of the context alone, so that it is the same in all blocks."""
        return local in self._lasting

    def held(self, code: str, letter: str = "t", *, lasting: bool = False) -> str:
        """The local that holds what `code` gives, wherever it is evaluated: its statement is written where it is first needed.

        One that is `lasting` cannot fail and comes of the context alone: it goes before the block of the base that needs it.
        """
        for known in self._known:
            if code in known:
                return known[code]
        held = self.local(letter)
        home = min(self.base, self.depth) if lasting else self.depth
        if home == self.depth:
            self.line(f"{held} = {code}")
        else:
            self.lines.insert(self._heads[home], "    " * (home + 1) + f"{held} = {code}")
            # Before the whole statement; what comes after it moves, a statement that this block belongs to included.
            self._heads[home + 1 :] = [head + 1 for head in self._heads[home + 1 :]]
            self._heads[home] += 1
        self._known[home][code] = held
        if lasting:
            self._lasting.add(held)
        return held


def _steps(node: nodes.Expr) -> tuple[nodes.Expr, list[Value]]:
    """What a path starts from, and its steps: keys and indexes, or the expressions that compute them."""
    steps: list[Value] = []
    while True:
        match node:
            case nodes.Getattr():
                steps.append(node.attr)
            case nodes.Getitem(arg=nodes.Slice()):
                break
            case nodes.Getitem(arg=nodes.Const(value=str() | int() as key)) if not isinstance(key, bool):
                steps.append(key)
            case nodes.Getitem():
                steps.append(node.arg)
            case _:
                break
        node = node.node
    return node, steps[::-1]


def is_display(node: nodes.Dict) -> bool:
    """Whether Python's own map of these entries is all there is to it: every key is a text of its own, nothing can be omitted."""
    keys = {p.key.value for p in node.items if isinstance(p.key, nodes.Const) and isinstance(p.key.value, str)}
    return len(keys) == len(node.items) and not any(may_omit(p.value) for p in node.items)


def _is_negative(value: Value) -> bool:
    return isinstance(value, int | float) and value < 0
