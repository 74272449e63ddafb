"""Where a word of an expression stands in its file, however the YAML around it is written."""

from __future__ import annotations

from pavior.model import Document, Path, Span


def place(document: Document, path: Path, text: str, at: int, word: str) -> Span:
    """The span of the word at `at` in the expression `text`, the value at `path`; of the whole value where it is not found."""
    whole = document.positions().value(path)
    lines = document.source.content.decode("utf-8", "replace").splitlines()[whole.line - 1 : whole.end_line]
    if not word or not lines:
        return _short(whole, lines)
    # YAML may fold, indent and quote: the word is the same one of those spelt alike.
    before = text.count(word, 0, at)
    for offset, line in enumerate(lines):
        start = whole.column - 1 if offset == 0 else 0
        end = whole.end_column - 1 if whole.line + offset == whole.end_line else len(line)
        column = line.find(word, start, end)
        while column >= 0:
            if before == 0:
                number = whole.line + offset
                return Span(whole.file, number, column + 1, number, column + 1 + len(word))
            before -= 1
            column = line.find(word, column + len(word), end)
    return _short(whole, lines)


def _short(whole: Span, lines: list[str]) -> Span:
    """The first line of a span: an expression of ten lines is not shown whole."""
    if whole.line == whole.end_line or not lines:
        return whole
    return Span(whole.file, whole.line, whole.column, whole.line, len(lines[0]) + 1)
