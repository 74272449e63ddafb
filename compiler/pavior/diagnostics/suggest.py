"""The name that a person most likely meant. Other tools' words for a field are data of the field: `x-aliases` in its schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_LONGEST_WORD = 64
"""Nobody misspells a longer word, and comparing costs the product of two lengths."""


def clearly_meant(word: str, candidates: Iterable[str]) -> str | None:
    """The one candidate that `word` can be a misspelling of, near enough to write it unasked.

    Nearer than any other, and not only because one word is a part of the other.
    """
    ranked = sorted(_ranked(word, candidates))
    if not ranked or ranked[0][0][0] >= _LONGEST_WORD or (len(ranked) > 1 and ranked[1][0][0] <= ranked[0][0][0]):
        return None
    return ranked[0][1]


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `word` is most likely a misspelling of; None where none is near.

    Near is: the same but for case, hyphens and underscores; or a third of the letters inserted, left out, exchanged or swapped
    with their neighbours (one of two or three letters); or, for words of four letters and more, one a whole part of the other.
    """
    nearest = min(_ranked(word, candidates), default=None)
    return nearest[1] if nearest else None


def _ranked(word: str, candidates: Iterable[str]) -> Iterator[tuple[tuple[int, int], str]]:
    """The candidates that are near, each with how near."""
    if 0 < len(word) <= _LONGEST_WORD:
        bare = _bare(word)
        for candidate in candidates:
            rank = _rank(bare, _bare(candidate))
            if rank is not None:
                yield rank, candidate


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
