"""Diagnostics for people and machines: the only place that formats them. Each form is a module with one function `render`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TypeAlias

from pavior.diagnostics import Diagnostic

ReadSource: TypeAlias = Callable[[str], bytes | None]
"""The bytes of a file of the repository by its path, for excerpts; None where there is no such file to show."""

FORMS = ("text", "concise", "json", "github", "gitlab", "sarif", "junit")

_MODULES = {"json": "json_form"}


@dataclass(frozen=True, slots=True)
class Context:
    """What a report knows beside the findings.

    `services` are all that were looked at, as `team/service`. `folder` is the platform repository's in its Git repository,
    with a slash at its end; empty where they are one: services that show findings know paths of the latter alone.
    """

    services: frozenset[str] = frozenset()
    folder: str = ""


NOTHING = Context()


def render(
    form: str,
    diagnostics: Iterable[Diagnostic],
    read_source: ReadSource,
    *,
    colour: bool = False,
    context: Context = NOTHING,
) -> Iterator[str]:
    """The lines of a report in one of FORMS, without line breaks at their ends. `colour` is for terminals, and for text only."""
    module = import_module(f"{__name__}.{_MODULES.get(form, form)}")
    lines: Iterator[str] = module.render(diagnostics, read_source, colour=colour, context=context)
    return lines
