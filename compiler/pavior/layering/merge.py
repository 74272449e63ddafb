"""RFC 7386 (JSON Merge Patch) as strategies of one `deepmerge.Merger`.

Maps merge by key, null removes a key, everything else replaces. Unlike deepmerge's own strategies, these never change
the base: a merged map is new, and what neither side touches is shared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from deepmerge import Merger

from pavior.model import Path, Value


def _merge_maps(merger: Merger, path: list[Any], base: dict[str, Value], patch: dict[str, Value]) -> dict[str, Value]:
    merged = dict(base)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif type(value) is not dict:
            merged[key] = value  # lists too: they are taken whole, and nobody changes them
        elif key in merged:
            merged[key] = merger.value_strategy(path, merged[key], value)
        else:
            merged[key] = without_nulls(value)
    return merged


def _replace(_merger: Merger, _path: list[Any], _base: Value, patch: Value) -> Value:
    return without_nulls(patch) if type(patch) is dict else patch


def without_nulls(patch: Mapping[str, Value]) -> dict[str, Value]:
    """What `patch` sets where nothing is: itself without the keys it removes, at depth. Lists are taken as they are."""
    return {
        key: without_nulls(value) if type(value) is dict else value for key, value in patch.items() if value is not None
    }


_MERGER = Merger([(dict, _merge_maps)], [_replace], [_replace])


def merge(base: Mapping[str, Value], patch: Mapping[str, Value]) -> dict[str, Value]:
    """`patch` applied to `base`, a new map; the keys of `base` first, in its order. Neither input is changed."""
    return cast(dict[str, Value], _MERGER.merge(base, patch))


def merge_all(base: Mapping[str, Value], patches: Iterable[Mapping[str, Value]]) -> dict[str, Value]:
    """Each of `patches` applied in turn."""
    merged = cast(dict[str, Value], base)
    for patch in patches:
        merged = merge(merged, patch)
    return merged


def part(value: Value, path: Path) -> Value:
    """What stands at `path` inside `value`; None where there is nothing, or where a map is expected and isn't."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value
