"""What a compiled template is, and what rendering one can answer. Plain data: cheap to import, free of Jinja2."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import CodeType
from typing import TypeAlias

from pavior.model import Path, Span, Value


class Form(Enum):
    """What the root of a template makes."""

    ITEMS = "items"
    """A manifest template: a map that makes any number of maps."""
    MAP = "map"
    """Exactly one map, perhaps empty; a root `$for` merges its rounds' entries into it."""
    VALUE = "value"
    """Any value, or none where the template leaves itself out."""


class _Omit(Enum):
    OMIT = "omit"

    def __repr__(self) -> str:
        return "OMIT"


OMIT = _Omit.OMIT
"""What the name `omit` stands for inside expressions: whatever equals it is left out. Never part of a rendered value."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Why a leaf exists: an enclosing `$when`, `$else` or `$for`, or a key that is itself an expression."""

    span: Span
    text: str
    reads: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class LeafOrigin:
    """Where one rendered scalar (or empty map or list) came from.

    `span` and `text` are the scalar's in the template, as written. `reads` are the paths in the context of all values
    that its expressions looked at, outermost name first: `('ingress', 'paths', '/', 'timeout')`; a literal reads nothing.
    """

    span: Span
    text: str
    reads: tuple[Path, ...]
    conditions: tuple[Condition, ...]


OriginTree: TypeAlias = LeafOrigin | dict[str, "OriginTree"] | list["OriginTree"]
"""Mirrors a rendered value: a map or list where the value is one that is not empty, a `LeafOrigin` everywhere else."""


@dataclass(frozen=True, slots=True)
class Traced:
    value: Value
    origins: OriginTree


@dataclass(frozen=True, slots=True)
class Template:
    """One compiled template.

    `render` gives the items that the template makes of a context, each made anew: nothing in them is shared with the
    context or an earlier call. `trace` gives the same items with their origins. Both raise TemplateFault.
    `static_reads` are the paths that the template can read, `*` standing for whatever key or index.
    """

    render: Callable[[Mapping[str, Value]], list[Value]]
    trace: Callable[[Mapping[str, Value]], list[Traced]]
    static_reads: frozenset[Path] = frozenset()
    code: Callable[[], CodeType] | None = field(default=None, repr=False)
    """What `render` runs, for keeping; None where it comes from there."""


class TemplateFault(Exception):
    """A template met values that it cannot render: a leaf that is none, a map inside text, a text that is no duration.

    `span` is the template's; `reads` are the paths in the context that the expression looked at before it gave up.
    """

    def __init__(self, span: Span, message: str, hint: str | None = None, reads: tuple[Path, ...] = ()) -> None:
        super().__init__(f"{span.file}:{span.line}:{span.column}: {message}")
        self.span = span
        self.message = message
        self.hint = hint
        self.reads = reads
