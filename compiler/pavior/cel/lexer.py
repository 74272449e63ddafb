"""The words of a CEL expression. The language: https://github.com/google/cel-spec/blob/master/doc/langdef.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


class CelFault(Exception):
    """An expression that cannot be compiled. `at` is where in its text, `word` what stands there.

    `elsewhere`: Kubernetes knows it, so a policy for clusters alone may have it.
    """

    def __init__(self, at: int, word: str, message: str, hint: str | None = None, *, elsewhere: bool = False) -> None:
        super().__init__(message)
        self.at, self.word, self.message, self.hint, self.elsewhere = at, word, message, hint, elsewhere


@dataclass(frozen=True, slots=True)
class Word:
    """`kind` is `name`, `text`, `int`, `double`, `sign` or `end`; `value` what a literal stands for."""

    at: int
    kind: str
    text: str
    value: str | int | float | None = None


_SPACE = re.compile(r"(?:[ \t\r\n\f]+|//[^\n]*)*")
_WORD = re.compile(
    r"""(?P<string>[bBrR]{0,2}(?:'''(?s:(?:\\.|[^\\])*?)'''|\"""(?s:(?:\\.|[^\\])*?)\"""|'(?:\\.|[^\\'\n])*'|"(?:\\.|[^\\"\n])*"))
    |(?P<double>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)
    |(?P<int>0x[0-9a-fA-F]+|\d+)(?P<unsigned>[uU]?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%!<>?:.,()\[\]{}])""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))", re.DOTALL)
_PLAIN = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "`": "`",
    "?": "?",
}
LARGEST = 2**63 - 1


def words(text: str) -> Iterator[Word]:
    """The words of an expression, an `end` last. Raises CelFault."""
    at = 0
    while True:
        at = _SPACE.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing too
        if at == len(text):
            yield Word(at, "end", "")
            return
        found = _WORD.match(text, at)
        if found is None:
            raise CelFault(at, text[at], f"`{text[at]}` begins no word of CEL")
        yield _word(at, found)
        at = found.end()


def _word(at: int, found: re.Match[str]) -> Word:
    text = found[0]
    if found["string"]:
        return Word(at, "text", text, _text(at, text))
    if found["double"]:
        return Word(at, "double", text, float(text))
    if found["int"]:
        if found["unsigned"]:
            raise CelFault(at, text, "unsigned numbers are not evaluated here", elsewhere=True)
        value = int(found["int"], 0) if text.startswith("0x") else int(found["int"])
        if value > LARGEST + 1:  # one more than the largest is the smallest, behind a minus
            raise CelFault(at, text, f"`{text}` has more than 64 bits")
        return Word(at, "int", text, value)
    return Word(at, "name" if found["name"] else "sign", text)


def _text(at: int, text: str) -> str:
    """What a quoted text stands for."""
    start = min(text.index(quote) for quote in "'\"" if quote in text)
    prefix, quoted = text[:start].lower(), text[start:]
    if "b" in prefix:
        raise CelFault(at, text, "bytes are not evaluated here", elsewhere=True)
    wide = 3 if quoted[:3] in ("'''", '"""') else 1
    inner = quoted[wide:-wide]
    if prefix == "r":
        return inner

    def plain(escape: re.Match[str]) -> str:
        code = next((int(digits, 8 if i == 3 else 16) for i, digits in enumerate(escape.groups()[:4]) if digits), None)
        if code is not None and code <= 0x10FFFF:
            return chr(code)
        if code is None and escape[5] in _PLAIN:
            return _PLAIN[escape[5]]
        raise CelFault(at, text, f"`{escape[0]}` is no escape of CEL", "write `\\\\` for a backslash, or r'…'")

    return _ESCAPE.sub(plain, inner)
