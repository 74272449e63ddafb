"""Text edits: what a `Fix` does to a file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

from pavior.diagnostics import Edit
from pavior.model import Source, Span


def edited(source: Source, edits: Iterable[Edit]) -> tuple[Source, tuple[Span, ...]]:
    """The file with all `edits` done, every other byte as it was, and where in it the text of each stands now, in their order.

    `edits` don't overlap and are of this file, which is UTF-8 text. A place beyond the end of the file is its end.
    """
    text = source.content.decode()
    starts = _line_starts(text)
    pieces: list[str] = []
    ranges: list[tuple[int, int, int]] = []
    done = length = 0
    for index, edit in sorted(enumerate(edits), key=lambda each: each[1].span):
        start = _offset(starts, text, edit.span.line, edit.span.column)
        pieces += [text[done:start], edit.text]
        length += start - done
        ranges.append((index, length, length + len(edit.text)))
        length += len(edit.text)
        done = _offset(starts, text, edit.span.end_line, edit.span.end_column)
    new = "".join((*pieces, text[done:]))
    after = _line_starts(new)
    spans = tuple(_span(source.path, after, start, end) for _, start, end in sorted(ranges))
    return Source(source.path, new.encode()), spans


def _line_starts(text: str) -> list[int]:
    return [0, *accumulate(len(line) + 1 for line in text.split("\n"))]


def _offset(starts: list[int], text: str, line: int, column: int) -> int:
    return min(starts[line - 1] + column - 1, len(text)) if line <= len(starts) else len(text)


def _span(file: str, starts: list[int], start: int, end: int) -> Span:
    first, last = bisect_right(starts, start), bisect_right(starts, end)
    return Span(file, first, start - starts[first - 1] + 1, last, end - starts[last - 1] + 1)
