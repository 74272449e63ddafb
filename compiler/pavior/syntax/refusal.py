"""Why a file is not loaded: the slow and careful look at what was refused quickly."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from yaml.error import YAMLError
from yaml.nodes import MappingNode, Node, SequenceNode
from yaml.tokens import DocumentStartToken, StreamStartToken

from pavior.diagnostics import Diagnostic, Edit, Fix
from pavior.diagnostics.codes import load as codes
from pavior.model import Source, Span
from pavior.syntax.composer import TooDeepError, compose, explains, tokens
from pavior.syntax.faults import faults, may_refer, references
from pavior.syntax.positions import lines_of, positions_of, span_of
from pavior.syntax.wording import syntax_fault

MOST_FAULTS = 20
"""More than these of one file help nobody, and a hostile file holds a hundred thousand."""

# The C0 controls but tab, line feed and carriage return, DEL, the C1 controls, separators that only YAML 1.1 breaks lines at,
# characters that turn the direction of text (a reviewer would read something else), byte order marks and non-characters.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|\r(?!\n)")
_PLAIN_ASCII = bytes([0x09, 0x0A, *range(0x20, 0x7F)])


def refusal(source: Source, limit: int, found: Exception, *, single: bool) -> tuple[Diagnostic, ...]:
    """At least one diagnostic for a file that was refused with `found`; `single`: it is to hold one document.

    PyYAML's own parser finds the words even where libyaml parsed, so that a file has the same diagnostics on every machine.
    """
    if unreadable := text_fault(source, limit):
        return (unreadable,)
    pure = explains(source.content)
    diagnostics = tuple(islice(_faults(source, single, pure), MOST_FAULTS))
    if not diagnostics and pure:
        diagnostics = tuple(islice(_faults(source, single, False), MOST_FAULTS))
    if not diagnostics:
        raise AssertionError(f"refused without a reason: {source.path}") from found
    return diagnostics


def _faults(source: Source, single: bool, pure: bool) -> Iterator[Diagnostic]:
    file, content = source.path, source.content
    referring = False
    if may_refer(content):
        for diagnostic in references(file, tokens(content, pure=pure)):
            referring = True
            yield diagnostic
    if referring:
        return
    try:
        nodes = compose(content, pure=pure)
    except (YAMLError, TooDeepError, ValueError, OverflowError) as error:
        yield syntax_fault(file, lines_of(content.decode()), error)
        return
    if single and len(nodes) != 1:
        yield _second_document(source, sum(not is_empty(node) for node in nodes)) if nodes else _empty(source)
        return
    for node in nodes:
        if isinstance(node, MappingNode):
            yield from faults(node, file)
        elif single or not is_empty(node):
            yield _not_a_map(node, source)


def text_fault(source: Source, limit: int) -> Diagnostic | None:
    """Why the bytes are not text that people can read and review."""
    content, file = source.content, source.path
    if len(content) > limit:
        return _too_large(file, limit)
    if not content.translate(None, _PLAIN_ASCII):
        return None
    return _encoding_fault(file, content) or _character_fault(file, content.decode())


def _encoding_fault(file: str, content: bytes) -> Diagnostic | None:
    if content.startswith(b"\xef\xbb\xbf"):
        span, hint = Span(file, 1, 1, 1, 2), "save the file as UTF-8 without byte order mark"
        fix = Fix((Edit(span, ""),))
        return Diagnostic(codes.BYTE_ORDER_MARK, span, "the file begins with a byte order mark", hint, fix=fix)
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


def _too_large(file: str, limit: int) -> Diagnostic:
    hint = "split it, or keep large content outside the platform repository"
    return Diagnostic(codes.TOO_LARGE, Span(file), f"the file is larger than {limit // 1024:,} KiB", hint)


def _character_after(file: str, before: str) -> Span:
    """The one character after the text `before`."""
    line = before.count("\n") + 1
    column = len(before) - before.rfind("\n")
    return Span(file, line, column, line, column + 1)


def is_empty(node: Node) -> bool:
    """Whether a document holds nothing, not even a null that is written."""
    return node.value == "" and not getattr(node, "style", None)


def _empty(source: Source) -> Diagnostic:
    hint = "write its fields as `key: value` lines, or remove the file"
    return Diagnostic(codes.NOT_A_MAP, Span(source.path), "the file is empty", hint)


def _not_a_map(node: Node, source: Source) -> Diagnostic:
    if is_empty(node):
        return _empty(source)
    span = positions_of(node, source.path, lines_of(source.content.decode())).values[()]
    held = "a list" if isinstance(node, SequenceNode) else "a single value"
    return Diagnostic(
        codes.NOT_A_MAP, span, f"the document is {held}, not a map", "write its fields as `key: value` lines"
    )


def _second_document(source: Source, filled: int) -> Diagnostic:
    """`---` before the first document is a habit of many and no second one. `filled` documents hold something."""
    starts: list[Span] = []
    begun = False
    for token in tokens(source.content):
        if isinstance(token, DocumentStartToken):
            starts.append(span_of(source.path, token.start_mark, token.end_mark))
        elif not starts and not isinstance(token, StreamStartToken):
            begun = True  # the first document has no line of its own that starts it
    surplus = starts if begun else starts[1:]
    span = surplus[0] if surplus else Span(source.path)
    message, hint = "the file holds more than one document", "remove this line and what does not belong here"
    return Diagnostic(codes.SEVERAL_DOCUMENTS, span, message, hint, fix=_one_document(source, surplus, filled))


def _one_document(source: Source, surplus: Sequence[Span], filled: int) -> Fix | None:
    """Where the other documents hold nothing, the lines that start them mean nothing either."""
    lines = lines_of(source.content.decode())
    if filled != 1 or any(lines[span.line - 1].strip() != "---" for span in surplus):
        return None
    return Fix(tuple(Edit(Span(span.file, span.line, 1, span.line + 1, 1), "") for span in surplus))
