"""Mend: a file and what is wrong with it → the file with the safe fixes done, each of them proved by looking again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pavior.diagnostics import Code, Diagnostic
from pavior.diagnostics.codes import load as codes
from pavior.model import Source, Span
from pavior.syntax.edits import edited

Diagnose = Callable[[Source], Sequence[Diagnostic]]
"""What is wrong with a file by itself."""

_MOST_FIXES = 500
_LONGEST_CHAIN = 8
_UNPARSED = (codes.YAML_SYNTAX, codes.TAB)
"""A parser tells one fault of a file and stops there: the next may be behind it, unless it is in the same line."""


@dataclass(frozen=True, slots=True)
class Mended:
    """`source` as it is now, the diagnostics that were `fixed` on the way in their order, and those that are `left`."""

    source: Source
    fixed: tuple[Diagnostic, ...]
    left: tuple[Diagnostic, ...]


def mend(source: Source, diagnose: Diagnose) -> Mended:
    """Apply one safe fix after another. One that doesn't end its diagnostic, or brings another, is taken back."""
    state = Mended(source, (), tuple(diagnose(source)))
    refused: set[tuple[str, str, Span]] = set()
    while len(state.fixed) < _MOST_FIXES:
        safe = [d for d in state.left if _is_safe(d) and _identity(d) not in refused]
        if not safe:
            break
        better = _first_read(state, safe, diagnose) if _is_unread(state) else _chain(state, safe[0], diagnose)
        if better is None:
            refused.add(_identity(safe[0]))
        else:
            state = better
    return state


def _first_read(state: Mended, safe: Sequence[Diagnostic], diagnose: Diagnose) -> Mended | None:
    """The state after the first fix for a file that can't be read yet, as far as all fixes together let it be judged."""
    first = safe[0]
    if len(safe) > 1 and _chain(state, first, diagnose, safe[1:]) is None:
        return None
    return _chain(state, first, diagnose)


def _chain(state: Mended, first: Diagnostic, diagnose: Diagnose, beside: Sequence[Diagnostic] = ()) -> Mended | None:
    """The state after the fix of `first`, and of what that brings as long as this has safe fixes; None where one hasn't.

    A plain `no` where a truth value belongs becomes text, and the text the truth value. The fixes of `beside` are done with
    the first one, for what they let be seen.
    """
    now, next_, edits = state, first, [edit for d in beside if d.fix for edit in d.fix.edits]
    for _ in range(_LONGEST_CHAIN):
        assert next_.fix is not None
        source, places = edited(now.source, [*next_.fix.edits, *edits])
        after = Mended(source, (*now.fixed, next_), tuple(diagnose(source)))
        if _remains(next_, now.left, after.left) or _remains(first, state.left, after.left):
            return None
        now = after
        brought = _brought(state.left, now.left, places[: len(next_.fix.edits)])
        if not brought:
            return now
        following = next((d for d in brought if _is_safe(d)), None)
        if following is None:
            return None
        next_, edits = following, []
    return None


def _remains(wanted: Diagnostic, before: Iterable[Diagnostic], after: Iterable[Diagnostic]) -> bool:
    """A parser tells of one line after the other with the same words, so the line counts too."""

    def told(diagnostics: Iterable[Diagnostic]) -> int:
        same = (d for d in diagnostics if d.code is wanted.code and d.message == wanted.message)
        return sum(d.span.line == wanted.span.line for d in same)

    return told(after) >= told(before)


def _brought(before: Sequence[Diagnostic], after: Sequence[Diagnostic], places: Sequence[Span]) -> list[Diagnostic]:
    """What is wrong only since an edit. While a file couldn't be read, only what is wrong where it was edited is new."""
    known = Counter((d.code, d.message) for d in before)
    new = []
    for diagnostic in after:
        known[diagnostic.code, diagnostic.message] -= 1
        if known[diagnostic.code, diagnostic.message] < 0:
            new.append(diagnostic)
    if any(d.code in _LOAD_CODES for d in before):
        new = [d for d in new if any(_concerns(d, place) for place in places)]
    return new


_LOAD_CODES = frozenset(code for code in vars(codes).values() if isinstance(code, Code))


def _is_unread(state: Mended) -> bool:
    return any(d.code in _LOAD_CODES for d in state.left)


def _concerns(diagnostic: Diagnostic, place: Span) -> bool:
    span = diagnostic.span
    if diagnostic.code in _UNPARSED:
        return span.line <= place.end_line and place.line <= span.end_line
    starts_before_end = (span.line, span.column) < (place.end_line, place.end_column)
    return starts_before_end and (place.line, place.column) < (span.end_line, span.end_column)


def _is_safe(diagnostic: Diagnostic) -> bool:
    return diagnostic.fix is not None and diagnostic.fix.safe


def _identity(diagnostic: Diagnostic) -> tuple[str, str, Span]:
    return diagnostic.code.number, diagnostic.message, diagnostic.span
