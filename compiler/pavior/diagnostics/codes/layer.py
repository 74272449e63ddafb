"""Codes of the layer phase."""

from __future__ import annotations

from pavior.diagnostics import Code

NEED_WITHOUT_TYPE = Code(
    "PV301",
    "need-without-type",
    what="An entry of `needs` has no `type` in any layer that speaks of it.",
    why="The type decides which component provides the entry, and which fields it takes.",
    fix="Give the entry a `type`, or, where it was meant to change an entry of another name, correct the name.",
)
UNKNOWN_SIZE = Code(
    "PV302",
    "unknown-size",
    what="A field that takes the name of a size holds a name that its component doesn't define.",
    why="A size name stands for values that the platform team chose; an unknown one stands for none, and the service would "
    "run without them.",
    fix="Use one of the names that the diagnostic lists, or give the values themselves.",
)
