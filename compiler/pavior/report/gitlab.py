"""GitLab's code quality report, which merge requests show at the lines that they change.

Format: docs.gitlab.com/ci/testing/code_quality, "Code Quality report format".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pavior.diagnostics import Diagnostic
from pavior.report import NOTHING, Context, ReadSource
from pavior.report.arrangement import arrange
from pavior.report.escaping import ascii_json
from pavior.report.fingerprint import fingerprints
from pavior.report.json_form import encodable


def render(
    diagnostics: Iterable[Diagnostic], read_source: ReadSource, *, colour: bool = False, context: Context = NOTHING
) -> Iterator[str]:
    """One list for the whole report. Sources are not read."""
    found = [
        _entry(diagnostic, f"{digest}-{number}", context.folder)
        for diagnostic, digest, number in fingerprints(arrange(diagnostics), context.folder)
    ]
    yield from ascii_json(found).split("\n")


def _entry(diagnostic: Diagnostic, fingerprint: str, folder: str) -> dict[str, Any]:
    code, span = diagnostic.code, diagnostic.span
    hint = f" ({diagnostic.hint})" if diagnostic.hint else ""
    return {
        "description": encodable(f"{diagnostic.message}{hint}"),
        "check_name": f"{code.number} {code.name}",
        "fingerprint": fingerprint,
        "severity": "major" if diagnostic.is_error else "minor",
        "location": {"path": encodable(folder + span.file), "lines": {"begin": span.line, "end": span.end_line}},
    }
