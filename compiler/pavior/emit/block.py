"""Block style as kubectl writes it: two spaces, the dashes of a list in the column of its key, maps in given order."""

from __future__ import annotations

from typing import TypeVar

from pavior.emit.scalar import LONGEST_KEY, NotEmittable, is_literal, number_text, scalar_text
from pavior.model import Path, Value

Key = TypeVar("Key", str, int)

_MOST_FORMS = 8192
_LONGEST_KEPT = 1000

# Plain dicts, in which a look-up costs half of one in a subclass that knows what is missing.
_texts: dict[str, str] = {}
"""Text → its form with the line's end, made once. Bounded, so that a large fleet's texts don't pile up."""
_numbers: dict[int, str] = {}
"""Whole number → its form with the line's end. Bounded."""


class Level:
    """One depth of indentation, and what the lines there begin with, made once for each key. Bounded."""

    __slots__ = ("dash", "dashed", "deeper", "heads", "indent", "starts")

    def __init__(self, indent: str) -> None:
        self.indent = indent
        self.dash = f"{indent}- "
        self.starts: dict[str, str] = {}
        """Key → what its line begins with before a scalar."""
        self.heads: dict[str, str] = {}
        """Key → its whole line above a map or list."""
        self.dashed: dict[str, str] = {}
        """Start or head, of the level below → the same behind the dash of a list here."""
        self.deeper: Level | None = None

    def deepen(self) -> Level:
        """The level below, made when first asked for and `deeper` from then on."""
        self.deeper = Level(f"{self.indent}  ")
        return self.deeper

    def start(self, key: str) -> str:
        return _kept(self.starts, key, f"{self.indent}{key_form(key)} ")

    def head(self, key: str) -> str:
        return _kept(self.heads, key, f"{self.indent}{key_form(key)}\n")

    def behind_dash(self, line: str) -> str:
        """A line of the level below with a dash where the last two spaces of its indentation are."""
        return _kept(self.dashed, line, self.dash + line[len(self.dash) :])


TOP = Level("")


def key_form(key: str) -> str:
    """A key with its colon."""
    if type(key) is not str:
        raise TypeError(f"a key of a manifest is text, not {key!r}")
    form = scalar_text(key) + ":"
    if len(form) > LONGEST_KEY:
        raise NotEmittable(f"a key of {len(key)} characters can't be read back; {LONGEST_KEY} are the most")
    return form


def write_map(value: dict[str, Value], level: Level, out: list[str]) -> None:
    """Append the lines of `value`, which isn't empty, to `out` in pieces, the first of which begins with the indentation."""
    starts, heads, texts = level.starts, level.heads, _texts
    for key, item in value.items():
        kind = type(item)
        if kind is str:
            try:
                start, form = starts[key], texts[item]
            except KeyError:
                start, form = starts.get(key) or level.start(key), texts.get(item) or text_form(item, level)
        elif kind is dict and item:
            try:
                out.append(heads[key])
            except KeyError:
                out.append(level.head(key))
            write_map(item, level.deeper or level.deepen(), out)
            continue
        elif kind is list and item:
            try:
                out.append(heads[key])
            except KeyError:
                out.append(level.head(key))
            write_list(item, level, out)
            continue
        else:
            start, form = starts.get(key) or level.start(key), other_form(item)
        out.append(start)
        out.append(form)


def write_list(value: list[Value], level: Level, out: list[str]) -> None:
    """Append the lines of `value`, which isn't empty, to `out` in pieces, the first of which begins with the indentation."""
    dashed, texts = level.dashed, _texts
    for item in value:
        kind = type(item)
        if kind is str:
            out.append(level.dash)
            out.append(texts.get(item) or text_form(item, level))
        elif (kind is dict or kind is list) and item:
            first = len(out)
            if kind is dict:
                write_map(item, level.deeper or level.deepen(), out)
            else:
                write_list(item, level.deeper or level.deepen(), out)
            try:
                out[first] = dashed[out[first]]
            except KeyError:
                out[first] = level.behind_dash(out[first])
        else:
            out.append(level.dash)
            out.append(other_form(item))


def text_form(text: str, level: Level) -> str:
    """The form of a text behind a key or dash of that level, with the line's end."""
    if is_literal(text):
        return _literal(text, level.indent)
    form = f"{scalar_text(text)}\n"
    return _kept(_texts, text, form) if len(text) <= _LONGEST_KEPT else form


def other_form(value: Value) -> str:
    """The form of what is no text, and no map or list that holds something, with the line's end."""
    if type(value) is int:
        return _numbers.get(value) or _kept(_numbers, value, f"{number_text(value)}\n")
    return f"{scalar(value)}\n"


def _kept(forms: dict[Key, str], key: Key, form: str) -> str:
    if len(forms) >= _MOST_FORMS:
        forms.clear()
    forms[key] = form
    return form


def scalar(value: Value) -> str:
    """The form of a value that takes one line, empty maps and lists included; of many-line text its quoted form."""
    kind = type(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is int or kind is float:
        return number_text(value)
    if kind is str:
        return scalar_text(value)
    if value is None:
        return "null"
    if not value and (kind is dict or kind is list):
        return "{}" if kind is dict else "[]"
    raise TypeError(f"a manifest holds plain data only, not {kind.__name__}")


def find_fault(value: Value, path: Path = ()) -> tuple[Path, str] | None:
    """Where in `value` stands what can't be emitted, and why; None where all can."""
    if type(value) is dict:
        return next((fault for key in value if (fault := _entry_fault(key, value[key], (*path, key)))), None)
    if type(value) is list:
        return next((fault for i, item in enumerate(value) if (fault := find_fault(item, (*path, i)))), None)
    try:
        scalar(value)
    except NotEmittable as fault:
        return path, str(fault)
    return None


def _entry_fault(key: str, value: Value, path: Path) -> tuple[Path, str] | None:
    try:
        key_form(key)
    except NotEmittable as fault:
        return path, str(fault)
    return find_fault(value, path)


def _literal(text: str, indent: str) -> str:
    """`text` as a literal block below a key or dash at `indent`: the indicator, then the lines, the last with its end."""
    inner = indent + "  "
    body = text.rstrip("\n")
    ends = len(text) - len(body)
    indicator = "|-" if ends == 0 else "|" if ends == 1 else "|+"
    lines = body.split("\n")
    if "" in lines:  # stays empty
        indented = "\n".join([f"{inner}{line}" if line else "" for line in lines])
    else:
        indented = inner + f"\n{inner}".join(lines)
    return f"{indicator}\n{indented}\n" + "\n" * (ends - 1)
