"""Block style as kubectl writes it: two spaces, the dashes of a list in the column of its key, maps in given order."""

from __future__ import annotations

from pavior.emit.scalar import LONGEST_KEY, NotEmittable, is_literal, number_text, scalar_text
from pavior.model import Path, Value

_AS_LITERAL = ""
"""In the cache, instead of a text's form: a literal block, whose form depends on the indentation."""


class _Forms(dict[str, str]):
    """Text → its form, made once. Bounded, so that a large fleet's texts don't pile up."""

    def __missing__(self, text: str) -> str:
        form = _AS_LITERAL if is_literal(text) else scalar_text(text)
        if len(text) <= 120:
            if len(self) >= 8192:
                self.clear()
            self[text] = form
        return form


class _KeyForms(dict[str, str]):
    """Key → its form with the colon, made once. Bounded."""

    def __missing__(self, key: str) -> str:
        if type(key) is not str:
            raise TypeError(f"a key of a manifest is text, not {key!r}")
        form = scalar_text(key) + ":"
        if len(form) > LONGEST_KEY:
            raise NotEmittable(f"a key of {len(key)} characters can't be read back; {LONGEST_KEY} are the most")
        if len(self) >= 8192:
            self.clear()
        self[key] = form
        return form


_forms = _Forms()
_keys = _KeyForms()


def write_map(value: dict[str, Value], indent: str, out: list[str]) -> None:
    """Append the lines of `value`, which isn't empty, to `out`, each with its end."""
    keys, forms = _keys, _forms
    for key, item in value.items():
        kind = type(item)
        if kind is str:
            form = forms[item]
            if form:
                out.append(f"{indent}{keys[key]} {form}\n")
            else:
                out.append(f"{indent}{keys[key]} {_literal(item, indent)}")
        elif kind is dict:
            if item:
                out.append(f"{indent}{keys[key]}\n")
                write_map(item, indent + "  ", out)
            else:
                out.append(f"{indent}{keys[key]} {{}}\n")
        elif kind is list:
            if item:
                out.append(f"{indent}{keys[key]}\n")
                write_list(item, indent, out)
            else:
                out.append(f"{indent}{keys[key]} []\n")
        else:
            out.append(f"{indent}{keys[key]} {_other(item)}\n")


def write_list(value: list[Value], indent: str, out: list[str]) -> None:
    """Append the lines of `value`, which isn't empty, to `out`, each with its end."""
    deeper = indent + "  "
    for item in value:
        kind = type(item)
        if kind is str:
            out.append(f"{indent}- {_forms[item] or _literal(item, indent)[:-1]}\n")
        elif kind in (dict, list) and item:
            first = len(out)
            if kind is dict:
                write_map(item, deeper, out)
            else:
                write_list(item, deeper, out)
            # The first line of the item takes the dash where its last two spaces of indentation are.
            out[first] = f"{indent}- {out[first][len(deeper) :]}"
        else:
            out.append(f"{indent}- {scalar(item)}\n")


def scalar(value: Value) -> str:
    """The form of a value that takes one line, empty maps and lists included; of many-line text its quoted form."""
    if type(value) is str:
        return _forms[value] or scalar_text(value)
    if value == {} and type(value) is dict:
        return "{}"
    if value == [] and type(value) is list:
        return "[]"
    return _other(value)


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
        _keys[key]
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


def _other(value: Value) -> str:
    if value is None:
        return "null"
    kind = type(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is int or kind is float:
        return number_text(value)
    raise TypeError(f"a manifest holds plain data only, not {kind.__name__}")
