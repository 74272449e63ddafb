"""The form for people: each finding with the line that it is about, as `docs/` and rustc's readers know it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pavior.diagnostics import Diagnostic
from pavior.diagnostics.codes.load import SECRET
from pavior.model import Span
from pavior.report import NOTHING, Context, ReadSource
from pavior.report.arrangement import arrange, summary
from pavior.report.escaping import visible
from pavior.report.excerpt import excerpt, hide, lines_of
from pavior.report.gathering import gather, places

_RESET = "\x1b[0m"
_COLOURS = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "hint": "\x1b[1;36m",
    "note": "\x1b[1m",
    "frame": "\x1b[1;34m",
}


class _Paint:
    """Colours text, or leaves it."""

    def __init__(self, colour: bool) -> None:
        self._colours = _COLOURS if colour else {}

    def __call__(self, role: str, text: str) -> str:
        start = self._colours.get(role)
        return f"{start}{text}{_RESET}" if start and text else text


def render(
    diagnostics: Iterable[Diagnostic], read_source: ReadSource, *, colour: bool = False, context: Context = NOTHING
) -> Iterator[str]:
    """The lines of the report, with a line that counts the findings at its end; none where there are none."""
    paint = _Paint(colour)
    arranged = arrange(diagnostics)
    files = _Files(read_source, [diagnostic.span for diagnostic in arranged if diagnostic.code is SECRET])
    gathered = gather(arranged)
    for diagnostic in gathered.shown:
        yield from _finding(diagnostic, files, paint)
        yield ""
    if gathered.untold:
        yield f"… and more like these, each in its own way, in {places(gathered.untold)} (`--format json` has all)"
        yield ""
    if arranged:
        yield paint("note", summary(arranged))


class _Files:
    """The lines of the file shown last, without the secrets in it; findings are sorted by file, so one is enough."""

    def __init__(self, read_source: ReadSource, secrets: Sequence[Span]) -> None:
        self._read_source = read_source
        self._secrets = secrets
        self._file: str | None = None
        self._lines: list[str] = []

    def lines(self, file: str) -> list[str]:
        if file != self._file:
            secrets = [span for span in self._secrets if span.file == file]
            self._file, self._lines = file, hide(lines_of(self._read_source(file)), secrets)
        return self._lines


def _finding(diagnostic: Diagnostic, files: _Files, paint: _Paint) -> Iterator[str]:
    severity, code = diagnostic.severity.value, diagnostic.code
    spans = [diagnostic.span, *(note.span for note in diagnostic.notes if note.span)]
    gutter = max(len(str(span.line)) for span in spans) + 1
    heading = paint(severity, f"{severity}[{code.number} {code.name}]")
    yield heading + paint("note", f": {visible(diagnostic.message)}")
    yield from _place(diagnostic.span, files, paint, gutter, "^", severity)
    if diagnostic.hint:
        yield _remark("hint", diagnostic.hint, paint, gutter)
    for note in diagnostic.notes:
        yield _remark("note", note.message, paint, gutter)
        if note.span:
            yield from _place(note.span, files, paint, gutter, "-", "frame")


def _remark(kind: str, message: str, paint: _Paint, gutter: int) -> str:
    return f"{' ' * (gutter + 1)}{paint('frame', '=')} {paint(kind, f'{kind}:')} {visible(message)}"


def _place(span: Span, files: _Files, paint: _Paint, gutter: int, mark: str, role: str) -> Iterator[str]:
    """Where it is, and what is written there. A folder, or a file as a whole, has no line to name."""
    lines = files.lines(span.file)
    arrow = " " * gutter + paint("frame", "-->")
    if span == Span(span.file):
        yield f"{arrow} {visible(span.file)}"
        return
    yield f"{arrow} {visible(span.file)}:{span.line}:{span.column}"
    shown = excerpt(lines, span, mark)
    if shown is None:
        return
    bar = paint("frame", "|")
    yield f"{' ' * gutter} {bar}"
    number = paint("frame", str(shown.number).rjust(gutter))
    yield f"{number} {bar} {shown.source}"
    yield f"{' ' * gutter} {bar} {shown.indentation}{paint(role, shown.marks)}{shown.trailer}"
