"""A layout → text, the same for all that differ in layout alone. Indentation is two, also of lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pavior.model import Path
from pavior.syntax.layout import Collection, Layout, Line, Member, Text

Orders = Mapping[Path, Sequence[str]]
"""The keys of maps in the order that they should have, by where the map is; other keys come after them as they are."""


def write(layout: Layout, orders: Orders) -> str:
    """The text of a file; it ends with a line feed."""
    writer = _Writer(orders)
    writer.above(0, layout.head)
    if layout.root.on_one_line or not layout.root.members:
        writer.put(0, writer.flow(layout.root, ()))
        writer.above(0, layout.root.below)
    else:
        writer.members(0, layout.root, ())
    return "".join(f"{line}\n" for line in writer.lines)


class _Writer:
    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.lines: list[str] = []
        self.keeps_blanks = False
        """A blank line would now belong to the block scalar above it."""

    def put(self, indentation: int, text: str) -> None:
        self.lines.append(" " * indentation + text)
        self.keeps_blanks = False

    def blank(self) -> None:
        if self.lines and self.lines[-1] and not self.keeps_blanks:
            self.lines.append("")

    def above(self, indentation: int, lines: Sequence[Line]) -> None:
        for line in lines:
            if line is None:
                self.blank()
            else:
                self.put(indentation, line)

    def members(self, indentation: int, collection: Collection, path: Path) -> None:
        """A block collection. Blank lines go where their member goes, but none is at the beginning."""
        members = self._ordered(collection, path)
        touching = False
        for index, member in enumerate(members):
            above = member.above if index else _begun(member.above)
            if touching:
                self.blank()
            self.above(indentation, above)
            inner = (*path, member.name if collection.is_map else collection.members.index(member))
            self._member(indentation, f"{member.key}:" if collection.is_map else "-", member, inner)
            self.above(indentation, member.after)
            touching = bool(member.after)
        self.above(indentation, collection.below)

    def _ordered(self, collection: Collection, path: Path) -> Sequence[Member]:
        order = self.orders.get(path)
        if not collection.is_map or not order:
            return collection.members
        ranks = {name: rank for rank, name in enumerate(order)}
        return sorted(collection.members, key=lambda member: ranks.get(member.name, len(ranks)))

    def _member(self, indentation: int, head: str, member: Member, path: Path) -> None:
        value = member.value
        if isinstance(value, Text):
            self._text(indentation, head, member, value)
        elif value.on_one_line or not value.members:
            flow = self.flow(value, path)
            self._text(indentation, head, member, Text((flow,)))
            self.above(indentation, value.below)
        elif head == "-" and not member.opening and not _begun(self._ordered(value, path)[0].above):
            begin = len(self.lines)
            self.members(indentation + 2, value, path)
            self.lines[begin] = f"{' ' * indentation}- {self.lines[begin][indentation + 2 :]}"
        else:
            self.put(indentation, head + member.opening)
            self.members(indentation + 2, value, path)

    def _text(self, indentation: int, head: str, member: Member, text: Text) -> None:
        """A value that begins on the line of its key or dash, unless comments stand between."""
        first, others = (text.lines[0], text.lines[1:]) if text.lines else ("", ())
        if member.opening or member.between:
            self.put(indentation, head + member.opening)
            self.above(indentation + 2, member.between)
            indentation, begun = indentation + 2, first
        else:
            begun = f"{head} {first}" if first else head
        self.put(indentation, begun + (member.comment if text.is_block or not others else ""))
        inner = indentation if member.opening or member.between else indentation + 2
        for line in others:
            self.lines.append(" " * inner + line if line else "")
        if others and not text.is_block:
            self.lines[-1] += member.comment
        self.keeps_blanks = text.keeps_blanks

    def flow(self, value: Text | Collection, path: Path) -> str:
        """A value in brackets, on one line."""
        if isinstance(value, Text):
            return value.lines[0] if value.lines else ""
        parts = []
        for member in self._ordered(value, path):
            at = (*path, member.name if value.is_map else value.members.index(member))
            text = self.flow(member.value, at)
            parts.append((f"{member.key}: {text}" if text else member.key) if value.is_map else text)
        return f"{{{', '.join(parts)}}}" if value.is_map else f"[{', '.join(parts)}]"


def _begun(lines: Sequence[Line]) -> Sequence[Line]:
    """The lines from the first on that isn't blank."""
    return lines[next((index for index, line in enumerate(lines) if line is not None), len(lines)) :]
