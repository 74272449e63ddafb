"""What can be wrong with a place that machines share (PV801 and PV802)."""

from __future__ import annotations

from pavior.diagnostics import Code, Severity

UNUSABLE_PLACE = Code(
    "PV801",
    "unusable-shared-cache",
    what="The place that `PAVIOR_SHARED_CACHE` names can't be read or written, or no key says whom to believe there.",
    why="The run does all work itself: what it finds and writes is the same, and takes longer.",
    fix="See whether the machine reaches the place and what it may do there, and that `pavior[shared]` is installed."
    " `PAVIOR_SHARED_CACHE_PUBLIC_KEY` holds the text of the key, as PEM.",
    severity=Severity.WARNING,
)
REFUSED_ENTRY = Code(
    "PV802",
    "refused-shared-entry",
    what="What lies in the shared cache is not whole, or was not signed by the key that is trusted.",
    why="It was cut short, or somebody wrote it who shouldn't: it says which files are right unrendered. It is not used.",
    fix="Delete it; the trusted pipeline writes it anew. Where that happens again, see who can write there.",
    severity=Severity.WARNING,
)
