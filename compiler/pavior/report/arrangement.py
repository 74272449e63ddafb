"""What is reported, in which order: each finding once, by file and position, and nothing in it that looks like a secret."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pavior.diagnostics import Diagnostic, Note
from pavior.diagnostics.secrets import conceal
from pavior.model import Span

MOST_NOTES = 6
"""A fault of a golden path may show in every service: this many are enough to see where."""


def arrange(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Sorted by file, position and code; those that say the same of one place, as three environments do, are one."""
    same: dict[tuple[object, ...], list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        same.setdefault((diagnostic.span, diagnostic.code.number, diagnostic.message), []).append(diagnostic)
    return sorted(map(_one, same.values()), key=lambda d: (d.span, d.code.number, d.message))


def _one(same: Sequence[Diagnostic]) -> Diagnostic:
    """The gravest of findings that say the same, with the notes of all."""
    targets: dict[tuple[str, Span | None], dict[str, None]] = {}
    for note in (note for diagnostic in same for note in diagnostic.notes):
        targets.setdefault((note.message, note.span), {}).update(dict.fromkeys(note.targets))
    notes = tuple(Note(_after(message, named), span) for (message, span), named in targets.items())
    if len(same) > 1 and len(notes) > MOST_NOTES:
        notes = (*notes[:MOST_NOTES], Note(f"and {len(notes) - MOST_NOTES} more like these"))
    gravest = next((d for d in same if d.is_error), same[0])
    hint = conceal(gravest.hint) if gravest.hint else gravest.hint
    notes = tuple(replace(note, message=conceal(note.message)) for note in notes)
    return replace(gravest, message=conceal(gravest.message), hint=hint, notes=notes)


def _after(message: str, targets: Iterable[str]) -> str:
    """`in the effective spec of `shop/cart` for `dev`, `prod``."""
    return " ".join((message, ", ".join(f"`{target}`" for target in targets))).rstrip()


def summary(arranged: Sequence[Diagnostic]) -> str:
    """`2 errors, 1 warning`, and how many of them which command mends; empty where there is nothing."""
    errors = sum(diagnostic.is_error for diagnostic in arranged)
    counts = ((errors, "error"), (len(arranged) - errors, "warning"))
    said = ", ".join(f"{count:,} {noun}{'' if count == 1 else 's'}" for count, noun in counts if count)
    mended = Counter(command for diagnostic in arranged if (command := _command(diagnostic)) is not None)
    remedies = (
        f"{'' if len(arranged) == 1 else 'all ' if count == len(arranged) else f'{count:,} '}fixable with `{command}`"
        for command, count in sorted(mended.items())
    )
    return ", ".join((said, *remedies))


def _command(diagnostic: Diagnostic) -> str | None:
    """The command that mends it without anybody's thinking."""
    if diagnostic.fix is not None and diagnostic.fix.safe:
        return "pavior fix"
    return diagnostic.code.command
