"""The tree of a template: what its YAML says, directives recognised and expressions parsed. Plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from jinja2 import nodes

from pavior.model import Document, Path, Positions, Span, Value


@dataclass(slots=True)
class Places:
    """The spans of one document, found when the first one is asked for."""

    document: Document
    _positions: Positions | None = None
    _lines: list[str] = field(default_factory=list)

    def scalar(self, path: Path, is_key: bool) -> Span:
        if self._positions is None:
            self._positions = self.document.positions()
        return self._positions.key(path) if is_key else self._positions.value(path)

    def part(self, path: Path, is_key: bool, written: str, start: int, end: int) -> Span:
        """The span of `written[start:end]`; the whole scalar's unless it stands on one line exactly as it reads."""
        whole = self.scalar(path, is_key)
        if whole.line != whole.end_line:
            return whole
        if not self._lines:
            self._lines = self.document.source.content.decode("utf-8", "replace").split("\n")
        line = self._lines[whole.line - 1] if whole.line <= len(self._lines) else ""
        shown = line[whole.column - 1 : whole.end_column - 1]
        quote = 1 if shown[:1] in {"'", '"'} and shown[1:-1] == written else 0
        if not quote and shown != written:
            return whole
        column = whole.column + quote
        return Span(whole.file, whole.line, column + start, whole.line, column + max(end, start + 1))


class Site(NamedTuple):
    """Where a scalar or map stands in its template."""

    places: Places
    path: Path
    is_key: bool = False
    written: str = ""

    def span(self) -> Span:
        return self.places.scalar(self.path, self.is_key)

    def part(self, start: int, end: int) -> Span:
        return self.places.part(self.path, self.is_key, self.written, start, end)


@dataclass(frozen=True, slots=True)
class Bare:
    """The expression of a directive. `offset` is where it begins in the site's text, 3 less than what its nodes count from."""

    expression: nodes.Expr
    site: Site
    offset: int = 0

    @property
    def shift(self) -> int:
        return self.offset - 3


@dataclass(frozen=True, slots=True)
class Constant:
    value: Value
    site: Site


@dataclass(frozen=True, slots=True)
class Computed:
    """A scalar that is exactly one expression: it keeps the value's type."""

    expression: nodes.Expr
    site: Site


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar that mixes text and expressions, or holds a raw block: it makes text."""

    parts: tuple[str | nodes.Expr, ...]
    site: Site


@dataclass(frozen=True, slots=True)
class ListNode:
    items: tuple[Node, ...]
    site: Site


class Entry(NamedTuple):
    key: str | Computed | Text
    value: Node


@dataclass(frozen=True, slots=True)
class Loop:
    names: tuple[str, ...]
    collection: Bare


@dataclass(frozen=True, slots=True)
class MapNode:
    """A map and its directives, in the order in which they act: loop, lets, condition, then content.

    The content is `value` where there is one, else `includes` beneath `merges` beneath `entries`.
    """

    entries: tuple[Entry, ...]
    site: Site
    loop: Loop | None = None
    lets: tuple[tuple[str, Bare], ...] = ()
    condition: Bare | None = None
    otherwise: Node | None = None
    value: Node | None = None
    merges: tuple[Node, ...] = ()
    includes: tuple[Node, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether it is its entries and nothing else."""
        return not (self.loop or self.lets or self.condition or self.value or self.merges or self.includes)


@dataclass(frozen=True, slots=True)
class JsonNode:
    """The text that `inner` is as JSON; nothing where `inner` makes nothing."""

    inner: Node
    site: Site


Node: TypeAlias = Constant | Computed | Text | ListNode | MapNode | JsonNode


def is_constant(node: Node) -> bool:
    match node:
        case Constant():
            return True
        case ListNode():
            return all(is_constant(item) for item in node.items)
        case MapNode():
            return node.plain and all(isinstance(entry.key, str) and is_constant(entry.value) for entry in node.entries)
    return False


def constant_value(node: Node) -> Value:
    """The value of a node that is constant."""
    match node:
        case Constant():
            return node.value
        case ListNode():
            return [constant_value(item) for item in node.items]
        case MapNode():
            return {str(entry.key): constant_value(entry.value) for entry in node.entries}
    raise TypeError("not a constant")


def is_sure(node: Node) -> bool:
    """Whether the node always makes a value: nothing in it can leave it out or empty."""
    match node:
        case Constant() | Text():
            return True
        case Computed():
            return not may_omit(node.expression)
        case ListNode():
            return any(is_sure(item) for item in node.items)
        case JsonNode():
            return is_sure(node.inner)
        case MapNode():
            return not (node.loop or node.condition) and _content_is_sure(node)


def _content_is_sure(node: MapNode) -> bool:
    if node.value is not None:
        return is_sure(node.value)
    return any(is_sure(entry.value) for entry in node.entries) or any(
        isinstance(include, MapNode) and is_sure(include) for include in node.includes
    )


def may_omit(expression: nodes.Expr) -> bool:
    """Whether the whole expression can be `omit`."""
    match expression:
        case nodes.Name():
            return expression.name == "omit"
        case nodes.CondExpr():
            return may_omit(expression.expr1) or (expression.expr2 is not None and may_omit(expression.expr2))
        case nodes.And() | nodes.Or():
            return may_omit(expression.right)
        case nodes.Filter(name="default"):
            return any(may_omit(fallback) for fallback in (*expression.args, *(k.value for k in expression.kwargs)))
    return False
