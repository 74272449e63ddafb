"""JSON Patch (RFC 6902) and JSON Pointer (RFC 6901): what of a patch does not fit a value, said for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from pavior.diagnostics.suggest import did_you_mean
from pavior.model import Value
from pavior.syntax.pointers import item_index

MOST_COPIED = 10_000
"""Values that the operations of one patch may copy: a copy that holds itself doubles with each operation."""
_DEEPEST = 100
"""How deep a patched manifest may get."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why an operation does not fit a manifest; `key` is the part of the operation that shows it."""

    key: str
    message: str
    hint: str | None = None


def misfit(operation: Mapping[str, Value], manifest: Value) -> Misfit | None:
    """What RFC 6902 wants to be there and is not."""
    op = operation["op"]
    if op in ("move", "copy"):
        if "from" not in operation:
            return Misfit("op", f"`{op}` needs `from`", "add `from`, the place that it takes the value from")
        absent = _absent("from", operation["from"], manifest, new=False)
        if absent:
            return absent
    if op in ("add", "replace", "test") and "value" not in operation:
        return Misfit("op", f"`{op}` needs `value`", "add `value`")
    absent = _absent("path", operation["path"], manifest, new=op in ("add", "move", "copy"))
    if absent or op != "test":
        return absent
    there = reduce(_step, steps_of(operation["path"]), manifest)
    said = operation["value"]
    return None if there == said else Misfit("value", f"`{operation['path']}` is not {shown(said)}")


def growth(operation: Mapping[str, Value], manifest: Value, left: int) -> tuple[int, Misfit | None]:
    """How many values an operation that fits copies, and whether it makes the manifest larger or deeper than it may be."""
    if operation["op"] in ("remove", "test"):
        return 0, None
    moves = "from" in operation and operation["op"] in ("move", "copy")
    value = reduce(_step, steps_of(operation["from"]), manifest) if moves else operation["value"]
    size, depth = _measure(value)
    if depth + len(steps_of(operation["path"])) > _DEEPEST:
        return 0, Misfit("path", f"the manifest would get more than {_DEEPEST} levels deep")
    copied = size if operation["op"] == "copy" else 0
    if copied > left:
        return 0, Misfit("op", f"the patch would copy more than {MOST_COPIED:,} values")
    return copied, None


def _measure(value: Value) -> tuple[int, int]:
    """How many values there are in a value, itself included, and how deep they are."""
    size = depth = 0
    level = [value]
    while level and depth <= _DEEPEST:
        size, depth = size + len(level), depth + 1
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return size, depth


def _absent(key: str, pointer: str, manifest: Value, *, new: bool) -> Misfit | None:
    """The first step of a JSON pointer (RFC 6901) that leads nowhere; the last one may, where it names something `new`."""
    if pointer and not pointer.startswith("/"):
        return Misfit(key, f"`{pointer}` is no JSON pointer", f"write `/{pointer.replace('.', '/')}`")
    steps, value = steps_of(pointer), manifest
    for index, step in enumerate(steps):
        last = new and index == len(steps) - 1
        if isinstance(value, dict) and (step in value or last):
            value = value.get(step)
        elif isinstance(value, list) and (
            (at := item_index(step, len(value))) is not None or (last and step in ("-", str(len(value))))
        ):
            value = value[at] if at is not None else None
        else:
            known = list(value) if isinstance(value, dict) else []
            near = did_you_mean(step, known)
            return Misfit(
                key, f"there is no `/{'/'.join(steps[: index + 1])}`", f"did you mean `{near}`?" if near else None
            )
    return None


def steps_of(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _step(value: Value, step: str) -> Value:
    return value[int(step)] if isinstance(value, list) else value[step]


def shown(value: Value) -> str:
    if isinstance(value, dict | list):
        return "a map" if isinstance(value, dict) else "a list"
    return f"`{json.dumps(value, ensure_ascii=False)[:60]}`"


def found(value: Value, steps: Sequence[str]) -> Iterator[Value]:
    """Every value that a pointer leads to, `*` being any key or index."""
    if not steps:
        yield value
    elif isinstance(value, dict):
        for key in value if steps[0] == "*" else [steps[0]]:
            if key in value:
                yield from found(value[key], steps[1:])
    elif isinstance(value, list):
        for index, each in enumerate(value):
            if steps[0] in ("*", str(index)):
                yield from found(each, steps[1:])
