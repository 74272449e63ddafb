"""The word that somebody probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint that names the closest known word, if one is close."""
    matches = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"did you mean `{matches[0]}`?" if matches else None
