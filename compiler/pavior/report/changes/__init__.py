"""The difference between two states of a repository, for people and machines: each form a module with one function `render`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from pavior.compare.difference import DiffReport

FORMS = ("text", "markdown", "json", "html")

_MODULES = {"json": "json_form"}


def render(
    form: str, report: DiffReport, *, colour: bool = False, full: bool = False, more: str | None = None
) -> Iterator[str]:
    """The lines of a report in one of FORMS, without line breaks at their ends.

    `colour` and `full` (every manifest, which needs the report's `details`) are for text. `more` says in Markdown where what is
    left out can be found: an address that begins with `https://`, or words.
    """
    module = import_module(f"{__name__}.{_MODULES.get(form, form)}")
    lines: Iterator[str] = module.render(report, colour=colour, full=full, more=more)
    return lines
