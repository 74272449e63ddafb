"""Hints that name the word somebody probably meant."""

from __future__ import annotations

from collections.abc import Iterable

from pavior.diagnostics.suggest import did_you_mean


def meant(word: str, known: Iterable[str]) -> str | None:
    """A hint that names the closest known word, if one is close."""
    near = did_you_mean(word, known)
    return f"did you mean `{near}`?" if near else None
