"""Steps of JSON pointers (RFC 6901)."""

from __future__ import annotations


def item_index(step: str, length: int) -> int | None:
    """The item of a list of that length that a step names; None where it names none.

    ASCII digits alone, and no zero before others (section 4). Too many of them are never made a number.
    """
    if not step.isascii() or not step.isdecimal() or len(step) > len(str(length)) or (step[0] == "0" and step != "0"):
        return None
    return int(step) if int(step) < length else None
