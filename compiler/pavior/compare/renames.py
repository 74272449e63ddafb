"""Manifests that are the same under another name: moved to another namespace, named after their content, or nearly equal."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pavior.compare import Edit, FieldChange, Identity, Risk
from pavior.compare.items import leaves
from pavior.model import Manifest

ALIKE = 0.8
"""How much of all their leaves two manifests must share to be the same one."""

FEWEST_LEAVES = 4
"""Manifests that say less are too alike by nature."""

MOST_COMPARED = 400
"""So many pairs are compared by content; of more, names alone tell."""

_HASH = re.compile(r"[-.](?=[a-z]*[0-9])[0-9a-z]{5,64}$")
_OWN = "\0"


def without_hash(name: str, instead: str = "") -> str:
    """A name without the hash of its content at the end."""
    return _HASH.sub(instead, name)


class Renaming(NamedTuple):
    old: Identity
    new: Identity


def renamings(removed: Mapping[Identity, Manifest], added: Mapping[Identity, Manifest]) -> list[Renaming]:
    """Pairs of a removed and an added manifest of one kind, the surest first, each manifest in one at most."""
    old_by_kind: dict[tuple[str, str], list[Identity]] = {}
    for name in removed:
        old_by_kind.setdefault(name[:2], []).append(name)
    pairs = [(old, new) for new in added for old in old_by_kind.get(new[:2], ())]
    by_content = len(pairs) <= MOST_COMPARED
    scored = sorted(
        (-score, new, old)
        for old, new in pairs
        if (score := _score(old, new, removed[old], added[new], by_content)) > 0
    )
    found: list[Renaming] = []
    taken: set[tuple[str, Identity]] = set()
    for _, new, old in scored:
        if not {("old", old), ("new", new)} & taken:
            taken |= {("old", old), ("new", new)}
            found.append(Renaming(old, new))
    return found


def _score(old: Identity, new: Identity, before: Manifest, after: Manifest, by_content: bool) -> float:
    """How sure it is that a manifest only got another name; 0 where it did not."""
    if old.name == new.name:
        return 3.0
    if old.namespace != new.namespace:
        return 0.0
    alike = _likeness(before, after, old.name, new.name) if by_content else 0.0
    stem = without_hash(old.name)
    if stem not in (old.name, "") and stem == without_hash(new.name) != new.name:
        return 1.5 + alike
    return alike if alike >= ALIKE else 0.0


def _likeness(before: Manifest, after: Manifest, old: str, new: str) -> float:
    """The share of leaves, but for names and labels, that both have."""
    one, other = Counter(_content(before, old)), Counter(_content(after, new))
    if min(one.total(), other.total()) < FEWEST_LEAVES:
        return 0.0
    return (one & other).total() / (one | other).total()


def _content(manifest: Manifest, name: str) -> Iterator[tuple[str, str]]:
    """The leaves of a manifest but for what it is called and labelled, its own name in them left open."""
    content = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind", "metadata")}
    return ((path, value.replace(name, _OWN)) for path, value in leaves(content))


def follows(field: FieldChange, renaming: Renaming) -> bool:
    """Whether a field changed only because it says the name of what was renamed, or where that is.

    What does more than to restart pods is told on its own all the same.
    """
    if (
        field.edit is not Edit.CHANGED
        or field.risk < Risk.RESTARTS_PODS
        or not isinstance(field.before, str)
        or not isinstance(field.after, str)
    ):
        return False
    for old, new in ((renaming.old.name, renaming.new.name), (renaming.old.namespace, renaming.new.namespace)):
        if old != new and old and old in field.before and field.before.replace(old, new) == field.after:
            return True
    return False
