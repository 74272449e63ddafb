"""The lines of a file that a span marks, underlined."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pavior.diagnostics.secrets import conceal
from pavior.model import Span
from pavior.report.escaping import visible, width, without_commands

_TAB = "    "
_WIDEST = 120
_BEFORE = 40
"""How much of a line that is too wide is shown before what is marked."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A line of source and the marks below it, both ready to print."""

    number: int
    source: str
    indentation: str
    marks: str
    trailer: str


def lines_of(content: bytes | None) -> list[str]:
    """The lines of a file as people see them, whatever it holds."""
    if content is None:
        return []
    *ended, last = content.decode("utf-8", "replace").split("\n")
    return [*(line.removesuffix("\r") for line in ended), last]


def hide(lines: list[str], spans: Iterable[Span]) -> list[str]:
    """The lines with stars where the spans are."""
    hidden = list(lines)
    for span in spans:
        for number in range(max(span.line, 1), min(span.end_line, len(hidden)) + 1):
            line = hidden[number - 1]
            start = span.column - 1 if number == span.line else 0
            end = span.end_column - 1 if number == span.end_line else len(line)
            hidden[number - 1] = line[:start] + "*" * len(line[start:end]) + line[end:]
    return hidden


def excerpt(lines: list[str], span: Span, mark: str) -> Excerpt | None:
    """The first line of `span`; None where the file has no such line or nothing is on it."""
    if not 0 < span.line <= len(lines) or (span.line == span.end_line and not lines[span.line - 1].strip()):
        return None
    line = conceal(lines[span.line - 1])
    start = min(span.column - 1, len(line))
    end = min(span.end_column - 1, len(line)) if span.end_line == span.line else len(line.rstrip())
    end = max(end, start)
    cut = max(0, start - _BEFORE) if len(line) > _WIDEST else 0
    before, marked, after = line[cut:start], line[start:end], line[end:]
    room = max(_WIDEST - len(before), _BEFORE)
    shortened = len(marked) + len(after) > room
    if shortened:
        marked, after = marked[:room], after[: max(0, room - len(marked))]
    leading = ("…" if cut else "") + _shown(before)
    shown = leading + _shown(marked) + _shown(after) + ("…" if shortened else "")
    trailer = f" … to line {span.end_line}" if span.end_line > span.line else ""
    marks = mark * max(1, width(_shown(marked)))
    return Excerpt(span.line, without_commands(shown.rstrip()), " " * width(leading), marks, trailer)


def _shown(text: str) -> str:
    return visible(text.replace("\t", _TAB))
