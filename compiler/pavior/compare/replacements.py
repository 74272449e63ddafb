"""Manifests of one role and name of which one came for the other: what both kinds have in common is compared all the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pavior.compare import FieldChange, Identity, written
from pavior.compare.items import canonical
from pavior.compare.knowledge import KindMeaning, Knowledge, Meaning
from pavior.compare.values import differences_at
from pavior.model import Manifest, Value

_NAMED = ("name", "namespace")


def replacements(
    removed: Mapping[Identity, Manifest], added: Mapping[Identity, Manifest], knowledge: Knowledge
) -> list[tuple[Identity, Identity]]:
    """Pairs of a removed and an added manifest of one role, name and namespace, each manifest in one at most."""
    places: dict[tuple[str, str, str], Identity] = {}
    for name in sorted(removed):
        role = knowledge.of(removed[name]).role
        if role:
            places.setdefault((role, name.namespace, name.name), name)
    found = []
    for name in sorted(added):
        old = places.pop((knowledge.of(added[name]).role, name.namespace, name.name), None)
        if old is not None:
            found.append((old, name))
    return found


def common_differences(old: Manifest, new: Manifest, was: KindMeaning, now: KindMeaning) -> list[FieldChange]:
    """The changes of what both kinds have in common, and of labels and annotations, by their paths in the new one, sorted."""
    found = differences_at(_own(old), _own(new), now.fields.below("metadata"), ("metadata",))
    for aspect in was.common.keys() & now.common.keys():
        before, after = _place(old, was, aspect), _place(new, now, aspect)
        there, here = before.value_or_default(), after.value_or_default()
        found += differences_at(there, here, after.meaning, after.steps)
    return sorted(found, key=lambda change: (written(change.path), change.edit.value, canonical(change.after)))


class _Place(NamedTuple):
    """Where something is in a manifest, and what is known of it."""

    steps: tuple[str, ...]
    value: Value
    meaning: Meaning

    def value_or_default(self) -> Value:
        """What absence means may be another thing in each kind."""
        return self.meaning.default if self.value is None and self.meaning.has_default else self.value


def _place(manifest: Manifest, meaning: KindMeaning, aspect: str) -> _Place:
    """The first of the places of an aspect at which there is something, else the first."""
    places = [_at(manifest, meaning, steps) for steps in meaning.common[aspect]]
    return next((place for place in places if place.value is not None), places[0])


def _at(manifest: Manifest, meaning: KindMeaning, steps: tuple[str, ...]) -> _Place:
    value: Value = manifest
    of = meaning.fields
    for step in steps:
        value, of = (value.get(step) if isinstance(value, dict) else None), of.below(step)
    return _Place(steps, value, of)


def _own(manifest: Manifest) -> Value:
    """The metadata but for what the manifest is called."""
    metadata = manifest.get("metadata")
    return {key: value for key, value in metadata.items() if key not in _NAMED} if isinstance(metadata, dict) else {}
