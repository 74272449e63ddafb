"""Bytes to documents: YAML 1.2 core, with a span for every key and value for whoever asks.

Files come from anyone who can open a pull request. Size and depth are bounded before anything grows with them, and what
readers of YAML read differently is refused: duplicate keys, aliases, merge keys, tags, scalars such as a plain `no`.
"""

from __future__ import annotations

from functools import partial

from yaml.error import YAMLError
from yaml.nodes import MappingNode, Node

from pavior.diagnostics import Outcome
from pavior.model import Document, Positions, Source, Value
from pavior.syntax.composer import TooDeepError, compose, tokens
from pavior.syntax.faults import faults, may_refer, references
from pavior.syntax.positions import lines_of, positions_of
from pavior.syntax.refusal import is_empty, refusal, text_fault
from pavior.syntax.values import RefusedError, value_of

LIMIT = 2**18
"""Bytes of a file that people write. A node of a few bytes takes some hundred bytes of memory while it is read."""


def load(source: Source, limit: int = LIMIT) -> Outcome[Document]:
    """The one document of a file of at most `limit` bytes, a map at its root."""
    try:
        nodes = _nodes(source, limit)
        if len(nodes) != 1:
            raise RefusedError
        value = _value(nodes[0], source)
    except (RefusedError, YAMLError, TooDeepError, ValueError, OverflowError) as error:
        return Outcome(None, refusal(source, limit, error, single=True))
    return Outcome(Document(source, value, partial(Stream(source).positions, 0)))


def load_all(source: Source, limit: int = 4 * LIMIT) -> Outcome[tuple[Document, ...]]:
    """Every document of a file but the empty ones, each a map at its root, with positions in the whole file."""
    stream = Stream(source)
    documents = []
    try:
        for index, node in enumerate(_nodes(source, limit)):
            if not is_empty(node):
                documents.append(Document(source, _value(node, source), partial(stream.positions, index)))
    except (RefusedError, YAMLError, TooDeepError, ValueError, OverflowError) as error:
        return Outcome(None, refusal(source, limit, error, single=False))
    return Outcome(tuple(documents))


class Stream:
    """The positions of all documents of a file, found when somebody first asks for those of one."""

    __slots__ = ("_positions", "source")

    def __init__(self, source: Source) -> None:
        self.source = source
        self._positions: list[Positions] | None = None

    def positions(self, index: int) -> Positions:
        if self._positions is None:
            content = self.source.content
            lines = lines_of(content.decode())
            self._positions = [positions_of(node, self.source.path, lines) for node in compose(content)]
        return self._positions[index]


def _nodes(source: Source, limit: int) -> list[Node]:
    """The root node of each document; raises where the file as a whole is refused."""
    content = source.content
    if text_fault(source, limit):
        raise RefusedError
    if may_refer(content) and any(references(source.path, tokens(content))):
        raise RefusedError
    return compose(content)


def _value(node: Node, source: Source) -> dict[str, Value]:
    """The value of a document; raises where something in it is refused."""
    if node.__class__ is not MappingNode:
        raise RefusedError
    value: dict[str, Value] = value_of(node)
    # An escape such as "\0" brings in what `text_fault` keeps out.
    if b"\\" in source.content and any(faults(node, source.path)):
        raise RefusedError
    return value
