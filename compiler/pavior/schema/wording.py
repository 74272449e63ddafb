"""The words in which faults are told: names of values, of types, and how to write what was meant."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence

from pavior.model import Path, Value

_SHOWN = 60
MOST_LISTED = 14
"""Longer lists of words are cut off."""

TYPE_NAMES = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "`true` or `false`",
    "object": "a map",
    "array": "a list",
}

_TRUE = frozenset({"yes", "y", "on", "true"})
_FALSE = frozenset({"no", "n", "off", "false"})


_AGREED_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:[.][0-9]+)?")
_LIST_ITEM = re.compile(r"[A-Za-z0-9_./-]+|\"[^\"\\]*\"|'[^']*'")
"""What means the same inside of `[…]` as outside."""


def quoted(value: Value) -> str:
    """A value in backticks, on one line, at most 60 characters long."""
    text = value if isinstance(value, str) else flow(value)
    text = "".join(c if c.isprintable() and c != "`" else _escaped(c) for c in text[: _SHOWN + 1])
    return f"`{text}`" if len(text) <= _SHOWN else f"`{text[:_SHOWN]}…`"


def flow(value: Value) -> str:
    """A value in YAML's flow style, the quotes left out where they can be."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    if isinstance(value, str):
        return value if re.fullmatch(r"[A-Za-z/][A-Za-z0-9_./-]*", value) else json.dumps(value, ensure_ascii=False)
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    if isinstance(value, int) and abs(value) > 10**20:  # Python refuses to write very long numbers
        return "a very large number"
    return json.dumps(value)


def name_of(path: Path, whole: str) -> str:
    """What people call the value at `path`: its key, for an item of a list with its place."""
    if not path:
        return whole
    if isinstance(path[-1], str):
        return quoted(path[-1])
    keys = [step for step in path if isinstance(step, str)]
    return f"item {path[-1] + 1} of {quoted(keys[-1])}" if keys else f"item {path[-1] + 1}"


def dotted(path: Path) -> str:
    """A path as `environments.prod.needs`."""
    return ".".join(str(step) for step in path)


def given(value: Value, written: str | None = None) -> str:
    """The type of a value, in words; `written` is how it stands in the file."""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int | float):
        return f"the number {quoted(written or value)}"
    if isinstance(value, str):
        return f"the text {quoted(value)}" if value else "an empty text"
    return "a map" if isinstance(value, dict) else "a list" if isinstance(value, list) else "nothing"


def types(names: Sequence[str]) -> str:
    """`a number or text`, of JSON Schema's names; null isn't mentioned, for where it may stand it removes."""
    return either([TYPE_NAMES[name] for name in names if name != "null"])


def either(words: Sequence[str]) -> str:
    """`a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}" if words else "nothing"


def listed(words: Iterable[str]) -> str:
    """`a, b, c`, at most 14 of them."""
    names = list(words)
    more = f", … ({len(names) - MOST_LISTED} more)" if len(names) > MOST_LISTED else ""
    return ", ".join(names[:MOST_LISTED]) + more


def write_as(
    expected: Sequence[str], value: Value, written: str | None, examples: Sequence[Value]
) -> tuple[str | None, str | None]:
    """How to write `value` so that it is of one of the `expected` types; `written` is how it stands in the file.

    First the hint, then the YAML that does what it says, where that is told by the value alone.
    """
    hint = f"for example `{_clipped(flow(examples[0]))}`" if examples else None
    replacement = None
    if "string" in expected and isinstance(value, bool | int | float):
        replacement = None if written is None else f'"{written}"'
        hint = f'quote it: `"{written or flow(value)}"`'
    elif "boolean" in expected and isinstance(value, str) and value.lower() in _TRUE | _FALSE:
        replacement = "true" if value.lower() in _TRUE else "false"
        hint = f"write `{replacement}`"
    elif {"number", "integer"} & set(expected) and isinstance(value, str) and _is_number(value, expected):
        # What readers of YAML read differently without quotes, such as 0022, is nobody's to guess.
        replacement = value.strip() if _AGREED_NUMBER.fullmatch(value.strip()) else None
        hint = f"write it without quotes: `{value.strip()}`"
    elif "array" in expected and isinstance(value, str | int | float):
        item = written or flow(value)
        replacement = f"[{written}]" if written is not None and _LIST_ITEM.fullmatch(written) else None
        hint = f"write a list: `[{_clipped(item)}]`"
    elif "array" in expected and isinstance(value, dict):
        hint = "write a list: each item on a line of its own, after `- `"
    elif "object" in expected and isinstance(value, list):
        hint = _as_map(value, examples)
    return hint, replacement


def _as_map(value: list[Value], examples: Sequence[Value]) -> str:
    first = value[0] if value else None
    if isinstance(first, dict) and isinstance(first.get("name"), str):
        if set(first) == {"name", "value"}:
            return (
                f"write a map from name to value: `{_clipped(flow(first['name']))}: {_clipped(flow(first['value']))}`"
            )
        return f"write a map, with each item's name as its key: `{_clipped(flow(first['name']))}: …`"
    return f"write a map, for example `{_clipped(flow(examples[0]))}`" if examples else "write a map: `name: …`"


def _is_number(text: str, expected: Sequence[str]) -> bool:
    whole = r"-?[0-9]{1,18}"
    return bool(re.fullmatch(whole if "number" not in expected else rf"{whole}([.][0-9]{{1,18}})?", text.strip()))


def _clipped(text: str) -> str:
    return text if len(text) <= 2 * _SHOWN else f"{text[: 2 * _SHOWN]}…"


def _escaped(character: str) -> str:
    return "'" if character == "`" else character.encode("unicode_escape").decode("ascii")
