"""Which of several schemas was meant, where a value fits none (`anyOf`) or more than one (`oneOf`)."""

from __future__ import annotations

from pavior.schema.fault import Refusal


def chosen(refusal: Refusal) -> list[Refusal]:
    """The refusals of the branch that was meant; none where that can't be told.

    A branch of another type, or with another constant or word at a tag, was not meant. Of those left, the one that the
    value fits best: its faults lie deepest, and are fewest.
    """
    branches: dict[int, list[Refusal]] = {}
    for inner in refusal.context:
        branches.setdefault(inner.branch or 0, []).append(inner)
    meant = [found for found in branches.values() if not any(_excludes(inner) for inner in found)]
    if len(meant) > 1:
        tagged = [found for found in meant if not any(_wrong_tag(inner) for inner in found)]
        meant = tagged or meant
    if not meant or all(_only_required(found) for found in meant):
        return []
    return min(meant, key=lambda found: (-max(len(inner.within) for inner in found), len(found)))


def alternatives(refusal: Refusal) -> tuple[list[str], list[str]]:
    """Where branches say which fields go together: the fields that exclude one another, and those of which one is needed."""
    groups = [branch["required"] for branch in refusal.said if isinstance(branch, dict) and "required" in branch]
    if not isinstance(refusal.value, dict) or len(groups) < len(refusal.said):
        return [], []
    present = [group for group in groups if all(name in refusal.value for name in group)]
    if len(present) > 1:
        names = [name for group in present for name in group]
        return [name for name in refusal.value if name in names], []
    return [], list(dict.fromkeys(name for group in groups for name in group))


def _excludes(inner: Refusal) -> bool:
    return not inner.within and inner.keyword in ("type", "const", "enum")


def _wrong_tag(inner: Refusal) -> bool:
    return len(inner.within) == 1 and inner.keyword == "const"


def _only_required(found: list[Refusal]) -> bool:
    return all(inner.keyword == "required" and set(inner.node) <= {"required"} for inner in found)
