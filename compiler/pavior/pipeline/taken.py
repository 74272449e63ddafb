"""Taken: which manifests of a fleet have the same identity, from eight bytes for each."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from pavior.pipeline.compile import Taken

_BUCKETS = 64
"""Identities are compared in so many parts: no more of them are objects at once."""

_MASK = 2**64 - 1


class Holder(NamedTuple):
    """Who has an identity: what is rendered from a folder in a target, and the how-manieth of its manifests it is."""

    source: str
    target: str
    position: int


@dataclass(slots=True)
class Register:
    """The hashes of identities, owner by owner."""

    _hashes: array[int] = field(default_factory=lambda: array("Q"))
    _starts: array[int] = field(default_factory=lambda: array("Q"))
    _owners: list[tuple[str, str]] = field(default_factory=list)

    def add(self, source: str, taken: Iterable[Taken]) -> None:
        """Note what is rendered from a folder, target by target."""
        last = None
        for target, identity in taken:
            if target != last:
                self._starts.append(len(self._hashes))
                self._owners.append((source, target))
                last = target
            self._hashes.append(identity & _MASK)

    def all(self) -> Iterator[tuple[str, Taken]]:
        """All that was noted, each with the folder that it is rendered from."""
        for holder, identity in self._held():
            yield holder.source, (holder.target, identity)

    def twice(self) -> Iterator[tuple[Holder, Holder]]:
        """The first owner of each identity that several have, with each of the others."""
        buckets = [array("Q") for _ in range(_BUCKETS)]
        for _, target, hashes in self._by_owner():
            salt = hash(target) & _MASK
            for identity in hashes:
                buckets[identity % _BUCKETS].append(identity ^ salt)
        if all(len(set(bucket)) == len(bucket) for bucket in buckets):
            return
        first: dict[Taken, Holder] = {}
        for holder, identity in self._held():
            other = first.setdefault((holder.target, identity), holder)
            if other.source != holder.source:
                yield other, holder

    def _held(self) -> Iterator[tuple[Holder, int]]:
        for source, target, hashes in self._by_owner():
            for position, identity in enumerate(hashes):
                yield Holder(source, target, position), identity

    def _by_owner(self) -> Iterator[tuple[str, str, Iterable[int]]]:
        ends = [*self._starts[1:], len(self._hashes)][: len(self._starts)]
        for (source, target), start, end in zip(self._owners, self._starts, ends, strict=True):
            yield source, target, self._hashes[start:end]
