"""What changed, by meaning: pairs of manifests as data, and what holds of any."""

from __future__ import annotations

import copy
import json
import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from differences import ROOT, Case, cases, knowledge, tell, update
from pavior.compare import Edit, FieldChange, Item, ManifestChange, Risk
from pavior.compare.knowledge import RISKS, Knowledge, Meaning, group_and_kind
from pavior.compare.manifests import compare
from pavior.model import Manifest

CASES = list(cases())
if os.environ.get("PAVIOR_UPDATE"):
    update({case: tell(case) for case in CASES})
    CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=[case.content["description"] for case in CASES])
def test_a_pair_differs_in_exactly_what_it_expects(case: Case) -> None:
    assert tell(case) == case.expected


def test_there_are_cases_enough() -> None:
    assert len(CASES) >= 40
    assert {risk.slug for risk in Risk} <= {word.strip(": ") for case in CASES for word in case.expected.split()}


def rendered() -> Iterator[Manifest]:
    for file in sorted(ROOT.glob("rendered/**/*.yaml")):
        yield from (each for each in yaml.load_all(file.read_bytes(), Loader=yaml.CSafeLoader) if each)


def test_every_kind_that_is_rendered_has_rules() -> None:
    kinds = {group_and_kind(manifest) for manifest in rendered()}
    assert [kind for kind in sorted(kinds) if not knowledge().knows(*kind)] == []


