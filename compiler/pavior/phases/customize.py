"""Customise: the way down from the golden path. A team's raw manifests join its service's, then its patches apply to them.

Both are held to what the platform owns: namespace, platform labels, the allow-list of kinds, and the identity of manifests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

from pavior.diagnostics import Diagnostic, Note
from pavior.diagnostics.codes import render as codes
from pavior.diagnostics.suggest import did_you_mean
from pavior.kubernetes.metadata import KEYS, is_listed, obeyed
from pavior.layering.merge import merge
from pavior.layering.patching import MOST_COPIED, Misfit, found, growth, misfit, shown, steps_of
from pavior.model import Document, Manifest, Path, Span, Value


@dataclass(frozen=True, slots=True)
class Owned:
    """What the platform says of every manifest of one service in one target."""

    namespace: str
    labels: Mapping[str, str]
    raw_kinds: Mapping[str, Value]
    """`apiVersion/Kind` of the raw manifests that the organisation allows."""
    raw_keys: Mapping[str, Value]
    """Labels and annotations that a team may write itself, or `prefix/*`: others make some system do something."""


@dataclass(frozen=True, slots=True)
class Patch:
    """One file in patches/: a JSON Patch (RFC 6902) or a merge patch (RFC 7386) on the manifest of one kind and name."""

    document: Document
    kind: str
    name: str
    environments: tuple[str, ...] | None
    operations: Sequence[Mapping[str, Value]]
    merge: Mapping[str, Value] | None


Identity = tuple[str, str, str]
"""apiVersion, kind and name of a manifest."""

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST_NAME = 253

_OWN = len(("metadata", "labels", "name"))
"""How deep a manifest's own labels stand."""


def identity(manifest: Manifest) -> Identity:
    return manifest["apiVersion"], manifest["kind"], manifest["metadata"]["name"]


def own(document: Document, owned: Owned) -> tuple[Manifest | None, list[Diagnostic]]:
    """A raw manifest as the service's own: namespace and labels set. None where it is refused."""
    faults = list(_raw_faults(document, owned))
    if faults:
        return None, faults
    metadata = document.value["metadata"]
    labels = {**(metadata.get("labels") or {}), **owned.labels}
    rest = {key: value for key, value in metadata.items() if key not in ("name", "namespace", "labels")}
    ordered = {"name": metadata["name"], "namespace": owned.namespace, "labels": labels, **rest}
    return {**document.value, "metadata": ordered}, []


def _raw_faults(document: Document, owned: Owned) -> Iterator[Diagnostic]:
    positions = document.positions()
    manifest = document.value
    for key in ("apiVersion", "kind", "metadata"):
        wanted = dict if key == "metadata" else str
        if key not in manifest:
            hint = f"add `{key}`; whatever is no manifest belongs elsewhere"
            first = next(iter(positions.keys.values()), positions.value(()))
            yield Diagnostic(codes.RAW_NOT_A_MANIFEST, first, f"this manifest has no `{key}`", hint)
            return
        if not isinstance(manifest[key], wanted):
            message = f"`{key}` of a manifest must be {'a map' if key == 'metadata' else 'text'}"
            yield Diagnostic(
                codes.RAW_NOT_A_MANIFEST, positions.value((key,)), message, "write it as Kubernetes has it"
            )
            return
    metadata = manifest["metadata"]
    if not isinstance(metadata.get("name"), str):
        message = "this manifest has no `metadata.name`"
        yield Diagnostic(codes.RAW_NOT_A_MANIFEST, positions.key(("metadata",)), message, "give it a name")
        return
    if not (len(metadata["name"]) <= _LONGEST_NAME and _NAME.fullmatch(metadata["name"])):
        message = f"{shown(metadata['name'])} can't be the name of a manifest"
        hint = "use lower-case letters, digits, hyphens and dots, and begin and end with a letter or digit"
        yield Diagnostic(codes.RAW_NOT_A_MANIFEST, positions.value(("metadata", "name")), message, hint)
        return
    if not isinstance(metadata.get("labels") or {}, dict):
        message, hint = "`metadata.labels` of a manifest must be a map", "write it as Kubernetes has it"
        yield Diagnostic(codes.RAW_NOT_A_MANIFEST, positions.value(("metadata", "labels")), message, hint)
        return
    kind = f"{manifest['apiVersion']}/{manifest['kind']}"
    if not owned.raw_kinds.get(kind):
        near = did_you_mean(kind, list(owned.raw_kinds))
        hint = (
            f"did you mean `{near}`?"
            if near
            else f"use a field that makes it, or ask for it in `rawKinds`, which has {', '.join(sorted(owned.raw_kinds))}"
        )
        yield Diagnostic(
            codes.RAW_KIND, positions.value(("kind",)), f"`{kind}` is not allowed as a raw manifest", hint=hint
        )
    namespace = metadata.get("namespace")
    if namespace is not None and namespace != owned.namespace:
        message = f"namespace `{namespace}` is not this team's, which is `{owned.namespace}`"
        yield Diagnostic(
            codes.RAW_NAMESPACE, positions.value(("metadata", "namespace")), message, hint="remove it: Pavior sets it"
        )
    labels = metadata.get("labels") or {}
    for label, value in owned.labels.items():
        if labels.get(label, value) != value:
            message = f"label `{label}` is the platform's, and is `{value}` here"
            path = ("metadata", "labels", label)
            yield Diagnostic(codes.RAW_LABEL, positions.value(path), message, hint="remove it: Pavior sets it")
    yield from _raw_metadata_faults(document, owned)


