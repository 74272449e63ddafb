"""GitHub's workflow commands, which annotate the lines of a pull request.

Format and escapes: github.com/actions/toolkit, packages/core/src/command.ts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pavior.diagnostics import Diagnostic
from pavior.report import NOTHING, Context, ReadSource
from pavior.report.arrangement import arrange
from pavior.report.escaping import visible


def render(
    diagnostics: Iterable[Diagnostic], read_source: ReadSource, *, colour: bool = False, context: Context = NOTHING
) -> Iterator[str]:
    """One command for each finding."""
    for diagnostic in arrange(diagnostics):
        span, code = diagnostic.span, diagnostic.code
        properties = {
            "file": visible(context.folder + span.file),
            "line": str(span.line),
            "endLine": str(span.end_line),
            "col": str(span.column),
            "endColumn": str(span.end_column),
            "title": f"{code.number} {code.name}",
        }
        if span.end_line != span.line:
            # GitHub refuses columns of annotations of several lines.
            del properties["col"], properties["endColumn"]
        listed = ",".join(f"{name}={_escape_property(value)}" for name, value in properties.items())
        message = _escape("\n".join(_message(diagnostic)))
        yield f"::{diagnostic.severity.value} {listed}::{message}"


def _message(diagnostic: Diagnostic) -> Iterator[str]:
    yield visible(diagnostic.message)
    if diagnostic.hint:
        yield f"hint: {visible(diagnostic.hint)}"
    for note in diagnostic.notes:
        place = f" ({visible(note.span.file)}:{note.span.line}:{note.span.column})" if note.span else ""
        yield f"note: {visible(note.message)}{place}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
