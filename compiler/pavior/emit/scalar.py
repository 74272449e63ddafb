"""Scalars as every YAML parser reads them: YAML 1.1 and 1.2, PyYAML, ruamel and Kubernetes' own.

Text is plain only where no parser can take it for something else, and quoted otherwise.
"""

from __future__ import annotations

import math
import re
from functools import cache

LONGEST_KEY = 1000
"""YAML parsers look 1,024 characters ahead for the colon that makes a key a key."""

# Never decided by the version of Unicode that this Python knows: the same text must give the same bytes everywhere.
# Left out: controls, line and paragraph separators, invisible and direction-changing characters, private use, surrogates.
_SHOWN = (
    " -~\xa1-\xac\xae-\u061b\u061d-\u180d\u180f-\u1fff\u2010-\u2027\u2030-\u205e\u2070-\ud7ff"
    "\uf900-\ufefe\uff01-\uffef\U00010000-\U000dffff"
)
_PRINTABLE = bytes(range(0x20, 0x7F))
_CONTROLS = "".join(map(chr, (*range(0x09), *range(0x0B, 0x20), 0x7F)))
"""The characters of ASCII that do not stand for themselves in text of several lines."""
_WORD_START = re.compile(r"(?:--?(?=[A-Za-z]))?[A-Za-z_/]")
_IN_PHRASES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./@+=,;()%~$*&-: "
_NOT_IN_WORDS = re.compile(
    r"[^A-Za-z0-9_./@+=,;()%~$*&-]"
    r"(?:(?<![: ])|(?<=:)(?![A-Za-z0-9_./@-])|(?<= )(?![A-Za-z0-9_./(@+=-]))"
)
"""A character that ends a plain word or phrase: any but these, and a colon or space before what isn't part of one."""

_AMOUNT = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[mkMGT%]|[KMGT]i)|(?:[0-9]+(?:ms|[smhdw]))+")
"""Quantities, percentages and durations, which no parser takes for a number."""

# What YAML 1.1 reads as true, false or null, whatever its case.
_RESERVED = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
_ESCAPED_ASCII = re.compile(r'["\\]|[^ -~]')


class NotEmittable(ValueError):
    """A value that YAML can't hold so that every parser reads it back the same. The message says why."""


def scalar_text(text: str) -> str:
    """`text` on one line: plain, in single quotes where these spare escapes, or in double quotes."""
    if '"' in text:
        if "'" not in text and is_shown(text):  # as most queries are; a quote is in no plain word
            return f"'{text}'"
    elif is_plain(text):
        return text
    if text.count('"') + text.count("\\") > text.count("'") and is_shown(text):
        return "'" + text.replace("'", "''") + "'"
    if '"' not in text and "\\" not in text and is_shown(text):
        return f'"{text}"'
    escaped = _ESCAPED_ASCII if text.isascii() else _escaped()
    return '"' + escaped.sub(_escape, text) + '"'


def is_shown(text: str) -> bool:
    """Does `text` hold only characters that stand for themselves on one line?"""
    if text.isascii():
        return not text.encode().translate(None, _PRINTABLE)  # six times as quick as isprintable
    return _hidden().search(text) is None


# Compiling classes of so many characters takes longer than most files to emit, and nearly all text is ASCII.
@cache
def _hidden() -> re.Pattern[str]:
    return re.compile(f"[^{_SHOWN}]")


@cache
def _escaped() -> re.Pattern[str]:
    return re.compile(f'["\\\\]|[^{_SHOWN}]')


def is_plain(text: str) -> bool:
    """Does every parser read the bare `text` as that text, as a value or a key of a block?"""
    start = _WORD_START.match(text)
    if start:
        if not text.isascii() or text.encode().translate(None, _IN_PHRASES):  # soon told of most that isn't
            return False
        separated = ":" in text or " " in text
        return not (separated and _NOT_IN_WORDS.search(text, start.end())) and text.lower() not in _RESERVED
    return _AMOUNT.fullmatch(text) is not None


def is_literal(text: str) -> bool:
    """Can `text`, of more than one line, stand in a literal block that every parser reads back the same?"""
    if "\n" not in text:
        return False
    # A line that starts with a space would need an indentation indicator, a tab there is refused by libyaml.
    start = text.lstrip("\n")[:1]
    if start in ("", " ", "\t"):
        return False
    if text.isascii():  # a look for each character is the quickest by far where text is long
        return not any(character in text for character in _CONTROLS)
    return is_shown(text.replace("\n", "").replace("\t", ""))


def number_text(number: int | float) -> str:
    """`number` as Kubernetes reads the same number: whole numbers below 2^64, and floats with a point, as YAML 1.1 wants."""
    if isinstance(number, int):
        if not -(2**63) <= number < 2**64:
            raise NotEmittable(f"the whole number {number:.3e} is too large for 64 bits")
        return str(number)
    if not math.isfinite(number):
        raise NotEmittable(f"{number} is not a number that JSON has")
    text = repr(number)
    if "." not in text:
        mantissa, exponent = text.split("e")
        return f"{mantissa}.0e{exponent}"
    return text


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    known = _ESCAPES.get(character)
    if known is not None:
        return known
    point = ord(character)
    if 0xD800 <= point <= 0xDFFF:
        raise NotEmittable(f"text holds half a character (U+{point:04X})")
    if point < 0x100:
        return f"\\x{point:02X}"
    return f"\\u{point:04X}" if point < 0x10000 else f"\\U{point:08X}"