def _raw_metadata_faults(document: Document, owned: Owned) -> Iterator[Diagnostic]:
    for key in document.value["metadata"]:
        if key not in KEYS:
            message = f"`metadata.{key}` is not for a team to write"
            span = document.positions().key(("metadata", key))
            yield Diagnostic(codes.RAW_METADATA, span, message, hint=f"remove it; what is written is {', '.join(KEYS)}")
    for path, _ in obeyed(document.value):
        ours = len(path) == _OWN and path[-1] in owned.labels
        if not ours and not is_listed(str(path[-1]), owned.raw_keys):
            yield _unlisted(path, document.positions().key(path), owned)


def _unlisted(path: Path, span: Span, owned: Owned) -> Diagnostic:
    """A label or annotation that the organisation does not leave to teams."""
    what = f"{str(path[-2]).removesuffix('s')} `{path[-1]}`"
    names = [name for name, allowed in owned.raw_keys.items() if allowed]
    hint = f"leave it as it is, or ask for it in `rawKeys`, which has {', '.join(sorted(names)) or 'none'}"
    return Diagnostic(codes.RAW_KEY, span, f"{what} is not for a team to write", hint)


def read_patch(document: Document) -> Patch:
    """The patch in a file that has passed its schema."""
    value = document.value
    target, environments = value["target"], value.get("environments")
    return Patch(
        document,
        target["kind"],
        target["name"],
        tuple(environments) if environments is not None else None,
        value.get("patch", ()),
        value.get("merge"),
    )


def apply(
    patch: Patch, manifest: Manifest, owned: Owned, sealed: Sequence[str] = ()
) -> tuple[Manifest, list[Diagnostic]]:
    """The patched manifest; unchanged, with what is wrong, where the patch does not fit or changes what it is.

    `sealed` are the JSON pointers, `*` for any step, to what no patch may change.
    """
    if patch.merge is not None:
        patched: Value = merge(manifest, patch.merge)
        refused = _refused(patch, manifest, patched, owned, sealed)
        return (manifest, [refused]) if refused else (patched, [])
    from jsonpatch import JsonPatch, JsonPatchException  # noqa: PLC0415  (few services have patches)
    from jsonpointer import JsonPointerException  # noqa: PLC0415

    patched, copied = deepcopy(manifest), 0
    for index, operation in enumerate(patch.operations):
        reason = misfit(operation, patched)
        if reason is None:
            size, reason = growth(operation, patched, MOST_COPIED - copied)
            copied += size
        if reason is None:
            try:
                patched = JsonPatch([operation]).apply(patched, in_place=True)
            except (JsonPatchException, JsonPointerException, TypeError, ValueError):
                reason = Misfit("path", f"`{operation['op']}` does not fit what is at `{operation['path']}`")
        if reason is not None:
            message = f"this does not apply to {manifest['kind']} `{manifest['metadata']['name']}`: {reason.message}"
            span = patch.document.positions().value(("patch", index, reason.key))
            hint = reason.hint or "look at the rendered manifest, and correct or delete the operation"
            return manifest, [Diagnostic(codes.PATCH_FAILED, span, message, hint)]
        refused = _refused(patch, manifest, patched, owned, sealed, ("patch", index, "path"))
        if refused is not None:
            return manifest, [refused]
    return patched, []


