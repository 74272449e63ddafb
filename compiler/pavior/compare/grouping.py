"""Grouping: the changes of a fleet, one owner after another, merged where they are the same."""

from __future__ import annotations

from collections.abc import Sequence

from pavior.compare import ManifestChange
from pavior.compare.difference import DiffReport, Where


class Grouping:
    """Takes changes in, in any order, and keeps counts: its memory grows with how many different changes there are.

    It can be sent to another process, and `merge` joins what two of them gathered.
    """

    def __init__(self, constants: Sequence[str] = (), *, details: bool = False) -> None:
        """`constants` are texts in which no name is looked for, such as the organisation's domain. `details`: keep each change."""
        raise NotImplementedError

    def add(self, where: Where, changes: Sequence[ManifestChange]) -> None:
        """The changes of one owner's manifests in one target; may be called several times for one."""
        raise NotImplementedError

    def merge(self, other: Grouping) -> None:
        """Take in everything that `other` gathered, of the same constants."""
        raise NotImplementedError

    def report(self, base: str, head: str) -> DiffReport:
        """The groups, worst first, and counts. `base` and `head` say in words what was compared."""
        raise NotImplementedError