def unclassified(value: Any, meaning: Meaning, path: tuple[str, ...], event: str) -> Iterator[tuple[str, ...]]:
    """The paths of what no rule knows when it happens: each scalar changed, each item of a list removed."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if (*path, key) not in (("metadata", "name"), ("metadata", "namespace"), ("kind",)):
                yield from unclassified(inner, meaning.below(key), (*path, key), "changed")
    elif isinstance(value, list):
        for inner in value:
            yield from unclassified(inner, meaning.below("-"), (*path, "*"), "removed")
    elif meaning.risk(event) is Risk.UNCLASSIFIED:
        yield path


def test_every_field_that_is_rendered_has_a_rule() -> None:
    unknown = {
        (manifest["kind"], *path)
        for manifest in rendered()
        for path in unclassified(manifest, knowledge().of(manifest).fields, (), "changed")
    }
    assert sorted(unknown) == []


def test_the_classes_of_the_schema_are_those_of_the_code() -> None:
    schema = json.loads((ROOT / "schemas" / "changes.core.schema.json").read_text(encoding="utf-8"))
    assert schema["$defs"]["riskClass"]["enum"] == list(RISKS)


def test_what_holds_data_destroys_data_when_it_goes() -> None:
    holding = [
        file
        for file in ROOT.glob("golden-paths/components/*/component.yaml")
        if yaml.safe_load(file.read_bytes()).get("holdsData")
    ]
    assert holding
    for file in holding:
        own = {
            kind
            for rule in yaml.safe_load(file.with_name("changes.yaml").read_bytes())["changes"]
            for kind in rule["kinds"]
        }
        for kind in own:
            change = compare(
                [{"apiVersion": "example.com/v1", "kind": kind, "metadata": {"name": "x"}}], [], knowledge()
            )
            assert change[0].risk is Risk.DESTROYS_DATA


SCALARS = st.one_of(
    st.text("ab1Mi{", max_size=4), st.integers(-2, 2), st.booleans(), st.sampled_from(["1Gi", "1024Mi", "60s", "1m"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["name", "a", "b", "spec", "env"]), inner, max_size=4),
    ),
    max_leaves=12,
)
KINDS = st.sampled_from(
    [("apps/v1", "Deployment"), ("v1", "Service"), ("v1", "ConfigMap"), ("example.com/v1", "Gadget")]
)


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    api_version, kind = draw(KINDS)
    spec = draw(st.dictionaries(st.sampled_from(["template", "ports", "type", "replicas", "x"]), VALUES, max_size=4))
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": draw(st.sampled_from("abc"))}, "spec": spec}


LISTS = st.lists(manifests(), max_size=4)


@given(LISTS)
def test_nothing_differs_from_itself(some: list[Manifest]) -> None:
    assert compare(some, copy.deepcopy(some), knowledge()) == ()


def shuffled(value: Any, chance: random.Random) -> Any:
    """The same maps with their keys in another order."""
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: shuffled(value[key], chance) for key in keys}
    return [shuffled(each, chance) for each in value] if isinstance(value, list) else value


@given(LISTS, st.integers())
def test_the_order_of_keys_is_of_no_account(some: list[Manifest], seed: int) -> None:
    assert compare(some, shuffled(some, random.Random(seed)), knowledge()) == ()


@given(LISTS, LISTS)
def test_whatever_differs_is_told(before: list[Manifest], after: list[Manifest]) -> None:
    for change in compare(before, after, Knowledge(())):
        assert change.fields or change.edit is not Edit.CHANGED
        assert change.risk is min([change.risk, *(field.risk for field in change.fields)])
        assert change.before is not change.after


def applied(manifest: Any, change: FieldChange) -> Any:
    """The manifest with one change of its maps and named items made."""
    step, *rest = change.path
    inner = change._replace(path=tuple(rest))
    if isinstance(step, Item):
        index = next((i for i, each in enumerate(manifest) if named(each, step)), len(manifest))
        old = manifest[index] if index < len(manifest) else None
        new = applied(old, inner) if rest else change.after
        return [*manifest[:index], *([] if new is None else [new]), *manifest[index + 1 :]]
    new = applied(manifest.get(step), inner) if rest else change.after
    return {key: value for key, value in {**manifest, step: new}.items() if value is not None}


def named(item: dict[str, Any], step: Item) -> bool:
    return all(item.get(key) == value for key, value in step.keys)


NAMED = st.dictionaries(
    st.sampled_from("abcd"), st.dictionaries(st.sampled_from("xyz"), SCALARS, max_size=3), max_size=4
)


@given(NAMED, NAMED, st.dictionaries(st.sampled_from("pqr"), SCALARS), st.dictionaries(st.sampled_from("pqr"), SCALARS))
def test_the_changes_of_fields_lead_from_base_to_head(
    old: dict[str, Any], new: dict[str, Any], old_data: dict[str, Any], new_data: dict[str, Any]
) -> None:
    rules = Knowledge([{"kinds": ["Gadget"], "fields": {"/items": {"keys": ["name"], "list": "set"}}}])

    def gadget(items: dict[str, Any], data: dict[str, Any]) -> Manifest:
        listed = [{"name": name, **content} for name, content in items.items()]
        identity = {"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": "g"}}
        return {**identity, "items": listed, "data": data}

    base, head = gadget(old, old_data), gadget(new, new_data)
    result = copy.deepcopy(base)
    for change in compare([base], [head], rules):
        for field in change.fields:
            result = applied(result, field)
    assert compare([result], [head], rules) == ()


def only(changes: tuple[ManifestChange, ...]) -> ManifestChange:
    assert len(changes) == 1
    return changes[0]


def test_a_document_too_deep_to_follow_is_compared_as_text() -> None:
    deep = "[" * 900 + "]" * 900
    one, other = (
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"x": t}}
        for t in (deep, deep[1:-1])
    )
    assert only(compare([one], [other], knowledge())).fields[0].before == deep


def test_two_manifests_of_one_name_are_both_compared() -> None:
    one = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"x": "1"}}
    other = {**one, "data": {"x": "2"}}
    assert only(compare([one, one], [one, other], knowledge())).edit is Edit.CHANGED


def test_what_has_no_name_is_compared_all_the_same() -> None:
    assert (
        only(compare([{"kind": "X", "metadata": 7}], [{"kind": "X", "metadata": 8}], knowledge())).edit is Edit.CHANGED
    )
