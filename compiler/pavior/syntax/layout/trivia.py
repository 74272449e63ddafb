"""What stands between the nodes of a file: comments, blank lines, and indicators that say nothing more."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from yaml.error import Mark

from pavior.syntax.layout import Line


class Found(NamedTuple):
    """A line, its column from 0 (of a blank one 0), where it ends, and whether it has nothing but a comment."""

    line: Line
    column: int
    end: int
    alone: bool = True


class Cursor:
    """Goes through a text without carriage returns, from node to node. `position` is an offset, at first before the text."""

    __slots__ = ("_starts", "position", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = -1
        self._starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]

    def offset(self, mark: Mark) -> int:
        """Where one of PyYAML's marks is; its own index counts otherwise in libyaml."""
        return min(self._starts[mark.line] + mark.column, len(self.text))

    def column(self, offset: int) -> int:
        return offset - self._starts[bisect_right(self._starts, offset) - 1]

    def end_of_line(self, offset: int) -> int:
        """Where the line of `offset` ends, before its break."""
        end = self.text.find("\n", offset)
        return len(self.text) if end < 0 else end

    def comment(self, stop: int) -> str:
        """The comment that ends the present line before `stop`, with the blanks before it; passes over it."""
        end = min(self.end_of_line(self.position), stop)
        rest = self.text[self.position : end]
        at = rest.find("#")
        if at < 0:
            return ""
        self.position = end
        blanks = len(rest[:at]) - len(rest[:at].rstrip(" "))
        return " " * max(blanks, 1) + rest[at:].rstrip()

    def lines(self, stop: int) -> list[Line]:
        """The lines between here and `stop`, where the cursor is then."""
        found = [each.line for each in self._found(stop) if each.line != ""]
        self.position = stop
        return found

    def deeper(self, stop: int, least: int) -> list[Line]:
        """The lines from here on whose comments all begin in column `least` or further right, up to the last of these."""
        taken: list[Found] = []
        for each in self._found(stop):
            if not each.alone or (each.line is not None and each.column < least):
                break
            taken.append(each)
        while taken and taken[-1].line is None:
            taken.pop()
        if taken:
            self.position = taken[-1].end
        return [each.line for each in taken]

    def dash(self, stop: int) -> int:
        """Where the next `-` is that no comment holds, at most `stop`."""
        at = self.position
        while at < stop and self.text[at] != "-":
            at = self.end_of_line(at) if self.text[at] == "#" else at + 1
        return at

    def _found(self, stop: int) -> Iterator[Found]:
        """Whole lines only: not the rest of the present one, nor the beginning of the one in which `stop` is."""
        start = 0 if self.position < 0 else self.end_of_line(self.position) + 1
        while (end := self.end_of_line(start)) < stop or (start < stop == len(self.text)):
            line = self.text[start:end]
            at = line.find("#")
            if line.startswith("---"):
                yield Found(line.rstrip(), 0, end)
            elif at >= 0:
                yield Found(line[at:].rstrip(), at, end, not line[:at].strip())
            elif line.strip():
                yield Found("", 0, end, False)
            else:
                yield Found(None, 0, end)
            start = end + 1
