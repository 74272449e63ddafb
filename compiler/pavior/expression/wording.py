"""How faults speak: the words that were probably meant, what types are called, where an expression stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jinja2 import nodes

from pavior.diagnostics.suggest import did_you_mean
from pavior.expression.tree import Site
from pavior.model import Span

_NOUNS = {
    "object": "a map",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "boolean": "a boolean",
    "null": "nothing",
}
_SHOWN = 12
_WORDS: dict[type[nodes.Node], str] = {
    nodes.Name: "name",
    nodes.Getattr: "attr",
    nodes.Filter: "name",
    nodes.Const: "value",
}
"""The attribute of a node that holds its last word."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression stands: its offsets count from `shift` in the site's text."""

    site: Site
    shift: int = 0

    def span(self, start: int, length: int) -> Span:
        return self.site.part(start + self.shift, start + self.shift + length)

    def find(self, word: str, start: int) -> int:
        """Where a word stands, at `start` or after it."""
        return max(self.site.written.find(word, start + self.shift) - self.shift, start)

    def extent(self, node: nodes.Node) -> Span:
        """The span of an expression, from its first word to its last."""
        start, end = node.lineno, node.lineno + 1
        for part in (node, *node.find_all(nodes.Expr)):
            word = _WORDS.get(type(part), "")
            written = str(getattr(part, word)) if word else "."
            start, end = min(start, part.lineno), max(end, self.find(written, part.lineno) + len(written))
        return self.span(start, end - start)


def meant(word: str, known: Iterable[str]) -> str | None:
    """A hint that names the closest known word, if one is close."""
    near = did_you_mean(word, known)
    return f"did you mean `{near}`?" if near else None


def nouns(kinds: frozenset[str]) -> str:
    """JSON types as people call them: `a list or text`."""
    return " or ".join(_NOUNS[kind] for kind in sorted(kinds - {"null"})) or "nothing"


def listed(names: Sequence[str]) -> str:
    """The first names of many."""
    shown = ", ".join(names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown or "no fields"


def spelled(node: nodes.Expr) -> str:
    """A path as its author wrote it, more or less."""
    match node:
        case nodes.Name():
            return node.name
        case nodes.Getattr():
            return f"{spelled(node.node)}.{node.attr}"
        case nodes.Getitem(arg=nodes.Const() as key):
            return f"{spelled(node.node)}[{key.value!r}]"
    return "…"
