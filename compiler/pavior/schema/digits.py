"""Numbers that stand where text may stand, and lose digits that the text would have kept: `1.10` is the number 1.1."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from pavior.diagnostics.codes import validate as codes
from pavior.model import Path, Value
from pavior.schema import Node
from pavior.schema.fault import Fault
from pavior.schema.wording import name_of, quoted

_ANY_SCALAR = frozenset({"string", "number", "boolean"})


def lost_digits(root: Node, value: Value, written: Callable[[Path], str | None]) -> Iterator[Fault]:
    """A fault for each number of a file that becomes text in another form than `written` says it has."""
    for path, number in _fractions(value):
        if any(_ANY_SCALAR.issubset(node.get("type", ())) for node in _nodes(root, root, path)):
            text, kept = written(path), _as_text(number)
            if text is not None and text != kept:
                message = f"{name_of(path, 'this')} is the number {quoted(kept)}, not the text {quoted(text)}"
                hint = f'quote it: `"{text}"`, or write {quoted(kept)}'
                yield Fault(codes.WRONG_TYPE, path, message, hint, replacement=f'"{text}"')


def _as_text(number: float) -> str:
    """The number as it reads inside text: neither an exponent nor a needless point."""
    text = format(Decimal(repr(number)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _fractions(value: Value, at: Path = ()) -> Iterator[tuple[Path, float]]:
    if isinstance(value, float):
        yield at, value
    elif isinstance(value, dict | list):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(child, dict | list | float):
                yield from _fractions(child, (*at, key))


def _nodes(root: Node, node: Node, path: Path) -> Iterator[Node]:
    """The schemas of what stands at `path`, one for each branch that knows it."""
    if "$ref" in node:
        yield from _nodes(root, root["$defs"][node["$ref"].rpartition("/")[2]], path)
    for branch in (*node.get("anyOf", ()), *node.get("oneOf", ())):
        yield from _nodes(root, branch, path)
    if not path:
        yield node
        return
    step, rest = path[0], path[1:]
    inner = node.get("items") if isinstance(step, int) else node.get("properties", {}).get(step)
    inner = node.get("additionalProperties") if inner is None and isinstance(step, str) else inner
    if isinstance(inner, dict):
        yield from _nodes(root, inner, rest)
