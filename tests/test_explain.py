"""Provenance over the whole reference fleet: every leaf of every artifact names its template line and the layers that set it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fleets import edit, run, tiny

from pavior.model import Span
from pavior.pipeline import Selection, owners
from pavior.pipeline.assemble import by_artifact
from pavior.pipeline.clock import Clock
from pavior.pipeline.compile import Workbench, compile_groups, emit_placed
from pavior.pipeline.explain import explain_owner, trace
from pavior.pipeline.prepare import prepare
from pavior.pipeline.provenance import Read

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def fleet():
    outcome = prepare(ROOT, Clock())
    assert outcome.value is not None
    return outcome.value


@pytest.fixture(scope="module")
def everyone(fleet):
    return [owner for group in owners(fleet, Selection()) for owner in group]


@pytest.fixture(scope="module")
def lines():
    known: dict[str, list[str]] = {}

    def of(file: str) -> list[str]:
        if file not in known:
            known[file] = (ROOT / file).read_text(encoding="utf-8").split("\n")
        return known[file]

    return of


def test_tracing_renders_the_same_bytes(fleet, everyone):
    bench = Workbench(fleet)
    for owner in everyone:
        plain = compile_groups(bench, [[owner]])[0][0]
        _, placed = trace(fleet, owner)
        traced = {
            path: emit_placed(owner.source, path, [p.item.value for p in each], text=each[0].is_text)
            for path, each in by_artifact(placed).items()
        }
        assert traced == plain.files, str(owner)


def test_every_leaf_of_every_artifact_is_explained(fleet, everyone, lines):
    explained = 0
    for owner in everyone:
        for leaf in explain_owner(fleet, owner):
            where = f"{leaf.artifact} {leaf.at}"
            assert_inside(leaf.origin.span, lines, where)
            for condition in leaf.origin.conditions:
                assert_inside(condition.span, lines, where)
            for read in (*leaf.reads, *(r for reads in leaf.conditions for r in reads)):
                assert_explained(read, lines, f"{where}: {read.path}")
            explained += 1
    assert explained > 10_000


def assert_explained(read: Read, lines, where: str) -> None:
    """A value that is there has a layer or a template leaf that made it, and the layer that won said just that value."""
    if read.value not in (None, {}, []):
        assert read.contributors or read.steps, where
    for contributor in read.contributors:
        assert_inside(contributor.span, lines, where)
    if read.contributors and not isinstance(read.value, dict):
        winner = read.contributors[-1]
        assert winner.removed == (read.value is None), where
        assert winner.removed or winner.value == read.value, where
    for step in read.steps:
        assert_inside(step.origin.span, lines, where)
        for inner in step.reads:
            assert_explained(inner, lines, where)


def assert_inside(span: Span, lines, where: str) -> None:
    text = lines(span.file)
    assert 1 <= span.line <= span.end_line <= len(text), (where, span)
    assert 1 <= span.column <= len(text[span.line - 1]) + 1, (where, span)
    assert 1 <= span.end_column <= len(text[span.end_line - 1]) + 1, (where, span)
    assert (span.line, span.column) < (span.end_line, span.end_column), (where, span)


def test_what_chose_a_layer_is_told(fleet, everyone):
    (owner,) = [o for o in everyone if o.folder == "prod@north/payments/checkout"]
    leaves = {(leaf.artifact.rpartition("/")[2], leaf.at): leaf for leaf in explain_owner(fleet, owner)}
    container = ("spec", "template", "spec", "containers", 0)
    (read,) = leaves["rollout.yaml", (*container, "resources", "requests", "cpu")].reads
    (size,) = read.choices
    assert (read.path, size.path, size.value) == (("resources", "cpu"), ("size",), "large")
    (tier,) = size.choices
    assert (tier.path, tier.value, tier.choices) == (("tier",), "critical", ())
    (storage,) = leaves["postgres.yaml", ("spec", "highAvailability")].reads
    assert [choice.path for choice in storage.choices] == [("needs", "orders", "type")]


def test_what_chose_the_environment_of_a_catalogues_entry_is_told(fleet, everyone):
    def chosen(service: str) -> dict[str, bool]:
        (owner,) = [o for o in everyone if o.folder == f"backstage/{service}"]
        leaves = {(leaf.artifact.rpartition("/")[2], leaf.at): leaf for leaf in explain_owner(fleet, owner)}
        reads = {read.path: read for read in leaves["backstage.yaml", ("metadata", "links", 0, "url")].reads}
        assert reads["ingress", "hosts", 0].choices == ()
        domain = reads["environment", "domain"]
        assert {choice.path for choice in domain.choices} == {domain.contributors[-1].chosen_by}
        return {choice.contributors[-1].span.file.rpartition("/")[2]: choice.value for choice in domain.choices}

    assert chosen("payments/checkout") == {"prod.yaml": True, "dev.yaml": False, "staging.yaml": False}
    assert chosen("storefront/recommendations") == {"dev.yaml": False, "staging.yaml": False}


def test_where_clusters_of_an_environment_differ_it_asks_for_one(tmp_path):
    root = tiny(tmp_path / "repository")
    east = 'us-1: {server: "https://us-1.tiny.example"'
    edit(root, "golden-paths/environments/prod.yaml", east, f"{east}, defaults: {{env: {{LEVEL: loud}}}}")
    found = run(root, "explain", "red/one", "env.LEVEL", "--env", "prod")
    assert (found.status, found.output) == (2, "")
    assert found.errors == (
        "pavior: it is not the same in every cluster of prod: name one with --env: prod@eu-1, prod@us-1\n"
    )
    assert "= quiet" in run(root, "explain", "red/one", "env.LEVEL", "--env", "prod@eu-1").output
    assert "= loud" in run(root, "explain", "red/one", "env.LEVEL", "--env", "prod@us-1").output


def test_where_clusters_of_an_environment_agree_its_name_is_enough(tmp_path):
    found = run(tiny(tmp_path / "repository"), "explain", "red/one", "env.LEVEL", "--env", "prod")
    assert (found.status, "= quiet" in found.output) == (0, True)


def test_a_service_with_errors_is_not_said_to_be_missing(tmp_path):
    root = tiny(tmp_path / "repository")
    edit(root, "teams/red/one/platform.yaml", "goldenPath: app", "goldenPath: ap")
    assert (
        run(root, "explain", "red/one", "--env", "dev").errors
        == "pavior: `red/one` has errors: run `pavior validate`\n"
    )
    assert "there is no service `red/ones`: did you mean" in run(root, "explain", "red/ones", "--env", "dev").errors
