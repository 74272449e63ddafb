"""Check: what API servers would refuse of the manifests, told before they see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pavior.diagnostics import Code, Severity
from pavior.diagnostics.codes import check as codes
from pavior.kubernetes import Fault, Reason
from pavior.kubernetes.schemas import ManifestSchemas
from pavior.model import Manifest, Path

Identity = tuple[str, str, str, str]
"""API group, kind, namespace and name: what two manifests of one cluster can't share."""


_CODES = {Reason.UNKNOWN_KIND: codes.NO_SCHEMA, Reason.REPEATED: codes.REPEATED_KEY}


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of the `index`-th manifest, at a path in it: at the value, at the key that leads to it, or at what lacks one.

    `or_why`: that the value stands there at all may be the fault, where the value itself is nobody's choice.
    """

    index: int
    code: Code
    path: Path
    message: str
    hint: str | None = None
    at_key: bool = False
    missing: bool = False
    or_why: bool = False
    severity: Severity = Severity.ERROR


def identity(manifest: Manifest) -> Identity:
    metadata = manifest["metadata"]
    group = manifest["apiVersion"].rpartition("/")[0]
    return group, manifest["kind"], metadata.get("namespace", ""), metadata["name"]


def check(
    manifests: Iterable[Manifest], schemas: ManifestSchemas, owner: str, identities: list[Identity]
) -> Iterator[Finding]:
    """What is wrong with the manifests of one owner in one target. `identities` gets those of the manifests in which nothing
    is, in order, so that those of different owners can be compared."""
    mine: set[Identity] = set()
    for index, manifest in enumerate(manifests):
        faults = schemas.faults(manifest)
        yield from (_finding(index, fault) for fault in faults)
        if not faults and not is_named(manifest):
            message = "`metadata` lacks `name`, without which it is no object"
            yield Finding(index, codes.INVALID_MANIFEST, ("metadata",), message, "give it a `name`", missing=True)
        elif not faults:
            me = identity(manifest)
            if me in mine:
                yield same_identity(index, manifest, owner, owner)
            mine.add(me)
            identities.append(me)


def is_named(manifest: Manifest) -> bool:
    metadata = manifest.get("metadata")
    return isinstance(metadata, dict) and isinstance(metadata.get("name"), str)


def same_identity(index: int, manifest: Manifest, owner: str, other: str) -> Finding:
    """Two manifests that one cluster can't have both."""
    what = f"{manifest['kind']} `{manifest['metadata']['name']}`"
    message = f"{owner} has {what} twice" if owner == other else f"{owner} and {other} both have {what}"
    return Finding(index, codes.SAME_IDENTITY, ("metadata", "name"), message, "rename one of what they are made from")


def _finding(index: int, fault: Fault) -> Finding:
    code = _CODES.get(fault.reason, codes.INVALID_MANIFEST)
    unknown, missing = fault.reason is Reason.UNKNOWN_FIELD, fault.reason is Reason.MISSING_FIELD
    return Finding(index, code, fault.path, fault.message, fault.hint, unknown, missing)
