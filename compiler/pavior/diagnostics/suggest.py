"""The name that a person most likely meant: misspelt, or as another tool calls it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pavior.model import Path

_LONGEST_WORD = 64
"""Nobody misspells a longer word, and comparing costs the product of two lengths."""


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `word` is most likely a misspelling of; None where none is near.

    Near is: the same but for case, hyphens and underscores; or a third of the letters inserted, left out, exchanged or swapped
    with their neighbours (one of two or three letters); or, for words of four letters and more, one a whole part of the other.
    """
    if not 0 < len(word) <= _LONGEST_WORD:
        return None
    bare = _bare(word)
    ranked = sorted(
        (rank, candidate) for candidate in candidates if (rank := _rank(bare, _bare(candidate))) is not None
    )
    return ranked[0][1] if ranked else None


def _bare(word: str) -> str:
    return word.lower().replace("-", "").replace("_", "")


def _rank(word: str, candidate: str) -> tuple[int, int] | None:
    """How far apart two words are, nearest first; None where too far."""
    shorter, longer = sorted((word, candidate), key=len)
    allowed = max(len(word) // 3, 1 if len(word) > 1 else 0)
    if len(longer) - len(shorter) <= allowed and len(longer) <= _LONGEST_WORD:
        distance = edit_distance(word, candidate)
        if distance <= allowed:
            return distance, abs(len(word) - len(candidate))
    if len(shorter) >= 4 and (longer.startswith(shorter) or longer.endswith(shorter)):
        return _LONGEST_WORD, len(longer) - len(shorter)
    return None


def edit_distance(first: str, second: str) -> int:
    """How many letters to insert, leave out, exchange or swap with a neighbour (optimal string alignment distance)."""
    two_above: list[int] = []
    above: list[int] = []
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, 1):
        two_above, above, row = above, row, [i]
        for j, other in enumerate(second, 1):
            distance = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == second[j - 2] and other == first[i - 2]:
                distance = min(distance, two_above[j - 2] + 1)
            row.append(distance)
    return row[-1]


@dataclass(frozen=True, slots=True)
class ForeignName:
    """A field as another tool calls it: `field` is ours, dotted; where there is none, `instead` says what to do."""

    tool: str
    field: str | None
    instead: str | None


def foreign_name(path: Path) -> ForeignName | None:
    """What the field at `path`, in platform.yaml or in a layer's values, is when another tool's user wrote it."""
    words = tuple(_bare(str(word)) for word in _within_layer(path))
    return _foreign_names().get(words)


def suggestion(path: Path, candidates: Iterable[str]) -> str | None:
    """A hint for the unknown key at `path` where `candidates` are known: another tool's word first, then a misspelling."""
    word = str(path[-1]) if path else ""
    foreign = foreign_name(path)
    if foreign is None:
        meant = did_you_mean(word, candidates)
        return f"did you mean `{meant}`?" if meant else None
    if foreign.field is None:
        return foreign.instead
    return f"`{word}` of {foreign.tool} is `{foreign.field}` here"


def _within_layer(path: Path) -> Path:
    """`path` without what leads to a layer's values: `environments.prod`, `defaults`, `tiers.critical`."""
    while path:
        if path[0] in ("environments", "tiers") and len(path) > 2:
            path = path[2:]
        elif path[0] == "defaults" and len(path) > 1:
            path = path[1:]
        else:
            break
    return path


@cache
def _foreign_names() -> Mapping[tuple[str, ...], ForeignName]:
    import yaml  # noqa: PLC0415 - only faults need it

    text = files("pavior.diagnostics").joinpath("foreign-names.yaml").read_text("utf-8")
    names = {}
    for tool, words in yaml.safe_load(text).items():
        for path, ours in words.items():
            field, instead = (None, ours["instead"]) if isinstance(ours, dict) else (ours, None)
            names[tuple(_bare(word) for word in path.split("."))] = ForeignName(tool, field, instead)
    return names
