"""Policies: every known verdict, the fast way and the exact one, and what a verdict is about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.policy_cases import Case, cases, policy_of

from pavior.cel import CelFault, parse
from pavior.cel.check import type_of
from pavior.cel.evaluate import About
from pavior.cel.generate import STOPPED
from pavior.kubernetes.policies import Shape, read_shapes
from pavior.kubernetes.schemas import ManifestSchemas
from pavior.model import Document, Source
from pavior.phases.load import load
from pavior.policies.policy import Policy, Verdict, fast, verdicts
from pavior.policies.read import read

SCHEMAS = Path(__file__).parents[1] / "schemas" / "kubernetes"
SHAPE: Shape = next(read_shapes(SCHEMAS))
TYPES = {"object": "dyn", "params": "dyn", "namespaceObject": "dyn"}
KNOWN = cases()


def document(policy: dict[str, Any]) -> Document:
    loaded = load(Source("policies/it.yaml", yaml.safe_dump(policy, sort_keys=False).encode()))
    assert loaded.value is not None, loaded.diagnostics
    return loaded.value


def read_one(policy: dict[str, Any]) -> tuple[Policy | None, list[str]]:
    outcome = read([document(policy)], SHAPE, ManifestSchemas(SCHEMAS))
    assert outcome.value is not None
    return next(iter(outcome.value.policies.values()), None), [d.code.number for d in outcome.diagnostics]


def compiled(policy: dict[str, Any]) -> Policy:
    """A policy, compiled although it may read what is absent: the language's own errors are what is asked for."""
    from pavior.cel.generate import predicate  # noqa: PLC0415
    from pavior.policies.read import policy_of as bare  # noqa: PLC0415

    found = bare(document(policy), SHAPE)
    types, variables = dict(TYPES), []
    for name, expression in found.variables.items():
        node = parse(expression.text)
        types[f"variables.{name}"] = type_of(node, types)
        variables.append((name, node))
    tests = [parse(each.expression.text) for each in found.validations]
    for test in tests:
        type_of(test, types)
    source = predicate("holds", variables, tests, types)
    return bare(document(policy), SHAPE, compile(source, "holds", "exec"))


def judged(case: Case) -> tuple[bool, list[Verdict]]:
    policy = compiled(case.policy)
    try:
        held = fast(policy)(case.object, case.params, case.namespace)
    except STOPPED:
        held = False
    return held, list(verdicts(policy, case.object, case.params, case.namespace))


@pytest.mark.parametrize("case", KNOWN, ids=[case.name for case in KNOWN])
def test_the_verdict_is_the_one_that_is_known(case: Case) -> None:
    held, found = judged(case)
    if case.verdict == "allow":
        assert not found
        assert (
            held is True or case.policy["metadata"]["name"] == "a-policy"
        )  # what errs on the way is left to the exact answer
    else:
        assert held is not True
        assert [each.failed for each in found] == [case.verdict == "error"]
        if case.message is not None:
            assert found[0].message == case.message


def test_there_are_more_than_forty_documents_and_each_policy_both_allows_and_denies() -> None:
    documents = [case for case in KNOWN if ": " in case.name and case.policy["metadata"]["name"] != "a-policy"]
    assert len(documents) > 40
    names = {case.policy["metadata"]["name"] for case in documents}
    folder = SCHEMAS.parents[1] / "golden-paths" / "components" / "guardrails" / "policies"
    assert names == {path.stem for path in folder.glob("*.yaml")}
    for name in names:
        assert {case.verdict for case in documents if case.policy["metadata"]["name"] == name} == {"allow", "deny"}


def about(expression: str, thing: dict[str, Any]) -> About:
    (verdict,) = verdicts(compiled(policy_of(expression)), thing, {"data": {}}, {})
    return verdict.about[0]


