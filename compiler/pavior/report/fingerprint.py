"""What tells one finding from the others for as long as it is there, wherever in its file it moves."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator

from pavior.diagnostics import Diagnostic
from pavior.report.json_form import encodable


def fingerprints(arranged: Iterable[Diagnostic], folder: str) -> Iterator[tuple[Diagnostic, str, int]]:
    """Each finding, 16 hexadecimal digits of its code, file and message, and its number among those that have the same, from 1.

    No line or column is in it, so lines above a finding can come and go. `folder` is where the files are.
    """
    alike: Counter[str] = Counter()
    for diagnostic in arranged:
        parts = (diagnostic.code.number, folder + diagnostic.span.file, diagnostic.message)
        digest = hashlib.sha256("\0".join(map(encodable, parts)).encode()).hexdigest()[:16]
        alike[digest] += 1
        yield diagnostic, digest, alike[digest]
