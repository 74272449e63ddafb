"""Enforcement: which policies a manifest is held to, as a target binds them, and with which parameters and namespace."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.policy_cases import policy_of

from pavior.kubernetes.policies import Shape, read_resources, read_shapes
from pavior.kubernetes.schemas import ManifestSchemas
from pavior.model import Document, Manifest, Source
from pavior.phases.load import load
from pavior.policies.enforce import Enforcement, bindings, bound_policies
from pavior.policies.matching import matches_object, matches_resource, selects
from pavior.policies.read import read

SCHEMAS = Path(__file__).parents[1] / "schemas" / "kubernetes"
SHAPE: Shape = next(read_shapes(SCHEMAS))
RESOURCES = read_resources(SCHEMAS)
THING = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "thing", "namespace": "shop"}}
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"team": "shop"}}}
LIMITS = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "limits", "namespace": "shop"},
    "data": {"a": "b"},
}


def enforced(
    expression: str,
    around: Mapping[str, list[Manifest]] | None = None,
    constraints: dict[str, Any] | None = None,
    **binding: Any,
) -> Enforcement:
    policy = policy_of(expression)
    policy["spec"]["matchConstraints"] |= constraints or {}
    loaded = load(Source("policies/it.yaml", yaml.safe_dump(policy).encode()))
    document: Document | None = loaded.value
    assert document is not None
    outcome = read([document], SHAPE, ManifestSchemas(SCHEMAS))
    assert outcome.value is not None
    assert not outcome.diagnostics
    spec = {"policyName": "a-policy", "validationActions": ["Deny"], **binding}
    bound = {"apiVersion": SHAPE.api_version, "kind": SHAPE.bindings, "metadata": {"name": "it"}, "spec": spec}
    found = tuple(bindings([THING, bound], outcome.value.policies, SHAPE))
    assert set(bound_policies([THING, bound], SHAPE)) == {"a-policy"}
    return Enforcement(SHAPE, found, RESOURCES, lambda namespace: (around or {}).get(namespace, []))


def refused(enforcement: Enforcement, manifest: Manifest = THING) -> list[tuple[bool, bool]]:
    """Of each breach: whether it is denied, and whether it is for want of an answer."""
    found = [(breach.denied, breach.verdict.failed) for _, breach in enforcement.breaches([manifest])]
    assert enforcement.hold(manifest) == (not found)
    return found


@pytest.mark.parametrize(
    ("actions", "found"),
    [(["Deny"], [(True, False)]), (["Deny", "Audit"], [(True, False)]), (["Warn"], [(False, False)]), (["Audit"], [])],
)
def test_the_binding_says_whether_a_breach_is_refused_or_warned_of(actions: list[str], found: list[Any]) -> None:
    assert refused(enforced("false", validationActions=actions)) == found


def test_parameters_are_those_of_the_manifests_namespace() -> None:
    parameters = {"name": "limits", "parameterNotFoundAction": "Deny"}
    enforcement = enforced("params.data['a'] == 'b'", {"shop": [NAMESPACE, LIMITS]}, paramRef=parameters)
    assert refused(enforcement) == []
    elsewhere = {**THING, "metadata": {"name": "thing", "namespace": "books"}}
    assert refused(enforcement, elsewhere) == [(True, True)]


def test_parameters_that_are_not_there_let_through_where_the_binding_says_so() -> None:
    parameters = {"name": "limits", "parameterNotFoundAction": "Allow"}
    assert refused(enforced("false", paramRef=parameters)) == []


def test_a_selector_of_namespaces_asks_the_rendered_namespace() -> None:
    around: Mapping[str, list[Manifest]] = {"shop": [NAMESPACE]}
    for labels, found in (({"team": "shop"}, [(True, False)]), ({"team": "books"}, [])):
        by_policy = {"namespaceSelector": {"matchLabels": labels}}
        assert refused(enforced("false", around, by_policy)) == found
        assert refused(enforced("false", around, matchResources=by_policy)) == found


def test_the_namespace_has_the_label_that_an_api_server_gives_it() -> None:
    name = "namespaceObject.metadata.labels['kubernetes.io/metadata.name'] == 'shop'"
    assert refused(enforced(name, {"shop": [NAMESPACE]})) == []
    assert refused(enforced(name)) == []


def test_a_selector_of_objects_asks_the_manifests_own_labels() -> None:
    selector = {"objectSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}}
    labelled = {**THING, "metadata": {**THING["metadata"], "labels": {"app": "x"}}}  # type: ignore[dict-item]
    enforcement = enforced("false", constraints=selector)
    assert refused(enforcement) == []
    assert refused(enforcement, labelled) == [(True, False)]


def test_policies_and_bindings_are_held_to_nothing() -> None:
    assert refused(enforced("false"), {**policy_of("true"), "metadata": {"name": "other"}}) == []


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        ({}, True),
        ({"apiGroups": [""]}, False),
        ({"apiGroups": ["*"]}, True),
        ({"apiVersions": ["v2"]}, False),
        ({"resources": ["pods", "deployments"]}, True),
        ({"resources": ["deployments/scale"]}, False),
        ({"resources": ["*"]}, True),
        ({"operations": ["UPDATE"]}, False),
        ({"operations": ["*"]}, True),
        ({"scope": "Cluster"}, False),
        ({"scope": "Namespaced"}, True),
    ],
)
def test_a_rule_matches_group_version_plural_operation_and_scope(rule: dict[str, Any], matches: bool) -> None:
    whole = {
        "apiGroups": ["apps"],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["deployments"],
        **rule,
    }
    assert matches_resource({"resourceRules": [whole]}, "apps/v1", "deployments", namespaced=True) == matches
    excluded = {"resourceRules": [whole], "excludeResourceRules": [whole]}
    assert not matches_resource(excluded, "apps/v1", "deployments", namespaced=True)


def test_a_rule_may_name_resources_by_their_names() -> None:
    rule = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"], "resourceNames": ["a"]}
    for name, found in (("a", True), ("b", False)):
        assert matches_object({"resourceRules": [rule]}, "v1", "pods", {"name": name}, namespaced=True) == found
        excluded = {"excludeResourceRules": [rule]}
        assert matches_object(excluded, "v1", "pods", {"name": name}, namespaced=True) != found


@pytest.mark.parametrize(
    ("operator", "values", "found"),
    [
        ("In", ["x"], True),
        ("In", ["y"], False),
        ("NotIn", ["y"], True),
        ("NotIn", ["x"], False),
        ("Exists", [], True),
        ("DoesNotExist", [], False),
    ],
)
def test_requirements_of_selectors(operator: str, values: list[str], found: bool) -> None:
    assert selects({"matchExpressions": [{"key": "a", "operator": operator, "values": values}]}, {"a": "x"}) == found


def test_a_requirement_of_a_label_that_is_absent() -> None:
    for operator, found in (("In", False), ("NotIn", True)):
        selector = {"matchExpressions": [{"key": "b", "operator": operator, "values": ["x"]}]}
        assert selects(selector, {"a": "x"}) == found


def test_every_kind_of_an_api_server_has_its_plural() -> None:
    kinds = {
        (api_version.rpartition("/")[0], kind)
        for api_version, kind in ManifestSchemas(SCHEMAS).kinds()
        if not api_version.startswith(("backstage.io/", "scaffolder.backstage.io/"))
    }
    assert kinds == RESOURCES.keys()
    text = (SCHEMAS / "resources.json").read_text(encoding="utf-8")
    assert all(plural == plural.lower() for kinds in json.loads(text).values() for plural in kinds.values())
