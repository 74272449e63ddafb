"""The name that a person most likely meant."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(text: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `text` is most likely a misspelling of; None where none is near."""
    from difflib import get_close_matches  # noqa: PLC0415 - only faults need it

    return next(iter(get_close_matches(text, list(candidates), n=1, cutoff=0.6)), None)
