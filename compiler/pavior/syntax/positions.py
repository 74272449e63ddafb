"""Nodes to the spans of their keys and values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yaml.error import Mark
from yaml.nodes import MappingNode, Node, ScalarNode

from pavior.model import Path, Positions, Source, Span


def lines_of(text: str) -> list[str]:
    """The lines of `text` without their breaks; the last one is empty where the text ends with a break."""
    *ended, last = text.split("\n")
    return [*(line.removesuffix("\r") for line in ended), last]


def span_of(file: str, start: Mark, end: Mark) -> Span:
    """The span between two of PyYAML's marks, which count from 0."""
    return Span(file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def text_at(source: Source, span: Span) -> str:
    """What stands in `source` at `span`, as it is written there."""
    lines = lines_of(source.content.decode("utf-8", "replace"))[span.line - 1 : span.end_line]
    if not lines:
        return ""
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    return "\n".join(lines)


def positions_of(node: Node, file: str, lines: Sequence[str]) -> Positions:
    """The spans of `node`'s document. Of keys written twice the last counts; keys that are no scalars have none."""
    keys: dict[Path, Span] = {}
    values: dict[Path, Span] = {}

    def walk(node: Node, path: Path) -> Span:
        """Records `node` and what is in it; returns its span."""
        content: Any = node.value
        values[path] = span = span_of(file, node.start_mark, node.end_mark)
        if isinstance(node, ScalarNode):
            if node.style in ("|", ">"):
                values[path] = _block_scalar(span, lines)
            return values[path]
        last = span
        if isinstance(node, MappingNode):
            for key, value in content:
                name = key.value if isinstance(key, ScalarNode) else repr(key.start_mark.index)
                keys[*path, name] = span_of(file, key.start_mark, key.end_mark)
                last = walk(value, (*path, name))
                if (
                    isinstance(value, ScalarNode)
                    and not value.value
                    and not value.style
                    and not _follows_colon(last, lines)
                ):
                    # `? key` alone: the parsers put its value at the next token, which may be beyond the end.
                    end = key.end_mark
                    last = values[*path, name] = span_of(file, end, end)
        else:
            for index, item in enumerate(content):
                last = walk(item, (*path, index))
        if content and not node.flow_style:  # type: ignore[attr-defined]
            # The parser ends a block collection where the next token begins, beyond blank lines and comments.
            values[path] = Span(file, span.line, span.column, last.end_line, last.end_column)
        return values[path]

    walk(node, ())
    return Positions(keys, values)


def _follows_colon(span: Span, lines: Sequence[str]) -> bool:
    return span.line <= len(lines) and lines[span.line - 1][max(span.column - 2, 0) : span.column - 1] == ":"


def _block_scalar(span: Span, lines: Sequence[str]) -> Span:
    """The parser ends a block scalar at the start of the line after it; ends it after its last character instead."""
    last = min(span.end_line - (span.end_column == 1), len(lines))
    while last > span.line and not lines[last - 1].strip():
        last -= 1
    if last <= span.line:
        return Span(
            span.file,
            span.line,
            span.column,
            span.line,
            span.column + len(lines[span.line - 1][span.column - 1 :].split()[0]),
        )
    return Span(span.file, span.line, span.column, last, len(lines[last - 1].rstrip()) + 1)
