"""Bytes to documents: YAML 1.2 core, with a span for every key and value for whoever asks.

Files come from anyone who can open a pull request. Size and depth are bounded before anything grows with them, and what
readers of YAML read differently is refused: duplicate keys, aliases, merge keys, tags, scalars such as a plain `no`.
"""

from __future__ import annotations

import re
from functools import partial
from itertools import islice
from typing import TypeAlias

from yaml.error import YAMLError
from yaml.nodes import MappingNode, Node, SequenceNode
from yaml.tokens import DocumentStartToken, StreamStartToken

from pavior.diagnostics import Diagnostic, Outcome
from pavior.diagnostics.codes import load as codes
from pavior.model import Document, Positions, Source, Span, Value
from pavior.syntax.composer import TooDeepError, compose, tokens
from pavior.syntax.faults import faults, references
from pavior.syntax.positions import lines_of, positions_of, span_of
from pavior.syntax.values import RefusedError, value_of
from pavior.syntax.wording import syntax_fault

LIMIT = 2**20
"""Bytes of a file that people write."""

MOST_FAULTS = 20
"""More than these of one file help nobody, and a hostile file holds a hundred thousand."""

# The C0 controls but tab, line feed and carriage return, DEL, the C1 controls, separators that only YAML 1.1 breaks lines at,
# characters that turn the direction of text (a reviewer would read something else), byte order marks and non-characters.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|\r(?!\n)")
_PLAIN_ASCII = bytes([0x09, 0x0A, *range(0x20, 0x7F)])


_Refusal: TypeAlias = tuple[Diagnostic, ...]


def load(source: Source, limit: int = LIMIT) -> Outcome[Document]:
    """The one document of a file of at most `limit` bytes, a map at its root."""
    nodes = _compose(source, limit)
    if isinstance(nodes, tuple):
        return Outcome(None, nodes)
    if len(nodes) != 1:
        return Outcome(None, (_second_document(source) if nodes else _empty(source),))
    value = _value(nodes[0], source)
    if isinstance(value, tuple):
        return Outcome(None, value)
    return Outcome(Document(source, value, partial(_Stream(source).positions, 0)))


def load_all(source: Source, limit: int = 16 * LIMIT) -> Outcome[tuple[Document, ...]]:
    """Every document of a file but the empty ones, each a map at its root, with positions in the whole file."""
    nodes = _compose(source, limit)
    if isinstance(nodes, tuple):
        return Outcome(None, nodes)
    stream = _Stream(source)
    documents: list[Document] = []
    found: list[Diagnostic] = []
    for index, node in enumerate(nodes):
        if _is_empty(node):
            continue
        value = _value(node, source)
        if isinstance(value, tuple):
            found.extend(islice(value, MOST_FAULTS - len(found)))
        else:
            documents.append(Document(source, value, partial(stream.positions, index)))
    return Outcome(None, tuple(found)) if found else Outcome(tuple(documents))


class _Stream:
    """The positions of all documents of a file, found when somebody first asks for those of one."""

    __slots__ = ("_positions", "_source")

    def __init__(self, source: Source) -> None:
        self._source = source
        self._positions: list[Positions] | None = None

    def positions(self, index: int) -> Positions:
        if self._positions is None:
            content = self._source.content
            lines = lines_of(content.decode())
            self._positions = [positions_of(node, self._source.path, lines) for node in compose(content)]
        return self._positions[index]


def _compose(source: Source, limit: int) -> list[Node] | _Refusal:
    """The root node of each document; or what makes the file unreadable."""
    content = source.content
    if unreadable := _text_fault(source, limit):
        return (unreadable,)
    if (b"&" in content or b"*" in content or b"!" in content or b"%" in content) and (
        found := tuple(islice(references(source.path, content), MOST_FAULTS))
    ):
        return found
    try:
        return compose(content)
    except (YAMLError, TooDeepError, ValueError, OverflowError) as error:
        return (syntax_fault(source.path, content, lines_of(content.decode()), error),)


