"""Text that came from anyone, made safe to print: no control sequence reaches a terminal, no text runs backwards."""

from __future__ import annotations

import json
import re
import unicodedata

_JOINERS = "\u200c\u200d"
"""Invisible, but scripts and emoji need them."""

_MAYBE_INVISIBLE = re.compile(r"[^\x20-\x7e]")


_COMMAND = re.compile(r"#(?=#(?:\[|vso\[|teamcity\[))")
"""What services take for a command to them wherever it stands in a line of a log: GitHub (actions/runner, ActionCommand.cs),
Azure Pipelines and TeamCity."""


def visible(text: str) -> str:
    """`text` in one line, with what is invisible or moves the cursor written as an escape: `\\x1b`, `\\n`, `\\u202e`.

    So are signs that make a command to the service whose log it is printed into: `\\x23#[`.
    """
    return without_commands(_MAYBE_INVISIBLE.sub(lambda found: _visible_character(found.group()), text))


def visible_line(text: str) -> str:
    """A whole line that is `visible`, and that GitHub doesn't take for a command for what it begins with."""
    return begun_plainly(visible(text))


def begun_plainly(shown: str) -> str:
    """A line of pieces that are `visible`, which GitHub doesn't take for a command for what it begins with."""
    start = len(shown) - len(shown.lstrip())
    return f"{shown[:start]}\\x3a{shown[start + 1 :]}" if shown.startswith("::", start) else shown


def without_commands(text: str, escape: str = "\\x23") -> str:
    """`text` without signs that make a command; `escape` stands for the first of them."""
    return _COMMAND.sub(lambda _: escape, text) if "##" in text else text


def ascii_json(value: object) -> str:
    """A value as indented JSON in ASCII, in which nothing can control a terminal or be a command to a service."""
    return without_commands(json.dumps(value, indent=2), "\\u0023")


def _visible_character(character: str) -> str:
    category = unicodedata.category(character)
    if category not in ("Cc", "Cf", "Cs", "Zl", "Zp") or character in _JOINERS:
        return character
    return character.encode("unicode_escape").decode("ascii")


def width(text: str) -> int:
    """How many columns a terminal gives to text that is `visible`: wide East Asian characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_character_width(character) for character in text)


def _character_width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
