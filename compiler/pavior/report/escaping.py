"""Text that came from anyone, made safe to print: no control sequence reaches a terminal, no text runs backwards."""

from __future__ import annotations

import re
import unicodedata

_JOINERS = "\u200c\u200d"
"""Invisible, but scripts and emoji need them."""

_MAYBE_INVISIBLE = re.compile(r"[^\x20-\x7e]")


def visible(text: str) -> str:
    """`text` in one line, with what is invisible or moves the cursor written as an escape: `\\x1b`, `\\n`, `\\u202e`."""
    return _MAYBE_INVISIBLE.sub(lambda found: _visible_character(found.group()), text)


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
