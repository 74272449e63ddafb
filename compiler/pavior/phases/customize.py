"""Customise: the way down from the golden path. A team's raw manifests join its service's, then its patches apply to them.

Both are held to what the platform owns: namespace, platform labels, the allow-list of kinds, and the identity of manifests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

from pavior.diagnostics import Diagnostic, Note
from pavior.diagnostics.codes import render as codes
from pavior.diagnostics.suggest import did_you_mean
from pavior.layering.merge import merge
from pavior.model import Document, Manifest, Path, Value


@dataclass(frozen=True, slots=True)
class Owned:
    """What the platform says of every manifest of one service in one target."""

    namespace: str
    labels: Mapping[str, str]
    raw_kinds: Mapping[str, Value]
    """`apiVersion/Kind` of the raw manifests that the organisation allows."""


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
        if not isinstance(manifest.get(key), wanted):
            yield Diagnostic(codes.RAW_NOT_A_MANIFEST, positions.value((key,)), f"this manifest has no `{key}`")
            return
    metadata = manifest["metadata"]
    if not isinstance(metadata.get("name"), str):
        message = "this manifest has no `metadata.name`"
        yield Diagnostic(codes.RAW_NOT_A_MANIFEST, positions.key(("metadata",)), message)
        return
    kind = f"{manifest['apiVersion']}/{manifest['kind']}"
    if not owned.raw_kinds.get(kind):
        near = did_you_mean(kind, list(owned.raw_kinds))
        hint = (
            f"did you mean `{near}`?"
            if near
            else f"`rawKinds` in organization.yaml allows {', '.join(sorted(owned.raw_kinds))}"
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
    labels = metadata.get("labels")
    for label, value in owned.labels.items():
        if isinstance(labels, dict) and labels.get(label, value) != value:
            message = f"label `{label}` is the platform's, and is `{value}` here"
            path = ("metadata", "labels", label)
            yield Diagnostic(codes.RAW_LABEL, positions.value(path), message, hint="remove it: Pavior sets it")


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


def apply(patch: Patch, manifest: Manifest, owned: Owned) -> tuple[Manifest, list[Diagnostic]]:
    """The patched manifest; unchanged, with what is wrong, where the patch does not fit or changes what it is."""
    patched: Value = manifest
    at: Path = ("merge",)
    if patch.merge is not None:
        patched = merge(manifest, patch.merge)
    else:
        patched, fault, index = _operate(patch, manifest)
        at = ("patch", index)
        if fault is not None:
            message = f"this does not apply to {manifest['kind']} `{manifest['metadata']['name']}`: {fault}"
            span = patch.document.positions().value(at)
            hint = "look at the rendered manifest, and correct or delete it"
            return manifest, [Diagnostic(codes.PATCH_FAILED, span, message, hint=hint)]
    changed = _identity_change(manifest, patched, owned)
    if changed is not None:
        span = patch.document.positions().value(at)
        return manifest, [Diagnostic(codes.PATCH_IDENTITY, span, f"a patch can't change {changed}")]
    return patched, []


def _operate(patch: Patch, manifest: Manifest) -> tuple[Value, str | None, int]:
    """The operations one by one, so that a fault names its own: the result, what is wrong, and the index it stopped at."""
    from jsonpatch import JsonPatch, JsonPatchException  # noqa: PLC0415  (few services have patches)
    from jsonpointer import JsonPointerException  # noqa: PLC0415

    patched = deepcopy(manifest)
    index = 0
    for index, operation in enumerate(patch.operations):
        try:
            patched = JsonPatch([operation]).apply(patched, in_place=True)
        except (JsonPatchException, JsonPointerException, TypeError, ValueError) as error:
            return manifest, _reason(operation, error), index
    return patched, None, index


def _reason(operation: Mapping[str, Value], error: Exception) -> str:
    if operation.get("op") == "test":
        return f"`{operation.get('path')}` is not what the test says"
    return str(error).split("\n", 1)[0][:200]


def _identity_change(before: Manifest, after: Value, owned: Owned) -> str | None:
    if not isinstance(after, dict) or not isinstance(after.get("metadata"), dict):
        return "a manifest into something else"
    for key in ("apiVersion", "kind"):
        if after.get(key) != before[key]:
            return f"`{key}`"
    for key in ("name", "namespace"):
        if after["metadata"].get(key) != before["metadata"].get(key):
            return f"`metadata.{key}`"
    old, new = before["metadata"].get("labels") or {}, after["metadata"].get("labels") or {}
    for label in owned.labels:
        if label in old and (not isinstance(new, dict) or new.get(label) != old[label]):
            return f"the platform's label `{label}`"
    return None


def no_match(patch: Patch, target: str, manifests: Sequence[Manifest]) -> Diagnostic:
    """The patch names a manifest that is not there."""
    wanted = f"{patch.kind} `{patch.name}`"
    there = [f"{m['kind']} `{m['metadata']['name']}`" for m in manifests]
    near = did_you_mean(wanted, there)
    same_kind = [t for t in there if t.startswith(f"{patch.kind} ")]
    hint = f"did you mean {near}?" if near else f"there is {', '.join(same_kind)}" if same_kind else None
    return Diagnostic(
        codes.PATCH_TARGET,
        patch.document.positions().value(("target",)),
        f"there is no {wanted}",
        hint=hint,
        notes=(
            Note("it is missing in", targets=(target,)),
            Note("a patch applies in every environment unless `environments` names some"),
        ),
    )
