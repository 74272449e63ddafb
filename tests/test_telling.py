"""Values are told in the words of components, which hide nothing: what no word names is shown as it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from differences import knowledge
from pavior.compare.knowledge import Knowledge, Meaning
from pavior.compare.telling import tell

PEER = ("spec", "ingress", "-", "from", "-")


def at(kind: str, *path: str) -> Meaning:
    meaning = knowledge().of({"apiVersion": "x/v1", "kind": kind}).fields
    for step in path:
        meaning = meaning.below(step)
    return meaning


def labels(name: str, value: str) -> dict[str, Any]:
    return {"matchLabels": {name: value}}


NAMESPACE = labels("kubernetes.io/metadata.name", "fulfilment")
APP = labels("app.kubernetes.io/name", "orders")


@pytest.mark.parametrize(
    ("peer", "told"),
    [
        ({"namespaceSelector": NAMESPACE, "podSelector": APP}, "fulfilment/orders"),
        ({"podSelector": APP}, "orders"),
        ({"namespaceSelector": NAMESPACE}, "any pod of fulfilment"),
        ({"namespaceSelector": {}, "podSelector": {}}, "any pod of any namespace"),
        ({"namespaceSelector": NAMESPACE, "podSelector": labels("a", "b")}, "pods with a=b of fulfilment"),
        ({"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}, "10.0.0.0/8 without 10.1.0.0/16"),
        ({"podSelector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}}, None),
        (
            {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "orders", "b": "c"}}},
            "pods with app.kubernetes.io/name=orders, b=c",
        ),
        ({"podSelector": APP, "somethingNew": True}, None),
    ],
)
def test_peers_of_network_policies_are_told_as_people_say_them(peer: dict[str, Any], told: str | None) -> None:
    assert tell(peer, at("NetworkPolicy", *PEER)) == told


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"from": [{"podSelector": APP}], "ports": [{"port": 8080, "protocol": "TCP"}]}, "from orders on port 8080"),
        ({"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53}]}, "from anybody on port 53/UDP, 53"),
        ({"ports": [{"port": 1000, "endPort": 2000}]}, "from anybody on port 1000-2000"),
        ({}, "from anybody"),
        ({"from": [{"podSelector": APP}, {"podSelector": APP, "new": 1}]}, None),
    ],
)
def test_rules_of_network_policies_are_told_as_people_say_them(rule: dict[str, Any], told: str | None) -> None:
    assert tell(rule, at("NetworkPolicy", "spec", "ingress", "-")) == told


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ({"name": "A", "value": "b"}, "A=b"),
        ({"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}, "A from k of secret s"),
        (
            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v1"}}},
            "A from the pod's metadata.name",
        ),
        ({"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v2"}}}, None),
        ({"name": "DB_PASSWORD", "value": "hunter2hunter2"}, None),
    ],
)
def test_environment_variables_are_told_but_for_what_may_be_secret(variable: dict[str, Any], told: str | None) -> None:
    assert tell(variable, at("Deployment", "spec", "template", "spec", "containers", "-", "env", "-")) == told


def rules(told: Any) -> Meaning:
    entry = {"kinds": ["Gadget"], "fields": {"/spec": {"told": told}, "/spec/mode": {"default": "on"}}}
    return Knowledge([entry]).of({"apiVersion": "x/v1", "kind": "Gadget"}).fields.below("spec")


def test_the_first_phrase_holds_that_names_all_there_is() -> None:
    meaning = rules(["{name}", "{name}[ at {size}]"])
    assert tell({"name": "a"}, meaning) == "a"
    assert tell({"name": "a", "mode": "on"}, meaning) == "a"
    assert tell({"name": "a", "size": 3}, meaning) == "a at 3"
    assert tell({"name": "a", "mode": "off"}, meaning) is None


def test_a_phrase_that_says_so_may_leave_some_untold() -> None:
    assert tell({"name": "a", "other": {"deep": 1}}, rules("{name}…")) == "a"
    assert tell({"other": 1}, rules("{name}…")) is None


def test_what_brackets_leave_out_is_not_taken_for_told() -> None:
    assert tell({"name": "a", "size": 3}, rules("{name}[ at {size} of {rack}]")) is None


@given(
    st.recursive(
        st.sampled_from([1, "x", None, True]),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "size", "mode", "z"]), inner)
        ),
        max_leaves=12,
    )
)
def test_words_that_are_told_name_every_scalar(value: Any) -> None:
    told = tell(value, rules(["{name}", "{name} {size}", "[{z/name} ]{size}"]))
    if told is not None:
        assert len(told.split()) >= len(list(scalars(value)))


def scalars(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from scalars(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from scalars(inner)
    elif value is not None and (key, value) != ("mode", "on"):
        yield value
