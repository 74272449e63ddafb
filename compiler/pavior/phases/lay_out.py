"""Lay out: a file that loads → the same in the one layout, comments and all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from yaml.error import YAMLError

from pavior.model import Document, Path, Source
from pavior.syntax.composer import compose
from pavior.syntax.layout.read import read
from pavior.syntax.layout.write import write
from pavior.syntax.values import RefusedError, value_of


def lay_out(document: Document, orders: Mapping[Path, Sequence[str]]) -> Source:
    """The file laid out, its fields in `orders`, which has names by the path of their map. It ends lines as its first one does.

    What would not read back as the same value stays as it is.
    """
    source = document.source
    plain = Source(source.path, source.content.replace(b"\r\n", b"\n"))
    content = write(read(plain), orders).encode()
    if not _says(content, document.value):
        return source
    first = source.content.find(b"\n")
    returns = source.content[first - 1 : first] == b"\r"
    return Source(source.path, content.replace(b"\n", b"\r\n") if returns else content)


def _says(content: bytes, value: object) -> bool:
    try:
        nodes = compose(content)
        return len(nodes) == 1 and value_of(nodes[0]) == value
    except (YAMLError, RefusedError, ValueError):
        return False
