"""One JSON object for the whole report: `diagnostics`, and how many `errors` and `warnings` there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pavior.diagnostics import Diagnostic, Fix, Note
from pavior.model import Span
from pavior.report import NOTHING, Context, ReadSource
from pavior.report.arrangement import arrange
from pavior.report.escaping import ascii_json


def render(
    diagnostics: Iterable[Diagnostic], read_source: ReadSource, *, colour: bool = False, context: Context = NOTHING
) -> Iterator[str]:
    """The report as indented JSON, in ASCII so that nothing in it can control a terminal."""
    arranged = arrange(diagnostics)
    errors = sum(diagnostic.is_error for diagnostic in arranged)
    report = {
        "diagnostics": [entry(diagnostic) for diagnostic in arranged],
        "errors": errors,
        "warnings": len(arranged) - errors,
    }
    yield from ascii_json(report).split("\n")


def entry(diagnostic: Diagnostic) -> dict[str, Any]:
    """One finding; its texts are concealed by whoever arranged it."""
    return {
        "code": diagnostic.code.number,
        "name": diagnostic.code.name,
        "severity": diagnostic.severity.value,
        "message": encodable(diagnostic.message),
        "hint": encodable(diagnostic.hint) if diagnostic.hint else None,
        "span": _span(diagnostic.span),
        "notes": [_note(note) for note in diagnostic.notes],
        "fix": _fix(diagnostic.fix) if diagnostic.fix else None,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    edits = [{"span": _span(edit.span), "text": encodable(edit.text)} for edit in fix.edits]
    return {"safe": fix.safe, "edits": edits}


def _note(note: Note) -> dict[str, Any]:
    return {"message": encodable(note.message), "span": _span(note.span) if note.span else None}


def _span(span: Span) -> dict[str, Any]:
    return {
        "file": encodable(span.file),
        "line": span.line,
        "column": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def encodable(text: str) -> str:
    """Without the halves of characters that stand for undecodable bytes of file names, which no strict JSON reader takes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
