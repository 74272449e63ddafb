"""Ranks: everything that one place above the service says, as layers that know where they were written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pavior.layering.merge import part
from pavior.model import Document, Layer, Path, ServiceId, Value

Sizes: TypeAlias = Mapping[str, Mapping[str, Layer]]
"""For each field that takes size names, what each name stands for."""


_OF_ENTRY: Path = ("needs", "*", "type")


@dataclass(frozen=True, slots=True)
class Rank:
    """One rank in the order component ‹ golden path ‹ organization ‹ environment ‹ cluster ‹ team ‹ team × environment.

    `defaults` applies to every service, `tiers[tier]` directly above it to the services of that tier, `types[type]` to
    each entry of `needs` of that type, directly beneath what `defaults` itself says of the entry. `sizes` and
    `type_sizes` (the latter by type of need) are only ever a component's.
    """

    defaults: Layer | None = None
    tiers: Mapping[str, Layer] = field(default_factory=dict)
    types: Mapping[str, Layer] = field(default_factory=dict)
    sizes: Sizes = field(default_factory=dict)
    type_sizes: Mapping[str, Sizes] = field(default_factory=dict)


def rank(name: str, document: Document, at: Path = ()) -> Rank:
    """What `document` says at `at` under `defaults`, `tiers` and `defaultsByType`; `name` as people read it: `team payments`.

    For a cluster, `at` is `("clusters", name)` of its environment; for a team in an environment, `("environments", name)`.
    What isn't there, or isn't a map, says nothing: the schema has spoken of it.
    """
    defaults = part(document.value, (*at, "defaults"))
    return Rank(
        defaults=Layer(name, document, (*at, "defaults"), defaults) if isinstance(defaults, dict) else None,
        tiers=_layers(f"{name} for tier", document, (*at, "tiers"), ("tier",)),
        types=_layers(f"{name} for type", document, (*at, "defaultsByType"), _OF_ENTRY),
    )


def component_rank(name: str, declaration: Document, defaults: Document | None) -> Rank:
    """The lowest rank, one for each component of a golden path: its defaults.yaml and the size names of its component.yaml."""
    type_of_need = part(declaration.value, ("type",))
    fields = part(declaration.value, ("expansions",))
    typed = isinstance(type_of_need, str)
    sizes = {
        size_field: _layers(
            size_field,
            declaration,
            ("expansions", size_field),
            (*_OF_ENTRY[:2], size_field) if typed else (size_field,),
            f" of component {name}",
        )
        for size_field in (fields if isinstance(fields, dict) else {})
    }
    values = defaults.value if defaults else None
    lowest = (
        Layer(f"defaults of component {name}", defaults, (), values, _OF_ENTRY if typed else ())
        if defaults and isinstance(values, dict)
        else None
    )
    if isinstance(type_of_need, str):
        return Rank(types={type_of_need: lowest} if lowest else {}, type_sizes={type_of_need: sizes} if sizes else {})
    return Rank(defaults=lowest, sizes=sizes)


def service_layers(service: ServiceId, environment: str, document: Document) -> tuple[Layer, Layer | None] | None:
    """The service's own two layers: platform.yaml, and its overlay for `environment`, if any; None if it is left out of it."""
    values = document.value if isinstance(document.value, dict) else {}
    overlay = part(values, ("environments", environment))
    if overlay is False:
        return None
    name = f"service {service}"
    return Layer(name, document, (), values), (
        Layer(f"{name} in {environment}", document, ("environments", environment), overlay)
        if isinstance(overlay, dict)
        else None
    )


def _layers(name: str, document: Document, at: Path, chosen_by: Path, suffix: str = "") -> dict[str, Layer]:
    found: Value = part(document.value, at)
    if not isinstance(found, dict):
        return {}
    return {
        key: Layer(f"{name} {key}{suffix}", document, (*at, key), value, chosen_by)
        for key, value in found.items()
        if isinstance(value, dict)
    }
