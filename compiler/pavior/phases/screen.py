"""Screen: what looks like a secret in a file that people write. It says where, never what.

A file with one is told of nothing else, since whatever else is wrong with it might quote it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from pavior.diagnostics import Diagnostic
from pavior.diagnostics.codes import load as codes
from pavior.diagnostics.secrets import forms, may_name, named
from pavior.model import Document, Path, Source, Span

_HINT = (
    "take it out, and get a new one: the history of a repository keeps what was in it. Put it into the secret store, "
    "and name it there under `secrets`"
)


def screen(source: Source, documents: Sequence[Document]) -> tuple[Diagnostic, ...]:
    """What looks like a secret in the text of a file, and in the values of the documents that could be read of it."""
    text = source.content.decode("utf-8", "replace")
    found = {span: f"this looks like {what}" for span, what in _formed(source.path, text)}
    if documents and may_name(source.content):
        for span, name in _named(documents, text):
            if not any(_overlap(span, known) for known in found):
                found[span] = f"`{name}` is set to what looks like a secret"
    return tuple(Diagnostic(codes.SECRET, span, message, _HINT) for span, message in sorted(found.items()))


def _overlap(one: Span, other: Span) -> bool:
    return (one.line, one.column) < (other.end_line, other.end_column) and (other.line, other.column) < (
        one.end_line,
        one.end_column,
    )


def _formed(file: str, text: str) -> Iterator[tuple[Span, str]]:
    starts: list[int] = []
    for start, end, what in forms(text):
        starts = starts or [0, *(index + 1 for index, character in enumerate(text) if character == "\n")]
        line = bisect_right(starts, start)
        column = start - starts[line - 1] + 1
        yield Span(file, line, column, line, column + end - start), what


def _named(documents: Sequence[Document], text: str) -> Iterator[tuple[Span, str]]:
    for document in documents:
        for path, name, secret in named(document.value):
            yield _span(document, path, secret, text), name


def _span(document: Document, path: Path, secret: str, text: str) -> Span:
    """The secret's own place within the value: a file's content is a value too, and may be long."""
    span = document.positions().value(path)
    lines = text.split("\n")[span.line - 1 : span.end_line]
    for number, line in enumerate(lines, span.line):
        begin = span.column - 1 if number == span.line else 0
        at = line.find(secret, begin)
        if at >= 0:
            return Span(span.file, number, at + 1, number, at + 1 + len(secret))
    return span
