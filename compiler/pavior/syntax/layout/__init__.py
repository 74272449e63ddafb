"""The layout of a file: what is written in it, comments and blank lines included, and the one way to write that down."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

Line: TypeAlias = str | None
"""A line of its own: a comment from its `#` on, or None for a blank one."""


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar, spelt as it is written. No lines: nothing is written, which is null.

    Of a block scalar (`|`, `>`) the first line is its header; the others are without their indentation, which is two.
    Of others continuation lines stand without indentation.
    """

    lines: tuple[str, ...]
    is_block: bool = False
    keeps_blanks: bool = False
    """Blank lines after it would be a part of it (`|+`)."""


@dataclass(slots=True)
class Member:
    """What a collection holds: an entry with its `key` as written and as `name`, or an item of a list without them.

    `above` are the lines before it, `opening` a comment on the line of its key or dash while the value is on lines below,
    `between` lines before such a value, `comment` ends its last line (of a block scalar the first), `after` are lines that
    touch it and not the next. Comments that end a line have the blanks before them.
    """

    above: list[Line]
    key: str = ""
    name: str = ""
    opening: str = ""
    between: list[Line] = field(default_factory=list)
    value: Written = Text(())
    comment: str = ""
    after: list[Line] = field(default_factory=list)


@dataclass(slots=True)
class Collection:
    """A map or list. `on_one_line` where it is in brackets without a line break; `below` are the lines at its end."""

    is_map: bool
    on_one_line: bool
    members: list[Member] = field(default_factory=list)
    below: list[Line] = field(default_factory=list)


Written: TypeAlias = Text | Collection


@dataclass(slots=True)
class Layout:
    """A document: its root, and the lines at the head of the file that belong to none of its keys."""

    head: list[Line]
    root: Collection