def _value(node: Node, source: Source) -> dict[str, Value] | _Refusal:
    """The value of a document; or what is refused in it."""
    if node.__class__ is not MappingNode:
        return (_not_a_map(node, source),)
    try:
        value: dict[str, Value] = value_of(node)
    except RefusedError:
        return tuple(islice(faults(node, source.path), MOST_FAULTS))
    # An escape such as "\0" brings in what `_text_fault` keeps out.
    if b"\\" in source.content and (found := tuple(islice(faults(node, source.path), MOST_FAULTS))):
        return found
    return value


def _text_fault(source: Source, limit: int) -> Diagnostic | None:
    """Why the bytes are not text that people can read and review."""
    content, file = source.content, source.path
    if len(content) > limit:
        return too_large(file, limit)
    if not content.translate(None, _PLAIN_ASCII):
        return None
    return _encoding_fault(file, content) or _character_fault(file, content.decode())


def _encoding_fault(file: str, content: bytes) -> Diagnostic | None:
    if content.startswith(b"\xef\xbb\xbf"):
        span, hint = Span(file, 1, 1, 1, 2), "save the file as UTF-8 without byte order mark"
        return Diagnostic(codes.BYTE_ORDER_MARK, span, "the file begins with a byte order mark", hint)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Diagnostic(codes.NOT_UTF_8, Span(file), "the file is UTF-16 text", "save it as UTF-8")
    try:
        content.decode()
    except UnicodeDecodeError as error:
        span = _character_after(file, content[: error.start].decode())
        message = f"the byte 0x{content[error.start]:02x} is not UTF-8 text"
        return Diagnostic(codes.NOT_UTF_8, span, message, "save the file as UTF-8")
    return None


def _character_fault(file: str, text: str) -> Diagnostic | None:
    forbidden = _FORBIDDEN.search(text)
    if forbidden is None:
        return None
    message = f"the character U+{ord(forbidden.group()):04X} controls terminals or the layout of text, and is not read"
    return Diagnostic(codes.CONTROL_CHARACTER, _character_after(file, text[: forbidden.start()]), message, "remove it")


def too_large(file: str, limit: int) -> Diagnostic:
    hint = "split it, or keep large content outside the platform repository"
    return Diagnostic(codes.TOO_LARGE, Span(file), f"the file is larger than {limit // 1024:,} KiB", hint)


def _character_after(file: str, before: str) -> Span:
    """The one character after the text `before`."""
    line = before.count("\n") + 1
    column = len(before) - before.rfind("\n")
    return Span(file, line, column, line, column + 1)


def _is_empty(node: Node) -> bool:
    return node.value == "" and not getattr(node, "style", None)


def _empty(source: Source) -> Diagnostic:
    hint = "write its fields as `key: value` lines, or remove the file"
    return Diagnostic(codes.NOT_A_MAP, Span(source.path), "the file is empty", hint)


def _not_a_map(node: Node, source: Source) -> Diagnostic:
    if _is_empty(node):
        return _empty(source)
    span = positions_of(node, source.path, lines_of(source.content.decode())).values[()]
    held = "a list" if isinstance(node, SequenceNode) else "a single value"
    return Diagnostic(
        codes.NOT_A_MAP, span, f"the document is {held}, not a map", "write its fields as `key: value` lines"
    )


def _second_document(source: Source) -> Diagnostic:
    """`---` before the first document is a habit of many and no second one."""
    first: int | None = None
    span = Span(source.path)
    for token in tokens(source.content):
        if isinstance(token, DocumentStartToken):
            span = span_of(source.path, token.start_mark, token.end_mark)
            if first is not None:
                break
            first = token.start_mark.line
        elif first is None and not isinstance(token, StreamStartToken):
            first = token.start_mark.line
    message, hint = "the file holds more than one document", "remove this line and what does not belong here"
    return Diagnostic(codes.SEVERAL_DOCUMENTS, span, message, hint)