THING = {
    "metadata": {"name": "it"},
    "spec": {"replicas": 1, "containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "y", "root": True}]},
}


@pytest.mark.parametrize(
    ("expression", "path", "missing"),
    [
        ("object.spec.replicas >= 2", ("spec", "replicas"), False),
        ("object.spec.containers.all(c, c.image != 'y')", ("spec", "containers", 1, "image"), False),
        ("!object.spec.containers.exists(c, c.?root.orValue(false))", ("spec", "containers", 1, "root"), False),
        ("object.spec.containers.all(c, has(c.limits))", ("spec", "containers", 0), True),
        ("has(object.spec.name) && object.spec.name == 'x'", ("spec",), True),
        (
            "(object.spec.?more.orValue([]) + object.spec.containers).all(c, c.name != 'b')",
            ("spec", "containers", 1, "name"),
            False,
        ),
        (
            "object.spec.containers.filter(c, c.name == 'b').all(c, c.image == 'x')",
            ("spec", "containers", 1, "image"),
            False,
        ),
        ("object.spec.containers.map(c, c.image).all(i, i == 'x')", ("spec", "containers", 1, "image"), False),
    ],
)
def test_a_denial_is_about_the_value_that_decided_it(expression: str, path: tuple[Any, ...], missing: bool) -> None:
    assert about(expression, THING) == About(path, missing)


def test_a_variable_is_followed_to_what_it_reads() -> None:
    policy = policy_of("variables.images.all(i, i == 'x')")
    policy["spec"]["variables"] = [{"name": "images", "expression": "object.spec.containers.map(c, c.image)"}]
    (verdict,) = verdicts(compiled(policy), THING, None, {})
    assert verdict.about[0] == About(("spec", "containers", 1, "image"))


def test_a_condition_that_is_false_lets_everything_through_even_where_another_fails() -> None:
    conditions = [
        {"name": "one", "expression": "object.absent == 1"},
        {"name": "two", "expression": "object.kind == 'Other'"},
    ]
    policy = policy_of("false", matchConditions=conditions)
    assert not list(verdicts(compiled(policy), {"kind": "Thing"}, None, {}))
    (verdict,) = verdicts(compiled(policy), {"kind": "Other"}, None, {})
    assert verdict.failed


def test_what_has_no_answer_passes_where_failures_are_ignored() -> None:
    assert not list(verdicts(compiled(policy_of("object.absent == 1", failurePolicy="Ignore")), {}, None, {}))


@pytest.mark.parametrize("text", ["' '", "object.metadata.name + '\\n'", "'a\\nb'", "1", "object.absent"])
def test_a_computed_message_that_is_no_line_gives_way_to_the_text(text: str) -> None:
    policy = policy_of("false")
    policy["spec"]["validations"][0] |= {"message": "as written", "messageExpression": text}
    (verdict,) = verdicts(compiled(policy), {"metadata": {"name": "  "}}, None, {})
    assert verdict.message == "as written"


def refusals() -> Iterator[Any]:
    for expression, code in [
        ("object.spec.replicas > 1", "PV972"),
        ("has(object.spec) && object.spec.replicas > 1", "PV972"),
        ("object.spec.replicas > 1 && has(object.spec.replicas)", "PV972"),
        ("has(object.spec.replicas) || object.spec.replicas > 1", "PV972"),
        ("request.operation == 'CREATE'", "PV971"),
        ("oldObject == null", "PV971"),
        ("object.metadata.name.find('a') == 'a'", "PV971"),
        ("[1, 2].all(i, v, i < v)", "PV971"),
        ("size(object.metadata.name", "PV970"),
        ("object.metadata.name.uppercase() == 'A'", "PV970"),
        ("'a' + 1 == 'a1'", "PV970"),
        ("object.metadata.name", "PV970"),
        ("'name'", "PV970"),
        ("size(object.metadata.name, 1) == 1", "PV970"),
        ("objekt.metadata.name == 'a'", "PV970"),
        ("variables.none == 1", "PV970"),
        ("object.metadata.name.matches('(a')", "PV970"),
        ("object.metadata.name.matches('\\\\bx')", "PV971"),
        ("object.metadata.name.matches('(?i)x')", "PV971"),
        ("[1, 'a'].size() == 2", "PV970"),
        ("has(object.spec) && has(object.spec.replicas) && object.spec.replicas > 1", None),
        ("!has(object.spec) || !has(object.spec.replicas) || object.spec.replicas > 1", None),
        ("object.?spec.?replicas.orValue(1) > 0", None),
        ("has(object.metadata.labels) && 'a' in object.metadata.labels && object.metadata.labels['a'] == 'b'", None),
        ("!has(object.spec) || !has(object.spec.list) || object.spec.list.all(x, has(x.y) && x.y == 1)", None),
        ("!has(object.spec) || !has(object.spec.list) || object.spec.list.all(x, x.y == 1)", "PV972"),
    ]:
        yield pytest.param(expression, code, id=expression)


@pytest.mark.parametrize(("expression", "code"), list(refusals()))
def test_what_would_not_judge_as_a_cluster_does_is_refused_when_it_is_read(expression: str, code: str | None) -> None:
    policy, found = read_one(policy_of(expression))
    assert found == ([code] if code else [])
    assert (policy is None) == bool(code)


def test_a_field_that_a_kind_must_have_needs_no_guard() -> None:
    policy = policy_of("has(object.spec) && object.spec.maxReplicas > 1")
    rule = {"apiGroups": ["autoscaling"], "apiVersions": ["v2"], "operations": ["CREATE"]}
    policy["spec"]["matchConstraints"]["resourceRules"] = [{**rule, "resources": ["horizontalpodautoscalers"]}]
    assert read_one(policy)[1] == []


def test_a_policy_for_clusters_alone_is_read_and_not_asked() -> None:
    policy = policy_of("request.operation == 'CREATE'")
    policy["metadata"]["annotations"] = {"pavior.dev/evaluate": "cluster"}
    found, codes = read_one(policy)
    assert found is not None
    assert not codes
    assert found.code is None


@pytest.mark.parametrize("text", ["(" * 200 + "1" + ")" * 200, "!" * 3000 + "true", "1 +" * 2000 + "1", "'" * 7])
def test_expressions_are_bounded(text: str) -> None:
    with pytest.raises(CelFault):
        parse(text)


@pytest.mark.parametrize(
    "expressions",
    [
        ("object.n == 1", "object.n == true"),
        ("object.list.all(a, a.n == 1)", "object.list.all(b, b.n == 1.5)"),
        ("(object.n == 1 || false) && (object.n == 1 || false)", "object.n == 2"),
        ("object.list.all(a, has(a.n))", "!object.list.exists(b, b.n == 1)"),
        ("!has(object.n) || object.list.all(a, a.n == 1)", "!has(object.n) || object.list.all(a, has(a.m))"),
        ("object.list.all(a, object.list.all(b, b.n == 2)) || object.list.exists(c, c.n == 3)",),
    ],
)
def test_tests_that_are_put_together_are_each_held_to(expressions: tuple[str, ...]) -> None:
    case = Case("", policy_of(*expressions), {"n": 1, "list": [{"n": 1}]}, None, {}, "deny")
    held, found = judged(case)
    assert not held
    assert [each.validation.expression.text for each in found if each.validation] == [expressions[-1]]


def test_loops_in_loops_are_quick_however_deep() -> None:
    names = [f"n{index}" for index in range(24)]
    text = f"{''.join(f'object.list.all({name}, ' for name in names)}n0 == n23{')' * len(names)}"
    assert judged(Case("", policy_of(text), {"list": ["a"]}, None, {}, "allow")) == (True, [])
