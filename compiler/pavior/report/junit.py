"""JUnit's XML, which continuous integration services show as test results: a file is a test, its errors fail it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from pavior.diagnostics import Diagnostic
from pavior.report import ReadSource
from pavior.report.arrangement import arrange
from pavior.report.concise import render as render_concise
from pavior.report.escaping import visible


def render(diagnostics: Iterable[Diagnostic], read_source: ReadSource, *, colour: bool = False) -> Iterator[str]:
    """One suite; a test for each file with findings, and one that passes where there is none."""
    arranged = arrange(diagnostics)
    cases = [(file, list(found)) for file, found in groupby(arranged, key=lambda diagnostic: diagnostic.span.file)]
    failures = sum(any(diagnostic.is_error for diagnostic in found) for _, found in cases)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<testsuites><testsuite name="pavior" tests="{len(cases) or 1}" failures="{failures}" errors="0">'
    if not cases:
        yield '  <testcase classname="pavior" name="platform repository"/>'
    for file, found in cases:
        yield from _case(file, found, read_source)
    yield "</testsuite></testsuites>"


def _case(file: str, found: list[Diagnostic], read_source: ReadSource) -> Iterator[str]:
    errors = [diagnostic for diagnostic in found if diagnostic.is_error]
    warnings = [diagnostic for diagnostic in found if not diagnostic.is_error]
    yield f'  <testcase classname="pavior" name={quoteattr(visible(file))}>'
    if errors:
        first = f"{errors[0].code.number} {errors[0].code.name}: {visible(errors[0].message)}"
        yield f"    <failure message={quoteattr(first)}>{_listed(errors, read_source)}</failure>"
    if warnings:
        yield f"    <system-out>{_listed(warnings, read_source)}</system-out>"
    yield "  </testcase>"


def _listed(diagnostics: list[Diagnostic], read_source: ReadSource) -> str:
    return escape("\n".join(render_concise(diagnostics, read_source)))
