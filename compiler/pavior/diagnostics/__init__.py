"""Findings for a person, as values. Phases yield them, `pavior.report` formats them, nobody prints them elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from pavior.model import Span

T = TypeVar("T")


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Code:
    """An entry of the catalogue. `number` is `PV`, the phase's digit and two digits, never reused; `name` is kebab-case.

    `what`, `why` and `fix` are Markdown sentences for `pavior explain PV204`. `command` mends all findings of it, if there is
    one that does.
    """

    number: str
    name: str
    what: str
    why: str
    fix: str
    severity: Severity = Severity.ERROR
    command: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """More about a diagnostic; with a span where another place contributes.

    `targets` are the render targets that it speaks of, to be read after the message: a report says it once for all of them.
    """

    message: str
    span: Span | None = None
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edit:
    """What stands at `span` becomes `text`; an empty span inserts, an empty text removes."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """What a hint says, done: all `edits`, which are of one file and don't overlap.

    `safe`: it can only be what was meant, so it may be applied unasked. Otherwise it is one guess among several.
    """

    edits: tuple[Edit, ...]
    safe: bool = True


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `message` and `hint` are lower case at their start, with no full stop, names in backticks.

    `fix` does what the hint says, where that is a plain edit. Findings of one code with the same `like` say the same of
    different files: whoever is short of room tells one of them, and how many there are.
    """

    code: Code
    span: Span
    message: str
    hint: str | None = None
    notes: tuple[Note, ...] = ()
    severity: Severity = Severity.ERROR
    fix: Fix | None = None
    like: str | None = None

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What a phase made, if it could, and what it found. `value` is None where a fault left nothing to go on with."""

    value: T | None
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def failed(self) -> bool:
        return any(d.is_error for d in self.diagnostics)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self.diagnostics)
