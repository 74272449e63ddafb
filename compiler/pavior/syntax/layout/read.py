"""A file that loads → its layout.

A comment belongs to the key below it; one that touches what is above it and not what is below to what is above; one at the
end of a map, by its column, to the map.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode

from pavior.model import Source
from pavior.syntax.composer import compose
from pavior.syntax.layout import Collection, Layout, Line, Member, Text
from pavior.syntax.layout.trivia import Cursor

_MODELINE = re.compile(r"#\s*yaml-language-server:")
_NEEDS_NO_ESCAPE = re.compile(r"'[^'\"\\]*'")


def read(source: Source) -> Layout:
    """The layout of a file that loads: one document, a map. It has no carriage returns."""
    root: Any
    (root,) = compose(source.content)
    reader = _Reader(source)
    start = reader.cursor.offset(root.start_mark)
    above = reader.cursor.lines(start)
    collection = reader.collection(root, len(reader.cursor.text), -1)
    if root.flow_style:
        reader.ending(collection, len(reader.cursor.text), 0)
    collection.below += _unended(reader.cursor.lines(len(reader.cursor.text)))
    return _headed(above, collection)


def _headed(above: list[Line], root: Collection) -> Layout:
    """Tells what is the file's, up to a blank line or `---`, or for an editor, from what is said of the first key."""
    ends = (index for index, line in enumerate(above) if line is None or line.startswith("---"))
    end = max(ends, default=-1) + 1
    while end < len(above) and _MODELINE.match(above[end] or ""):
        end += 1
    if root.members:
        root.members[0].above[:0] = above[end:]
        return Layout(above[:end], root)
    return Layout(above, root)


def _commented(lines: list[Line]) -> list[Line]:
    """The lines, if a comment is among them."""
    return lines if any(line is not None for line in lines) else []


def _unended(lines: list[Line]) -> list[Line]:
    """The lines without blank ones at their end."""
    return lines[: max((index + 1 for index, line in enumerate(lines) if line is not None), default=0)]


