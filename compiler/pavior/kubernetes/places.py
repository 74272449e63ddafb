"""Where a field of a manifest stands in a file of several documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pavior.model import Span
from pavior.syntax.pointers import item_index


@dataclass(frozen=True, slots=True)
class Place:
    """A manifest by what it is called: apiVersion, kind and name."""

    api_version: str
    kind: str
    name: str


def places(file: Path, shown: str, manifest: Place) -> Callable[[str], Span]:
    """From a JSON pointer into `manifest` to its span in `file`, which people know as `shown`.

    What cannot be found has the span of the nearest thing around it, at worst the start of the file.
    """
    documents = list(_documents(file))
    document = next((each for each in documents if _name(each) == manifest), None)

    def place(pointer: str) -> Span:
        if document is None:
            return Span(shown)
        node = document
        for step in pointer.split("/")[1:]:
            inner = _child(node, step.replace("~1", "/").replace("~0", "~"))
            if inner is None:
                break
            node = inner
        start, end = node.start_mark, node.end_mark
        if start.line != end.line:  # of a map or list its first line says enough
            return Span(shown, start.line + 1, start.column + 1, start.line + 1, start.column + 2)
        return Span(shown, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    return place


def _documents(file: Path) -> Iterator[Any]:
    from pavior.syntax.tolerant import nodes_of  # noqa: PLC0415  # not needed to start

    yield from nodes_of(file.read_bytes()) or ()


def _name(document: Any) -> Place:
    metadata = _child(document, "metadata")
    named = _child(metadata, "name") if metadata is not None else None
    fields = (_child(document, "apiVersion"), _child(document, "kind"), named)
    return Place(*(str(getattr(field, "value", "")) for field in fields))


def _child(node: Any, step: str) -> Any:
    if isinstance(node.value, list):
        if node.value and not isinstance(node.value[0], tuple):
            index = item_index(step, len(node.value))
            return node.value[index] if index is not None else None
        return next((value for key, value in node.value if key.value == step), None)
    return None
