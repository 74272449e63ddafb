"""Labels and annotations wherever a manifest sets some: its own, and those of what it is a template for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pavior.model import Path, Value

_METADATA = "metadata"
_KEYED = ("labels", "annotations")
KEYS = ("name", "namespace", *_KEYED)
"""The fields of metadata that a person writes. The others are the API server's, or make objects depend on one another."""


def obeyed(value: Value, at: Path = ()) -> Iterator[tuple[Path, Value]]:
    """Every label and annotation in a value, at any depth below a `metadata`, with where it stands."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key == _METADATA and isinstance(each, dict):
                for keyed in _KEYED:
                    named = each.get(keyed)
                    for name, said in named.items() if isinstance(named, dict) else ():
                        yield (*at, key, keyed, name), said
            yield from obeyed(each, (*at, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from obeyed(each, (*at, index))


def is_listed(name: str, listed: Mapping[str, Value]) -> bool:
    """Whether a list of names, or of `prefix/*`, has a label's or annotation's name."""
    prefix, slash, _ = name.rpartition("/")
    return bool(listed.get(name) or (slash and listed.get(f"{prefix}/*")))
