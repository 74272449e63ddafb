"""Manifests that others must hold to, and what binds them. What stands where in them is data: `definitions.json`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pavior.kubernetes.definitions import at, keys
from pavior.kubernetes.files import as_meant, data
from pavior.model import Manifest

_IDENTITY = ("apiVersion", "kind", "name", "binding", "namespace")


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of policy. `places` are the pointers to its parts, `binding` those of what binds it, `bindings` its kind's name.

    `namespaces` is the kind of namespaces, `name_label` the label with its name that an API server gives each.
    """

    api_version: str
    kind: str
    bindings: str
    places: Mapping[str, tuple[str, ...]]
    binding: Mapping[str, tuple[str, ...]]
    namespaces: tuple[str, str]
    name_label: str

    def is_policy(self, manifest: Manifest) -> bool:
        return bool(manifest.get("kind") == self.kind and manifest.get("apiVersion") == self.api_version)

    def is_binding(self, manifest: Manifest) -> bool:
        return bool(manifest.get("kind") == self.bindings and manifest.get("apiVersion") == self.api_version)

    def is_namespace(self, manifest: Manifest) -> bool:
        return (manifest.get("apiVersion"), manifest.get("kind")) == self.namespaces

    def part(self, manifest: Manifest, name: str) -> Any:
        """A part of a policy; None where it has none."""
        return at(manifest, self.places[name])

    def bound(self, manifest: Manifest, name: str) -> Any:
        """A part of a binding; None where it has none."""
        return at(manifest, self.binding[name])


def read_shapes(*folders: Path) -> Iterator[Shape]:
    """The policies that the `definitions.json` of these folders know."""
    for folder in folders:
        for entry in (data(folder, "definitions.json") or {}).get("policies", ()):
            bindings, namespaces = entry["binding"], entry["namespace"]
            yield Shape(
                api_version=entry["apiVersion"],
                kind=entry["kind"],
                bindings=bindings["kind"],
                places={name: keys(pointer) for name, pointer in entry.items() if name not in _IDENTITY},
                binding={name: keys(pointer) for name, pointer in bindings.items() if name not in _IDENTITY},
                namespaces=(namespaces["apiVersion"], namespaces["kind"]),
                name_label=namespaces["name"],
            )


def read_resources(*folders: Path) -> dict[tuple[str, str], str]:
    """API group and kind → the plural that resources are called by, out of the `resources.json` of these folders."""
    found: dict[tuple[str, str], str] = {}
    for folder in folders:
        with as_meant(folder):
            for group, kinds in (data(folder, "resources.json") or {}).items():
                found |= {(group, kind): plural for kind, plural in kinds.items()}
    return found
