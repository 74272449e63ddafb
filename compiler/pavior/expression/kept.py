"""Compiled templates, kept from one run to the next for as long as nothing that they were compiled from changes.

What is kept is the code of a render and what it can read. A trace, and a render that faults, compile the template again: they
need positions. Python's own serialisation of code is used, so the bytes must come from a place that only the user can write to.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from pavior.expression.functions import function_of
from pavior.expression.runtime import Fault
from pavior.expression.template import Template, Traced
from pavior.model import Path, Value

Name = tuple[str, Path, str, str]
"""Who compiles a template: component and file, where in the file, its form and the scope that it is for."""


@dataclass(slots=True)
class Kept:
    """The templates of one platform, all from one run. `fresh`: there was nothing to begin with, so their code is taken down."""

    codes: dict[Name, tuple[bytes, frozenset[Path]]] = field(default_factory=dict)
    fresh: bool = True
    made: dict[Name, Template] = field(default_factory=dict)
    """All that were asked for."""

    def get(self, name: Name, again: Callable[[], Template]) -> Template | None:
        """The template as it was compiled before; `again` compiles it anew where more is asked of it than to render."""
        known = self.codes.get(name) if not self.fresh else None
        if known is not None:
            self.made[name] = template_of(*known, cache(again))
        return self.made.get(name)

    def put(self, name: Name, template: Template) -> None:
        self.made[name] = template
        if self.fresh and template.code is not None:
            self.codes[name] = (marshal.dumps(template.code()), template.static_reads)


def template_of(code: bytes, reads: frozenset[Path], again: Callable[[], Template]) -> Template:
    """The template of which this is the code; `again` compiles it anew, once, where more is asked of it than to render."""
    plain: Callable[[Mapping[str, Value]], list[Value]] | None = None

    def render(context: Mapping[str, Value]) -> list[Value]:
        nonlocal plain
        if plain is None:
            plain = function_of(marshal.loads(code), "render")
        try:
            return plain(context)
        except Fault:
            return again().render(context)

    def trace(context: Mapping[str, Value]) -> list[Traced]:
        return again().trace(context)

    return Template(render, trace, reads)
