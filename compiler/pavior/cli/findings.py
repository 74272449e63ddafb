"""How findings reach whoever asked: on the terminal in one form, and in files in others."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

from pavior.diagnostics import Diagnostic
from pavior.model import ServiceId
from pavior.repository import shown


class Unwritable(Exception):
    """A report could not be written where it was asked for."""


def show(
    root: Path,
    diagnostics: Iterable[Diagnostic],
    options: Mapping[str, Any] | None = None,
    services: Iterable[ServiceId] = (),
    to: TextIO | None = None,
) -> None:
    """Print findings in the form of `--format`, text without options, and write them where `--report` says.

    They are printed `to` standard output, or what else is named.

    Raises Unwritable where a file cannot be written; what is printed is printed all the same.
    """
    from pavior import report  # noqa: PLC0415

    options = options or {}
    found = list(diagnostics)
    form = options.get("form", "text")
    reports = options.get("reports", ())
    context = report.NOTHING
    if reports or form not in ("text", "concise", "json"):
        context = report.Context(frozenset(map(str, services)), _folder(root))

    def source(path: str) -> bytes | None:
        return shown(root, path)

    to = to or sys.stdout
    colour = form == "text" and to.isatty()
    for line in report.render(form, found, source, colour=colour, context=context):
        print(line, file=to)
    for other, file in reports:
        lines = report.render(other, found, source, context=context)
        write(file, lines)


def write(file: Path, lines: Iterable[str]) -> None:
    """Write a report's lines. Raises Unwritable."""
    try:
        with file.open("w", encoding="utf-8", newline="\n") as opened:
            opened.writelines(f"{line}\n" for line in lines)
    except OSError as error:
        raise Unwritable(f"the report `{file}` could not be written: {error.strerror}") from None


def _folder(root: Path) -> str:
    """The folder of a platform repository in its Git repository, as `Context` has it."""
    for above in (root, *root.parents):
        if (above / ".git").exists():
            inside = root.relative_to(above).as_posix()
            return "" if inside == "." else f"{inside}/"
    return ""
