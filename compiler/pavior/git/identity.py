"""The id that Git would give some content."""

from __future__ import annotations

import hashlib


def blob_id(content: bytes, digest: str = "sha1") -> str:
    """The id of a blob: the hash of `blob <size>`, a zero byte and the content (gitformat-pack, hash-function-transition)."""
    made = hashlib.new(digest, b"blob %d\0" % len(content), usedforsecurity=False)
    made.update(content)
    return made.hexdigest()
