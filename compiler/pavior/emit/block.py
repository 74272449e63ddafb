"""Block style as kubectl writes it: two spaces, the dashes of a list in the column of its key, maps in given order."""

from __future__ import annotations

from pavior.emit.scalar import LONGEST_KEY, NotEmittable, is_literal, number_text, scalar_text
from pavior.model import Path, Value

_AS_LITERAL = ""
"""In the cache, instead of a text's form: a literal block, whose form depends on the indentation."""


class _Forms(dict[str, str]):
    """Text → its form with the line's end, made once. Bounded, so that a large fleet's texts don't pile up."""

    def __missing__(self, text: str) -> str:
        form = _AS_LITERAL if is_literal(text) else f"{scalar_text(text)}\n"
        if len(text) <= 1000:
            if len(self) >= 8192:
                self.clear()
            self[text] = form
        return form


class Level(dict[str, str]):
    """One depth of indentation: key → what its line begins with before a scalar, made once. Bounded."""

    __slots__ = ("dash", "deeper", "heads", "indent")

    def __init__(self, indent: str) -> None:
        self.indent = indent
        self.dash = f"{indent}- "
        self.heads = _Heads(self)
        self.deeper: Level | None = None

    def __missing__(self, key: str) -> str:
        start = f"{self.indent}{key_form(key)} "
        if len(self) >= 1024:
            self.clear()
        self[key] = start
        return start

    def deepen(self) -> Level:
        """The level below, made when first asked for and `deeper` from then on."""
        self.deeper = Level(f"{self.indent}  ")
        return self.deeper


class _Heads(dict[str, str]):
    """Key → its whole line above a map or list, made once. Bounded."""

    __slots__ = ("level",)

    def __init__(self, level: Level) -> None:
        self.level = level

    def __missing__(self, key: str) -> str:
        head = f"{self.level[key][:-1]}\n"
        if len(self) >= 1024:
            self.clear()
        self[key] = head
        return head


_SMALL = range(-(2**31), 2**31)
"""Whole numbers that are surely not too large."""

TOP = Level("")
_forms = _Forms()


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
    forms = _forms
    for key, item in value.items():
        kind = type(item)
        if kind is str:
            out += (level[key], forms[item] or _literal(item, level.indent))
        elif kind is dict and item:
            out.append(level.heads[key])
            write_map(item, level.deeper or level.deepen(), out)
        elif kind is list and item:
            out.append(level.heads[key])
            write_list(item, level, out)
        elif kind is int and item in _SMALL:
            out.append(f"{level[key]}{item}\n")
        else:
            out.append(f"{level[key]}{scalar(item)}\n")


def write_list(value: list[Value], level: Level, out: list[str]) -> None:
    """Append the lines of `value`, which isn't empty, to `out` in pieces, the first of which begins with the indentation."""
    dash = level.dash
    for item in value:
        kind = type(item)
        if kind is str:
            out += (dash, _forms[item] or _literal(item, level.indent))
        elif kind in (dict, list) and item:
            first = len(out)
            if kind is dict:
                write_map(item, level.deeper or level.deepen(), out)
            else:
                write_list(item, level.deeper or level.deepen(), out)
            # The first line of the item takes the dash where its last two spaces of indentation are.
            out[first] = dash + out[first][len(dash) :]
        else:
            out.append(f"{dash}{scalar(item)}\n")


def scalar(value: Value) -> str:
    """The form of a value that takes one line, empty maps and lists included; of many-line text its quoted form."""
    kind = type(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is int or kind is float:
        return number_text(value)
    if kind is str:
        return _forms[value][:-1] or scalar_text(value)
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
    lines = "".join(f"{inner}{line}\n" if line else "\n" for line in body.split("\n"))
    return f"{indicator}\n{lines}" + "\n" * (ends - 1)
