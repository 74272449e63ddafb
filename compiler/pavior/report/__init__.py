"""Diagnostics for people and machines: the only place that formats them. Each form is a module with one function `render`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import TypeAlias

from pavior.diagnostics import Diagnostic

ReadSource: TypeAlias = Callable[[str], bytes | None]
"""The bytes of a file of the repository by its path, for excerpts; None where there is no such file to show."""

FORMS = ("text", "concise", "json", "github", "sarif", "junit")

_MODULES = {"json": "json_form"}


def render(
    form: str, diagnostics: Iterable[Diagnostic], read_source: ReadSource, *, colour: bool = False
) -> Iterator[str]:
    """The lines of a report in one of FORMS, without line breaks at their ends. `colour` is for terminals, and for text only."""
    module = import_module(f"{__name__}.{_MODULES.get(form, form)}")
    lines: Iterator[str] = module.render(diagnostics, read_source, colour=colour)
    return lines
