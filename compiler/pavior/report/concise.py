"""One line for each finding, as compilers print them and editors read them: `file:line:column: error[PV204 …]: message`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pavior.diagnostics import Diagnostic
from pavior.report import NOTHING, Context, ReadSource
from pavior.report.arrangement import arrange
from pavior.report.escaping import visible


def render(
    diagnostics: Iterable[Diagnostic], read_source: ReadSource, *, colour: bool = False, context: Context = NOTHING
) -> Iterator[str]:
    """One line for each finding. Sources are not read, and colours would get into other programs' way."""
    for diagnostic in arrange(diagnostics):
        span, code = diagnostic.span, diagnostic.code
        place = f"{visible(span.file)}:{span.line}:{span.column}"
        hint = f" ({visible(diagnostic.hint)})" if diagnostic.hint else ""
        severity = diagnostic.severity.value
        yield f"{place}: {severity}[{code.number} {code.name}]: {visible(diagnostic.message)}{hint}"
