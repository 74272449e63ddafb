"""What is reported, in which order: each finding once, by file and position."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pavior.diagnostics import Diagnostic


def arrange(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Sorted by file, position and code; one of those that say the same of one place, as three environments do, errors first."""
    unique: dict[tuple[object, ...], Diagnostic] = {}
    for diagnostic in diagnostics:
        key = (diagnostic.span, diagnostic.code.number, diagnostic.message)
        if key not in unique or (diagnostic.is_error and not unique[key].is_error):
            unique[key] = diagnostic
    return sorted(unique.values(), key=lambda d: (d.span, d.code.number, d.message))


def summary(arranged: Sequence[Diagnostic]) -> str:
    """`2 errors, 1 warning`; empty where there is nothing."""
    errors = sum(diagnostic.is_error for diagnostic in arranged)
    counts = ((errors, "error"), (len(arranged) - errors, "warning"))
    return ", ".join(f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counts if count)
