"""Compare: two lists of manifests of one owner → what happened to each."""

from __future__ import annotations

from collections.abc import Sequence

from pavior.compare import ManifestChange
from pavior.compare.knowledge import Knowledge
from pavior.model import Manifest


def compare(base: Sequence[Manifest], head: Sequence[Manifest], knowledge: Knowledge) -> tuple[ManifestChange, ...]:
    """What happened to the manifests of one owner in one target, sorted by identity.

    Manifests are the same by identity, whatever the version of their API and wherever they stand. Both lists are only read.
    """
    raise NotImplementedError
