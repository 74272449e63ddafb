"""What a plain (unquoted) scalar means: the core schema of YAML 1.2.2, §10.3, less what other readers read differently.

Kubernetes' readers, PyYAML and most editors' tools still know YAML 1.1 (yaml.org/type), and each its own part of it. A plain
scalar on which they could disagree is `Ambiguous`: whoever wrote it may have meant either.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

Scalar: TypeAlias = bool | int | float | str | None

LONGEST_CACHED = 64
"""Longer texts are not worth remembering, and a cache of them could grow without bound."""

_LONGEST_NUMBER = 400
"""No number of 64 bits is longer; converting more digits than that only costs time."""

INTEGERS = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A plain scalar that YAML 1.2 core and YAML 1.1 read differently; a reading that is a `str` is the text itself."""

    text: str
    core: Scalar
    legacy: Scalar


@dataclass(frozen=True, slots=True)
class OutOfRange:
    """A number that 64 bits cannot hold, or that is none: infinity, not-a-number."""

    text: str


Reading: TypeAlias = Scalar | Ambiguous | OutOfRange

_NULLS = dict.fromkeys(("", "~", "null", "Null", "NULL"))
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_LEGACY_BOOLEANS = {
    spelling: value
    for words, value in ((("y", "yes", "on"), True), (("n", "no", "off"), False))
    for word in words
    for spelling in (word, word.capitalize(), word.upper())
}
_WORDS: dict[str, Reading] = {
    **_NULLS,
    **_BOOLEANS,
    **{word: Ambiguous(word, word, value) for word, value in _LEGACY_BOOLEANS.items()},
    # YAML 1.1 gives these two a type of their own, which PyYAML refuses to build.
    **{word: Ambiguous(word, word, word) for word in ("=", "<<")},
}

_AGREED_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_AGREED_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_AGREED_FLOAT = re.compile(r"(?:[-+]?[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_CORE_INTEGER = re.compile(r"[-+]?[0-9]+")
_CORE_OCTAL = re.compile(r"0o[0-7]+")
_CORE_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_LEGACY_PREFIXED = re.compile(r"([-+]?)0(?:[bB]([01]+)|[oO]([0-7]+)|[xX]([0-9a-fA-F]+))")
_LEGACY_OCTAL = re.compile(r"[-+]?0[0-7]+")
_LEGACY_SEXAGESIMAL = re.compile(r"([-+]?)([0-9]+(?::[0-5]?[0-9])+)(\.[0-9]*)?")


def resolve(text: str) -> Reading:
    """What the plain scalar `text` is."""
    return cached_resolve(text) if len(text) <= LONGEST_CACHED else _resolve(text)


def _resolve(text: str) -> Reading:
    if text[:1] in _NUMERIC_STARTS:
        return _number(text)
    return _WORDS.get(text, text)


_NUMERIC_STARTS = frozenset("+-.0123456789")

cached_resolve = lru_cache(maxsize=16384)(_resolve)
"""`resolve` for texts of at most LONGEST_CACHED characters. Equal texts come back as one object, which saves memory too."""


def _number(text: str) -> Reading:
    if len(text) > _LONGEST_NUMBER:
        return OutOfRange(text) if _CORE_FLOAT.fullmatch(text) else text
    if _AGREED_INTEGER.fullmatch(text) or _AGREED_HEXADECIMAL.fullmatch(text):
        number = int(text, 16) if text.startswith("0x") else int(text)
        return number if number in INTEGERS else OutOfRange(text)
    if _AGREED_FLOAT.fullmatch(text):
        return _float(text)
    return OutOfRange(text) if _NOT_FINITE.fullmatch(text) else _disputed(text)


def _disputed(text: str) -> Reading:
    """What no reader takes for a number is text."""
    core, legacy = _core_number(text), _legacy_number(text)
    if isinstance(core, str) and isinstance(legacy, str):
        return text
    return OutOfRange(text) if core in (math.inf, -math.inf) else Ambiguous(text, core, legacy)


def _float(text: str) -> float | OutOfRange:
    number = float(text)
    vanished = number == 0 and any(digit in "123456789" for digit in re.split("[eE]", text)[0])
    return OutOfRange(text) if vanished or not math.isfinite(number) else number


def _core_number(text: str) -> Scalar:
    if _CORE_INTEGER.fullmatch(text):
        return int(text)
    if _CORE_OCTAL.fullmatch(text):
        return int(text, 8)
    return float(text) if _CORE_FLOAT.fullmatch(text) else text


def _legacy_number(text: str) -> Scalar:
    """The number that some reader of YAML 1.1 makes of `text`; underscores between digits mean nothing to it."""
    digits = text.replace("_", "")
    if prefixed := _LEGACY_PREFIXED.fullmatch(digits):
        sign, binary, octal, hexadecimal = prefixed.groups()
        if octal and "_" not in text and not sign and text[1] == "o":
            return text  # 0o17 is YAML 1.2's own
        number = int(binary, 2) if binary else int(octal, 8) if octal else int(hexadecimal, 16)
        return -number if sign == "-" else number
    if _LEGACY_OCTAL.fullmatch(digits):
        return int(digits, 8)
    if sexagesimal := _LEGACY_SEXAGESIMAL.fullmatch(digits):
        return _sexagesimal(*sexagesimal.groups())
    if "_" in text:
        return _core_number(digits)
    return text


def _sexagesimal(sign: str, places: str, fraction: str | None) -> int | float:
    total: int | float = 0
    for place in places.split(":"):
        total = total * 60 + int(place)
    if fraction and fraction != ".":
        total += float(fraction)
    return -total if sign == "-" else total


def written(value: Scalar) -> str:
    """The canonical plain writing of a value that is no text, one that every reader reads alike."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 2**53:
            return str(int(value))
        mantissa, exponent, power = repr(value).partition("e")
        return mantissa + ("" if "." in mantissa else ".0") + exponent + power if exponent else mantissa
    return str(value)
