"""Compare: two lists of manifests of one owner → what happened to each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from pavior.compare import Consequence, Edit, FieldChange, Identity, ManifestChange, Risk
from pavior.compare.knowledge import KindMeaning, Knowledge, group_and_kind
from pavior.compare.renames import Renaming, follows, renamings
from pavior.compare.replacements import common_differences, replacements
from pavior.compare.telling import gist
from pavior.compare.values import differences, weigh
from pavior.model import Manifest

Named: TypeAlias = dict[tuple[Identity, int], Manifest]
"""Manifests by identity, and the how many-th of that identity each is."""

_NAMES = (("metadata", "name"), ("metadata", "namespace"))
_INNATE = frozenset({"apiVersion", "kind", "metadata"})


def compare(base: Sequence[Manifest], head: Sequence[Manifest], knowledge: Knowledge) -> tuple[ManifestChange, ...]:
    """What happened to the manifests of one owner in one target, sorted by identity.

    Manifests are the same by identity, whatever the version of their API and wherever they stand. Both lists are only read.
    """
    before, after = _named(base), _named(head)
    changes = [
        change
        for name, old in before.items()
        if (new := after.get(name)) is not None and old is not new and old != new
        for change in _changed(name[0], old, new, knowledge)
    ]
    removed = {name[0]: manifest for name, manifest in before.items() if name not in after}
    added = {name[0]: manifest for name, manifest in after.items() if name not in before}
    renamed = renamings(removed, added)
    gone, new_names = {each.old for each in renamed}, {each.new for each in renamed}
    left = {each: old for each, old in removed.items() if each not in gone}
    come = {each: new for each, new in added.items() if each not in new_names}
    for old_name, new_name in replacements(left, come, knowledge) if left and come else ():
        changes.append(_replaced(new_name, old_name, left.pop(old_name), come.pop(new_name), knowledge))
    changes += [_whole(Edit.REMOVED, each, old, knowledge) for each, old in left.items()]
    changes += [_whole(Edit.ADDED, each, new, knowledge) for each, new in come.items()]
    if renamed:
        changes = _with_renamed(changes, renamed, removed, added, knowledge)
    return tuple(sorted(changes, key=lambda change: (change.identity, change.edit.value)))


def identity(manifest: Manifest) -> Identity:
    """What a manifest is called."""
    metadata = manifest.get("metadata")
    named = metadata if isinstance(metadata, dict) else {}
    return Identity(*group_and_kind(manifest), str(named.get("namespace") or ""), str(named.get("name") or ""))


def _named(manifests: Iterable[Manifest]) -> Named:
    seen: Counter[Identity] = Counter()
    found: Named = {}
    for manifest in manifests:
        name = identity(manifest)
        found[name, seen[name]] = manifest
        seen[name] += 1
    return found


def _changed(name: Identity, old: Manifest, new: Manifest, knowledge: Knowledge) -> Iterable[ManifestChange]:
    meaning = knowledge.of(new)
    fields = differences(old, new, meaning.fields)
    if fields:
        yield ManifestChange(Edit.CHANGED, name, _worst(fields), meaning.words, tuple(fields), old, new)


def _worst(fields: Iterable[FieldChange], *others: Risk) -> Risk:
    return min((*others, *(field.risk for field in fields)))


def _whole(edit: Edit, name: Identity, manifest: Manifest, knowledge: Knowledge) -> ManifestChange:
    """A manifest that came or went. What it opens counts, wherever in it: a harmless kind can have a field that is not."""
    meaning = knowledge.of(manifest)
    if edit is Edit.REMOVED:
        risk, before, after = meaning.risk(edit), manifest, None
    else:
        risk, before, after = _risk_of_added(manifest, meaning), None, manifest
    told = gist(manifest, meaning) if meaning.phrases else ""
    effect = meaning.effects.get(edit.value, "")
    return ManifestChange(edit, name, risk, meaning.words, before=before, after=after, told=told, effect=effect)


def _replaced(name: Identity, former: Identity, old: Manifest, new: Manifest, knowledge: Knowledge) -> ManifestChange:
    """A manifest in whose place is one of another kind. If no rule knows better, one went and one came."""
    was, now = knowledge.of(old), knowledge.of(new)
    fields = common_differences(old, new, was, now)
    own = now.whole.get(Edit.REPLACED.value)
    if own is None:
        own = min(was.risk(Edit.REMOVED), _risk_of_added(new, now))
    effect = now.effects.get(Edit.REPLACED.value, "")
    risk = _worst(fields, own)
    return ManifestChange(Edit.REPLACED, name, risk, now.words, tuple(fields), old, new, former, effect=effect)


def _risk_of_added(manifest: Manifest, meaning: KindMeaning) -> Risk:
    own = meaning.risk(Edit.ADDED)
    for key, value in manifest.items():
        if key not in _INNATE and value is not None:
            inner = weigh(value, meaning.fields.below(key), Edit.ADDED)
            if inner.risk is Risk.WIDENS_ACCESS and not inner.default:
                return min(own, inner.risk)
    return own


def _with_renamed(
    changes: list[ManifestChange],
    renamed: Sequence[Renaming],
    removed: Mapping[Identity, Manifest],
    added: Mapping[Identity, Manifest],
    knowledge: Knowledge,
) -> list[ManifestChange]:
    """All changes, those of renamed manifests among them; what only follows a rename is told with that, not on its own."""
    consequences: dict[Identity, list[Consequence]] = {each.new: [] for each in renamed}
    others = []
    for change in changes:
        news = []
        for field in change.fields:
            cause = next((each for each in renamed if follows(field, each)), None)
            if cause is None:
                news.append(field)
            else:
                consequences[cause.new].append(Consequence(change.identity, field.path, field.risk))
        if len(news) == len(change.fields):
            others.append(change)
        elif news:
            others.append(replace(change, fields=tuple(news), risk=_worst(news)))
    for each in renamed:
        old, new = removed[each.old], added[each.new]
        meaning = knowledge.of(new)
        told = (field for field in differences(old, new, meaning.fields) if field.path not in _NAMES)
        fields = [field for field in told if not follows(field, each)]
        caused = tuple(consequences[each.new])
        risk = _worst(fields, meaning.risk(Edit.RENAMED), *(one.risk for one in caused))
        others.append(
            ManifestChange(
                Edit.RENAMED,
                each.new,
                risk,
                meaning.words,
                tuple(fields),
                old,
                new,
                each.old,
                caused,
                effect=meaning.effects.get(Edit.RENAMED.value, ""),
            )
        )
    return others
