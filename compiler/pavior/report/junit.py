"""JUnit's XML, which continuous integration services show as test results: a service is a test, its errors fail it.

There is no standard. What is written is what Jenkins, GitLab and GitHub's readers have in common: suites of cases, a case with
`classname`, `name` and `file`, in it `failure` and `system-out`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from pavior.diagnostics import Diagnostic
from pavior.model import RENDERED
from pavior.report import NOTHING, Context, ReadSource
from pavior.report.arrangement import arrange
from pavior.report.concise import render as render_concise
from pavior.report.escaping import visible
from pavior.repository import TEAMS

_REPOSITORY = "platform repository"
"""The suite of what belongs to no team."""


def render(
    diagnostics: Iterable[Diagnostic], read_source: ReadSource, *, colour: bool = False, context: Context = NOTHING
) -> Iterator[str]:
    """A suite for each team, in it a test for each of its services, passed where nothing is wrong; other files follow by path."""
    found: dict[tuple[str, str], list[Diagnostic]] = {_test(service): [] for service in sorted(context.services)}
    for diagnostic in arrange(diagnostics):
        found.setdefault(_tested(diagnostic.span.file, context.services), []).append(diagnostic)
    if not found:
        found[_REPOSITORY, _REPOSITORY] = []
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<testsuites name="pavior" {_counts(found)}>'
    suites = sorted(found, key=lambda test: (test[0] == _REPOSITORY, test))
    for suite, tests in groupby(suites, key=lambda test: test[0]):
        cases = {test: found[test] for test in tests}
        yield f"  <testsuite name={quoteattr(visible(suite))} {_counts(cases)}>"
        for (_, name), diagnostics_of_it in cases.items():
            yield from _case(suite, name, diagnostics_of_it, read_source, context)
        yield "  </testsuite>"
    yield "</testsuites>"


def _test(service: str) -> tuple[str, str]:
    """A service's suite and test: `payments`, `payments/checkout`."""
    return service.partition("/")[0], service


def _tested(file: str, services: frozenset[str]) -> tuple[str, str]:
    """The suite and the test that a file belongs to: its service's, or one of its own. What is rendered is its service's too."""
    first, *parts = file.split("/")
    below = {TEAMS: parts, RENDERED: parts[1:]}.get(first, [])
    service = "/".join(below[:2])
    return _test(service) if service in services else (_REPOSITORY, file)


def _counts(found: Mapping[tuple[str, str], list[Diagnostic]]) -> str:
    failures = sum(any(diagnostic.is_error for diagnostic in diagnostics) for diagnostics in found.values())
    return f'tests="{len(found)}" failures="{failures}" errors="0" skipped="0"'


def _case(suite: str, name: str, found: list[Diagnostic], read_source: ReadSource, context: Context) -> Iterator[str]:
    errors = [diagnostic for diagnostic in found if diagnostic.is_error]
    warnings = [diagnostic for diagnostic in found if not diagnostic.is_error]
    file = f" file={quoteattr(visible(context.folder + found[0].span.file))}" if found else ""
    heading = f"<testcase classname={quoteattr(visible(suite))} name={quoteattr(visible(name))}{file}"
    if not found:
        yield f"    {heading}/>"
        return
    yield f"    {heading}>"
    if errors:
        code = errors[0].code
        first = f"{code.number} {code.name}: {visible(errors[0].message)}"
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        kind = quoteattr(f"{code.number} {code.name}")
        yield f"      <failure type={kind} message={quoteattr(first + more)}>{_listed(errors, read_source)}</failure>"
    if warnings:
        yield f"      <system-out>{_listed(warnings, read_source)}</system-out>"
    yield "    </testcase>"


def _listed(diagnostics: list[Diagnostic], read_source: ReadSource) -> str:
    return escape("\n".join(render_concise(diagnostics, read_source)))
