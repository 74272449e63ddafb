"""Words for syntax errors: PyYAML says what its parser met, people need what they wrote."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from yaml.error import Mark, MarkedYAMLError

from pavior.diagnostics import Diagnostic, Edit, Fix, Note
from pavior.diagnostics.codes import load as codes
from pavior.model import Span
from pavior.syntax.composer import TooDeepError
from pavior.syntax.faults import directive, too_deep


@dataclass(frozen=True, slots=True)
class _Place:
    """What a syntax error is about: where the parser stood, and where what it was reading began."""

    problem: str
    at: Span
    context: str
    began: Span | None
    lines: Sequence[str]

    def line(self, number: int) -> str:
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


def syntax_fault(file: str, lines: Sequence[str], found: Exception) -> Diagnostic:
    """The diagnostic for content that a parser refused with `found`."""
    if isinstance(found, TooDeepError):
        return too_deep(_one_character(file, found.mark, lines))
    if isinstance(found, MarkedYAMLError):
        return _word(file, lines, found)
    return Diagnostic(codes.YAML_SYNTAX, _bad_escape(file, lines), "an escape names a character that does not exist")


def _bad_escape(file: str, lines: Sequence[str]) -> Span:
    """PyYAML gives no place for `\\U00110000`, which it cannot make a character of."""
    for number, line in enumerate(lines, 1):
        for escape in re.finditer(r"\\U([0-9a-fA-F]{8})", line):
            if int(escape[1], 16) > 0x10FFFF:
                return Span(file, number, escape.start() + 1, number, escape.end() + 1)
    return Span(file)


def _one_character(file: str, mark: Mark, lines: Sequence[str]) -> Span:
    """The character at `mark`; at the end of the file or of a line, the place after its last character."""
    line, column = mark.line, mark.column
    if line >= len(lines) or (line == len(lines) - 1 and not lines[line] and line > 0):
        line = min(line, len(lines) - 1)
        while line > 0 and not lines[line].strip():
            line -= 1
        column = len(lines[line])
    column = min(column, len(lines[line]))
    return Span(file, line + 1, column + 1, line + 1, min(column + 1, len(lines[line])) + 1)


def _word(file: str, lines: Sequence[str], error: MarkedYAMLError) -> Diagnostic:
    mark = error.problem_mark or error.context_mark
    at = _one_character(file, mark, lines) if mark else Span(file)
    began = _one_character(file, error.context_mark, lines) if error.context_mark else None
    place = _Place(error.problem or "", at, error.context or "", began, lines)
    if conflict := _conflict(place):
        return conflict
    if tab := _tab(place):
        return tab
    for pattern, words in _WORDS:
        if re.search(pattern, place.problem) or re.search(pattern, place.context):
            return words(place)
    return _fault(place.at, f"this is not valid YAML: {place.problem}")


def _fault(span: Span, message: str, hint: str | None = None, *notes: Note) -> Diagnostic:
    return Diagnostic(codes.YAML_SYNTAX, span, message, hint, notes)


def _conflict(place: _Place) -> Diagnostic | None:
    """What Git leaves where it can't merge, if the parser didn't get beyond it."""
    for number, line in enumerate(place.lines[: place.at.line], 1):
        if line.startswith("<<<<<<< "):
            span = Span(place.at.file, number, 1, number, len(line) + 1)
            hint = "keep what belongs, and remove the lines that begin with `<<<<<<<`, `=======` and `>>>>>>>`"
            return _fault(span, "a merge left both sides of a conflict here", hint)
    return None


def _tab(place: _Place) -> Diagnostic | None:
    """A tab in the indentation of the line, or one that the parser stopped at."""
    line = place.line(place.at.line)
    indentation = line[: len(line) - len(line.lstrip())]
    if "\t" in indentation:
        start = indentation.index("\t") + 1
        span = Span(place.at.file, place.at.line, start, place.at.line, len(indentation) + 1)
        spaces = indentation[start - 1 :].replace("\t", "  ")
        hint, fix = "indent with spaces, two for each level", Fix((Edit(span, spaces),))
        return Diagnostic(codes.TAB, span, "the line is indented with a tab", hint, fix=fix)
    if line[place.at.column - 1 : place.at.column] == "\t":
        return Diagnostic(
            codes.TAB,
            place.at,
            "a tab stands where only spaces may",
            "write a space, or nothing at the end of the line",
            fix=Fix((Edit(place.at, " "),)),
        )
    return None


def _second_colon(place: _Place) -> Diagnostic:
    """`a: b: c`; a line deeper than its neighbours; or the line before lacks the space after its colon."""
    number, column = place.at.line, place.at.column
    before = number - 1
    while before > 0 and not place.line(before).strip():
        before -= 1
    if before > 0 and (unspaced := _unspaced(place, before)):
        return unspaced
    if ": " in place.line(number)[: column - 1]:
        return _fault(place.at, "a second `: ` stands in one line", "quote the value if the colon belongs to it")
    text = place.line(number)
    start = len(text) - len(text.lstrip())
    span = Span(place.at.file, number, start + 1, number, max(column, start + 2))
    hint = "align it with the keys beside it; a key with a value on its own line holds no further keys"
    return _fault(span, "this key is indented as if it belonged to the value above it", hint)


def _unspaced(place: _Place, number: int) -> Diagnostic | None:
    """`port:8080`, which is no key and its value but one text."""
    found = re.match(r"\s*(?:- +)*[\w./-]+(:)[^\s:/]", place.line(number))
    if found is None or ": " in place.line(number):
        return None
    span = Span(place.at.file, number, found.start(1) + 1, number, found.end(1) + 1)
    message, hint = "there is no space after `:`", "write a space between `:` and the value"
    return Diagnostic(codes.YAML_SYNTAX, span, message, hint, fix=Fix((Edit(span, ": "),)))


def _indentation(place: _Place) -> Diagnostic:
    text = place.line(place.at.line)
    start = len(text) - len(text.lstrip())
    if text.lstrip().startswith(":"):
        span = Span(place.at.file, place.at.line, start + 1, place.at.line, start + 2)
        return _fault(span, "there is no key before `:`", "write a key, or quote the text that begins with `:`")
    if text[: place.at.column - 1].strip(" -"):
        return _after_value(place)
    span = Span(place.at.file, place.at.line, start + 1, place.at.line, len(text.rstrip()) + 1)
    notes = (
        () if place.began is None else (Note("this is where the lines that it should align with begin", place.began),)
    )
    return _fault(
        span, "the indentation of this line fits nothing above it", "align it with the lines that it belongs to", *notes
    )


def _after_value(place: _Place) -> Diagnostic:
    hint = "quote the whole value; inside '…' a single quote is written twice"
    return _fault(place.at, "text follows a value that is already complete", hint)


def _no_colon(place: _Place) -> Diagnostic:
    at = place.began or place.at
    if unspaced := _unspaced(place, at.line):
        return unspaced
    text = place.line(at.line)
    span = Span(at.file, at.line, at.column, at.line, max(len(text.split(" #")[0].rstrip()), at.column) + 1)
    return _fault(
        span,
        "this line is neither `key: value` nor a list item",
        "write `key: value`, or align it with the text it continues",
    )


def _open_quote(place: _Place) -> Diagnostic:
    return _fault(
        place.began or place.at, "the quote that opens here is never closed", "close it, or quote with the other kind"
    )


def _open_bracket(place: _Place) -> Diagnostic:
    wanted = "]" if "sequence" in place.context else "}"
    opened = "[" if wanted == "]" else "{"
    if place.began is None or "'<stream end>'" in place.problem:
        return _fault(
            place.began or place.at, f"the `{opened}` that opens here is never closed", f"close it with `{wanted}`"
        )
    note = Note(f"`{opened}` opens here", place.began)
    return _fault(
        place.at,
        f"`,` or `{wanted}` is missing before this",
        "separate with commas, and quote text that holds brackets",
        note,
    )


def _cannot_start(place: _Place) -> Diagnostic:
    character = place.line(place.at.line)[place.at.column - 1 : place.at.column]
    return _fault(place.at, f"text without quotes cannot begin with `{character}`", "quote the text")


def _escape(place: _Place) -> Diagnostic:
    line = place.line(place.at.line)
    start = line.rfind("\\", 0, place.at.column)
    span = Span(place.at.file, place.at.line, start + 1, place.at.line, place.at.end_column) if start >= 0 else place.at
    return _fault(
        span, "this is not an escape that double quotes know", "write `\\\\` for a backslash, or use single quotes"
    )


def _reference(place: _Place) -> Diagnostic:
    sign = "*" if "alias" in place.context else "&" if "anchor" in place.context else "!"
    return _fault(place.began or place.at, f"text without quotes cannot begin with `{sign}`", "quote the text")


def _block_header(place: _Place) -> Diagnostic:
    return _fault(place.at, "after `|` or `>` the text begins on the next line", "begin a new line, or quote the text")


def _list_in_line(place: _Place) -> Diagnostic:
    return _fault(
        place.at,
        "a list item `- ` cannot begin here",
        "begin the list on the next line, or write `[a, b]`; quote it if it is text",
    )


def _misplaced(place: _Place) -> Diagnostic:
    character = place.line(place.at.line)[place.at.column - 1 : place.at.column]
    return _fault(
        place.at,
        f"`{character}` is not expected here" if character else "a value is missing here",
        "remove it, or quote the text",
    )


def _directive(place: _Place) -> Diagnostic:
    return directive(place.began or place.at)


_WORDS: tuple[tuple[str, Callable[[_Place], Diagnostic]], ...] = (
    (
        r"scanning a directive|duplicate YAML directive|incompatible YAML|duplicate tag handle|'<document start>'.*'%",
        _directive,
    ),
    (r"mapping (values|keys) are not allowed", _second_colon),
    (r"expected <block end>, but found '<scalar>'|expected '<document start>'", _indentation),
    (r"expected <block end>", _indentation),
    (r"could not find expected ':'", _no_colon),
    (r"scanning a quoted scalar", _open_quote),
    (r"parsing a flow (sequence|mapping)", _open_bracket),
    (r"cannot start any token", _cannot_start),
    (r"unknown escape character|expected escape sequence", _escape),
    (r"scanning an? (alias|anchor|tag)|parsing an? (tag|directive)|undefined tag handle", _reference),
    (r"scanning a block scalar", _block_header),
    (r"sequence entries are not allowed", _list_in_line),
    (r"expected the node content", _misplaced),
)