class _Reader:
    """Makes the layout of nodes from where the cursor is, up to where each ends and the rest of that line."""

    def __init__(self, source: Source) -> None:
        self.cursor = Cursor(source.content.decode())

    def collection(self, node: Any, stop: int, outside: int) -> Collection:
        """What begins at the cursor, in something that begins in column `outside`; `stop` is where the next node begins."""
        cursor = self.cursor
        start, end = cursor.offset(node.start_mark), cursor.offset(node.end_mark)
        in_brackets = bool(node.flow_style)
        made = Collection(isinstance(node, MappingNode), in_brackets and "\n" not in cursor.text[start:end])
        children: list[tuple[Node | None, Node]] = node.value if made.is_map else [(None, item) for item in node.value]
        begin = [cursor.offset((key or value).start_mark) for key, value in children]
        inner = end - 1 if in_brackets else stop
        if in_brackets:
            cursor.position = max(cursor.position, start + 1)
        column = cursor.column(start)
        for index, (key, value) in enumerate(children):
            at = begin[index]
            dashed = not in_brackets and key is None
            if dashed:
                at = cursor.dash(at)
                column = cursor.column(at)
            lines = cursor.lines(at)
            if dashed:
                cursor.position = at + 1
            above = self._parted(lines, made.members)
            next_ = begin[index + 1] if index + 1 < len(begin) else inner
            made.members.append(self._member(above, key, value, next_, outside if in_brackets else column))
        if in_brackets:
            made.below += _unended(cursor.lines(inner))
            cursor.position = end
        else:
            made.below += cursor.deeper(stop, max(column, outside + 1))
        return made

    def _parted(self, lines: list[Line], members: Sequence[Member]) -> list[Line]:
        """The lines that belong to what is below them; gives the member above the others."""
        if members and lines and lines[0] is not None and None in lines:
            end = lines.index(None)
            members[-1].after += lines[:end]
            return lines[end:]
        return lines

    def _member(self, above: list[Line], key: Any, value: Any, stop: int, column: int) -> Member:
        member = Member(above)
        cursor = self.cursor
        if key is not None:
            member.name = key.value
            member.key = self._key(key, above)
            cursor.position = cursor.offset(key.end_mark)
        if isinstance(value, ScalarNode) and not value.style and not value.value:
            member.comment = cursor.comment(stop)
            return member
        start = cursor.offset(value.start_mark)
        member.opening = cursor.comment(start)
        if isinstance(value, ScalarNode):
            member.between = _commented(cursor.lines(start))
            self._scalar(member, value, stop, column)
            return member
        self._opened(member, value, start)
        member.value = self.collection(value, stop, column)
        if member.between and not member.value.on_one_line:
            self._lowered(member, member.value)
        self.ending(member, stop, column)
        return member

    def _opened(self, member: Member, value: Any, start: int) -> None:
        """Passes over the bracket that opens a collection, if there is one."""
        cursor = self.cursor
        if value.flow_style:
            member.between = _commented(cursor.lines(start))
            cursor.position = start + 1
            if not member.opening and "\n" in cursor.text[start : cursor.offset(value.end_mark)]:
                member.opening = cursor.comment(
                    cursor.offset(value.end_mark) - 1 if not value.value else self._first(value)
                )

    def _first(self, value: Any) -> int:
        first = value.value[0][0] if isinstance(value, MappingNode) else value.value[0]
        return self.cursor.offset(first.start_mark)

    def _lowered(self, member: Member, value: Collection) -> None:
        """Lines between a key and the bracket after it come before what is in the brackets."""
        lines = value.members[0].above if value.members else value.below
        lines[:0] = member.between
        member.between = []

    def ending(self, member: Member | Collection, stop: int, column: int) -> None:
        """Takes the comment behind a closing bracket."""
        comment = self.cursor.comment(stop)
        if isinstance(member, Collection):
            member.below += [comment.strip()] if comment else []
            member.below += self.cursor.deeper(stop, column)
        elif comment and isinstance(member.value, Collection) and not member.value.on_one_line:
            member.value.below.append(comment.strip())
        else:
            member.comment = comment

    def _key(self, key: Any, above: list[Line]) -> str:
        text = self._slice(key)
        if "\n" not in text:
            return _spelt(text)
        # Behind a `?` a key may have several lines, before a colon only one.
        header = text.partition("\n")[0]
        if key.style in ("|", ">") and "#" in header:
            above.append(header[header.index("#") :].rstrip())
        return json.dumps(key.value, ensure_ascii=False)

    def _slice(self, node: Node) -> str:
        return self.cursor.text[self.cursor.offset(node.start_mark) : self.cursor.offset(node.end_mark)]

    def _scalar(self, member: Member, node: Any, stop: int, column: int) -> None:
        cursor = self.cursor
        if node.style in ("|", ">"):
            member.value, member.comment = self._block(node, column)
            return
        cursor.position = cursor.offset(node.end_mark)
        member.value = Text(tuple(_folded(_spelt(self._slice(node)))))
        member.comment = cursor.comment(stop)

    def _block(self, node: Any, column: int) -> tuple[Text, str]:
        """A block scalar in a collection that begins in `column`, and the comment behind its header."""
        cursor = self.cursor
        start = cursor.offset(node.start_mark)
        header = cursor.text[start : cursor.end_of_line(start)].split(maxsplit=1)[0]
        cursor.position = start + len(header)
        comment = cursor.comment(cursor.end_of_line(start))
        cursor.position = cursor.end_of_line(start)
        digit = next((each for each in header if each.isdigit()), "")
        lines = self._content(column, column + int(digit) if digit else 0, keeps="+" in header)
        chomping = next((each for each in header if each in "+-"), "")
        if cursor.position == len(cursor.text) and chomping != "-":
            # The value has no line break at the end where the file has none; the file gets one.
            chomping = "-"
        spelt = f"{header[0]}{'2' if digit else ''}{chomping}"
        return Text((spelt, *lines), is_block=True, keeps_blanks=chomping == "+"), comment

    def _content(self, column: int, indentation: int, *, keeps: bool) -> list[str]:
        """The lines of a block scalar from the next one on; where `indentation` is 0, the first with text has it."""
        cursor = self.cursor
        found: list[tuple[str, int]] = []
        last = end = cursor.position
        while end + 1 < len(cursor.text):
            begin, end = end + 1, cursor.end_of_line(end + 1)
            line = cursor.text[begin:end]
            blanks = len(line) - len(line.lstrip(" "))
            if blanks < len(line):
                indentation = indentation or max(blanks, column + 1)
                if blanks < indentation:
                    break
                last = end
            elif keeps or 0 < indentation < blanks:
                last = end
            found.append((line, end))
        cursor.position = last
        return [line[indentation:] for line, end in found if end <= last]


def _spelt(text: str) -> str:
    """Quotes are double where single ones aren't shorter."""
    return f'"{text[1:-1]}"' if _NEEDS_NO_ESCAPE.fullmatch(text) else text


def _folded(text: str) -> list[str]:
    """The lines of a scalar without the blanks that its folding takes away."""
    if "\n" not in text:
        return [text]
    first, *others = text.split("\n")
    return [_trimmed(first), *(_trimmed(line.lstrip(" \t")) for line in others)]


def _trimmed(line: str) -> str:
    """Without blanks at its end, but with the one that a backslash makes a part of the text."""
    trimmed = line.rstrip(" \t")
    return line[: len(trimmed) + 1] if trimmed.endswith("\\") else trimmed
