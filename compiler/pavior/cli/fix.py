"""`pavior fix`: which files, what is printed, and the exit status."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pavior.cli.handwritten import below, patch
from pavior.diagnostics import Diagnostic
from pavior.pipeline.fix import Fixes
from pavior.pipeline.fix import fix as mend_files
from pavior.report.escaping import visible


def fix(root: Path, options: dict[str, Any]) -> int:
    """Mend files, or show how they would be; 1 where errors are left, or where something would be written and isn't."""
    dry = options["dry_run"] or options["as_diff"]
    paths = [below(root, options["directory"] / path) for path in options["paths"]]
    fixes = mend_files(root, paths, write=not dry)
    lines = _patches(fixes) if options["as_diff"] else _fixed(fixes)
    for line in lines:
        print(line)
    print(_summary(fixes, dry=dry))
    return int(any(d.is_error for d in fixes.left) or fixes.unseen or (dry and bool(fixes.mended)))


def _fixed(fixes: Fixes) -> Iterator[str]:
    """A line for each fix: where, what was wrong, and what stands there instead."""
    for source, mended in fixes.mended:
        for diagnostic in mended.fixed:
            span = diagnostic.span
            place = f"{source.path}:{span.line}:{span.column}"
            yield visible(f"{place}: {diagnostic.code.number}: {diagnostic.message}{_instead(diagnostic)}")


def _instead(diagnostic: Diagnostic) -> str:
    first, *others = (edit.text for edit in diagnostic.fix.edits) if diagnostic.fix else ("",)
    inside = "…".join(filter(None, others))
    text = f"{first}: {inside}" if inside else first.strip()
    return f" → `{text}`" if text else ""


def _patches(fixes: Fixes) -> Iterator[str]:
    for source, mended in fixes.mended:
        yield from patch(source, mended.source)


def _summary(fixes: Fixes, *, dry: bool) -> str:
    done = sum(len(mended.fixed) for _, mended in fixes.mended)
    said = f"{_count(done, 'fix')} in {_count(len(fixes.mended), 'file')}" if done else "nothing to fix"
    if dry and done:
        said += ", not written"
    left = sum(d.is_error for d in fixes.left)
    if left:
        said += f"; {_count(left, 'error')} left that `pavior validate` shows"
    if fixes.unseen:
        said += "; teams' files are looked at when golden-paths/ is sound"
    return said


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun if number == 1 else 'fixes' if noun == 'fix' else f'{noun}s'}"
