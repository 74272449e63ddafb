"""Layering holds to a plain reading of RFC 7386 for any layers, and its record of origins to its result."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pavior.layering.merge import merge
from pavior.layering.ranks import Rank, component_rank, rank, service_layers
from pavior.layering.stack import stack
from pavior.model import Contributor, Document, Path, Positions, ServiceId, Source, Span, Value
from pavior.phases.layer import layer, layer_with_origins

NAMES = st.sampled_from(["a", "b", "c"])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(0, 3), st.sampled_from(["x", "y"]))
VALUES: st.SearchStrategy[Value] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.dictionaries(NAMES, inner, max_size=3), st.lists(st.integers(0, 3), max_size=2)),
    max_leaves=8,
)
MAPS = st.dictionaries(NAMES, VALUES, max_size=3)
TYPES = st.sampled_from(["postgres", "redis"])
SIZES = st.sampled_from(["small", "large"])


def fields(**more: st.SearchStrategy[Value]) -> st.SearchStrategy[dict[str, Value]]:
    """Maps with some of the fields in `more`, and others."""
    return st.builds(lambda known, others: {**others, **known}, st.fixed_dictionaries({}, optional=more), MAPS)


ENTRIES = st.dictionaries(
    st.sampled_from(["db", "cache"]), st.none() | fields(type=st.none() | TYPES, size=st.none() | SIZES)
)
SPECS = fields(size=st.none() | SIZES, tier=st.sampled_from(["critical", "standard"]), needs=st.none() | ENTRIES)
RANKS = st.fixed_dictionaries(
    {},
    optional={
        "defaults": SPECS,
        "tiers": st.dictionaries(st.sampled_from(["critical", "standard"]), SPECS),
        "defaultsByType": st.dictionaries(TYPES, fields(size=SIZES)),
    },
)
EXPANSIONS = st.dictionaries(st.just("size"), st.dictionaries(SIZES, MAPS))
SERVICES = st.builds(
    lambda spec, overlay: {**spec, "environments": {"prod": overlay}} if overlay is not None else spec,
    SPECS,
    st.none() | SPECS,
)


class Anywhere(dict[Path, Span]):
    """A span for every path, which tells the path by its column."""

    def __contains__(self, path: object) -> bool:
        return True

    def __getitem__(self, path: Path) -> Span:
        return Span("/".join(map(str, path)))


def document(value: Value) -> Document:
    return Document(Source("", b""), value, lambda: Positions(Anywhere(), Anywhere()))


def component_ranks(spec: dict[str, Value], entry: dict[str, Value], sizes: Any, type_sizes: Any) -> list[Rank]:
    return [
        component_rank("pod", document({"expansions": sizes}), document(spec)),
        component_rank("postgres", document({"type": "postgres", "expansions": type_sizes}), document(entry)),
    ]


COMPONENTS = st.builds(component_ranks, fields(size=SIZES), fields(size=SIZES), EXPANSIONS, EXPANSIONS)
UPPER = st.lists(RANKS, max_size=4).map(
    lambda each: [rank(f"rank {i}", document(value)) for i, value in enumerate(each)]
)


def leaves(value: Value, path: Path = ()) -> Iterator[tuple[Path, Value]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    else:
        yield path, value


def rfc_7386(target: Value, patch: Value) -> Value:
    """MergePatch as section 2 of the RFC writes it."""
    if not isinstance(patch, dict):
        return patch
    target = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = rfc_7386(target.get(name), value)
    return target


@given(MAPS, MAPS)
def test_merge_is_the_merge_patch_of_rfc_7386_and_changes_neither_input(base: Value, patch: Value) -> None:
    base = rfc_7386({}, base)
    before = copy.deepcopy((base, patch))
    assert merge(base, patch) == rfc_7386(base, patch)
    assert (base, patch) == before


@given(st.lists(MAPS, max_size=5), MAPS, st.none() | MAPS)
def test_layers_without_selectors_are_merge_patches_in_order(defaults: list[Any], service: Any, overlay: Any) -> None:
    expected: Value = {}
    for patch in [*defaults, service, overlay or {}]:
        expected = rfc_7386(expected, patch)
    platform = {**service, "environments": {"prod": overlay}} if overlay is not None else service
    layers = service_layers(ServiceId("team", "service"), "prod", document(platform))
    assert layers is not None
    above = stack([rank(f"rank {i}", document({"defaults": each})) for i, each in enumerate(defaults)])
    assert layer(above, *layers).value == expected


@given(COMPONENTS, UPPER, UPPER, SERVICES)
def test_the_recorded_spec_is_the_spec_and_its_order_the_same(
    components: list[Rank], middle: list[Rank], upper: list[Rank], service: Any
) -> None:
    layers = service_layers(ServiceId("team", "service"), "prod", document(service))
    assert layers is not None
    whole, split = stack([*components, *middle, *upper]), stack(upper, stack([*components, *middle]))
    spec = layer(split, *layers).value
    recorded, _ = layer_with_origins(whole, *layers)
    assert json.dumps(recorded) == json.dumps(spec)
    assert json.dumps(layer(whole, *layers).value) == json.dumps(spec)


@given(COMPONENTS, UPPER, SERVICES)
def test_every_leaf_has_a_winner_of_its_value_and_nothing_else_has_one(
    components: list[Rank], upper: list[Rank], service: Any
) -> None:
    layers = service_layers(ServiceId("team", "service"), "prod", document(service))
    assert layers is not None
    spec, origins = layer_with_origins(stack([*components, *upper]), *layers)
    for path, value in leaves(spec):
        winner = origins[path][-1] if path else None
        assert winner is None or (not winner.removed and value in ({}, winner.value)), path
    for path, contributors in origins.items():
        assert contributors[-1].removed == (not _stands(spec, path)), path
        assert all(isinstance(each, Contributor) for each in contributors)


@given(COMPONENTS, UPPER, SERVICES)
def test_the_effective_spec_has_no_null_and_no_selector_of_layers(
    components: list[Rank], upper: list[Rank], service: Any
) -> None:
    layers = service_layers(ServiceId("team", "service"), "prod", document(service))
    assert layers is not None
    spec = layer(stack([*components, *upper]), *layers).value
    assert spec is not None
    assert not [path for path, value in leaves(spec) if value is None]
    assert "environments" not in spec


def _stands(spec: Value, path: Path) -> bool:
    for key in path:
        known = range(len(spec)) if isinstance(spec, list) else spec if isinstance(spec, dict) else ()
        if key not in known:
            return False
        spec = spec[key]
    return True
