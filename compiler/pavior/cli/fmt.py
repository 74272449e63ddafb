"""`pavior fmt`: which files, what is printed, and the exit status."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pavior.cli.handwritten import below, patch
from pavior.diagnostics import Diagnostic
from pavior.pipeline.fmt import Formatted
from pavior.pipeline.fmt import fmt as format_files
from pavior.report.escaping import visible


def fmt(root: Path, options: dict[str, Any], show: Callable[[Iterable[Diagnostic]], None]) -> int:
    """Lay out files, or show how they would be; 1 where one can't be read, or where something would be written and isn't."""
    dry = options["only_check"] or options["as_diff"]
    paths = [below(root, options["directory"] / path) for path in options["paths"]]
    formatted = format_files(root, paths, every_kind=options["every_kind"], write=not dry)
    if formatted.unread:
        show(formatted.unread)
    for before, after in formatted.changed:
        for line in patch(before, after) if options["as_diff"] else (visible(before.path),):
            print(line)
    print(_summary(formatted, dry=dry))
    if dry and formatted.changed:
        print(f"  run `{_command(options)}`")
    return int(bool(formatted.unread) or (dry and bool(formatted.changed)))


def _summary(formatted: Formatted, *, dry: bool) -> str:
    done = len(formatted.changed)
    if not done:
        return f"{_files(formatted.seen)}: nothing to format" if formatted.seen else "no file to format"
    return f"{done:,} of {_files(formatted.seen)} {'would be formatted' if dry else 'formatted'}"


def _command(options: dict[str, Any]) -> str:
    words = ["pavior", *(["-C", str(options["directory"])] if str(options["directory"]) != "." else []), "fmt"]
    words += ["--all"] if options["every_kind"] else []
    return visible(shlex.join([*words, *map(str, options["paths"])]))


def _files(number: int) -> str:
    return f"{number:,} file{'' if number == 1 else 's'}"
