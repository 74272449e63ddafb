"""Explain: which template line and which layers made a rendered value.

The owner is rendered again with origins. A manifest and its origins are two trees of one shape; raw manifests and patches bring
origins of their own, and a patch is applied to both trees.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

from pavior.expression import LeafOrigin, OriginTree, Traced
from pavior.layering.merge import merge
from pavior.model import Document, Manifest, Path, Value
from pavior.phases import customize
from pavior.pipeline.assemble import (
    RAW_ARTIFACT,
    Owner,
    Placed,
    ServiceInput,
    assemble,
    by_artifact,
    matching,
    owned,
    sealed,
)
from pavior.pipeline.fleet import Fleet
from pavior.pipeline.provenance import TRACED, Provenance, Read, Voice, at_path, head, leaves


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where one rendered leaf came from. `at` is its path in the manifest, the `document`-th of the artifact (from 0)."""

    artifact: str
    document: int
    manifest: Manifest
    at: Path
    value: Value
    origin: LeafOrigin
    reads: tuple[Read, ...]
    conditions: tuple[tuple[Read, ...], ...]
    """What each of `origin.conditions` read."""


def explain_owner(fleet: Fleet, owner: Owner, artifact: str | None = None) -> Iterator[Explanation]:
    """Every leaf of an owner's artifacts, or of one of them, in the order in which it is rendered."""
    provenance, placed = trace(fleet, owner)
    for path, manifests in by_artifact(placed).items():
        if artifact not in (None, path):
            continue
        for index, each in enumerate(manifests):
            voice = Voice()
            if each.rendered is not None:
                voice = Voice(each.rendered.component.name, each.rendered.need)
            for at, origin in leaves(each.item.origins):
                reads = tuple(provenance.follow(p, voice) for p in origin.reads)
                conditions = tuple(tuple(provenance.follow(p, voice) for p in c.reads) for c in origin.conditions)
                value = at_path(each.item.value, at)
                yield Explanation(path, index, each.item.value, at, value, origin, reads, conditions)


def trace(fleet: Fleet, owner: Owner) -> tuple[Provenance, list[Placed[Traced]]]:
    """An owner's manifests with their origins, raw ones and patches included."""
    provenance = Provenance(fleet, owner)
    provenance.gather()
    placed = list(assemble(fleet.platform, owner, provenance.scene, TRACED))
    if owner.service is not None and not owner.target.catalogue:
        placed = _customized(fleet, owner, owner.service, provenance, placed)
    return provenance, placed


def _customized(
    fleet: Fleet, owner: Owner, service: ServiceInput, provenance: Provenance, placed: list[Placed[Traced]]
) -> list[Placed[Traced]]:
    limits = owned(fleet.platform, service, owner.target, provenance.scene)
    for document in service.raw:
        manifest, _ = customize.own(document, limits)
        if manifest is not None:
            item = Traced(manifest, _written(document, (), manifest))
            placed.append(Placed(f"{owner.folder}/{RAW_ARTIFACT}", item, raw=document))
    for patch in service.patches:
        if patch.environments is not None and owner.target.target.environment not in patch.environments:
            continue
        index = matching(patch, owner, [Placed(p.path, {} if p.is_text else p.item.value) for p in placed])
        if index is not None:
            before = placed[index]
            manifest, _ = customize.apply(patch, before.item.value, limits, sealed(before))
            item = Traced(manifest, _patched(patch, before.item.origins, before.item.value, manifest))
            placed[index] = Placed(before.path, item, before.rendered, before.raw)
    return placed


def _written(document: Document, at: Path, value: Value) -> OriginTree:
    """The origins of what a team wrote itself: each leaf where it stands, or the head of the file for what Pavior adds."""
    if isinstance(value, dict) and value:
        return {key: _written(document, (*at, key), child) for key, child in value.items()}
    if isinstance(value, list) and value:
        return [_written(document, (*at, index), child) for index, child in enumerate(value)]
    positions = document.positions()
    span = positions.values.get(at) or head(positions.value(()))
    return LeafOrigin(span, str(value), (), ())


def _patched(patch: customize.Patch, origins: OriginTree, before: Manifest, manifest: Manifest) -> OriginTree:
    """The same patch on the tree of origins: what it brings has its own line in the patch's file."""
    if manifest is before:  # it did not fit
        return origins
    tree: Value = _unfolded(origins, before)
    if patch.merge is not None:
        tree = merge(tree, _with_removals(patch.document, ("merge",), patch.merge))
        return _reshaped(tree, manifest, patch.document)
    from jsonpatch import JsonPatch  # noqa: PLC0415  (few services have patches)

    tree = deepcopy(tree)
    for index, operation in enumerate(patch.operations):
        if operation["op"] != "test":
            step = dict(operation)
            if "value" in step:
                step["value"] = _unfolded(
                    _written(patch.document, ("patch", index, "value"), step["value"]), step["value"]
                )
            tree = JsonPatch([step]).apply(tree, in_place=True)
    return _reshaped(tree, manifest, patch.document)


def _unfolded(tree: OriginTree, value: Value) -> Value:
    """The tree in the shape of the value, maps and lists in it that have one leaf, or nothing, included."""
    if isinstance(value, dict):
        return {
            key: _unfolded(tree if isinstance(tree, LeafOrigin) else tree[key], child) for key, child in value.items()
        }
    if isinstance(value, list):
        return [
            _unfolded(tree if isinstance(tree, LeafOrigin) else tree[index], child)  # type: ignore[index]
            for index, child in enumerate(value)
        ]
    return tree


def _with_removals(document: Document, at: Path, value: Value) -> Value:
    if isinstance(value, dict):
        return {key: _with_removals(document, (*at, key), child) for key, child in value.items()}
    return None if value is None else _unfolded(_written(document, at, value), value)


def _reshaped(tree: Value, value: Value, document: Document) -> OriginTree:
    """What a patch emptied has become a leaf, made by the patch."""
    if isinstance(value, dict) and value:
        return {key: _reshaped(tree[key], child, document) for key, child in value.items()}
    if isinstance(value, list) and value:
        return [_reshaped(tree[index], child, document) for index, child in enumerate(value)]
    return (
        tree if isinstance(tree, LeafOrigin) else LeafOrigin(head(document.positions().value(())), str(value), (), ())
    )