def _refused(
    patch: Patch, before: Manifest, after: Value, owned: Owned, sealed: Sequence[str], at: Path | None = None
) -> Diagnostic | None:
    """What a patch changes that isn't the team's to change; shown at the operation, or where a merge says it."""
    change = _identity_change(before, after, owned) or _sealed_change(before, after, sealed)
    if change is not None:
        return _identity_fault(patch, change, at or ("merge", *change.path))
    unlisted = _unlisted_change(before, after, owned)
    if unlisted is not None:
        return _unlisted(unlisted, patch.document.positions().value(at or ("merge", *unlisted)), owned)
    return None


@dataclass(frozen=True, slots=True)
class _IdentityChange:
    """What of a manifest's identity a patch changes, and where it stands in the manifest."""

    what: str
    path: Path


def _identity_fault(patch: Patch, change: _IdentityChange, at: Path) -> Diagnostic:
    hint = "leave it as it is; another object can be a raw manifest in `manifests/`"
    span = patch.document.positions().value(at)
    return Diagnostic(codes.PATCH_IDENTITY, span, f"a patch can't change {change.what}", hint)


def _identity_change(before: Manifest, after: Value, owned: Owned) -> _IdentityChange | None:
    if not isinstance(after, dict) or not isinstance(after.get("metadata"), dict):
        return _IdentityChange("a manifest into something else", ("metadata",))
    for key in ("apiVersion", "kind"):
        if after.get(key) != before.get(key):
            return _IdentityChange(f"`{key}`", (key,))
    for key in ("name", "namespace"):
        if after["metadata"].get(key) != before["metadata"].get(key):
            return _IdentityChange(f"`metadata.{key}`", ("metadata", key))
    for key in after["metadata"].keys() | before["metadata"].keys():
        if key not in KEYS and after["metadata"].get(key) != before["metadata"].get(key):
            return _IdentityChange(f"`metadata.{key}`", ("metadata", key))
    old, new = before["metadata"].get("labels") or {}, after["metadata"].get("labels") or {}
    for label in owned.labels:
        if label in old and (not isinstance(new, dict) or new.get(label) != old[label]):
            return _IdentityChange(f"the platform's label `{label}`", ("metadata", "labels", label))
    return None


def _unlisted_change(before: Manifest, after: Manifest, owned: Owned) -> Path | None:
    """Where a patch adds, changes or removes a label or annotation that is not the team's to write."""
    old, new = dict(obeyed(before)), dict(obeyed(after))
    for path in {**new, **old}:
        if not is_listed(str(path[-1]), owned.raw_keys) and (
            path not in old or path not in new or old[path] != new[path]
        ):
            return path
    return None


def _sealed_change(before: Manifest, after: Manifest, sealed: Sequence[str]) -> _IdentityChange | None:
    for pointer in sealed:
        steps = steps_of(pointer)
        if list(found(before, steps)) != list(found(after, steps)):
            named = tuple(steps[: steps.index("*")] if "*" in steps else steps)
            return _IdentityChange(f"`{pointer}`, which decides whom the manifest reaches", named)
    return None


def no_match(patch: Patch, target: str, manifests: Sequence[Manifest]) -> Diagnostic:
    """The patch names a manifest that is not there."""
    wanted = f"{patch.kind} `{patch.name}`"
    # What lacks its kind is the golden path's fault, which is told elsewhere.
    manifests = [m for m in manifests if "kind" in m]
    there = [f"{m['kind']} `{m['metadata']['name']}`" for m in manifests]
    same_kind = [t for t in there if t.startswith(f"{patch.kind} ")]
    kinds = [m["kind"] for m in manifests if m["metadata"]["name"] == patch.name]
    if kinds and not same_kind:
        # Whatever has the name is spelt much like what is wanted: only the kind tells.
        kind = did_you_mean(patch.kind, kinds)
        near = f"{kind} `{patch.name}`" if kind else None
    else:
        near = did_you_mean(wanted, there)
    hint = None
    if near:
        hint = f"did you mean {near}?"
    elif len(kinds) > 1:
        hint = f"what is called `{patch.name}` is a {', '.join(kinds)}"
    elif there:
        hint = f"there is {', '.join(same_kind or there)}"
    return Diagnostic(
        codes.PATCH_TARGET,
        patch.document.positions().value(("target", "name" if same_kind else "kind")),
        f"there is no {wanted}",
        hint=hint,
        notes=(
            Note("it is missing in", targets=(target,)),
            Note("a patch applies in every environment unless `environments` names some"),
        ),
    )
