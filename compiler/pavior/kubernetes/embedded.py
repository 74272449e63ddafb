"""Manifests inside manifests, which something in the cluster completes. Where they are is data: `definitions.json`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from pavior import model
from pavior.kubernetes.files import data
from pavior.model import Manifest, Value

Pointer: TypeAlias = tuple[str, ...]
"""The keys that lead to a manifest inside another; `*` is every item of a list."""


def read_embeddings(folder: Path) -> dict[tuple[str, str], tuple[Pointer, ...]]:
    """apiVersion and kind → pointers to what is inside such manifests, of a folder's `definitions.json`, if it has one."""
    found: dict[tuple[str, str], tuple[Pointer, ...]] = {}
    for entry in (data(folder, "definitions.json") or {"embeds": ()})["embeds"]:
        name = (entry["apiVersion"], entry["kind"])
        found[name] = (*found.get(name, ()), tuple(entry["at"].split("/")[1:]))
    return found


def embedded(value: Value, keys: Pointer, path: model.Path = ()) -> Iterator[tuple[model.Path, Manifest]]:
    """The maps that `keys` lead to, with their paths."""
    if not keys:
        if isinstance(value, dict):
            yield path, value
    elif keys[0] == "*":
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from embedded(item, keys[1:], (*path, index))
    elif isinstance(value, dict) and keys[0] in value:
        yield from embedded(value[keys[0]], keys[1:], (*path, keys[0]))
