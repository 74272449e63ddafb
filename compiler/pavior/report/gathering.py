"""Findings that say the same of many files, gathered: people read one of them and how far it goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pavior.diagnostics import Diagnostic, Note

MOST_ALIKE = 10
"""Of groups of findings that are alike. What a change of a default does to a fleet is to fit on a screen or two."""

_MOST_FILES = 3
_MOST_FOLDERS = 6


@dataclass(frozen=True, slots=True)
class Gathered:
    """`shown` are the findings in their order, each for all that are like it; `untold` those for which there is no room."""

    shown: tuple[Diagnostic, ...]
    untold: tuple[Diagnostic, ...]


def gather(arranged: Iterable[Diagnostic]) -> Gathered:
    """One of the findings with the same `like`, which notes where the others are; of these, the ones that go farthest."""
    groups: dict[object, list[Diagnostic]] = {}
    for number, diagnostic in enumerate(arranged):
        key = number if diagnostic.like is None else (diagnostic.code.number, diagnostic.like)
        groups.setdefault(key, []).append(diagnostic)
    alike = sorted((group for group in groups.values() if group[0].like is not None), key=len, reverse=True)
    folded = {id(group) for group in alike[MOST_ALIKE:]}
    shown = tuple(_one_of(group) for group in groups.values() if id(group) not in folded)
    return Gathered(shown, tuple(d for group in alike[MOST_ALIKE:] for d in group))


def _one_of(group: Sequence[Diagnostic]) -> Diagnostic:
    first, *others = group
    if not others:
        return first
    return replace(first, notes=(*first.notes, Note(f"the same in {places(others)}")))


def places(diagnostics: Sequence[Diagnostic]) -> str:
    """`2 other files: …`: by name where they are few, by folder and count otherwise."""
    files = sorted({diagnostic.span.file for diagnostic in diagnostics})
    said = f"{len(files):,} other file{'' if len(files) == 1 else 's'}"
    if len(files) <= _MOST_FILES:
        return f"{said}: {', '.join(f'`{file}`' for file in files)}"
    folders = Counter(file.rpartition("/")[0] for file in files)
    named = ", ".join(f"`{folder}` ({count})" for folder, count in sorted(folders.items())[:_MOST_FOLDERS])
    more = len(folders) - _MOST_FOLDERS
    return f"{said}: {named}" + (f" and {more:,} more folder{'' if more == 1 else 's'}" if more > 0 else "")
