"""What a plan would destroy: manifests that hold data and are gone, or change where they can't.

Compares manifests, not files: a file that is renamed loses nothing, a resource that is renamed does.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pavior.diagnostics import Diagnostic, Outcome
from pavior.diagnostics.codes.plan import UNREADABLE_DATA
from pavior.model import RENDERED, Action, Manifest, Span, UnitPlan, Value
from pavior.syntax.pointers import item_index
from pavior.syntax.tolerant import documents_of

ManifestsByPath = Mapping[str, Sequence[Manifest]]
"""Path relative to rendered/ → the manifests of that file."""


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """What makes two manifests the same resource: a new version of its API (`/v1` after `/v1beta1`) doesn't unmake it."""

    group: str
    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class DataLoss:
    """One resource whose data writing would put at risk.

    `path` is the present file's, relative to rendered/; `service` (`team/name` or as labelled) and `need` are from its
    labels. `pointer` is None where the resource is gone, else the immutable field that changes from `before` to `after`.
    """

    path: str
    identity: Identity
    service: str | None
    need: str | None
    pointer: str | None = None
    before: Value = None
    after: Value = None


def removed_data(
    present: ManifestsByPath, new: ManifestsByPath, immutable: Mapping[str, Sequence[str]]
) -> Iterator[DataLoss]:
    """What `new` would destroy of `present`, both restricted to files that hold data, in the order of paths.

    What is in another target is another resource, however alike: the first folder of a path names the target.
    `immutable`: name of a component, which is its artifact's without `.yaml` → JSON pointers (RFC 6901) that can't change.
    """
    wanted = {(_target(path), _identity(manifest)): manifest for path in sorted(new) for manifest in new[path]}
    for path in sorted(present):
        component = os.path.basename(path).removesuffix(".yaml")
        for manifest in present[path]:
            identity = _identity(manifest)
            labels = manifest["metadata"].get("labels") or {}
            service, need = labels.get("pavior.dev/service"), labels.get("pavior.dev/need")
            same = wanted.get((_target(path), identity))
            if same is None:
                yield DataLoss(path, identity, service, need)
                continue
            for pointer in immutable.get(component, ()):
                before, after = _at(manifest, pointer), _at(same, pointer)
                # What was never said before moves nothing: a component learnt to say it.
                if before is not None and before != after:
                    yield DataLoss(path, identity, service, need, pointer, before, after)


def _target(path: str) -> str:
    return path.partition("/")[0]


def data_manifests(
    root: Path | str, plans: Iterable[UnitPlan], place: str
) -> Outcome[tuple[ManifestsByPath, ManifestsByPath]]:
    """The present manifests in folders named `place` that `plans` change, and the new ones of all files, for `removed_data`.

    Without a value where a present file can't be read.
    """
    changes = [change for unit in plans for change in unit.changed]
    present: dict[str, Sequence[Manifest]] = {}
    unreadable = []
    for change in changes:
        if place in change.path.split("/")[:-1] and change.action is not Action.CREATE:
            manifests = read_manifests(Path(root, RENDERED, change.path).read_bytes())
            if manifests is None:
                unreadable.append(_unreadable(f"{RENDERED}/{change.path}"))
            else:
                present[change.path] = manifests
    if unreadable:
        return Outcome(None, tuple(unreadable))
    new = {c.path: read_manifests(c.content) or () for c in changes if present and c.content is not None}
    return Outcome((present, new))


def read_manifests(content: bytes) -> tuple[Manifest, ...] | None:
    """The manifests of a file that Pavior rendered; None where somebody edited it so that it can't be read."""
    manifests = documents_of(content)
    return manifests if manifests is not None and all(map(_is_manifest, manifests)) else None


def _is_manifest(value: Value) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("metadata"), dict):
        return False
    metadata = value["metadata"]
    named = (value.get("apiVersion"), value.get("kind"), metadata.get("name"), metadata.get("namespace") or "")
    return all(isinstance(each, str) for each in named) and isinstance(metadata.get("labels") or {}, dict)


def _unreadable(path: str) -> Diagnostic:
    return Diagnostic(
        UNREADABLE_DATA,
        Span(path),
        f"`{path}` holds data and can't be read, so what writing would destroy is unknown",
        "restore the file as it was committed",
    )


def _identity(manifest: Manifest) -> Identity:
    metadata = manifest["metadata"]
    group = str(manifest.get("apiVersion")).rpartition("/")[0]
    return Identity(group, str(manifest.get("kind")), str(metadata.get("namespace", "")), str(metadata.get("name")))


def pointer_steps(pointer: str) -> list[str]:
    """The keys of a JSON pointer, outermost first."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _at(value: Value, pointer: str) -> Value:
    """The value at a JSON pointer; None where there is none."""
    for step in pointer_steps(pointer):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and (index := item_index(step, len(value))) is not None:
            value = value[index]
        else:
            return None
    return value
