"""What is wrong with a value by its schema, before anyone knows in which file the value stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from pavior.diagnostics import Code, Diagnostic, Edit, Fix, Note
from pavior.model import Path, Positions, Span, Value
from pavior.schema import Node


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `path` is of the key or value at fault; of a field that is missing, where it should be.

    `at` says what to point at: the key, the value, or, where something is missing, the key of what it is missing from.
    `means` is the field that a misspelt key stands for. `replacement` is the YAML that does what the hint says when it stands
    in place of the key or value, if that can only be what was meant; the value of such a key belongs `within` these keys beneath.
    """

    code: Code
    path: Path
    message: str
    hint: str | None = None
    notes: tuple[str, ...] = ()
    at: Literal["key", "value", "missing"] = "value"
    means: Path | None = None
    replacement: str | None = None
    within: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """What is being checked, as far as messages speak of it.

    `name` is what people call the whole (`platform.yaml`, `` `needs.orders` ``), `reference` the file that documents its
    fields; `at` is where the whole stands in its file, and `written` gives the text of a value there, by its path in the
    file. `elsewhere` says of a field that this schema lacks what should be done instead. `root` is the schema of the
    whole, set by who explains.
    """

    name: str = "this file"
    reference: str = "schemas/platform.schema.json"
    at: Path = ()
    written: Callable[[Path], str | None] = field(default=lambda path: None, repr=False)
    elsewhere: Callable[[str], str | None] = field(default=lambda name: None, repr=False)
    root: Node = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One keyword of a schema that refuses one value: `node` says `keyword: said`, `path` is where the value stands.

    `context` are the refusals of the branches of `anyOf` and `oneOf` (`branch` is which, `within` the path inside of the
    value that all branches are tried on), and for `propertyNames` those of the key.
    """

    keyword: str
    said: Value
    value: Value
    node: Node
    path: Path
    within: Path = ()
    branch: int | None = None
    context: tuple[Refusal, ...] = ()


def beneath(fault: Fault, path: Path) -> Fault:
    """The same fault of a value that stands at `path`."""
    means = (*path, *fault.means) if fault.means is not None else None
    return replace(fault, path=(*path, *fault.path), means=means)


def diagnostic(fault: Fault, positions: Positions) -> Diagnostic:
    """The fault at its place in a document."""
    notes = tuple(Note(note) for note in fault.notes)
    span = span_of(fault, positions)
    return Diagnostic(fault.code, span, fault.message, fault.hint, notes, fix=_fix(fault, positions, span))


def _fix(fault: Fault, positions: Positions, span: Span) -> Fix | None:
    if fault.replacement is None or fault.path not in (positions.keys if fault.at == "key" else positions.values):
        return None
    edit = Edit(span, fault.replacement)
    if not fault.within:
        return Fix((edit,))
    value = positions.values[fault.path]
    if value.line != span.end_line or value.end_line != span.end_line:
        return None  # what goes over lines would have to be indented anew
    start = Span(value.file, value.line, value.column, value.line, value.column)
    end = Span(value.file, value.end_line, value.end_column, value.end_line, value.end_column)
    opening = "".join(f"{{{key}: " for key in fault.within)
    return Fix((edit, Edit(start, opening), Edit(end, "}" * len(fault.within))))


def span_of(fault: Fault, positions: Positions) -> Span:
    """Where a fault is shown in a document: the value, the key, or the key of what something is missing from."""
    if fault.at == "value" and fault.path:
        return positions.value(fault.path)
    path = fault.path[:-1] if fault.at == "missing" else fault.path
    while path and path not in positions.keys and path not in positions.values:
        path = path[:-1]
    if path:
        return positions.key(path)
    # What concerns the whole file is shown at its first key, not under every line.
    first = min(positions.keys.values(), key=lambda span: (span.line, span.column), default=None)
    whole = positions.values[()]
    return first or Span(whole.file, whole.line, whole.column, whole.line, whole.column + 1)
