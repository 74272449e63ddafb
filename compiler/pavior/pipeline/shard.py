"""Shards: one run over a fleet, in parts that know nothing of one another."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b


@dataclass(frozen=True, slots=True)
class Shard:
    """The `index`-th of `count` parts, from 1 on. Which part has a folder follows from its path and `count` alone."""

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def has(self, source: str) -> bool:
        """Is it this part that renders what is rendered from a folder, and deletes what was?"""
        digest = blake2b(source.encode("utf-8", "surrogateescape"), digest_size=8).digest()
        return int.from_bytes(digest, "big") % self.count == self.index - 1
